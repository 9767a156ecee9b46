"""Finer bars that decide what happened inside a bar."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Detail(NamedTuple):
    """Fine bars of all products, one product after the other.

    open_ticks, high, low: (m,) int64 ticks. volume: (m,) float64 base units. half_spread: (m,)
    int64 e8, NO_QUOTE: none. begin, end: (n, p) int64, product j's fine bars of grid bar i are
    rows begin[i, j] to end[i, j], the last excluded; nothing at all without detail.
    """

    interval_ms: int
    open_ticks: Ints
    high: Ints
    low: Ints
    volume: NDArray[np.float64]
    half_spread: Ints
    begin: Ints
    end: Ints


def no_detail() -> Detail:
    """Return that there are no finer bars."""
    none = np.zeros(0, np.int64)
    rows = np.zeros((0, 0), np.int64)
    return Detail(0, none, none, none, np.zeros(0), none, rows, rows)
