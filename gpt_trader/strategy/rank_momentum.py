"""Cross-sectional momentum: hold what rose most."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from gpt_trader.domain.bars import Floats, Ints
from gpt_trader.domain.market import Market
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.kernel.features.averages import ewm_volatility, settle, volatility_weight
from gpt_trader.strategy.base import param
from gpt_trader.strategy.benchmark import benchmark_of, check_benchmark
from gpt_trader.strategy.columns import EMA_MEMORY, VOLATILITY_GRID, per_bar
from gpt_trader.strategy.params import check_ranges
from gpt_trader.strategy.schedule import TURNS, Schedule, closes_at, rows_back, schedule


@dataclass(frozen=True)
class RankMomentum:
    """Equal parts of those products of the route that rose most, if they rose at all.

    At the bars whose number since the epoch, time // interval, is a multiple of `every`, the
    products that have a bar there and one `lookback` bars of the grid before are ranked by
    close / that close - 1, ties by product id: the first `top` whose return is above 0 have
    weight = 1 / top each, all others 0. Between those bars the last weights stand, so that what
    sales free is bought with in the next cycle; if their successor's bar is absent, for 4 turns
    at most. target_vol: each weight times min(target_vol / volatility, 1), the volatility that of
    ema_trend, of the product's bars within the last 30 periods of the grid; 0 while it is not
    known. benchmark: where its own return over these bars is not above 0, or not known, all
    weights are 0.

    Source: Jegadeesh, Titman, "Returns to Buying Winners and Selling Losers", Journal of Finance
    48 (1993), for the ranking; Liu, Tsyvinski, Wu, "Common Risk Factors in Cryptocurrency",
    Journal of Finance 77 (2022), for coins over one to four weeks held for one (168 and 42 bars of
    4 hours); Antonacci, Dual Momentum Investing (2014), for the return above 0 and the benchmark.
    """

    name: ClassVar[str] = "rank_momentum"

    lookback: int = param(168, 1, 10000, doc="bars of the return")
    top: int = param(3, 1, 100, doc="how many products are held at most, each with 1 / top")
    every: int = param(42, 1, 5000, doc="bars from one ranking to the next")
    target_vol: float = param(0.0, 0.0, 5.0, doc="volatility wanted, a year; 0: do not scale")
    vol_period: int = param(121, 2, 2000, doc="bars of the volatility's average")
    benchmark: str = param("", doc="product that must have risen, traded or read; empty: none")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.benchmark:
            check_benchmark(self.name, self.benchmark)

    @property
    def min_bars(self) -> int:
        """Bars that a product needs for a first opinion, which comes at the next ranking."""
        return max(self.lookback, self.vol_period if self.target_vol else 0) + 1

    @property
    def warmup(self) -> int:
        """Rows that a trailing window needs: those behind the oldest ranking that may stand."""
        back = max(self.lookback, self._volatility_rows - 1 if self.target_vol else 0)
        return back + rows_back(self.every) + 1

    @property
    def reads(self) -> dict[str, int]:
        """The benchmark, if there is one."""
        back = 2 * self.lookback + TURNS * self.every
        return {self.benchmark: back} if self.benchmark else {}

    @property
    def _volatility_rows(self) -> int:
        return EMA_MEMORY * self.vol_period + 1

    def targets(self, market: Market) -> dict[str, Targets]:
        """Return weights and conditions of every product for every row."""
        turns = schedule(market.time, market.interval_ms, self.every, self.min_bars - 1)
        then = closes_at(market, turns.rows - self.lookback)
        rose = closes_at(market, turns.rows) / then - 1.0
        rank = ranks(rose, market.products)
        size = self._sizes(market, turns.rows)
        led = self._benchmark_rose(market, turns.rows)
        held = (rank <= self.top) & (rose > 0.0) & (led > 0.0)[:, None]
        weight = np.where(held, np.nan_to_num(size) / self.top, 0.0)
        return {
            product_id: Targets(
                turns.stand(weight[:, j]),
                conditions=partial(self._reasons, turns, rose[:, j], rank[:, j], size[:, j], led),
            )
            for j, product_id in enumerate(market.products)
        }

    def _sizes(self, market: Market, rows: Ints) -> Floats:
        """Return what each weight is multiplied by: (k, p), NaN while the volatility is unknown."""
        if not self.target_vol:
            return np.ones((len(rows), len(market.bars)))
        target = per_bar(self.target_vol, market.interval_ms)
        found = volatility_at(market, rows, self.vol_period)
        return volatility_weight(found.ravel(), target, 1.0).reshape(found.shape)

    def _benchmark_rose(self, market: Market, rows: Ints) -> Floats:
        """Return the benchmark's own return at k rows; 1 without one, NaN where it is unknown."""
        if not self.benchmark:
            return np.ones(len(rows))
        read = benchmark_of(market, self.benchmark)
        close = read.close
        then = rows - self.lookback
        led: Floats = close[rows] / close[then] - 1.0
        # Where it has bars and the grid has no rows, no window holds them all.
        led[read.at[rows] - read.at[then] > 2 * self.lookback] = np.nan
        return led

    def _reasons(
        self, turns: Schedule, rose: Floats, rank: Floats, size: Floats, led: Floats
    ) -> tuple[Condition, ...]:
        nothing = turns.stand(np.zeros(len(turns.rows)))
        found = [
            Condition(f"return over {self.lookback} bars > 0", turns.stand(rose), nothing),
            Condition(
                f"rank by return < {self.top + 1}", turns.stand(rank), nothing + self.top + 1, "<"
            ),
        ]
        if self.benchmark:
            label = f"{self.benchmark} return over {self.lookback} bars > 0"
            found.append(Condition(label, turns.stand(led), nothing))
        if self.target_vol:
            label = f"weight {self.target_vol:g} / volatility({self.vol_period}) > 0"
            found.append(Condition(label, turns.stand(size), nothing))
        return tuple(found)


def ranks(values: Floats, names: Sequence[str]) -> Floats:
    """Rank each row's p values, 1 the highest, equal ones by name: (k, p), NaN where unknown."""
    by_name = np.argsort(np.array(names), kind="stable")
    order = np.argsort(-values[:, by_name], axis=1, kind="stable")
    out = np.empty(values.shape)
    out[:, by_name] = np.argsort(order, axis=1) + 1.0
    out[np.isnan(values)] = np.nan
    return out


def volatility_at(market: Market, rows: Ints, period: int) -> Floats:
    """Return ema_trend's volatility at k rows: (k, p), NaN where it is not known.

    It is that of a product's bars within the EMA_MEMORY * period + 1 rows that end there: where
    none of them is absent, that of all of its bars, which it cannot be told from.
    """
    out = np.full((len(rows), len(market.bars)), np.nan)
    memory = EMA_MEMORY * period + 1
    oldest = market.time[np.maximum(rows - memory + 1, 0)]
    for j, bars in enumerate(market.bars.values()):
        begins, ends = np.searchsorted(bars.time, oldest), market.row[rows, j] + 1
        close = bars.close.astype(np.float64)
        there = np.flatnonzero(ends > 0)
        out[there, j] = ewm_volatility(close, period)[ends[there] - 1]
        for k in there[(begins[there] > 0) & (ends[there] - begins[there] < memory)]:
            out[k, j] = ewm_volatility(close[begins[k] : ends[k]], period)[-1]
        out[:, j] = settle(out[:, j], VOLATILITY_GRID)
    return out
