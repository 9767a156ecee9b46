"""A made-up market decided once, so that no close waits for compiled code to be loaded.

Compiled functions are loaded from their cache when they are first called, which takes some 0.3 s:
of a session's first close, or of its first fill.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gpt_trader.domain.bars import Bar
from gpt_trader.domain.order import Fill, OrderIntent, OrderStatus, Origin
from gpt_trader.domain.targets import Target
from gpt_trader.engine import events as ev
from gpt_trader.engine.commands import CancelOrder, Command, SubmitOrder
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.state import State, new_state
from gpt_trader.engine.step import step
from gpt_trader.kernel.codes import TAKER
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.runtime.journaling import to_stored

CASH = 1_000_000 * UNITS_PER_QUOTE
TICKS = 100_000
BARS = 3
PROTECTED = Target(0.5, stop=0.1, take_profit=0.1)


def rehearse(plan: Plan) -> State:
    """Decide, fill, protect and leave on made-up bars of a plan's products; return what came of it.

    Nothing leaves, and nothing is kept: no strategy, journal or exchange takes part in it.
    """
    plan = replace(plan, rests=(True,) * len(plan.products))  # so that stops are sent
    state, events = new_state(plan, CASH), list(_market(plan))
    while events:
        event = events.pop(0)
        after = step(plan, state, event, _wish)
        state = after.state
        to_stored(Entry(event, after.records, after.commands))
        events[:0] = _answers(plan, after.commands, state.cycle_ms)
    return state


def _wish(state: State, j: int) -> tuple[Target, Any]:
    """Want to be in, to stay, and to be out."""
    return (PROTECTED if state.bars_seen[j] < BARS else Target(0.0)), None


def _market(plan: Plan) -> Iterator[ev.Event]:
    """Yield bars of each product, and quotes after each."""
    for k in range(BARS):
        open_ms = k * plan.interval_ms
        closed_ms = open_ms + plan.interval_ms
        yield ev.Reconciled(closed_ms, 0, 0)
        for product in plan.products:
            name = product.product_id
            bar = Bar(name, open_ms, TICKS, TICKS + 10, TICKS - 10, TICKS, 1.0)
            yield ev.BarClosed(closed_ms, bar)
        for product in plan.products:
            yield ev.Quoted(closed_ms + 1, product.product_id, TICKS - 1, TICKS + 1)


def _answers(plan: Plan, commands: tuple[Command, ...], time_ms: int) -> list[ev.Event]:
    """Return what an exchange says: entries fill, stops rest, cancels end, exits are refused."""
    found: list[ev.Event] = []
    for one in commands:
        if isinstance(one, SubmitOrder):
            found += _report(plan, one.order.intent, time_ms)
        elif isinstance(one, CancelOrder):
            key = one.client_order_id
            found.append(ev.OrderUpdated(time_ms, one.product_id, key, OrderStatus.CANCELLED))
    return found


def _report(plan: Plan, intent: OrderIntent, time_ms: int) -> Iterator[ev.Event]:
    key, name = intent.client_order_id, intent.product_id
    if intent.origin is Origin.PROTECTION:
        yield ev.OrderUpdated(time_ms, name, key, OrderStatus.OPEN)
    elif intent.reduce_only:
        yield ev.OrderUpdated(time_ms, name, key, OrderStatus.REJECTED)
    else:
        a_lot = TICKS * plan.unit[plan.index[name]] * UNITS_PER_QUOTE
        lots = intent.lots or int(intent.quote / a_lot)
        fill = Fill(key, name, intent.side, lots, TICKS, 1, TAKER, intent.reason, lots, time_ms)
        yield ev.FillReceived(time_ms, fill)
        yield ev.OrderUpdated(time_ms, name, key, OrderStatus.FILLED)
