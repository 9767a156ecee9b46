"""How sure a result is: intervals, the probability of skill, what the best of many tries hides."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVEL = 0.90
RESAMPLES = 1_000
FAN_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Range:
    """The ends of an interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Trials:
    """The other trials on overlapping products and times; what is tried now is not among them.

    sharpes: of a day, not annualized, of those trials that have one. count: all of them.
    note: why there may have been more, such as "trials before 2026-03-01 unknown"; None if the
    record is whole.
    """

    sharpes: tuple[float, ...] = ()
    count: int = 0
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Inference:
    """What chance may have added. Sharpe ratios are annualized by sqrt(365); None: undefined.

    level: share of resamples inside each interval. block_days: mean length of a resampled block.
    days: daily returns the intervals rest on. fan: (5, d) float64, equity over its start at the
    close of each of the d = days + 1 calendar days, quantiles .05 .25 .5 .75 .95 over resamples.
    psr: probability that the true Sharpe is above 0. dsr: the same against
    `expected_best_sharpe`, what the best of `trials` worthless tries is expected to show; None if
    nobody counted. trials: this one included. trials_note: why there may have been more, or None.
    """

    level: float
    resamples: int
    block_days: float
    days: int
    return_pct: Range | None
    sharpe: Range | None
    max_drawdown_pct: Range | None
    fan: Floats
    psr: float | None
    dsr: float | None
    min_track_record_days: float | None
    trials: int
    trials_note: str | None
    expected_best_sharpe: float | None
