"""Coinbase reached with the real clock: its public market data, and an account."""

import random
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gpt_trader.broker.coinbase.keys import load_signer
from gpt_trader.broker.coinbase.private import Private
from gpt_trader.broker.coinbase.public import PublicMarket
from gpt_trader.broker.coinbase.rest import ATTEMPTS, Rest
from gpt_trader.broker.exchange.pace import Pace
from gpt_trader.config.schema import CoinbaseKeys
from gpt_trader.config.secrets import credential_source
from gpt_trader.data.catalog import is_perpetual_id
from gpt_trader.domain.market import ProductInfo
from gpt_trader.domain.product import Product
from gpt_trader.errors import AuthError, DataError
from gpt_trader.runtime.session import clock_ms

CANCELS_PER_S = 10.0  # a pace of their own: a cancel never waits behind other requests


def connect(
    keys: CoinbaseKeys, sleep: Callable[[float], object], *, attempts: int = ATTEMPTS
) -> PublicMarket:
    """Return the public market at the pace that the settings allow.

    sleep: waits so many seconds, or less if the command is to end. attempts: of each question.
    """
    pace = Pace(keys.public_requests_per_s, time.monotonic, sleep)
    return PublicMarket(
        Rest(
            pace,
            url=keys.rest_url,
            clock=time.monotonic,
            sleep=sleep,
            random=random.random,
            attempts=attempts,
        )
    )


class Exchange(NamedTuple):
    """Coinbase as one command reaches it. skew_ms: its clock less this machine's."""

    market: PublicMarket
    skew_ms: int

    def now_ms(self) -> int:
        """Return the exchange's time, ms UTC."""
        return clock_ms() + self.skew_ms


def reach(
    keys: CoinbaseKeys, sleep: Callable[[float], object], *, attempts: int = ATTEMPTS
) -> Exchange:
    """Return the public market, and how far its clock is from this machine's."""
    market = connect(keys, sleep, attempts=attempts)
    began_ms = clock_ms()
    now_ms = market.now_ms()
    return Exchange(market, now_ms - (began_ms + clock_ms()) // 2)


def check_key(keys: CoinbaseKeys, env: Mapping[str, str]) -> None:
    """Raise AuthError if no key is configured, ConfigError if half of one is."""
    if credential_source(env, keys.key_file) is None:
        raise AuthError(
            "no Coinbase key is configured",
            hint="set COINBASE_API_KEY and COINBASE_API_SECRET, or coinbase.key_file",
        )


def connect_private(
    keys: CoinbaseKeys,
    env: Mapping[str, str],
    sleep: Callable[[float], object],
    *,
    sends: bool,
    now_ms: Callable[[], int],
    attempts: int = ATTEMPTS,
) -> Private:
    """Return the account that the configured key belongs to.

    sends: whether anything may be sent that changes it. now_ms: the exchange's time.
    Raises AuthError if there is no key, or none that can be used.
    """
    check_key(keys, env)
    signer = load_signer(env, keys.key_file, lambda: now_ms() / 1000)

    def rest(requests_per_s: float) -> Rest:
        return Rest(
            Pace(requests_per_s, time.monotonic, sleep),
            url=keys.rest_url,
            clock=time.monotonic,
            sleep=sleep,
            random=random.random,
            signer=signer,
            attempts=attempts,
            sends=sends,
        )

    return Private(rest(keys.private_requests_per_s), rest(CANCELS_PER_S))


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
