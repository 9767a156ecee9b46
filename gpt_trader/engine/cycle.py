"""A cycle: the account is marked, then each product that has a bar is decided, in plan order."""

import math
from dataclasses import replace
from typing import NamedTuple

from gpt_trader.domain.decision import Decision
from gpt_trader.domain.order import Order, OrderType, Origin, TimeInForce, client_order_id
from gpt_trader.domain.targets import Target
from gpt_trader.engine import records as rec
from gpt_trader.engine.apply import apply
from gpt_trader.engine.codec import plain_memory
from gpt_trader.engine.commands import CancelOrder, Command, SubmitOrder
from gpt_trader.engine.events import Event
from gpt_trader.engine.explain import guard_readings, reasons
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Signals
from gpt_trader.engine.records import Record
from gpt_trader.engine.state import (
    State,
    costs_now,
    equity,
    open_entries,
    replaced,
    unknown_orders,
    working_id,
)
from gpt_trader.kernel.codes import ACT_ENTER
from gpt_trader.kernel.limits import Guards, Marks, mark
from gpt_trader.kernel.sizing import Ticket, decide, fill_reason
from gpt_trader.kernel.slots import KIND_LIMIT, KIND_NONE, LAST_CLOSE, LOTS

NO_TARGET = Target(weight=math.nan)


class Cycle(NamedTuple):
    """What a cycle came to."""

    state: State
    records: list[Record]
    commands: list[Command]


def run_cycle(plan: Plan, state: State, event: Event, signals: Signals) -> Cycle:
    """Mark the account, then decide for each product whose bar has arrived.

    Once a latch turns on, no entry stays out, nor one of a product without a bar.
    Cancels leave first, then orders that reduce, then entries.
    """
    cycle_ms = state.arriving_ms
    age_ms = max(event.time_ms - (cycle_ms + plan.interval_ms), 0)
    marked = rec.Marked(
        cycle_ms, Marks(*mark(state.marks, cycle_ms, equity(plan, state), plan.limits))
    )
    arrived = sorted(state.arrived)
    latched = _is_latched_by(state.marks, marked.marks)
    state = apply(plan, state, event, marked)
    stopped = open_entries(state) if latched else []
    cancels = [rec.CancelTaken(order.client_order_id) for order in stopped]
    for cancel in cancels:
        state = apply(plan, state, event, cancel)
    made: list[rec.Decided] = []
    for j in arrived:
        made.append(_decide(plan, state, j, cycle_ms, age_ms, signals))
        state = apply(plan, state, event, made[-1])
    ended = rec.CycleEnded(cycle_ms)
    orders = [m.order for m in made if m.order is not None]
    commands: list[Command] = [CancelOrder(o.product_id, o.client_order_id) for o in stopped]
    commands += [
        CancelOrder(m.decision.product_id, m.cancelled) for m in made if m.cancelled is not None
    ]
    commands += [SubmitOrder(order) for order in orders if order.reduce_only]
    commands += [SubmitOrder(order) for order in orders if not order.reduce_only]
    return Cycle(apply(plan, state, event, ended), [marked, *cancels, *made, ended], commands)


def _is_latched_by(before: Marks, after: Marks) -> bool:
    """Whether the daily loss or the drawdown was reached just now."""
    return after.halted > before.halted or after.day_halted > before.day_halted


def _decide(
    plan: Plan, state: State, j: int, cycle_ms: int, age_ms: int, signals: Signals
) -> rec.Decided:
    """Ask for product j's target, and let the kernel decide on copies of the state's rows."""
    product_id = plan.products[j].product_id
    whose = f"the strategy of {product_id}"
    kept = plain_memory(state.memory[j], whose)  # a copy: what is journaled must not change
    found, memory = signals(replace(state, memory=replaced(state.memory, j, kept)), j)
    target = NO_TARGET if found is None else found
    weight = target.weight * plan.budgets[j]
    guards = Guards(int(state.halted), int(state.paused), unknown_orders(state, product_id), age_ms)
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
        costs_now(plan, state),
        plan.limits,
        plan.styles,
    )
    ticket = Ticket(*ticket)
    decision = Decision(
        product_id=product_id,
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
        cancelled=working_id(plan, state, j) if cancel else None,
        stop=target.stop,
        take_profit=target.take_profit,
        trail=target.trail,
        max_bars=target.max_bars,
        memory=plain_memory(memory, whose),
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
