"""What doing nothing clever would have given: buy and hold, and as much of it as is as risky."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Baselines:
    """Equity over its start at the close of each of d calendar days, (d,) float64, and its sums.

    vol_matched: buy and hold with the constant exposure, at most 1, at which its daily volatility
    is the strategy's. Sharpe ratios are annualized; None where undefined.
    """

    buy_hold: Floats
    vol_matched: Floats
    buy_hold_return_pct: float
    vol_matched_return_pct: float
    buy_hold_sharpe: float | None
    vol_matched_sharpe: float | None
