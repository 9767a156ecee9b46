"""Orders that wait for coins: the rules of what may leave beside what else may still fill.

Commands are independent of one another once they have left, and answers come at any time. So an
order that needs what another one holds is taken as WAITING: the cancels leave, the order does not,
and every later event looks whether it may. Coins that an order may sell, whatever is known of it,
are promised: no second one sells them. What was sold is never more than what was bought.
"""

from collections.abc import Sequence
from functools import lru_cache

from gpt_trader.domain.order import NOT_SENT, Order, OrderStatus, Origin
from gpt_trader.domain.product import AS_COUNTED, Grid
from gpt_trader.engine import records as rec
from gpt_trader.engine.answer import NOTHING, Answer
from gpt_trader.engine.approve import approve_released
from gpt_trader.engine.commands import SubmitOrder
from gpt_trader.engine.events import Event, FillReceived
from gpt_trader.engine.grids import on_grid, tick, whole
from gpt_trader.engine.leaving import PROMISED, is_stop
from gpt_trader.engine.modes import is_to_be_priced, limit_at, priced
from gpt_trader.engine.orders import released
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import (
    State,
    is_doubtful,
    is_over,
    unknown_orders,
    unreconciled,
)
from gpt_trader.kernel.rounding import Spec, most_lots, notional_down

UNKNOWN_WAIT_MS = 10_000  # an exit waits so long for what is unknown; then it sells what is free
ENTRY_WAIT_MS = 5_000  # an entry that has not left so long after its decision is not sent
BELOW_MINIMUM = "it is below the smallest order that the exchange takes now"
UNPRICED = "no quote says what a limit order could sell at"
LEAST_LIFE_MS = 1_000  # that must be left of an order's time when it is sent

UNSETTLED = (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN, OrderStatus.PENDING_CANCEL)


def promising(state: State, product_id: str, side: int) -> list[Order]:
    """Return the orders of a side that may still fill, known or not; those that wait cannot.

    A stop that whole looks did not find, with none of its coins on hold, promises nothing any more.
    An exit does until there is proof: it fills as soon as it arrives, and a second one beside it.
    """
    return [
        order
        for order in state.open_orders
        if order.product_id == product_id
        and order.intent.side == side
        and order.status is not OrderStatus.WAITING
        and not (is_stop(order) and is_doubtful(state, order))
    ]


def promised(state: State, product_id: str, side: int) -> int:
    """Return how many lots the orders of a side may still fill, at most."""
    return sum(
        max(order.intent.lots, order.amendment.lots) - order.filled
        for order in promising(state, product_id, side)
        if order.intent.lots
    )


def free_lots(plan: Plan, state: State, j: int) -> int:
    """Return how many lots of product j's position no order may sell: below 0 if too many may.

    Those that are not in the account are not free either.
    """
    held = int(state.slots["lots"][j])
    side = -1 if held > 0 else 1
    return abs(held) - state.lacking[j] - promised(state, plan.products[j].product_id, side)


def most_at_once(plan: Plan, state: State, j: int) -> int:
    """Return how many lots of product j's position one order may close: none that are not there."""
    most = most_lots(int(state.slots["close_ticks"][j]), plan.products[j].spec)
    there = abs(int(state.slots["lots"][j])) - state.lacking[j]
    return whole(state.grids[j], max(min(there, int(most)), 0))


def is_worth_selling(plan: Plan, state: State, j: int, lots: int) -> bool:
    """Whether the exchange would let go of so many lots of product j: it is no dust."""
    return _is_taken(plan.products[j].spec, state.grids[j], int(lots), _worth_ticks(state, j))


def _worth_ticks(state: State, j: int) -> int:
    """Return the price, ticks, at which product j's position is judged to be dust.

    That of its stop if it is above the close: one bar may be off by a factor of a thousand.
    """
    return int(max(state.slots["close_ticks"].item(j), state.slots["stop_ticks"].item(j)))


@lru_cache(maxsize=1024)  # asked several times in every turn, mostly about the same
def _is_taken(spec: Spec, grid: Grid, lots: int, ticks: int) -> bool:
    """Whether an order of so many lots at a price is large enough."""
    lots = whole(grid, lots)
    return lots >= max(spec.min_lots, grid.least_lots, 1) and bool(
        notional_down(lots, ticks, spec) >= max(spec.min_units, grid.least_units)
    )


def is_below_minimum(plan: Plan, state: State, j: int) -> bool:
    """Whether product j holds what its own minimums let go, and those of now do not."""
    held, close = abs(state.slots["lots"].item(j)), _worth_ticks(state, j)
    spec, grid = plan.products[j].spec, state.grids[j]
    if grid == AS_COUNTED or not _is_taken(spec, AS_COUNTED, held, close):
        return False
    return not _is_taken(spec, grid, held, close)


def hold_back(plan: Plan, state: State, order: Order) -> Order:
    """Return an order as it is taken: WAITING if what it needs is not free, else as it is.

    An exit is one of a size and prices that the exchange takes now.
    """
    if not plan.rests:
        return order
    j = plan.index[order.product_id]
    if order.intent.reduce_only:
        order = on_grid(state, j, order)
        waits = is_to_be_priced(state, j, order) or order.intent.lots == 0
        waits = waits or free_lots(plan, state, j) < order.intent.lots
    else:
        waits = order.intent.origin is Origin.ROUTE and _replaces(state, order)
    return order._replace(status=OrderStatus.WAITING) if waits else order


