"""What the search itself is worth: what the best of so many tries shows without any skill."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gpt_trader.measure.inference import (
    MIN_DAYS,
    Trials,
    expected_best_sharpe,
    probabilistic_sharpe,
    trials_variance,
)
from gpt_trader.measure.metrics import DAYS_PER_YEAR, moments
from gpt_trader.measure.proof import LEVEL, best_of
from gpt_trader.optimize.stepdown import Adjusted, adjust, beyond, resample_days

Floats = NDArray[np.float64]
ANNUAL = DAYS_PER_YEAR**0.5
NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Luck:
    """Sharpe ratios are annualized. trials: every point that was run, and what was tried before.

    earlier: trials before this search. note: why there may have been more; None: the record is
    whole. expected_best_sharpe: of so many worthless tries. best_sharpe: highest of the grid.
    psr, dsr: probability that the chosen point's true Sharpe is above 0, and above
    `expected_best_sharpe`; None where undefined.

    chance: that luck alone makes one of all points, or of what was tried before, as good as the
    chosen one; beyond_market: the same of what it made beyond holding as much of the market as it
    went with; None where undefined. level: of both, below which it is proof. days: daily returns.
    days_needed: at least so many such days would be proof; None if no record would.
    """

    trials: int
    earlier: int
    note: str | None
    expected_best_sharpe: float
    best_sharpe: float | None
    chosen_sharpe: float | None
    psr: float | None
    dsr: float | None
    level: float
    chance: float | None
    beyond_market: float | None
    days: int
    days_needed: int | None


def luck(
    returns: Floats, chosen: int | None, earlier: Trials | None, market: Floats | None
) -> Luck:
    """Weigh a grid. returns: (points run, days) daily returns; chosen: a row of it, or None.

    earlier: other trials on overlapping products and times; None if nobody counted. market:
    (days,) daily returns of buy and hold; None if it could not be counted.
    """
    before = Trials(note="earlier trials were not counted") if earlier is None else earlier
    days = returns.shape[1]
    sharpes = daily_sharpes(returns)
    known = sharpes[~np.isnan(sharpes)].tolist()
    count = len(returns) + before.count
    best = expected_best_sharpe(count, trials_variance([*known, *before.sharpes], days))
    psr, dsr = _skill(returns, sharpes, chosen, best)
    alone = above = None
    if chosen is not None and days >= MIN_DAYS:
        times = resample_days(days)
        alone = adjust(returns, times, LEVEL)
        above = None if market is None else adjust(beyond(returns, market), times, LEVEL)
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
        level=LEVEL,
        chance=_chance(alone, chosen, before.count),
        beyond_market=_chance(above, chosen, before.count),
        days=days,
        days_needed=_days_needed([alone, above], chosen, days),
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


def _chance(found: Adjusted | None, chosen: int | None, earlier: int) -> float | None:
    """Return the chosen point's p-value; earlier trials, alone and unknown, by Sidak's formula."""
    if found is None or chosen is None or np.isnan(found.score[chosen]):
        return None
    single = 1.0 - NORMAL.cdf(float(found.score[chosen]))
    return 1.0 - (1.0 - float(found.p_value[chosen])) * (1.0 - best_of(single, earlier))


def _days_needed(tests: Sequence[Adjusted | None], chosen: int | None, days: int) -> int | None:
    """A score grows with the root of the days, what is needed of it does not."""
    needed = 0
    for found in tests:
        if found is None or chosen is None or not found.score[chosen] > 0.0:
            return None
        needed = max(needed, ceil(days * float(found.critical[chosen] / found.score[chosen]) ** 2))
    return needed
