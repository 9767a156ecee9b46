"""What a point of a search is worth among all that were tried: stepdown resampling of all at once.

The deflated Sharpe ratio counts points; these resamples keep what the points have in common, so
that neighbors of a grid, which are hardly different tries, cost hardly anything. Source: J. Romano,
M. Wolf, "Exact and Approximate Stepdown Methods for Multiple Hypothesis Testing" (2005), with the
p-values of their "Efficient Computation of Adjusted p-Values for Resampling-Based Stepdown Multiple
Testing" (2016); for the best point it is H. White's "Reality Check" (2000), studentized.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import read_only
from gpt_trader.kernel.stats.bootstrap import draw, uniforms
from gpt_trader.measure.inference import block_days

Floats = NDArray[np.float64]

RESAMPLES = 999  # p-values are told apart by a thousandth
AT_ONCE = 100  # resamples that are computed together


@lru_cache(maxsize=1)  # searches of one history, such as of several strategies, draw the same
def resample_days(n: int, *, seed: int = 0) -> Floats:
    """Return how often each of n days is drawn in each of RESAMPLES resamples: one row a resample.

    Read only. Days are drawn in blocks of random length (`kernel.stats.bootstrap.draw`).
    """
    days, block = np.arange(n, dtype=np.float64), block_days(n)
    drawn = [draw(days, block, uniforms(seed, k * n, n)) for k in range(RESAMPLES)]
    counts = [np.bincount(row.astype(np.int64), minlength=n) for row in drawn]
    return read_only(np.array(counts, np.float64))


class Adjusted(NamedTuple):
    """Of each point, (k,) float64. p_value: chance that luck makes one as good of all.

    score: mean over standard error of the daily returns, NaN without variation. critical: score
    from which on the p-value is at most the level that was asked for, NaN where score is.
    """

    p_value: Floats
    score: Floats
    critical: Floats


def adjust(returns: Floats, counts: Floats, level: float) -> Adjusted:
    """Hold k points against all that luck makes of them.

    returns: (k, n) daily returns; the true mean of a worthless point is 0 or less. counts: of
    `resample_days`, so that days are drawn alike for all points. A point's p-value is of the best
    among those that are no better than itself, and at least that of any better one: at most a
    share p of searches reports any worthless point at p or less. 1 for a point without variation.
    """
    k, n = returns.shape
    scores = _scores(returns.mean(axis=1), (returns**2).mean(axis=1), n)
    p_values, critical = np.ones(k), np.full(k, np.nan)
    moving = np.flatnonzero(np.isfinite(scores))
    if not len(moving):
        return Adjusted(p_values, scores, critical)
    order = moving[np.argsort(-scores[moving], kind="stable")]
    centered = returns[order] - returns[order].mean(axis=1, keepdims=True)
    best = np.empty((RESAMPLES, len(order)))
    for begin in range(0, RESAMPLES, AT_ONCE):
        rows = slice(begin, min(begin + AT_ONCE, RESAMPLES))
        times = counts[rows]
        drawn = _scores(times @ centered.T / n, times @ (centered**2).T / n, n)
        drawn = np.where(np.isfinite(drawn), drawn, -np.inf)
        best[rows] = np.maximum.accumulate(drawn[:, ::-1], axis=1)[:, ::-1]
    shares = ((best >= scores[order]).sum(axis=0) + 1.0) / (RESAMPLES + 1.0)
    p_values[order] = np.maximum.accumulate(shares)
    last = RESAMPLES - int(level * (RESAMPLES + 1))
    critical[order] = np.partition(best, last, axis=0)[last]
    return Adjusted(p_values, scores, critical)


def beyond(returns: Floats, market: Floats) -> Floats:
    """Return (k, n): daily returns less those of holding as much of the market as they went with.

    returns: (k, n); market: (n,) daily returns of buy and hold. What is left of each row after a
    regression on the market, its mean included: Jensen's alpha. Source: M. Jensen, "The Performance
    of Mutual Funds" (1968).
    """
    moves = market - market.mean()
    spread = float(moves @ moves)
    share = returns @ moves / spread if spread > 0.0 else np.zeros(len(returns))
    return np.asarray(returns - share[:, None] * market)


def _scores(mean: Floats, square: Floats, n: int) -> Floats:
    """Return t statistics from means and mean squares; not finite without variation."""
    variance = (square - mean**2) * (n / (n - 1)) if n > 1 else np.zeros_like(mean)
    flat = variance <= 1e-14 * square
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(flat, np.nan, mean / np.sqrt(np.where(flat, np.nan, variance) / n))
