"""A bounded grid: buy each step down, sell each step up, within a range."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.kernel.features.window import highest, lowest
from gpt_trader.kernel.ladder import levels_held
from gpt_trader.strategy.base import param
from gpt_trader.strategy.columns import prices
from gpt_trader.strategy.params import check_ranges
from gpt_trader.strategy.schedule import rows_back, schedule


@dataclass(frozen=True)
class Grid:
    """Equal parts bought at each level that the price falls to, sold a level higher each.

    At the bars whose number since the epoch, time // interval, is a multiple of `every`, a grid is
    laid from the lowest low to the highest high of the last `lookback` bars, in `levels` equal
    steps, and the levels above the close are bought. weight = weight x levels bought / levels: a
    level is bought where the close is at or below it and sold where it is a step above. A close
    below the range by `stop` sells all until the next grid; above the range all is sold anyway. If
    the next bar of a grid is absent, one stands for 4 turns at most. Orders go out at closes, at
    most one a bar, not one at each level.

    What it earns is many small gains while prices go sideways; what it risks is the inventory: it
    buys all the way down and holds everything at the lower bound, as buy_and_hold does, and the
    stop makes that loss final. When prices rise beyond the range it holds nothing. A step has to
    be well above twice fee and spread, or each turn loses; the account's `risk.rebalance_band`
    holds back steps that are smaller than its share of the holding.

    Source: practice of exchanges' grid bots; Taranto, Khan, "Gambler's Ruin Problem and
    Bi-directional Grid Constrained Trading and Investment Strategies", Investment Management and
    Financial Innovations 17 (2020), for the ruin of grids without a stop.
    """

    name: ClassVar[str] = "grid"

    lookback: int = param(180, 2, 10000, doc="bars whose range is the grid's")
    every: int = param(180, 1, 5000, doc="bars from one grid to the next")
    levels: int = param(10, 1, 200, doc="steps of the range")
    stop: float = param(0.05, 0.0, 0.9, doc="fall below the range that sells all, as a fraction")
    weight: float = param(1.0, 0.01, 1.0, doc="fraction of equity at the lower bound")

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def min_bars(self) -> int:
        """Bars needed for a first opinion, which comes with the next grid."""
        return self.lookback

    @property
    def warmup(self) -> int:
        """Bars that a trailing window needs: those behind the oldest grid that may stand."""
        return self.lookback + rows_back(self.every)

    def targets(self, bars: Bars) -> Targets:
        """Return weight and conditions for every bar."""
        turns = schedule(bars.time, bars.interval_ms, self.every, self.lookback - 1)
        low = lowest(bars.low, self.lookback)[turns.rows]
        high = highest(bars.high, self.lookback)[turns.rows]
        held = levels_held(bars.close, turns.place, low, high, self.levels, self.stop)
        close = prices(bars, bars.close.astype(np.float64))
        bound = prices(bars, low * (1.0 - self.stop))
        nothing = turns.stand(np.zeros(len(turns.rows)))
        return Targets(
            weight=self.weight * held / self.levels,
            conditions=lambda: (
                Condition("close > stop of the range", close, turns.stand(bound)),
                Condition("close < upper bound", close, turns.stand(prices(bars, high)), "<"),
                Condition(f"levels bought of {self.levels} > 0", held, nothing),
            ),
        )
