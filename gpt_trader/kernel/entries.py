"""What the engine calls bar by bar: arrays and plain numbers in, plain numbers out.

A tuple of settings or marks costs the interpreter a microsecond each time it is passed into
compiled code or back, more than the work itself. So settings come as rows of float64, made once
(`settings_row`), and what is found leaves as a bare tuple. The rules are in the functions called.
"""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.ledger import quote, value_at
from gpt_trader.kernel.limits import Guards, Marks, mark
from gpt_trader.kernel.settings import Limits, costs_of
from gpt_trader.kernel.sizing import decide, note_weight
from gpt_trader.kernel.slot import Slots

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def settings_row(settings: Limits) -> Floats:
    """Settings as one row of float64, in the order of their fields."""
    return np.array(settings, np.float64)


@compiled
def limits_of(row: Floats) -> Limits:
    """Limits that a row holds."""
    return Limits(
        row[0], row[1], row[2], row[3], int(row[4]), int(row[5]), row[6], int(row[7])
    )  # fmt: skip


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
    limits: Floats,
    equity: float,
    high: float,
    day: int,
    day_start: float,
    entries: int,
    day_halted: int,
    halted: int,
) -> tuple[float, float, int, float, int, int, int]:
    """Marks at the close of the bars that opened at `open_ms`; from `limits` on: see `mark`."""
    marks = mark(
        Marks(equity, high, day, day_start, entries, day_halted, halted),
        open_ms,
        account_equity(slots, unit, cash),
        limits_of(limits),
    )
    return (
        marks.equity, marks.high, marks.day, marks.day_start, marks.entries, marks.day_halted,
        marks.halted,
    )  # fmt: skip


@compiled
def decide_product(
    slots: Slots,
    j: int,
    weight: float,
    stop: float,
    cash: int,
    spec_ints: Ints,
    spec_floats: Floats,
    costs: NDArray[np.void],
    limits: Floats,
    styles: Ints,
    equity: float,
    high: float,
    day: int,
    day_start: float,
    entries: int,
    day_halted: int,
    halted: int,
    is_halted: int,
    is_paused: int,
    unknown: int,
    bar_age_ms: int,
    unreconciled: int,
) -> tuple[int, int, int, int, int, int, int, float, float, int]:
    """Decide for product j on a copy of the slots; returns the fields of a Ticket, and cancel.

    equity .. halted are Marks, is_halted .. unreconciled Guards.
    """
    ticket, cancel = decide(
        slots.copy(),
        j,
        weight,
        stop,
        cash,
        Marks(equity, high, day, day_start, entries, day_halted, halted),
        Guards(is_halted, is_paused, unknown, bar_age_ms, unreconciled),
        (spec_ints, spec_floats),
        costs_of(costs),
        limits_of(limits),
        styles,
    )
    return (
        ticket.code, ticket.kind, ticket.side, ticket.lots, ticket.quote, ticket.limit,
        ticket.reserve, ticket.value, ticket.limit_value, cancel,
    )  # fmt: skip


@compiled
def note_decision(slots: Slots, j: int, weight: float, limits: Floats, works_on: bool) -> None:
    """Note a decision's weight, in place; without an order (works_on) none went unfilled."""
    note_weight(slots[j], weight, limits_of(limits))
    if not works_on:
        slots[j]["attempts"] = 0
