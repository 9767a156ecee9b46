"""Bars on which nothing can happen, passed over at little cost.

`settle` notes for each product what a bar must look like to change nothing: nothing works, no
level is touched, the opinion is the last one, and so the decision is the last one again.
`pass_over` goes on while all bars are like that; they move the marks and nothing else. It
relies on low <= close <= high. Whatever it is not sure of, it leaves to the full step.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.codes import (
    HOLD_FLAT,
    HOLD_IN_BAND,
    HOLD_NO_OPINION,
    HOLD_SHORT_UNSUPPORTED,
    HOLD_STOPPED_OUT,
    REFUSED_DAILY_LOSS,
    REFUSED_DRAWDOWN,
    REFUSED_ENTRIES,
)
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.ledger import quote, value_at
from gpt_trader.kernel.limits import DAY_MS, Marks, mark, marks_at, safe_equity
from gpt_trader.kernel.match import quiet_range
from gpt_trader.kernel.settings import Limits
from gpt_trader.kernel.sizing import capped, in_band
from gpt_trader.kernel.slots import (
    BARS_HELD,
    LAST_CLOSE,
    LOTS,
    MAX_BARS,
    PEAK,
    STOP_TICKS,
    TAKE_TICKS,
    TRAIL,
    WEIGHT,
    Floats,
    Ints,
)

Bools = NDArray[np.bool_]

# columns of `reach`, ticks
FLOOR = 0
CEILING = 1
# columns of `wish`
NOTED = 0  # the weight that a bar must repeat; NaN: it must have no opinion
TARGET = 1  # the weight whose band must not be left; 0: none
N_COLUMNS = 2
AHEAD = 128  # rows looked at before all that is known of them is used


@compiled
def settle(si: Ints, sf: Floats, last: Ints, limits: Limits, reach: Ints, wish: Floats) -> int:
    """Note in `reach` and `wish`, (p, 2) each, what leaves every product as it is.

    last: (p,) codes of the decisions at the bar before; 0 where something works.
    Returns how many bars may pass before a holding time is over; 0: the next may change something.
    """
    most = 2**62
    for j in range(len(si)):
        code = last[j]
        lots = si[j, LOTS]
        wish[j, NOTED] = math.nan if code == HOLD_NO_OPINION else sf[j, WEIGHT]
        wish[j, TARGET] = 0.0
        if code == HOLD_IN_BAND and sf[j, WEIGHT] * lots > 0.0:
            wish[j, TARGET] = capped(sf[j, WEIGHT], limits.max_product)
        elif code != HOLD_NO_OPINION and (lots != 0 or not repeats(code)):
            return 0
        floor, ceiling = quiet_range(lots, si[j, STOP_TICKS], si[j, TAKE_TICKS])
        if not math.isnan(sf[j, TRAIL]):  # a better close would move it
            if lots > 0:
                ceiling = min(ceiling, int(sf[j, PEAK]) + 1)
            else:
                floor = max(floor, int(sf[j, PEAK]) - 1)
        reach[j, FLOOR] = floor
        reach[j, CEILING] = ceiling
        if si[j, MAX_BARS] > 0:
            most = min(most, si[j, MAX_BARS] - si[j, BARS_HELD] - 1)
    return most


@compiled
def repeats(code: int) -> bool:
    """Whether a flat product with the same opinion gets the same decision, marks aside."""
    return (
        code == HOLD_FLAT
        or code == HOLD_STOPPED_OUT
        or code == HOLD_SHORT_UNSUPPORTED
        or code == REFUSED_DRAWDOWN
        or code == REFUSED_DAILY_LOSS
        or code == REFUSED_ENTRIES
    )


@compiled
def pass_over(
    start: int,
    most: int,
    cash: int,
    marks: Marks,
    time: Ints,
    open_ticks: Ints,
    high: Ints,
    low: Ints,
    close: Ints,
    funding_rate: Floats,
    present: Bools,
    weight: Floats,
    unit: Floats,
    limits: Limits,
    reach: Ints,
    wish: Floats,
    last: Ints,
    si: Ints,
    equity_path: Floats,
    counts: Ints,
    gapless: bool,
) -> tuple[int, Marks]:
    """Pass over at most `most` bars from `start` on; returns (first bar not passed, marks).

    close: that of an absent bar is the one before it (see `filled`).
    """
    n, p = close.shape
    end = min(n, start + most)
    begin = start
    going = True
    while going and begin < end:
        ahead = min(end, begin + AHEAD)
        until = ahead
        for j in range(p):
            if si[j, LOTS] != 0:
                until = _unfunded_until(begin, until, j, funding_rate)
            until = _value_until(
                begin, until, j, quote(cash), si[j, LOTS], unit[j], reach[j, FLOOR],
                reach[j, CEILING], wish[j, NOTED], open_ticks, high, low, close, weight, present,
                equity_path,
            )  # fmt: skip
        for j in range(p):
            if wish[j, TARGET] != 0.0:
                until = _in_band_until(
                    begin, until, j, si[j, LOTS], unit[j], wish[j, TARGET],
                    limits.rebalance_band, close, present, equity_path,
                )  # fmt: skip
        begin, marks = _mark_until(begin, until, time, equity_path, marks, limits)
        going = begin == ahead
    if begin > start:
        for j in range(p):
            n_bars = begin - start if gapless else _count(start, begin, j, present)
            counts[j, last[j]] += n_bars
            if si[j, LOTS] != 0:
                si[j, BARS_HELD] += n_bars
            si[j, LAST_CLOSE] = close[begin - 1, j]
    return begin, marks


@compiled
def _unfunded_until(start: int, end: int, j: int, funding_rate: Floats) -> int:
    """First row at which funding is paid, else `end`."""
    if len(funding_rate) == 1:
        return end if funding_rate[0, j] == 0.0 else start
    i = start
    while i < end and funding_rate[i, j] == 0.0:
        i += 1
    return i


@compiled
def _value_until(
    start: int,
    end: int,
    j: int,
    cash: float,
    lots: int,
    unit: float,
    floor: int,
    ceiling: int,
    noted: float,
    open_ticks: Ints,
    high: Ints,
    low: Ints,
    close: Ints,
    weight: Floats,
    present: Bools,
    equity_path: Floats,
) -> int:
    """Add product j's worth to the equity of rows (the first product's to the cash).

    Returns the first row that reaches the floor or the ceiling, or says another weight than
    `noted` (NaN: none), else `end`.
    """
    if start < 0:
        return start  # never so: it spares the compiled loop the negative indices
    silent = math.isnan(noted)
    first = j == 0
    for i in range(start, end):
        w = weight[i, j]
        if (
            low[i, j] <= floor
            or high[i, j] >= ceiling
            or not (w == noted or (silent and math.isnan(w)))
            or open_ticks[i, j] <= 0
        ) and present[i, j]:
            return i
        before = cash if first else equity_path[i]
        equity_path[i] = before + value_at(lots, close[i, j], unit)
    return end


@compiled
def _in_band_until(
    start: int,
    end: int,
    j: int,
    lots: int,
    unit: float,
    target: float,
    band: float,
    close: Ints,
    present: Bools,
    equity_path: Floats,
) -> int:
    """First row at which a position has left its band, else `end`."""
    if start < 0:
        return start  # never so, see _value_until
    i = start
    while i < end and (
        in_band(target * equity_path[i], value_at(lots, close[i, j], unit), band)
        or not present[i, j]
    ):
        i += 1
    return i


@compiled
def _mark_until(
    start: int, end: int, time: Ints, equity_path: Floats, marks: Marks, limits: Limits
) -> tuple[int, Marks]:
    """Mark rows until one moves a latch or the count of entries, or has no equity.

    On the day of the marks, an equity between the loss limits and the high moves nothing.
    """
    if start < 0:
        return start, marks  # never so, see _value_until
    i = start
    while i < end:
        lowest = safe_equity(marks, limits)
        high = marks.high
        next_day_ms = (marks.day + 1) * DAY_MS
        while i < end and lowest < equity_path[i] <= high and time[i] < next_day_ms:
            i += 1
        if i > start:
            marks = marks_at(marks, equity_path[i - 1])
        if i < end:
            moved = mark(marks, time[i], equity_path[i], limits)
            if (
                moved.halted != marks.halted
                or moved.day_halted != marks.day_halted
                or moved.entries != marks.entries
                or (moved.day_halted and moved.day != marks.day)
                or not moved.equity > 0.0
            ):
                return i, marks
            marks = moved
            i += 1
    return i, marks


@compiled
def _count(start: int, end: int, j: int, present: Bools) -> int:
    """How many of the rows have a bar."""
    n_bars = 0
    for i in range(end - start):
        if present[start + i, j]:
            n_bars += 1
    return n_bars
