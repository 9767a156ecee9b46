"""Bars whose product's price increment changed, on one grid: exact, without a copy too many."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from decimal import Decimal
from math import gcd, lcm

import numpy as np

from gpt_trader.domain.bars import Bars, Ints
from gpt_trader.domain.product import MAX_TICKS, Product
from gpt_trader.errors import DataError


def on_one_grid(parts: Sequence[Bars]) -> list[Bars]:
    """Return the parts with prices in ticks of the coarsest increment that holds all exactly.

    The product is that of the last part. Raises DataError where int64 ticks cannot hold it.
    """
    product = _product(parts)
    return [_rescaled(part, product) for part in parts]


def gathered(parts: Sequence[Bars], threads: Executor) -> Bars:
    """Return parts one after the other on one grid, as `on_one_grid`; threads copy the columns."""
    product = _product(parts)
    ends = np.cumsum([len(part) for part in parts])
    n = int(ends[-1])
    quoted = any(part.half_spread_e8 is not None for part in parts)
    whole = Bars(
        product,
        parts[0].interval_ms,
        time=np.empty(n, np.int64),
        open=np.empty(n, np.int64),
        high=np.empty(n, np.int64),
        low=np.empty(n, np.int64),
        close=np.empty(n, np.int64),
        volume=np.empty(n),
        funding_rate=np.zeros(n),
        half_spread_e8=np.empty(n, np.int64) if quoted else None,
    )

    def copy(part: Bars, end: int) -> None:
        _copy(part, whole[end - len(part) : end])

    list(threads.map(copy, parts, ends))
    return whole


def _copy(part: Bars, place: Bars) -> None:
    factor = _factor(part, place.product)
    place.time[:] = part.time
    for own, to in zip(_prices(part), _prices(place), strict=True):
        np.multiply(own, factor, out=to)
    place.volume[:] = part.volume
    if part.funding_rate.any():
        place.funding_rate[:] = part.funding_rate
    if place.half_spread_e8 is not None:
        place.half_spread_e8[:] = part.quotes


def _rescaled(bars: Bars, product: Product) -> Bars:
    factor = _factor(bars, product)
    if factor == 1:
        return replace(bars, product=product)
    o, h, l, c = (prices * factor for prices in _prices(bars))  # noqa: E741
    return replace(bars, product=product, open=o, high=h, low=l, close=c)


def _prices(bars: Bars) -> tuple[Ints, Ints, Ints, Ints]:
    return bars.open, bars.high, bars.low, bars.close


def _factor(bars: Bars, product: Product) -> int:
    """Return by what ticks grow on the product's finer grid; raises DataError if too far."""
    factor = int(bars.product.price_increment / product.price_increment)
    if factor > 1 and len(bars) and int(bars.high.max()) > MAX_TICKS // factor:
        raise DataError(
            f"prices of {product.product_id} are too high for steps of {product.price_increment:f}",
            hint="import the finer prices under another product",
        )
    return factor


def _product(parts: Sequence[Bars]) -> Product:
    product = parts[-1].product
    increment = _common([part.product.price_increment for part in parts])
    return (
        product
        if increment == product.price_increment
        else product.with_spec(price_increment=increment)
    )


def _common(increments: Sequence[Decimal]) -> Decimal:
    """Return the coarsest increment of which all are whole multiples."""
    kinds = {one.as_integer_ratio() for one in increments}
    denominator = lcm(*(d for _, d in kinds))
    return Decimal(gcd(*(n * denominator // d for n, d in kinds))) / denominator
