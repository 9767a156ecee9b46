"""Donchian's channel with a stop by true range."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader.domain.bars import Bars, Floats
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.kernel.features.averages import GRID, ago, settle
from gpt_trader.kernel.features.wilder import atr
from gpt_trader.kernel.features.window import highest, lowest, since
from gpt_trader.strategy.base import param
from gpt_trader.strategy.columns import WILDER_MEMORY, from_row, prices, weight_while
from gpt_trader.strategy.params import check_ranges

STOP_MIN = 0.001  # a stop nearer than this would be inside the spread
STOP_MAX = 0.9


@dataclass(frozen=True)
class Breakout:
    """Buy a new high of the channel, sell a new low of the shorter one.

    Entry signal: close > highest high of the `entry` bars before. Exit signal: close < lowest
    low of the `exit` bars before. In while an entry signal came within the last `patience` bars
    and after the last exit signal: a breakout without a follow-up for that long is given up,
    which also makes the state a function of a window. Stop: stop_atr ATR(atr_period) / close
    below the entry, kept within 0.1 % and 90 %. ATR: Wilder's, settled to 1/65,536 tick.

    Source: Donchian's channel as in the Turtles' system 2 (Faith, Way of the Turtle, 2007):
    55 bars in, 20 bars out, stop 2 ATR(20); patience is four entry channels. ATR: Wilder, New
    Concepts in Technical Trading Systems (1978).
    """

    name: ClassVar[str] = "breakout"

    entry: int = param(55, 1, 2000, doc="bars of the entry channel")
    exit: int = param(20, 1, 2000, doc="bars of the exit channel")
    patience: int = param(220, 1, 10000, doc="bars after the last breakout until it is given up")
    atr_period: int = param(20, 1, 500, doc="bars of the average true range")
    stop_atr: float = param(2.0, 0.0, 20.0, doc="stop below the entry, true ranges; 0: none")
    weight: float = param(1.0, 0.01, 1.0, doc="fraction of equity while in")

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def min_bars(self) -> int:
        """Bars needed for a first opinion."""
        return max(self.entry, self.exit, self.atr_period) + 1

    @property
    def warmup(self) -> int:
        """Bars of the channels behind each of the last `patience` bars, and of the ATR."""
        channels = max(self.entry, self.exit) + self.patience
        return max(channels, WILDER_MEMORY * self.atr_period) + 1

    def targets(self, bars: Bars) -> Targets:
        """Return weight, stop and conditions for every bar."""
        first = self.min_bars - 1
        close = bars.close.astype(np.float64)
        top = ago(highest(bars.high, self.entry), 1)
        floor = ago(lowest(bars.low, self.exit), 1)
        entry = since(close > top, self.patience)
        leave = since(close < floor, self.patience)
        price = prices(bars, close)
        return Targets(
            weight=weight_while(entry < leave, first, self.weight),
            stop=from_row(first, self._stop(bars, close)) if self.stop_atr else None,
            conditions=lambda: (
                Condition(f"close > highest high({self.entry}) before", price, prices(bars, top)),
                Condition(
                    f"exit: close < lowest low({self.exit}) before",
                    price,
                    prices(bars, floor),
                    "<",
                ),
                Condition(
                    f"bars since entry < bars since exit (at most {self.patience})",
                    from_row(first, entry),
                    from_row(first, leave),
                    "<",
                ),
            ),
        )

    def _stop(self, bars: Bars, close: Floats) -> Floats:
        high = bars.high.astype(np.float64)
        low = bars.low.astype(np.float64)
        reach = settle(atr(high, low, close, self.atr_period), GRID)
        return np.clip(self.stop_atr * reach / close, STOP_MIN, STOP_MAX)
