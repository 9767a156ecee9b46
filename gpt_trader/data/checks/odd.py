"""Rows of bars that may not be true: each price held against the bars around it.

A move is measured as a factor less 1, alike up and down (a price that doubles and one that halves
both move by 1). It is far from so many usual ranges on: the median of (high - low) / low of the
hundred bars that it is in. No move below LEAST counts, however calm the market is.

Thresholds were set on real bars; docs/data.md says what they find in those.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars, Floats, Ints
from gpt_trader.kernel.suspects import MOVED, STALE, STUCK, WICK, suspects

BLOCK = 100  # bars of which a usual range is taken
LEAST = 0.05  # of a far move; what `suspects` marks
AROUND = 3  # bars before and after, of which one should come near a true price
BACK = 0.25  # most of a move that may be left when it is said to have come back

# usual ranges from which on a move is far
FAR_WICK = 8.0  # a high or low beyond every open and close around it
FAR_PRINT = 7.0  # a close or open that comes back
FAR_JUMP = 5.0  # from a close to the next open
FAR_GAP = 2.0  # across many missing bars, times the square root of the steps
FAR_INSIDE, LEAST_INSIDE = 12.0, 1.5  # from a bar's open to its close


class Odd(NamedTuple):
    """Rows, ascending, (k,) int64, and how far each is off, (k,) float64, as a factor less 1."""

    rows: Ints
    sizes: Floats


class OddRows(NamedTuple):
    """What is odd about bars.

    wicks: highs or lows that nothing around comes near. prints: opens or closes that were off and
    came back. levels: first rows of a new level. gaps: first rows after missing bars, far from the
    last before. stuck: repeats of the bar before. stale: bars of long runs without movement.
    """

    wicks: Odd
    prints: Odd
    levels: Odd
    gaps: Odd
    stuck: Ints
    stale: Ints


def odd_rows(bars: Bars) -> OddRows:
    """Return what is odd, one pass over all bars and a closer look at few; a few ns a bar."""
    marks = suspects(bars.open, bars.high, bars.low, bars.close, bars.volume)
    rows = np.flatnonzero(marks)
    marked = marks[rows]
    prints, levels, gaps = _far_moves(bars, rows[(marked & MOVED) > 0])
    return OddRows(
        _far_wicks(bars, rows[(marked & WICK) > 0]),
        prints,
        levels,
        gaps,
        rows[(marked & STUCK) > 0],
        rows[(marked & STALE) > 0],
    )


def _usual_ranges(bars: Bars, rows: Ints) -> Floats:
    """Return, for some rows, the median of (high - low) / low of the block that each is in."""
    last = max(len(bars) // BLOCK - 1, 0)
    blocks, which = np.unique(np.minimum(rows // BLOCK, last), return_inverse=True)
    inside = blocks[:, None] * BLOCK + np.arange(min(BLOCK, len(bars)))
    ranges = (bars.high[inside] - bars.low[inside]) / bars.low[inside]
    return np.asarray(np.median(ranges, axis=1)[which])


def _far_wicks(bars: Bars, near: Ints) -> Odd:
    """Tell far highs and lows; near: the rows to look at."""
    usual = _usual_ranges(bars, near)
    width = min(2 * AROUND + 1, len(bars))  # at the ends as many: none counts twice
    first = np.clip(near - AROUND, 0, len(bars) - width)
    around = first[:, None] + np.arange(width)
    bodies = np.stack([bars.open[around], bars.close[around]])
    up = _beyond(bars.high, bodies.max(axis=(0, 2)), near, around)
    down = _beyond(-bars.low, -bodies.min(axis=(0, 2)), near, around)
    sizes = np.maximum(up, down)
    far = sizes > np.maximum(FAR_WICK * usual, LEAST)
    return Odd(near[far], sizes[far])


def _beyond(tips: Ints, bodies: Ints, rows: Ints, around: Ints) -> Floats:
    """Return how far tips lie beyond all that is around them; lows come with their sign turned.

    Around are the bodies of the bars, and the median tip, which bad ones cannot move.
    """
    reach = np.maximum(bodies, np.median(tips[around], axis=1))
    return np.where(tips[rows] > reach, _factor(tips[rows], reach), 0.0)


def _far_moves(bars: Bars, near: Ints) -> tuple[Odd, Odd, Odd]:
    """Tell prints, levels and gaps apart by what follows them; near: the rows to look at."""
    before = bars.close[near - 1]
    between = _factor(bars.open[near], before)
    moved = np.maximum(between, _factor(bars.close[near], before))
    steps = (bars.time[near] - bars.time[near - 1]) // bars.interval_ms
    inside = _factor(bars.close[near], bars.open[near])
    usual = _usual_ranges(bars, near)
    wide = usual * np.maximum(FAR_JUMP, FAR_GAP * np.sqrt(steps))
    gap = (steps > 1) & (between > np.maximum(wide, LEAST))
    prints = moved > np.maximum(FAR_PRINT * usual, LEAST)
    levels = (between > np.maximum(FAR_JUMP * usual, LEAST)) | (
        inside > np.maximum(FAR_INSIDE * usual, LEAST_INSIDE)
    )
    off: dict[int, float] = {}
    stayed: dict[int, float] = {}
    back = -1  # the row with which the last print came back
    for i in np.flatnonzero((steps == 1) & (prints | levels)).tolist():
        row, size = int(near[i]), float(moved[i])
        if row <= back:
            continue
        returned = _back(bars, row, size)
        if returned is None and prints[i] and not levels[i] and row + AROUND >= len(bars):
            returned = len(bars)  # nobody can tell yet
        if returned is None and levels[i]:
            stayed[row] = size
        elif returned is not None and prints[i]:
            back = returned
            off.update(dict.fromkeys(range(row, max(returned, row + 1)), size))
    return _odd(off), _odd(stayed), Odd(near[gap], between[gap])


def _back(bars: Bars, row: int, size: float) -> int | None:
    """Return the row at whose close the price is back where it was before `row`; None: it stayed.

    It is the row itself where only the open was off.
    """
    later = np.arange(row, min(row + AROUND, len(bars) - 1) + 1)
    left = _factor(bars.close[later], bars.close[row - 1])
    back = np.flatnonzero(left < BACK * size)
    return int(later[back[0]]) if len(back) else None


def _factor(a: NDArray[np.number], b: NDArray[np.number]) -> Floats:
    """Return how far a is from b: the larger over the smaller, less 1. Both of one sign."""
    ratio = np.asarray(a / b, np.float64)
    return np.maximum(ratio, 1.0 / ratio) - 1.0


def _odd(found: dict[int, float]) -> Odd:
    rows = np.array(sorted(found), np.int64)
    return Odd(rows, np.array([found[row] for row in rows.tolist()], np.float64))
