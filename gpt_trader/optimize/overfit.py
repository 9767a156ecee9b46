"""Probability of backtest overfitting, by combinatorially symmetric cross-validation.

Bailey, Borwein, Lopez de Prado, Zhu, "The Probability of Backtest Overfitting", Journal of
Computational Finance 20 (2017). The days are cut into S even blocks; for each of the C(S, S/2)
halves, the best point of one half is ranked in the other. If choosing says nothing about what
comes after, that rank is anywhere: the probability is then about 0.5, not 0.
"""

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.equal import equal_by_fields

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_BLOCKS = 16
LEAST_BLOCKS = 8
MIN_BLOCK_DAYS = 4
AT_ONCE = 2_000_000  # cells of a (combinations, points) table that are computed together


@equal_by_fields
@dataclass(frozen=True, slots=True)
class Overfit:
    """blocks S of block_days days each (days before the first block are left out).

    logits: (C(S, S/2),) float64 ln(w / (1 - w)), w the out-of-sample rank of the in-sample best
    over points + 1. pbo: share of logits <= 0. loss_share: share of halves in which the
    in-sample best then lost. slope: of its out-of-sample on its in-sample Sharpe (least
    squares; None without variation).
    """

    blocks: int
    block_days: int
    logits: Floats = field(repr=False)
    pbo: float
    loss_share: float
    slope: float | None


def overfit(returns: Floats) -> Overfit | None:
    """Return the probability of overfitting; None under two points or too few days.

    returns: (points, days) daily returns. A half without variation has a Sharpe of 0.
    """
    points, days = returns.shape
    blocks = min(MOST_BLOCKS, days // MIN_BLOCK_DAYS // 2 * 2)
    if points < 2 or blocks < LEAST_BLOCKS:
        return None
    block_days = days // blocks
    kept = returns[:, days - blocks * block_days :].reshape(points, blocks, block_days)
    sums, squares = kept.sum(axis=2).T, (kept**2).sum(axis=2).T
    halves = _halves(blocks)
    found = [
        _rank(part, sums, squares, blocks * block_days // 2)
        for part in np.array_split(halves, max(1, len(halves) * points // AT_ONCE))
    ]
    logits, before, after = (np.concatenate(column) for column in zip(*found, strict=True))
    spread = float(np.var(before))
    return Overfit(
        blocks=blocks,
        block_days=block_days,
        logits=logits,
        pbo=float(np.mean(logits <= 0.0)),
        loss_share=float(np.mean(after < 0.0)),
        slope=float(np.mean((before - before.mean()) * (after - after.mean()))) / spread
        if spread > 0.0
        else None,
    )


def _halves(blocks: int) -> Floats:
    """Return (C(S, S/2), S) of 1 where a block is in-sample, else 0."""
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    out = np.zeros((len(chosen), blocks))
    np.put_along_axis(out, chosen, 1.0, axis=1)
    return out


def _rank(
    halves: Floats, sums: Floats, squares: Floats, half_days: int
) -> tuple[Floats, Floats, Floats]:
    """Return logits, in-sample and out-of-sample Sharpe of each half's best point.

    sums, squares: (blocks, points) of daily returns. Ties share the mean of their ranks.
    """
    inside = _sharpe(halves @ sums, halves @ squares, half_days)
    outside = _sharpe((1.0 - halves) @ sums, (1.0 - halves) @ squares, half_days)
    best = inside.argmax(axis=1)
    rows = np.arange(len(best))
    own = outside[rows, best][:, None]
    below, equal = (outside < own).sum(axis=1), (outside == own).sum(axis=1)
    share = (below + (equal + 1) / 2.0) / (outside.shape[1] + 1)
    return np.log(share / (1.0 - share)), inside[rows, best], own[:, 0]


def _sharpe(total: Floats, squares: Floats, days: int) -> Floats:
    """Daily Sharpe ratio from sums; 0 without variation (up to rounding)."""
    mean = total / days
    variance = (squares - days * mean**2) / (days - 1)
    flat = variance <= 1e-14 * squares
    return np.asarray(np.where(flat, 0.0, mean / np.sqrt(np.where(flat, 1.0, variance))))
