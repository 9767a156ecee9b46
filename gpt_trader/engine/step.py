"""One event in, a new state, records and commands out. No I/O, no clock, no randomness."""

import math
from typing import NamedTuple, assert_never

from gpt_trader.domain.decision import Decision, Reason
from gpt_trader.domain.order import (
    Order,
    OrderStatus,
    OrderType,
    Origin,
    TimeInForce,
    client_order_id,
)
from gpt_trader.domain.targets import Target
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.apply import apply
from gpt_trader.engine.commands import AmendOrder, CancelOrder, Command, SubmitOrder
from gpt_trader.engine.explain import guard_readings, reasons
from gpt_trader.engine.operator import amend_refusal, check_order
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Signals
from gpt_trader.engine.records import Record
from gpt_trader.engine.state import State, equity, guard_id, working_id
from gpt_trader.kernel.codes import ACT_ENTER
from gpt_trader.kernel.ledger import cash_after, funding
from gpt_trader.kernel.limits import Guards, Marks, mark
from gpt_trader.kernel.sizing import Ticket, decide, fill_reason
from gpt_trader.kernel.slots import KIND_LIMIT, KIND_NONE, LAST_CLOSE, LOTS

NO_TARGET = Target(weight=math.nan)


class Step(NamedTuple):
    """What one event came to."""

    state: State
    records: tuple[Record, ...]
    commands: tuple[Command, ...]


def step(plan: Plan, state: State, event: ev.Event, signals: Signals) -> Step:  # noqa: C901, PLR0912
    """Decide about an event and apply each record in turn."""
    records: list[Record] = []
    commands: list[Command] = []

    def take(record: Record) -> None:
        nonlocal state
        state = apply(plan, state, event, record)
        records.append(record)

    match event:
        case ev.Started():
            pass
        case ev.HistoryLoaded():
            take(rec.HistoryTaken())
        case ev.BarClosed():
            j = plan.index[event.bar.product_id]
            if event.bar.open_ms <= state.last_bar_ms[j]:
                take(rec.BarCorrected())
            else:
                take(_bar_taken(plan, state, j, event))
                if len(state.arrived) == len(plan.products):
                    state = _cycle(plan, state, event, signals, records, commands)
        case ev.Ticked():
            if state.arrived:
                state = _cycle(plan, state, event, signals, records, commands)
        case ev.FillReceived():
            take(_fill_record(plan, state, event))
            if isinstance(records[-1], rec.FillBooked) and records[-1].is_late:
                take(rec.SwitchSet(True, state.paused, "engine", "a fill came after its order ended"))
        case ev.OrderUpdated():
            take(rec.StatusTaken())
        case ev.OrderRequested():
            refusal, order = check_order(plan, state, event)
            if refusal is not None:
                take(rec.OrderRefused(event.command_id, refusal))
            else:
                take(rec.OrderTaken(order))
                commands.append(SubmitOrder(order))
        case ev.CancelRequested():
            open_order = _open_operator_order(state, event.client_order_id)
            if open_order is None:
                take(rec.OrderRefused(event.command_id, _not_open(event.client_order_id)))
            else:
                take(rec.CancelTaken(event.client_order_id))
                commands.append(CancelOrder(open_order.product_id, event.client_order_id))
        case ev.AmendRequested():
            open_order = _open_operator_order(state, event.client_order_id)
            refusal = (
                _not_open(event.client_order_id)
                if open_order is None
                else amend_refusal(plan, state, open_order, event)
            )
            if refusal is not None or open_order is None:
                take(rec.OrderRefused(event.command_id, refusal or _not_open("")))
            else:
                take(rec.AmendTaken())
                commands.append(
                    AmendOrder(
                        open_order.product_id, event.client_order_id, event.lots, event.limit
                    )
                )
        case ev.OrderAmended():
            if _open_operator_order(state, event.client_order_id) is not None:
                take(rec.AmendTaken())
        case ev.HaltRequested():
            take(rec.SwitchSet(True, state.paused, event.by, event.reason))
        case ev.PauseRequested():
            take(rec.SwitchSet(state.halted, event.paused, event.by, "operator"))
        case ev.Rearmed():
            unknown = _unknown_orders(state, None)
            if unknown:
                take(rec.OrderRefused("rearm", Reason("UNKNOWN_ORDER", "orders are unknown", unknown, 0)))
            else:
                if not state.halted:
                    take(rec.SwitchSet(True, state.paused, event.by, event.reason))
                take(rec.SwitchSet(False, state.paused, event.by, event.reason))
        case ev.CashMoved():
            take(rec.CashAdjusted(event.units))
        case _:
            assert_never(event)
    return Step(state, tuple(records), tuple(commands))


def _bar_taken(plan: Plan, state: State, j: int, event: ev.BarClosed) -> rec.BarTaken:
    bar = event.bar
    lots = int(state.si[j, LOTS])
    if lots == 0 or bar.funding_rate == 0.0:
        return rec.BarTaken(0)
    return rec.BarTaken(int(funding(lots, bar.close, bar.funding_rate, plan.products[j].spec)))


