"""Keeping a position protected where bars alone would not: at the exchange, or by watching quotes.

A simulation matches stops against each bar. With an exchange the stop and the take-profit rest
there as one order where it takes them (`Plan.rests`); where it does not, and whenever none rests,
quotes are watched and the position is sold at market once the bid has passed the stop. Levels are
those of the kernel's rows, so whoever watches acts on the same prices.
"""

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
from gpt_trader.engine.events import Quoted
from gpt_trader.engine.ids import new_id, resting_id, working_id
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.kernel.codes import FILL_OPERATOR, FILL_TAKE_PROFIT, ORDINAL_QUOTE
from gpt_trader.kernel.rounding import notional_down

RETRY_MS = 5_000  # before a protection that did not hold is sent again
THROUGH = 20  # a stop's limit is a twentieth, 5 %, beyond its trigger


def needs(plan: Plan, state: State, quote: Quoted) -> bool:
    """Whether a quote asks for something: a level passed, or an exit that waited too long."""
    if not plan.rests:
        return False
    j = plan.index[quote.product_id]
    return (
        passed_level(plan, state, j, quote) != 0
        or overdue_exit(plan, state, j, quote) is not None
        or is_left(plan, state, j, quote)
    )


def is_sellable(plan: Plan, state: State, j: int) -> bool:
    """Whether product j holds something that the exchange would let go."""
    held, spec = abs(int(state.slots["lots"][j])), plan.products[j].spec
    worth = notional_down(held, int(state.slots["close_ticks"][j]), spec)
    return bool(held >= max(spec.min_lots, 1) and worth >= spec.min_units)


def is_left(plan: Plan, state: State, j: int, quote: Quoted) -> bool:
    """Whether product j was to be sold and is still held, RETRY_MS after the last attempt."""
    waited = quote.time_ms - state.protected_ms[j] >= RETRY_MS
    return state.flattening and waited and is_sellable(plan, state, j)


def passed_level(plan: Plan, state: State, j: int, quote: Quoted) -> int:
    """Return the level, ticks, at which product j's position is to be closed now; 0: none.

    What rests at the exchange is left to it, unless the price has run away from its limit. Within
    RETRY_MS of the last attempt nothing is tried again.
    """
    slot = state.slots[j]
    held, stop, take = int(slot["lots"]), int(slot["stop_ticks"]), int(slot["take_ticks"])
    if held == 0 or quote.time_ms - state.protected_ms[j] < RETRY_MS:
        return 0
    side = 1 if held > 0 else -1
    price = quote.bid if held > 0 else quote.ask
    resting = resting_protection(plan, state, j)
    if stop and (stop - price) * side >= 0:
        is_sure = resting is not None and resting.status is not OrderStatus.SUBMIT_UNKNOWN
        is_left_behind = not is_sure or (limit_through(stop, side) - price) * side > 0
        return stop if is_left_behind else 0
    if take and resting is None and (price - take) * side >= 0:
        return take
    return 0


