"""Closes that are means of prices: what follows them can be known, and could never be traded at.

A price at which anybody can trade moves nearly independently of its last change, or what follows
would be known and bought. A mean of prices does not: a day's mean price moves half with the next
one's, by a correlation of 1/4, a mean of three closes by 2/3, and so do filters and lines drawn
through fewer prices. docs/data.md says what real bars show.
"""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.times import HOUR_MS

MOST = 0.1  # what markets stay below, chance apart
MOST_WITHIN_HOURS = 0.2  # of shorter bars: where trades are few, prices follow late
BY_CHANCE = 3.0  # standard deviations of a correlation of independent changes, beside those
WIDEST = 5.0  # mean changes: what is farther out is cut off, or a few days would decide


def followed(close: NDArray[np.int64], interval_ms: int) -> float | None:
    """Return the correlation of a change with the next or the second next, if it is one of means.

    Else None. close: (n,) ticks above 0. Far changes are cut off. Linear in n. Small errors of a
    line's prices hide it from the next change, not from the second.
    """
    n = len(close) - 1
    if n < 3:
        return None
    changes = np.diff(np.log(close))
    most = WIDEST * float(np.mean(np.abs(changes)))
    changes = np.clip(changes, -most, most)
    changes -= changes.mean()
    power = _dot(changes, changes)
    if power == 0.0:
        return None
    found = max(_dot(changes[k:], changes[:-k]) for k in (1, 2)) / power
    usual = MOST if interval_ms >= HOUR_MS else MOST_WITHIN_HOURS
    return found if found > usual + BY_CHANCE / sqrt(n) else None


def _dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the sum of products, on this thread: those of `@` idle at full speed on every core."""
    return float(np.einsum("i,i->", a, b))
