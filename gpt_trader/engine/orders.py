"""Folding reports and requests into the state's orders and positions."""

import math
from itertools import islice

from gpt_trader.domain.order import (
    NOT_PLACED,
    Amendment,
    Order,
    OrderIntent,
    OrderStatus,
    OrderType,
    Origin,
    TimeInForce,
    cancelling,
    next_status,
)
from gpt_trader.domain.order_life import Move, move
from gpt_trader.engine import records as rec
from gpt_trader.engine.events import (
    Absent,
    AmendRequested,
    OrderAmended,
    OrderUpdated,
)
from gpt_trader.engine.ids import is_needed, protection_id, working_id
from gpt_trader.engine.leaving import (
    PROMISED,
    note_cut,
    note_refusal,
    note_repeated,
    note_report,
    note_stop,
)
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import (
    FINAL_ORDERS_KEPT,
    Absence,
    State,
    costs_now,
    replaced,
    with_new_orders,
)
from gpt_trader.kernel.codes import ACT_EXIT, FILL_REDUCE, ORDINAL_QUOTE
from gpt_trader.kernel.rounding import buy_cost
from gpt_trader.kernel.sizing import Ticket
from gpt_trader.kernel.slot import KIND_LIMIT, KIND_SIZE, copy_slots
from gpt_trader.kernel.table import clear_order, fill_order, miss_order, place_order, trigger

ABSENCE_GAP_MS = 60_000  # between two looks that count as one absence


def take_order(plan: Plan, state: State, order: Order) -> State:
    """Take an operator's order that passed its checks."""
    taken = with_orders(plan, state, order)
    if order.intent.reduce_only:
        return taken
    marks = state.marks
    return taken._replace(marks=marks._replace(entries=marks.entries + 1))


def protection_order(plan: Plan, state: State, j: int, status: OrderStatus) -> Order:
    """Return the order that a broker's own protection of product j is known as."""
    lots = int(state.slots["lots"][j])
    return Order(
        OrderIntent(
            client_order_id=protection_id(plan, state, j),
            product_id=plan.products[j].product_id,
            side=-1 if lots > 0 else 1,
            type=OrderType.BRACKET,
            tif=TimeInForce.GTC,
            lots=abs(lots),
            quote=0,
            reduce_only=True,
            reason=int(state.slots["stop_reason"][j]),
            origin=Origin.PROTECTION,
        ),
        status=status,
        is_new=False,
    )


def take_status(plan: Plan, state: State, event: OrderUpdated) -> State:
    """Take a broker's report on an order; one that is unknown or has ended stays as it is."""
    j = plan.index[event.product_id]
    triggered = event.status is OrderStatus.TRIGGERED
    if triggered and event.client_order_id == protection_id(plan, state, j):
        return _trigger(plan, state, j, event.client_order_id)
    order = state.orders.get(event.client_order_id)
    if order is None:
        return state
    found = move(order.status, event.status, was_placed=bool(order.exchange_id))
    if found is Move.ANOMALY and not event.status.is_final:  # it lives: it is watched again
        order = order._replace(status=OrderStatus.PENDING_CANCEL, exchange_id=event.exchange_id)
        return with_orders(plan, state, order)
    if order.status.is_final:
        return state
    changed = order._replace(
        status=next_status(order.status, event.status),
        triggered=order.triggered or triggered,
        exchange_id=event.exchange_id or order.exchange_id,
    )
    moved = state
    if event.status.is_final and working_id(plan, state, j) == event.client_order_id:
        slots = copy_slots(state.slots)
        if event.status is OrderStatus.FILLED:
            slots["attempts"][j] = 0
        elif event.status is not OrderStatus.CANCELLED or _was_given_up(order):
            miss_order(slots, j)
        clear_order(slots, j)
        moved = state._replace(slots=slots)
    if plan.rests:
        moved = note_report(moved, j, order, event)
    if event.status is not OrderStatus.SUBMIT_UNKNOWN:
        moved = forget_absence(moved, event.client_order_id)
    return with_orders(plan, moved, changed)


def _was_given_up(order: Order) -> bool:
    """Whether it was an exit that waited too long: the next one is nearer to crossing."""
    return order.status is OrderStatus.PENDING_CANCEL and order.intent.reduce_only


def end_order(plan: Plan, state: State, record: rec.OrderEnded, time_ms: int) -> State:
    """End an order that is not at the exchange; nothing went unfilled."""
    order = state.orders[record.client_order_id]
    ended = _without(plan, state, order)
    ended = forget_absence(ended, record.client_order_id)
    if record.code.endswith(PROMISED):
        ended = note_refusal(ended, plan.index[order.product_id], record.code, time_ms)
    there = "" if record.code == NOT_PLACED else order.exchange_id  # a false id is nobody's
    ended_order = order._replace(status=OrderStatus.REJECTED, exchange_id=there)
    return with_orders(plan, ended, ended_order)


