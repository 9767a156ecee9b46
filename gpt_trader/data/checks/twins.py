"""Products that are one market: a file given twice, or one coin from several places.

Whoever holds both holds one of them twice. Coins move together, and none as another does: the days
of the two largest follow each other by a correlation of 0.8. A perpetual and its own coin are two
markets for all that, whose prices differ by what is paid between them.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars, Floats

ALIKE = 0.99  # correlation of changes, from which on they are one market's
ALIKE_BESIDE_PERPETUAL = 0.9999  # of a perpetual's and of its coin's: those of one file
LEAST = 20  # changes that both have
MOST = 4_096  # changes that are looked at; of more, longer ones
WIDEST = 5.0  # mean changes: what is farther out is left out, or one bad price would hide it


class Twin(NamedTuple):
    """A product that goes as an earlier one of the same series: their numbers, how many changes."""

    later: int
    first: int
    correlation: float
    changes: int


def twins(series: Sequence[Bars]) -> Iterator[Twin]:
    """Yield each product whose closes move at the same times as those of one before it."""
    if len(series) < 2:
        return
    moves = _moves(series)
    for later in range(1, len(series)):
        for first in range(later):
            found = _correlation(moves[first], moves[later])
            is_mixed = series[first].product.is_perpetual != series[later].product.is_perpetual
            if found[0] >= (ALIKE_BESIDE_PERPETUAL if is_mixed else ALIKE):
                yield Twin(later, first, *found)
                break


def _moves(series: Sequence[Bars]) -> Floats:
    """Return (p, m) changes of the logarithms of closes, NaN where one is not known."""
    begin = min(int(bars.time[0]) for bars in series)
    end = max(int(bars.time[-1]) for bars in series)
    bar_ms = max(bars.interval_ms for bars in series)
    step_ms = bar_ms * max(1, -(-((end - begin) // bar_ms) // MOST))
    levels = np.full((len(series), (end - begin) // step_ms + 1), np.nan)
    for level, bars in zip(levels, series, strict=True):
        place = (bars.time - begin) // step_ms
        last = np.flatnonzero(np.diff(place, append=place[-1] + 1))
        level[place[last]] = np.log(bars.close[last])
    return np.asarray(np.diff(levels, axis=1))


def _correlation(a: Floats, b: Floats) -> tuple[float, int]:
    """Return the correlation of what both have, far changes left out, and of how many; 0 of few."""
    both = ~(np.isnan(a) | np.isnan(b))
    x, y = a[both], b[both]
    if len(x) < LEAST:
        return 0.0, len(x)
    near = _is_near(x) & _is_near(y)
    x, y = x[near] - x[near].mean(), y[near] - y[near].mean()
    power = float((x @ x) * (y @ y))
    return (float(x @ y) / power**0.5 if power > 0.0 else 0.0), len(x)


def _is_near(moves: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.abs(moves) <= WIDEST * np.mean(np.abs(moves)))
