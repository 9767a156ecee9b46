"""The exchanges: the only table of them, and how one is reached with the real clock."""

import contextlib
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, assert_never

from gpt_trader.broker.coinbase.venue import COINBASE
from gpt_trader.broker.exchange.carry import Bell
from gpt_trader.broker.exchange.link import Link
from gpt_trader.broker.exchange.ports import Account, MarketData
from gpt_trader.broker.exchange.venue import Machine, Venue
from gpt_trader.broker.simulated.observe import ObserveBroker
from gpt_trader.broker.simulated.quotes import QuotePaper
from gpt_trader.config import words
from gpt_trader.config.secrets import credential_source
from gpt_trader.config.settings import Settings
from gpt_trader.data.catalog import is_perpetual_id
from gpt_trader.domain.order import OrderType
from gpt_trader.domain.product import Product
from gpt_trader.domain.venue import ProductInfo
from gpt_trader.engine.ports import Broker
from gpt_trader.errors import AuthError, BrokerError, ConfigError, DataError, Unavailable
from gpt_trader.runtime.clock import ExchangeClock, exchange_clock, monotonic_ms
from gpt_trader.runtime.session import clock_ms

ATTEMPTS = 6  # of a question that nobody waits for
TOKEN_MS = 60_000  # by which a token's time may be wrong, and it is still taken
NEEDED = frozenset((OrderType.MARKET, OrderType.LIMIT))  # what every strategy's orders are


LEAST_STEPS = 10  # that a price is worth
SPOT = ("", "SPOT")  # kinds of products that are traded


def venue_of(word: words.Venue) -> Venue:
    """Return an exchange's row."""
    match word:
        case "coinbase":
            return COINBASE
        case _:
            assert_never(word)


def check_abilities(venue: Venue, settings: Settings) -> None:
    """Raise ConfigError if a profile wants of its exchange what it cannot do."""
    perpetuals = [name for name in settings.products if is_perpetual_id(name)]
    if settings.interval_ms not in venue.intervals_ms:
        raise ConfigError(f"{venue.title} has no candles of {settings.interval}")
    if perpetuals and not venue.perpetuals:
        raise ConfigError(f"{venue.title} trades no perpetuals: {', '.join(perpetuals)}")
    if settings.sends and not venue.order_types >= NEEDED:
        missing = ", ".join(sorted(NEEDED - venue.order_types))
        raise ConfigError(f"{venue.title} takes no orders of type {missing}")


def simulated_broker(word: words.Broker) -> Broker | None:
    """Return the broker of a word under which nothing is sent; None for an exchange's."""
    match word:
        case "paper":
            return QuotePaper()
        case "observe":
            return ObserveBroker()
        case venue:
            venue_of(venue)  # a journal's header may hold a word of another version
            return None


def machine(sleep: Callable[[float], object], *, attempts: int = ATTEMPTS) -> Machine:
    """Return what clients need of this machine.

    sleep: waits so many seconds, or less if the command is to end. attempts: of each question.
    """
    return Machine(os.environ, time.monotonic, sleep, random.random, attempts)


def connect(
    settings: Settings, sleep: Callable[[float], object], *, attempts: int = ATTEMPTS
) -> MarketData:
    """Return the public market of the settings' exchange."""
    return venue_of(settings.venue).market(settings.access, machine(sleep, attempts=attempts))


class Exchange(NamedTuple):
    """An exchange as one command reaches it, and its clock."""

    market: MarketData
    clock: ExchangeClock

    def now_ms(self) -> int:
        """Return the exchange's time, ms UTC."""
        return self.clock.now_ms()


def reach(
    settings: Settings, sleep: Callable[[float], object], *, attempts: int = ATTEMPTS
) -> Exchange:
    """Return the public market with its clock, measured. Raises Unavailable, RateLimited."""
    market = connect(settings, sleep, attempts=attempts)
    return Exchange(market, exchange_clock(market.now_ms, monotonic_ms, clock_ms))


