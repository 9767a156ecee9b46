"""A session's orders at the exchange, seen from outside of it: what is open, what still protects.

An order is the session's if its journal knows it, or if its id bears the portfolio's mark: so that
nothing but the portfolio must be known.

What is held is what the journal says, and what the exchange says was filled besides. While an order
has an end, or fills, that the journal does not know, nobody knows that nothing is held.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gpt_trader.app.account import ATTEMPTS, wait
from gpt_trader.app.kept_session import KeptSession
from gpt_trader.app.kept_settings import kept_settings
from gpt_trader.app.request import check_stand_in
from gpt_trader.app.unbooked import Unbooked, find_unbooked, sent_of
from gpt_trader.broker.exchange.ports import Account
from gpt_trader.broker.exchange.scope import check_portfolio
from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.order_ids import is_ours
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.protect import is_sellable, resting_protection
from gpt_trader.engine.state import State
from gpt_trader.engine.waiting import BELOW_MINIMUM, is_below_minimum
from gpt_trader.errors import BrokerError, Unavailable
from gpt_trader.kernel.codes import BUY
from gpt_trader.observe.cycle import size_text
from gpt_trader.runtime.live.wallets import expected_wallets

HOUR_MS = 3_600_000
LOOK_S = 0.5
NO_RIGHT = "the key may not trade: no order and no cancel is taken, until it may or another is used"
DUST = "it is dust, below the smallest order that the exchange takes"
UNBOOKED = "the exchange says that it was filled, and the journal has not booked it yet"

Json = dict[str, Any]


class Outside(NamedTuple):
    """An account beside the session that trades it. doubts: about the settings it was found by."""

    private: Account
    now_ms: Callable[[], int]
    doubts: list[str]


class Left(NamedTuple):
    """What is there. entries: the client ids of those that are open.

    held: as JSON; None if nobody knows: never [] while an order is unknown. unknown: the sent
    orders of whose fills or end the journal does not know all; None if no journal names any.
    unseen: the entries among them that may still turn up: nobody has ever shown them.
    """

    entries: list[str]
    held: list[Json] | None
    unknown: list[str] | None
    unseen: list[str]

    @property
    def is_stopped(self) -> bool:
        """Whether no entry is open, and none may still turn up."""
        return not (self.entries or self.unseen)

    @property
    def is_clear(self) -> bool:
        """Whether no entry is open, and what became of all that was sent is known."""
        return self.is_stopped and not self.unknown

    @property
    def is_flat(self) -> bool:
        """Whether nothing is held that could be sold, beyond doubt: nothing, or dust."""
        is_sold = self.held is not None and all(one["dust"] for one in self.held)
        return is_sold and not self.unknown


def reach_outside(kept: KeptSession, profile: str | None) -> Outside:
    """Return the account of a session; raises ConfigError, AuthError or a BrokerError."""
    from gpt_trader.runtime.venues import admitted, connect_account, reach

    settings, doubts = kept_settings(kept.header, profile)
    check_stand_in(settings)
    exchange = reach(settings, wait, attempts=ATTEMPTS)
    private = connect_account(
        settings, os.environ, wait, sends=True, now_ms=exchange.now_ms, attempts=ATTEMPTS
    )
    permissions = admitted(exchange, settings.products, private.permissions)
    check_portfolio(permissions, kept.portfolio)
    if not permissions.can_trade:
        doubts = [*doubts, NO_RIGHT]
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

    look: reads the session's folder again. cancels: whether entries are cancelled from here, at
    each look that shows them; orders of others and protective stops are left alone. What is not
    answered is asked again. Raises what the last look raised, and Unavailable where it seems to be
    so at the end, and what is open cannot all be read: that is no proof.
    """
    until = time.monotonic() + timeout_s
    while True:
        is_late = time.monotonic() > until
        try:
            left, is_whole = _look(outside, look(), cancels=cancels)
        except BrokerError:
            if is_late:
                raise
        else:
            if is_late and is_done(left) and not is_whole:
                raise Unavailable("what is open at the exchange cannot be read")
            if is_late or (is_done(left) and is_whole):
                return left
        threading.Event().wait(LOOK_S)


