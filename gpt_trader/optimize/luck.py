"""What the search itself is worth: what the best of so many tries shows without any skill."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpt_trader.measure.inference import (
    Trials,
    expected_best_sharpe,
    probabilistic_sharpe,
    trials_variance,
)
from gpt_trader.measure.metrics import DAYS_PER_YEAR, moments

Floats = NDArray[np.float64]
ANNUAL = DAYS_PER_YEAR**0.5


@dataclass(frozen=True, slots=True)
class Luck:
    """Sharpe ratios are annualized. trials: every point that was run, and what was tried before.

    earlier: trials before this search. note: why there may have been more; None: the record is
    whole. expected_best_sharpe: of so many worthless tries. best_sharpe: highest of the grid.
    psr, dsr: probability that the chosen point's true Sharpe is above 0, and above
    `expected_best_sharpe`; None where undefined.
    """

    trials: int
    earlier: int
    note: str | None
    expected_best_sharpe: float
    best_sharpe: float | None
    chosen_sharpe: float | None
    psr: float | None
    dsr: float | None


def luck(returns: Floats, chosen: int | None, earlier: Trials | None) -> Luck:
    """Weigh a grid. returns: (points run, days) daily returns; chosen: a row of it, or None.

    earlier: other trials on overlapping products and times; None if nobody counted.
    """
    before = Trials(note="earlier trials were not counted") if earlier is None else earlier
    days = returns.shape[1]
    sharpes = daily_sharpes(returns)
    known = sharpes[~np.isnan(sharpes)].tolist()
    count = len(returns) + before.count
    best = expected_best_sharpe(count, trials_variance([*known, *before.sharpes], days))
    psr, dsr = _skill(returns, sharpes, chosen, best)
    return Luck(
        trials=count,
        earlier=before.count,
        note=before.note,
        expected_best_sharpe=best * ANNUAL,
        best_sharpe=max(known) * ANNUAL if known else None,
        chosen_sharpe=None
        if chosen is None or np.isnan(sharpes[chosen])
        else float(sharpes[chosen]) * ANNUAL,
        psr=psr,
        dsr=dsr,
    )


def daily_sharpes(returns: Floats) -> Floats:
    """Return (k,) Sharpe ratios a day, not annualized; NaN without variation."""
    deviation = returns.std(axis=1, ddof=1)
    return np.asarray(returns.mean(axis=1) / np.where(deviation > 0.0, deviation, np.nan))


def _skill(
    returns: Floats, sharpes: Sequence[float] | Floats, chosen: int | None, best: float
) -> tuple[float | None, float | None]:
    if chosen is None or np.isnan(sharpes[chosen]):
        return None, None
    daily, days = float(sharpes[chosen]), returns.shape[1]
    skew, kurtosis = moments(returns[chosen])
    psr, dsr = (
        probabilistic_sharpe(daily, days, skew=skew, kurtosis=kurtosis, benchmark=benchmark)
        for benchmark in (0.0, best)
    )
    return psr, dsr
