"""Folding a record into the state: the only writer.

It never decides, so a new version of the rules cannot rewrite history.
"""

import math
from decimal import Decimal
from typing import assert_never

from gpt_trader.domain.order import Order, OrderType, cancelling
from gpt_trader.engine import leaving
from gpt_trader.engine import records as rec
from gpt_trader.engine.events import (
    Absent,
    Adjusted,
    AmendRequested,
    BarClosed,
    BarMissed,
    Doubted,
    Event,
    FillReceived,
    HistoryLoaded,
    OrderAmended,
    OrderEdited,
    OrdersFound,
    OrderUpdated,
    PositionFound,
    Reconciled,
    SeriesTold,
    Ticked,
)
from gpt_trader.engine.exposure import take_exposure
from gpt_trader.engine.fills import book_fill
from gpt_trader.engine.found import take_edit, take_orders, take_position
from gpt_trader.engine.modes import priced
from gpt_trader.engine.names import TAGS
from gpt_trader.engine.orders import (
    amend_order,
    await_amendment,
    close_by_quote,
    count_absence,
    cut_position,
    end_order,
    mark_cancelled,
    note_unwanted,
    release_order,
    repeat_exit,
    take_order,
    take_protection,
    take_status,
    with_orders,
)
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import Record
from gpt_trader.engine.state import (
    Doubt,
    State,
    bring_in,
    costs_now,
    replaced,
    roll_book,
    with_moved,
)
from gpt_trader.engine.windows import correct_bar, join_cycle, take_bar, take_history, take_series
from gpt_trader.errors import JournalError
from gpt_trader.kernel.codes import HOLD_ORDER_WORKING
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.entries import note_decision
from gpt_trader.kernel.sizing import Ticket
from gpt_trader.kernel.slot import KIND_LIMIT, KIND_SIZE, KIND_VALUE, Slots, copy_slots
from gpt_trader.kernel.table import clear_order, place_order

NONE_ARRIVED: frozenset[int] = frozenset()


def apply(plan: Plan, state: State, event: Event, record: Record) -> State:
    """Return the state after one record of an event.

    Raises JournalError if the record cannot be of this event.
    """
    match record:  # what every bar brings stands first
        case rec.Marked():
            closed_ms = record.cycle_ms + plan.interval_ms
            return state._replace(marks=record.marks, fee_book=roll_book(plan, state, closed_ms))
        case rec.Decided():
            return _take_decision(plan, state, record)
        case rec.CycleEnded():
            return state._replace(
                arrived=NONE_ARRIVED, cycle_ms=record.cycle_ms, cycles=state.cycles + 1
            )
        case rec.CyclePaused():
            return state._replace(arrived=frozenset(record.left), cycle_ms=record.cycle_ms)
        case rec.BarTaken():
            return _take_bar(plan, state, event, record)
        case (
            rec.BarCorrected()
            | rec.HistoryTaken()
            | rec.SeriesTaken()
            | rec.FillBooked()
            | rec.StatusTaken()
            | rec.AbsenceCounted()
            | rec.DoubtTaken()
            | rec.AmendTaken()
            | rec.EditTaken()
            | rec.AssetAdjusted()
            | rec.PositionTaken()
            | rec.OrdersTaken()
            | rec.Armed()
        ):
            return _take_event(plan, state, event, record)
        case rec.FillIgnored() | rec.OrderRefused() | rec.QuoteTaken():
            return state
        case rec.OrderTaken():
            return take_order(plan, state, record.order)
        case (
            rec.OrderReleased()
            | rec.ExitPriced()
            | rec.OrderEnded()
            | rec.ExitTaken()
            | rec.ExitRepeated()
            | rec.ProtectionTaken()
            | rec.LevelPassed()
            | rec.ExposureNoted()
            | rec.LackNoted()
        ):
            return _take_at_exchange(plan, state, event, record)
        case rec.CancelTaken():
            in_cycle = isinstance(event, BarClosed | SeriesTold | Ticked)
            return mark_cancelled(plan, state, record.client_order_id, in_cycle)
        case rec.PositionCut():
            return cut_position(plan, state, record)
        case rec.DebtSettled():
            whole = rec.PositionCut(record.j, 0)
            return cut_position(plan, state, whole)._replace(cash=state.cash - record.units)
        case _:
            return _switch(state, record)


