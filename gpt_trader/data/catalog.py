"""Product ids and the grids of sizes and prices that apply when no exchange is asked.

Ids are normalized here and nowhere else. Grids are the bundled ones (see `increments`), else told
from the data; increments change, so a live session loads its own. USD and USDC are different
products on one book.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from math import ceil, log10
from typing import Any

import numpy as np

from gpt_trader.brief import brief
from gpt_trader.data.increments import LEAST_ORDERS, known_increments
from gpt_trader.domain.bars import Floats
from gpt_trader.domain.product import MAX_TICKS, Product, quote_of
from gpt_trader.errors import UsageError

MAX_DECIMALS = 8
FINEST = Decimal(1).scaleb(-MAX_DECIMALS)
LOTS_OF_LEAST = (
    100  # lots in the least order, at least: where a product's base increment is derived
)
GRID_TOLERANCE = 1e-12  # relative: what float64 prices may be off the tick they stand for
_SHAPE = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)+")
LARGEST = Decimal(1_000_000)  # increment or minimum; far beyond any product's
_SPEC_KEYS = (
    "base_increment",
    "price_increment",
    "base_min_size",
    "quote_min_size",
    "is_perpetual",
)
_ELSEWHERE = {  # what exchanges call them
    "quote_increment": "price_increment",
    "tick_size": "price_increment",
    "lot_size": "base_increment",
    "step_size": "base_increment",
    "min_market_funds": "quote_min_size",
    "min_notional": "quote_min_size",
}
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def normalize_id(text: str) -> str:
    """Return a product id in the exchange's spelling: " btc/usd" is "BTC-USD".

    Raises UsageError if it does not name a base and a quote.
    """
    if not is_id(text):
        raise UsageError(
            f"expected a product id, was {text!r}", hint="write BASE-QUOTE, as in BTC-USD"
        )
    return _spelled(text)


def is_id(text: str) -> bool:
    """Whether a text names a product, in whatever spelling."""
    return _SHAPE.fullmatch(_spelled(text)) is not None


def _spelled(text: str) -> str:
    return re.sub(r"[/_:]", "-", text.strip().upper())


def is_perpetual_id(product_id: str) -> bool:
    """Whether a normalized id names a perpetual (PERP-USD is a spot token)."""
    return product_id.endswith(("-PERP", "-PERP-INTX"))


def parse_specs(texts: Sequence[str]) -> dict[str, str]:
    """Return the pairs of every `--product-spec [PRODUCT:]key=value,...`, checked.

    A pair of one product has its id in front, as in "SHIB-USD:base_increment"; one without is of
    every product. Raises UsageError on an unknown key (with the nearest), a bad value or shape.
    """
    specs: dict[str, str] = {}
    for text in texts:
        product_id = ""
        for i, part in enumerate(filter(None, (piece.strip() for piece in text.split(",")))):
            left, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals:
                raise UsageError(
                    f"expected key=value in a product spec, was {part!r}", hint=_keys()
                )
            owner, _, key = left.rpartition(":")
            if owner and i == 0:
                product_id = f"{normalize_id(owner)}:"
            elif owner:
                raise UsageError(
                    f"expected one product in a product spec, was {left!r}",
                    hint="give --product-spec once for each",
                )
            _spec_value(key, value)
            specs[product_id + key] = value
    return specs


def spec_of(specs: Mapping[str, str], product_id: str) -> dict[str, str]:
    """Return one product's pairs of `parse_specs`; its own win over those of every product."""
    mine = {k.partition(":")[2]: v for k, v in specs.items() if k.startswith(f"{product_id}:")}
    return {k: v for k, v in specs.items() if ":" not in k} | mine


def check_specs(specs: Mapping[str, str], product_ids: Sequence[str]) -> None:
    """Raise UsageError if specs are of a product that is not among those read from files."""
    for key in specs:
        owner, colon, _ = key.partition(":")
        if colon and owner not in product_ids:
            read = ", ".join(product_ids)
            raise UsageError(
                f"--product-spec names {owner}, of which no file is given",
                hint=f"files are of {read}" if read else "other markets have their own grids",
            )


def product_for(
    product_id: str,
    *,
    sample_prices: Floats | None = None,
    overrides: Mapping[str, str] | None = None,
    told: Product | None = None,
) -> Product:
    """Return a product with its grid: from `overrides`, else as told with the data.

    Else from the bundled grids, else from the data.
    sample_prices: float64 prices in quote units, any shape, all > 0, without NaN. If the
    bundled price increment cannot hold them exactly, the coarsest decimal one that does is
    taken (at most 8 decimals); for an unknown product they are the only source, see
    `base_increment_for`.
    Raises UsageError on a bad id or override, DataError on an impossible grid.
    """
    product_id = normalize_id(product_id)
    given: dict[str, Any] = {k: _spec_value(k, v) for k, v in (overrides or {}).items()}
    if told is not None:
        if "base_increment" in given:
            given = {"base_min_size": given["base_increment"]} | given
        return replace(told, **given)
    bundled = known_increments().get(product_id)
    known = None if bundled is None else Decimal(bundled.price_increment)
    price_increment = known or Decimal("0.01")
    if sample_prices is not None and "price_increment" not in given:
        price_increment = price_increment_for(sample_prices, known=known)
    least = Decimal(LEAST_ORDERS.get(quote_of(product_id), 0))
    if "base_increment" in given:
        base_increment = base_min_size = given["base_increment"]
    elif bundled is None:
        base_increment = base_min_size = base_increment_for(sample_prices, least)
    else:
        base_increment = Decimal(bundled.base_increment)
        base_min_size = Decimal(bundled.base_min_size)
    fields: dict[str, Any] = {
        "base_increment": base_increment,
        "price_increment": price_increment,
        "base_min_size": base_min_size,
        "quote_min_size": least,
        "is_perpetual": is_perpetual_id(product_id),
    }
    return Product(product_id, **(fields | given))


