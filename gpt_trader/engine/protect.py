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
from gpt_trader.domain.product import AS_COUNTED, Product
from gpt_trader.engine import records as rec
from gpt_trader.engine.answer import NOTHING, Answer, cancel_all
from gpt_trader.engine.approve import approve_reducing
from gpt_trader.engine.commands import SubmitOrder
from gpt_trader.engine.events import Event, Quoted
from gpt_trader.engine.grids import gridded, whole
from gpt_trader.engine.ids import new_id, resting_id, working_id
from gpt_trader.engine.leaving import (
    LONGEST_RETRY_MS,
    RETRY_MS,
    STOPS,
    is_crossing,
    is_stop,
    retry_ms,
)
from gpt_trader.engine.modes import is_to_be_priced
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State, is_doubtful, is_over, replaced
from gpt_trader.engine.waiting import (
    free_lots,
    hold_back,
    is_worth_selling,
    most_at_once,
    stays,
    waiting,
)
from gpt_trader.kernel.codes import FILL_OPERATOR, FILL_TAKE_PROFIT, ORDINAL_QUOTE

UNSURE = (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN)
STUCK_MS = 5_000  # for so long a quote may be beyond a stop that does not trigger
MOST_UNKNOWN = 2  # stops of a position whose outcome is unknown at once, whatever is believed
THROUGH = 20  # a stop's limit is a twentieth, 5 %, beyond its trigger


def needs(plan: Plan, state: State, quote: Quoted) -> bool:
    """Whether a quote asks for something: it has passed a level, or an exit waits for a price."""
    if not plan.rests:
        return False
    j = plan.index[quote.product_id]
    if is_passing(plan, state, j, quote) != bool(state.passed_ms[j]):
        return True
    return awaits_quote(state, j, plan.products[j]) or passed_level(plan, state, j, quote) != 0


def is_passing(plan: Plan, state: State, j: int, quote: Quoted) -> bool:
    """Whether a quote is beyond the stop that rests for product j, and it has not triggered."""
    held, stop = state.slots["lots"].item(j), state.slots["stop_ticks"].item(j)
    if held == 0 or stop == 0:
        return False
    resting = resting_protection(plan, state, j)
    if resting is None or resting.status is not OrderStatus.OPEN:
        return False
    return bool(stop >= quote.bid if held > 0 else stop <= quote.ask)


def awaits_quote(state: State, j: int, product: Product) -> bool:
    """Whether an exit of product j cannot leave before a quote says at which limit."""
    return any(is_to_be_priced(state, j, one) for one in waiting(state, product.product_id))


def is_sellable(plan: Plan, state: State, j: int) -> bool:
    """Whether product j holds something that the exchange would let go.

    What spot holds below zero is nobody's position: it is for a person to say what becomes of it.
    """
    held = state.slots["lots"].item(j)
    return (held > 0 or plan.products[j].is_perpetual) and is_worth_selling(
        plan, state, j, abs(held)
    )


def passed_level(plan: Plan, state: State, j: int, quote: Quoted) -> int:
    """Return the level, ticks, at which product j's position is to be closed now; 0: none.

    What rests at the exchange is left to it, unless the price has run away from its limit, or has
    been beyond it for STUCK_MS and it has not triggered. Within
    RETRY_MS of the last attempt nothing is tried again, and nothing beside an exit that takes what
    is there: while it is not known what became of that one, it may have sold everything.
    """
    slot = state.slots[j]
    held, stop, take = int(slot["lots"]), int(slot["stop_ticks"]), int(slot["take_ticks"])
    if is_early(state, j, quote.time_ms) or not is_sellable(plan, state, j):
        return 0
    if is_being_left(plan, state, j) or is_kept(plan, state, j):
        return 0
    if most_at_once(plan, state, j) == 0:
        return 0
    side = 1 if held > 0 else -1
    price = quote.bid if held > 0 else quote.ask
    resting = resting_protection(plan, state, j)
    if stop and (stop - price) * side >= 0:
        is_sure = resting is not None and resting.status not in UNSURE
        is_left_behind = not is_sure or (limit_through(stop, side) - price) * side > 0
        since_ms = state.passed_ms[j]
        is_stuck = since_ms > 0 and is_over(since_ms, STUCK_MS, quote.time_ms)
        is_stuck &= resting is not None and resting.status is OrderStatus.OPEN
        return stop if is_left_behind or is_stuck else 0
    if take and resting is None and (price - take) * side >= 0:
        return take
    return 0


