"""Bars as they close: from the stream's trades when they tell all of one, else from candles."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from functools import partial

from gpt_trader.broker.exchange.link import Link
from gpt_trader.broker.exchange.ports import MarketData
from gpt_trader.data.pull import clean, pages
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.market import Candle
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import BarClosed, Event, Ticked
from gpt_trader.engine.plan import Plan
from gpt_trader.errors import Unavailable
from gpt_trader.runtime.live.polls import Polls
from gpt_trader.runtime.live.quotes import Quotes

SETTLE_MS = 2_000  # after a close, before the exchange's candle is taken as final
ASK_AGAIN_MS = 1_000
DEADLINE_MS = 10_000  # after a close, for bars that are not in
CONFIRM_MS = 15_000  # after a close, when bars made of trades are held against candles


@dataclass(slots=True)
class ClosingBars:
    """Which bars are due, which are in, and which are still to be held against candles.

    newest_ms: open of the newest bars that were due. waiting: products whose bar of it is not in.
    unconfirmed: bars made of trades, with their product's index.
    """

    plan: Plan
    market: MarketData
    link: Link | None
    quotes: Quotes
    polls: Polls
    newest_ms: int
    waiting: set[int] = field(default_factory=set)
    unconfirmed: list[tuple[int, Bar]] = field(default_factory=list)
    _asked_ms: int = 0

    def close(self, now_ms: int) -> Iterator[Event]:
        """Hand over the bars that closed; after the deadline decide without those that did not."""
        plan = self.plan
        due_ms = now_ms // plan.interval_ms * plan.interval_ms - plan.interval_ms
        if due_ms > self.newest_ms:
            if self.waiting:  # the next bars are due: the cycle before runs with what it has
                yield Ticked(now_ms)
            self.newest_ms, self.waiting = due_ms, set(range(len(plan.products)))
        yield from self._close_from_trades(due_ms, now_ms)
        closed_ms = due_ms + plan.interval_ms
        if not self.waiting or now_ms < closed_ms + SETTLE_MS:
            return
        yield from self._close_from_candles(due_ms, now_ms)
        if self.waiting and now_ms >= closed_ms + DEADLINE_MS:
            self.waiting.clear()
            yield Ticked(now_ms)

    def _close_from_trades(self, due_ms: int, now_ms: int) -> Iterator[Event]:
        for bar in () if self.link is None else self.link.close_bars(now_ms):
            j = self.plan.index[bar.product_id]
            if bar.open_ms == due_ms and j in self.waiting:
                self.waiting.discard(j)
                self.unconfirmed.append((j, bar))
                yield BarClosed(now_ms, self.quotes.price(bar))

    def _close_from_candles(self, due_ms: int, now_ms: int) -> Iterator[Event]:
        """Ask for the candles of the bars that are missing, once a second."""
        if now_ms - self._asked_ms < ASK_AGAIN_MS:
            return
        self._asked_ms = now_ms
        for j in sorted(self.waiting):
            for event in self.polls.attempt(partial(self._ask_for, j, due_ms)):
                self.waiting.discard(j)
                yield event

    def _ask_for(self, j: int, due_ms: int) -> Iterator[Event]:
        found = fetch(self.plan, self.market, self.plan.products[j], due_ms, due_ms)
        for bar in found:
            yield BarClosed(self.polls.now_ms(), self.quotes.price(bar))

    def confirm(self, now_ms: int) -> Iterator[Event]:
        """Hold bars made of trades against the exchange's candles; hand over what differs.

        Late enough that the candle is final; a difference is a correction, for the next cycle.
        """
        late_ms = self.plan.interval_ms + CONFIRM_MS
        due = [one for one in self.unconfirmed if now_ms >= one[1].open_ms + late_ms]
        if not due:
            return
        self.unconfirmed = [one for one in self.unconfirmed if one not in due]
        for j, bar in due:
            yield from self.polls.attempt(partial(self._correct, j, bar))

    def _correct(self, j: int, bar: Bar) -> Iterator[Event]:
        found = fetch(self.plan, self.market, self.plan.products[j], bar.open_ms, bar.open_ms)
        for row in found:
            if differs(row, bar):
                yield BarClosed(self.polls.now_ms(), row)


def fetch(
    plan: Plan, market: MarketData, product: Product, start_ms: int, end_ms: int
) -> list[Bar]:
    """Return a product's bars with opens from start to end, both inclusive.

    Raises Unavailable if a candle among them cannot be: half a history is none.
    """
    interval_ms = plan.interval_ms
    found: list[Bar] = []
    for page in pages((start_ms, end_ms + interval_ms), [], interval_ms, market.page_bars):
        answer = market.candles(product.product_id, interval_ms, page[0], page[1] - interval_ms)
        cleaned = clean(answer, page, interval_ms)
        if cleaned.refused or cleaned.contradictions:
            raise Unavailable(f"candles of {product.product_id} cannot be read")
        found += [bar_of(row, product) for row in cleaned.rows]
    return found


def bar_of(candle: Candle, product: Product) -> Bar:
    """Return a candle as a bar; a price off today's grid, of an older one, is rounded to it."""

    def ticks(price: Decimal) -> int:
        return max(int((price / product.price_increment).to_integral_value(ROUND_HALF_EVEN)), 1)

    return Bar(
        product.product_id,
        candle.open_ms,
        ticks(candle.open),
        ticks(candle.high),
        ticks(candle.low),
        ticks(candle.close),
        float(candle.volume),
    )


def differs(one: Bar, other: Bar) -> bool:
    """Whether two bars of one time tell different prices."""
    return (one.open, one.high, one.low, one.close) != (
        other.open,
        other.high,
        other.low,
        other.close,
    )