def _without(plan: Plan, state: State, order: Order) -> State:
    """Return the state with an order out of its product's slot, if it is in it."""
    j = plan.index[order.product_id]
    if working_id(plan, state, j) != order.client_order_id:
        return state
    slots = copy_slots(state.slots)
    clear_order(slots, j)
    return state._replace(slots=slots)


def release_order(plan: Plan, state: State, record: rec.OrderReleased) -> State:
    """Let an order that waited be sent, cut to what is free."""
    order = released(state.orders[record.client_order_id], record.lots, record.time_ms)
    j = plan.index[order.product_id]
    if working_id(plan, state, j) == order.client_order_id and order.intent.lots:
        slots = copy_slots(state.slots)
        slots["left_lots"][j] = order.intent.lots
        state = state._replace(slots=slots)
    return with_orders(plan, state, order)


def released(order: Order, lots: int, time_ms: int) -> Order:
    """Return an order that waited as it is sent."""
    intent = order.intent._replace(lots=lots, sent_ms=time_ms)
    return order._replace(intent=intent, status=OrderStatus.SUBMITTED)


def count_absence(plan: Plan, state: State, event: Absent) -> State:
    """Count a look that did not find an order, or begin anew."""
    order = state.orders[event.client_order_id]
    counted = counted_absence(state.absences.get(event.client_order_id), event)
    state = state._replace(absences={**state.absences, event.client_order_id: counted})
    if order.status is OrderStatus.SUBMIT_UNKNOWN:
        return state
    unknown = order._replace(status=OrderStatus.SUBMIT_UNKNOWN)
    state = with_orders(plan, state, unknown)
    return note_unwanted(state, unknown) if order.status is OrderStatus.PENDING_CANCEL else state


def counted_absence(known: Absence | None, event: Absent) -> Absence:
    """Return what is known of an absence after a look."""
    return Absence(0, 0, event.time_ms) if event.against else seen_again(known, event.time_ms)


def seen_again(known: Absence | None, now_ms: int) -> Absence:
    """Count one more look that did not find something.

    A gap between two looks that is negative or longer than ABSENCE_GAP_MS covers nothing: a clock
    that was set, or a night without a process, proves nothing.
    """
    if known is None or known.looks == 0:
        return Absence(1, 0, now_ms)
    gap_ms = now_ms - known.looked_ms
    covered_ms = gap_ms if 0 <= gap_ms <= ABSENCE_GAP_MS else 0
    return Absence(known.looks + 1, known.absent_ms + covered_ms, now_ms)


def forget_absence(state: State, client_order_id: str) -> State:
    """Forget what looks did not find of an order."""
    if client_order_id not in state.absences:
        return state
    kept = {key: one for key, one in state.absences.items() if key != client_order_id}
    return state._replace(absences=kept)


def cut_position(plan: Plan, state: State, record: rec.PositionCut) -> State:
    """Hold fewer lots than was thought, at the newest close; without any there is no protection."""
    j = record.j
    slots = copy_slots(state.slots)
    held = int(slots["lots"][j])
    side = -1 if held > 0 else 1
    gone = abs(held) - record.lots
    fill_order(
        slots, j, side, gone, int(slots["close_ticks"][j]), FILL_REDUCE, costs_now(plan, state)
    )
    lacking = max(state.lacking[j] - gone, 0)
    return note_cut(state._replace(slots=slots, lacking=replaced(state.lacking, j, lacking)), j)


def take_protection(plan: Plan, state: State, record: rec.ProtectionTaken) -> State:
    """Take a protection that is to rest at the exchange."""
    j = plan.index[record.order.product_id]
    sent = state._replace(protected_ms=replaced(state.protected_ms, j, record.time_ms))
    return with_orders(plan, sent, record.order)


def close_by_quote(plan: Plan, state: State, record: rec.ExitTaken) -> State:
    """Put the order that closes a position into its slot; what stood in its way is cancelled."""
    order = record.order
    j = plan.index[order.product_id]
    slots = copy_slots(state.slots)
    working, reserve = working_id(plan, state, j), int(slots["reserve_units"][j])
    changed = []
    for key in record.stopped:
        other = state.orders[key]
        state = note_unwanted(state, other)
        held_back = reserve if key == working else other.reserve
        changed.append(other._replace(status=cancelling(other.status), reserve=held_back))
    trigger(slots, j)
    slots["cause"][j], slots["ordinal"][j] = order.intent.sent_ms, ORDINAL_QUOTE
    slots["reason"][j] = order.intent.reason
    sent = state._replace(
        slots=slots, protected_ms=replaced(state.protected_ms, j, order.intent.sent_ms)
    )
    if plan.rests:
        sent = note_stop(sent, j, order)
    return with_orders(plan, sent, *changed, order)


