"""Bars put into a month that is stored already."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gpt_trader.data.store.grid import on_one_grid
from gpt_trader.data.store.partition import Partition
from gpt_trader.data.store.spans import Span, merge
from gpt_trader.domain.bars import Bars, Ints, join

Counts = tuple[int, int, int]
"""Bars that were new, that changed, that were there already."""


def upsert(
    old: Partition | None, bars: Bars, asked: Sequence[Span], source: str
) -> tuple[Partition, Counts]:
    """Return a month with bars in place of those with the same open, and what that changes.

    old: None, the month is not stored yet. Prices are on the coarsest grid that holds all exactly;
    raises DataError where int64 ticks cannot hold them.
    """
    if old is None:
        return Partition(bars, merge(asked), (source,)), (len(bars), 0, 0)
    sources = old.sources if source in old.sources else (*old.sources, source)
    before, after = on_one_grid([old.bars, bars])
    kept = ~np.isin(before.time, after.time)
    place = np.searchsorted(before.time, after.time)
    place = np.minimum(place, len(before) - 1)
    known = before.time[place] == after.time if len(before) else np.zeros(len(after), np.bool_)
    same = known & _equal(before, place, after) if len(before) else known
    both = join(before[np.flatnonzero(kept)], after)
    both = both[np.argsort(both.time, kind="stable")]
    counts = (int((~known).sum()), int((known & ~same).sum()), int(same.sum()))
    return Partition(both, merge((*old.asked, *asked)), sources), counts


def _equal(before: Bars, place: Ints, after: Bars) -> NDArray[np.bool_]:
    """Return where bars are the same as those at some rows before, on one grid."""
    same: NDArray[np.bool_] = before.quotes[place] == after.quotes
    for name in ("open", "high", "low", "close", "volume", "funding_rate"):
        same &= getattr(before, name)[place] == getattr(after, name)
    return same
