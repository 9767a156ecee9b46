"""Bars: one product's history as aligned columns, and a single bar."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.product import Product

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Bar(NamedTuple):
    """One closed bar. Prices are ticks, volume base units; it exists at open + interval."""

    product_id: str
    open_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: float
    funding_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Bars:
    """History of one product, oldest first, columns of one length n.

    time: int64 milliseconds UTC, each bar's open, strictly increasing.
    open, high, low, close: int64 ticks of `product.price_increment`, >= 1.
    volume: float64 base units, >= 0 (0: no trades in the bar).
    funding_rate: float64 fraction of position value paid by longs at the bar's close
    (perpetuals; 0 elsewhere).
    """

    product: Product
    interval_ms: int
    time: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Floats
    funding_rate: Floats

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, rows: slice) -> "Bars":
        """Return the bars of a slice of rows (views, nothing is copied)."""
        return Bars(
            self.product,
            self.interval_ms,
            self.time[rows],
            self.open[rows],
            self.high[rows],
            self.low[rows],
            self.close[rows],
            self.volume[rows],
            self.funding_rate[rows],
        )

    def bar(self, row: int) -> Bar:
        """Return one row as a Bar."""
        return Bar(
            self.product.product_id,
            int(self.time[row]),
            int(self.open[row]),
            int(self.high[row]),
            int(self.low[row]),
            int(self.close[row]),
            float(self.volume[row]),
            float(self.funding_rate[row]),
        )


def bars_from_rows(product: Product, interval_ms: int, rows: list[Bar]) -> Bars:
    """Build Bars from single bars, oldest first."""
    return Bars(
        product,
        interval_ms,
        np.array([r.open_ms for r in rows], np.int64),
        np.array([r.open for r in rows], np.int64),
        np.array([r.high for r in rows], np.int64),
        np.array([r.low for r in rows], np.int64),
        np.array([r.close for r in rows], np.int64),
        np.array([r.volume for r in rows], np.float64),
        np.array([r.funding_rate for r in rows], np.float64),
    )
