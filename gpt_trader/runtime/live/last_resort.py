"""What is still done when nothing can be written any more: entries are cancelled from memory."""

from collections.abc import Callable

from gpt_trader.engine.commands import CancelOrder
from gpt_trader.engine.state import open_entries
from gpt_trader.errors import BrokerError, DataError
from gpt_trader.runtime.session import Session

LONGEST_S = 15.0  # for the answers
TURN_S = 0.05


def cancel_from_memory(session: Session, wait: Callable[[float], object]) -> int:
    """Cancel the session's open entries; return how many were asked for.

    Nothing is journaled and nothing is sent but cancels: they open no risk, and the next start
    finds what became of them at the exchange. An exchange that does not answer is left to it.
    wait: for so many seconds, or until an answer is in.
    """
    plan, broker, state = session.plan, session.broker, session.durable.state
    commands = [
        CancelOrder(order.product_id, order.client_order_id) for order in open_entries(state)
    ]
    broker.send_no_more()
    try:
        broker.execute(plan, state, commands, session.time_ms())
        waited_s = 0.0
        while not broker.is_idle and waited_s < LONGEST_S:
            wait(TURN_S)
            waited_s += TURN_S
            broker.turn(plan, state, session.time_ms())
    except (BrokerError, DataError):
        return 0
    return len(commands)
