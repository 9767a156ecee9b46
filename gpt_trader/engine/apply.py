"""Folding a record into the state: the only writer.

It never decides, so a new version of the rules cannot rewrite history.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

import numpy as np

from gpt_trader.domain.bars import Bar, Bars, bars_from_rows
from gpt_trader.domain.order import (
    Order,
    OrderStatus,
    OrderType,
    Origin,
    TimeInForce,
    cancelling,
    next_status,
)
from gpt_trader.engine import records as rec
from gpt_trader.engine.events import (
    AmendRequested,
    BarClosed,
    Event,
    FillReceived,
    HistoryLoaded,
    OrderAmended,
    OrderUpdated,
)
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import Record
from gpt_trader.engine.state import (
    FINAL_ORDERS_KEPT,
    State,
    guard_id,
    working_id,
)
from gpt_trader.kernel.codes import FILL_ENTRY, FILL_OPERATOR, HOLD_ORDER_WORKING
from gpt_trader.kernel.ledger import quote
from gpt_trader.kernel.limits import Marks, count_entry
from gpt_trader.kernel.match import after_fill, trigger_stop
from gpt_trader.kernel.rounding import buy_cost
from gpt_trader.kernel.sizing import Ticket, note_weight, place
from gpt_trader.kernel.slots import (
    ATTEMPTS,
    HELD_BACK,
    KIND,
    KIND_LIMIT,
    KIND_SIZE,
    KIND_VALUE,
    LAST_CLOSE,
    LEFT,
    LOTS,
    QUOTE,
    RESERVE,
    STOP_REASON,
    STOP_TICKS,
    at_close,
    clear_working,
    count_unfilled,
)


def apply(plan: Plan, state: State, event: Event, record: Record) -> State:
    """Return the state after one record of an event."""
    match record:
        case rec.HistoryTaken():
            assert isinstance(event, HistoryLoaded)
            return _take_history(plan, state, event)
        case rec.BarTaken():
            assert isinstance(event, BarClosed)
            return _take_bar(plan, state, event.bar, record.funding)
        case rec.BarCorrected():
            assert isinstance(event, BarClosed)
            return _correct_bar(plan, state, event.bar)
        case rec.Marked():
            return replace(state, marks=record.marks)
        case rec.Decided():
            return _take_decision(plan, state, record)
        case rec.CycleEnded():
            return replace(
                state, arrived=frozenset(), cycle_ms=record.cycle_ms, cycles=state.cycles + 1
            )
        case rec.FillBooked():
            assert isinstance(event, FillReceived)
            return _book(plan, state, event, record)
        case rec.StatusTaken():
            assert isinstance(event, OrderUpdated)
            return _take_status(plan, state, event)
        case rec.OrderTaken():
            return _take_order(plan, state, record.order)
        case rec.FillIgnored() | rec.OrderRefused():
            return state
        case rec.CancelTaken():
            return _cancel(plan, state, record.client_order_id)
        case rec.AmendTaken():
            assert isinstance(event, OrderAmended | AmendRequested)
            return _amend(plan, state, event)
        case rec.SwitchSet():
            return _switch(state, record)
        case rec.CashAdjusted():
            return _adjust_cash(state, record.units)
        case _:
            assert_never(record)


def _take_order(plan: Plan, state: State, order: Order) -> State:
    taken = _with_orders(plan, state, {**state.orders, order.client_order_id: order})
    if order.reduce_only:
        return taken
    return replace(taken, marks=Marks(*count_entry(state.marks)))


def _switch(state: State, record: rec.SwitchSet) -> State:
    """Set halt and pause; clearing a halt also clears the drawdown latch."""
    marks = state.marks
    if state.halted and not record.halted:
        marks = marks._replace(halted=0, high=marks.equity)
    return replace(
        state,
        halted=record.halted,
        paused=record.paused,
        switched_by=record.by,
        switch_reason=record.reason,
        marks=marks,
    )


def _adjust_cash(state: State, units: int) -> State:
    """Move cash and everything it is measured against: a transfer is no profit, no loss."""
    moved = float(quote(units))
    marks = state.marks
    return replace(
        state,
        cash=state.cash + units,
        transfers=state.transfers + units,
        marks=marks._replace(
            equity=marks.equity + moved,
            high=marks.high + moved,
            day_start=marks.day_start + moved,
        ),
    )


def _take_history(plan: Plan, state: State, event: HistoryLoaded) -> State:
    if not event.bars:
        return state
    j = plan.index[event.product_id]
    window = bars_from_rows(plan.products[j], plan.interval_ms, list(event.bars))
    si = state.si.copy()
    si[j, LAST_CLOSE] = window.close[-1]
    return replace(
        state,
        si=si,
        windows=_put(state.windows, j, window[-plan.window_bars[j] :]),
        bars_seen=_put(state.bars_seen, j, len(window)),
        last_bar_ms=_put(state.last_bar_ms, j, int(window.time[-1])),
    )


def _take_bar(plan: Plan, state: State, bar: Bar, funding: int) -> State:
    j = plan.index[bar.product_id]
    si, sf = state.si.copy(), state.sf.copy()
    at_close(si[j], sf[j], bar.close)
    seen = {
        key: order._replace(is_new=False)
        for key, order in state.orders.items()
        if order.is_new and order.product_id == bar.product_id and not order.status.is_final
    }
    return replace(
        state,
        orders={**state.orders, **seen} if seen else state.orders,
        cash=state.cash + funding,
        funding=state.funding + funding,
        si=si,
        sf=sf,
        windows=_put(state.windows, j, _appended(plan, state.windows[j], j, bar)),
        bars_seen=_put(state.bars_seen, j, state.bars_seen[j] + 1),
        last_bar_ms=_put(state.last_bar_ms, j, bar.open_ms),
        arrived=_arrived(state, j, bar.open_ms),
        arriving_ms=max(state.arriving_ms, bar.open_ms),
    )


def _arrived(state: State, j: int, open_ms: int) -> frozenset[int]:
    """Products of the running cycle: a late bar joins none, a newer one begins the next."""
    if open_ms > state.arriving_ms:
        return frozenset({j})
    if open_ms < state.arriving_ms or open_ms <= state.cycle_ms:
        return state.arrived
    return state.arrived | {j}


def _appended(plan: Plan, window: Bars | None, j: int, bar: Bar) -> Bars:
    """Append a bar; trim to the window's length once it is twice as long."""
    new = bars_from_rows(plan.products[j], plan.interval_ms, [bar])
    keep = plan.window_bars[j]
    if window is None or keep == 1:
        return new
    if len(window) + 1 >= 2 * keep:
        window = window[-(keep - 1) :]
    return _joined(window, new)


