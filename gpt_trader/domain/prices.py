"""Whole ticks and lots as people read them: prices and sizes as floats."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.domain.product import Product

EXACT = 2**53  # below it float64 holds every whole number

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def prices_of(ticks: Ints, increment: Decimal) -> Floats:
    """Return the float64 nearest to each exact price, the shape of `ticks`: 3 of 0.1 are 0.3.

    A product of whole numbers divided by a power of ten is rounded once where both are exact.
    """
    num, den = increment.as_integer_ratio()
    most = int(np.abs(ticks).max(initial=0))
    if most * num < EXACT and int(float(den)) == den:
        return ticks * num / float(den)
    exact = [float(n * increment) for n in ticks.ravel().tolist()]
    return np.array(exact, np.float64).reshape(ticks.shape)


@equal_by_fields
@dataclass(frozen=True, slots=True)
class Prices:
    """A history's prices in quote currency, (n,) float64 each, computed when they are asked for."""

    product: Product
    _open: Ints
    _high: Ints
    _low: Ints
    _close: Ints

    def __repr__(self) -> str:
        said = f"{len(self._close):,} bars: open, high, low, close"
        return f"<Prices of {self.product.product_id}: {said}>"

    @property
    def open(self) -> Floats:
        """First price of each bar."""
        return prices_of(self._open, self.product.price_increment)

    @property
    def high(self) -> Floats:
        """Highest price of each bar."""
        return prices_of(self._high, self.product.price_increment)

    @property
    def low(self) -> Floats:
        """Lowest price of each bar."""
        return prices_of(self._low, self.product.price_increment)

    @property
    def close(self) -> Floats:
        """Last price of each bar."""
        return prices_of(self._close, self.product.price_increment)
