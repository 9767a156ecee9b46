"""Where a stream's threads leave what arrived, for the one loop to take.

Market data is conflated at once: of quotes only the newest is kept, trades go into running bars.
Reports on orders are queued and never dropped.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from gpt_trader.broker.exchange.stream import News
from gpt_trader.broker.exchange.trade_bars import TradeBars
from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.bars import Bar


class Batch(NamedTuple):
    """What arrived since the last look. quotes: product to (bid, ask), texts.

    trades: product to the price of the newest trade of the tape.
    """

    quotes: Mapping[str, tuple[str, str]]
    orders: Sequence[RemoteOrder]
    trades: Mapping[str, Decimal]


class Arrivals:
    """Shared by the stream's thread and the loop. now_ms: the exchange's time.

    ring: called when there is a quote, a report, or a change of a connection.
    """

    def __init__(
        self, bars: TradeBars, now_ms: Callable[[], int], ring: Callable[[], object]
    ) -> None:
        self._bars, self._now_ms, self._ring = bars, now_ms, ring
        self._quotes: dict[str, tuple[str, str]] = {}
        self._orders: deque[RemoteOrder] = deque()
        self._trades: dict[str, Decimal] = {}
        self._lock = threading.Lock()

    def put(self, told: News) -> None:
        """Take in what a message tells."""
        quotes, prints, orders, is_unread = told
        with self._lock:
            if prints:  # a bar closes on the clock: nobody waits for a trade
                for trade in prints:
                    self._bars.add(trade)
                    self._trades[trade.product_id] = trade.price
            if quotes:
                for product_id, bid, ask in quotes:
                    self._quotes[product_id] = bid, ask
            if orders:
                self._orders.extend(orders)
        if quotes or orders or is_unread:
            self._ring()

    def begin_whole(self) -> None:
        """Take note that every trade is told from now on."""
        with self._lock:
            self._bars.begin_whole(self._now_ms())

    def break_off(self) -> None:
        """Take note that trades may be missing, and wake the loop: a connection changed."""
        with self._lock:
            self._bars.break_off()
        self._ring()

    def take(self) -> Batch:
        """Return what arrived, and forget it."""
        with self._lock:
            quotes, self._quotes = self._quotes, {}
            trades, self._trades = self._trades, {}
            orders = list(self._orders)
            self._orders.clear()
        return Batch(quotes, orders, trades)

    def close_bars(self, now_ms: int) -> Sequence[Bar]:
        """Return the bars that closed and that trades tell wholly."""
        with self._lock:
            return self._bars.close(now_ms)
