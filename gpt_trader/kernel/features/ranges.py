"""Volatility of a window from its returns, and from the bars' ranges.

Conventions are those of `averages`. Both are per bar; a year of 365 days has
sqrt(365 days / interval) times as much.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit
from gpt_trader.kernel.features.averages import log_returns
from gpt_trader.kernel.features.window import rolling_mean

Floats = NDArray[np.float64]


@njit(cache=True)
def realized_volatility(close: Floats, period: int) -> Floats:
    """Realized volatility per bar: the root of the mean of squared log returns of `period` rows.

    close: (n,) float64 > 0, any unit. Returns (n,) float64 fractions, first valid row `period`.
    Memory: period + 1 rows. Source: T. Andersen, T. Bollerslev, "Answering the Skeptics",
    International Economic Review 39 (1998).
    """
    moves = log_returns(close)
    return np.sqrt(rolling_mean(moves * moves, period))


@njit(cache=True)
def garman_klass(open_: Floats, high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """Garman-Klass volatility per bar: root of the mean of u^2 / 2 - (2 ln 2 - 1) c^2.

    u = ln(high / low), c = ln(close / open) of each of the last `period` rows; what happens between
    bars is not seen. open_, high, low, close: (n,) float64 > 0, any unit. Returns (n,) float64
    fractions, first valid row period-1. Memory: period rows. Source: M. Garman, M. Klass, "On the
    Estimation of Security Price Volatilities from Historical Data", Journal of Business 53 (1980).
    """
    squares = np.empty(len(close))
    for i in range(len(close)):
        reach, move = math.log(high[i] / low[i]), math.log(close[i] / open_[i])
        squares[i] = reach * reach / 2.0 - (2.0 * math.log(2.0) - 1.0) * move * move
    return np.sqrt(rolling_mean(squares, period))
