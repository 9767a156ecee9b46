"""What every strategy is held against: doing nothing, and buying once."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.strategy.columns import level, prices


@dataclass(frozen=True)
class Hold:
    """Never an opinion: whatever is held is kept.

    weight = NaN at every bar. Source: the null strategy; it shows what a run costs by itself.
    """

    name: ClassVar[str] = "hold"

    @property
    def min_bars(self) -> int:
        """One bar."""
        return 1

    @property
    def warmup(self) -> int:
        """One bar: nothing older is used."""
        return 1

    def targets(self, bars: Bars) -> Targets:
        """Return no opinion for every bar."""
        zero = level(bars, 0, 0.0)
        return Targets(
            weight=np.full(len(bars), np.nan),
            conditions=lambda: (Condition("opinion > 0 (hold never has one)", zero, zero),),
        )


@dataclass(frozen=True)
class BuyAndHold:
    """Everything in at the first bar, and never out.

    weight = 1 at every bar. Source: the benchmark of Brock, Lakonishok, LeBaron, Journal of
    Finance 47 (1992), and of nearly everybody since.
    """

    name: ClassVar[str] = "buy_and_hold"

    @property
    def min_bars(self) -> int:
        """One bar."""
        return 1

    @property
    def warmup(self) -> int:
        """One bar: nothing older is used."""
        return 1

    def targets(self, bars: Bars) -> Targets:
        """Return full weight for every bar."""
        return Targets(
            weight=np.ones(len(bars)),
            conditions=lambda: (
                Condition(
                    "close > 0",
                    prices(bars, bars.close.astype(np.float64)),
                    level(bars, 0, 0.0),
                ),
            ),
        )