def _cycle(
    plan: Plan,
    state: State,
    event: ev.BarClosed | ev.Ticked,
    signals: Signals,
    records: list[Record],
    commands: list[Command],
) -> State:
    """Mark the account, then decide for each product that has a bar, in plan order."""
    cycle_ms = state.arriving_ms
    arrived = sorted(state.arrived)
    made: list[rec.Decided] = []

    def take(record: Record) -> None:
        nonlocal state
        state = apply(plan, state, event, record)
        records.append(record)

    worth = equity(plan, state)
    take(rec.Marked(cycle_ms, Marks(*mark(state.marks, cycle_ms, worth, plan.limits))))
    age_ms = max(event.time_ms - (cycle_ms + plan.interval_ms), 0)
    for j in arrived:
        made.append(_decide(plan, state, j, cycle_ms, age_ms, signals))
        take(made[-1])
    take(rec.CycleEnded(cycle_ms))
    commands += [
        CancelOrder(m.decision.product_id, m.cancelled) for m in made if m.cancelled is not None
    ]
    commands += [SubmitOrder(m.order) for m in made if m.order and m.order.reduce_only]
    commands += [SubmitOrder(m.order) for m in made if m.order and not m.order.reduce_only]
    return state


def _decide(
    plan: Plan, state: State, j: int, cycle_ms: int, age_ms: int, signals: Signals
) -> rec.Decided:
    product = plan.products[j]
    found, memory = signals(state, j)
    target = NO_TARGET if found is None else found
    weight = target.weight * plan.budgets[j]
    guards = Guards(
        int(state.halted),
        int(state.paused),
        _unknown_orders(state, product.product_id),
        age_ms,
    )
    working = working_id(plan, state, j)
    ticket, cancel = decide(
        state.si.copy(),
        state.sf.copy(),
        j,
        weight,
        target.stop,
        state.cash,
        state.marks,
        guards,
        plan.specs,
        plan.costs,
        plan.limits,
        plan.styles,
    )
    ticket = Ticket(*ticket)
    decision = Decision(
        product_id=product.product_id,
        bar_ms=cycle_ms,
        close=int(state.si[j, LAST_CLOSE]),
        code=ticket.code,
        side=ticket.side,
        weight=weight,
        lots=int(state.si[j, LOTS]),
        reasons=reasons(plan, state, j, target, weight, ticket),
        guards=guard_readings(plan, state, j, guards),
    )
    return rec.Decided(
        decision=decision,
        order=_order(plan, j, ticket, cycle_ms) if ticket.kind != KIND_NONE else None,
        cancelled=working if cancel else None,
        stop=target.stop,
        take_profit=target.take_profit,
        trail=target.trail,
        max_bars=target.max_bars,
        memory=memory,
    )


def _order(plan: Plan, j: int, ticket: Ticket, cycle_ms: int) -> Order:
    """Return the ticket as an order; a resting one lives for the next bar only."""
    product_id = plan.products[j].product_id
    resting = ticket.kind == KIND_LIMIT
    return Order(
        client_order_id=client_order_id(plan.portfolio, product_id, plan.interval, cycle_ms, 0),
        product_id=product_id,
        side=ticket.side,
        type=OrderType.LIMIT if resting else OrderType.MARKET,
        tif=TimeInForce.GTD if resting else TimeInForce.IOC,
        lots=ticket.lots,
        quote=ticket.quote,
        limit=ticket.limit,
        post_only=resting,
        reduce_only=ticket.code != ACT_ENTER,
        expire_ms=cycle_ms + 2 * plan.interval_ms,
        reason=int(fill_reason(ticket.code)),
        origin=Origin.ROUTE,
        reserve=ticket.reserve,
    )


def _fill_record(plan: Plan, state: State, event: ev.FillReceived) -> rec.FillBooked | rec.FillIgnored:
    """Book a fill once: its order's cumulative count is the watermark."""
    fill = event.fill
    j = plan.index[fill.product_id]
    order = state.orders.get(fill.client_order_id)
    if order is None and fill.client_order_id != guard_id(plan, state, j):
        return rec.FillIgnored()
    booked = 0 if order is None else order.filled
    if fill.cumulative <= booked:
        return rec.FillIgnored()
    cash = cash_after(
        state.cash, fill.side, fill.lots, fill.ticks, fill.fee, plan.products[j].spec
    )
    return rec.FillBooked(int(cash), order is not None and order.status.is_final)


def _unknown_orders(state: State, product_id: str | None) -> int:
    return sum(
        order.status is OrderStatus.SUBMIT_UNKNOWN
        and (product_id is None or order.product_id == product_id)
        for order in state.orders.values()
    )


def _open_operator_order(state: State, order_id: str) -> Order | None:
    order = state.orders.get(order_id)
    if order is None or order.status.is_final or order.origin is not Origin.OPERATOR:
        return None
    return order


def _not_open(order_id: str) -> Reason:
    return Reason("NOT_OPEN", f"no open operator order {order_id}")
