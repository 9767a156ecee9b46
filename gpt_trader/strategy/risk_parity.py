"""Weights that carry equal risk."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple

import numpy as np

from gpt_trader.domain.bars import Floats
from gpt_trader.domain.market import Market
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.kernel.equal_risk import equal_risk
from gpt_trader.strategy.base import param
from gpt_trader.strategy.params import check_ranges
from gpt_trader.strategy.schedule import Schedule, closes_at, rows_back, schedule


@dataclass(frozen=True)
class RiskParity:
    """All products at once, each with as much as its risk allows.

    At the bars whose number since the epoch, time // interval, is a multiple of `every` (180 bars
    of 4 hours are 30 days; no calendar), weight = gross x (1 / volatility) / sum of all
    1 / volatility. With equal_risk, the weights at which each product contributes the same share
    of the portfolio's variance, which correlations change. They stand until the next such bar, if
    that is absent for 4 turns at most. Volatility, correlation: of the simple returns from bar to
    bar of the grid over the last vol_period of them; a product that has less than half of them, no
    bar now or no movement weighs 0. The band is the account's `risk.rebalance_band`: nothing is
    traded while target and holding differ by no more than that share of the larger.

    Source: Maillard, Roncalli, Teiletche, "The Properties of Equally Weighted Risk Contribution
    Portfolios", Journal of Portfolio Management 36 (2010), of which inverse volatility is the case
    of equal correlations; Griveau-Billion, Richard, Roncalli, "A Fast Algorithm for Computing
    High-Dimensional Risk Parity Portfolios" (2013), for the iteration. 540 bars of 4 hours are 90
    days.
    """

    name: ClassVar[str] = "risk_parity"

    vol_period: int = param(540, 2, 10000, doc="returns of the volatility")
    every: int = param(180, 1, 5000, doc="bars from one weighing to the next")
    equal_risk: bool = param(False, doc="equal contributions to risk, by correlations too")
    gross: float = param(1.0, 0.01, 1.0, doc="sum of all weights, as a fraction of equity")

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def min_bars(self) -> int:
        """Bars that a product needs for a first opinion, which comes at the next weighing."""
        return self.vol_period + 1

    @property
    def warmup(self) -> int:
        """Rows that a trailing window needs: those behind the oldest weighing that may stand."""
        return self.vol_period + rows_back(self.every) + 1

    def targets(self, market: Market) -> dict[str, Targets]:
        """Return weights and conditions of every product for every row."""
        turns = schedule(market.time, market.interval_ms, self.every, self.vol_period)
        found = [self._weigh(market, row) for row in turns.rows.tolist()]
        shape = len(found), len(market.products)
        weight = np.array([one.weight for one in found]).reshape(shape)
        volatility = np.array([one.volatility for one in found]).reshape(shape)
        return {
            product_id: Targets(
                turns.stand(weight[:, j]),
                conditions=partial(self._reasons, turns, volatility[:, j], weight[:, j]),
            )
            for j, product_id in enumerate(market.products)
        }

    def _weigh(self, market: Market, row: int) -> "_Weighed":
        close = closes_at(market, np.arange(row - self.vol_period, row + 1))
        returns = close[1:] / close[:-1] - 1.0
        there = np.isfinite(returns)
        count = there.sum(axis=0)
        mean = np.where(there, returns, 0.0).sum(axis=0) / np.maximum(count, 1)
        away = np.where(there, returns - mean, 0.0)
        volatility = np.sqrt((away * away).sum(axis=0) / np.maximum(count, 1))
        volatility[(2 * count < self.vol_period) | np.isnan(close[-1])] = np.nan
        known = np.flatnonzero(volatility > 0.0)
        weight = np.zeros(len(volatility))
        if len(known):
            share = 1.0 / volatility[known]
            if self.equal_risk:
                share *= equal_risk(_correlations(away[:, known]))
            weight[known] = np.minimum(self.gross * share / share.sum(), 1.0)
        return _Weighed(weight, volatility)

    def _reasons(
        self, turns: Schedule, volatility: Floats, weight: Floats
    ) -> tuple[Condition, ...]:
        nothing = turns.stand(np.zeros(len(turns.rows)))
        label = f"volatility({self.vol_period}) of a bar > 0"
        return (
            Condition(label, turns.stand(volatility), nothing),
            Condition("weight > 0", turns.stand(weight), nothing),
        )


class _Weighed(NamedTuple):
    """Weights and volatilities of p products: (p,) float64; NaN: not known, and of weight 0."""

    weight: Floats
    volatility: Floats


def _correlations(away: Floats) -> Floats:
    """Return the correlations of p columns of deviations, (n, p), that all vary: (p, p)."""
    joint = np.array([(away * away[:, [j]]).sum(axis=0) for j in range(away.shape[1])])
    spread = np.sqrt(np.diag(joint))
    found: Floats = joint / np.outer(spread, spread)
    return found
