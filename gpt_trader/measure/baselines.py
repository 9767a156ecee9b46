"""What doing nothing clever would have given: buy and hold, and as much of it as is as risky."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.measure.holding import hold_daily
from gpt_trader.measure.inference import MIN_DAYS, probabilistic_sharpe
from gpt_trader.measure.metrics import ANNUAL, DAY_MS, daily_closes, moments, return_pct, sharpe
from gpt_trader.measure.path import Path

Floats = NDArray[np.float64]


@equal_by_fields
@dataclass(frozen=True, slots=True)
class Baselines:
    """Equity over its start at the close of each of d calendar days, (d,) float64, and its sums.

    vol_matched: buy and hold with the constant exposure, at most 1, at which its daily volatility
    is the strategy's. Sharpe ratios are annualized. beaten: probability that the strategy's daily
    returns beyond that one's are no luck. None where undefined: all of them, and empty series, if
    the products cannot be bought with the cash.
    """

    buy_hold: Floats = field(repr=False)
    vol_matched: Floats = field(repr=False)
    buy_hold_return_pct: float | None
    vol_matched_return_pct: float | None
    buy_hold_sharpe: float | None
    vol_matched_sharpe: float | None
    beaten: float | None


def baselines(
    path: Path, costs: CostModel, *, close_at_end: bool, expected_best_sharpe: float | None = None
) -> Baselines:
    """Return what the baselines would have given on the bars of a run, at the same costs.

    The volatility-matched one pays its share of the entry's costs; keeping its exposure constant
    is free, which makes it the harder to beat. expected_best_sharpe: annualized, what the best of
    all trials is expected to show without skill; None counts as 0.
    """
    days = np.arange(path.time[0] // DAY_MS, path.time[-1] // DAY_MS + 1)
    held = hold_daily(
        path.holdable, costs, days, start_units=path.start_units, close_at_end=close_at_end
    )
    if held is None:
        return Baselines(np.empty(0), np.empty(0), *[None] * 5)
    own = daily_closes(path.time, path.equity) / path.start
    matched = expose(held, exposure_of(own, held))
    return Baselines(
        buy_hold=held,
        vol_matched=matched,
        buy_hold_return_pct=return_pct(1.0, float(held[-1])),
        vol_matched_return_pct=return_pct(1.0, float(matched[-1])),
        buy_hold_sharpe=sharpe(_returns(held)),
        vol_matched_sharpe=sharpe(_returns(matched)),
        beaten=prove_beaten(own, matched, (expected_best_sharpe or 0.0) / ANNUAL),
    )


def exposure_of(own: Floats, held: Floats) -> float:
    """Return the share of buy and hold that varies from day to day as much as `own`, at most 1.

    Both (d,) float64, equity at each day's close; 0 where either does not vary.
    """
    if len(own) < 2:
        return 0.0
    mine, theirs = float(np.std(_returns(own))), float(np.std(_returns(held)))
    return min(mine / theirs, 1.0) if theirs > 0.0 else 0.0


def expose(held: Floats, exposure: float) -> Floats:
    """Return the equity of holding a constant share of `held`, (d,) float64, over its start."""
    moves = _returns(np.concatenate([[1.0], held]))
    return np.asarray(np.cumprod(1.0 + exposure * moves))


def prove_beaten(own: Floats, matched: Floats, luck: float) -> float | None:
    """Return the probability that the Sharpe ratio of `own` beyond `matched` is above luck's.

    Both (d,) float64, equity at each day's close; luck: a Sharpe ratio of a day, not annualized.
    The probabilistic Sharpe ratio of the differences of the daily returns: in a market that rises,
    anything that holds now and then has a Sharpe ratio above 0, so only the rest can be skill.
    None below MIN_DAYS returns or without variation.
    """
    if len(own) <= MIN_DAYS or not (own > 0.0).all():
        return None
    beyond = _returns(own) - _returns(matched)
    deviation = float(np.std(beyond, ddof=1))
    if deviation <= 0.0:
        return None
    skew, kurtosis = moments(beyond)
    ratio = float(np.mean(beyond)) / deviation
    return probabilistic_sharpe(ratio, len(beyond), skew=skew, kurtosis=kurtosis, benchmark=luck)


def _returns(closes: Floats) -> Floats:
    before = closes[:-1]
    return np.divide(closes[1:], before, out=np.ones(len(before)), where=before > 0.0) - 1.0
