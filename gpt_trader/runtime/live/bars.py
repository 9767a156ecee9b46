"""Bars as they close: from the stream's trades when they tell all of one, else from candles.

A candle that is asked for soon after the close may still change, and trades may come late: whatever
a bar was made of, it is held against the exchange's candle once more when that is final.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from gpt_trader.broker.exchange.cadence import is_past
from gpt_trader.broker.exchange.ports import MarketData
from gpt_trader.data.pull import clean, pages
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.product import Product
from gpt_trader.domain.venue import Candle
from gpt_trader.engine.events import BarClosed, BarMissed, Event, Ticked
from gpt_trader.engine.plan import Plan
from gpt_trader.errors import Unavailable
from gpt_trader.runtime.live.quotes import Quotes
from gpt_trader.runtime.live.sure import CANDLE, TAPE, pause_ms

SETTLE_MS = 2_000  # after a close, before the exchange's candle is taken
ASK_AGAIN_MS = 1_000
DEADLINE_MS = 10_000  # after a close, for bars that are not in
CONFIRM_MS = 15_000  # after a close, when its candle is final
MOST_HELD = 300  # bars of one product that wait for their final candle


class Wanted(NamedTuple):
    """A question for candles of product j with opens from first to last, both inclusive, ms."""

    j: int
    first_ms: int
    last_ms: int
    asked_ms: int


@dataclass(slots=True)
class ClosingBars:
    """Which bars are due, which are in, and which are still to be held against candles.

    newest_ms: open of the newest bars that were due. waiting: products whose bar of it is not in.
    unconfirmed: of each product, by open time, bars whose final candle is not known; None: the bar
    did not come in time.
    """

    plan: Plan
    quotes: Quotes
    newest_ms: int
    waiting: set[int] = field(default_factory=set)
    unconfirmed: dict[int, dict[int, Bar | None]] = field(default_factory=dict)
    _asked_ms: int | None = None
    _doubts: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)  # tries, again_ms

    def close(self, told: Sequence[Bar], now_ms: int) -> Iterator[Event]:
        """Hand over the bars that closed; after the deadline decide without those that did not.

        told: bars that were made of trades, whole.
        """
        interval_ms = self.plan.interval_ms
        due_ms = now_ms // interval_ms * interval_ms - interval_ms
        if due_ms > self.newest_ms:
            if self.waiting:  # the next bars are due: the cycle before runs with what it has
                yield from self._give_up(now_ms)
            for open_ms in range(self.newest_ms + interval_ms, due_ms, interval_ms):
                for j in range(len(self.plan.products)):  # they closed while nothing ran
                    self.hold(j, open_ms, None)
            self.newest_ms, self.waiting = due_ms, set(range(len(self.plan.products)))
        for bar in told:
            j = self.plan.index[bar.product_id]
            is_due = bar.open_ms == self.newest_ms and j in self.waiting
            if is_due and self.quotes.sure.hear_bar(bar, TAPE, now_ms):
                yield self._close(j, bar, now_ms)
        if self.waiting and now_ms >= self.newest_ms + interval_ms + DEADLINE_MS:
            yield from self._give_up(now_ms)

    def wanted(self, now_ms: int) -> list[Wanted]:
        """Return which candles are to be asked for now: of missing bars, and of bars to confirm.

        At most once in ASK_AGAIN_MS, and again until they are answered; what is in doubt later and
        later.
        """
        if not is_past(self._asked_ms, ASK_AGAIN_MS, now_ms):
            return []
        self._asked_ms = now_ms
        found = []
        for j in range(len(self.plan.products)):
            opens = [one for one in self.unconfirmed.get(j, ()) if self._is_final(one, now_ms)]
            if j in self.waiting and now_ms >= self._closed_ms(self.newest_ms) + SETTLE_MS:
                opens.append(self.newest_ms)
            opens = [one for one in opens if self._is_due(j, one, now_ms)]
            if opens:
                found.append(Wanted(j, min(opens), max(opens), now_ms))
        return found

    def take(self, wanted: Wanted, bars: Sequence[Bar], now_ms: int) -> Iterator[Event]:
        """Hand over what follows from the candles of an answer.

        A missing bar that is in now, and of one that was in what differs: a correction, for the
        next cycle. A bar that came late and is not the newest any more decides nothing.
        """
        found = {bar.open_ms: bar for bar in bars}
        held = self.unconfirmed.get(wanted.j, {})
        for open_ms in range(wanted.first_ms, wanted.last_ms + 1, self.plan.interval_ms):
            bar = found.get(open_ms)
            if bar is not None and not self._believes(wanted.j, bar, now_ms):
                continue  # it is asked for again; at the deadline it is one that is not in
            if open_ms == self.newest_ms and wanted.j in self.waiting:
                if bar is not None:
                    yield self._close(wanted.j, bar, now_ms)
            elif open_ms in held and self._is_final(open_ms, wanted.asked_ms):
                known = held.pop(open_ms)
                if bar is None:  # nobody traded in it, or trades told more than the exchange
                    continue
                if known is None and open_ms < self.newest_ms:
                    yield BarMissed(now_ms, bar)
                elif known is None:
                    yield BarClosed(now_ms, self.quotes.price(bar))
                elif differs(bar, known):
                    yield BarClosed(now_ms, bar)

    def _believes(self, j: int, bar: Bar, now_ms: int) -> bool:
        """Whether a candle is near what is known, or near what others say of now.

        An old one says nothing of now: only the newest is held against others.
        """
        sure, key = self.quotes.sure, (j, bar.open_ms)
        is_newest = bar.open_ms == self.newest_ms
        if sure.hear_bar(bar, CANDLE, now_ms) if is_newest else sure.hear_old(bar, now_ms):
            self._doubts.pop(key, None)
            return True
        tries = self._doubts.get(key, (0, 0))[0] + 1
        self._doubts[key] = tries, now_ms + pause_ms(tries)
        return False

    def _is_due(self, j: int, open_ms: int, now_ms: int) -> bool:
        """Whether a candle is not in doubt, or was asked for long enough ago."""
        tries, again_ms = self._doubts.get((j, open_ms), (0, now_ms))
        return not 0 < again_ms - now_ms <= pause_ms(max(tries, 1))

    def _close(self, j: int, bar: Bar, now_ms: int) -> Event:
        self.waiting.discard(j)
        self.hold(j, bar.open_ms, bar)
        return BarClosed(now_ms, self.quotes.price(bar))

    def _give_up(self, now_ms: int) -> Iterator[Event]:
        """Decide without the bars that are not in; they may still come, late."""
        for j in sorted(self.waiting):
            self.hold(j, self.newest_ms, None)
        self.waiting.clear()
        yield Ticked(now_ms)

    def hold(self, j: int, open_ms: int, bar: Bar | None) -> None:
        """Hold a bar of product j against its candle when that is final; None: it is missing."""
        held = self.unconfirmed.setdefault(j, {})
        held[open_ms] = bar
        for old in sorted(held)[:-MOST_HELD]:
            del held[old]
            self._doubts.pop((j, old), None)

    def _closed_ms(self, open_ms: int) -> int:
        return open_ms + self.plan.interval_ms

    def _is_final(self, open_ms: int, asked_ms: int) -> bool:
        return asked_ms >= self._closed_ms(open_ms) + CONFIRM_MS


def fetch(
    interval_ms: int, market: MarketData, product: Product, start_ms: int, end_ms: int
) -> list[Bar]:
    """Return a product's bars with opens from start to end, both inclusive.

    Raises Unavailable if a candle among them cannot be: half a history is none.
    """
    found: list[Bar] = []
    for page in pages((start_ms, end_ms + interval_ms), [], interval_ms, market.page_bars):
        answer = market.candles(product.product_id, interval_ms, page[0], page[1] - interval_ms)
        cleaned = clean(answer, page, interval_ms)
        if cleaned.refused or cleaned.contradictions:
            raise Unavailable(f"candles of {product.product_id} cannot be read")
        found += [bar_of(row, product) for row in cleaned.rows]
    return found


def bar_of(candle: Candle, product: Product) -> Bar:
    """Return a candle as a bar; a price off today's grid, of an older one, is rounded to it.

    Raises Unavailable for a price that cannot be counted.
    """

    def ticks(price: Decimal) -> int:
        found = product.ticks(price, ROUND_HALF_EVEN)
        if found is None:
            raise Unavailable(f"a candle of {product.product_id} tells no price")
        return max(found, 1)

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
