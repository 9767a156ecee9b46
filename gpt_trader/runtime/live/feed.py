"""Events of a live market: what was missed, then bars as they close, quotes and order reports.

One thread hands over one event at a time; whatever arrives on other threads waits in an inbox.
Bars come from the stream's trades when they tell the whole bar, else from the exchange's candles;
each bar that came from trades is held against its candle soon after, and a difference is handed
over as a correction. Where the stream is down, polling takes its place.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from gpt_trader.broker.exchange.link import Link
from gpt_trader.broker.exchange.ports import Market
from gpt_trader.data.pull import clean, pages
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.market import Candle, Touch
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import (
    BarClosed,
    BarMissed,
    Event,
    HistoryLoaded,
    Noted,
    Quoted,
    Ticked,
)
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import AuthError, DataError, RateLimited, Unavailable
from gpt_trader.kernel.rounding import RATE_SCALE
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.runtime.live.reconcile import Reconciler

SETTLE_MS = 2_000  # after a close, before the exchange's candle is taken as final
ASK_AGAIN_MS = 1_000
DEADLINE_MS = 10_000  # after a close, for bars that are not in
CONFIRM_MS = 15_000  # after a close, when bars made of trades are held against candles
POLL_MS = 5_000  # between looks at orders and quotes while a link is down
NEWS_MS = 3_600_000  # between looks at the products
RECONCILE_MS = 60_000  # between looks at the account in any case
ARMING_MS = 60_000  # for so long a single cycle waits for the account to be in line
REFUSED_MS = 60_000  # for so long a key may be refused: valid ones are, at times
LONGEST_WAIT_S = 0.5


@dataclass(slots=True)
class LiveFeed:
    """A live market from now on. state: what the session holds whenever it is asked.

    now_ms: the exchange's time. link: None without a stream. stopped: whether to end; `once`:
    end when what is known now has been handed over. idle: work for a quiet moment.
    controls: what people say. news: what changed of the products, asked every
    NEWS_MS. failures: polls that failed, since the start. missed: closes while nobody looked.
    unseen: whether a single cycle ended without a look at the account.
    """

    plan: Plan
    state: Callable[[], State]
    market: Market
    books: Reconciler
    now_ms: Callable[[], int]
    wait: Callable[[float], object]
    stopped: Callable[[], bool]
    idle: Callable[[], None]
    controls: Callable[[], Iterator[Event]] = lambda: iter(())
    news: Callable[[], Sequence[tuple[str, str]]] = tuple
    link: Link | None = None
    once: bool = False
    failures: int = 0
    problem: str = ""
    missed: int = 0
    unseen: bool = False
    _waiting: set[int] = field(default_factory=set)
    _asked_ms: int = 0
    _noticed_ms: int = 0
    _refused_ms: int = 0
    _polled_bars_ms: int = 0
    _polled_ms: int = 0
    _reconciled_ms: int = 0
    _confirm: list[tuple[int, Bar]] = field(default_factory=list)
    _half_spread_e8: dict[str, int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Event]:
        """Hand over what was missed, then what happens."""
        yield from self.controls()
        yield from self._armed()
        yield from self._tried(self._touches)
        yield from self._caught_up()
        if self.once:  # what was decided meets the market once, and is looked at once
            self.unseen = True
            yield from self._tried(self._touches)
            yield from self._tried(self._reconciled)
            return
        while not self.stopped():
            yield from self.controls()
            now_ms = self.now_ms()
            if self.link is not None:
                for event in self.link.events(self.plan, self.state, now_ms):
                    yield self._noted(event) if isinstance(event, Quoted) else event
            yield from self._polled(now_ms)
            yield from self._bars(now_ms)
            yield from self._confirmed(now_ms)
            yield from self._noticed(now_ms)
            self._pause(now_ms)

    def _armed(self) -> Iterator[Event]:
        """Look at the account: entries are refused until it is in line.

        A single cycle waits for that, for a while; else stops must be watched meanwhile.
        """
        begun_ms = self.now_ms()
        while not self.stopped():
            yield from self._tried(self._reconciled)
            is_over = not self.once or self.now_ms() - begun_ms > ARMING_MS
            if self.books.is_in_line or is_over:
                return
            self.wait(POLL_MS / 1000)

    # What was missed.

    def _caught_up(self) -> Iterator[Event]:
        """Load history, or take the bars that closed while nobody looked; decide on the newest."""
        plan, now_ms = self.plan, self.now_ms()
        newest_ms = (now_ms - SETTLE_MS) // plan.interval_ms * plan.interval_ms - plan.interval_ms
        newest: list[Bar] = []
        for j, product in enumerate(plan.products):
            state = self.state()
            known_ms = state.last_bar_ms[j]
            wanted = max(plan.window_bars[j], plan.min_bars[j]) + 1
            start_ms = newest_ms - wanted * plan.interval_ms
            is_new = state.bars_seen[j] == 0
            try:
                bars = self._history(
                    product, start_ms if is_new else known_ms + plan.interval_ms, newest_ms
                )
            except DataError as failure:  # delisted: the others go on
                if is_new:
                    raise
                self.problem = failure.message
                continue
            newest += [self._priced(bar) for bar in bars if bar.open_ms == newest_ms]
            missed = tuple(bar for bar in bars if bar.open_ms < newest_ms)
            if is_new and missed:
                yield HistoryLoaded(now_ms, product.product_id, missed)
            elif not is_new:
                self.missed = max(self.missed, len(missed))
                for bar in missed:
                    yield BarMissed(now_ms, bar)
        for bar in newest:
            yield BarClosed(now_ms, bar)
        if newest and len(newest) < len(plan.products):
            yield Ticked(now_ms)
        self._asked_ms = newest_ms

    def _history(self, product: Product, start_ms: int, newest_ms: int) -> list[Bar]:
        """Return a product's bars from start to the newest, both inclusive."""
        interval_ms = self.plan.interval_ms
        found: list[Bar] = []
        whole = (start_ms, newest_ms + interval_ms)
        for page in pages(whole, [], interval_ms, self.market.page_bars):
            answer = self.market.candles(
                product.product_id, interval_ms, page[0], page[1] - interval_ms
            )
            cleaned = clean(answer, page, interval_ms)
            if cleaned.refused or cleaned.contradictions:
                raise Unavailable(f"candles of {product.product_id} cannot be read")
            found += [bar_of(row, product) for row in cleaned.rows]
        return found

    def _touches(self) -> Iterator[Event]:
        """Ask for every product's bid and ask."""
        for product in self.plan.products:
            try:
                touch = self.market.touch(product.product_id)
            except DataError as failure:  # delisted, or one side is empty: the others go on
                self.problem = failure.message
                continue
            yield self._noted(quoted(touch, product, self.now_ms()))

    def _noted(self, quote: Quoted) -> Quoted:
        """Remember half the spread: an order at the next close rests at the near side of it."""
        half = RATE_SCALE * (quote.ask - quote.bid) // (quote.ask + quote.bid)
        self._half_spread_e8[quote.product_id] = max(half, 0)
        return quote

    def _priced(self, bar: Bar) -> Bar:
        """Return a bar that closes now with the spread as it is."""
        return bar._replace(half_spread_e8=self._half_spread_e8.get(bar.product_id, NO_QUOTE))

    # What happens.

    def _polled(self, now_ms: int) -> Iterator[Event]:
        """Ask for quotes and orders: all the time while the stream is down, else now and then."""
        up = self.link is not None and self.link.is_up()
        if not up and now_ms - self._polled_ms >= POLL_MS:
            self._polled_ms = now_ms
            yield from self._tried(self._touches)
        if self.link is not None and self.link.missed_reports():
            self._reconciled_ms = 0
        is_calm = self.books.is_in_line and (up or not self.state().open_orders)
        if now_ms - self._reconciled_ms >= (RECONCILE_MS if is_calm else POLL_MS):
            self._reconciled_ms = now_ms
            yield from self._tried(self._reconciled)

    def _reconciled(self) -> Iterator[Event]:
        yield from self.books.events()
        self._refused_ms, self.unseen = 0, False

    def _tried(self, ask: Callable[[], Iterator[Event]]) -> Iterator[Event]:
        """Hand over what an answer says; a failure is counted, and asked again later."""
        try:
            yield from ask()
        except (Unavailable, RateLimited, AuthError, DataError) as failure:
            self.failures += 1
            self.problem = failure.message
            if isinstance(failure, AuthError):
                self._refused_ms = self._refused_ms or self.now_ms()
                if self.now_ms() - self._refused_ms > REFUSED_MS:
                    raise

    def _bars(self, now_ms: int) -> Iterator[Event]:
        """Hand over the bars that closed; after the deadline decide without those that did not."""
        plan = self.plan
        due_ms = now_ms // plan.interval_ms * plan.interval_ms - plan.interval_ms
        if due_ms > self._asked_ms:
            if self._waiting:
                yield Ticked(now_ms)
            self._asked_ms, self._waiting = due_ms, set(range(len(plan.products)))
        if self.link is not None:
            for bar in self.link.close_bars(now_ms):
                j = plan.index[bar.product_id]
                if bar.open_ms == due_ms and j in self._waiting:
                    self._waiting.discard(j)
                    self._confirm.append((j, bar))
                    yield BarClosed(now_ms, self._priced(bar))
        closed_ms = due_ms + plan.interval_ms
        if not self._waiting or now_ms < closed_ms + SETTLE_MS:
            return
        yield from self._asked(due_ms, now_ms)
        if self._waiting and now_ms >= closed_ms + DEADLINE_MS:
            self._waiting.clear()
            yield Ticked(now_ms)

    def _asked(self, due_ms: int, now_ms: int) -> Iterator[Event]:
        """Ask for the candles of the bars that are missing, once a second."""
        if now_ms - self._polled_bars_ms < ASK_AGAIN_MS:
            return
        self._polled_bars_ms = now_ms
        for j in sorted(self._waiting):
            product = self.plan.products[j]

            def ask(product: Product = product) -> Iterator[Event]:
                rows = self._history(product, due_ms, due_ms)
                return iter([BarClosed(self.now_ms(), self._priced(bar)) for bar in rows])

            for event in self._tried(ask):
                self._waiting.discard(j)
                yield event

    def _confirmed(self, now_ms: int) -> Iterator[Event]:
        """Hold bars made of trades against the exchange's candles; hand over what differs."""
        due = [one for one in self._confirm if now_ms >= one[1].open_ms + self._late_ms]
        if not due:
            return
        self._confirm = [one for one in self._confirm if one not in due]
        for j, bar in due:
            product = self.plan.products[j]

            def ask(product: Product = product, bar: Bar = bar) -> Iterator[Event]:
                rows = self._history(product, bar.open_ms, bar.open_ms)
                return iter([BarClosed(self.now_ms(), row) for row in rows if differs(row, bar)])

            yield from self._tried(ask)

    @property
    def _late_ms(self) -> int:
        return self.plan.interval_ms + CONFIRM_MS

    def _noticed(self, now_ms: int) -> Iterator[Event]:
        """Ask what changed of the products, and put it on the record."""
        if now_ms - self._noticed_ms < NEWS_MS:
            return
        self._noticed_ms = now_ms
        yield from self._tried(
            lambda: iter([Noted(self.now_ms(), about, text) for about, text in self.news()])
        )

    def _pause(self, now_ms: int) -> None:
        """Wait for something new, at most until the next bar closes."""
        self.idle()
        next_ms = (now_ms // self.plan.interval_ms + 1) * self.plan.interval_ms
        timeout_s = min((next_ms - now_ms) / 1000, LONGEST_WAIT_S)
        if self.link is not None:
            self.link.wait(timeout_s)
        else:
            self.wait(timeout_s)


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


def quoted(touch: Touch, product: Product, now_ms: int) -> Quoted:
    """Return a bid and ask in ticks: what is off the grid is rounded away from the middle."""
    bid = (touch.bid / product.price_increment).to_integral_value(ROUND_FLOOR)
    ask = (touch.ask / product.price_increment).to_integral_value(ROUND_CEILING)
    return Quoted(now_ms, product.product_id, int(bid), int(ask))


def differs(one: Bar, other: Bar) -> bool:
    """Whether two bars of one time tell different prices."""
    return (one.open, one.high, one.low, one.close) != (
        other.open,
        other.high,
        other.low,
        other.close,
    )
