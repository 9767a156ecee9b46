"""What the exchange shows of ours and this journal does not know: taken over, and frozen.

A journal that is lost says nothing of what was bought: a position is held from what the account
shows, and its money is in the wallets that the new session begins with. An older one that was put
back is a part of the story: the orders that came after it are booked as if they had been told of
in time, cash and fees too. Either way nothing is entered until a person has looked.
"""

from collections.abc import Sequence

from gpt_trader.domain.order import NOT_SENT, Order, OrderStatus, OrderType, Origin
from gpt_trader.engine import records as rec
from gpt_trader.engine.answer import Answer, freeze, stop_entries
from gpt_trader.engine.events import (
    FillReceived,
    InstanceSeen,
    OrdersFound,
    OrderUpdated,
    PositionFound,
)
from gpt_trader.engine.fills import book_fill
from gpt_trader.engine.orders import end_order, take_status, with_orders
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.reports import book_exactly
from gpt_trader.engine.state import State, costs_now
from gpt_trader.engine.waiting import waiting
from gpt_trader.engine.worst import worst_cost
from gpt_trader.kernel.codes import FILL_ENTRY
from gpt_trader.kernel.marks import Marks, count_entry
from gpt_trader.kernel.slot import Slots, copy_slots
from gpt_trader.kernel.table import fill_order


def answer_position(plan: Plan, state: State, event: PositionFound) -> Answer:
    """Hold what is found where nothing was known to be held; the product is frozen."""
    is_new = event.lots > 0 and not state.slots["lots"][plan.index[event.product_id]]
    taken = Answer([rec.PositionTaken()] if is_new else [])
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
    taken = Answer([*ended, rec.OrdersTaken()])
    return taken + freeze(plan, after, event.product_id, f"{event.reason} (by {event.by})")


def answer_instance(state: State, event: InstanceSeen) -> Answer:
    """Halt: two that trade one portfolio each take the other's coins for somebody else's."""
    key, more = event.client_order_ids[0], len(event.client_order_ids) - 1
    which = f"order {key} and {more} more are" if more else f"order {key} is"
    why = f"{which} this bot's but not in this journal: a second instance trades the portfolio"
    return stop_entries(state, True, state.paused, "engine", why)


def take_position(plan: Plan, state: State, found: PositionFound) -> State:
    """Hold what another journal knew of, with the levels of the protection that rests for it."""
    j = plan.index[found.product_id]
    slots = copy_slots(state.slots)
    fill_order(slots, j, 1, found.lots, found.ticks, FILL_ENTRY, costs_now(plan, state))
    if found.order is None:
        return state._replace(slots=slots)
    _set_levels(slots, j, found.order)
    return with_orders(plan, state._replace(slots=slots), found.order)


def take_orders(plan: Plan, state: State, found: OrdersFound) -> State:
    """Know the orders, book their fills, end those that have ended, act on the stop that rests."""
    for order in found.orders:
        if order.client_order_id not in state.orders:
            state = _adopt(plan, state, order)
    for fill in found.fills:
        booked = book_exactly(plan, state, fill, state.orders[fill.client_order_id])
        if booked is not None:
            state = book_fill(plan, state, FillReceived(found.time_ms, fill), booked)
    for order in found.orders:
        key, status, at = order.client_order_id, order.status, order.exchange_id
        told = OrderUpdated(found.time_ms, order.product_id, key, status, "", at)
        state = take_status(plan, state, told)
    j = plan.index[found.product_id]
    stop = _newest_stop(found.orders)
    if stop is None or not state.slots["lots"][j]:
        return state
    slots = copy_slots(state.slots)
    _set_levels(slots, j, stop)
    return state._replace(slots=slots)


def _adopt(plan: Plan, state: State, order: Order) -> State:
    """Know an order, alive until its fills are booked; one that enters counts as one."""
    alive = OrderStatus.OPEN if order.status.is_final else order.status
    if order.intent.reduce_only:
        return with_orders(plan, state, order._replace(status=alive))
    reserve = worst_cost(plan, state, order.intent)
    known = with_orders(plan, state, order._replace(status=alive, reserve=reserve))
    return known._replace(marks=Marks(*count_entry(known.marks)))


def _newest_stop(orders: Sequence[Order]) -> Order | None:
    """Return the protection that was let rest last and still does."""
    resting = [
        order
        for order in orders
        if order.intent.origin is Origin.PROTECTION
        and order.intent.stop
        and not order.status.is_final
    ]
    return resting[-1] if resting else None


def _set_levels(slots: Slots, j: int, stop: Order) -> None:
    """Take a position's levels from the protection that rests for it, in place."""
    average = float(slots["average_ticks"][j])
    slots["stop"][j] = 1.0 - stop.intent.stop / average
    slots["stop_ticks"][j] = stop.intent.stop
    if stop.intent.type is OrderType.BRACKET:
        slots["take"][j] = stop.intent.limit / average - 1.0
        slots["take_ticks"][j] = stop.intent.limit
