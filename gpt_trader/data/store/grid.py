"""Bars of a product whose price increment changed, on one grid, exactly."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from math import gcd, lcm

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.product import MAX_TICKS, Product
from gpt_trader.errors import DataError


def on_one_grid(parts: Sequence[Bars]) -> list[Bars]:
    """Return the parts with prices in ticks of one product, see `one_product`.

    Raises DataError where int64 ticks cannot hold them.
    """
    product = one_product([part.product for part in parts])
    return [_rescale(part, product) for part in parts]


def one_product(products: Sequence[Product]) -> Product:
    """Return the last product with the coarsest price increment that holds the prices of all."""
    last = products[-1]
    increment = _common([product.price_increment for product in products])
    return last if increment == last.price_increment else last.with_spec(price_increment=increment)


def growth(old: Product, new: Product, highest: int) -> int:
    """Return by what ticks are multiplied on a grid of `one_product`.

    highest: the highest price, in ticks of the old grid; raises DataError if it grows too far.
    """
    factor = int(old.price_increment / new.price_increment)
    if factor > 1 and highest > MAX_TICKS // factor:
        raise DataError(
            f"prices of {new.product_id} are too high for steps of {new.price_increment:f}",
            hint="import the finer prices under another product",
        )
    return factor


def _rescale(bars: Bars, product: Product) -> Bars:
    factor = growth(bars.product, product, int(bars.high.max(initial=0)))
    if factor == 1:
        return replace(bars, product=product)
    return replace(
        bars,
        product=product,
        open=bars.open * factor,
        high=bars.high * factor,
        low=bars.low * factor,
        close=bars.close * factor,
    )


def _common(increments: Sequence[Decimal]) -> Decimal:
    """Return the coarsest increment of which all are whole multiples."""
    kinds = {one.as_integer_ratio() for one in increments}
    denominator = lcm(*(d for _, d in kinds))
    return Decimal(gcd(*(n * denominator // d for n, d in kinds))) / denominator
