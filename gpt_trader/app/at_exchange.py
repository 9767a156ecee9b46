"""A session's orders at the exchange, seen from outside of it: what is open, what still protects.

An order is the session's if its journal knows it, or if its id bears the portfolio's mark: so that
nothing but the portfolio must be known.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gpt_trader.app.account import ATTEMPTS, wait
from gpt_trader.app.kept_session import KeptSession
from gpt_trader.app.kept_settings import kept_settings
from gpt_trader.app.request import check_stand_in
from gpt_trader.broker.exchange.ports import Account
from gpt_trader.broker.exchange.scope import check_portfolio
from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.order_ids import is_ours
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.protect import is_sellable, resting_protection
from gpt_trader.engine.state import State
from gpt_trader.errors import Unavailable
from gpt_trader.kernel.codes import BUY
from gpt_trader.observe.cycle import size_text

HOUR_MS = 3_600_000
LOOK_S = 0.5

Json = dict[str, Any]


class Outside(NamedTuple):
    """An account beside the session that trades it. doubts: about the settings it was found by."""

    private: Account
    now_ms: Callable[[], int]
    doubts: list[str]


class Left(NamedTuple):
    """What is there. entries: their client ids. held: as JSON; None if no journal says it.

    unknown: orders of whose outcome nothing is known.
    """

    entries: list[str]
    held: list[Json] | None
    unknown: list[str]

    @property
    def is_clear(self) -> bool:
        """Whether no entry is open, and none may still turn up."""
        return not (self.entries or self.unknown)

    @property
    def is_flat(self) -> bool:
        """Whether nothing is held that could be sold, beyond doubt."""
        return self.held == [] and not self.unknown


def reach_outside(kept: KeptSession, profile: str | None) -> Outside:
    """Return the account of a session; raises ConfigError, AuthError or a BrokerError."""
    from gpt_trader.runtime.venues import connect_account, reach

    settings, doubts = kept_settings(kept.header, profile)
    check_stand_in(settings)
    exchange = reach(settings, wait, attempts=ATTEMPTS)
    private = connect_account(
        settings, os.environ, wait, sends=True, now_ms=exchange.now_ms, attempts=ATTEMPTS
    )
    check_portfolio(private.permissions(), kept.portfolio)
    return Outside(private, exchange.now_ms, doubts)


def watch_left(
    outside: Outside,
    look: Callable[[], KeptSession],
    *,
    cancels: bool,
    is_done: Callable[[Left], bool],
    timeout_s: float,
) -> Left:
    """Look until something is so, or the time is over; return what is left then.

    look: reads the session's folder again. cancels: whether entries are cancelled from here; orders
    of others and protective stops are left alone. Raises Unavailable where it seems to be so at
    the end, and what is open cannot all be read: that is no proof.
    """
    until = time.monotonic() + timeout_s
    asked: set[str] = set()
    while True:
        kept = look()
        open_there = outside.private.open_orders(_since_ms(kept, outside))
        entries = [one for one in open_there.rows if is_entry_of(kept, one)]
        left = Left(
            [one.client_order_id for one in entries],
            _held(kept, open_there.rows),
            _unknown(kept.state),
        )
        is_late = time.monotonic() > until
        if is_late and is_done(left) and not open_there.is_whole:
            raise Unavailable("what is open at the exchange cannot be read")
        if is_late or (is_done(left) and open_there.is_whole):
            return left
        new = [one.order_id for one in entries if one.order_id not in asked]
        if cancels and new:
            outside.private.cancel(new)
            asked.update(new)
        threading.Event().wait(LOOK_S)


def is_entry_of(kept: KeptSession, one: RemoteOrder) -> bool:
    """Whether an order is the session's, and may add to a position.

    Without the journal's word a buy does: what is traded is spot.
    """
    known = None if kept.state is None else kept.state.orders.get(one.client_order_id)
    if known is not None:
        return is_entry(known)
    return one.side == BUY and is_ours(one.client_order_id, kept.portfolio)


def is_entry(order: Order) -> bool:
    """Whether an order may add to a position."""
    return not order.intent.reduce_only


def _since_ms(kept: KeptSession, outside: Outside) -> int:
    """Return since when a pending order may be the session's."""
    known = [] if kept.state is None else [one.intent.sent_ms for one in kept.state.open_orders]
    return min(known, default=outside.now_ms()) - HOUR_MS


def _unknown(state: State | None) -> list[str]:
    """Return the orders that were sent, or may have been, and that nobody has answered."""
    waits = (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN)
    orders = () if state is None else state.open_orders
    return [one.client_order_id for one in orders if one.status in waits]


def _held(kept: KeptSession, open_there: Iterable[RemoteOrder]) -> list[Json] | None:
    """Return the positions, each with the stop that rests there for it; dust is none."""
    plan, state = kept.plan, kept.state
    if plan is None or state is None:
        return None
    rests = {one.client_order_id for one in open_there}
    return held(plan, state, rests)


def held(plan: Plan, state: State, rests: set[str]) -> list[Json]:
    """Return what is not flat: positions but for dust, and what is below zero. rests: open ids."""
    return [
        {
            "product": product.product_id,
            "size": size_text(product, int(state.slots["lots"][j])),
            "stop": _stop(plan, state, j, rests),
        }
        for j, product in enumerate(plan.products)
        if state.slots["lots"][j] < 0
        or (
            state.slots["lots"][j]
            and (not state.slots["close_ticks"][j] or is_sellable(plan, state, j))
        )
    ]


def _stop(plan: Plan, state: State, j: int, rests: set[str]) -> str | None:
    """Return at which price a stop rests for a position; None: none does."""
    stop = resting_protection(plan, state, j)
    if stop is None or stop.client_order_id not in rests:
        return None
    return format(plan.products[j].price(stop.intent.stop), "f")
