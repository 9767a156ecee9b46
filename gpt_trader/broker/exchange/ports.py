"""What an exchange must answer: a market for anybody, an account for who holds its key.

Everything above this package talks to these; a venue's folder implements them in its own words.
A venue raises what `errors` names: Unavailable, RateLimited, AuthError and DataError say that
nothing was learned; UnknownOutcome says that a request was sent and may have been carried out.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from gpt_trader.domain.account import (
    Balance,
    CancelResult,
    FeeTier,
    History,
    Permissions,
    Placed,
    Portfolio,
    Preview,
    Refused,
    RemoteFill,
    RemoteOrder,
)
from gpt_trader.domain.order import OrderIntent
from gpt_trader.domain.product import Product
from gpt_trader.domain.venue import Candle, ProductInfo, Touch, Trade

EARLY_MS = 5_000  # a resting order ends so long before its time: the next decision must see it end


class MarketData(Protocol):
    """Questions about the past and the present of products, which need no key."""

    @property
    def name(self) -> str:
        """The venue's word, by which stored bars name their source."""
        ...

    @property
    def page_bars(self) -> int:
        """How many candles one question may ask for."""
        ...

    @property
    def trade_pages(self) -> tuple[int, ...]:
        """The sizes at which an answer of trades may be cut, the largest first."""
        ...

    def candles(
        self, product_id: str, interval_ms: int, start_ms: int, end_ms: int
    ) -> list[Candle]:
        """Return the candles with opens from start to end, both inclusive, oldest first."""
        ...

    def trades(self, product_id: str, start_ms: int, end_ms: int, limit: int) -> list[Trade]:
        """Return the newest trades of [start, end], at most `limit` of them."""
        ...

    def products(self) -> list[ProductInfo]:
        """Return all products that the exchange lists."""
        ...

    def product(self, product_id: str) -> ProductInfo:
        """Return one product; raises DataError if there is none of that id."""
        ...

    def touch(self, product_id: str) -> Touch:
        """Return a product's best bid and ask; raises DataError if a side is empty."""
        ...

    def now_ms(self) -> int:
        """Return the exchange's time, ms UTC."""
        ...


class Orders(Protocol):
    """What the life of an order asks of an account."""

    @property
    def is_spent(self) -> bool:
        """Whether the newest answer said that no more requests are allowed for now."""
        ...

    def place(self, intent: OrderIntent, product: Product) -> Placed | Refused:
        """Send an order, once; raises UnknownOutcome where nothing proves what became of it."""
        ...

    def amend(self, order_id: str, product: Product, lots: int, limit: int) -> Refused | None:
        """Change a resting order's total size and price; None: the request was taken."""
        ...

    def cancel(self, order_ids: Sequence[str]) -> list[CancelResult]:
        """Ask to cancel orders: the answer says that it was asked, not that they ended."""
        ...

    def order(self, order_id: str) -> RemoteOrder | None:
        """Return an order by the exchange's id; None if it is not visible: it proves nothing."""
        ...

    def orders(
        self, *, product_ids: Sequence[str] = (), since_ms: int | None = None
    ) -> History[RemoteOrder]:
        """Return orders of everybody in the account, newest first, by when they were made.

        That one is not among them proves nothing unless the history is whole.
        """
        ...

    def open_orders(self, since_ms: int) -> History[RemoteOrder]:
        """Return all that may still fill: what is open, and what was pending since a time.

        That nothing may fill any more is proven by a whole history only.
        """
        ...

    def fills(
        self,
        *,
        order_ids: Sequence[str] = (),
        product_ids: Sequence[str] = (),
        since_ms: int | None = None,
    ) -> History[RemoteFill]:
        """Return fills, each once."""
        ...

    def balances(self) -> list[Balance]:
        """Return the wallets that spot orders draw on, one a currency.

        One that cannot be read is not among them: a currency that is missing is not one of 0.
        """
        ...


class Account(Orders, Protocol):
    """All that is asked of an account: its orders, its rights, its terms."""

    @property
    def limits(self) -> Mapping[str, str]:
        """What the newest answer said of limits on requests."""
        ...

    def permissions(self) -> Permissions:
        """Return what the key may do."""
        ...

    def portfolios(self) -> list[Portfolio]:
        """Return the portfolios that the key can see."""
        ...

    def fee_tier(self) -> FeeTier:
        """Return the rates that the account pays."""
        ...

    def touches(self, product_ids: Sequence[str]) -> list[Touch]:
        """Return the best bid and ask of products; those without both sides are left out."""
        ...

    def takes_stops(self, product: Product) -> bool | None:
        """Whether a stop that sells may rest; None: the exchange said neither."""
        ...

    def preview(self, intent: OrderIntent, product: Product) -> Preview:
        """Return what an order would come to; nothing is placed."""
        ...
