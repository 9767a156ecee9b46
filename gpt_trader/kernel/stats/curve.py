"""What a run's equity and prices went through: time in the market, drawdowns, excursions."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.kernel.stats.stats import OPEN

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Rows = NDArray[np.void]


@njit(cache=True)
def exposure(fills: Rows, products: int, equity: Floats) -> tuple[int, float]:
    """Return (bars at whose close any product is held, sum over bars of the share invested).

    equity: (n,) float64 quote. The share is |equity - cash| / equity: longs less shorts.
    """
    position = np.zeros(products, np.int64)
    holding = 0
    held = 0
    invested = 0.0
    for i in range(len(fills)):
        f = fills[i]
        p = f["product"]
        was = position[p] != 0
        position[p] += f["side"] * f["lots"]
        holding += int(position[p] != 0) - int(was)
        if holding == 0:
            continue
        until = fills[i + 1]["bar"] if i + 1 < len(fills) else len(equity)
        cash = f["cash"] / UNITS_PER_QUOTE
        held += until - f["bar"]
        for bar in range(f["bar"], until):
            if equity[bar] > 0.0:
                invested += abs(1.0 - cash / equity[bar])
    return held, invested


@njit(cache=True)
def drawdown(
    equity: Floats, time: Ints, interval_ms: int, start: float
) -> tuple[float, int, int, float, float]:
    """Return (deepest fall, longest time below a peak, bars below one, highest, lowest).

    equity: (n,) float64 quote at the closes of the bars that open at time: (n,) int64 ms. Depth is
    a fraction of the peak, the first peak `start` at the first open. The time, ms, runs from a peak
    to the close that reaches it again; a fall that has not recovered counts to the last close.
    """
    n = len(equity)
    peak = trough = lowest = start
    peak_row = -1
    deepest = 0.0
    longest = 0
    below = 0
    for i in range(n):
        now = equity[i]
        if now >= peak:
            if trough < peak:
                deepest = max(deepest, 1.0 - trough / peak)
                longest = max(longest, _since(time, i, peak_row, interval_ms))
                below += i - peak_row - 1
                lowest = min(lowest, trough)
            peak = trough = now
            peak_row = i
        elif now < trough:
            trough = now
    if trough < peak:
        deepest = max(deepest, 1.0 - trough / peak)
        longest = max(longest, _since(time, n - 1, peak_row, interval_ms))
        below += n - peak_row - 1
        lowest = min(lowest, trough)
    return deepest, longest, below, peak, lowest


@njit(cache=True)
def _since(time: Ints, row: int, peak_row: int, interval_ms: int) -> int:
    """Time between the closes of two rows, ms; row -1 is the first open."""
    return int(time[row] + interval_ms - time[0] if peak_row < 0 else time[row] - time[peak_row])


@njit(cache=True)
def deepest_drawdowns(equity: Floats, start: float, most: int) -> tuple[Ints, Floats]:
    """Return ((k, 3) int64 rows of peak, trough and return to the peak, (k,) depths as fractions).

    At most `most`, the deepest first, none overlapping. equity: (n,) float64; the first peak is
    `start`, row -1. A fall that has not recovered has OPEN for its return.
    """
    rows = np.zeros((most + 1, 3), np.int64)
    depths = np.zeros(most + 1)
    found = 0
    peak = lowest = start
    peak_row = trough_row = -1
    for i in range(len(equity) + 1):
        over = i == len(equity)
        if over or equity[i] >= peak:
            if lowest < peak:
                depth = 1.0 - lowest / peak
                k = found
                while k > 0 and depths[k - 1] < depth:
                    rows[k], depths[k] = rows[k - 1], depths[k - 1]
                    k -= 1
                rows[k, 0], rows[k, 1], rows[k, 2] = peak_row, trough_row, OPEN if over else i
                depths[k] = depth
                found = min(found + 1, most)
            if not over:
                peak = lowest = equity[i]
                peak_row = i
        elif equity[i] < lowest:
            lowest = equity[i]
            trough_row = i
    return rows[:found], depths[:found]


@njit(cache=True)
def excursions(
    side: Ints,
    entry: Ints,
    end: Ints,
    at_open: NDArray[np.bool_],
    entry_ticks: Floats,
    exit_ticks: Floats,
    open_ticks: Ints,
    high: Ints,
    low: Ints,
    close: Ints,
) -> Floats:
    """Return (2, k) float64: how far the price ran against and for each trade, percent, positive.

    Of one product: side, rows of entry and exit (n while open), whether the entry was at the open,
    average prices in ticks, each (k,); bars (n,) int64 ticks. Only prices that surely were seen
    while the trade was held count: the entry bar wholly if entered at its open, else its close;
    of the exit bar its open and the exit itself.
    """
    out = np.zeros((2, len(side)))
    n = len(close)
    for k in range(len(side)):
        first, last = entry[k], end[k]
        lowest = highest = entry_ticks[k]
        if last < n:
            lowest, highest = min(lowest, exit_ticks[k]), max(highest, exit_ticks[k])
            if last > first:
                lowest, highest = min(lowest, open_ticks[last]), max(highest, open_ticks[last])
        if last > first:
            seen_low, seen_high = close[first], close[first]
            for i in range(first if at_open[k] else first + 1, last):
                seen_low, seen_high = min(seen_low, low[i]), max(seen_high, high[i])
            lowest, highest = min(lowest, seen_low), max(highest, seen_high)
        below = (1.0 - lowest / entry_ticks[k]) * 100.0
        above = (highest / entry_ticks[k] - 1.0) * 100.0
        out[0, k], out[1, k] = (below, above) if side[k] > 0 else (above, below)
    return out
