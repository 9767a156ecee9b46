"""A strategy in two files: the one beside it decides the weight."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from weights import WEIGHT

from gpt_trader.domain.targets import Targets


@dataclass(frozen=True)
class InTwoFiles:
    """Always as much in as the other file says."""

    name: ClassVar[str] = "in_two_files"
    min_bars: int = 1
    warmup: int = 1

    def targets(self, bars):
        return Targets(np.full(len(bars), WEIGHT))
