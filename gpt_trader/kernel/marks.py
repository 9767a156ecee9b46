"""The marks that guards are read from: equity, its high, the day, the latches."""

import math
from typing import NamedTuple

from gpt_trader.kernel.bounds import Bounds
from gpt_trader.kernel.compiled import compiled

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


def new_marks(equity: float) -> Marks:
    """Marks of an account that has not traded."""
    return Marks(equity, equity, -1, equity, 0, 0, 0)


@compiled
def mark(marks: Marks, open_ms: int, equity: float, bounds: Bounds) -> Marks:
    """Move the marks to a bar's close: new day, new high, daily loss and drawdown.

    A bar belongs to the UTC day of its open. Both breaches latch: the daily loss until the
    next day, the drawdown until a person clears it. An equity that is not a number halts.
    """
    day = open_ms // DAY_MS
    day_start, entries, day_halted = marks.day_start, marks.entries, marks.day_halted
    if day != marks.day:
        day_start, entries, day_halted = marks.equity, 0, 0
    high = max(marks.high, equity)
    if not day_start - equity < bounds.max_daily_loss * day_start:
        day_halted = 1
    halted = marks.halted
    if not high - equity < bounds.max_drawdown * high:
        halted = 1
    return Marks(equity, high, day, day_start, entries, day_halted, halted)


@compiled
def safe_equity(marks: Marks, bounds: Bounds) -> float:
    """Equity above which `mark` surely moves no latch; inf: no equity is safe."""
    if not (marks.day_start > 0.0 and marks.high > 0.0):
        return math.inf
    by_day = 0.0 if marks.day_halted else (1.0 - bounds.max_daily_loss) * marks.day_start
    by_high = 0.0 if marks.halted else (1.0 - bounds.max_drawdown) * marks.high
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
