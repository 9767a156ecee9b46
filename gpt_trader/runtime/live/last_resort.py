"""What is still done when nothing can be written any more: entries are cancelled from memory."""

from gpt_trader.engine.commands import CancelOrder
from gpt_trader.engine.state import open_entries
from gpt_trader.errors import BrokerError, DataError
from gpt_trader.runtime.session import Session


def cancel_from_memory(session: Session) -> int:
    """Cancel the session's open entries; return how many were asked for.

    Nothing is journaled and nothing is sent but cancels: they open no risk, and the next start
    finds what became of them at the exchange. An exchange that does not answer is left to it.
    """
    state = session.durable.state
    commands = [
        CancelOrder(order.product_id, order.client_order_id) for order in open_entries(state)
    ]
    try:
        session.broker.execute(session.plan, state, commands, session.time_ms())
    except (BrokerError, DataError):
        return 0
    return len(commands)
