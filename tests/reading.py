"""A market strategy that reads what it does not trade, in a file of its own as a user's is."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from gpt_trader.domain.market import Market
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.strategy.base import param


@dataclass(frozen=True)
class Reading:
    """In for some bars, out for as many, while all that it reads is there; else no opinion."""

    name: ClassVar[str] = "reading"
    reads: ClassVar[dict[str, int]] = {"SOL-USD": 3, "BTC-USD@5m": 2, "ETH-USD": 2}
    bars: int = param(3, 1, 100, doc="bars in, and out")

    @property
    def min_bars(self) -> int:
        return 1

    @property
    def warmup(self) -> int:
        return 3

    def targets(self, market: Market) -> dict[str, Targets]:
        sol, btc = market.reads["SOL-USD"].close, market.reads["BTC-USD@5m"].close
        turn = market.time // market.interval_ms // self.bars % 2
        known = np.isfinite(sol) & np.isfinite(btc)
        weight = np.where(known, np.where(turn == 1, 0.2, 0.0), np.nan)
        said = (
            Condition("SOL-USD close > 0", sol, np.zeros(len(market))),
            Condition("BTC-USD 5m close > 0", btc, np.zeros(len(market))),
        )
        return {one: Targets(weight, stop=0.002, conditions=said) for one in market.products}


READING = f"{Path(__file__)}:Reading"
