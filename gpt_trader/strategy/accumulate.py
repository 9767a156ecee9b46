"""Dollar-cost averaging: a fixed sum a period."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Floats, Ints
from gpt_trader.domain.market import Market, last
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.domain.times import parse_time
from gpt_trader.errors import UsageError
from gpt_trader.strategy.base import param
from gpt_trader.strategy.params import check_ranges


@dataclass(frozen=True)
class Accumulate:
    """A fixed sum at the first bar of each period, until all of the money is in coins.

    The equity at `start` is cut into `periods` equal sums, and each sum into equal parts by product
    of the route. A part is spent at the product's first bar of each period of `every` bars, what
    was missed meanwhile with it; with `more`, so much more of it where the close is below the mean
    cost of what has been bought, for as long as there is money. weight = worth of the coins so
    bought / (all their worth + what is not spent): it rises with each sum and moves with the price
    in between, so that only the sums are traded. No opinion before start and after the last
    period: the coins are kept. A strategy does not see the account: the account's
    `risk.rebalance_band` holds back a purchase that is smaller than its share of the holding, so
    set it below 1 / periods, or several sums are bought at once.

    Compared with all at once (buy_and_hold, which every report shows): it buys later, so where
    prices rise it earns less, in about two of three years and by a few percent; where they fall
    first it loses less. What it lowers is the risk of the first months, since part of the money
    is not invested then. It is no gain in itself.

    Source: Constantinides, "A Note on the Suboptimality of Dollar-Cost Averaging as an Investment
    Policy", Journal of Financial and Quantitative Analysis 14 (1979); Vanguard, "Dollar-Cost
    Averaging Just Means Taking Risk Later" (2012), for two of three; Statman, "A Behavioral
    Framework for Dollar-Cost Averaging", Journal of Portfolio Management 21 (1995), for why people
    want it.
    """

    name: ClassVar[str] = "accumulate"

    start: str = param("2020-01-01", doc="day or time of the first sum, UTC")
    every: int = param(42, 1, 5000, doc="bars of a period")
    periods: int = param(52, 1, 1000, doc="number of sums")
    more: float = param(0.0, 0.0, 10.0, doc="share of a sum that is added below the mean cost")

    def __post_init__(self) -> None:
        check_ranges(self)
        if self._start_ms < 0:
            raise UsageError(f"expected start of accumulate in 1970 or later, was {self.start}")

    @cached_property
    def _start_ms(self) -> int:
        return parse_time(self.start)

    @property
    def min_bars(self) -> int:
        """One bar."""
        return 1

    @property
    def warmup(self) -> int:
        """Rows that a trailing window needs: all of them since the start."""
        return self.every * self.periods

    def targets(self, market: Market) -> dict[str, Targets]:
        """Return weights and conditions of every product for every row."""
        length = self.every * market.interval_ms
        period = (market.time - self._start_ms) // length
        due = np.clip(period + 1, 0, self.periods)
        acts = (period >= 0) & (period < self.periods)
        price = last(market.close).T
        held = [
            self._bought(due, there, own)
            for there, own in zip(market.present.T, price, strict=True)
        ]
        worth = [
            np.where(own.coins > 0.0, own.coins * at, 0.0)
            for own, at in zip(held, price, strict=True)
        ]
        unspent = sum((self.periods - own.spent for own in held), np.zeros(len(market)))
        equity = sum(worth, unspent)
        return {
            product_id: Targets(
                np.where(acts, worth[j] / equity, np.nan),
                conditions=partial(self._reasons, held[j].spent, due, period),
            )
            for j, product_id in enumerate(market.products)
        }

    def _bought(self, due: Ints, there: NDArray[np.bool_], price: Floats) -> "_Bought":
        """Return what a product's parts of the sums have bought by each row, a part being 1."""
        rows = np.flatnonzero(there)
        new = np.diff(due[rows], prepend=0)
        buys = np.flatnonzero(new > 0)
        coins, spent = [0.0], [0.0]
        for row, sums in zip(rows[buys].tolist(), new[buys].tolist(), strict=True):
            is_cheap = coins[-1] > 0.0 and price[row] < spent[-1] / coins[-1]
            part = min(sums * (1.0 + self.more * is_cheap), self.periods - spent[-1])
            coins.append(coins[-1] + part / price[row])
            spent.append(spent[-1] + part)
        place = np.zeros(len(due), np.int64)
        place[rows[buys]] = 1
        place = np.cumsum(place)
        return _Bought(np.array(coins)[place], np.array(spent)[place])

    def _reasons(self, spent: Floats, due: Ints, period: Ints) -> tuple[Condition, ...]:
        said = np.where(period < self.periods, spent, self.periods)
        return (
            Condition(f"sums due of {self.periods} > 0", due * 1.0, np.zeros(len(due))),
            Condition("sums spent > 0", said, np.zeros(len(due))),
        )


class _Bought(NamedTuple):
    """By each row: coins, (n,) float64 per part of a sum spent, and parts spent, (n,) float64."""

    coins: Floats
    spent: Floats
