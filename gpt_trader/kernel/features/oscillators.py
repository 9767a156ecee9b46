"""Oscillators: MACD, stochastic, Williams %R, CCI, Aroon.

Conventions are those of `averages`: same length, causal, NaN while there is no value, first valid
row and seeding as TA-Lib has them. Prices may be ticks or quote, float64.
"""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit
from gpt_trader.kernel.features.averages import ema
from gpt_trader.kernel.features.window import highest, lowest, rolling_mean, rows_since_highest

Floats = NDArray[np.float64]

CCI_SCALE = 0.015  # Lambert's: about three in four values then lie within 100 of 0


@njit(cache=True)
def macd(close: Floats, fast: int, slow: int, signal: int) -> tuple[Floats, Floats, Floats]:
    """MACD line EMA(fast) - EMA(slow), its signal line EMA(line, signal), and line - signal.

    close: (n,) float64; fast < slow. Returns three (n,) float64 in the unit of close, first valid
    row slow + signal - 2; both averages are seeded by the means that end at row slow-1. Memory:
    recursive, alpha 2 / (slow + 1) and 2 / (signal + 1). Source: G. Appel, The Moving Average
    Convergence-Divergence Trading Method (1979); TA-Lib MACD.
    """
    late = close.copy()
    late[: slow - fast] = np.nan
    line = ema(late, fast) - ema(close, slow)
    smooth = ema(line, signal)
    line[: slow + signal - 2] = np.nan
    return line, smooth, line - smooth


@njit(cache=True)
def stochastic(
    high: Floats, low: Floats, close: Floats, period: int, slow_k: int, slow_d: int
) -> tuple[Floats, Floats]:
    """Slow stochastic %K and %D in [0, 100].

    Fast %K = 100 (close - lowest low) / (highest high - lowest low) of `period` rows, 0 where they
    are equal; %K its mean over slow_k rows (1: the fast one), %D that one's over slow_d. high, low,
    close: (n,) float64. Returns two (n,) float64, first valid row period + slow_k + slow_d - 3.
    Memory: as many rows, and one. Source: G. Lane, "Lane's Stochastics", Stocks & Commodities 2
    (1984); TA-Lib STOCH.
    """
    top, floor = highest(high, period), lowest(low, period)
    fast = np.full(len(close), np.nan)
    for i in range(period - 1, len(close)):
        reach = top[i] - floor[i]
        fast[i] = 100.0 * (close[i] - floor[i]) / reach if reach > 0.0 else 0.0
    k = rolling_mean(fast, slow_k)
    d = rolling_mean(k, slow_d)
    k[: period + slow_k + slow_d - 3] = np.nan
    return k, d


@njit(cache=True)
def williams_r(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """Williams %R in [-100, 0]: -100 (highest high - close) / (highest high - lowest low).

    high, low, close: (n,) float64. Returns (n,) float64, first valid row period-1; 0 where highest
    and lowest are equal. Memory: period rows. Source: L. Williams, How I Made One Million Dollars
    (1979); TA-Lib WILLR.
    """
    top, floor = highest(high, period), lowest(low, period)
    out = np.full(len(close), np.nan)
    for i in range(period - 1, len(close)):
        reach = top[i] - floor[i]
        out[i] = -100.0 * (top[i] - close[i]) / reach if reach > 0.0 else 0.0
    return out


@njit(cache=True)
def cci(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """Commodity channel index: (p - mean p) / (0.015 mean |p - mean p|), p = (h + l + c) / 3.

    high, low, close: (n,) float64. Returns (n,) float64 without a unit, first valid row period-1;
    0 where nothing moved. Memory: period rows. Source: D. Lambert, "Commodity Channel Index",
    Commodities 9 (1980); TA-Lib CCI.
    """
    typical = (high + low + close) / 3.0
    mean = rolling_mean(typical, period)
    out = np.full(len(close), np.nan)
    for i in range(period - 1, len(close)):
        away = 0.0
        for back in range(period):
            away += abs(typical[i - back] - mean[i])
        if np.isnan(away):
            continue
        out[i] = (typical[i] - mean[i]) / (CCI_SCALE * away / period) if away > 0.0 else 0.0
    return out


@njit(cache=True)
def aroon(high: Floats, low: Floats, period: int) -> tuple[Floats, Floats]:
    """Aroon down and up in [0, 100]: 100 (period - rows since the extreme) / period.

    The extreme is the lowest low, the highest high of the last period + 1 rows; of equal ones the
    newest counts. high, low: (n,) float64 or int64.
    Returns down and up as (n,) float64, first valid row `period`. Memory: period + 1 rows. Source:
    T. Chande, "A Time Price Oscillator", Stocks & Commodities 13 (1995); TA-Lib AROON.
    """
    down = 100.0 * (period - rows_since_highest(-low, period + 1)) / period
    up = 100.0 * (period - rows_since_highest(high, period + 1)) / period
    return down, up
