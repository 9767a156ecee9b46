"""Events of a live market: what was missed, then bars as they close, quotes and order reports.

One thread hands over one event at a time; whatever arrives on other threads waits in `Arrivals`.
Where the stream is down, polling takes its place. Nothing here decides anything, and nothing
counts on an answer: what was sent is looked at again until it is known what became of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from gpt_trader.broker.exchange.link import Link
from gpt_trader.broker.exchange.ports import MarketData
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.product import Product
from gpt_trader.engine.due import due
from gpt_trader.engine.events import Event, Noted, Quoted, Woken
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import AuthError, DataError, RateLimited, Unavailable
from gpt_trader.runtime.live.bars import ClosingBars, Wanted, fetch
from gpt_trader.runtime.live.catch_up import CatchUp, catch_up
from gpt_trader.runtime.live.looks import POLL_MS, Looks
from gpt_trader.runtime.live.polls import Polls
from gpt_trader.runtime.live.quotes import Quotes, quote_of
from gpt_trader.runtime.live.reconcile import Reconciler
from gpt_trader.runtime.live.timekeeping import Timekeeping

NEWS_MS = 3_600_000  # between looks at the products
WAIT_MS = 60_000  # for so long a single cycle waits for the account, and for answers
LONGEST_WAIT_S = 0.5


class Clock(NamedTuple):
    """Time as the loop knows it. now_ms: the exchange's. wait: for so many seconds, or less.

    is_over: whether to end.
    """

    now_ms: Callable[[], int]
    wait: Callable[[float], object]
    is_over: Callable[[], bool]


class Surroundings(NamedTuple):
    """What else a loop has to do with. commands: what people say. rest: work for a quiet moment.

    news: what changed of the products, as (product, text), asked every NEWS_MS.
    """

    commands: Callable[[], Iterator[Event]] = lambda: iter(())
    news: Callable[[], Sequence[tuple[str, str]]] = tuple
    rest: Callable[[], object] = lambda: None


ALONE = Surroundings()


@dataclass(slots=True)
class LiveFeed:
    """A live market from now on. state: what the session holds whenever it is asked.

    time: the exchange's clock; None: nobody minds it. link: None without a stream. once: end when
    what is known now has been handed over. missed: closes while nobody looked. unseen: whether a
    single cycle ended without a look at the account, or at what closed. polls: what could not be
    learned, and why.
    """

    plan: Plan
    state: Callable[[], State]
    market: MarketData
    reconciler: Reconciler
    clock: Clock
    around: Surroundings = ALONE
    time: Timekeeping | None = None
    link: Link | None = None
    once: bool = False
    missed: int = 0
    unseen: bool = False
    polls: Polls = field(init=False)

    def __post_init__(self) -> None:
        self.polls = Polls(self.clock.now_ms)

    def __iter__(self) -> Iterator[Event]:
        """Hand over what was missed, then what happens."""
        quotes = Quotes(self.plan)
        looks = Looks(self.reconciler, self.state, self.link, self.polls)
        yield from self.around.commands()
        yield from self._arm(looks)
        yield from self._ask_quotes(quotes, self.plan.products)
        caught = catch_up(self.plan, self.state(), quotes, self.clock.now_ms())
        yield from self._catch_up(caught)
        self.missed = caught.missed
        if self.once:
            yield from self._finish(quotes, looks)
            self.unseen |= caught.is_blind
            return
        yield from self._follow(quotes, looks, caught.following())

    def _ask_quotes(self, quotes: Quotes, products: Sequence[Product]) -> Iterator[Event]:
        """Ask for bids and asks; one that is refused keeps nobody from the others."""
        for product in products:
            yield from self.polls.attempt(partial(self._ask_quote, quotes, product))

    def _ask_quote(self, quotes: Quotes, product: Product) -> Iterator[Event]:
        touch = self.market.touch(product.product_id)
        yield quotes.note(quote_of(touch, product, self.clock.now_ms()))

    def _catch_up(self, caught: CatchUp) -> Iterator[Event]:
        for wanted in list(caught.left.values()):
            try:
                bars = self._fetch(wanted)
            except (Unavailable, RateLimited, AuthError, DataError) as failure:
                caught.fail(self.state(), wanted, failure)
                self.polls.count(failure)
                continue
            yield from caught.take(self.state(), wanted, bars, self.clock.now_ms())
        yield from caught.end(self.clock.now_ms())

    def _ask_candles(self, bars: ClosingBars, wanted: Wanted) -> Iterator[Event]:
        yield from bars.take(wanted, self._fetch(wanted), self.clock.now_ms())

    def _fetch(self, wanted: Wanted) -> list[Bar]:
        product = self.plan.products[wanted.j]
        return fetch(self.plan, self.market, product, wanted.first_ms, wanted.last_ms)

    def _arm(self, looks: Looks) -> Iterator[Event]:
        """Look at the account: entries are refused until it is in line.

        A single cycle waits for that, for a while; else stops must be watched meanwhile.
        """
        begun_ms = self.clock.now_ms()
        while not self.clock.is_over():
            yield from looks.look()
            is_late = self.clock.now_ms() - begun_ms > WAIT_MS
            if self.reconciler.is_in_line or is_late or not self.once:
                return
            self.clock.wait(POLL_MS / 1000)

    def _finish(self, quotes: Quotes, looks: Looks) -> Iterator[Event]:
        """End a single cycle: what it decided meets the market once, and is looked at once.

        What was sent and not answered yet is looked at again, for a while.
        """
        self.unseen = True
        yield from self._ask_quotes(quotes, self.plan.products)
        yield from looks.look()
        begun_ms = self.clock.now_ms()
        while looks.is_unanswered() and self.clock.now_ms() - begun_ms <= WAIT_MS:
            self.clock.wait(POLL_MS / 1000)
            yield from looks.look()
        self.unseen = looks.unseen

    def _follow(self, quotes: Quotes, looks: Looks, bars: ClosingBars) -> Iterator[Event]:
        """Hand over what happens, turn by turn; in each turn all is asked at one time."""
        polled_ms = asked_ms = 0
        while not self.clock.is_over():
            yield from self.around.commands()
            now_ms = self.clock.now_ms()
            if self.link is not None:
                for event in self.link.events(self.plan, self.state, now_ms):
                    yield quotes.note(event) if isinstance(event, Quoted) else event
            is_up = self.link is not None and self.link.is_up()
            if not is_up and now_ms - polled_ms >= POLL_MS:
                polled_ms = now_ms
                yield from self._ask_quotes(quotes, self.plan.products)
            trades = {} if self.link is None else self.link.trades
            yield from self._ask_quotes(quotes, quotes.wanted(self.state(), trades, now_ms))
            if due(self.plan, self.state(), now_ms):
                yield Woken(now_ms)
            yield from self._keep_time(now_ms)
            found = looks.look_when_due(now_ms, is_up=is_up)
            yield from found if self.time is None else self.time.guard(found)
            yield from bars.close([] if self.link is None else self.link.close_bars(now_ms), now_ms)
            for wanted in bars.wanted(now_ms):
                yield from self.polls.attempt(partial(self._ask_candles, bars, wanted))
            if now_ms - asked_ms >= NEWS_MS:
                asked_ms = now_ms
                yield from self.polls.attempt(self._ask_for_news)
            self._pause(now_ms)

    def _keep_time(self, now_ms: int) -> Iterator[Event]:
        if self.time is None:
            return
        yield from self.time.watch(now_ms)
        if self.time.clock.is_due():
            yield from self.polls.attempt(self._ask_for_the_time)

    def _ask_for_the_time(self) -> Iterator[Event]:
        assert self.time is not None
        yield from self.time.take(self.time.clock.measure())

    def _ask_for_news(self) -> Iterator[Event]:
        """Ask what changed of the products, and put it on the record."""
        for about, text in self.around.news():
            yield Noted(self.clock.now_ms(), about, text)

    def _pause(self, now_ms: int) -> None:
        """Wait for something new, at most until the next bar closes."""
        self.around.rest()
        next_ms = (now_ms // self.plan.interval_ms + 1) * self.plan.interval_ms
        timeout_s = min((next_ms - now_ms) / 1000, LONGEST_WAIT_S)
        wait = self.clock.wait if self.link is None else self.link.wait
        wait(timeout_s)
