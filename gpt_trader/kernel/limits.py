"""The guards on entries, and the marks they are read from. Exits pass none of these."""

import math
from typing import NamedTuple

from gpt_trader.kernel.codes import (
    REFUSED_DAILY_LOSS,
    REFUSED_DRAWDOWN,
    REFUSED_ENTRIES,
    REFUSED_HALTED,
    REFUSED_PAUSED,
    REFUSED_STALE_BAR,
    REFUSED_UNKNOWN_ORDER,
    REFUSED_UNRECONCILED,
)
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.settings import Limits

DAY_MS = 86_400_000


class Marks(NamedTuple):
    """Account-wide counters that the guards read, moved only by `mark`."""

    equity: float
    high: float  # highest equity so far; transfers move it
    day: int  # UTC day number of the newest bar's open
    day_start: float  # equity when the day began; transfers move it
    entries: int  # entries approved this day
    day_halted: int  # 1: the daily loss was reached today
    halted: int  # 1: the drawdown was reached; only a person clears it


@compiled
def new_marks(equity: float) -> Marks:
    """Marks of an account that has not traded."""
    return Marks(equity, equity, -1, equity, 0, 0, 0)


@compiled
def mark(marks: Marks, open_ms: int, equity: float, limits: Limits) -> Marks:
    """Move the marks to a bar's close: new day, new high, daily loss and drawdown.

    A bar belongs to the UTC day of its open. Both breaches latch: the daily loss until the
    next day, the drawdown until a person clears it. An equity that is not a number halts.
    """
    day = open_ms // DAY_MS
    day_start, entries, day_halted = marks.day_start, marks.entries, marks.day_halted
    if day != marks.day:
        day_start, entries, day_halted = marks.equity, 0, 0
    high = max(marks.high, equity)
    if not day_start - equity < limits.max_daily_loss * day_start:
        day_halted = 1
    halted = marks.halted
    if not high - equity < limits.max_drawdown * high:
        halted = 1
    return Marks(equity, high, day, day_start, entries, day_halted, halted)


@compiled
def safe_equity(marks: Marks, limits: Limits) -> float:
    """Equity above which `mark` surely moves no latch; inf: no equity is safe."""
    if not (marks.day_start > 0.0 and marks.high > 0.0):
        return math.inf
    by_day = 0.0 if marks.day_halted else (1.0 - limits.max_daily_loss) * marks.day_start
    by_high = 0.0 if marks.halted else (1.0 - limits.max_drawdown) * marks.high
    return max(by_day, by_high, 0.0) * (1.0 + 1e-9)


@compiled
def marks_at(marks: Marks, equity: float) -> Marks:
    """Marks at another equity that moves nothing else."""
    return Marks(
        equity,
        marks.high,
        marks.day,
        marks.day_start,
        marks.entries,
        marks.day_halted,
        marks.halted,
    )


@compiled
def count_entry(marks: Marks) -> Marks:
    """Marks after one more approved entry."""
    return Marks(
        marks.equity,
        marks.high,
        marks.day,
        marks.day_start,
        marks.entries + 1,
        marks.day_halted,
        marks.halted,
    )


@compiled
def loss_ratio(marks: Marks) -> float:
    """Loss of the day as a ratio of its starting equity; negative: a gain."""
    return (marks.day_start - marks.equity) / marks.day_start


@compiled
def drawdown_ratio(marks: Marks) -> float:
    """Drawdown from the highest equity, as a ratio of it."""
    return (marks.high - marks.equity) / marks.high


class Guards(NamedTuple):
    """What else can forbid an entry: latches, and how old the product's bar is."""

    halted: int  # 1: a kill or an operator's halt
    paused: int  # 1: reduce-only by the operator
    unknown: int  # orders of the product whose outcome is unknown
    bar_age_ms: int
    unreconciled: int  # 1: the product is frozen, or the account was not looked at in time


NO_GUARDS = Guards(0, 0, 0, 0, 0)  # a simulation has no operator and no late bars


@compiled
def entry_stop(marks: Marks, limits: Limits, guards: Guards) -> int:
    """First account-wide guard that forbids an entry, as a REFUSED_* code; 0: none."""
    if guards.halted:
        return REFUSED_HALTED
    if marks.halted:
        return REFUSED_DRAWDOWN
    if marks.day_halted:
        return REFUSED_DAILY_LOSS
    if guards.paused:
        return REFUSED_PAUSED
    if guards.unknown:
        return REFUSED_UNKNOWN_ORDER
    if guards.unreconciled:
        return REFUSED_UNRECONCILED
    if guards.bar_age_ms > limits.max_bar_age_ms:
        return REFUSED_STALE_BAR
    if marks.entries >= limits.max_entries:
        return REFUSED_ENTRIES
    return 0


@compiled
def stop_reading(code: int, marks: Marks, limits: Limits, guards: Guards) -> tuple[float, float]:
    """What the guard behind a code read, and its limit."""
    if code == REFUSED_DRAWDOWN:
        return drawdown_ratio(marks), limits.max_drawdown
    if code == REFUSED_DAILY_LOSS:
        return loss_ratio(marks), limits.max_daily_loss
    if code == REFUSED_STALE_BAR:
        return float(guards.bar_age_ms), float(limits.max_bar_age_ms)
    if code == REFUSED_ENTRIES:
        return float(marks.entries), float(limits.max_entries)
    return 1.0, 0.0
