"""What is left of a result if trading costs more, or every order comes one bar late."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.targets import Targets
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
class Sensitivity:
    """The run under other terms.

    costs: one point a factor of FEE_FACTORS; empty if the run cannot be repeated fast.
    break_even_bps: cost of each unit of value traded that would leave nothing of the gross profit,
    below 0 if there was none; None without fills. delayed: every target one bar later; None if
    the run cannot be repeated fast.
    """

    costs: tuple[CostPoint, ...]
    break_even_bps: float | None
    delayed_return_pct: float | None
    delayed_sharpe: float | None


def sensitivity(
    path: Path, metrics: Metrics, costs: CostModel, targets: Sequence[Targets], rerun: Rerun
) -> Sensitivity:
    """Repeat a run at other fees, and with every target a bar later.

    path, metrics: the run itself, at `costs`. targets: each product's; empty if a strategy decides
    bar by bar, whose run cannot be repeated fast.
    """
    points: tuple[CostPoint, ...] = ()
    late_pct = late_sharpe = None
    if targets:
        points = tuple(
            CostPoint(factor, *_outcome(path, rerun(costs.scaled(factor), targets)))
            if factor != 1.0
            else CostPoint(factor, metrics.return_pct, metrics.sharpe)
            for factor in FEE_FACTORS
        )
        late_pct, late_sharpe = _outcome(path, rerun(costs, [t.delayed(1) for t in targets]))
    traded = metrics.turnover * float(np.mean(path.equity))
    return Sensitivity(
        costs=points,
        break_even_bps=float(metrics.gross_pnl) / traded * 10_000.0 if traded else None,
        delayed_return_pct=late_pct,
        delayed_sharpe=late_sharpe,
    )


def _outcome(path: Path, equity: Floats) -> tuple[float, float | None]:
    returns = daily_returns(path.time, equity)
    return return_pct(path.start, float(equity[-1])), sharpe(returns)
