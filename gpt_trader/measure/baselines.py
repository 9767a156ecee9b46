"""What doing nothing clever would have given: buy and hold, and as much of it as is as risky."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.measure.holding import hold_daily
from gpt_trader.measure.inference import MIN_DAYS, probabilistic_sharpe
from gpt_trader.measure.metrics import (
    ANNUAL,
    DAY_MS,
    moments,
    return_pct,
    returns_since,
    sharpe,
)
from gpt_trader.measure.path import Path, day_returns

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
    own, market = day_returns(path), returns_since(1.0, held)
    share = exposure_of(own, market) * market
    matched = np.cumprod(1.0 + share)
    return Baselines(
        buy_hold=held,
        vol_matched=matched,
        buy_hold_return_pct=return_pct(1.0, float(held[-1])),
        vol_matched_return_pct=return_pct(1.0, float(matched[-1])),
        buy_hold_sharpe=sharpe(market),
        vol_matched_sharpe=sharpe(share),
        beaten=prove_beaten(own, share, (expected_best_sharpe or 0.0) / ANNUAL),
    )


def exposure_of(own: Floats, market: Floats) -> float:
    """Return the share of the market that varies from day to day as much as `own`, at most 1.

    Both (d,) float64 daily returns; 0 where either does not vary.
    """
    mine, theirs = float(np.std(own)), float(np.std(market))
    return min(mine / theirs, 1.0) if theirs > 0.0 else 0.0


def prove_beaten(own: Floats, matched: Floats, luck: float) -> float | None:
    """Return the probability that the Sharpe ratio of `own` beyond `matched` is above luck's.

    Both (d,) float64 daily returns; luck: a Sharpe ratio of a day, not annualized. The
    probabilistic Sharpe ratio of their differences: in a market that rises, anything that holds now
    and then has a Sharpe ratio above 0, so only the rest can be skill. None below MIN_DAYS returns,
    without variation, or once nothing is left.
    """
    if len(own) < MIN_DAYS or not (own > -1.0).all():
        return None
    beyond = own - matched
    deviation = float(np.std(beyond, ddof=1))
    if deviation <= 0.0:
        return None
    skew, kurtosis = moments(beyond)
    ratio = float(np.mean(beyond)) / deviation
    return probabilistic_sharpe(ratio, len(beyond), skew=skew, kurtosis=kurtosis, benchmark=luck)
