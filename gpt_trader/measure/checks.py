"""A backtest checks itself: a strategy that sees the future, a warm-up that is too short.

Targets are recomputed on data cut off after a sampled row. If a bit of any row differs from the
targets of the whole history, later bars leaked into it. The same row is recomputed on the
trailing window of `warmup` bars, as live trading does: a difference means too short a warm-up.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gpt_trader.data.checks.quality import Quality
from gpt_trader.domain.bars import Bars, Ints
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import ValidationGateError
from gpt_trader.strategy.answers import ask_targets, iso
from gpt_trader.strategy.base import Strategy

SAMPLES = 12
LOOK_BACK_BARS = 50_000  # most history a sampled row is recomputed on, unless warm-up is longer
WINDOWS = 200  # most rows recomputed on their warm-up alone, which is cheap
WINDOW_BARS = 200_000  # ... and most bars that this takes together
COLUMNS = ("weight", "stop", "take_profit", "trail", "max_bars")


@dataclass(frozen=True, slots=True)
class Checks:
    """What was checked; ok is None where nothing was (switched off, or too little data).

    asked: False if the checks were switched off. data: what is wrong with each product's bars.
    """

    sampled: int
    lookahead_ok: bool | None
    warmup_bars: int
    warmup_ok: bool | None
    asked: bool = True
    data: tuple[Quality, ...] = ()


NO_CHECKS = Checks(sampled=0, lookahead_ok=None, warmup_bars=0, warmup_ok=None)
NOT_ASKED = replace(NO_CHECKS, asked=False)


def check(
    strategy: Strategy, bars: Bars, full: Targets, *, look_back_bars: int = LOOK_BACK_BARS
) -> Checks:
    """Check one product's targets; full: what strategy.targets(bars) gave.

    look_back_bars: most history before a sampled row that is recomputed at first.
    Raises ValidationGateError naming the first bar and the column that differs.
    """
    sampled = rows_to_sample(full.weight, strategy.min_bars, bars.close)
    for row in sampled:
        _check_lookahead(strategy, bars, full, int(row), max(strategy.warmup, look_back_bars))
    cheap = changes_to_sample(full.weight, WINDOW_BARS // max(strategy.warmup, 1))
    rows = np.union1d(sampled, cheap[cheap >= strategy.min_bars - 1])
    long_enough = rows[rows + 1 >= strategy.warmup]
    for row in long_enough:
        _check_warmup(strategy, bars, full, int(row))
    return Checks(
        sampled=len(sampled),
        lookahead_ok=True if len(sampled) else None,
        warmup_bars=strategy.warmup,
        warmup_ok=True if len(long_enough) else None,
    )


def together(parts: list[Checks]) -> Checks:
    """Return the checks of several products as one."""
    if not parts:
        return NO_CHECKS
    return Checks(
        sampled=sum(p.sampled for p in parts),
        lookahead_ok=True if all(p.lookahead_ok for p in parts) else None,
        warmup_bars=max(p.warmup_bars for p in parts),
        warmup_ok=True if all(p.warmup_ok for p in parts) else None,
    )


def rows_to_sample(weight: NDArray[np.float64], min_bars: int, close: Ints) -> NDArray[np.int64]:
    """Return up to SAMPLES rows: evenly spread, where the weight changes, before large moves.

    Who sees the next bar acts where it pays, so a third of the rows are the bars before the
    largest moves of the close. The last row is left out: no later bar exists that could have
    leaked into it.
    """
    last = len(weight) - 2
    if last < 0:
        return np.empty(0, np.int64)
    first = min(max(min_bars - 1, 0), last)
    each = SAMPLES // 3
    spread = np.linspace(first, last, each).astype(np.int64)
    bits = np.ascontiguousarray(weight, np.float64).view(np.int64)
    changes = np.flatnonzero(bits[1:-1] != bits[:-2]) + 1
    picks = np.linspace(0, max(len(changes) - 1, 0), each).astype(np.int64)
    moves = np.abs(np.diff(close[first : last + 2]) / close[first : last + 1])
    largest = np.argpartition(moves, -min(each, len(moves)))[-each:] + first
    return np.unique(np.concatenate([spread, changes[picks] if len(changes) else spread, largest]))


def changes_to_sample(weight: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Return up to `most` rows, and no more than WINDOWS, evenly picked where the weight changes.

    Both the row that changes and the one before: who sees the next bar acts there, for whatever
    reason. Without the last row, as above.
    """
    bits = np.ascontiguousarray(weight, np.float64).view(np.int64)
    changes = np.flatnonzero(bits[1:] != bits[:-1])
    rows = np.union1d(changes, changes + 1)
    rows = rows[rows < len(weight) - 1]
    count = min(len(rows), most, WINDOWS)
    return rows[np.linspace(0, max(len(rows) - 1, 0), count).astype(np.int64)]


