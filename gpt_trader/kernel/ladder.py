"""A grid of levels below a price: how many of them are bought."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@njit(cache=True)
def levels_held(
    close: Ints, place: Ints, low: Floats, high: Floats, levels: int, stop: float
) -> Floats:
    """Return how many levels of a grid are bought at each row: (n,) float64, NaN without a grid.

    close: (n,) int64 ticks. place: (n,) int64 which of k grids stands at a row, -1: none; one that
    is new holds the levels above its first close. low, high: (k,) float64 ticks, the bounds of each
    grid, cut into `levels` equal steps. A level is bought where the close is at or below it, sold
    where it is a step above it. stop: a close below low * (1 - stop) sells all until the next.
    """
    out = np.full(len(close), np.nan)
    held = 0.0
    stopped = False
    for i in range(len(close)):
        k = place[i]
        if k < 0:
            continue
        is_new = i == 0 or place[i - 1] != k
        step = (high[k] - low[k]) / levels
        if is_new:
            stopped = step <= 0.0
        if close[i] < low[k] * (1.0 - stop):
            stopped = True
        if stopped:
            out[i] = 0.0
            continue
        below = (high[k] - close[i]) / step
        bought, kept = np.floor(below), np.ceil(below)
        held = bought if is_new else min(max(held, bought), kept)
        held = min(max(held, 0.0), float(levels))
        out[i] = held
    return out
