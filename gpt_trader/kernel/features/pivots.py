"""Pivots: highs and lows that stand out, known only once later rows have confirmed them."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit

Floats = NDArray[np.float64]


@njit(cache=True)
def pivot_highs(high: Floats, left: int, right: int) -> Floats:
    """Price of the pivot high that row i confirms: the high of row i - right; NaN where none.

    It is above the highs of the `left` rows before it and no lower than those of the `right` rows
    after it, so of equal ones the first counts. high: (n,) float64 or int64. Returns (n,) float64
    in its unit: a chart draws it `right` rows earlier, where nobody knew it. First possible row
    left + right. Memory: left + right + 1 rows. Source: B. Williams' fractals, Trading Chaos
    (1995), are left = right = 2; TradingView's ta.pivothigh.
    """
    out = np.full(len(high), np.nan)
    for i in range(left + right, len(high)):
        at = i - right
        stands_out = True
        for k in range(at - left, i + 1):
            if (k < at and high[k] >= high[at]) or high[k] > high[at]:
                stands_out = False
                break
        if stands_out:
            out[i] = high[at]
    return out


@njit(cache=True)
def pivot_lows(low: Floats, left: int, right: int) -> Floats:
    """Price of the pivot low that row i confirms: the low of row i - right; NaN where none.

    As `pivot_highs`, upside down. low: (n,) float64 or int64. Returns (n,) float64 in its unit.
    Memory: left + right + 1 rows. Source: as `pivot_highs`.
    """
    return -pivot_highs(-low, left, right)


@njit(cache=True)
def latest(values: Floats) -> Floats:
    """The newest value that is not NaN, this row included; NaN before the first.

    values: (n,) float64. Returns (n,) float64. Memory: all rows since that value.
    """
    out = np.full(len(values), np.nan)
    for i in range(len(values)):
        out[i] = values[i] if i == 0 or not np.isnan(values[i]) else out[i - 1]
    return out