def repeat_exit(plan: Plan, state: State, record: rec.ExitRepeated) -> State:
    """Put an exit that is tried again into its product's slot."""
    order = record.order
    intent, j = order.intent, plan.index[order.product_id]
    slots = copy_slots(state.slots)
    kind = KIND_LIMIT if intent.type is OrderType.LIMIT else KIND_SIZE
    ticket = Ticket(ACT_EXIT, kind, intent.side, intent.lots, 0, intent.limit, 0, 0.0, 0.0)
    costs, expire_ms = costs_now(plan, state), intent.expire_ms
    place_order(slots, j, ticket, intent.sent_ms, expire_ms, math.nan, math.nan, math.nan, 0, costs)
    slots["ordinal"][j], slots["reason"][j] = ORDINAL_QUOTE, intent.reason
    return with_orders(plan, note_repeated(state._replace(slots=slots), j, order), order)


def _trigger(plan: Plan, state: State, j: int, order_id: str) -> State:
    """Turn product j's protection into its working order; nothing held has none."""
    if state.slots["lots"][j] == 0 or state.slots["stop_ticks"][j] == 0:
        return state
    slots = copy_slots(state.slots)
    trigger(slots, j)
    known = state.orders.get(order_id)
    order = (
        protection_order(plan, state, j, OrderStatus.TRIGGERED)
        if known is None
        else known._replace(status=OrderStatus.TRIGGERED)
    )
    return with_orders(plan, state._replace(slots=slots), order._replace(triggered=True))


def mark_cancelled(
    plan: Plan,
    state: State,
    client_order_id: str,
    in_cycle: bool,  # noqa: FBT001
) -> State:
    """Mark an order as being cancelled. In a cycle it leaves its slot: decisions follow."""
    order = state.orders[client_order_id]
    changed = order._replace(status=cancelling(order.status))
    j = plan.index[order.product_id]
    state = note_unwanted(state, order)
    if order.status is OrderStatus.WAITING:
        state = _without(plan, state, order)
    elif in_cycle and working_id(plan, state, j) == client_order_id:
        slots = copy_slots(state.slots)
        changed = changed._replace(reserve=int(slots["reserve_units"][j]))
        clear_order(slots, j)
        state = state._replace(slots=slots)
    return with_orders(plan, state, changed)


def note_unwanted(state: State, order: Order) -> State:
    """Note an order that is to be cancelled once it is known to be there."""
    if order.status not in (OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN):
        return state
    open_ = {one.client_order_id for one in state.open_orders}
    return state._replace(unwanted=(state.unwanted & open_) | {order.client_order_id})


def await_amendment(plan: Plan, state: State, asked: AmendRequested) -> State:
    """Note what the broker is asked for; until it answers the larger of both reserves is kept."""
    order = state.orders[asked.client_order_id]
    reserve = max(order.reserve, _reserve_of(plan, state, order, asked.lots, asked.limit))
    amendment = Amendment(asked.lots, asked.limit)
    return with_orders(plan, state, order._replace(amendment=amendment, reserve=reserve))


def amend_order(plan: Plan, state: State, done: OrderAmended) -> State:
    """Take the new size and price that the broker confirmed."""
    order = state.orders[done.client_order_id]
    changed = order._replace(
        intent=order.intent._replace(lots=done.lots, limit=done.limit),
        reserve=_reserve_of(plan, state, order, done.lots, done.limit),
        is_new=True,
        amendment=Amendment(),
    )
    return with_orders(plan, state, changed)


def _reserve_of(plan: Plan, state: State, order: Order, lots: int, limit: int) -> int:
    """Units to set aside for an order of another size and price."""
    if order.intent.reduce_only:
        return 0
    left = max(lots - order.filled, 0)
    spec = plan.products[plan.index[order.product_id]].spec
    return buy_cost(left, limit, costs_now(plan, state).taker_e8, spec)


def with_orders(plan: Plan, state: State, *changed: Order) -> State:
    """Return the state with orders added or changed, and the money that is set aside recounted.

    Of the final ones the oldest are dropped, but not by which a bar to come is known to have had
    its order: what is taken over may be more than is kept.
    """
    state = with_new_orders(state, *changed)
    surplus = len(state.orders) - len(state.open_orders) - FINAL_ORDERS_KEPT
    if surplus > 0:
        final = (order for order in state.orders.values() if order.status.is_final)
        oldest = [o for o in islice(final, surplus) if not is_needed(plan, state, o)]
        dropped = {order.client_order_id for order in oldest}
        kept = {key: order for key, order in state.orders.items() if key not in dropped}
        state = state._replace(orders=kept)
    slots = copy_slots(state.slots)
    held_back = slots["held_back_units"]
    held_back[:] = 0
    for order in state.open_orders:
        intent = order.intent
        j = plan.index[intent.product_id]
        if intent.client_order_id != working_id(plan, state, j):
            held_back[j] += order.reserve
    return state._replace(slots=slots)
