"""The cheaper one of a pair, by their spread."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Floats
from gpt_trader.domain.market import Market
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.errors import ConfigError, UsageError
from gpt_trader.kernel.features.window import rolling_sum, since
from gpt_trader.strategy.base import param
from gpt_trader.strategy.columns import from_row
from gpt_trader.strategy.params import check_ranges

NOISE = 1e-6  # of the mean: what the deviation of a spread that does not move is by rounding


@dataclass(frozen=True)
class PairReversion:
    """Two products side by side, and the cheaper one alone while their spread is stretched.

    spread = log(first / second); z = its distance from the mean of the last `lookback` rows of the
    grid, in standard deviations; rows in which one of both has no bar are left out, and with less
    than half of them there is no opinion. z below -entry: the first is cheap, until z is above
    -exit or for max_hold bars since; above entry the second, alike. On spot weight = `weight` for
    the cheap one and 0 for the other, half of it each while neither is cheap: the money is always
    in the pair, and gains or loses with both. With long_only=false, for perpetuals, weight = half
    of it for the cheap one and as much short of the other, 0 while neither is: what the market
    does matters little, a spread that never comes back hurts more. Nothing says that two coins
    belong together: that is for you to show. Other products of the route: 0.

    Source: Gatev, Goetzmann, Rouwenhorst, "Pairs Trading: Performance of a Relative-Value
    Arbitrage Rule", Review of Financial Studies 19 (2006): in at two deviations, out where the
    prices meet.
    """

    name: ClassVar[str] = "pair_reversion"

    first: str = param("", doc="a product of the route; empty, both: its first two")
    second: str = param("", doc="another product of the route")
    lookback: int = param(168, 2, 10000, doc="rows of the mean and the deviation")
    entry: float = param(2.0, 0.1, 10.0, doc="deviations from which on one is cheap")
    exit: float = param(0.0, -5.0, 9.0, doc="deviations at which it no longer is, below entry")
    max_hold: int = param(168, 1, 10000, doc="rows after which it no longer is")
    long_only: bool = param(True, doc="never below 0")
    weight: float = param(1.0, 0.01, 1.0, doc="fraction of equity for both")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.exit >= self.entry:
            raise UsageError(
                "expected exit < entry in pair_reversion, "
                f"was exit={self.exit:g} entry={self.entry:g}",
                hint="for example --set entry=2 --set exit=0",
            )
        if bool(self.first) != bool(self.second) or (self.first and self.first == self.second):
            raise UsageError(
                "expected two products in pair_reversion, or none, "
                f"was first={self.first!r} second={self.second!r}",
                hint="for example --set first=BTC-USD --set second=ETH-USD",
            )

    @property
    def min_bars(self) -> int:
        """Bars needed for a first opinion."""
        return self.lookback

    @property
    def warmup(self) -> int:
        """Rows of a trailing window: of the spread at the oldest row that may have begun it."""
        return self.lookback + self.max_hold

    def targets(self, market: Market) -> dict[str, Targets]:
        """Return weights and conditions of every product for every row.

        Raises ConfigError where one of the two is not there. In a route of one product nothing is
        of a pair, and it weighs 0.
        """
        pair = self._pair(market)
        first, n = self.min_bars - 1, len(market)
        z = from_row(first, self._score(market, pair) if pair else np.zeros(n))
        known = np.where(np.isnan(z), np.nan, 1.0)
        cheap = [self._cheap(z), self._cheap(-z)]
        found = {}
        for product_id in market.products:
            if product_id in pair:
                own = pair.index(product_id)
                score, weight = (1 - 2 * own) * z, known * self._weigh(cheap[own], cheap[1 - own])
            else:
                score = weight = 0.0 * known
            found[product_id] = Targets(weight, conditions=partial(self._reasons, score, weight))
        return found

    def _pair(self, market: Market) -> tuple[str, ...]:
        """Return the ids of both; none where the route has one product."""
        if not self.first:
            return market.products[:2] if len(market.products) > 1 else ()
        for product_id in (self.first, self.second):
            if product_id not in market.bars:
                raise ConfigError(
                    f"pair_reversion wants {product_id}, which its route does not trade",
                    hint=f"it trades {', '.join(market.products)}",
                )
        return self.first, self.second

    def _score(self, market: Market, pair: tuple[str, ...]) -> Floats:
        """Return z at each row: NaN where one is absent, or too many rows are."""
        ids = market.products
        close = market.close
        spread = np.log(close[:, ids.index(pair[0])] / close[:, ids.index(pair[1])])
        there = ~np.isnan(spread)
        known = np.where(there, spread, 0.0)
        count = rolling_sum(there.astype(np.float64), self.lookback)
        count[2.0 * count < self.lookback] = np.nan
        mean = rolling_sum(known, self.lookback) / count
        square = rolling_sum(known * known, self.lookback) / count - mean * mean
        deviation = np.sqrt(np.maximum(square, 0.0))
        still = deviation <= NOISE * np.abs(mean)
        z: Floats = (spread - mean) / np.where(still, np.inf, deviation)
        return z

    def _cheap(self, z: Floats) -> NDArray[np.bool_]:
        """Return where the one whose spread this is is cheap."""
        return since(z < -self.entry, self.max_hold) < since(z > -self.exit, self.max_hold)

    def _weigh(self, cheap: NDArray[np.bool_], dear: NDArray[np.bool_]) -> Floats:
        between = 0.5 if self.long_only else 0.0
        most, least = (1.0, 0.0) if self.long_only else (0.5, -0.5)
        found: Floats = self.weight * np.where(cheap, most, np.where(dear, least, between))
        return found

    def _reasons(self, score: Floats, weight: Floats) -> tuple[Condition, ...]:
        label = f"distance from the mean spread({self.lookback}) < -{self.entry:g}"
        return (
            Condition(label, score, np.full(len(score), -self.entry), "<"),
            Condition("weight > 0", weight, np.zeros(len(weight))),
        )
