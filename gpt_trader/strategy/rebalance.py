"""Fixed weights: what many private holders want."""

from dataclasses import dataclass
from functools import cached_property, partial
from math import isfinite
from typing import ClassVar

import numpy as np

from gpt_trader.domain.market import Market
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.errors import ConfigError, UsageError
from gpt_trader.strategy.base import param
from gpt_trader.strategy.params import check_ranges


@dataclass(frozen=True)
class Rebalance:
    """Fixed shares of equity, traded back to when the market has moved them out of their band.

    weight = that of `weights` at every bar, 0 for a product of the route that is not named; empty:
    1 / number of products each. What is left of 1 stays cash. A strategy does not see the account:
    the band is the account's own, `risk.rebalance_band`, by default 0.25: nothing is traded while
    target and holding differ by no more than a quarter of the larger, a 60 % share between 45 %
    and 80 %. What sales free is bought with in the next cycle.

    Source: Daryanani, "Opportunistic Rebalancing", Journal of Financial Planning 21 (2008), look
    often, trade beyond a band of a fifth of the weight; DeMiguel, Garlappi, Uppal, "Optimal Versus
    Naive Diversification", Review of Financial Studies 22 (2009), for equal weights.
    """

    name: ClassVar[str] = "rebalance"

    weights: str = param("", doc="BTC-USD=0.6,ETH-USD=0.3; empty: equal parts of all products")

    def __post_init__(self) -> None:
        check_ranges(self)
        total = sum(self._shares.values())
        if total > 1.0 + 1e-9:
            raise UsageError(f"expected weights of rebalance to sum to at most 1, was {total:g}")

    @cached_property
    def _shares(self) -> dict[str, float]:
        """The weights by product, none where they are equal."""
        found: dict[str, float] = {}
        for part in filter(None, map(str.strip, self.weights.split(","))):
            product_id, _, text = map(str.strip, part.partition("="))
            share = _number(text)
            if "-" not in product_id or product_id in found or not 0.0 <= share <= 1.0:
                raise UsageError(
                    f"expected weights of rebalance as PRODUCT=SHARE, each once, was {part!r}",
                    hint="for example --set weights=BTC-USD=0.6,ETH-USD=0.3",
                )
            found[product_id] = share
        return found

    @property
    def min_bars(self) -> int:
        """One bar."""
        return 1

    @property
    def warmup(self) -> int:
        """One row: nothing older is used."""
        return 1

    def targets(self, market: Market) -> dict[str, Targets]:
        """Return the same weight for every row, of every product.

        Raises ConfigError where a product that has a weight is not there.
        """
        strange = [one for one in self._shares if one not in market.bars]
        if strange:
            raise ConfigError(
                f"rebalance has a weight of {strange[0]}, which its route does not trade",
                hint=f"it trades {', '.join(market.products)}",
            )
        equal = dict.fromkeys(market.products, 1.0 / len(market.products))
        shares = self._shares or equal
        return {
            product_id: _fixed(shares.get(product_id, 0.0), len(market))
            for product_id in market.products
        }


def _fixed(share: float, n: int) -> Targets:
    return Targets(np.full(n, share), conditions=partial(_reasons, share, n))


def _reasons(share: float, n: int) -> tuple[Condition, ...]:
    return (Condition("weight > 0", np.full(n, share), np.zeros(n)),)


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        return -1.0
    return found if isfinite(found) else -1.0
