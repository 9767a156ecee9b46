"""Trend by exponential moving averages, sized by volatility."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.errors import UsageError
from gpt_trader.kernel.features.averages import GRID, ema, ewm_volatility, settle, volatility_weight
from gpt_trader.strategy.base import param
from gpt_trader.strategy.columns import (
    EMA_MEMORY,
    VOLATILITY_GRID,
    from_row,
    level,
    per_bar,
    prices,
)
from gpt_trader.strategy.params import check_ranges


@dataclass(frozen=True)
class EmaTrend:
    """In while the fast exponential average is above the slow one, smaller when it is wild.

    weight = min(target_vol / volatility, max_weight) if EMA(fast) > EMA(slow), else 0, where
    volatility is the root of the EMA of squared simple returns over `vol_period` bars, a year
    having 365 days. EMA: alpha = 2 / (period + 1), seeded by the SMA. The averages are settled
    to 1/65,536 tick and the volatility to 2^-30 before anything is decided by them.

    Source: Carver, Systematic Trading (2015), EWMAC with slow = 4 fast, 32 and 128 bars;
    Moskowitz, Ooi, Pedersen, "Time Series Momentum", Journal of Financial Economics 104 (2012),
    for 40 % target volatility and a centre of mass of 60 bars (period 121); J.P. Morgan,
    RiskMetrics (1996), for the volatility with mean zero. Meant for bars of 4 hours.
    """

    name: ClassVar[str] = "ema_trend"

    fast: int = param(32, 1, 1000, doc="bars of the fast average")
    slow: int = param(128, 2, 2000, doc="bars of the slow average, more than fast")
    target_vol: float = param(0.40, 0.01, 5.0, doc="volatility wanted, a year, as a fraction")
    vol_period: int = param(121, 2, 2000, doc="bars of the volatility's average")
    max_weight: float = param(1.0, 0.01, 1.0, doc="most of equity, however calm the market")
    stop: float = param(0.0, 0.0, 0.9, doc="stop below the entry, as a fraction; 0: none")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.fast >= self.slow:
            raise UsageError(
                f"expected fast < slow in ema_trend, was fast={self.fast} slow={self.slow}",
                hint="for example --set fast=32 --set slow=128",
            )

    @property
    def min_bars(self) -> int:
        """Bars needed for a first opinion."""
        return max(self.slow, self.vol_period + 1)

    @property
    def warmup(self) -> int:
        """Bars after which the averages have forgotten where they started."""
        return EMA_MEMORY * max(self.slow, self.vol_period) + 1

    def targets(self, bars: Bars) -> Targets:
        """Return weight, stop and conditions for every bar."""
        first = self.min_bars - 1
        close = bars.close.astype(np.float64)
        fast = settle(ema(close, self.fast), GRID)
        slow = settle(ema(close, self.slow), GRID)
        volatility = settle(ewm_volatility(close, self.vol_period), VOLATILITY_GRID)
        size = volatility_weight(
            volatility, per_bar(self.target_vol, bars.interval_ms), self.max_weight
        )
        return Targets(
            weight=from_row(first, np.where(fast > slow, size, 0.0)),
            stop=level(bars, first, self.stop) if self.stop else None,
            conditions=lambda: (
                Condition(
                    f"EMA({self.fast}) > EMA({self.slow})", prices(bars, fast), prices(bars, slow)
                ),
                Condition(
                    f"weight {self.target_vol:g} / volatility({self.vol_period}) > 0",
                    from_row(first, size),
                    level(bars, first, 0.0),
                ),
            ),
        )
