"""One event in, a new state, records and commands out. No I/O, no clock, no randomness."""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.apply import apply
from gpt_trader.engine.commands import CancelOrder, Command
from gpt_trader.engine.cycle import run_cycle
from gpt_trader.engine.operator import answer_amend, answer_cancel, answer_order, answer_rearm
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Signals
from gpt_trader.engine.records import Record
from gpt_trader.engine.state import State, guard_id, open_entries, open_order
from gpt_trader.kernel.ledger import cash_after, funding
from gpt_trader.kernel.slots import LOTS, STOP_TICKS, TAKE_TICKS

UNFUNDED = rec.BarTaken(0)


class Step(NamedTuple):
    """What one event came to."""

    state: State
    records: tuple[Record, ...]
    commands: tuple[Command, ...]


def step(plan: Plan, state: State, event: ev.Event, signals: Signals) -> Step:
    """Decide about an event and apply each record in turn."""
    records, commands = _answer(plan, state, event)
    for record in records:
        state = apply(plan, state, event, record)
    if _is_due(plan, state, event):
        state, decided, ordered = run_cycle(plan, state, event, signals)
        records, commands = [*records, *decided], [*commands, *ordered]
    return Step(state, tuple(records), tuple(commands))


def _answer(
    plan: Plan, state: State, event: ev.Event
) -> tuple[Sequence[Record], Sequence[Command]]:
    """Records and commands of an event, a cycle's decisions aside."""
    match event:
        case ev.BarClosed():
            return [_bar_record(plan, state, event)], []
        case ev.Started() | ev.Ticked():
            return [], []
        case ev.HistoryLoaded():
            return [rec.HistoryTaken()], []
        case ev.FillReceived():
            return _answer_fill(plan, state, event)
        case ev.OrderUpdated():
            return [rec.StatusTaken()], []
        case ev.OrderRequested():
            return answer_order(plan, state, event)
        case ev.CancelRequested():
            return answer_cancel(state, event)
        case ev.AmendRequested():
            return answer_amend(plan, state, event)
        case ev.OrderAmended():
            known = open_order(state, event.client_order_id) is not None
            return ([rec.AmendTaken()] if known else []), []
        case ev.HaltRequested():
            return _stop_entries(state, True, state.paused, event.by, event.reason)
        case ev.PauseRequested(paused=True):
            return _stop_entries(state, state.halted, True, event.by, "operator")
        case ev.PauseRequested():
            return [rec.SwitchSet(state.halted, False, event.by, "operator")], []
        case ev.Rearmed():
            return answer_rearm(state, event), []
        case ev.CashMoved():
            return [rec.CashAdjusted(event.units)], []
        case _:
            assert_never(event)


def _is_due(plan: Plan, state: State, event: ev.Event) -> bool:
    """Whether every product's bar of the running cycle is in, or its deadline has passed."""
    match event:
        case ev.BarClosed():
            return len(state.arrived) == len(plan.products)
        case ev.Ticked():
            return bool(state.arrived)
        case _:
            return False


def _bar_record(plan: Plan, state: State, event: ev.BarClosed) -> Record:
    bar = event.bar
    j = plan.index[bar.product_id]
    if bar.open_ms <= state.last_bar_ms[j]:
        return rec.BarCorrected()
    if bar.funding_rate == 0.0:
        return UNFUNDED
    lots = int(state.si[j, LOTS])
    return rec.BarTaken(int(funding(lots, bar.close, bar.funding_rate, plan.products[j].spec)))


def _answer_fill(
    plan: Plan, state: State, event: ev.FillReceived
) -> tuple[Sequence[Record], Sequence[Command]]:
    """Book a fill once: its order's cumulative count is the watermark.

    A fill that reports more than was booked, because one before it was missed, is booked in
    full at its own price; one that overlaps what was booked is cut. Fees in proportion.
    A fill of an order that nobody knows is not ours to book, but not to be passed over: halt.
    """
    fill = event.fill
    j = plan.index[fill.product_id]
    order = state.orders.get(fill.client_order_id)
    if order is None and not _is_protection(plan, state, j, fill.client_order_id):
        switches, cancels = _stop_entries(
            state,
            True,
            state.paused,
            "engine",
            f"a fill of an unknown order {fill.client_order_id}",
        )
        return [rec.FillIgnored(), *switches], cancels
    lots = fill.cumulative - (0 if order is None else order.filled)
    if lots <= 0:
        return [rec.FillIgnored()], []
    fee = fill.fee if lots == fill.lots else -(-fill.fee * lots // fill.lots)
    cash = cash_after(state.cash, fill.side, lots, fill.ticks, fee, plan.products[j].spec)
    is_late = order is not None and order.status.is_final
    booked = rec.FillBooked(int(cash), lots, fee, is_late)
    if not is_late:
        return [booked], []
    switches, cancels = _stop_entries(
        state, True, state.paused, "engine", "a fill came after its order ended"
    )
    return [booked, *switches], cancels


def _is_protection(plan: Plan, state: State, j: int, order_id: str) -> bool:
    """Whether this is the protection that rests on product j's position."""
    row = state.si[j]
    rests = row[LOTS] != 0 and (row[STOP_TICKS] != 0 or row[TAKE_TICKS] != 0)
    return bool(rests) and order_id == guard_id(plan, state, j)


def _stop_entries(
    state: State,
    halted: bool,  # noqa: FBT001
    paused: bool,  # noqa: FBT001
    by: str,
    reason: str,
) -> tuple[Sequence[Record], Sequence[Command]]:
    """Set the switches, and cancel every entry that is still out."""
    entries = open_entries(state)
    records: list[Record] = [rec.SwitchSet(halted, paused, by, reason)]
    records += [rec.CancelTaken(order.client_order_id) for order in entries]
    return records, [CancelOrder(order.product_id, order.client_order_id) for order in entries]
