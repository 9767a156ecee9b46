"""What follows from where everything stands, whatever the event was: strays, wishes, stops, waits.

Each rule looks at the state alone and at the time. A retry, a wait that is over or a cancel that
had to wait for proof needs no event of its own, only any: where none comes, `engine.due` says that
one is due.
"""

from collections.abc import Callable

from gpt_trader.domain.order import (
    Order,
    OrderIntent,
    OrderStatus,
    OrderType,
    Origin,
    TimeInForce,
)
from gpt_trader.engine import records as rec
from gpt_trader.engine.answer import NOTHING, Answer, cancel_all
from gpt_trader.engine.approve import approve_reducing
from gpt_trader.engine.commands import SubmitOrder
from gpt_trader.engine.events import BarClosed, Event, OrderUpdated, Ticked
from gpt_trader.engine.exposure import note_exposure
from gpt_trader.engine.ids import new_id, working_id
from gpt_trader.engine.leaving import STOPS, is_crossing, is_stop, retry_ms
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.protect import (
    close_position,
    exits_at_work,
    is_being_left,
    is_early,
    is_kept,
    is_sellable,
    protect,
)
from gpt_trader.engine.state import Leaving, State, is_over
from gpt_trader.engine.waiting import (
    LEAST_LIFE_MS,
    entries_stopped,
    hold_back,
    is_worth_selling,
    most_at_once,
    release,
    waiting,
)
from gpt_trader.kernel.codes import ORDINAL_QUOTE
from gpt_trader.kernel.style import STYLE_MAKER_ONLY

# What an exchange says, by side, when a stop that was to rest would trigger at once. A price that
# is on the other side, or not one at all, is a fault: quotes are watched then.
PASSED = {
    -1: "STOP_PRICE_ABOVE_LAST_TRADE_PRICE",
    1: "STOP_PRICE_BELOW_LAST_TRADE_PRICE",
}

Rule = Callable[[Plan, State, int, Event], Answer]


def cancel_strays(plan: Plan, state: State, j: int, event: Event) -> Answer:  # noqa: ARG001
    """Cancel what is alive at the exchange and nobody wants any more.

    An order whose outcome was unknown when it was to be cancelled may be found alive later.
    """
    product_id = plan.products[j].product_id
    alive = [
        order
        for order in state.open_orders
        if order.product_id == product_id
        and order.status is OrderStatus.OPEN
        and order.filled < max(order.intent.lots, 1)
    ]
    if not alive:
        return NOTHING
    is_stopped = entries_stopped(state, j)
    working = working_id(plan, state, j)
    makes_way = any(one.intent.origin is Origin.PROTECTION for one in waiting(state, product_id))
    return cancel_all(
        [
            order
            for order in alive
            if order.client_order_id in state.unwanted
            or _is_stray(order, working, is_stopped, makes_way)
        ]
    )


def _is_stray(order: Order, working: str | None, is_stopped: bool, makes_way: bool) -> bool:  # noqa: FBT001
    """Whether an order is in nobody's interest. makes_way: a position waits to be closed."""
    if not order.intent.reduce_only:
        is_replaced = order.intent.origin is Origin.ROUTE and order.client_order_id != working
        return is_stopped or (is_replaced and not is_crossing(order))
    if is_stop(order) or is_crossing(order):
        return False  # the one is for `protect` to say, the other ends by itself
    return makes_way or (order.intent.origin is Origin.ROUTE and order.client_order_id != working)


def leave(plan: Plan, state: State, j: int, event: Event) -> Answer:
    """Sell what is to be sold and is not: a triggered stop, a flattened account, an open wish."""
    if _has_passed(plan, state, j, event):
        return close_position(plan, state, j, int(state.slots["stop_ticks"][j]), event.time_ms)
    exits = exits_at_work(plan, state, j)
    at_work = [one for one in exits if one.intent.origin is not Origin.OPERATOR]
    if is_kept(plan, state, j):
        return NOTHING
    is_due = state.flattening and not is_early(state, j, event.time_ms)
    if is_due and is_sellable(plan, state, j) and not is_being_left(plan, state, j):
        return close_position(plan, state, j, 0, event.time_ms)
    if at_work:
        return _give_up(plan, state, j, at_work, event) if plan.rests[j] else NOTHING
    wish = state.leaving[j]
    is_open = wish.reason != 0 and is_over(wish.tried_ms, retry_ms(wish), event.time_ms)
    return _leave_again(plan, state, j, wish, event.time_ms) if is_open else NOTHING


