"""One pass over bars for rows that a closer look is worth: what data.checks.odd judges."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

WICK = 1  # the high or the low is a twentieth or more beyond open and close
MOVED = 2  # open or close is a twentieth or more from the close before
STUCK = 4  # one of a run of bars that repeat the one before, which is no chance
STALE = 8  # one of a run of bars in which no price moved
PLAIN_TICKS = 10  # a range from which on the same four prices twice are no chance
STUCK_BARS = 3  # of a run, at least
STALE_BARS = 12


@njit(cache=True)
def suspects(opens: Ints, high: Ints, low: Ints, close: Ints, volume: Floats) -> NDArray[np.uint8]:
    """Return (n,) uint8: the marks above that each bar has, added up. Prices are ticks, all (n,).

    The same prices twice are no chance if their range is PLAIN_TICKS or more, or if something was
    traded and the volume is the same, too.
    """
    marks = np.zeros(len(close), np.uint8)
    stuck = stale = 0  # bars of the run that this one is in
    for i in range(len(close)):
        top, bottom = max(opens[i], close[i]), min(opens[i], close[i])
        if (high[i] - top) * 20 >= top or (bottom - low[i]) * 20 >= low[i]:
            marks[i] = WICK
        if i == 0:
            continue
        before = close[i - 1]
        if max(top, before) * 20 >= min(bottom, before) * 21:
            marks[i] |= MOVED
        if close[i] != before:
            stuck = stale = 0
            continue
        stale = stale + 1 if high[i] == low[i] else 0
        if stale >= STALE_BARS:
            _mark(marks, i, stale, STALE_BARS, STALE)
        plain = high[i] - low[i] >= PLAIN_TICKS or (volume[i] > 0.0 and volume[i] == volume[i - 1])
        same = high[i] == high[i - 1] and low[i] == low[i - 1] and opens[i] == opens[i - 1]
        stuck = stuck + 1 if same and plain else 0
        if stuck >= STUCK_BARS:
            _mark(marks, i, stuck, STUCK_BARS, STUCK)
    return marks


@njit(cache=True)
def _mark(marks: NDArray[np.uint8], row: int, run: int, least: int, mark: int) -> None:
    """Mark a row of a run; the first that makes it long enough marks those before, too."""
    for i in range(row - least + 1 if run == least else row, row + 1):
        marks[i] |= mark
