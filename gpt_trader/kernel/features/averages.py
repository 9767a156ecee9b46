"""Trend and return features: moving averages, returns, volatility.

Every function maps a whole column to a column of the same length, oldest first; row i reads
rows up to and including i only, NaN stands where there is not enough history yet. First valid
row and seeding are TA-Lib's. Windowed integer sums are exact, so a trailing window gives the
same bits; recursive averages forget their seed at a rate of alpha (see `settle`).
"""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GRID = 65_536.0  # 1/65,536 tick: far below a price, far above float64's noise on one


@njit(cache=True)
def settle(values: Floats, grid: float) -> Floats:
    """Round to multiples of 1/grid; NaN stays. Memory: 1 row.

    Two runs of one recursive average from different seeds end within the last bits of each
    other, and on a flat market never closer. Whatever decides by such an average settles it
    first: then both runs say exactly the same.
    """
    out = np.empty(len(values))
    for i in range(len(values)):
        out[i] = np.rint(values[i] * grid) / grid
    return out


@njit(cache=True)
def ago(values: Floats, period: int) -> Floats:
    """Return values[i-period] at row i; NaN before row `period`. Memory: period + 1 rows."""
    out = np.full(len(values), np.nan)
    for i in range(period, len(values)):
        out[i] = values[i - period]
    return out


@njit(cache=True)
def sma(ticks: Ints, period: int) -> Floats:
    """Simple moving average of ticks: exact integer sum / period (TA-Lib SMA).

    ticks: (n,) int64, |ticks| x period < 2^63. Returns (n,) float64, first valid row period-1.
    Memory: period rows.
    """
    out = np.full(len(ticks), np.nan)
    total = 0
    for i in range(len(ticks)):
        total += ticks[i]
        if i >= period:
            total -= ticks[i - period]
        if i >= period - 1:
            out[i] = total / period
    return out


@njit(cache=True)
def sma_cross_state(ticks: Ints, fast: int, slow: int) -> Floats:
    """Sign of SMA(fast) - SMA(slow), decided in integers: slow x fast sum vs fast x slow sum.

    ticks: (n,) int64; ticks x fast x slow < 2^63. Returns (n,) float64 of 1, 0 (exact tie) or
    -1; NaN before row max(fast, slow) - 1. Memory: max(fast, slow) rows.
    """
    out = np.full(len(ticks), np.nan)
    first = max(fast, slow) - 1
    fast_sum = 0
    slow_sum = 0
    for i in range(len(ticks)):
        fast_sum += ticks[i]
        slow_sum += ticks[i]
        if i >= fast:
            fast_sum -= ticks[i - fast]
        if i >= slow:
            slow_sum -= ticks[i - slow]
        if i >= first:
            gap = slow * fast_sum - fast * slow_sum
            out[i] = 1.0 if gap > 0 else (-1.0 if gap < 0 else 0.0)
    return out


@njit(cache=True)
def ema(values: Floats, period: int) -> Floats:
    """Exponential moving average, alpha = 2 / (period + 1), seeded by the SMA (TA-Lib EMA).

    values: (n,) float64. Returns (n,) float64, first valid row period-1. A NaN in values
    restarts it: NaN until the next `period` values. Memory: recursive, alpha 2 / (period + 1).
    """
    out = np.full(len(values), np.nan)
    alpha = 2.0 / (period + 1.0)
    seen = 0
    state = 0.0
    for i in range(len(values)):
        value = values[i]
        if np.isnan(value):
            seen = 0
            state = 0.0
            continue
        if seen >= period:
            state += alpha * (value - state)
            out[i] = state
            continue
        seen += 1
        state += value
        if seen == period:
            state /= period
            out[i] = state
    return out


@njit(cache=True)
def simple_returns(prices: Floats) -> Floats:
    """Return prices[i] / prices[i-1] - 1; row 0 is NaN. Memory: 2 rows.

    prices: (n,) float64 > 0, any unit.
    """
    out = np.full(len(prices), np.nan)
    for i in range(1, len(prices)):
        out[i] = prices[i] / prices[i - 1] - 1.0
    return out


@njit(cache=True)
def log_returns(prices: Floats) -> Floats:
    """Return log(prices[i] / prices[i-1]); row 0 is NaN. Memory: 2 rows.

    prices: (n,) float64 > 0, any unit.
    """
    out = np.full(len(prices), np.nan)
    for i in range(1, len(prices)):
        out[i] = math.log(prices[i] / prices[i - 1])
    return out


@njit(cache=True)
def rate_of_change(prices: Floats, period: int) -> Floats:
    """Return prices[i] / prices[i-period] - 1 as a fraction (TA-Lib ROCP).

    prices: (n,) float64 > 0, any unit. Returns (n,) float64, first valid row `period`. Memory:
    period + 1 rows.
    """
    out = np.full(len(prices), np.nan)
    for i in range(period, len(prices)):
        out[i] = prices[i] / prices[i - period] - 1.0
    return out


@njit(cache=True)
def change_sign(ticks: Ints, period: int) -> Floats:
    """Sign of ticks[i] - ticks[i-period] as 1, 0 or -1 (of TA-Lib MOM); NaN before row `period`.

    Memory: period + 1 rows.
    """
    out = np.full(len(ticks), np.nan)
    for i in range(period, len(ticks)):
        gap = ticks[i] - ticks[i - period]
        out[i] = 1.0 if gap > 0 else (-1.0 if gap < 0 else 0.0)
    return out


@njit(cache=True)
def ewm_volatility(prices: Floats, period: int) -> Floats:
    """Volatility per bar: root of the EMA of squared simple returns, their mean taken as zero.

    RiskMetrics (J.P. Morgan, 1996), with alpha = 2 / (period + 1) and TA-Lib's seeding.
    prices: (n,) float64 > 0, any unit. Returns (n,) float64 fractions, first valid row period.
    Memory: recursive, alpha 2 / (period + 1).
    """
    out = simple_returns(prices)
    for i in range(len(out)):
        out[i] *= out[i]
    out = ema(out, period)
    for i in range(len(out)):
        out[i] = math.sqrt(out[i])
    return out


@njit(cache=True)
def volatility_weight(volatility: Floats, target: float, cap: float) -> Floats:
    """Weight min(target / volatility, cap); cap where nothing moved, NaN stays.

    volatility: (n,) float64 >= 0, in the unit of target (both per bar, or both per year). Memory:
    1 row.
    """
    out = np.empty(len(volatility))
    for i in range(len(volatility)):
        if volatility[i] * cap <= target:
            out[i] = cap
        else:
            out[i] = target / volatility[i]
    return out