def _joined(*parts: Bars) -> Bars:
    return Bars(
        parts[0].product,
        parts[0].interval_ms,
        np.concatenate([p.time for p in parts]),
        np.concatenate([p.open for p in parts]),
        np.concatenate([p.high for p in parts]),
        np.concatenate([p.low for p in parts]),
        np.concatenate([p.close for p in parts]),
        np.concatenate([p.volume for p in parts]),
        np.concatenate([p.funding_rate for p in parts]),
    )


def _correct_bar(plan: Plan, state: State, bar: Bar) -> State:
    """Put a late or corrected bar into the window; it is visible from the next cycle."""
    j = plan.index[bar.product_id]
    window = state.windows[j]
    if window is None or bar.open_ms < window.time[0]:
        return state
    at = int(np.searchsorted(window.time, bar.open_ms))
    known = at < len(window) and window.time[at] == bar.open_ms
    new = bars_from_rows(plan.products[j], plan.interval_ms, [bar])
    joined = _joined(window[:at], new, window[at + int(known) :])
    return replace(state, windows=_put(state.windows, j, joined))


def _take_decision(plan: Plan, state: State, record: rec.Decided) -> State:
    decision = record.decision
    j = plan.index[decision.product_id]
    si, sf = state.si.copy(), state.sf.copy()
    orders = dict(state.orders)
    note_weight(sf[j], decision.weight, plan.limits.rebalance_band)
    if record.cancelled is not None:
        waiting = orders[record.cancelled]
        orders[record.cancelled] = waiting._replace(
            status=cancelling(waiting.status), reserve=int(si[j, RESERVE])
        )
        clear_working(si[j], sf[j])
    marks = state.marks
    order = record.order
    if order is None:
        if decision.code != HOLD_ORDER_WORKING:
            si[j, ATTEMPTS] = 0
    else:
        place(
            si[j],
            sf[j],
            _ticket(decision.code, order),
            decision.bar_ms,
            order.expire_ms,
            record.stop,
            record.take_profit,
            record.trail,
            record.max_bars,
        )
        orders[order.client_order_id] = order
        if not order.reduce_only:
            marks = Marks(*count_entry(marks))
    moved = replace(
        state,
        si=si,
        sf=sf,
        marks=marks,
        memory=_put(state.memory, j, record.memory),
    )
    if order is None and record.cancelled is None:
        return moved
    return _with_orders(plan, moved, orders)


def _ticket(code: int, order: Order) -> Ticket:
    kind = KIND_LIMIT
    if order.type is OrderType.MARKET:
        kind = KIND_VALUE if order.quote else KIND_SIZE
    return Ticket(
        code, kind, order.side, order.lots, order.quote, order.limit, order.reserve, 0.0, 0.0
    )


