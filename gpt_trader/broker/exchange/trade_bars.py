"""Bars made of trades as they happen, so that a close need not wait for anybody's answer.

A bar is only given if the stream told all of it: it was whole since before the bar's open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from gpt_trader.domain.bars import Bar
from gpt_trader.domain.product import Product

GRACE_MS = 600  # after a close: trades come in batches of a quarter of a second
NEVER_MS = 2**62


class Print(NamedTuple):
    """One trade of the tape as the stream tells it; price in quote, size in base units."""

    trade_id: str
    product_id: str
    time_ms: int
    price: Decimal
    size: float


@dataclass(slots=True)
class _Running:
    """One product's bar so far; first and last: times of its trades, ms."""

    open_ms: int
    first_ms: int
    last_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: float
    seen: set[str] = field(default_factory=set)


class TradeBars:
    """The running bars of some products. late: trades that came after their bar was given."""

    def __init__(self, products: Mapping[str, Product], interval_ms: int) -> None:
        """products: by the id that the stream calls them."""
        self._products = products
        self._interval_ms = interval_ms
        self._running: dict[tuple[str, int], _Running] = {}
        self._whole_since_ms = NEVER_MS
        self._closed_ms = 0
        self.late = 0

    def begin_whole(self, now_ms: int) -> None:
        """Take note that from now on every trade is told."""
        self._whole_since_ms = now_ms

    def break_off(self) -> None:
        """Take note that trades may have been missed: what is running is not whole."""
        self._whole_since_ms = NEVER_MS

    def add(self, trade: Print) -> None:
        """Fold a trade in, once."""
        if trade.product_id not in self._products:
            return
        open_ms = trade.time_ms // self._interval_ms * self._interval_ms
        if open_ms < self._closed_ms:
            self.late += 1
            return
        bar = self._running.get((trade.product_id, open_ms))
        if bar is None:
            self._running[trade.product_id, open_ms] = _Running(
                open_ms=open_ms,
                first_ms=trade.time_ms,
                last_ms=trade.time_ms,
                open=trade.price,
                high=trade.price,
                low=trade.price,
                close=trade.price,
                volume=trade.size,
                seen={trade.trade_id},
            )
            return
        if trade.trade_id in bar.seen:
            return
        bar.seen.add(trade.trade_id)
        price = trade.price
        bar.high = max(bar.high, price)
        bar.low = min(bar.low, price)
        if trade.time_ms >= bar.last_ms:
            bar.last_ms, bar.close = trade.time_ms, price
        if trade.time_ms < bar.first_ms:
            bar.first_ms, bar.open = trade.time_ms, price
        bar.volume += trade.size

    def close(self, now_ms: int) -> Sequence[Bar]:
        """Return the bars that have ended and are whole, each once."""
        due_ms = (now_ms - GRACE_MS) // self._interval_ms * self._interval_ms
        if due_ms <= self._closed_ms:
            return []
        self._closed_ms = due_ms
        ended = [key for key in self._running if key[1] < due_ms]
        bars = [(key[0], self._running.pop(key)) for key in sorted(ended)]
        found = [
            self._bar(product_id, bar)
            for product_id, bar in bars
            if bar.open_ms >= self._whole_since_ms
        ]
        return [bar for bar in found if bar is not None]

    def _bar(self, product_id: str, bar: _Running) -> Bar | None:
        """Return a bar; None where a price cannot be counted: the exchange's candle is asked."""
        product = self._products[product_id]
        prices = [
            product.ticks(price, ROUND_HALF_EVEN)
            for price in (bar.open, bar.high, bar.low, bar.close)
        ]
        first, high, low, last = prices
        if first is None or high is None or low is None or last is None or low < 1:
            return None
        return Bar(product.product_id, bar.open_ms, first, high, low, last, bar.volume)
