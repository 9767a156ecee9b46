"""What the engine calls bar by bar: arrays and plain numbers in, plain numbers out.

A tuple of settings or marks costs the interpreter a microsecond each time it is passed into
compiled code or back, more than the work itself. So settings come as words, made once and named
again here, values as plain numbers in the order of their fields, and what is found leaves as a
bare tuple. The rules are in the functions called.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.bounds import BOUNDS, bounds_of
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.costs import COSTS, costs_of
from gpt_trader.kernel.guards import GUARD, NOWHERE, GuardTable, refuses_operator, said
from gpt_trader.kernel.ledger import quote, value_at
from gpt_trader.kernel.market import Rules
from gpt_trader.kernel.marks import Marks, mark
from gpt_trader.kernel.readings import (
    Outside,
    Readings,
    no_readings,
    read_order,
    read_product,
)
from gpt_trader.kernel.record import Words
from gpt_trader.kernel.rounding import SPEC
from gpt_trader.kernel.sizing import decide, note_weight
from gpt_trader.kernel.slot import Slots
from gpt_trader.kernel.style import STYLE

Floats = NDArray[np.float64]


class Terms(NamedTuple):
    """Rules of a session as words, see `kernel.market.Rules`."""

    specs: Words
    bounds: Words
    styles: Words
    guards: Words


@compiled
def account_equity(slots: Slots, unit: Floats, cash: int) -> float:
    """Cash in units and positions at the newest closes, quote; unit: (p,) quote of a lot-tick."""
    total = quote(cash)
    for j in range(len(slots)):
        if slots[j]["lots"] != 0:
            total += value_at(slots[j]["lots"], slots[j]["close_ticks"], unit[j])
    return total


@compiled
def mark_account(
    slots: Slots,
    unit: Floats,
    cash: int,
    open_ms: int,
    bounds: Words,
    equity: float,
    high: float,
    day: int,
    day_start: float,
    entries: int,
    day_halted: int,
    halted: int,
) -> tuple[float, float, int, float, int, int, int]:
    """Marks at the close of the bars that opened at `open_ms`; equity .. halted are Marks."""
    marks = mark(
        Marks(equity, high, day, day_start, entries, day_halted, halted),
        open_ms,
        account_equity(slots, unit, cash),
        bounds_of(bounds.view(BOUNDS)),
    )
    return (
        marks.equity, marks.high, marks.day, marks.day_start, marks.entries, marks.day_halted,
        marks.halted,
    )  # fmt: skip


@compiled
def decide_product(  # noqa: PLR0913 - compiled code takes scalars and rows
    slots: Slots,
    j: int,
    weight: float,
    stop: float,
    cash: int,
    costs: Words,
    equity: float,
    high: float,
    day: int,
    day_start: float,
    entries: int,
    day_halted: int,
    halted: int,
    bar_ms: int,
    halt: int,
    pause: int,
    unknown_orders: int,
    bar_age_ms: int,
    unreconciled: int,
    specs: Words,
    bounds: Words,
    styles: Words,
    guards: Words,
) -> tuple[int, int, int, int, int, int, int, float, float, int]:
    """Decide for product j on a copy of the slots; returns the fields of a Ticket, and cancel.

    costs: of `costs_record`; equity .. halted are Marks, bar_ms .. unreconciled Outside, the rest
    Terms.
    """
    ticket, cancel = decide(
        slots.copy(),
        j,
        weight,
        stop,
        cash,
        Marks(equity, high, day, day_start, entries, day_halted, halted),
        Outside(bar_ms, halt, pause, unknown_orders, bar_age_ms, unreconciled),
        no_readings(),
        Rules(
            specs.view(SPEC),
            bounds_of(bounds.view(BOUNDS)),
            guards.view(GUARD),
            styles.view(STYLE),
        ),
        costs_of(costs.view(COSTS)),
    )
    return (
        ticket.code, ticket.kind, ticket.side, ticket.lots, ticket.quote, ticket.limit,
        ticket.reserve, ticket.value, ticket.limit_value, cancel,
    )  # fmt: skip


@compiled
def note_decision(slots: Slots, j: int, weight: float, bounds: Words, works_on: bool) -> None:
    """Note a decision's weight, in place; without an order (works_on) none went unfilled."""
    note_weight(slots[j], weight, bounds_of(bounds.view(BOUNDS)))
    if not works_on:
        slots[j]["attempts"] = 0


@compiled
def read_entry(  # noqa: PLR0913 - as decide_product
    slots: Slots,
    j: int,
    cash: int,
    half_spread_e8: int,
    specs: Words,
    equity: float,
    high: float,
    day: int,
    day_start: float,
    entries: int,
    day_halted: int,
    halted: int,
    bar_ms: int,
    halt: int,
    pause: int,
    unknown_orders: int,
    bar_age_ms: int,
    unreconciled: int,
) -> Readings:
    """Readings of product j and the account, one record; of an order there are none.

    equity .. halted are Marks, the rest Outside.
    """
    readings = no_readings()
    read_product(
        readings,
        slots,
        j,
        cash,
        Marks(equity, high, day, day_start, entries, day_halted, halted),
        Outside(bar_ms, halt, pause, unknown_orders, bar_age_ms, unreconciled),
        half_spread_e8,
        specs.view(SPEC),
    )
    return readings


@compiled
def refusal_of(
    readings: Readings,
    guards: GuardTable,
    j: int,
    cost: int,
    least: float,
    off_grid: float,
    overflow: float,
) -> tuple[int, float, float]:
    """Code of the guard that refuses an operator's entry, what it says it read, and its limit.

    readings: of `read_entry`; the order's are added. Code 0: none refuses.
    """
    read_order(readings, cost, least, off_grid, overflow)
    refusing = refuses_operator(guards, j, readings)
    if refusing == NOWHERE:
        return 0, 0.0, 0.0
    seen, bound = said(guards[j, refusing], readings)
    return guards[j, refusing]["code"], seen, bound
