"""A cycle: the account is marked, then each product that has a bar is decided, in plan order."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from gpt_trader.domain.decision import Decision, Why
from gpt_trader.domain.order import (
    Order,
    OrderIntent,
    OrderStatus,
    OrderType,
    Origin,
    Protection,
    TimeInForce,
)
from gpt_trader.domain.targets import Target
from gpt_trader.engine import records as rec
from gpt_trader.engine.answer import Answer, cancel_all
from gpt_trader.engine.apply import apply
from gpt_trader.engine.approve import approve_decided
from gpt_trader.engine.codec import plain_memory
from gpt_trader.engine.commands import Approved, Command, SubmitOrder
from gpt_trader.engine.events import BarClosed, Event, SeriesTold, Ticked
from gpt_trader.engine.explain import tell
from gpt_trader.engine.ids import new_id, working_id
from gpt_trader.engine.outside import outside
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Signals
from gpt_trader.engine.state import (
    State,
    costs_row,
    is_oversold,
    newest_read_ms,
    open_entries,
    replaced,
)
from gpt_trader.engine.waiting import hold_back
from gpt_trader.kernel.codes import (
    ACT_ENTER,
    HOLD_ORDER_WORKING,
    HOLD_SHORT_UNSUPPORTED,
    ORDINAL_BAR,
)
from gpt_trader.kernel.entries import decide_product, mark_account
from gpt_trader.kernel.marks import Marks
from gpt_trader.kernel.sizing import Ticket, fill_reason
from gpt_trader.kernel.slot import KIND_LIMIT, KIND_NONE

NO_TARGET = Target(weight=math.nan)
# This very bar was decided in a part of the story that the journal lost, and its order taken over.
IS_SENT = Ticket(HOLD_ORDER_WORKING, KIND_NONE, 0, 0, 0, 0, 0, 0.0, 0.0)
# Spot is below zero: nothing buys it back. Its coins were somebody else's, and so is the answer.
IS_OVERSOLD = Ticket(HOLD_SHORT_UNSUPPORTED, KIND_NONE, 0, 0, 0, 0, 0, 0.0, 0.0)
END_WAIT_MS = 10_000  # after a close, for an order that ends there to be seen to have ended


def deciding(plan: Plan, state: State, event: Event) -> frozenset[int] | None:
    """Return the products that a cycle decides at an event; None: there is no cycle now.

    A cycle begins when every product's bar is in, and all that is read of it, or at its tick. A
    product with an order that ends at this close, and is not yet seen to have ended, is left: it is
    decided when it is, or END_WAIT_MS after the close, with that order counted at its worst case.
    """
    if not state.arrived:
        return None
    if isinstance(event, Ticked):
        return state.arrived
    closed_ms = state.arriving_ms + plan.interval_ms
    if is_paused(state):
        is_late = event.time_ms >= closed_ms + END_WAIT_MS
        return state.arrived if is_late else (_ready(plan, state, closed_ms) or None)
    is_full = isinstance(event, BarClosed | SeriesTold) and len(state.arrived) == len(plan.products)
    is_read = is_full and all_read(plan, state, closed_ms)
    return _ready(plan, state, closed_ms) if is_read else None


def all_read(plan: Plan, state: State, closed_ms: int) -> bool:
    """Whether of all series that are read the bars that close at that moment are in."""
    return all(newest_read_ms(state, read.name) >= read.due_ms(closed_ms) for read in plan.reads)


def is_paused(state: State) -> bool:
    """Whether a cycle has begun and waits for the end of orders."""
    return bool(state.arrived) and state.arriving_ms == state.cycle_ms


def _ready(plan: Plan, state: State, closed_ms: int) -> frozenset[int]:
    """Return the products whose bar is in and of which no order is about to end."""
    if not plan.rests:
        return state.arrived
    ending = {
        plan.index[order.product_id]
        for order in state.open_orders
        if 0 < order.intent.expire_ms <= closed_ms and order.status is not OrderStatus.WAITING
    }
    return state.arrived - ending


def run_cycle(
    plan: Plan, state: State, event: Event, signals: Signals, places: frozenset[int]
) -> tuple[State, Answer]:
    """Mark the account, then decide for each of these products, whose bars have arrived.

    Once a latch turns on, no entry stays out, nor one of a product without a bar.
    Cancels leave first, then orders that reduce, then entries.
    """
    cycle_ms = state.arriving_ms
    marked = rec.Marked(cycle_ms, _marks(plan, state, cycle_ms))
    latched = _is_latched_by(state.marks, marked.marks) and not is_paused(state)
    left = tuple(sorted(state.arrived - places))
    state = apply(plan, state, event, marked)
    stopped = open_entries(state) if latched else []
    cancels = [rec.CancelTaken(order.client_order_id) for order in stopped]
    for cancel in cancels:
        state = apply(plan, state, event, cancel)
    made: list[rec.Decided] = []
    called_back: list[Order] = []
    approved: list[Approved] = []
    for j in sorted(places):
        decided = _decide(plan, state, j, cycle_ms, event.time_ms, signals)
        if decided.cancelled is not None:
            called_back.append(state.orders[decided.cancelled])
        if decided.order is not None and decided.order.status is not OrderStatus.WAITING:
            held = int(state.slots["lots"][j])
            approved.append(approve_decided(decided.decision.code, decided.order, held))
        made.append(decided)
        state = apply(plan, state, event, decided)
    ended = rec.CyclePaused(cycle_ms, left) if left else rec.CycleEnded(cycle_ms)
    state = apply(plan, state, event, ended)
    commands = _commands([*stopped, *called_back], approved)
    return state, Answer([marked, *cancels, *made, ended], commands)


def _marks(plan: Plan, state: State, cycle_ms: int) -> Marks:
    """Return the marks at the close of the bars that opened at `cycle_ms`."""
    return Marks(
        *mark_account(state.slots, plan.unit, state.cash, cycle_ms, plan.terms.bounds, *state.marks)
    )


def _commands(called_back: Sequence[Order], approved: Sequence[Approved]) -> list[Command]:
    """Return what leaves: cancels, then orders that reduce, then entries."""
    commands: list[Command] = [*cancel_all(called_back).commands]
    commands += [SubmitOrder(one) for one in approved if one.order.intent.reduce_only]
    commands += [SubmitOrder(one) for one in approved if not one.order.intent.reduce_only]
    return commands


def _is_latched_by(before: Marks, after: Marks) -> bool:
    """Whether the daily loss or the drawdown was reached just now."""
    return after.halted > before.halted or after.day_halted > before.day_halted


def _decide(
    plan: Plan, state: State, j: int, cycle_ms: int, event_ms: int, signals: Signals
) -> rec.Decided:
    """Ask for product j's target, and let the kernel decide on a copy of the state's slots."""
    product_id = plan.products[j].product_id
    target, memory = _ask(state, j, product_id, signals)
    weight = target.weight * plan.budgets[j]
    known = outside(plan, state, j, event_ms)
    found = decide_product(
        state.slots,
        j,
        weight,
        target.stop,
        state.cash,
        costs_row(plan, state),
        *state.marks,
        *known,
        *plan.terms,
    )
    ticket, cancel = found[:-1], found[-1]
    order = None
    if ticket[1] != KIND_NONE:
        order = _order(plan, j, Ticket(*ticket), cycle_ms, known.bar_age_ms, target)
        if order.client_order_id in state.orders:
            order, ticket, cancel = None, IS_SENT, False
        elif is_oversold(plan, state, j):
            order, ticket, cancel = None, IS_OVERSOLD, False
    code, _, side = ticket[:3]
    decision = Decision(
        product_id,
        cycle_ms,
        state.slots["close_ticks"].item(j),
        code,
        side,
        weight,
        state.slots["lots"].item(j),
        Why(partial(tell, plan, state, j, target, weight, ticket, known)),
    )
    return rec.Decided(
        decision,
        None if order is None else hold_back(plan, state, order),
        working_id(plan, state, j) if cancel else None,
        target.stop,
        target.take_profit,
        target.trail,
        target.max_bars,
        memory,
    )


def _ask(state: State, j: int, product_id: str, signals: Signals) -> tuple[Target, Any]:
    """Return product j's target and the memory to keep: what is journaled must not change."""
    if state.memory[j] is None:
        found, memory = signals(state, j)
    else:
        kept = plain_memory(state.memory[j], f"the strategy of {product_id}")
        found, memory = signals(state._replace(memory=replaced(state.memory, j, kept)), j)
    if memory is not None:
        memory = plain_memory(memory, f"the strategy of {product_id}")
    return NO_TARGET if found is None else found, memory


def _order(plan: Plan, j: int, ticket: Ticket, cycle_ms: int, age_ms: int, target: Target) -> Order:
    """Return the ticket as an order; a resting one lives for the next bar only."""
    product_id = plan.products[j].product_id
    resting = ticket.kind == KIND_LIMIT
    return Order(
        OrderIntent(
            client_order_id=new_id(plan, product_id, cycle_ms, ORDINAL_BAR),
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
            sent_ms=cycle_ms + plan.interval_ms + age_ms,
            protection=_protection(target) if ticket.code == ACT_ENTER else None,
        ),
        reserve=ticket.reserve,
    )


def _protection(target: Target) -> Protection:
    """Return what an entry's fill brings even if the order has left its slot by then."""
    shares = (target.stop, target.take_profit, target.trail)
    stop, take_profit, trail = (0.0 if math.isnan(share) else share for share in shares)
    return Protection(stop, take_profit, trail, target.max_bars)