def _look(outside: Outside, kept: KeptSession, *, cancels: bool) -> tuple[Left, bool]:
    """Return what is left, having asked to cancel it, and whether all that is open was read."""
    account, since_ms = outside.private, _since_ms(kept, outside)
    is_any_unnamed = any(_is_unnamed(one) for one in sent_of(kept.state))
    # Before what is open is read: one that is shown first, and is not open then, has ended.
    shown = account.orders(since_ms=since_ms).rows if is_any_unnamed else []
    open_there = account.open_orders(since_ms)
    entries = [one for one in open_there.rows if is_entry_of(kept, one)]
    if cancels and entries:
        account.cancel([one.order_id for one in entries])
    ids, is_whole = [one.client_order_id for one in entries], open_there.is_whole
    plan, state = kept.plan, kept.state
    if plan is None or state is None:
        return Left(ids, None, None, []), is_whole
    expected = {} if kept.header is None else expected_wallets(kept.header.wallets, state)
    found = find_unbooked(account, plan, state, shown, open_there.rows, expected)
    unknown = [one.order.client_order_id for one in found]
    rests = {one.client_order_id for one in open_there.rows}
    known = held(plan, state, rests, lots_of_unbooked(found))
    unseen = [
        one.order.client_order_id
        for one in found
        if is_entry(one.order) and _is_unnamed(one.order) and not one.is_shown
    ]
    return Left(ids, known if known or not unknown else None, unknown, unseen), is_whole


def _is_unnamed(order: Order) -> bool:
    """Whether the exchange has never said that it has an order."""
    waits = (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN)
    return not order.exchange_id or order.status in waits


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


def lots_of_unbooked(found: list[Unbooked]) -> dict[str, int]:
    """Return by how many lots each product's position is another one than is booked."""
    more: dict[str, int] = {}
    for order, lots, _ in found:
        more[order.product_id] = more.get(order.product_id, 0) + lots * order.intent.side
    return {name: lots for name, lots in more.items() if lots}


def held(
    plan: Plan, state: State, rests: set[str], more: Mapping[str, int] | None = None
) -> list[Json]:
    """Return what is not flat: positions, dust, and what is below zero. rests: open ids.

    Of each the stop that rests for it, and why it is not sold, if anything says so. dust: less than
    the exchange has ever taken of it, so that there is nothing to be done. more: lots by product
    that are not booked; they are held, too, and no stop is known to rest for them.
    """
    more = more or {}
    slots = state.slots.copy()
    slots["lots"] += [more.get(one.product_id, 0) for one in plan.products]
    supposed = state._replace(slots=slots)
    return [
        {
            "product": product.product_id,
            "size": size_text(product, int(slots["lots"][j])),
            "stop": _stop(plan, state, j, rests),
            "dust": is_dust(plan, supposed, j),
            "why": _why(plan, supposed, j, is_booked=product.product_id not in more),
            "unbooked": size_text(product, more.get(product.product_id, 0)),
        }
        for j, product in enumerate(plan.products)
        if slots["lots"][j]
    ]


def is_dust(plan: Plan, state: State, j: int) -> bool:
    """Whether no order could sell what product j holds, whatever minimums it had.

    Without a price nobody knows; what spot holds below zero is none.
    """
    slot = state.slots[j]
    if not slot["close_ticks"] or (slot["lots"] < 0 and not plan.products[j].is_perpetual):
        return False
    return not (is_sellable(plan, state, j) or is_below_minimum(plan, state, j))


def _why(plan: Plan, state: State, j: int, *, is_booked: bool) -> str | None:
    """Return why a position is not sold; None: nobody said."""
    if not is_booked:
        return UNBOOKED
    if is_dust(plan, state, j):
        return DUST
    below = BELOW_MINIMUM if is_below_minimum(plan, state, j) else ""
    return below or state.closed[j] or state.unproven[j] or state.leaving[j].why or None


def _stop(plan: Plan, state: State, j: int, rests: set[str]) -> str | None:
    """Return at which price a stop rests for a position; None: none does."""
    stop = resting_protection(plan, state, j)
    if stop is None or stop.client_order_id not in rests:
        return None
    return format(plan.products[j].price(stop.intent.stop), "f")
