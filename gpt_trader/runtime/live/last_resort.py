"""What is still done when nothing can be written any more: entries are cancelled from memory."""

import math
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from gpt_trader.broker.exchange.broker import ExchangeBroker
from gpt_trader.broker.exchange.carry import Carrier, Done, Job
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.engine.events import OrderUpdated
from gpt_trader.runtime.session import Session

LONGEST_S = 15.0  # for the answers
AGAIN_S = 1.0  # between two tries of a cancel that was not taken
TURN_S = 0.05


class Swept(NamedTuple):
    """How many entries may have been open, and how many of their cancels the exchange took."""

    entries: int
    taken: int


def cancel_from_memory(
    session: Session,
    carrier: Carrier,
    wait: Callable[[float], object],
    monotonic_s: Callable[[], float] = time.monotonic,
) -> Swept:
    """Cancel the session's entries, each again and again until that is taken, or the time is over.

    Nothing is journaled and nothing is sent but cancels: they open no risk, and the next start
    finds what became of them at the exchange. An entry whose request is under way is cancelled once
    the exchange has named it. carrier: carries nothing else. wait: for so many seconds, or until
    an answer is in.
    """
    plan, broker, state = session.plan, session.broker, session.durable.state
    if not isinstance(broker, ExchangeBroker):
        broker.send_no_more()
        return Swept(0, 0)
    entries = _let_none_leave(broker, [one for one in state.open_orders if _is_entry(one)])
    taken, asked_s = set[str](), dict[str, float]()
    until_s = monotonic_s() + LONGEST_S
    while True:
        for event in broker.turn(plan, state, session.time_ms()):
            if isinstance(event, OrderUpdated) and event.status.is_final:
                entries.pop(event.client_order_id, None)
        taken |= {done.job.key[0] for done in carrier.done() if _is_taken(done)}
        left = [one for one in entries.values() if one.client_order_id not in taken]
        named = {one.client_order_id: broker.exchange_id(one) for one in left}
        is_known = broker.is_idle and not any(named.values())
        if is_known or monotonic_s() >= until_s:
            return Swept(len(entries), len(taken & entries.keys()))
        for key, order_id in named.items():
            if order_id and monotonic_s() >= asked_s.get(key, -math.inf) + AGAIN_S:
                asked_s[key] = monotonic_s()
                carrier.carry(Job((key,), partial(broker.account.cancel, [order_id])))
        wait(TURN_S)


def _let_none_leave(broker: ExchangeBroker, entries: list[Order]) -> dict[str, Order]:
    """Let nothing leave that has not; return the entries that may have, by their ids."""
    unnamed = {one.client_order_id for one in entries if not broker.exchange_id(one)}
    waited = {key for key in unnamed if broker.is_sending(key)}
    broker.send_no_more()
    here = {key for key in waited if not broker.is_sending(key)}
    return {one.client_order_id: one for one in entries if one.client_order_id not in here}


def _is_entry(order: Order) -> bool:
    return not order.intent.reduce_only and order.status is not OrderStatus.WAITING


def _is_taken(done: Done) -> bool:
    return done.error is None and all(one.success for one in done.value)