def waiting(state: State, product_id: str) -> list[Order]:
    """Return a product's orders that wait."""
    return [
        order
        for order in state.open_orders
        if order.status is OrderStatus.WAITING and order.product_id == product_id
    ]


def stays(state: State, j: int, stops: Sequence[Order]) -> str:
    """Return why product j's stops are not cancelled for anything, "" if they may be.

    No order could take their place; or nothing would prove that they have ended, and no exit leave.
    Of one that is being cancelled already only the first is a reason not to wait.
    """
    if not stops:
        return ""
    if all(one.status is OrderStatus.PENDING_CANCEL for one in stops):
        return state.closed[j]
    return state.closed[j] or state.unproven[j]


def waits_for(state: State, order: Order) -> list[str]:
    """Return the client ids of the orders whose end a waiting order needs to see."""
    others = promising(state, order.product_id, order.intent.side)
    if not order.intent.reduce_only:
        others = [one for one in others if one.intent.origin is Origin.ROUTE]
    return [one.client_order_id for one in others]


def release(plan: Plan, state: State, j: int, event: Event) -> Answer:
    """Send the first of product j's waiting orders that may leave, or end it if it never will."""
    for order in waiting(state, plan.products[j].product_id):
        judge = _judge_exit if order.intent.reduce_only else _judge_entry
        found = judge(plan, state, j, order, event)
        if isinstance(found, str):
            return Answer([rec.OrderEnded(order.client_order_id, f"{NOT_SENT}: {found}")])
        if found is not None:
            return _send(state, j, order, found, event)
    return NOTHING


def _send(state: State, j: int, order: Order, lots: int, event: Event) -> Answer:
    """Send an order that waited; where no market orders are taken, at a limit by a quote of now."""
    key, limit = order.client_order_id, 0
    if is_to_be_priced(state, j, order):
        told = limit_at(order, event)
        if told is None:
            is_late = is_over(order.intent.sent_ms, UNKNOWN_WAIT_MS, event.time_ms)
            return Answer([rec.OrderEnded(key, f"{NOT_SENT}: {UNPRICED}")] if is_late else [])
        limit = tick(state.grids[j], told, order.intent.side)
    lots = whole(state.grids[j], lots) if order.intent.reduce_only else lots
    sent = released(priced(order, limit), lots, event.time_ms)
    approved = approve_released(sent, int(state.slots["lots"][j]))
    at_limit = [rec.ExitPriced(key, limit)] if limit else []
    taken = rec.OrderReleased(key, lots, event.time_ms)
    return Answer([*at_limit, taken], [SubmitOrder(approved)])


def _judge_entry(plan: Plan, state: State, j: int, order: Order, event: Event) -> int | str | None:
    """Return the lots with which an entry leaves, why it never will, or None: it waits on."""
    if is_over(order.intent.sent_ms, ENTRY_WAIT_MS, event.time_ms):
        return "it waited for too long"
    if entries_stopped(state, j) or unreconciled(plan, state, j, event.time_ms):
        return "entries are stopped"
    if isinstance(event, FillReceived) and event.fill.product_id == plan.products[j].product_id:
        return "what it was to replace was filled"
    if _replaces(state, order) or unknown_orders(state, event.time_ms, order.product_id):
        return None
    return order.intent.lots if _lives(order, event.time_ms) else "its end is near"


def _judge_exit(plan: Plan, state: State, j: int, order: Order, event: Event) -> int | str | None:
    """Return the lots with which an exit leaves, why it never will, or None: it waits on.

    While it may still become known what others sell it waits, for a while; then it takes what is
    free beyond doubt, if that can be sold at all.
    """
    held, side = int(state.slots["lots"][j]), order.intent.side
    there = max(abs(held) - state.lacking[j], 0)
    lots = min(order.intent.lots, there) if held * side < 0 else 0
    if not is_worth_selling(plan, state, j, lots):
        return "nothing is held that it could sell"
    if not _lives(order, event.time_ms):
        return "its end is near"
    stops = [one for one in promising(state, order.product_id, side) if is_stop(one)]
    if why := stays(state, j, stops):
        return f"{why}: {PROMISED}"
    free = free_lots(plan, state, j)
    if free >= lots:
        return lots
    others = promising(state, order.product_id, side)
    may_end = any(other.status in UNSETTLED or is_stop(other) for other in others)
    if may_end and not is_over(order.intent.sent_ms, UNKNOWN_WAIT_MS, event.time_ms):
        return None
    if is_worth_selling(plan, state, j, free):
        return free
    return None if may_end else PROMISED


def _replaces(state: State, order: Order) -> bool:
    """Whether another entry of the product's route may still fill."""
    return any(
        other.intent.origin is Origin.ROUTE and not other.intent.reduce_only
        for other in promising(state, order.product_id, order.intent.side)
        if other.client_order_id != order.client_order_id
    )


def entries_stopped(state: State, j: int) -> bool:
    """Whether nothing may be entered in product j, whoever stopped it."""
    has_latched = state.marks.halted or state.marks.day_halted
    return bool(state.halted or state.paused or state.frozen[j] or has_latched)


def _lives(order: Order, now_ms: int) -> bool:
    """Whether enough is left of an order's time to be sent."""
    end_ms = order.intent.expire_ms if order.intent.tif == "GTD" else 0
    return end_ms == 0 or end_ms - now_ms >= LEAST_LIFE_MS
