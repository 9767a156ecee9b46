"""A strategy of single products that acts only while a benchmark's regime holds."""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import ClassVar

import numpy as np

from gpt_trader.domain.bars import Floats
from gpt_trader.domain.market import Market
from gpt_trader.domain.reads import Read
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.errors import UsageError
from gpt_trader.kernel.features.averages import GRID, ema, settle
from gpt_trader.strategy import registry
from gpt_trader.strategy.base import Strategy, param
from gpt_trader.strategy.benchmark import benchmark_of, check_benchmark
from gpt_trader.strategy.columns import EMA_MEMORY, from_row
from gpt_trader.strategy.each import ask_each, window_rows
from gpt_trader.strategy.params import check_ranges
from gpt_trader.strategy.sight import sees_market


@dataclass(frozen=True)
class RegimeTrend:
    """What another strategy says of each product, while the benchmark's trend is up; else out.

    weight = that of `strategy` while EMA(fast) > EMA(slow) of the benchmark's own bars, 0 while
    not; no opinion where the benchmark's bar is absent. The benchmark is a product of the route
    or a series that is read, of the route's interval or a longer one (BTC-USD@1d). The strategy
    runs with its default parameters, and its stops count too. EMA: as in ema_trend.

    Source: Cooper, Gutierrez, Hameed, "Market States and Momentum", Journal of Finance 59 (2004),
    for trends that pay after markets that rose; Faber, "A Quantitative Approach to Tactical Asset
    Allocation", Journal of Wealth Management 9 (2007), for a moving average that says so; Carver,
    Systematic Trading (2015), for 32 and 128 bars.
    """

    name: ClassVar[str] = "regime_trend"

    strategy: str = param("ema_trend", doc="strategy of single products, by name or file.py:Class")
    benchmark: str = param("BTC-USD", doc="product whose trend decides, traded or read")
    fast: int = param(32, 1, 1000, doc="bars of the benchmark's fast average")
    slow: int = param(128, 2, 2000, doc="bars of its slow average, more than fast")

    def __post_init__(self) -> None:
        check_ranges(self)
        check_benchmark(self.name, self.benchmark)
        if self.fast >= self.slow:
            raise UsageError(
                f"expected fast < slow in regime_trend, was fast={self.fast} slow={self.slow}",
                hint="for example --set fast=32 --set slow=128",
            )
        if self.strategy == self.name or sees_market(self._member):
            raise UsageError(
                f"expected strategy of regime_trend to see one product, was {self.strategy}",
                hint="for example --set strategy=ema_trend",
            )
        if not registry.is_array_strategy(type(self._member)):
            raise UsageError(
                f"expected strategy of regime_trend to have targets(), {self.strategy} has on_bar()"
            )

    @cached_property
    def voters(self) -> tuple[Strategy, ...]:
        """The strategy, made."""
        return (registry.create(self.strategy, {}),)

    @property
    def _member(self) -> Strategy:
        return self.voters[0]

    @property
    def reads(self) -> dict[str, int]:
        """The benchmark, as far back as its averages remember."""
        return {self.benchmark: EMA_MEMORY * self.slow + 1}

    @property
    def min_bars(self) -> int:
        """Bars needed for a first opinion."""
        return max(self._member.min_bars, self.slow)

    @property
    def warmup(self) -> int:
        """Rows that hold enough bars of each product for the strategy."""
        return max(window_rows(self._member), self.min_bars)

    def targets(self, market: Market) -> dict[str, Targets]:
        """Return the strategy's targets and conditions by product, led by the benchmark's."""
        read = benchmark_of(market, self.benchmark)
        fast, slow = self._average(read, self.fast), self._average(read, self.slow)
        first = self.min_bars - 1
        unknown = np.isnan(fast) | np.isnan(slow)
        tick = read.bars.product.tick
        regime = Condition(
            f"{self.benchmark} EMA({self.fast}) > EMA({self.slow})", fast * tick, slow * tick
        )
        found = {}
        for product_id, said in zip(market.products, ask_each(self._member, market), strict=True):
            weight = np.where(unknown, np.nan, np.where(fast > slow, said.weight, 0.0))
            found[product_id] = replace(
                said,
                weight=from_row(first, weight),
                conditions=partial(_reasons, regime, said),
            )
        return found

    def _average(self, read: Read, period: int) -> Floats:
        """Return an average of the benchmark at each row, ticks; NaN where its bar is absent."""
        return read.spread(settle(ema(read.bars.close.astype(np.float64), period), GRID))


def _reasons(regime: Condition, said: Targets) -> tuple[Condition, ...]:
    return regime, *said.reasons()
