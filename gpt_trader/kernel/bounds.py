"""The limits that the kernel's own arithmetic names; the guards' table has all of them."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.record import record_type


class Bounds(NamedTuple):
    """The limits that the kernel's own arithmetic names. Ratios are of equity; inf: no limit.

    The guards' table has all limits. NaN: it did not arrive, and the guard that needs it refuses.
    """

    max_product: float
    max_daily_loss: float
    max_drawdown: float
    rebalance_band: float
    min_multiple: float  # an entry is at least so many exchange minimums


BOUNDS = record_type(Bounds)


def bounds_from(limits: Mapping[str, float]) -> Bounds:
    """Return bounds from limits by name."""
    return Bounds(*(float(limits.get(name, math.nan)) for name in Bounds._fields))


def bounds_record(limits: Mapping[str, float]) -> NDArray[np.void]:
    """Return one record of BOUNDS from limits by name."""
    return np.array([bounds_from(limits)], BOUNDS)


@compiled
def bounds_of(record: NDArray[np.void]) -> Bounds:
    """Bounds that one record holds."""
    found = record[0]
    return Bounds(
        max_product=found["max_product"],
        max_daily_loss=found["max_daily_loss"],
        max_drawdown=found["max_drawdown"],
        rebalance_band=found["rebalance_band"],
        min_multiple=found["min_multiple"],
    )
