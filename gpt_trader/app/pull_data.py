"""Bars brought from an exchange, whatever it takes: product ids told apart, intervals made up."""

from collections.abc import Callable
from difflib import get_close_matches

from gpt_trader.broker.exchange.ports import MarketData
from gpt_trader.data.pull import CandleSource, coarser
from gpt_trader.domain.times import HOUR_MS, INTERVALS
from gpt_trader.domain.venue import ProductInfo
from gpt_trader.errors import DataError

FINER = {INTERVALS["4h"]: HOUR_MS}  # works at the exchange, but in none of its documents


def at_any_interval[T](
    bring: Callable[[CandleSource], T], market: MarketData, interval_ms: int
) -> T:
    """Bring bars from the market, made of finer ones where it refuses the interval."""
    try:
        return bring(market)
    except DataError as error:
        if interval_ms not in FINER or "granularity" not in error.message.lower():
            raise
        return bring(coarser(market, interval_ms, FINER[interval_ms]))


def info_of(market: MarketData, product_id: str) -> ProductInfo:
    """Return what the exchange says of a product; raises DataError with the nearest ids."""
    try:
        return market.product(product_id)
    except DataError as error:
        near = get_close_matches(product_id, [p.product_id for p in market.products()], n=3)
        raise DataError(
            f"Coinbase has no product {product_id}",
            hint=f"did you mean {' or '.join(near)}?" if near else error.message,
        ) from None
