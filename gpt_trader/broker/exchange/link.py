"""The stream as the live loop sees it: quotes, reports on orders, bars, and whether it is up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN

from gpt_trader.broker.exchange.arrivals import Arrivals
from gpt_trader.broker.exchange.carry import Bell
from gpt_trader.broker.exchange.stream import Connection, Dialect, Frame, Stream
from gpt_trader.broker.exchange.trade_bars import TradeBars
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.number import read_decimal
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import Event, Quoted
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Broker
from gpt_trader.engine.state import State

MARKET, USER = "market", "user"


class Link:
    """A running stream. broker: who understands reports.

    trades: newest price of the tape by product, ticks.
    """

    def __init__(
        self,
        products: Sequence[Product],
        interval_ms: int,
        *,
        broker: Broker,
        dialect: Dialect,
        sign: Callable[[], str] | None,
        urls: tuple[str | None, str | None],
        now_ms: Callable[[], int],
        clock: Callable[[], float],
        random: Callable[[], float],
        bell: Bell | None = None,
    ) -> None:
        """sign: a fresh token; None: there is no account, and no reports are asked for.

        urls: of market data and of the account, None for the venue's own. clock: monotonic s.
        bell: rung when something is new; None for one of its own.
        """
        self._broker, self._clock, self._told = broker, clock, dialect.told
        self._products: Mapping[str, Product] = {
            dialect.book_id(product.product_id): product for product in products
        }
        self._bell = Bell() if bell is None else bell
        self._arrivals = Arrivals(TradeBars(self._products, interval_ms), now_ms, self._bell.ring)
        books = tuple(self._products)
        kept = [Connection(MARKET, urls[0] or dialect.urls[0], dialect.market(books))]
        if sign is not None:
            url = urls[1] or urls[0] or dialect.urls[1]
            kept.append(Connection(USER, url, dialect.account))
        self._missed_reports = False
        self.trades: dict[str, int] = {}
        self.stream = Stream(
            kept,
            dialect=dialect,
            sign=(lambda: None) if sign is None else sign,
            put=self.put,
            came_up=self._come_up,
            went_down=self._go_down,
            clock=clock,
            random=random,
        )

    def put(self, frame: Frame) -> None:
        """Take a message in."""
        told = self._told(frame)
        if told.is_unread:
            self._missed_reports = True
        self._arrivals.put(told)

    def _come_up(self, one: Connection) -> None:
        if one.name == MARKET:
            self._arrivals.begin_whole()
        else:
            self._missed_reports = True  # what happened before it is told by nobody

    def _go_down(self, _: Connection) -> None:
        self._arrivals.break_off()

    def events(self, plan: Plan, state: Callable[[], State], now_ms: int) -> Iterator[Event]:
        """Yield reports on orders, all of them, then the newest quote of each product."""
        batch = self._arrivals.take()
        for name, price in batch.trades.items():
            if (product := self._products.get(name)) is not None:
                ticks = product.ticks(price, ROUND_HALF_EVEN)
                if ticks is not None:
                    self.trades[product.product_id] = ticks
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

    def close_bars(self, now_ms: int) -> Sequence[Bar]:
        """Return the bars that closed and that trades tell wholly."""
        return self._arrivals.close_bars(now_ms)

    def is_up(self) -> bool:
        """Whether quotes and reports arrive."""
        return self.stream.is_up(self._clock())

    def wait(self, timeout_s: float) -> None:
        """Wait for something new."""
        self._bell.wait(timeout_s)


def _quote(product: Product, bid: str, ask: str, now_ms: int) -> Quoted | None:
    """Return a quote in ticks, rounded away from the middle; None if it is crossed or none."""
    lowest, highest = read_decimal(bid), read_decimal(ask)
    low = None if lowest is None else product.ticks(lowest, ROUND_FLOOR)
    high = None if highest is None else product.ticks(highest, ROUND_CEILING)
    if low is None or high is None or not 0 < low < high:
        return None
    return Quoted(now_ms, product.product_id, low, high)
