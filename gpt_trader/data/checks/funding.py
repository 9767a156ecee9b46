"""Funding rates: whose they are, and how large they can be."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars, Floats
from gpt_trader.domain.product import Product
from gpt_trader.domain.times import DAY_MS, format_time
from gpt_trader.errors import DataError

HOUR_MS = 3_600_000
MOST_AN_HOUR = 0.04  # the highest cap of any exchange: Hyperliquid's, 4 % an hour
SUSPECT_A_YEAR = 1.0  # manias reach 0.8 for weeks, and no market more for long; percent does


def is_impossible(rates: Floats, interval_ms: float) -> NDArray[np.bool_]:
    """Return (n,) whether a rate is more than any exchange lets a bar's holders pay.

    A bar shorter than an hour may hold the payment of a whole one. NaN is possible.
    """
    return np.asarray(np.abs(rates) > MOST_AN_HOUR * max(interval_ms / HOUR_MS, 1.0))


def paid_by(product: Product, rates: Floats) -> tuple[Floats, str | None]:
    """Return the rates that a product's holders pay, NaN as 0, and what is to be said of them.

    Nobody pays funding on spot: its rates are left out.
    """
    rates = np.nan_to_num(rates, nan=0.0)
    if product.is_perpetual or not rates.any():
        return rates, None
    return np.zeros(len(rates)), (
        f"{product.product_id} is no perpetual: its funding_rate is left out "
        "(--product-spec is_perpetual=true, if it is one)"
    )


def without_foreign(bars: Bars) -> tuple[Bars, str | None]:
    """Return bars with the funding that their product pays, and what is to be said of it."""
    rates, note = paid_by(bars.product, bars.funding_rate)
    return (bars if note is None else replace(bars, funding_rate=rates)), note


def check_funding(bars: Bars) -> None:
    """Raise DataError on funding that nobody pays: on spot, or beyond what is possible."""
    product_id = bars.product.product_id
    if not bars.funding_rate.any():
        return
    if not bars.product.is_perpetual:
        raise DataError(
            f"{product_id} is no perpetual, yet its bars have a funding_rate",
            hint="leave it out, or say that the product is one",
        )
    wrong = is_impossible(bars.funding_rate, bars.interval_ms)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"expected a funding_rate within {MOST_AN_HOUR:.0%} an hour, bar {row} of {product_id} "
            f"({format_time(int(bars.time[row]))}) has {bars.funding_rate[row]:g}",
            hint="it is a fraction of the position, not percent",
        )


def suspicion(bars: Bars) -> str | None:
    """Say that rates add up to more a year than any market asks: percent, as a rule."""
    a_year = float(np.mean(np.abs(bars.funding_rate))) * 365 * DAY_MS / bars.interval_ms
    if not a_year > SUSPECT_A_YEAR:
        return None
    return (
        f"the funding_rate of {bars.product.product_id} comes to {a_year:,.0%} a year: it is a "
        "fraction of the position, not percent"
    )
