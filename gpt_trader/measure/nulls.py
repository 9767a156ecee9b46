"""What a strategy makes where it can know nothing: the nulls that its result is held against.

A null is the strategy itself, run by the same engine at the same costs and limits: its own targets
at another time. Exposure, turnover, fees and the market's drift stay; only what the targets know
of the bars after them is gone. If many nulls do as well, the market did it, or chance.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import copysign, log1p, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.targets import Targets
from gpt_trader.kernel.stats.bootstrap import uniforms
from gpt_trader.measure.metrics import daily_returns, sharpe
from gpt_trader.measure.shuffled import shuffle

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
RunTargets = Callable[[Sequence[Targets]], Floats]
"""Each product's targets to equity, (n,) float64 quote at the closes, at the run's own terms."""
RunBars = Callable[[Sequence[Bars]], Floats]
"""The strategy, asked anew, on other bars: equity as above."""

LEAST, MOST = 19, 199  # nulls that are run if nobody says how many
BUDGET_BARS = 6_000_000  # ... of so many bars: about 0.3 s, on any machine as many
NEAR = 0.05  # share of the bars: targets so little moved still know something
SHUFFLE_SHARE = 20  # one null on shuffled bars, which costs more, for so many at other times
NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Nulls:
    """How a run stands among its nulls. Sharpe ratios are annualized; a flat run's is 0.

    count: runs of its own targets at other times; as_good: of these, with no lower a Sharpe ratio.
    mean, deviation: of their Sharpe ratios. p_value: chance that such a run does as well,
    `resolution` apart at best; of a count that was asked for no smaller than of the usual one, so
    that nobody can look for the number that proves it. flipped_sharpe: of the targets turned round,
    in when they were out; shuffled, shuffled_as_good: runs on bars whose blocks are in another
    order. These two are told, not tested: an edge that lives inside a block survives the shuffle.
    """

    count: int
    as_good: int
    mean: float
    deviation: float
    p_value: float
    resolution: float
    flipped_sharpe: float
    shuffled: int
    shuffled_as_good: int


def run_nulls(
    time: Ints,
    start: float,
    own: float,
    bars: Sequence[Bars],
    targets: Sequence[Targets],
    *,
    run: RunTargets,
    run_bars: RunBars,
    warmup: int,
    asked: int | None = None,
    seed: int = 0,
) -> Nulls | None:
    """Run a strategy's nulls.

    time: (n,) int64 ms, the grid's bar opens. start: equity before the first,
    quote. own: the run's annualized Sharpe ratio. targets:
    each product's, aligned with its bars. warmup: bars that a target looks back on. asked: how
    many nulls; None: as many as BUDGET_BARS allow, LEAST to MOST. None if so short a history has
    fewer than LEAST other times.
    """
    rows = sum(len(one) for one in bars)
    usual = min(max(BUDGET_BARS // max(rows, 1), LEAST), MOST)
    count = usual if asked is None else asked
    span = min(len(t.weight) - first_opinion(t) for t in targets)

    def ratio(equity: Floats) -> float:
        return sharpe(daily_returns(time, equity, start)) or 0.0

    def ratios(count: int) -> Floats:
        shares = lag_shares(span, warmup, count, seed)
        if len(shares) < LEAST:
            return np.empty(0)
        return np.array([ratio(run([rolled(t, share) for t in targets])) for share in shares])

    found = ratios(count)
    if not len(found):
        return None
    looks = [found] if count == usual else [found, ratios(usual)]
    shuffles = min(count, BUDGET_BARS // max(rows, 1)) // SHUFFLE_SHARE
    others = [ratio(run_bars(shuffle(bars, seed=seed + k + 1))) for k in range(shuffles)]
    return Nulls(
        count=len(found),
        as_good=_as_good(own, found),
        mean=float(found.mean()),
        deviation=float(found.std(ddof=1)),
        p_value=max(_p_value(own, one) for one in looks),
        resolution=1.0 / (len(found) + 1),
        flipped_sharpe=ratio(run([flipped(t) for t in targets])),
        shuffled=len(others),
        shuffled_as_good=sum(one >= own for one in others),
    )


def _as_good(own: float, found: Floats) -> int:
    return int((found >= own).sum())


def _p_value(own: float, found: Floats) -> float:
    mean, deviation = float(found.mean()), float(found.std(ddof=1))
    return p_value(own, _as_good(own, found), len(found), mean=mean, deviation=deviation)


def p_value(own: float, as_good: int, count: int, *, mean: float, deviation: float) -> float:
    """Return the chance that a null does as well as the run.

    (as_good + 1) / (count + 1), the run itself counted among them: exact if any order of the times
    is as likely (J. Besag, P. Clifford, "Sequential Monte Carlo p-values", 1991). Where none does
    as well that says too little of many trials: then it is the tail beyond the run of Student's
    t of mean and deviation, if that is smaller.
    """
    share = (as_good + 1) / (count + 1)
    if as_good or deviation <= 0.0:
        return share
    z = (own - mean) / (deviation * sqrt(1.0 + 1.0 / count))
    return min(share, 1.0 - NORMAL.cdf(as_normal(z, count - 1)))


def as_normal(t: float, freedom: int) -> float:
    """Return the standard normal score of a value of Student's t.

    (8 n + 1) / (8 n + 3) sqrt(n ln(1 + t^2 / n)), with the sign of t. Source: D. Wallace, "Bounds
    on Normal Approximations to Student's and the Chi-Square Distributions" (1959).
    """
    spread = sqrt(freedom * log1p(t * t / freedom))
    return copysign(spread * (8 * freedom + 1) / (8 * freedom + 3), t)


def lag_shares(rows: int, warmup: int, count: int, seed: int) -> Floats:
    """Return up to `count` lags as shares of the rows, (k,) float64, distinct and spread evenly.

    None is nearer than NEAR of the rows or `warmup` bars (at most a quarter of them) to the
    targets' own time, on either side: moved a little, they still know; moved back, they know more.
    """
    near = max(round(NEAR * rows), min(warmup, rows // 4), 1)
    span = rows - 2 * near + 1
    if span < 1:
        return np.empty(0)
    count = min(count, span)
    begins = near + np.arange(count) * span / count
    return np.floor(begins + uniforms(seed, 0, count) * (span / count)) / rows


def first_opinion(targets: Targets) -> int:
    """Return the first row with a weight; all rows if there is none."""
    known = ~np.isnan(targets.weight)
    return int(known.argmax()) if known.any() else len(known)


def rolled(targets: Targets, share: float) -> Targets:
    """Return targets that act later by a share of their rows; the last ones come first.

    Rows before the first opinion stay as they are. The conditions, for people, stay out.
    """
    first = first_opinion(targets)
    lag = round(share * (len(targets.weight) - first))

    def turn[T: np.generic](column: NDArray[T] | None) -> NDArray[T] | None:
        if column is None:
            return None
        return np.concatenate([column[:first], np.roll(column[first:], lag)])

    weight = turn(targets.weight)
    assert weight is not None
    return Targets(
        weight,
        stop=turn(targets.stop),
        take_profit=turn(targets.take_profit),
        trail=turn(targets.trail),
        max_bars=turn(targets.max_bars),
    )


def flipped(targets: Targets) -> Targets:
    """Return targets that are in when these are out; long and short change places."""
    weight = targets.weight
    known = weight[~np.isnan(weight)]
    most = 0.0 if not len(known) or known.min() < 0.0 else float(known.max())
    return replace(targets, weight=most - weight, conditions=())