def limit_through(stop: int, side: int) -> int:
    """Return the limit, ticks, of the order that a stop releases for a position of `side`."""
    return max(stop - side * (stop // THROUGH), 1)


def resting_protection(plan: Plan, state: State, j: int) -> Order | None:
    """Return the order that rests at the exchange as product j's protection."""
    product_id = plan.products[j].product_id
    for order in state.open_orders:
        if (
            order.intent.origin is Origin.PROTECTION
            and order.product_id == product_id
            and order.intent.stop
        ):
            return order
    return None


def exits_at_work(plan: Plan, state: State, j: int) -> list[Order]:
    """Return product j's open orders that reduce the position, its resting protection aside."""
    product_id = plan.products[j].product_id
    return [
        order
        for order in state.open_orders
        if order.product_id == product_id
        and order.intent.reduce_only
        and not (order.intent.origin is Origin.PROTECTION and order.intent.stop)
    ]


def overdue_exit(plan: Plan, state: State, j: int, quote: Quoted) -> Order | None:
    """Return a route's exit that keeps the protection from resting for too long; None: none."""
    if not plan.rests[j]:
        return None
    for order in exits_at_work(plan, state, j):
        waited_ms = quote.time_ms - order.intent.sent_ms
        rests = order.intent.origin is Origin.ROUTE and order.status is OrderStatus.OPEN
        if rests and waited_ms >= plan.exit_timeout_ms:
            return order
    return None


def answer_quote(plan: Plan, state: State, quote: Quoted) -> Answer:
    """Close a position whose level the quote has passed; give up an exit that waited too long."""
    j = plan.index[quote.product_id]
    level = passed_level(plan, state, j, quote)
    if level or is_left(plan, state, j, quote):
        return close_position(plan, state, j, level, quote.time_ms)
    late = overdue_exit(plan, state, j, quote)
    return Answer([rec.QuoteTaken()]) if late is None else cancel_all([late])


def close_position(plan: Plan, state: State, j: int, level: int, time_ms: int) -> Answer:
    """Cancel what works in the product, then sell at market; a take-profit not below its level.

    level: what was passed, ticks; 0: an operator's wish.
    """
    slot, product_id = state.slots[j], plan.products[j].product_id
    held = int(slot["lots"])
    is_take = level > 0 and level == int(slot["take_ticks"])
    why = int(slot["stop_reason"]) if level else FILL_OPERATOR
    order = Order(
        OrderIntent(
            client_order_id=new_id(plan, product_id, time_ms, ORDINAL_QUOTE),
            product_id=product_id,
            side=-1 if held > 0 else 1,
            type=OrderType.LIMIT if is_take else OrderType.MARKET,
            tif=TimeInForce.IOC,
            lots=abs(held),
            quote=0,
            limit=level if is_take else 0,
            reduce_only=True,
            reason=FILL_TAKE_PROFIT if is_take else why,
            origin=Origin.PROTECTION,
            sent_ms=time_ms,
        )
    )
    working = working_id(plan, state, j)
    stopped = [
        other
        for other in state.open_orders
        if other.product_id == product_id
        and (other.intent.reduce_only or other.client_order_id == working)
        and other.can_cancel
    ]
    taken = rec.ExitTaken(order, tuple(other.client_order_id for other in stopped))
    cancels = cancel_all(stopped).commands
    return Answer([taken], [*cancels, SubmitOrder(approve_reducing(order, held))])


def settle(plan: Plan, state: State, j: int, time_ms: int) -> Answer:
    """Bring product j's resting protection in line with its position: place, replace or cancel.

    While an exit works the position's coins are its own: nothing rests, quotes are watched.
    """
    if not state.slots["close_ticks"][j]:
        return NOTHING  # without a price nothing can be said of its worth: what rests stays
    wanted = _wanted(plan, state, j, time_ms)
    resting = resting_protection(plan, state, j)
    if resting is None:
        is_early = time_ms - state.protected_ms[j] < RETRY_MS
        return NOTHING if wanted is None or is_early else _place(state, j, wanted)
    if wanted is not None and _same(resting, wanted):
        return NOTHING
    if resting.status is not OrderStatus.OPEN:
        return NOTHING  # it is being cancelled, has triggered, or may not exist: wait for proof
    return cancel_all([resting]) + (NOTHING if wanted is None else _place(state, j, wanted))


def _place(state: State, j: int, wanted: Order) -> Answer:
    approved = approve_reducing(wanted, int(state.slots["lots"][j]))
    return Answer([rec.ProtectionTaken(wanted, wanted.intent.sent_ms)], [SubmitOrder(approved)])


def _same(resting: Order, wanted: Order) -> bool:
    """Whether what rests still covers what is held, at the same levels."""
    left = resting.intent.lots - resting.filled
    return (left, resting.intent.stop, resting.intent.type) == (
        wanted.intent.lots,
        wanted.intent.stop,
        wanted.intent.type,
    ) and (
        wanted.intent.type is OrderType.STOP_LIMIT or resting.intent.limit == wanted.intent.limit
    )


def _wanted(plan: Plan, state: State, j: int, time_ms: int) -> Order | None:
    """Return the protection that should rest; None: nothing is held, or an exit works."""
    slot, product = state.slots[j], plan.products[j]
    held, stop, take = int(slot["lots"]), int(slot["stop_ticks"]), int(slot["take_ticks"])
    if held == 0 or stop == 0 or exits_at_work(plan, state, j):
        return None
    worth = notional_down(abs(held), int(slot["close_ticks"]), product.spec)
    if abs(held) < product.spec.min_lots or worth < product.spec.min_units:
        return None  # dust: the exchange would refuse it
    side = 1 if held > 0 else -1
    return Order(
        OrderIntent(
            client_order_id=resting_id(plan, product.product_id, time_ms, abs(held)),
            product_id=product.product_id,
            side=-side,
            type=OrderType.BRACKET if take else OrderType.STOP_LIMIT,
            tif=TimeInForce.GTC,
            lots=abs(held),
            quote=0,
            limit=take or limit_through(stop, side),
            stop=stop,
            reduce_only=True,
            reason=int(slot["stop_reason"]),
            origin=Origin.PROTECTION,
            sent_ms=time_ms,
        )
    )
