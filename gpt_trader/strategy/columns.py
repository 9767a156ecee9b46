"""What strategies share: columns in quote prices, warm-up rows, years in bars."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars, Floats

# A recursive average forgets its seed by the factor e^-60 in this many periods: two runs from
# different seeds are then a rounding error apart, and `settle` removes that.
EMA_MEMORY = 30
WILDER_MEMORY = 60

VOLATILITY_GRID = 2.0**30  # volatilities are settled to about 1e-9 of the price
YEAR_MS = 365 * 86_400_000

Flags = NDArray[np.bool_]


def prices(bars: Bars, ticks: Floats) -> Floats:
    """Return ticks as quote prices, for conditions that people read."""
    return ticks * bars.product.tick


def from_row(first: int, values: Floats) -> Floats:
    """Return values with NaN in the rows before `first`: not enough history for an opinion."""
    out = np.array(values, np.float64)
    out[: max(first, 0)] = np.nan
    return out


def level(bars: Bars, first: int, value: float) -> Floats:
    """Return a constant column, NaN in the rows before `first`."""
    out = np.full(len(bars), value)
    out[: max(first, 0)] = np.nan
    return out


def weight_while(held: Flags, first: int, weight: float) -> Floats:
    """Return `weight` where held and 0 elsewhere, NaN in the rows before `first`."""
    out = np.where(held, weight, 0.0)
    out[: max(first, 0)] = np.nan
    return out


def per_bar(volatility_per_year: float, interval_ms: int) -> float:
    """Return a yearly volatility as one per bar; crypto trades 365 days a year."""
    return volatility_per_year / sqrt(YEAR_MS / interval_ms)
