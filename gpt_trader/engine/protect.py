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
from gpt_trader.engine.events import Event, Quoted
from gpt_trader.engine.ids import new_id, resting_id, working_id
from gpt_trader.engine.leaving import STOPS, is_crossing, is_stop
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State, is_doubtful, is_over
from gpt_trader.engine.waiting import free_lots, hold_back, is_worth_selling, most_at_once, waiting
from gpt_trader.kernel.codes import FILL_OPERATOR, FILL_TAKE_PROFIT, ORDINAL_QUOTE

RETRY_MS = 5_000  # before a protection that did not hold is sent again
THROUGH = 20  # a stop's limit is a twentieth, 5 %, beyond its trigger


def needs(plan: Plan, state: State, quote: Quoted) -> bool:
    """Whether a quote asks for something: it has passed a level."""
    return bool(plan.rests) and passed_level(plan, state, plan.index[quote.product_id], quote) != 0


def is_sellable(plan: Plan, state: State, j: int) -> bool:
    """Whether product j holds something that the exchange would let go.

    What spot holds below zero is nobody's position: it is for a person to say what becomes of it.
    """
    held = int(state.slots["lots"][j])
    return (held > 0 or plan.products[j].is_perpetual) and is_worth_selling(
        plan, state, j, abs(held)
    )


def passed_level(plan: Plan, state: State, j: int, quote: Quoted) -> int:
    """Return the level, ticks, at which product j's position is to be closed now; 0: none.

    What rests at the exchange is left to it, unless the price has run away from its limit. Within
    RETRY_MS of the last attempt nothing is tried again, and nothing beside an exit that takes what
    is there: while it is not known what became of that one, it may have sold everything.
    """
    slot = state.slots[j]
    held, stop, take = int(slot["lots"]), int(slot["stop_ticks"]), int(slot["take_ticks"])
    if not is_over(state.protected_ms[j], RETRY_MS, quote.time_ms):
        return 0
    if not is_sellable(plan, state, j):
        return 0
    if is_being_left(plan, state, j):
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
    return next(iter(resting_protections(plan, state, j)), None)


def resting_protections(plan: Plan, state: State, j: int) -> list[Order]:
    """Return the orders that may rest as product j's protection: one, if all is well."""
    return [o for o in _alive(plan, state, j) if is_stop(o)]


def exits_at_work(plan: Plan, state: State, j: int) -> list[Order]:
    """Return product j's open orders that reduce the position, its resting protection aside."""
    product_id = plan.products[j].product_id
    return [
        order
        for order in state.open_orders
        if order.product_id == product_id and order.intent.reduce_only and not is_stop(order)
    ]


def _alive(plan: Plan, state: State, j: int) -> list[Order]:
    """Return product j's open orders, without what is hardly there."""
    product_id = plan.products[j].product_id
    return [
        o for o in state.open_orders if o.product_id == product_id and not is_doubtful(state, o)
    ]


def is_being_left(plan: Plan, state: State, j: int) -> bool:
    """Whether an exit that takes what is there waits, is under way, or may have been."""
    return any(map(is_crossing, exits_at_work(plan, state, j)))


def answer_quote(plan: Plan, state: State, quote: Quoted) -> Answer:
    """Close a position whose level the quote has passed."""
    j = plan.index[quote.product_id]
    level = passed_level(plan, state, j, quote)
    if level:
        return close_position(plan, state, j, level, quote.time_ms)
    return Answer([rec.QuoteTaken()])


def close_position(plan: Plan, state: State, j: int, level: int, time_ms: int) -> Answer:
    """Cancel what works in the product, and sell at market; a take-profit not below its level.

    It waits for what others may still sell. level: what was passed, ticks; 0: an operator's wish.
    Nothing if an order was made at this very time already: an id is made of it.
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
            lots=most_at_once(plan, state, j),
            quote=0,
            limit=level if is_take else 0,
            reduce_only=True,
            reason=FILL_TAKE_PROFIT if is_take else why,
            origin=Origin.PROTECTION,
            sent_ms=time_ms,
        )
    )
    if order.client_order_id in state.orders:
        return NOTHING
    working = working_id(plan, state, j)
    stopped = [
        other
        for other in state.open_orders
        if other.product_id == product_id
        and (other.intent.reduce_only or other.client_order_id == working)
        and other.can_cancel
    ]
    order = hold_back(plan, state, order)
    taken = rec.ExitTaken(order, tuple(other.client_order_id for other in stopped))
    sent = (
        [] if order.status is OrderStatus.WAITING else [SubmitOrder(approve_reducing(order, held))]
    )
    return Answer([taken], [*cancel_all(stopped).commands, *sent])


def protect(plan: Plan, state: State, j: int, event: Event) -> Answer:
    """Bring product j's resting protection in line with its position: place or cancel.

    While an exit works the position's coins are its own: nothing rests, quotes are watched. What
    is to replace another one is placed once that one is seen to have ended.
    """
    if not plan.rests[j] or not state.slots["close_ticks"][j]:
        return NOTHING  # without a price nothing can be said of its worth: what rests stays
    wanted = _wanted(plan, state, j, event.time_ms)
    resting = resting_protections(plan, state, j)
    if not resting:
        is_early = not is_over(state.protected_ms[j], RETRY_MS, event.time_ms)
        free = free_lots(plan, state, j) + _doubtful_lots(plan, state, j)
        is_free = wanted is not None and free >= wanted.intent.lots
        return NOTHING if wanted is None or is_early or not is_free else _place(state, j, wanted)
    kept = next((o for o in resting if wanted is not None and _same(o, wanted)), None)
    ending = {OrderStatus.OPEN}  # what is not known to be there is waited for
    if waiting(state, plan.products[j].product_id):
        ending.add(OrderStatus.TRIGGERED)
    return cancel_all([one for one in resting if one is not kept and one.status in ending])


def _doubtful_lots(plan: Plan, state: State, j: int) -> int:
    """Return how many lots are promised to exits that are hardly there.

    A stop may rest on them, for it is cancelled if the exit is found; another exit would fill.
    """
    exits = exits_at_work(plan, state, j)
    return sum(one.intent.lots - one.filled for one in exits if is_doubtful(state, one))


def _place(state: State, j: int, wanted: Order) -> Answer:
    if wanted.client_order_id in state.orders:
        return NOTHING  # an id is made of the time: a little later it is another one
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
    if held == 0 or stop == 0:
        return None
    if not all(is_doubtful(state, one) for one in exits_at_work(plan, state, j)):
        return None
    if state.leaving[j].reason in STOPS or not is_sellable(plan, state, j):
        return None  # it has triggered; or it is dust: the exchange would refuse it
    side = 1 if held > 0 else -1
    return Order(
        OrderIntent(
            client_order_id=resting_id(plan, product.product_id, time_ms, abs(held)),
            product_id=product.product_id,
            side=-side,
            type=OrderType.BRACKET if take else OrderType.STOP_LIMIT,
            tif=TimeInForce.GTC,
            lots=most_at_once(plan, state, j),
            quote=0,
            limit=take or limit_through(stop, side),
            stop=stop,
            reduce_only=True,
            reason=int(slot["stop_reason"]),
            origin=Origin.PROTECTION,
            sent_ms=time_ms,
        )
    )
