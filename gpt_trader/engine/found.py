"""What the exchange shows of ours and this journal does not know: taken over, and frozen.

A journal that is lost says nothing of what was bought: a position is held from what the account
shows, and its money is in the wallets that the new session begins with. An older one that was put
back is a part of the story: the orders that came after it are booked as if they had been told of
in time, cash and fees too. Either way nothing is entered until a person has looked.
"""

from collections.abc import Iterable

from gpt_trader.domain.order import NOT_SENT, Order, OrderStatus, OrderType, Origin
from gpt_trader.engine import records as rec
from gpt_trader.engine.answer import Answer, freeze, stop_entries
from gpt_trader.engine.events import (
    FillReceived,
    InstanceSeen,
    OrderEdited,
    OrdersFound,
    OrderUpdated,
    PositionFound,
)
from gpt_trader.engine.fills import book_fill
from gpt_trader.engine.leaving import is_stop
from gpt_trader.engine.orders import end_order, take_status, with_orders
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.reports import book_exactly
from gpt_trader.engine.state import Resized, State, bring_in, costs_now, is_over, replaced
from gpt_trader.engine.waiting import waiting
from gpt_trader.engine.worst import worst_cost
from gpt_trader.kernel.codes import FILL_ENTRY
from gpt_trader.kernel.ledger import value
from gpt_trader.kernel.rounding import units_down
from gpt_trader.kernel.slot import Slots, copy_slots
from gpt_trader.kernel.table import fill_order

IN_A_ROW_MS = 180_000  # within which another stop that is cut counts as one in a row


def answer_position(plan: Plan, state: State, event: PositionFound) -> Answer:
    """Hold what is found where nothing was known to be held; the product is frozen."""
    is_new = event.lots > 0 and not state.slots["lots"][plan.index[event.product_id]]
    j, price = plan.index[event.product_id], event.price_ticks or event.ticks
    units = units_down(value(event.lots, price, plan.products[j].spec))
    taken = Answer([rec.PositionTaken(units)] if is_new else [])
    return taken + freeze(plan, state, event.product_id, f"{event.reason} (by {event.by})")


def answer_orders(plan: Plan, state: State, event: OrdersFound) -> Answer:
    """Take over what was sent elsewhere; the product is frozen, entries of it are cancelled.

    What waited here waited for how things stood before: it is not sent any more.
    """
    ended = [
        rec.OrderEnded(order.client_order_id, f"{NOT_SENT}: the story went on without it")
        for order in waiting(state, event.product_id)
    ]
    for record in ended:
        state = end_order(plan, state, record, event.time_ms)
    after = take_orders(plan, state, event)
    j = plan.index[event.product_id]
    lacking = int(after.slots["lots"][j]) - event.coins
    told = event.coins >= 0 and lacking > state.lacking[j]
    noted = [rec.LackNoted(j, lacking)] if told else []  # a stop of the rest stays
    taken = Answer([*ended, rec.OrdersTaken(), *noted])
    return taken + freeze(plan, after, event.product_id, f"{event.reason} (by {event.by})")


def answer_instance(state: State, event: InstanceSeen) -> Answer:
    """Halt: two that trade one portfolio each take the other's coins for somebody else's."""
    key, more = event.client_order_ids[0], len(event.client_order_ids) - 1
    which = f"order {key} and {more} more are" if more else f"order {key} is"
    why = f"{which} this bot's but not in this journal: a second instance trades the portfolio"
    return stop_entries(state, True, state.paused, "engine", why)


def take_position(plan: Plan, state: State, found: PositionFound, units: int) -> State:
    """Hold what another journal knew of, with the levels of the protection that rests for it.

    units: its worth, which was there before the session was: no profit.
    """
    state = bring_in(state, units)
    j = plan.index[found.product_id]
    slots = copy_slots(state.slots)
    fill_order(slots, j, 1, found.lots, found.ticks, FILL_ENTRY, costs_now(plan, state))
    if not slots["close_ticks"][j]:  # worth what it was brought in at, until a bar says more
        slots["close_ticks"][j] = found.price_ticks or found.ticks
    if found.order is None:
        return state._replace(slots=slots)
    _set_levels(slots, j, found.order)
    return with_orders(plan, state._replace(slots=slots), found.order)


