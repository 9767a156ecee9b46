"""Bars on which nothing can happen, passed over at little cost.

`settle` notes for each product what a bar must look like to change nothing: nothing works, no
level is touched, the opinion is the last one, and so the decision is the last one again.
`pass_over` goes on while all bars are like that; they move the marks and nothing else. It
relies on low <= close <= high. Whatever it is not sure of, it leaves to the full step.
"""

import math

import numpy as np
from numba import njit
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
from gpt_trader.kernel.ledger import quote, value_at
from gpt_trader.kernel.limits import Marks, mark
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
CHUNK = 64  # rows looked ahead, so that one product's calm is not read again and again


@njit(cache=True)
def settle(
    si: Ints, sf: Floats, last: Ints, limits: Limits, reach: Ints, wish: Floats
) -> int:
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


@njit(cache=True)
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


@njit(cache=True)
def pass_over(
    start: int,
    most: int,
    cash: int,
    marks: Marks,
    time: Ints,
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
) -> tuple[int, Marks]:
    """Pass over at most `most` bars from `start` on; returns (first bar not passed, marks)."""
    n, p = close.shape
    end = min(n, start + most)
    i = max(start, 0)
    while i < end:
        begin = i
        until = min(end, i + CHUNK)
        for j in range(p):
            until = _same_until(
                begin, until, j, si[j, LOTS], reach[j, FLOOR], reach[j, CEILING], wish[j, NOTED],
                high, low, weight, funding_rate, present,
            )  # fmt: skip
        i, marks = _mark_until(
            begin, until, cash, marks, time, close, present, unit, limits, wish, si, equity_path
        )
        for j in range(p):
            n_bars = 0
            for k in range(begin, i):
                n_bars += present[k, j]
            counts[j, last[j]] += n_bars
            if si[j, LOTS] != 0:
                si[j, BARS_HELD] += n_bars
        if i < begin + CHUNK:
            break
    return i, marks


@njit(cache=True)
def _same_until(
    start: int,
    end: int,
    j: int,
    lots: int,
    floor: int,
    ceiling: int,
    noted: float,
    high: Ints,
    low: Ints,
    weight: Floats,
    funding_rate: Floats,
    present: Bools,
) -> int:
    """First row in [start, end) that touches a level of product j or says something new."""
    silent = math.isnan(noted)
    funded = lots != 0 and len(funding_rate) > 1
    if lots != 0 and funding_rate[0, j] != 0.0 and not funded:
        return start
    i = max(start, 0)
    while i < end:
        w = weight[i, j]
        same = math.isnan(w) if silent else w == noted
        if lots != 0:
            same = same and low[i, j] > floor and high[i, j] < ceiling
            if funded:
                same = same and funding_rate[i, j] == 0.0
        if not same and present[i, j]:
            return i
        i += 1
    return end


@njit(cache=True)
def _mark_until(
    start: int,
    end: int,
    cash: int,
    marks: Marks,
    time: Ints,
    close: Ints,
    present: Bools,
    unit: Floats,
    limits: Limits,
    wish: Floats,
    si: Ints,
    equity_path: Floats,
) -> tuple[int, Marks]:
    """Mark rows [start, end) until a latch moves or a position leaves its band."""
    p = close.shape[1]
    cash_quote = quote(cash)
    i = max(start, 0)
    while i < end:
        equity = cash_quote
        for j in range(p):
            if present[i, j]:
                si[j, LAST_CLOSE] = close[i, j]
            equity += value_at(si[j, LOTS], si[j, LAST_CLOSE], unit[j])
        moved = mark(marks, time[i], equity, limits)
        going = (
            equity > 0.0
            and moved.halted == marks.halted
            and moved.day_halted == marks.day_halted
            and moved.entries == marks.entries
        )
        for j in range(p):
            target = wish[j, TARGET]
            if target != 0.0 and present[i, j]:
                held = value_at(si[j, LOTS], si[j, LAST_CLOSE], unit[j])
                going = going and in_band(target * equity, held, limits.rebalance_band)
        if not going:
            break
        marks = moved
        equity_path[i] = equity
        i += 1
    return i, marks
