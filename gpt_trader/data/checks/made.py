"""Bars that were made of other bars: midway between their neighbors, or copied from earlier ones.

Neither is seen in a bar by itself. A line that was drawn through missing bars, or a mean of both
neighbors, knows the bar after it; copied days are told by the first ones. docs/data.md says what
these find in real bars.
"""

import numpy as np

from gpt_trader.domain.bars import Bars, Ints
from gpt_trader.kernel.copies import EXACT, NEAR, again, middles, pairs, patterns

SURE = 4.0  # standard deviations beyond twice what chance makes
ALL_UP_TO = 100_000  # bars of which every stretch is looked up, of more one in SPARSE
SPARSE = 16


def midway(bars: Bars) -> Ints:
    """Return the rows whose closes lie between their neighbors more often than by chance.

    (k,) int64, ascending, those that are so by chance among them; none where they may all be.
    """
    marks, chance = middles(bars.close)
    for mark, by_chance in zip((EXACT, NEAR), chance.tolist(), strict=True):
        rows = np.flatnonzero(marks & mark)
        if len(rows) > 2.0 * by_chance + SURE * (len(rows) + 4.0 * by_chance) ** 0.5:
            return rows
    return np.empty(0, np.int64)


def repeated(bars: Bars) -> Ints:
    """Return the rows, (k,) int64 ascending, whose closes go as an earlier stretch went; linear."""
    one_in = SPARSE if len(bars) > ALL_UP_TO else 1
    return np.flatnonzero(again(bars.close, *pairs(patterns(bars.close), one_in)))
