"""Time-series momentum over several horizons."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader.domain.bars import Bars, Floats
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.errors import UsageError
from gpt_trader.kernel.features.averages import ago, change_sign, volatility_weight
from gpt_trader.kernel.features.window import rolling_volatility
from gpt_trader.strategy.base import param
from gpt_trader.strategy.columns import from_row, level, per_bar, prices
from gpt_trader.strategy.params import check_ranges


@dataclass(frozen=True)
class Momentum:
    """In by as much as the past returns of three horizons agree on.

    score = mean of sign(close - close h bars ago) over h = short, medium, long, in [-1, 1];
    weight = max(score, 0) (score itself if long_only is false) x size, where size =
    min(target_vol / volatility, max_weight), or max_weight if target_vol is 0. Volatility:
    standard deviation of the last vol_period simple returns, a year having 365 days.

    Source: Moskowitz, Ooi, Pedersen, "Time Series Momentum", Journal of Financial Economics
    104 (2012), sign of the past return and 40 % target volatility; Hurst, Ooi, Pedersen, "A
    Century of Evidence on Trend-Following Investing" (2017), the mean over three horizons; Liu,
    Tsyvinski, "Risks and Returns of Cryptocurrency", Review of Financial Studies 34 (2021),
    horizons of one, two and four weeks (42, 84, 168 bars of 4 hours).
    """

    name: ClassVar[str] = "momentum"

    short: int = param(42, 1, 5000, doc="bars of the short horizon")
    medium: int = param(84, 1, 5000, doc="bars of the medium horizon, more than short")
    long: int = param(168, 1, 10000, doc="bars of the long horizon, more than medium")
    long_only: bool = param(True, doc="never below 0")
    target_vol: float = param(0.40, 0.0, 5.0, doc="volatility wanted, a year; 0: do not scale")
    vol_period: int = param(168, 2, 5000, doc="bars of the volatility")
    max_weight: float = param(1.0, 0.01, 1.0, doc="most of equity, however calm the market")

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.short < self.medium < self.long:
            raise UsageError(
                "expected short < medium < long in momentum, "
                f"was short={self.short} medium={self.medium} long={self.long}",
                hint="for example --set short=42 --set medium=84 --set long=168",
            )

    @property
    def min_bars(self) -> int:
        """Bars needed for a first opinion."""
        return max(self.long, self.vol_period if self.target_vol else 0) + 1

    @property
    def warmup(self) -> int:
        """Bars that a trailing window needs: nothing older is used."""
        return self.min_bars

    def targets(self, bars: Bars) -> Targets:
        """Return weight and conditions for every bar."""
        horizons = (self.short, self.medium, self.long)
        first = self.min_bars - 1
        size = self._size(bars)
        score = sum((change_sign(bars.close, h) for h in horizons), np.zeros(len(bars))) / 3.0
        side = np.maximum(score, 0.0) if self.long_only else score
        close = bars.close.astype(np.float64)
        return Targets(
            weight=from_row(first, side * size),
            conditions=lambda: (
                *(
                    Condition(
                        f"close > close {h} bars ago",
                        prices(bars, close),
                        prices(bars, ago(close, h)),
                    )
                    for h in horizons
                ),
                Condition("mean of signs > 0", from_row(first, score), level(bars, first, 0.0)),
            ),
        )

    def _size(self, bars: Bars) -> Floats:
        if not self.target_vol:
            return np.full(len(bars), self.max_weight)
        volatility = rolling_volatility(bars.close.astype(np.float64), self.vol_period)
        target = per_bar(self.target_vol, bars.interval_ms)
        return volatility_weight(volatility, target, self.max_weight)
