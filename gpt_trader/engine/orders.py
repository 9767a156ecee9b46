"""Folding fills, reports and requests into the state's orders and positions."""

import math
from decimal import Decimal
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.order import (
    Amendment,
    Fill,
    Order,
    OrderIntent,
    OrderStatus,
    OrderType,
    Origin,
    Protection,
    TimeInForce,
    cancelling,
    next_status,
)
from gpt_trader.domain.order_life import Move, move
from gpt_trader.engine import records as rec
from gpt_trader.engine.events import (
    AmendRequested,
    FillReceived,
    OrderAmended,
    OrderUpdated,
    PositionFound,
)
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import (
    FINAL_ORDERS_KEPT,
    State,
    costs_at,
    costs_now,
    is_current,
    protection_id,
    replaced,
    rolled,
    with_moved,
    with_new_orders,
    working_id,
)
from gpt_trader.kernel.codes import FILL_ENTRY, FILL_OPERATOR, FILL_REDUCE, ORDINAL_QUOTE
from gpt_trader.kernel.fees import count_volume
from gpt_trader.kernel.limits import Marks, count_entry
from gpt_trader.kernel.match import fill_units
from gpt_trader.kernel.rounding import buy_cost
from gpt_trader.kernel.settings import Costs
from gpt_trader.kernel.slot import (
    KIND_VALUE,
    Slots,
    copy_slots,
)
from gpt_trader.kernel.table import clear_order, fill_order, miss_order, protect, trigger

Ints = NDArray[np.int64]


def take_order(plan: Plan, state: State, order: Order) -> State:
    """Take an operator's order that passed its checks."""
    taken = with_orders(plan, state, order)
    if order.intent.reduce_only:
        return taken
    return taken._replace(marks=Marks(*count_entry(state.marks)))


def book_fill(plan: Plan, state: State, event: FillReceived, record: rec.FillBooked) -> State:
    """Move cash, position, protection and the order by what was booked of a fill."""
    fill = event.fill
    j = plan.index[fill.product_id]
    slots = copy_slots(state.slots)
    in_slot = working_id(plan, state, j) == fill.client_order_id
    # An entry that has left the slot must not undo the protection there is; it brings its own
    # to a position that has none.
    is_stray = fill.reason == FILL_ENTRY and not in_slot
    reason = FILL_OPERATOR if is_stray else fill.reason
    costs = costs_at(plan, state, fill.time_ms)
    if record.lots:
        fill_order(slots, j, fill.side, record.lots, fill.ticks, reason, costs)
        if is_stray and state.slots["lots"][j] == 0:
            brought = state.orders[fill.client_order_id].intent.protection
            if brought is not None:
                _protect(slots, j, brought, fill, costs)
    spent = state.cash - record.cash
    if in_slot:
        if slots["kind"][j] == KIND_VALUE:
            slots["left_units"][j] = max(slots["left_units"][j] - spent, 0)
            slots["reserve_units"][j] = slots["left_units"][j]
        else:
            slots["left_lots"][j] -= record.lots
    order = state.orders.get(fill.client_order_id)
    if order is None:  # the first fill of a resting protection
        order = _protection(plan, state, j, OrderStatus.OPEN)
    reserve = order.reserve
    if order.intent.origin is Origin.OPERATOR and reserve:
        reserve = max(reserve - abs(spent), 0)
    filled = order._replace(
        filled=fill.cumulative,
        filled_value=fill.filled_value,
        filled_fees=fill.filled_fees,
        reserve=reserve,
        status=next_status(order.status, OrderStatus.OPEN),  # a fill proves that it was placed
    )
    gone = []
    if slots["lots"][j] == 0:
        gone = [  # the protection of a closed position; one that rests is seen out
            other._replace(status=OrderStatus.CANCELLED)
            for other in state.open_orders
            if other.intent.origin is Origin.PROTECTION
            and other.product_id == fill.product_id
            and other.client_order_id != fill.client_order_id
            and not other.intent.sent_ms
        ]
    moved = state._replace(
        cash=record.cash,
        slots=slots,
        fees=state.fees + record.fee,
        fee_book=_counted(plan, state, fill, record.lots),
    )
    if record.moved:
        product = plan.products[j]
        moved = with_moved(moved, plan.quote_currency, Decimal(record.moved))
        bought = fill.side * product.size(record.lots)
        moved = with_moved(moved, product.base_currency, bought)
    return with_orders(plan, moved, filled, *gone)


