"""Features that are exact on ticks, as they are on prices."""

import numpy as np

from gpt_trader.kernel.features.averages import Floats
from gpt_trader.kernel.features.window import rolling_mean, rolling_std


def bollinger_of_floats(values: Floats, period: int, width: float) -> tuple[Floats, Floats, Floats]:
    """Return lower, middle and upper band."""
    middle, reach = rolling_mean(values, period), width * rolling_std(values, period)
    return middle - reach, middle, middle + reach


def sma_cross_of_floats(values: Floats, fast: int, slow: int) -> Floats:
    """Return the sign of SMA(fast) - SMA(slow); a tie may be missed by a rounding error."""
    return np.sign(rolling_mean(values, fast) - rolling_mean(values, slow))