def admitted[T](exchange: Exchange, product_ids: Sequence[str], ask: Callable[[], T]) -> T:
    """Return an account's first answer.

    A token bears the exchange's time: one that is refused says nothing of the key where that was
    wrong. It is measured anew, and held against the time of a book. Raises what `ask` raises, and
    Unavailable instead of an AuthError where the exchange tells two times.
    """
    try:
        return ask()
    except AuthError:
        for one in product_ids[:1]:
            with contextlib.suppress(BrokerError, DataError):
                exchange.clock.hear(exchange.market.touch(one).time_ms)
        for _ in range(2):  # another time is believed once it is told twice, and by a book
            exchange.clock.take(exchange.clock.measure())
    try:
        return ask()
    except AuthError as error:
        apart_ms = max((_apart_ms(exchange, one) for one in product_ids[:1]), default=0)
        if apart_ms <= TOKEN_MS:
            raise
        raise Unavailable(
            f"the exchange tells two times, {apart_ms / 1000:.0f} s apart, and refuses the key",
            hint="a token of a wrong time is refused: try again",
        ) from error


def _apart_ms(exchange: Exchange, product_id: str) -> int:
    """Return how far a book's time is from the exchange's; 0 if no book is told."""
    try:
        return abs(exchange.market.touch(product_id).time_ms - exchange.now_ms())
    except (BrokerError, DataError):
        return 0


def check_key(settings: Settings, env: Mapping[str, str]) -> None:
    """Raise AuthError if no key is configured, ConfigError if half of one is."""
    if credential_source(env, settings.access) is None:
        raise AuthError(f"no {title(settings)} key is configured", hint=key_hint(settings))


def title(settings: Settings) -> str:
    """Return the exchange's name as people write it."""
    return venue_of(settings.venue).title


def key_hint(settings: Settings) -> str:
    """Return where a key may be put."""
    key, secret = settings.access.secrets
    return f"set {key} and {secret}, or {settings.venue}.key_file"


def connect_account(
    settings: Settings,
    env: Mapping[str, str],
    sleep: Callable[[float], object],
    *,
    sends: bool,
    now_ms: Callable[[], int],
    attempts: int = ATTEMPTS,
) -> Account:
    """Return the account that the configured key belongs to.

    sends: whether anything may be sent that changes it. now_ms: the exchange's time.
    Raises AuthError if there is no key, or none that can be used.
    """
    check_key(settings, env)
    client = machine(sleep, attempts=attempts)._replace(env=env)
    return venue_of(settings.venue).account(settings.access, client, now_ms, sends)


def load_tokens(
    settings: Settings, env: Mapping[str, str], now_ms: Callable[[], int]
) -> Callable[[], str] | None:
    """Return what signs a subscription, None without a key. Raises AuthError for a bad one."""
    client = machine(time.sleep)._replace(env=env)
    return venue_of(settings.venue).tokens(settings.access, client, now_ms)


def link(
    settings: Settings,
    products: tuple[Product, ...],
    interval_ms: int,
    *,
    broker: Broker,
    tokens: Callable[[], str] | None,
    now_ms: Callable[[], int],
    bell: Bell,
) -> Link:
    """Return the exchange's stream, not started; tokens: None without an account."""
    return Link(
        products,
        interval_ms,
        broker=broker,
        dialect=venue_of(settings.venue).dialect,
        sign=tokens,
        urls=(settings.access.ws_url, settings.access.ws_user_url),
        now_ms=now_ms,
        clock=time.monotonic,
        random=random.random,
        bell=bell,
    )


def product_of(info: ProductInfo) -> Product:
    """Return a product as it trades now; raises DataError if its grid is not told."""
    if info.base_increment is None or info.price_increment is None:
        raise DataError(f"the exchange does not tell the increments of {info.product_id}")
    none = 0 * info.base_increment
    return Product(
        info.product_id,
        info.base_increment,
        info.price_increment,
        info.base_min_size or info.base_increment,
        info.quote_min_size or none,
        is_perpetual=is_perpetual_id(info.product_id),
        quote_increment=info.quote_increment or none,
        base_max_size=info.base_max_size or none,
        quote_max_size=info.quote_max_size or none,
    )


def check_steps(info: ProductInfo) -> None:
    """Raise ConfigError for a product whose price is a few steps: its bars would tell nothing."""
    step, price = info.price_increment, info.price
    if step is not None and price is not None and 0 < price < LEAST_STEPS * step:
        raise ConfigError(
            f"{info.product_id} is at {price:f} in steps of {step:f}: too coarse to be traded",
            hint="leave it out of products",
        )


def check_kind(info: ProductInfo) -> None:
    """Raise ConfigError for a product that is not spot: a future's size is one of contracts."""
    if info.product_type not in SPOT:
        raise ConfigError(
            f"{info.product_id} is a {info.product_type}: only spot products are traded",
            hint="leave it out of products",
        )
