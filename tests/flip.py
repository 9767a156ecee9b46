"""A strategy that trades all the time, in a file of its own: each start of a session reads it."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.strategy.base import param


@dataclass(frozen=True)
class Flip:
    """In for some bars, out for as many, with a narrow stop: it trades all the time."""

    name: ClassVar[str] = "flip"
    bars: int = param(3, 1, 100, doc="bars in, and out")
    stop: float = param(0.002, 0.0, 0.5, doc="stop below the entry")
    take: float = param(0.0, 0.0, 0.5, doc="take-profit above it; 0: none")

    @property
    def min_bars(self) -> int:
        return 1

    @property
    def warmup(self) -> int:
        return 1

    def targets(self, bars: Bars) -> Targets:
        turn = bars.time // bars.interval_ms // self.bars % 2
        level = turn.astype(np.float64)
        return Targets(
            weight=np.where(turn == 1, 0.2, 0.0),
            stop=np.full(len(bars), self.stop or np.nan),
            take_profit=np.full(len(bars), self.take or np.nan),
            conditions=(Condition("turn > 0", level, np.zeros(len(bars))),),
        )


FLIP = f"{Path(__file__)}:Flip"
