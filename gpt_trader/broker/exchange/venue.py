"""What an exchange can do, and how its clients are made: the value that a venue's folder gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gpt_trader.broker.exchange.access import Access
from gpt_trader.broker.exchange.ports import Account, MarketData
from gpt_trader.broker.exchange.stream import Dialect
from gpt_trader.domain.fees import Schedule
from gpt_trader.domain.order import OrderIntent, OrderType
from gpt_trader.domain.product import Product


class Machine(NamedTuple):
    """What a client needs of the machine it runs on.

    env: the environment. clock: monotonic seconds. sleep: waits so many seconds, or less if the
    command is to end. random: a number in [0, 1). attempts: how often a question is asked.
    """

    env: Mapping[str, str]
    clock: Callable[[], float]
    sleep: Callable[[float], object]
    random: Callable[[], float]
    attempts: int


@dataclass(frozen=True, slots=True)
class Venue:
    """One exchange: a row of `runtime.venues`.

    word: as profiles and stored bars name it; title: as people do. order_types: what it takes;
    whether a stop may rest for one product, an account says. intervals_ms: of its candles;
    page_bars: most of them in one answer; trade_pages: the sizes at which an answer of trades may
    be cut, the largest first. perpetuals: whether they are traded beside spot. fees: its published
    schedule. dialect: its words on the stream. terms, request: an order's own terms, and all of
    the request that would be sent for it. market, account: its clients; `sends` says whether an
    account's may change anything. tokens: what signs subscriptions, None without a key. The last
    two take the exchange's time, ms UTC, and raise AuthError for a bad key.
    """

    word: str
    title: str
    order_types: frozenset[OrderType]
    intervals_ms: tuple[int, ...]
    page_bars: int
    trade_pages: tuple[int, ...]
    perpetuals: bool
    fees: Schedule
    dialect: Dialect
    terms: Callable[[OrderIntent, Product], Mapping[str, object]]
    request: Callable[[OrderIntent, Product], Mapping[str, object]]
    market: Callable[[Access, Machine], MarketData]
    account: Callable[[Access, Machine, Callable[[], int], bool], Account]
    tokens: Callable[[Access, Machine, Callable[[], int]], Callable[[], str] | None]

    @property
    def stops_rest(self) -> bool:
        """Whether a stop may rest there at all."""
        return OrderType.STOP_LIMIT in self.order_types