def is_early(state: State, j: int, now_ms: int) -> bool:
    """Whether product j's protection, or an exit that was refused, was sent just now."""
    wish = state.leaving[j]
    if not is_over(state.protected_ms[j], RETRY_MS, now_ms):
        return True
    return wish.refusals > 0 and not is_over(wish.tried_ms, retry_ms(wish), now_ms)


def is_kept(plan: Plan, state: State, j: int) -> bool:
    """Whether what rests for product j stays, whatever is wanted: no exit could follow it."""
    return bool(stays(state, j, resting_protections(plan, state, j)))


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
    is_now = plan.rests and is_passing(plan, state, j, quote)
    if bool(is_now) != bool(state.passed_ms[j]):
        return Answer([rec.LevelPassed(j, quote.time_ms if is_now else 0)])
    return Answer([rec.QuoteTaken()])


def close_position(plan: Plan, state: State, j: int, level: int, time_ms: int) -> Answer:
    """Cancel what works in the product, and sell at market; a take-profit not below its level.

    It waits for what others may still sell. level: what was passed, ticks; 0: an operator's wish.
    Nothing if an order was made at this very time already, for an id is made of it; nor if what
    rests is all that the exchange would take, or no coins are there.
    """
    if is_kept(plan, state, j) or most_at_once(plan, state, j) == 0:
        return NOTHING
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

    While an exit works the position's coins are its own: nothing rests, quotes are watched. An
    order by hand that rests has its own coins alone. What is to replace another one is placed once
    that one is seen to have ended.
    """
    if not plan.rests[j] or not state.slots["close_ticks"][j]:
        return NOTHING  # without a price nothing can be said of its worth: what rests stays
    wanted = _wanted(plan, state, j)
    resting = resting_protections(plan, state, j)
    if not resting:
        is_early = not is_over(state.protected_ms[j], RETRY_MS, event.time_ms)
        free = free_lots(plan, state, j) + _doubtful_lots(plan, state, j)
        if wanted is None or is_early or free < wanted.lots:
            return NOTHING
        if _unknown_stops(plan, state, j) >= MOST_UNKNOWN:
            return NOTHING  # quotes are watched until there is proof
        return _place(plan, state, j, wanted, event.time_ms)
    as_counted = state._replace(grids=replaced(state.grids, j, AS_COUNTED))
    all_there = state._replace(lacking=replaced(state.lacking, j, 0))
    # neither a grid that changes makes a stop worse, nor a look that misses coins that it holds
    either = [wanted, _wanted(plan, as_counted, j), _wanted(plan, all_there, j)]
    kept = next((o for o in resting if any(one and _same(o, one) for one in either)), None)
    if kept is None and wanted is not None:
        kept = next((o for o in resting if _is_cut_again(state, j, o, wanted, event)), None)
    held = abs(int(state.slots["lots"][j]))
    covering = (o for o in resting if o.intent.lots - o.filled <= held)  # that sell no more
    if kept is None and is_kept(plan, state, j):
        kept = resting[0] if state.closed[j] else next(covering, None)
    if kept is None and _is_dust(plan, state, j):  # no order of now could replace it
        kept = next(covering, None)
    ending = {OrderStatus.OPEN}  # what is not known to be there is waited for
    if waiting(state, plan.products[j].product_id):
        ending.add(OrderStatus.TRIGGERED)
    return cancel_all([one for one in resting if one is not kept and one.status in ending])


def _is_cut_again(state: State, j: int, rests: Order, wanted: OrderIntent, event: Event) -> bool:
    """Whether a stop stays for now that covers less than is held, as the ones before it did.

    Whoever cuts each stop would leave the position without any, over and over. One that was cut for
    the first time, or that would sell more than is held, makes way at once.
    """
    told = state.resized[j]
    if told.order != rests.client_order_id or told.held != int(state.slots["lots"][j]):
        return False
    if rests.intent.lots - rests.filled > wanted.lots or rests.intent.stop != wanted.stop:
        return False
    wait_ms = min(RETRY_MS << min(told.times - 2, 4), LONGEST_RETRY_MS) if told.times > 1 else 0
    return not is_over(told.told_ms, wait_ms, event.time_ms)


def _is_dust(plan: Plan, state: State, j: int) -> bool:
    """Whether what product j holds is too little for an order of now, and no exit sells it."""
    if not state.slots["lots"][j] or not state.slots["stop_ticks"][j]:
        return False
    return not is_sellable(plan, state, j) and not exits_at_work(plan, state, j)


def _doubtful_lots(plan: Plan, state: State, j: int) -> int:
    """Return how many lots are promised to exits that are hardly there.

    A stop may rest on them, for it is cancelled if the exit is found; another exit would fill.
    """
    exits = exits_at_work(plan, state, j)
    return sum(one.intent.lots - one.filled for one in exits if is_doubtful(state, one))


def _unknown_stops(plan: Plan, state: State, j: int) -> int:
    """Return how many of product j's stops nobody knows the outcome of, hardly there or not."""
    name = plan.products[j].product_id
    return sum(
        one.product_id == name and is_stop(one) and one.status in UNSURE
        for one in state.open_orders
    )


