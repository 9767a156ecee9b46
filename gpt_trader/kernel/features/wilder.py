"""Wilder's features (New Concepts in Technical Trading Systems, 1978), as TA-Lib has them.

Wilder's average of period n has alpha = 1/n and starts from a plain mean (ADX: a plain sum of
n-1). Conventions are those of `features`: same length, causal, NaN while there is no value.
"""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALMOST_ZERO = 1e-14  # TA-Lib's own: below it a sum of moves counts as no move


@njit(cache=True)
def wilder_moves(close: Floats, period: int) -> tuple[Floats, Floats]:
    """Wilder's averages of gains and of losses, both >= 0, in the unit of close.

    close: (n,) float64. Returns two (n,) float64, first valid row `period`; a NaN in close
    restarts both. Memory: recursive, alpha 1 / period.
    """
    gains = np.full(len(close), np.nan)
    losses = np.full(len(close), np.nan)
    seen = -1
    gain = 0.0
    loss = 0.0
    for i in range(len(close)):
        if np.isnan(close[i]):
            seen = -1
            continue
        seen += 1
        if seen == 0:
            gain = 0.0
            loss = 0.0
            continue
        move = close[i] - close[i - 1]
        up = max(move, 0.0)
        down = max(-move, 0.0)
        if seen > period:
            gain = (gain * (period - 1) + up) / period
            loss = (loss * (period - 1) + down) / period
        else:
            gain += up
            loss += down
            if seen < period:
                continue
            gain /= period
            loss /= period
        gains[i] = gain
        losses[i] = loss
    return gains, losses


@njit(cache=True)
def rsi(close: Floats, period: int) -> Floats:
    """Relative strength index in [0, 100]: 100 gains / (gains + losses) (TA-Lib RSI).

    close: (n,) float64. Returns (n,) float64, first valid row `period`; 0 where nothing moved.
    Memory: recursive, alpha 1 / period.
    """
    out, losses = wilder_moves(close, period)
    for i in range(len(out)):
        total = out[i] + losses[i]
        if total > ALMOST_ZERO:
            out[i] = 100.0 * (out[i] / total)
        elif total <= ALMOST_ZERO:
            out[i] = 0.0
    return out


@njit(cache=True)
def true_range_at(high: Floats, low: Floats, close: Floats, i: int) -> float:
    """True range of row i >= 1: the bar's range, stretched to the close before it.

    Memory: 2 rows.
    """
    before = close[i - 1]
    reach: float = max(high[i], before) - min(low[i], before)
    return reach


@njit(cache=True)
def atr(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """Average true range in the unit of the prices (TA-Lib ATR).

    high, low, close: (n,) float64. Returns (n,) float64, first valid row `period`. Memory:
    recursive, alpha 1 / period.
    """
    out = np.full(len(close), np.nan)
    state = 0.0
    for i in range(1, len(close)):
        reach = true_range_at(high, low, close, i)
        if i > period:
            state = (state * (period - 1) + reach) / period
        else:
            state += reach
            if i < period:
                continue
            state /= period
        out[i] = state
    return out


@njit(cache=True)
def adx(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """Average directional index in [0, 100], direction-free strength of a trend (TA-Lib ADX).

    high, low, close: (n,) float64; period >= 2. Returns (n,) float64, first valid row
    2 period - 1. A row without any directional move keeps the index before it. Memory: recursive,
    alpha 1 / period.
    """
    out = np.full(len(close), np.nan)
    reach = 0.0
    plus = 0.0
    minus = 0.0
    state = 0.0
    for i in range(1, len(close)):
        up = high[i] - high[i - 1]
        down = low[i - 1] - low[i]
        if i >= period:
            reach -= reach / period
            plus -= plus / period
            minus -= minus / period
        reach += true_range_at(high, low, close, i)
        if up > down and up > 0.0:
            plus += up
        elif down > up and down > 0.0:
            minus += down
        if i < period:
            continue
        index = -1.0
        if abs(reach) > ALMOST_ZERO:
            plus_index = 100.0 * (plus / reach)
            minus_index = 100.0 * (minus / reach)
            if plus_index + minus_index > ALMOST_ZERO:
                index = 100.0 * (abs(minus_index - plus_index) / (plus_index + minus_index))
        if i >= 2 * period:
            if index >= 0.0:
                state = (state * (period - 1) + index) / period
        else:
            state += max(index, 0.0)
            if i < 2 * period - 1:
                continue
            state /= period
        out[i] = state
    return out
