"""Choosing a point that its neighbors support: a plateau, not a spike.

The rule: a point's plateau score is the median score of itself and of its neighbors, which are
the points at most one step away on each axis; impossible points and points without a score do
not count. The point with the highest plateau score is chosen; of equals the one with the higher
score of its own, then the first in grid order. A lone peak among bad neighbors is luck.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def plateau_scores(scores: Floats, shape: tuple[int, ...]) -> Floats:
    """Return (k,) float64: each point's plateau score; NaN where it has no score itself.

    scores: (k,) in row-major order of a grid of `shape`, NaN: none.
    """
    grid = scores.reshape(shape)
    padded = np.pad(grid, 1, constant_values=np.nan)
    around = np.stack(
        [
            padded[tuple(slice(at, at + size) for at, size in zip(steps, shape, strict=True))]
            for steps in product(range(3), repeat=len(shape))
        ]
    )
    return np.where(np.isnan(scores), np.nan, _median(around).ravel())


def choose(scores: Floats, shape: tuple[int, ...]) -> int | None:
    """Return the index of the point that the rule chooses; None where no point has a score."""
    if np.isnan(scores).all():
        return None
    plateau = plateau_scores(scores, shape)
    best = np.flatnonzero(plateau == np.nanmax(plateau))
    return int(best[np.argmax(scores[best])])


def _median(stacked: Floats) -> Floats:
    """Median over the first axis, NaN left out and NaN where there is nothing else."""
    ordered = np.sort(stacked, axis=0)  # NaN last
    count = np.count_nonzero(~np.isnan(ordered), axis=0)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(ordered) - 1)
    middle = [np.take_along_axis(ordered, at[None], axis=0)[0] for at in (low, high)]
    return np.asarray((middle[0] + middle[1]) / 2.0)