def _take_at_exchange(plan: Plan, state: State, event: Event, record: rec.AtExchange) -> State:
    """Fold what only a session does whose stops do not fill by bars."""
    match record:
        case rec.OrderReleased():
            return release_order(plan, state, record)
        case rec.ExitPriced():
            order = state.orders[record.client_order_id]
            return with_orders(plan, state, priced(order, record.limit))
        case rec.OrderEnded():
            return end_order(plan, state, record, event.time_ms)
        case rec.ExitTaken():
            return close_by_quote(plan, state, record)
        case rec.ExitRepeated():
            return repeat_exit(plan, state, record)
        case rec.ProtectionTaken():
            return take_protection(plan, state, record)
        case rec.LevelPassed():
            return state._replace(passed_ms=replaced(state.passed_ms, record.j, record.since_ms))
        case rec.LackNoted():
            lacking = replaced(state.lacking, record.j, record.lots)
            return leaving.note_new_terms(state._replace(lacking=lacking), record.j)
        case rec.ExposureNoted():
            return take_exposure(state, record, event.time_ms)
        case _:
            assert_never(record)


def _take_bar(plan: Plan, state: State, event: Event, record: rec.BarTaken) -> State:
    """Fold a bar; one that was missed joins no cycle."""
    match event:
        case BarClosed():
            cycle = join_cycle(plan, state, event.bar)
        case BarMissed():
            cycle = state.arrived, state.arriving_ms
        case _:
            raise _not_of(event, record)
    return take_bar(plan, state, event.bar, record.funding, cycle)


def _not_of(event: Event, record: Record) -> JournalError:
    found, of = TAGS[type(record)], TAGS[type(event)]
    return JournalError(f"expected what can come of {of}, was {found}")


def _take_event(plan: Plan, state: State, event: Event, record: rec.EventTaken) -> State:
    """Fold a record that leaves what happened to its event."""
    match record, event:
        case rec.BarCorrected(), BarClosed() | BarMissed():
            return correct_bar(plan, state, event.bar)
        case rec.HistoryTaken(), HistoryLoaded():
            return take_history(plan, state, event)
        case rec.SeriesTaken(), SeriesTold():
            return take_series(plan, state, event)
        case rec.FillBooked(), FillReceived():
            return book_fill(plan, state, event, record)
        case rec.StatusTaken(), OrderUpdated():
            return take_status(plan, state, event)
        case rec.AbsenceCounted(), Absent():
            return count_absence(plan, state, event)
        case rec.DoubtTaken(), Doubted():
            return _take_doubt(state, event)
        case rec.AmendTaken(), AmendRequested():
            return await_amendment(plan, state, event)
        case rec.AmendTaken(), OrderAmended():
            return amend_order(plan, state, event)
        case rec.EditTaken(), OrderEdited():
            return take_edit(plan, state, event)
        case rec.AssetAdjusted(), Adjusted():
            moved = with_moved(state, event.asset, Decimal(event.amount))
            return bring_in(moved._replace(cash=moved.cash + record.units), record.units)
        case rec.PositionTaken(), PositionFound():
            return take_position(plan, state, event, record.units)
        case rec.OrdersTaken(), OrdersFound():
            return take_orders(plan, state, event)
        case rec.Armed(), Reconciled():
            return state._replace(reconciled_ms=event.time_ms, foreign_orders=event.foreign_orders)
        case _:
            raise _not_of(event, record)


def _take_doubt(state: State, event: Doubted) -> State:
    """Know what is in doubt since when, or that it is not any more."""
    doubts = {about: one for about, one in state.doubts.items() if about != event.about}
    if event.since_ms:
        doubts[event.about] = Doubt(event.since_ms, event.said)
    return state._replace(doubts=doubts)


