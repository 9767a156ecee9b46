"""A value against its own past, and one series against another.

Conventions are those of `averages`. A row is computed afresh from its window, in two passes.
"""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit
from gpt_trader.kernel.features.averages import simple_returns
from gpt_trader.kernel.features.window import rolling_mean, rolling_std

Floats = NDArray[np.float64]

NOISE = 1e-13  # of the mean: what equal values are apart from their mean by rounding


@njit(cache=True)
def zscore(values: Floats, period: int) -> Floats:
    """Standard score: (value - mean) / standard deviation (ddof 0) of the last `period` values.

    values: (n,) float64. Returns (n,) float64 deviations, first valid row period-1; 0 where the
    window does not vary, NaN while it holds a NaN. Memory: period rows. Source: any textbook;
    TA-Lib's STDDEV.
    """
    mean, deviation = rolling_mean(values, period), rolling_std(values, period)
    out = values - mean
    for i in range(len(out)):
        out[i] = 0.0 if deviation[i] <= NOISE * abs(mean[i]) else out[i] / deviation[i]
    return out


@njit(cache=True)
def rolling_beta(prices: Floats, market: Floats, period: int) -> Floats:
    """Beta: slope of the simple returns of prices on those of a market, over `period` returns.

    cov(r, m) / var(m). prices, market: (n,) float64 > 0, row i of both closed together. Returns
    (n,) float64, first valid row `period`; 0 where the market does not vary. Memory: period + 1
    rows. Source: W. Sharpe, "A Simplified Model for Portfolio Analysis", Management Science 9
    (1963); TA-Lib BETA(market, prices).
    """
    joint, _, of_market = _moments(simple_returns(prices), simple_returns(market), period)
    return _ratio(joint, of_market)


@njit(cache=True)
def rolling_correlation(a: Floats, b: Floats, period: int) -> Floats:
    """Pearson's correlation in [-1, 1] of the last `period` values of two series.

    a, b: (n,) float64, row i of both closed together; give returns, not prices, unless levels are
    meant. Returns (n,) float64, first valid row period-1; 0 where one of them does not vary, NaN
    while the window holds a NaN. Memory: period rows. Source: K. Pearson (1895); TA-Lib CORREL.
    """
    joint, of_a, of_b = _moments(a, b, period)
    return _ratio(joint, np.sqrt(of_a * of_b))


@njit(cache=True)
def _moments(a: Floats, b: Floats, period: int) -> tuple[Floats, Floats, Floats]:
    """Sums over the window of da x db, da^2 and db^2, each from its mean; 0 if only noise."""
    joint = np.full(len(a), np.nan)
    of_a = np.full(len(a), np.nan)
    of_b = np.full(len(a), np.nan)
    mean_a, mean_b = rolling_mean(a, period), rolling_mean(b, period)
    for i in range(period - 1, len(a)):
        ab = aa = bb = 0.0
        for k in range(i - period + 1, i + 1):
            da, db = a[k] - mean_a[i], b[k] - mean_b[i]
            ab += da * db
            aa += da * da
            bb += db * db
        joint[i] = ab
        of_a[i] = aa if aa > period * (NOISE * mean_a[i]) ** 2 else aa * 0.0
        of_b[i] = bb if bb > period * (NOISE * mean_b[i]) ** 2 else bb * 0.0
    return joint, of_a, of_b


@njit(cache=True)
def _ratio(above: Floats, below: Floats) -> Floats:
    """Above / below, 0 where below is 0; NaN stays."""
    out = np.empty(len(above))
    for i in range(len(above)):
        out[i] = above[i] / below[i] if below[i] != 0.0 else 0.0
    return out
