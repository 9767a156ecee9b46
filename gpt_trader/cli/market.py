"""Coinbase's public market data, reached with the real clock."""

import random
import time
from collections.abc import Callable

from gpt_trader.broker.coinbase.pace import Pace
from gpt_trader.broker.coinbase.parse import ProductInfo
from gpt_trader.broker.coinbase.public import PublicMarket
from gpt_trader.broker.coinbase.rest import Rest
from gpt_trader.config.schema import CoinbaseKeys
from gpt_trader.data.catalog import is_perpetual_id
from gpt_trader.domain.product import Product
from gpt_trader.errors import DataError


def connect(keys: CoinbaseKeys, sleep: Callable[[float], object]) -> PublicMarket:
    """Return the public market at the pace that the settings allow.

    sleep: waits so many seconds, or less if the command is to end.
    """
    pace = Pace(keys.public_requests_per_s, time.monotonic, sleep)
    rest = Rest(pace, url=keys.rest_url, clock=time.monotonic, sleep=sleep, random=random.random)
    return PublicMarket(rest)


def product_of(info: ProductInfo) -> Product:
    """Return a product as it trades now; raises DataError if its grid is not told."""
    if info.base_increment is None or info.price_increment is None:
        raise DataError(f"Coinbase does not tell the increments of {info.product_id}")
    return Product(
        info.product_id,
        info.base_increment,
        info.price_increment,
        info.base_min_size or info.base_increment,
        info.quote_min_size or 0 * info.base_increment,
        is_perpetual=is_perpetual_id(info.product_id),
    )