def _switch(state: State, record: rec.Switch) -> State:
    """Turn on or off what decides whether there are entries."""
    match record:
        case rec.SwitchSet():
            return _set_switches(state, record)
        case rec.ProductFrozen():
            return state._replace(frozen=replaced(state.frozen, record.j, record.reason))
        case rec.ProductClosed():
            return state._replace(
                closed=replaced(state.closed, record.j, record.reason),
                limit_only=replaced(state.limit_only, record.j, record.limit_only),
            )
        case rec.ProofLost():
            seen = state._replace(unproven=replaced(state.unproven, record.j, record.why))
            return seen if record.why else leaving.note_new_terms(seen, record.j)
        case rec.ProductRegridded():
            regridded = state._replace(grids=replaced(state.grids, record.j, record.grid))
            return leaving.note_new_terms(regridded, record.j)
        case rec.Disarmed():
            return state._replace(reconciled_ms=0)
        case rec.Flattening():
            return state._replace(flattening=True)
        case _:
            assert_never(record)


def _set_switches(state: State, record: rec.SwitchSet) -> State:
    """Set halt and pause; clearing a halt also clears the drawdown latch."""
    marks = state.marks
    if state.halted and not record.halted:
        marks = marks._replace(halted=0, high=marks.equity)
    return state._replace(
        halted=record.halted,
        paused=record.paused,
        switched_by=record.by,
        switch_reason=record.reason,
        flattening=state.flattening and record.halted,
        marks=marks,
    )


def _take_decision(plan: Plan, state: State, record: rec.Decided) -> State:
    """Note the weight; empty the slot of a cancelled order; put the decision's order there."""
    decision, order = record.decision, record.order
    j = plan.index[decision.product_id]
    if plan.rests:
        goes_on = decision.code == HOLD_ORDER_WORKING and record.cancelled is None
        state = leaving.note_decision(state, j, order, goes_on=goes_on)
    works_on = order is not None or decision.code == HOLD_ORDER_WORKING
    memory = replaced(state.memory, j, record.memory)
    if order is None and record.cancelled is None and _is_known(state, record, j, works_on):
        return state._replace(memory=memory)
    slots = copy_slots(state.slots)
    note_decision(slots, j, decision.weight, plan.terms.bounds, works_on)
    marks = state.marks
    changed: list[Order] = []
    if record.cancelled is not None:
        waiting = state.orders[record.cancelled]
        state = note_unwanted(state, waiting)
        status, reserve = cancelling(waiting.status), int(slots["reserve_units"][j])
        changed.append(waiting._replace(status=status, reserve=reserve))
        clear_order(slots, j)
    if order is not None:
        _rest(slots, j, record, order, costs_now(plan, state))
        changed.append(order)
        if not order.intent.reduce_only:
            marks = marks._replace(entries=marks.entries + 1)
    moved = state._replace(slots=slots, marks=marks, memory=memory)
    return with_orders(plan, moved, *changed) if changed else moved


def _is_known(state: State, record: rec.Decided, j: int, works_on: bool) -> bool:  # noqa: FBT001
    """Whether a hold has nothing to note in its slot: most bars, and they need no copy of it."""
    slots, weight = state.slots, record.decision.weight
    is_same = weight == slots["weight"].item(j) and math.isnan(slots["latch"].item(j))
    is_noted = is_same or math.isnan(weight)
    return is_noted and (works_on or slots["attempts"].item(j) == 0)


def _rest(slots: Slots, j: int, record: rec.Decided, order: Order, costs: Costs) -> None:
    """Put a decision's order into its product's slot, in place."""
    place_order(
        slots,
        j,
        _ticket(record.decision.code, order),
        record.decision.bar_ms,
        order.intent.expire_ms,
        record.stop,
        record.take_profit,
        record.trail,
        record.max_bars,
        costs,
    )


def _ticket(code: int, order: Order) -> Ticket:
    kind = KIND_LIMIT
    if order.intent.type is OrderType.MARKET:
        kind = KIND_VALUE if order.intent.quote else KIND_SIZE
    return Ticket(
        code,
        kind,
        order.intent.side,
        order.intent.lots,
        order.intent.quote,
        order.intent.limit,
        order.reserve,
        0.0,
        0.0,
    )