def _has_passed(plan: Plan, state: State, j: int, event: Event) -> bool:
    """Whether a stop was refused because its trigger has passed: then it has triggered."""
    if not isinstance(event, OrderUpdated) or event.status is not OrderStatus.REJECTED:
        return False
    order = state.orders.get(event.client_order_id)
    return (
        order is not None
        and order.product_id == plan.products[j].product_id
        and order.status is OrderStatus.REJECTED
        and is_stop(order)
        and PASSED[order.intent.side] in event.code
        and is_sellable(plan, state, j)
        and state.slots["stop_ticks"].item(j) > 0
        and not is_being_left(plan, state, j)
    )


def _give_up(plan: Plan, state: State, j: int, at_work: list[Order], event: Event) -> Answer:
    """Cancel a route's exit that keeps a stop from resting for too long.

    At a close it was just decided about. Once a stop has triggered nothing rests.
    """
    has_triggered = state.leaving[j].reason in STOPS
    if isinstance(event, BarClosed | Ticked) and not has_triggered:
        return NOTHING
    return cancel_all(
        [
            order
            for order in at_work
            if order.intent.origin is Origin.ROUTE
            and order.status is OrderStatus.OPEN
            and not is_crossing(order)
            and (
                has_triggered or is_over(order.intent.sent_ms, plan.exit_timeout_ms, event.time_ms)
            )
        ]
    )


def _leave_again(plan: Plan, state: State, j: int, wish: Leaving, now_ms: int) -> Answer:
    """Try a wish once more: as it was decided, and at market once it has waited for too long."""
    held = int(state.slots["lots"][j])
    lots, limit = min(abs(held) - wish.keep, most_at_once(plan, state, j)), wish.limit
    if limit and is_over(wish.since_ms, plan.exit_timeout_ms, now_ms):
        if plan.order_styles[j].exit_maker == STYLE_MAKER_ONLY:
            return NOTHING  # it never crosses: the next close decides
        limit = 0
    if not is_sellable(plan, state, j) or not is_worth_selling(plan, state, j, lots):
        return NOTHING  # what is left of the wish is dust
    order = hold_back(plan, state, _exit(plan, j, -1 if held > 0 else 1, lots, limit, wish, now_ms))
    if order.intent.tif is TimeInForce.GTD and order.intent.expire_ms - now_ms < LEAST_LIFE_MS:
        return NOTHING
    if order.client_order_id in state.orders:
        return NOTHING
    is_held_back = order.status is OrderStatus.WAITING
    sent = [] if is_held_back else [SubmitOrder(approve_reducing(order, held))]
    return Answer([rec.ExitRepeated(order)], sent)


def _exit(
    plan: Plan, j: int, side: int, lots: int, limit: int, wish: Leaving, now_ms: int
) -> Order:
    """Return an exit that is tried again; one that rests does so until the bar closes."""
    product_id, interval_ms = plan.products[j].product_id, plan.interval_ms
    return Order(
        OrderIntent(
            client_order_id=new_id(plan, product_id, now_ms, ORDINAL_QUOTE),
            product_id=product_id,
            side=side,
            type=OrderType.LIMIT if limit else OrderType.MARKET,
            tif=TimeInForce.GTD if limit else TimeInForce.IOC,
            lots=lots,
            quote=0,
            limit=limit,
            post_only=bool(limit),
            reduce_only=True,
            expire_ms=(now_ms // interval_ms + 1) * interval_ms if limit else 0,
            reason=wish.reason,
            origin=Origin.ROUTE,
            sent_ms=now_ms,
        )
    )


RULES: tuple[Rule, ...] = (cancel_strays, leave, protect, release, note_exposure)
"""In this order: what is cancelled first makes way for what follows."""
