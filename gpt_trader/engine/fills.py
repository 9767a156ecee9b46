"""Folding a fill into the state: cash, position and its protection, the slot and the order."""

import math
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.order import Fill, Order, OrderStatus, Origin, Protection, next_status
from gpt_trader.engine import records as rec
from gpt_trader.engine.events import FillReceived
from gpt_trader.engine.ids import working_id
from gpt_trader.engine.leaving import note_cut
from gpt_trader.engine.orders import forget_absence, protection_order, with_orders
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State, costs_at, roll_book, with_moved
from gpt_trader.kernel.codes import FILL_ENTRY, FILL_OPERATOR
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.fees import count_volume
from gpt_trader.kernel.match import fill_units
from gpt_trader.kernel.slot import KIND_VALUE, Slots, copy_slots
from gpt_trader.kernel.table import fill_order, protect

Ints = NDArray[np.int64]


def book_fill(plan: Plan, state: State, event: FillReceived, record: rec.FillBooked) -> State:
    """Move cash, position, protection and the order by what was booked of a fill."""
    fill = event.fill
    j = plan.index[fill.product_id]
    slots = copy_slots(state.slots)
    spent = state.cash - record.cash
    in_slot = working_id(plan, state, j) == fill.client_order_id
    if record.lots:
        _move_position(plan, state, slots, fill, record.lots, in_slot=in_slot)
    if in_slot:
        _use_up(slots, j, spent, record.lots)
    order = state.orders.get(fill.client_order_id)
    if order is None:  # the first fill of a resting protection
        order = protection_order(plan, state, j, OrderStatus.OPEN)
    gone = [] if slots["lots"][j] else _cancel_protections(state, fill)
    moved = state._replace(
        cash=record.cash,
        slots=slots,
        fees=state.fees + record.fee,
        fee_book=_count_volume(plan, state, fill, record.lots),
    )
    if record.moved:
        product = plan.products[j]
        moved = with_moved(moved, plan.quote_currency, Decimal(record.moved))
        bought = fill.side * product.size(record.lots)
        moved = with_moved(moved, product.base_currency, bought)
    if plan.rests:
        moved = note_cut(forget_absence(moved, fill.client_order_id), j)
    return with_orders(plan, moved, _add_fill(order, fill, spent), *gone)


def _move_position(
    plan: Plan, state: State, slots: Slots, fill: Fill, lots: int, *, in_slot: bool
) -> None:
    """Move the position by so many lots of a fill, in place.

    An entry that has left the slot must not undo the protection there is; it brings its own to a
    position that has none.
    """
    j, costs = plan.index[fill.product_id], costs_at(plan, state, fill.time_ms)
    is_stray = fill.reason == FILL_ENTRY and not in_slot
    reason = FILL_OPERATOR if is_stray else fill.reason
    fill_order(slots, j, fill.side, lots, fill.ticks, reason, costs)
    if is_stray and state.slots["lots"][j] == 0:
        brought = state.orders[fill.client_order_id].intent.protection
        if brought is not None:
            _protect(slots, j, brought, fill, costs)


def _use_up(slots: Slots, j: int, spent: int, lots: int) -> None:
    """Take units or lots off what the order in a slot still has to fill, in place."""
    if slots["kind"][j] == KIND_VALUE:
        slots["left_units"][j] = max(slots["left_units"][j] - spent, 0)
        slots["reserve_units"][j] = slots["left_units"][j]
    else:
        slots["left_lots"][j] -= lots


def _add_fill(order: Order, fill: Fill, spent: int) -> Order:
    """Return an order after a fill, which proves that it was placed."""
    is_operators = order.intent.origin is Origin.OPERATOR and order.reserve
    return order._replace(
        filled=fill.cumulative,
        filled_value=fill.filled_value,
        filled_fees=fill.filled_fees,
        reserve=max(order.reserve - abs(spent), 0) if is_operators else order.reserve,
        status=next_status(order.status, OrderStatus.OPEN),
    )


def _cancel_protections(state: State, fill: Fill) -> list[Order]:
    """Return a closed position's protections as cancelled; one that rests is seen out."""
    return [
        other._replace(status=OrderStatus.CANCELLED)
        for other in state.open_orders
        if other.intent.origin is Origin.PROTECTION
        and other.product_id == fill.product_id
        and other.client_order_id != fill.client_order_id
        and not other.intent.sent_ms
    ]


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


def _count_volume(plan: Plan, state: State, fill: Fill, lots: int) -> Ints:
    """Return the fee book after a fill of so many lots."""
    if not plan.fee_tiers:
        return state.fee_book
    book = roll_book(plan, state, fill.time_ms).copy()
    spec = plan.products[plan.index[fill.product_id]].spec
    count_volume(book, int(fill_units(fill.side, lots, fill.ticks, spec)))
    return book
