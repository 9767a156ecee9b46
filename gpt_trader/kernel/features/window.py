"""Features of a sliding window: sums, deviation, bands, channels, signals not yet out of date.

A row depends on its window alone and is summed afresh or compared in integers, so a trailing
window gives the same bits as the full history. Conventions are those of `features`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit
from gpt_trader.kernel.features.averages import simple_returns, sma

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Column = Ints | Floats

BLOCK = 256  # rows summed side by side: they stay in the first-level cache


@njit(cache=True)
def weighted_sum(values: Column, weights: Floats) -> Floats:
    """Sum of weights[k] x values[i-k] over k, the newest value first.

    values: (n,) float64 or int64; weights: (period,) float64, weights[0] that of row i. Returns
    (n,) float64, first valid row period-1; NaN while the window holds a NaN. Summed afresh, newest
    to oldest, a block of rows at a time. Memory: period rows.
    """
    period = len(weights)
    out = np.full(len(values), np.nan)
    for start in range(period - 1, len(values), BLOCK):
        stop = min(start + BLOCK, len(values))
        rows = out[start:stop]
        rows[:] = 0.0
        for back in range(period):
            window = values[start - back : stop - back]
            weight = weights[back]
            for j in range(len(rows)):
                rows[j] += weight * window[j]
    return out


@njit(cache=True)
def rolling_sum(values: Column, period: int) -> Floats:
    """Sum of the last `period` values (TA-Lib SUM), summed afresh.

    values: (n,) float64 or int64. Returns (n,) float64, first valid row period-1; NaN while the
    window holds a NaN. Memory: period rows.
    """
    return weighted_sum(values, np.ones(period))


@njit(cache=True)
def rolling_mean(values: Floats, period: int) -> Floats:
    """Mean of the last `period` values, summed afresh; `sma` is its exact form for ticks.

    values: (n,) float64. Returns (n,) float64, first valid row period-1; NaN while the window
    holds a NaN. Memory: period rows.
    """
    return rolling_sum(values, period) / period


@njit(cache=True)
def rolling_std(values: Floats, period: int) -> Floats:
    """Population standard deviation (ddof 0) of the last `period` values (TA-Lib STDDEV).

    values: (n,) float64. Returns (n,) float64, first valid row period-1; NaN while the window
    holds a NaN. Two passes, so nothing cancels. Each row is summed newest to oldest; a block
    of rows at a time, because then the processor adds several rows at once. Memory: period rows.
    """
    out = np.full(len(values), np.nan)
    mean = np.empty(BLOCK)
    for start in range(period - 1, len(values), BLOCK):
        stop = min(start + BLOCK, len(values))
        rows = out[start:stop]
        means = mean[: stop - start]
        means[:] = 0.0
        for back in range(period):
            window = values[start - back : stop - back]
            for j in range(len(rows)):
                means[j] += window[j]
        for j in range(len(rows)):
            means[j] /= period
            rows[j] = 0.0
        for back in range(period):
            window = values[start - back : stop - back]
            for j in range(len(rows)):
                rows[j] += (window[j] - means[j]) * (window[j] - means[j])
        for j in range(len(rows)):
            rows[j] = math.sqrt(rows[j] / period)
    return out


@njit(cache=True)
def rolling_volatility(prices: Floats, period: int) -> Floats:
    """Volatility per bar: standard deviation (ddof 0) of the last `period` simple returns.

    prices: (n,) float64 > 0, any unit. Returns (n,) float64 fractions, first valid row period.
    Memory: period + 1 rows.
    """
    return rolling_std(simple_returns(prices), period)


@njit(cache=True)
def bollinger(ticks: Ints, period: int, width: float) -> tuple[Floats, Floats, Floats]:
    """Bollinger bands: SMA and SMA +- width standard deviations (TA-Lib BBANDS).

    Bollinger, Bollinger on Bollinger Bands (2001). ticks: (n,) int64. Returns lower, middle,
    upper as (n,) float64 ticks, first valid row period-1. Memory: period rows.
    """
    middle = sma(ticks, period)
    reach = width * rolling_std(ticks.astype(np.float64), period)
    return middle - reach, middle, middle + reach


@njit(cache=True)
def highest(ticks: Column, period: int) -> Floats:
    """Highest of the last `period` rows, this one included (Donchian; TA-Lib MAX).

    ticks: (n,) int64 below 2^53, or float64 without NaN. Returns (n,) float64, first valid row
    period-1. O(n): the queue holds the rows that may still become the highest, in falling order
    of their values. Memory: period rows.
    """
    out = np.full(len(ticks), np.nan)
    queue = np.empty(len(ticks), np.int64)
    head = 0
    tail = 0
    for i in range(len(ticks)):
        while tail > head and ticks[queue[tail - 1]] <= ticks[i]:
            tail -= 1
        queue[tail] = i
        tail += 1
        if queue[head] <= i - period:
            head += 1
        if i >= period - 1:
            out[i] = ticks[queue[head]]
    return out


@njit(cache=True)
def rows_since_highest(ticks: Column, period: int) -> Floats:
    """Rows since the highest of the last `period` ones, the newest of equal ones (0: this row).

    ticks: as `highest`. Returns (n,) float64, first valid row period-1. Memory: period rows.
    """
    out = highest(ticks, period)
    age = period
    for i in range(period - 1, len(ticks)):
        age += 1
        if ticks[i] == out[i] or age >= period:  # a new one, or the old one has left
            age = 0
            while ticks[i - age] != out[i]:
                age += 1
        out[i] = age
    return out


@njit(cache=True)
def lowest(ticks: Column, period: int) -> Floats:
    """Lowest of the last `period` rows, this one included (Donchian; TA-Lib MIN).

    ticks: as `highest`. Returns (n,) float64, first valid row period-1. Memory: period rows.
    """
    return -highest(-ticks, period)


@njit(cache=True)
def since(flags: Flags, limit: int) -> Floats:
    """Bars since a flag was last true (0: this bar), capped at `limit`.

    flags: (n,) bool. Returns (n,) float64 in [0, limit]: `limit` says "not within the last
    `limit` bars", so a row depends on those bars alone. Memory: limit rows.
    """
    out = np.empty(len(flags))
    age = limit
    for i in range(len(flags)):
        age = 0 if flags[i] else min(age + 1, limit)
        out[i] = age
    return out
