"""What is left of a result if trading costs more, or every order comes one bar late."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.targets import Targets
from gpt_trader.measure.late import Late
from gpt_trader.measure.measure import Metrics
from gpt_trader.measure.metrics import daily_returns, return_pct, sharpe
from gpt_trader.measure.path import Path

Floats = NDArray[np.float64]
Rerun = Callable[[CostModel, Sequence[Targets]], Floats]
"""Costs and each product's targets to equity, (n,) float64 quote at the closes."""

FEE_FACTORS = (0.0, 0.5, 1.0, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class CostPoint:
    """The run with its fee rates times `factor`; Sharpe annualized, None where undefined."""

    factor: float
    return_pct: float
    sharpe: float | None


@dataclass(frozen=True, slots=True)
class Dearer:
    """The run at dearer fees, basis points: twice its own, at most the worst tier's."""

    taker_bps: float
    maker_bps: float
    return_pct: float


@dataclass(frozen=True, slots=True)
class Unhalted:
    """The run had no loss limit halted its entries; Sharpe annualized, None where undefined."""

    return_pct: float
    sharpe: float | None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The run under other terms.

    costs: one point a factor of FEE_FACTORS; empty if the run cannot be repeated fast.
    break_even_bps: cost of each unit of value traded that would leave nothing of the gross profit
    after funding, below 0 if there was none; None without fills. delayed: every target one bar
    later, of the longest that decide it; None if the run cannot be repeated fast, and so is dearer.
    unhalted: None if nothing halted it. late: filled by a bot that answers slowly, as its bars
    tell; None without fills.
    """

    costs: tuple[CostPoint, ...]
    break_even_bps: float | None
    delayed_return_pct: float | None
    delayed_sharpe: float | None
    dearer: Dearer | None
    unhalted: Unhalted | None = None
    late: Late | None = None


def sensitivity(
    path: Path,
    metrics: Metrics,
    costs: CostModel,
    targets: Sequence[Targets],
    rerun: Rerun,
    unhalted: Callable[[], Floats] | None = None,
    late: Late | None = None,
    late_bars: Sequence[int] = (),
) -> Sensitivity:
    """Repeat a run at other fees, with every target a bar later, and without its halts.

    path, metrics: the run itself, at `costs`. targets: each product's; empty if a strategy decides
    bar by bar, whose run cannot be repeated fast. unhalted: equity without the limits that
    halted it; None if none did. late: what is passed on. late_bars: of each product how
    many of its bars are one of the longest that decide it; none: one.
    """
    points: tuple[CostPoint, ...] = ()
    late_pct = late_sharpe = dearer = free = None
    if targets:
        points = tuple(
            CostPoint(factor, *_outcome(path, rerun(costs.scaled(factor), targets)))
            if factor != 1.0
            else CostPoint(factor, metrics.return_pct, metrics.sharpe)
            for factor in FEE_FACTORS
        )
        by = late_bars or [1] * len(targets)
        slow = [t.delayed(bars) for t, bars in zip(targets, by, strict=True)]
        late_pct, late_sharpe = _outcome(path, rerun(costs, slow))
        dearer = _dearer(path, metrics, costs, lambda other: rerun(other, targets))
        free = None if unhalted is None else Unhalted(*_outcome(path, unhalted()))
    traded = metrics.turnover * float(np.mean(path.equity))
    return Sensitivity(
        costs=points,
        break_even_bps=float(metrics.gross_pnl - metrics.funding_paid) / traded * 10_000.0
        if traded
        else None,
        delayed_return_pct=late_pct,
        delayed_sharpe=late_sharpe,
        dearer=dearer,
        unhalted=free,
        late=late,
    )


def _dearer(
    path: Path, metrics: Metrics, costs: CostModel, run: Callable[[CostModel], Floats]
) -> Dearer:
    other = costs.dearer()
    made = metrics.return_pct if other == costs else _outcome(path, run(other))[0]
    return Dearer(other.taker_bps, other.maker_bps, made)


def _outcome(path: Path, equity: Floats) -> tuple[float, float | None]:
    returns = daily_returns(path.time, equity, path.start)
    return return_pct(path.start, float(equity[-1])), sharpe(returns)
