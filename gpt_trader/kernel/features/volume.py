"""Indicators of price and volume: OBV, MFI, VWAP.

Conventions are those of `averages`: same length, causal, NaN while there is no value. Prices may
be ticks or quote, volumes base units.
"""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit
from gpt_trader.kernel.features.window import rolling_sum

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@njit(cache=True)
def obv(close: Floats, volume: Floats) -> Floats:
    """On-balance volume: the sum of volumes, those of a falling close subtracted.

    close: (n,) float64 or int64; volume: (n,) float64. Returns (n,) float64 base units; row 0 is
    its own volume, an unchanged close adds nothing. Memory: all rows, so only differences of it are
    the same on a trailing window. Source: J. Granville, New Key to Stock Market Profits (1963);
    TA-Lib OBV.
    """
    out = np.empty(len(close))
    total = 0.0
    for i in range(len(close)):
        if i == 0 or close[i] > close[i - 1]:
            total += volume[i]
        elif close[i] < close[i - 1]:
            total -= volume[i]
        out[i] = total
    return out


@njit(cache=True)
def mfi(high: Floats, low: Floats, close: Floats, volume: Floats, period: int) -> Floats:
    """Money flow index in [0, 100]: 100 rising flow / all flow of `period` rows.

    A row's flow is p x volume, p = (high + low + close) / 3; it is rising where p rose. high, low,
    close, volume: (n,) float64. Returns (n,) float64, first valid row `period`; 0 without any flow.
    Memory: period + 1 rows. Source: G. Quong, A. Soudack, "Volume-Weighted RSI: Money Flow", Stocks
    & Commodities 7 (1989); TA-Lib MFI, but that TA-Lib calls a flow below 1 none.
    """
    typical = (high + low + close) / 3.0
    rising = np.full(len(close), np.nan)
    moving = np.full(len(close), np.nan)
    for i in range(1, len(close)):
        flow = typical[i] * volume[i]
        rising[i] = flow if typical[i] > typical[i - 1] else 0.0
        moving[i] = flow if typical[i] != typical[i - 1] else 0.0
    out, moved = rolling_sum(rising, period), rolling_sum(moving, period)
    for i in range(len(out)):
        if moved[i] > 0.0:
            out[i] = 100.0 * out[i] / moved[i]
    return out


@njit(cache=True)
def vwap_anchored(
    high: Floats, low: Floats, close: Floats, volume: Floats, anchors: Flags
) -> Floats:
    """Volume-weighted average price since the newest anchor: sum of p x volume / sum of volume.

    p = (high + low + close) / 3. high, low, close, volume: (n,) float64; anchors: (n,) bool, where
    it begins anew, that row included. Returns (n,) float64 in the unit of the prices, NaN before
    the first anchor and while nothing was traded since the newest. Memory: the rows since the
    anchor. Source: S. Berkowitz, D. Logue, E. Noser, "The Total Cost of Transactions on the NYSE",
    Journal of Finance 43 (1988).
    """
    out = np.full(len(close), np.nan)
    value = 0.0
    traded = 0.0
    anchored = False
    for i in range(len(close)):
        if anchors[i]:
            anchored = True
            value = 0.0
            traded = 0.0
        if not anchored:
            continue
        value += (high[i] + low[i] + close[i]) / 3.0 * volume[i]
        traded += volume[i]
        if traded > 0.0:
            out[i] = value / traded
    return out


@njit(cache=True)
def session_starts(time: Ints, session_ms: int) -> Flags:
    """Rows that begin a session: the first of each multiple of session_ms UTC, and row 0.

    time: (n,) int64 ms, the bars' opens. Returns (n,) bool. Memory: 2 rows, and row 0, which need
    not begin a session: leave out what comes before the first whole one.
    """
    out = np.zeros(len(time), np.bool_)
    for i in range(len(time)):
        out[i] = i == 0 or time[i] // session_ms != time[i - 1] // session_ms
    return out


@njit(cache=True)
def vwap_session(
    high: Floats, low: Floats, close: Floats, volume: Floats, time: Ints, session_ms: int
) -> Floats:
    """Volume-weighted average price since the session began; a day UTC is 86,400,000 ms.

    high, low, close, volume: (n,) float64; time: (n,) int64 ms, the bars' opens. Returns (n,)
    float64 in the unit of the prices, NaN while nothing was traded in the session, and in a first
    session whose begin is not among the rows. Memory: the rows of one session. Source: as
    `vwap_anchored`.
    """
    starts = session_starts(time, session_ms)
    if len(time) > 0 and time[0] % session_ms != 0:
        starts[0] = False
    return vwap_anchored(high, low, close, volume, starts)
