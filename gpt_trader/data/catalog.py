"""Product ids and the grids of sizes and prices that apply when no exchange is asked.

Ids are normalized here and nowhere else. The bundled grids were read from Coinbase's public
product list on 2026-09-27 (perpetuals: the exchange's international venue, 2025); increments
change, so a live session loads its own. USD and USDC are different products on one book.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

import numpy as np

from gpt_trader.domain.bars import Floats
from gpt_trader.domain.product import MAX_TICKS, Product
from gpt_trader.errors import UsageError

DEFAULT_BASE_INCREMENT = "0.00000001"
MAX_DECIMALS = 8
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
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

# base currency: base_increment (also the least base size), price_increment; least order 1 USD.
_SPOT = {
    "ADA": ("0.00000001", "0.00001"),
    "AVAX": ("0.00000001", "0.001"),
    "BCH": ("0.00000001", "0.01"),
    "BTC": ("0.00000001", "0.01"),
    "DOGE": ("0.1", "0.00001"),
    "ETH": ("0.00000001", "0.01"),
    "LINK": ("0.01", "0.001"),
    "LTC": ("0.00000001", "0.001"),
    "SOL": ("0.00000001", "0.01"),
    "XRP": ("0.000001", "0.0001"),
}
GRIDS = {f"{base}-{quote}": grid for base, grid in _SPOT.items() for quote in ("USD", "USDC")} | {
    "BTC-PERP": ("0.0001", "0.1"),
    "ETH-PERP": ("0.0001", "0.01"),
}


def normalize_id(text: str) -> str:
    """Return a product id in the exchange's spelling: " btc/usd" is "BTC-USD".

    Raises UsageError if it does not name a base and a quote.
    """
    product_id = re.sub(r"[/_:]", "-", text.strip().upper())
    if not _SHAPE.fullmatch(product_id):
        raise UsageError(
            f"expected a product id, was {text!r}", hint="write BASE-QUOTE, as in BTC-USD"
        )
    return product_id


def is_perpetual_id(product_id: str) -> bool:
    """Whether a normalized id names a perpetual (PERP-USD is a spot token)."""
    return product_id.endswith(("-PERP", "-PERP-INTX"))


def parse_spec(text: str) -> dict[str, str]:
    """Return the pairs of `--product-spec key=value,...`, checked.

    Raises UsageError on an unknown key (with the nearest), a bad value or a bad shape.
    """
    spec: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise UsageError(f"expected key=value in a product spec, was {part!r}", hint=_keys())
        _spec_value(key, value)
        spec[key] = value
    return spec


def product_for(
    product_id: str,
    *,
    sample_prices: Floats | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Product:
    """Return a product with its grid: from `overrides`, else the bundled grids, else the data.

    sample_prices: float64 prices in quote units, any shape, all > 0, without NaN. If the
    bundled price increment cannot hold them exactly, the coarsest decimal one that does is
    taken (at most 8 decimals); for an unknown product they are the only source.
    Raises UsageError on a bad id or override, DataError on an impossible grid.
    """
    product_id = normalize_id(product_id)
    given: dict[str, Any] = {k: _spec_value(k, v) for k, v in (overrides or {}).items()}
    base_increment, price_increment = (
        Decimal(text) for text in GRIDS.get(product_id, (DEFAULT_BASE_INCREMENT, "0.01"))
    )
    if sample_prices is not None and "price_increment" not in given:
        known = price_increment if product_id in GRIDS else None
        price_increment = price_increment_for(sample_prices, known=known)
    base_increment = given.get("base_increment", base_increment)
    fields: dict[str, Any] = {
        "base_increment": base_increment,
        "price_increment": price_increment,
        "base_min_size": base_increment,
        "quote_min_size": Decimal(1),
        "is_perpetual": is_perpetual_id(product_id),
    }
    return Product(product_id, **(fields | given))


def grid_note(product: Product, overrides: Mapping[str, str] | None = None) -> str | None:
    """Say where a product's grid came from if not from the bundled grids or the user."""
    given = overrides or {}
    grid = GRIDS.get(product.product_id)
    if grid is None and not {"base_increment", "price_increment"} <= set(given):
        return (
            f"{product.product_id} is not in the bundled grids: price_increment "
            f"{product.price_increment:f} from the data, base_increment "
            f"{product.base_increment:f}; state them with --product-spec"
        )
    if grid and "price_increment" not in given and Decimal(grid[1]) != product.price_increment:
        return (
            f"price_increment {product.price_increment:f} from the data: the bundled "
            f"{grid[1]} of {product.product_id} cannot hold its prices exactly"
        )
    return None


def price_increment_for(prices: Floats, *, known: Decimal | None = None) -> Decimal:
    """Return the increment that holds `prices` exactly: `known` if it does, else 10**-k.

    k is the least number of decimals, at most 8, and few enough that the highest price stays
    within MAX_TICKS. If no k holds them all: `known`, else the finest allowed.
    """
    if known is not None and not off_grid(prices, ticks_of(prices, known), known).any():
        return known
    highest = float(prices.max(initial=0.0))
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


def _spec_value(key: str, value: str) -> Decimal | bool:
    if key not in _SPEC_KEYS:
        near = get_close_matches(key, _SPEC_KEYS, n=1)
        did_you_mean = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"unknown key {key!r} in a product spec", hint=did_you_mean + _keys())
    if key == "is_perpetual":
        claim = _BOOLEANS.get(value.lower())
        if claim is None:
            raise UsageError(f"expected is_perpetual=true or false, was {value!r}")
        return claim
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    least_open = key.endswith("increment")
    if not number.is_finite() or number < 0 or (least_open and number == 0):
        bound = "> 0" if least_open else ">= 0"
        raise UsageError(f"expected a decimal {key} {bound} in a product spec, was {value!r}")
    if number > LARGEST:
        raise UsageError(
            f"expected {key} up to {LARGEST:,} in a product spec, was {value!r}",
            hint="sizes are base units, increments of the price quote units",
        )
    return number


def _keys() -> str:
    return f"keys are {', '.join(_SPEC_KEYS)}"