def grid_note(product: Product, overrides: Mapping[str, str] | None = None) -> str | None:
    """Say where a product's grid came from if not from the bundled grids or the user."""
    given = overrides or {}
    bundled = known_increments().get(product.product_id)
    if bundled is None and not {"base_increment", "price_increment"} <= set(given):
        return (
            f"{product.product_id} is not in the bundled grids: price_increment "
            f"{product.price_increment:f} and base_increment {product.base_increment:f} from the "
            f"data, {_say_least(product)}; state them with --product-spec"
        )
    if (
        bundled
        and "price_increment" not in given
        and Decimal(bundled.price_increment) != product.price_increment
    ):
        return (
            f"price_increment {product.price_increment:f} from the data: the bundled "
            f"{bundled.price_increment} of {product.product_id} cannot hold its prices exactly"
        )
    if not product.quote_min_size and "quote_min_size" not in given:
        return f"{product.product_id}: {_say_least(product)}; state it with --product-spec"
    return None


def _say_least(product: Product) -> str:
    if not product.quote_min_size:
        return f"quote_min_size in {product.quote_currency} is not known, none is applied"
    return f"quote_min_size {product.quote_min_size:f}"


def base_increment_for(prices: Floats | None, least: Decimal) -> Decimal:
    """Return a base increment for a product of which only prices are known: 10**-k, k from 0 to 8.

    The coarsest of which the least order holds LOTS_OF_LEAST at the highest price, much as real
    products have it. least: quote; 0, not known: a lot is worth 1e-6 at most. prices: None: the
    finest increment.
    """
    highest = 0.0 if prices is None else float(prices.max(initial=0.0))
    if highest <= 0.0:
        return FINEST
    worth = float(least) / LOTS_OF_LEAST or 1e-6
    decimals = ceil(log10(highest / worth) - 1e-9)
    return Decimal(1).scaleb(-min(max(decimals, 0), MAX_DECIMALS))


def price_increment_for(prices: Floats, *, known: Decimal | None = None) -> Decimal:
    """Return the increment that holds `prices` exactly: `known` if it does, else 10**-k.

    k is the least number of decimals, at most 8, and few enough that the highest price stays
    within MAX_TICKS, as it must in `known`. If no k holds them all: `known`, else the finest.
    """
    highest = float(prices.max(initial=0.0))
    if known is not None and highest > MAX_TICKS * known:
        known = None  # too fine to count such prices
    if known is not None and not off_grid(prices, ticks_of(prices, known), known).any():
        return known
    rest = np.unique(prices)
    for decimals in range(MAX_DECIMALS + 1):
        increment = Decimal(1).scaleb(-decimals)
        if decimals and highest * 10**decimals > MAX_TICKS:
            return known or Decimal(1).scaleb(1 - decimals)
        rest = rest[off_grid(rest, ticks_of(rest, increment), increment)]
        if not rest.size:
            return increment
    return known or increment


def ticks_of(prices: Floats, increment: Decimal) -> Floats:
    """Return prices / increment as whole numbers (float64), rounded to the nearest tick."""
    num, den = increment.as_integer_ratio()
    ticks: Floats = np.rint(prices * den / num)
    return ticks


def off_grid(prices: Floats, ticks: Floats, increment: Decimal) -> "np.ndarray":
    """Return a bool array: where a price is not the tick it was rounded to."""
    num, den = increment.as_integer_ratio()
    off: np.ndarray = np.abs(ticks * num / den - prices) > GRID_TOLERANCE * prices
    return off


def _spec_value(key: str, stated: object) -> Decimal | bool:
    value = repr(float(stated)) if isinstance(stated, float) else str(stated)
    if key not in _SPEC_KEYS:
        same = _ELSEWHERE.get(key.lower())
        near = [same] if same else get_close_matches(key, _SPEC_KEYS, n=1)
        did_you_mean = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"unknown key {key!r} in a product spec", hint=did_you_mean + _keys())
    if key == "is_perpetual":
        claim = _BOOLEANS.get(value.lower())
        if claim is None:
            raise UsageError(f"expected is_perpetual=true or false, was {brief(value)}")
        return claim
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    least_open = key.endswith("increment")
    if not number.is_finite() or number < 0 or (least_open and number == 0):
        bound = "> 0" if least_open else ">= 0"
        raise UsageError(f"expected a decimal {key} {bound} in a product spec, was {brief(value)}")
    if number > LARGEST:
        raise UsageError(
            f"expected {key} up to {LARGEST:,} in a product spec, was {brief(value)}",
            hint="sizes are base units, increments of the price quote units",
        )
    return number


def _keys() -> str:
    return f"keys are {', '.join(_SPEC_KEYS)}"