def _place(plan: Plan, state: State, j: int, wanted: OrderIntent, time_ms: int) -> Answer:
    held = int(state.slots["lots"][j])
    name = resting_id(plan, wanted.product_id, time_ms, abs(held))
    if name in state.orders:
        return NOTHING  # an id is made of the time: a little later it is another one
    order = Order(wanted._replace(client_order_id=name, sent_ms=time_ms))
    approved = approve_reducing(order, held)
    return Answer([rec.ProtectionTaken(order, time_ms)], [SubmitOrder(approved)])


def _same(resting: Order, wanted: OrderIntent) -> bool:
    """Whether what rests still covers what is held, at the same levels."""
    left = resting.intent.lots - resting.filled
    return (left, resting.intent.stop, resting.intent.type) == (
        wanted.lots,
        wanted.stop,
        wanted.type,
    ) and (wanted.type is OrderType.STOP_LIMIT or resting.intent.limit == wanted.limit)


def lots_by_hand(plan: Plan, state: State, j: int) -> int:
    """Return how many of product j's lots belong to orders by hand that rest and may sell them."""
    return sum(
        max(one.intent.lots, one.amendment.lots) - one.filled
        for one in exits_at_work(plan, state, j)
        if _rests_by_hand(one) and not is_doubtful(state, one)
    )


def covered_beside(plan: Plan, state: State, j: int, by_hand: int) -> int:
    """Return how many of product j's lots a stop may cover beside so many of orders by hand.

    0: what is left is too little for an order.
    """
    rest = whole(state.grids[j], abs(int(state.slots["lots"][j])) - state.lacking[j] - by_hand)
    if (by_hand or state.lacking[j]) and not is_worth_selling(plan, state, j, rest):
        return 0
    return min(most_at_once(plan, state, j), rest)


def _rests_by_hand(order: Order) -> bool:
    """Whether an exit is an operator's, and may rest for long."""
    return order.intent.origin is Origin.OPERATOR and not is_crossing(order)


def _wanted(plan: Plan, state: State, j: int) -> OrderIntent | None:
    """Return the protection that should rest; None: nothing is held, or an exit works.

    It covers what no order by hand may sell.

    Its name and its time come when it is placed.
    """
    slot, product = state.slots[j], plan.products[j]
    held, stop, take = int(slot["lots"]), int(slot["stop_ticks"]), int(slot["take_ticks"])
    if held == 0 or stop == 0:
        return None
    exits = exits_at_work(plan, state, j)
    if not all(_rests_by_hand(one) or is_doubtful(state, one) for one in exits):
        return None
    if state.leaving[j].reason in STOPS or not is_sellable(plan, state, j):
        return None  # it has triggered; or it is dust: the exchange would refuse it
    rest = covered_beside(plan, state, j, lots_by_hand(plan, state, j))
    if rest == 0:
        return None
    side = 1 if held > 0 else -1
    intent = OrderIntent(
        client_order_id="",
        product_id=product.product_id,
        side=-side,
        type=OrderType.BRACKET if take else OrderType.STOP_LIMIT,
        tif=TimeInForce.GTC,
        lots=rest,
        quote=0,
        limit=take or limit_through(stop, side),
        stop=stop,
        reduce_only=True,
        reason=int(slot["stop_reason"]),
        origin=Origin.PROTECTION,
        sent_ms=0,
    )
    return gridded(state.grids[j], intent)
