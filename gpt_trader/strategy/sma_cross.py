"""Two simple moving averages."""

from dataclasses import dataclass
from typing import ClassVar

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.errors import UsageError
from gpt_trader.kernel.features.averages import sma, sma_cross_state
from gpt_trader.strategy.base import param
from gpt_trader.strategy.columns import prices, weight_while
from gpt_trader.strategy.params import check_ranges


@dataclass(frozen=True)
class SmaCross:
    """In while the fast simple moving average of the close is above the slow one.

    weight = `weight` if SMA(fast) > SMA(slow), else 0. It is a state, not the moment of the
    cross: a bar that was missed cannot lose the position. The averages are compared in whole
    ticks, so an exact tie is decided exactly: out.

    Source: Brock, Lakonishok, LeBaron, "Simple Technical Trading Rules and the Stochastic
    Properties of Stock Returns", Journal of Finance 47 (1992), variable-length moving averages
    without a band; 20 and 50 bars are the common short pair.
    """

    name: ClassVar[str] = "sma_cross"

    fast: int = param(20, 1, 2000, doc="bars of the fast average")
    slow: int = param(50, 2, 5000, doc="bars of the slow average, more than fast")
    weight: float = param(1.0, 0.01, 1.0, doc="fraction of equity while in")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.fast >= self.slow:
            raise UsageError(
                f"expected fast < slow in sma_cross, was fast={self.fast} slow={self.slow}",
                hint="for example --set fast=20 --set slow=50",
            )

    @property
    def min_bars(self) -> int:
        """Bars needed for a first opinion."""
        return self.slow

    @property
    def warmup(self) -> int:
        """Bars that a trailing window needs: the sums hold nothing older."""
        return self.slow

    def targets(self, bars: Bars) -> Targets:
        """Return weight and condition for every bar."""
        state = sma_cross_state(bars.close, self.fast, self.slow)
        return Targets(
            weight=weight_while(state > 0, self.min_bars - 1, self.weight),
            conditions=lambda: (
                Condition(
                    f"SMA({self.fast}) > SMA({self.slow})",
                    prices(bars, sma(bars.close, self.fast)),
                    prices(bars, sma(bars.close, self.slow)),
                ),
            ),
        )
