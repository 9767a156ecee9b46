"""Moving averages with less lag: weighted, Hull's, double and triple exponential.

Conventions are those of `averages`: same length, causal, NaN while there is no value, first valid
row and seeding as TA-Lib has them.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit
from gpt_trader.kernel.features.averages import ema
from gpt_trader.kernel.features.window import weighted_sum

Floats = NDArray[np.float64]


@njit(cache=True)
def wma(values: Floats, period: int) -> Floats:
    """Linearly weighted moving average: weights period, period-1, ... 1, the newest most.

    values: (n,) float64 or int64. Returns (n,) float64 in their unit, first valid row period-1;
    NaN while the window holds a NaN. Memory: period rows. Source: TA-Lib WMA.
    """
    weights = np.arange(period, 0, -1) / (period * (period + 1) / 2)
    return weighted_sum(values, weights)


@njit(cache=True)
def hma(values: Floats, period: int) -> Floats:
    """Hull moving average: WMA(2 WMA(period/2) - WMA(period), sqrt(period)), halves cut off.

    values: (n,) float64 or int64; period >= 2. Returns (n,) float64 in their unit, first valid row
    period + floor(sqrt(period)) - 2. Memory: as many rows, and one. Source: A. Hull, "How to
    reduce lag in a moving average" (2005).
    """
    raw = 2.0 * wma(values, period // 2) - wma(values, period)
    return wma(raw, int(math.sqrt(period)))


@njit(cache=True)
def dema(values: Floats, period: int) -> Floats:
    """Double exponential moving average: 2 EMA - EMA(EMA).

    values: (n,) float64. Returns (n,) float64 in their unit, first valid row 2 period - 2. Memory:
    recursive, alpha 2 / (period + 1). Source: P. Mulloy, "Smoothing Data with Faster Moving
    Averages", Stocks & Commodities 12 (1994); TA-Lib DEMA.
    """
    once = ema(values, period)
    return 2.0 * once - ema(once, period)


@njit(cache=True)
def tema(values: Floats, period: int) -> Floats:
    """Triple exponential moving average: 3 EMA - 3 EMA(EMA) + EMA(EMA(EMA)).

    values: (n,) float64. Returns (n,) float64 in their unit, first valid row 3 period - 3. Memory:
    recursive, alpha 2 / (period + 1). Source: P. Mulloy, "Smoothing Data with Less Lag", Stocks &
    Commodities 12 (1994); TA-Lib TEMA.
    """
    once = ema(values, period)
    twice = ema(once, period)
    return 3.0 * once - 3.0 * twice + ema(twice, period)