def _protect(slots: Slots, j: int, brought: Protection, fill: Fill, costs: Costs) -> None:
    """Give a position the protection that its entry was decided with, in place."""
    stop, take, trail, max_bars = brought
    slots["bars_held"][j], slots["max_bars"][j] = 0, max_bars
    slots["protection_taker_e8"][j], slots["protection_maker_e8"][j] = (
        costs.taker_e8,
        costs.maker_e8,
    )
    shares = [share or math.nan for share in (stop, take, trail)]
    protect(slots, j, fill.ticks, *shares)


def _counted(plan: Plan, state: State, fill: Fill, lots: int) -> Ints:
    """Return the fee book after a fill of so many lots."""
    if not plan.fee_tiers:
        return state.fee_book
    book = rolled(plan, state, fill.time_ms).copy()
    spec = plan.products[plan.index[fill.product_id]].spec
    count_volume(book, int(fill_units(fill.side, lots, fill.ticks, spec)))
    return book


def _protection(plan: Plan, state: State, j: int, status: OrderStatus) -> Order:
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
    return with_orders(plan, moved, changed)


def _was_given_up(order: Order) -> bool:
    """Whether it was an exit that waited too long: the next one is nearer to crossing."""
    return order.status is OrderStatus.PENDING_CANCEL and order.intent.reduce_only


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
    return state._replace(slots=slots)


def take_position(plan: Plan, state: State, found: PositionFound) -> State:
    """Hold what another journal knew of, with the levels of the protection that rests for it."""
    j = plan.index[found.product_id]
    slots = copy_slots(state.slots)
    fill_order(slots, j, 1, found.lots, found.ticks, FILL_ENTRY, costs_now(plan, state))
    order = found.order
    if order is None:
        return state._replace(slots=slots)
    slots["stop"][j] = 1.0 - order.intent.stop / found.ticks
    slots["stop_ticks"][j] = order.intent.stop
    if order.intent.type is OrderType.BRACKET:
        slots["take"][j] = order.intent.limit / found.ticks - 1.0
        slots["take_ticks"][j] = order.intent.limit
    return with_orders(plan, state._replace(slots=slots), order)


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
        held_back = reserve if key == working else other.reserve
        changed.append(other._replace(status=cancelling(other.status), reserve=held_back))
    trigger(slots, j)
    slots["cause"][j], slots["ordinal"][j] = order.intent.sent_ms, ORDINAL_QUOTE
    slots["reason"][j] = order.intent.reason
    sent = state._replace(
        slots=slots, protected_ms=replaced(state.protected_ms, j, order.intent.sent_ms)
    )
    return with_orders(plan, sent, *changed, order)


def _trigger(plan: Plan, state: State, j: int, order_id: str) -> State:
    """Turn product j's protection into its working order; nothing held has none."""
    if state.slots["lots"][j] == 0 or state.slots["stop_ticks"][j] == 0:
        return state
    slots = copy_slots(state.slots)
    trigger(slots, j)
    known = state.orders.get(order_id)
    order = (
        _protection(plan, state, j, OrderStatus.TRIGGERED)
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
    if in_cycle and working_id(plan, state, j) == client_order_id:
        slots = copy_slots(state.slots)
        changed = changed._replace(reserve=int(slots["reserve_units"][j]))
        clear_order(slots, j)
        state = state._replace(slots=slots)
    return with_orders(plan, state, changed)


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

    Of the final ones the oldest are dropped.
    """
    state = with_new_orders(state, *changed)
    surplus = len(state.orders) - len(state.open_orders) - FINAL_ORDERS_KEPT
    if surplus > 0:
        final = (order for order in state.orders.values() if order.status.is_final)
        oldest = [o for o in islice(final, surplus) if not is_current(plan, state, o)]
        dropped = {order.client_order_id for order in oldest}
        kept = {key: order for key, order in state.orders.items() if key not in dropped}
        state = state._replace(orders=kept)
    slots = copy_slots(state.slots)
    slots["held_back_units"] = 0
    for order in state.open_orders:
        j = plan.index[order.product_id]
        if order.client_order_id != working_id(plan, state, j):
            slots["held_back_units"][j] += order.reserve
    return state._replace(slots=slots)