def _book(plan: Plan, state: State, event: FillReceived, record: rec.FillBooked) -> State:
    fill = event.fill
    j = plan.index[fill.product_id]
    si, sf = state.si.copy(), state.sf.copy()
    in_slot = working_id(plan, state, j) == fill.client_order_id
    # An entry that has left the slot brings no protection: it must not undo the one there is.
    is_stray = fill.reason == FILL_ENTRY and not in_slot
    reason = FILL_OPERATOR if is_stray else fill.reason
    after_fill(si[j], sf[j], fill.side, record.lots, fill.ticks, reason)
    spent = state.cash - record.cash
    if in_slot:
        if si[j, KIND] == KIND_VALUE:
            si[j, QUOTE] = max(si[j, QUOTE] - spent, 0)
            si[j, RESERVE] = si[j, QUOTE]
        else:
            si[j, LEFT] -= record.lots
    orders = dict(state.orders)
    order = orders.get(fill.client_order_id)
    if order is None:  # the first fill of a resting protection
        order = _protection(plan, state, j, OrderStatus.OPEN)
    reserve = order.reserve
    if order.origin is Origin.OPERATOR and reserve:
        reserve = max(reserve - abs(spent), 0)
    orders[fill.client_order_id] = order._replace(
        filled=fill.cumulative,
        reserve=reserve,
        status=next_status(order.status, OrderStatus.OPEN),  # a fill proves that it was placed
    )
    if si[j, LOTS] == 0:  # the protection of a closed position is gone
        for key, other in state.orders.items():
            if (
                other.origin is Origin.PROTECTION
                and other.product_id == fill.product_id
                and key != fill.client_order_id
                and not other.status.is_final
            ):
                orders[key] = other._replace(status=OrderStatus.CANCELLED)
    moved = replace(state, cash=record.cash, si=si, sf=sf, fees=state.fees + record.fee)
    return _with_orders(plan, moved, orders)


def _protection(plan: Plan, state: State, j: int, status: OrderStatus) -> Order:
    lots = int(state.si[j, LOTS])
    return Order(
        client_order_id=guard_id(plan, state, j),
        product_id=plan.products[j].product_id,
        side=-1 if lots > 0 else 1,
        type=OrderType.BRACKET,
        tif=TimeInForce.GTC,
        lots=abs(lots),
        quote=0,
        reduce_only=True,
        reason=int(state.si[j, STOP_REASON]),
        origin=Origin.PROTECTION,
        status=status,
        is_new=False,
    )


def _take_status(plan: Plan, state: State, event: OrderUpdated) -> State:
    j = plan.index[event.product_id]
    triggered = event.status is OrderStatus.TRIGGERED
    if triggered and event.client_order_id == guard_id(plan, state, j):
        return _trigger(plan, state, j, event.client_order_id)
    order = state.orders.get(event.client_order_id)
    if order is None or order.status.is_final:
        return state
    changed = order._replace(
        status=next_status(order.status, event.status), triggered=order.triggered or triggered
    )
    moved = state
    if event.status.is_final and working_id(plan, state, j) == event.client_order_id:
        si, sf = state.si.copy(), state.sf.copy()
        if event.status is OrderStatus.FILLED:
            si[j, ATTEMPTS] = 0
        elif event.status is not OrderStatus.CANCELLED:
            count_unfilled(si[j])
        clear_working(si[j], sf[j])
        moved = replace(state, si=si, sf=sf)
    return _with_orders(plan, moved, {**state.orders, event.client_order_id: changed})


def _trigger(plan: Plan, state: State, j: int, order_id: str) -> State:
    """Turn product j's protection into its working order; nothing held has none."""
    if state.si[j, LOTS] == 0 or state.si[j, STOP_TICKS] == 0:
        return state
    si, sf = state.si.copy(), state.sf.copy()
    trigger_stop(si[j], sf[j])
    known = state.orders.get(order_id)
    order = (
        _protection(plan, state, j, OrderStatus.TRIGGERED)
        if known is None
        else known._replace(status=OrderStatus.TRIGGERED)
    )
    triggered = order._replace(triggered=True)
    return _with_orders(plan, replace(state, si=si, sf=sf), {**state.orders, order_id: triggered})


def _cancel(plan: Plan, state: State, client_order_id: str) -> State:
    order = state.orders[client_order_id]
    orders = {
        **state.orders,
        client_order_id: order._replace(status=cancelling(order.status)),
    }
    return _with_orders(plan, state, orders)


def _amend(plan: Plan, state: State, event: OrderAmended | AmendRequested) -> State:
    if isinstance(event, AmendRequested):
        return state  # the broker's answer changes the order
    order = state.orders[event.client_order_id]
    spec = plan.products[plan.index[order.product_id]].spec
    reserve = 0
    if not order.reduce_only:
        left = max(event.lots - order.filled, 0)
        reserve = buy_cost(left, event.limit, plan.costs.taker_e8, spec)
    changed = order._replace(lots=event.lots, limit=event.limit, reserve=reserve, is_new=True)
    return _with_orders(plan, state, {**state.orders, order.client_order_id: changed})


def _with_orders(plan: Plan, state: State, orders: Mapping[str, Order]) -> State:
    """Return the state with these orders: few final ones kept, money set aside recounted."""
    si = state.si.copy()
    si[:, HELD_BACK] = 0
    final = [key for key, order in orders.items() if order.status.is_final]
    dropped = set(final[: max(len(final) - FINAL_ORDERS_KEPT, 0)])
    slots = {working_id(plan, state, j) for j in range(len(plan.products))}
    for key, order in orders.items():
        if key not in slots and not order.status.is_final:
            si[plan.index[order.product_id], HELD_BACK] += order.reserve
    kept = {key: order for key, order in orders.items() if key not in dropped}
    return replace(state, si=si, orders=kept)


def _put[T](items: tuple[T, ...], at: int, item: T) -> tuple[T, ...]:
    return (*items[:at], item, *items[at + 1 :])