def take_orders(plan: Plan, state: State, found: OrdersFound) -> State:
    """Know the orders, book their fills, end those that have ended, act on the stop that rests.

    Of orders that are all known only this is news: that one lives which had ended.
    """
    is_news = any(order.client_order_id not in state.orders for order in found.orders)
    for order in found.orders:
        known = state.orders.get(order.client_order_id)
        if known is None:
            state = _adopt(plan, state, order)
        elif known.status.is_final and not order.status.is_final:
            state = _revive(plan, state, known, order)
    for fill in found.fills:
        booked = book_exactly(plan, state, fill, state.orders[fill.client_order_id])
        if booked is not None:
            state = book_fill(plan, state, FillReceived(found.time_ms, fill), booked)
    for order in found.orders:
        key, status, at = order.client_order_id, order.status, order.exchange_id
        told = OrderUpdated(found.time_ms, order.product_id, key, status, "", at)
        state = take_status(plan, state, told)
    j = plan.index[found.product_id]
    if not is_news or not state.slots["lots"][j]:
        return state
    stop = _resting_stop(found.orders)
    if stop is None and not state.slots["stop_ticks"][j]:
        stop = _ended_stop(found)
    if stop is None:
        return state
    slots = copy_slots(state.slots)
    _set_levels(slots, j, stop)
    return state._replace(slots=slots)


def take_edit(plan: Plan, state: State, event: OrderEdited) -> State:
    """Know an order by the terms that its owner gave it; a position follows its stop.

    What an entry sets aside is never less for it: only its own word says that it buys less.
    """
    order, j = state.orders[event.client_order_id], plan.index[event.product_id]
    intent = order.intent._replace(lots=event.lots, limit=event.limit, stop=event.stop)
    reserve = 0 if intent.reduce_only else max(order.reserve, worst_cost(plan, state, intent))
    edited = order._replace(intent=intent, reserve=reserve)
    if is_stop(edited) and event.lots != order.intent.lots:
        state = state._replace(resized=replaced(state.resized, j, _resized(state, j, event)))
    if is_stop(edited) and state.slots["lots"][j]:
        slots = copy_slots(state.slots)
        _set_levels(slots, j, edited)
        state = state._replace(slots=slots)
    return with_orders(plan, state, edited)


def _resized(state: State, j: int, event: OrderEdited) -> Resized:
    """Count a stop that is told with another size; one that comes much later counts anew."""
    known, held = state.resized[j], int(state.slots["lots"][j])
    is_new = known.times == 0 or is_over(known.told_ms, IN_A_ROW_MS, event.time_ms)
    return Resized(1 if is_new else known.times + 1, event.time_ms, event.client_order_id, held)


def _adopt(plan: Plan, state: State, order: Order) -> State:
    """Know an order, alive until its fills are booked; one that enters counts as one."""
    alive = OrderStatus.OPEN if order.status.is_final else order.status
    if order.intent.reduce_only:
        return with_orders(plan, state, order._replace(status=alive))
    reserve = worst_cost(plan, state, order.intent)
    known = with_orders(plan, state, order._replace(status=alive, reserve=reserve))
    marks = known.marks
    return known._replace(marks=marks._replace(entries=marks.entries + 1))


def _revive(plan: Plan, state: State, known: Order, told: Order) -> State:
    """Know that an order lives which had ended: it counts in full again."""
    reserve = 0 if known.intent.reduce_only else worst_cost(plan, state, known.intent)
    there = known._replace(status=told.status, exchange_id=told.exchange_id, reserve=reserve)
    return with_orders(plan, state, there)


def _resting_stop(orders: Iterable[Order]) -> Order | None:
    """Return the protection that was let rest last and still does."""
    resting = [one for one in orders if _is_protection(one) and not one.status.is_final]
    return resting[-1] if resting else None


def _ended_stop(found: OrdersFound) -> Order | None:
    """Return the newest protection if nothing was bought since.

    Where it made way for an exit, or the exchange let it expire, its level is still the position's.
    """
    filled = {fill.client_order_id for fill in found.fills}
    newest = None
    for one in found.orders:
        if _is_protection(one):
            newest = one
        elif not one.intent.reduce_only and (one.filled or one.client_order_id in filled):
            newest = None
    return newest


def _is_protection(order: Order) -> bool:
    return order.intent.origin is Origin.PROTECTION and order.intent.stop > 0


def _set_levels(slots: Slots, j: int, stop: Order) -> None:
    """Take a position's levels from the protection that rests for it, in place."""
    average = float(slots["average_ticks"][j])
    slots["stop"][j] = 1.0 - stop.intent.stop / average
    slots["stop_ticks"][j] = stop.intent.stop
    if stop.intent.type is OrderType.BRACKET:
        slots["take"][j] = stop.intent.limit / average - 1.0
        slots["take_ticks"][j] = stop.intent.limit
