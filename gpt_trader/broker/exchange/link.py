"""The stream as the live loop sees it: quotes, reports on orders, bars, and whether it is up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

from gpt_trader.broker.coinbase.symbols import book_id
from gpt_trader.broker.exchange.arrivals import Inbox
from gpt_trader.broker.exchange.broker import CoinbaseBroker
from gpt_trader.broker.exchange.stream import MARKET_URL, USER_URL, Channel, Link, Stream
from gpt_trader.broker.exchange.trade_bars import TradeBars
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import Event, Quoted
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State

MARKET, USER = "market", "user"


class CoinbaseLink:
    """A running stream. broker: who understands reports; None without an account."""

    def __init__(
        self,
        products: Sequence[Product],
        interval_ms: int,
        *,
        broker: CoinbaseBroker | None,
        sign: Callable[[], str | None],
        urls: tuple[str | None, str | None],
        now_ms: Callable[[], int],
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        """urls: of market data and of the account, None for Coinbase's own. clock: monotonic s."""
        self._broker, self._clock = broker, clock
        self._products: Mapping[str, Product] = {book_id(p.product_id): p for p in products}
        self._inbox = Inbox(TradeBars(self._products, interval_ms), now_ms)
        books = tuple(self._products)
        links = [
            Link(
                MARKET,
                urls[0] or MARKET_URL,
                (Channel("ticker", books), Channel("market_trades", books)),
            )
        ]
        if broker is not None:
            links.append(Link(USER, urls[1] or urls[0] or USER_URL, (Channel("user"),)))
        self._missed_reports = False
        self.stream = Stream(
            links,
            sign=sign,
            put=self._inbox.put,
            came_up=self._came_up,
            went_down=self._went_down,
            clock=clock,
            random=random,
        )

    def _came_up(self, link: Link) -> None:
        if link.name == MARKET:
            self._inbox.began()
        else:
            self._missed_reports = True  # what happened before it is told by nobody

    def _went_down(self, link: Link) -> None:
        self._inbox.broke()

    def events(self, plan: Plan, state: Callable[[], State], now_ms: int) -> Iterator[Event]:
        """Yield reports on orders, all of them, then the newest quote of each product."""
        batch = self._inbox.take()
        if self._broker is not None:
            for remote in batch.orders:
                yield from self._broker.on_order(plan, state(), remote, now_ms)
        for name, (bid, ask) in batch.quotes.items():
            product = self._products.get(name)
            quote = None if product is None else _quote(product, bid, ask, now_ms)
            if quote is not None:
                yield quote

    def missed_reports(self) -> bool:
        """Whether reports may have been missed since the last time this was asked."""
        missed, self._missed_reports = self._missed_reports, False
        return missed

    def closed(self, now_ms: int) -> Sequence[Bar]:
        """Return the bars that closed and that trades tell wholly."""
        return self._inbox.closed(now_ms)

    def is_up(self, now_ms: int) -> bool:
        """Whether quotes and reports arrive."""
        return self.stream.is_up(self._clock())

    def wait(self, timeout_s: float) -> None:
        """Wait for something new."""
        self._inbox.wait(timeout_s)


def _quote(product: Product, bid: str, ask: str, now_ms: int) -> Quoted | None:
    """Return a quote in ticks, rounded away from the middle; None if it is crossed."""
    try:
        step = product.price_increment
        low = int((Decimal(bid) / step).to_integral_value(ROUND_FLOOR))
        high = int((Decimal(ask) / step).to_integral_value(ROUND_CEILING))
    except InvalidOperation:
        return None
    return Quoted(now_ms, product.product_id, low, high) if 0 < low < high else None