def _check_lookahead(
    strategy: Strategy, bars: Bars, full: Targets, row: int, look_back_bars: int
) -> None:
    found = _cut_off(strategy, bars, full, max(0, row + 1 - look_back_bars), row)
    if found is None:
        return
    # a warm-up that is too short differs on part of the history, look-ahead also on all of it
    found = _cut_off(strategy, bars, full, 0, row)
    if found is None:
        return
    column, where = found
    raise ValidationGateError(
        f"look-ahead: {strategy.name} changes {column} of the {bars.product.product_id} bar at "
        f"{iso(bars, where)} when the bars after {iso(bars, row)} are cut off",
        hint="row i of the targets may use bars up to and including i only; see docs/backtest.md",
    )


def _cut_off(
    strategy: Strategy, bars: Bars, full: Targets, begin: int, row: int
) -> tuple[str, int] | None:
    """Compare every row that has its warm-up on bars begin to row with the whole history's."""
    compared = 0 if begin == 0 else strategy.warmup - 1
    return first_difference(
        ask_targets(strategy, bars[begin : row + 1]), full, begin=begin, compared=compared
    )


def _check_warmup(strategy: Strategy, bars: Bars, full: Targets, row: int) -> None:
    window = strategy.warmup
    begin = row + 1 - window
    found = first_difference(
        ask_targets(strategy, bars[begin : row + 1]), full, begin=begin, compared=window - 1
    )
    if found is not None:
        _check_lookahead(strategy, bars, full, row, row + 1)  # all of the history: no warm-up
        column, where = found
        raise ValidationGateError(
            f"warm-up: {strategy.name} declares {window} bars, but {column} of the "
            f"{bars.product.product_id} bar at {iso(bars, where)} differs on the last {window}",
            hint="declare a longer warmup: live trading sees only so many bars",
        )


def first_difference(
    part: Targets, full: Targets, *, begin: int, compared: int
) -> tuple[str, int] | None:
    """Return (column, row of full) of the earliest bitwise difference; None if there is none.

    part: targets of rows begin, begin + 1, ... of full; its first `compared` rows are left out.
    NaN equals NaN.
    """
    earliest: tuple[str, int] | None = None
    end = begin + len(part.weight)
    for column in COLUMNS:
        mine, theirs = getattr(part, column), getattr(full, column)
        if mine is None and theirs is None:
            continue
        if mine is None or theirs is None:
            return column, begin + compared
        rows = np.flatnonzero(_differ(mine[compared:], theirs[begin + compared : end]))
        if len(rows) and (earliest is None or begin + compared + rows[0] < earliest[1]):
            earliest = column, begin + compared + int(rows[0])
    return earliest


def _differ(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.bool_]:
    a, b = np.ascontiguousarray(a, np.float64), np.ascontiguousarray(b, np.float64)
    both_nan = np.isnan(a) & np.isnan(b)
    return np.asarray((a.view(np.int64) != b.view(np.int64)) & ~both_nan)
