"""Strategies that go by what is kept across products, and by a value of their module."""

import builtins
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gpt_trader.domain.targets import Targets


@dataclass(frozen=True)
class FirstProductsNext:
    """Keeps the closes of one product in Python's own module, and goes by them in the other."""

    name: ClassVar[str] = "first_products_next"
    min_bars: ClassVar[int] = 2
    warmup: ClassVar[int] = 2

    def targets(self, bars):
        kept = builtins._kept_by_peek
        if bars.product.product_id == "BTC-USD":
            kept.update(zip(bars.time.tolist(), bars.close.tolist(), strict=True))
            return Targets(np.zeros(len(bars)))
        now = [kept.get(time, 0) for time in bars.time.tolist()]
        later = [kept.get(time + bars.interval_ms, 0) for time in bars.time.tolist()]
        return Targets(np.greater(later, now).astype(np.float64))


FAST = 5


@dataclass(frozen=True)
class ByItsModule:
    """In above the close of FAST bars ago, honestly."""

    name: ClassVar[str] = "by_its_module"
    min_bars: ClassVar[int] = 20
    warmup: ClassVar[int] = 20

    def targets(self, bars):
        weight = np.zeros(len(bars))
        weight[FAST:] = bars.close[FAST:] > bars.close[:-FAST]
        return Targets(weight)
