"""Bands and lines around the price: Keltner, Supertrend, Ichimoku.

Conventions are those of `averages`: same length, causal, NaN while there is no value. Prices may
be ticks or quote, float64.
"""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit
from gpt_trader.kernel.features.averages import ago, ema
from gpt_trader.kernel.features.wilder import atr
from gpt_trader.kernel.features.window import highest, lowest

Floats = NDArray[np.float64]


@njit(cache=True)
def keltner(
    high: Floats, low: Floats, close: Floats, period: int, atr_period: int, width: float
) -> tuple[Floats, Floats, Floats]:
    """Keltner channel: EMA(close, period) and EMA +- width ATR(atr_period).

    high, low, close: (n,) float64. Returns lower, middle, upper as (n,) float64 in their unit,
    first valid row of the middle period-1, of the others max(period-1, atr_period). Memory:
    recursive, alpha 2 / (period + 1) and 1 / atr_period. Source: C. Keltner, How to Make Money in
    Commodities (1960), with L. Raschke's EMA and ATR.
    """
    middle = ema(close, period)
    reach = width * atr(high, low, close, atr_period)
    return middle - reach, middle, middle + reach


@njit(cache=True)
def supertrend(
    high: Floats, low: Floats, close: Floats, period: int, factor: float
) -> tuple[Floats, Floats]:
    """Supertrend line and direction, 1 while the line is below the close, -1 while above.

    Bands: (high + low) / 2 -+ factor ATR(period). The lower one only rises and the upper one only
    falls, until a close was beyond it. A close beyond the line turns to the other band. high, low,
    close: (n,) float64. Returns two (n,) float64, first valid row `period`, where the direction is
    -1 unless the close is above. Memory: recursive, alpha 1 / period, and all rows since the last
    turn. Source: O. Seban's Supertrend, with the rules of TradingView's ta.supertrend.
    """
    reach = factor * atr(high, low, close, period)
    line = np.full(len(close), np.nan)
    direction = np.full(len(close), np.nan)
    lower = upper = now = np.nan
    for i in range(period, len(close)):
        middle = (high[i] + low[i]) / 2.0
        below, above = middle - reach[i], middle + reach[i]
        if i == period or below > lower or close[i - 1] < lower:
            lower = below
        if i == period or above < upper or close[i - 1] > upper:
            upper = above
        if i == period or now < 0.0:
            now = 1.0 if close[i] > upper else -1.0
        else:
            now = -1.0 if close[i] < lower else 1.0
        direction[i] = now
        line[i] = lower if now > 0.0 else upper
    return line, direction


@njit(cache=True)
def ichimoku(
    high: Floats, low: Floats, conversion: int, base: int, span: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Ichimoku's conversion and base line, and the leading spans A and B that a chart shows here.

    The middle (highest high + lowest low) / 2 of `conversion` and of `base` rows; A the mean of
    both, B the middle of `span` rows, each as it was `base` rows ago: a chart draws them that far
    ahead, so no row knows later ones. The lagging span is the close drawn back over earlier bars;
    hold close against ago(close, base) instead. high, low: (n,) float64. Returns four (n,) float64
    in their unit, first valid rows conversion-1, base-1, 2 base - 1 and span + base - 1
    (conversion <= base <= span). Memory: span + base rows. Source: G. Hosoda, Ichimoku Kinko Hyo
    (1969); usual are 9, 26 and 52.
    """
    fast = (highest(high, conversion) + lowest(low, conversion)) / 2.0
    slow = (highest(high, base) + lowest(low, base)) / 2.0
    far = (highest(high, span) + lowest(low, span)) / 2.0
    return fast, slow, ago((fast + slow) / 2.0, base), ago(far, base)
