"""Events of a live market: what was missed, then bars as they close, quotes and order reports.

One thread hands over one event at a time, and never waits for the network: what is asked and sent
is carried beside it, and what came of it is handed over when it is there. Where the stream is
silent, questions take its place. Nothing here decides anything.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from gpt_trader.broker.exchange.cadence import is_past
from gpt_trader.broker.exchange.link import Link
from gpt_trader.broker.exchange.ports import MarketData
from gpt_trader.broker.exchange.reader import Question, Reader
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.order import OrderStatus
from gpt_trader.domain.product import Product
from gpt_trader.domain.venue import Touch
from gpt_trader.engine.events import Event, Quoted
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import TraderError, Unavailable
from gpt_trader.runtime.live.bars import ClosingBars, Wanted, fetch
from gpt_trader.runtime.live.catch_up import CatchUp, catch_up
from gpt_trader.runtime.live.polls import Polls
from gpt_trader.runtime.live.quotes import Quotes, quote_of
from gpt_trader.runtime.live.reading import Asked, Reading
from gpt_trader.runtime.live.sure import CANDLE, TAPE, TICKER, TOUCH
from gpt_trader.runtime.live.timekeeping import Timekeeping
from gpt_trader.runtime.live.upkeep import Upkeep

POLL_MS = 5_000  # between quotes that are asked for while the stream is down
FIRST_LOOK_S = 10.0  # for so long a run waits for the account before it decides
SEEN_S = 60.0  # for so long a single cycle does
PAST_S = 30.0  # for so long it is waited for what closed while nobody looked
AGAIN_S = 30.0  # for so long it waits for what is tried again: a look, a stop, an exit
PROOF_S = 150.0  # for so long a single cycle waits for what is unknown
REFUSED_S = 5.0  # so late it looks once more at what was refused, and may have been carried out
LONGEST_WAIT_S = 0.5
TURN_S = 0.05  # between turns while a question waits for its turn


class Clock(NamedTuple):
    """Time as the loop knows it. now_ms: the exchange's. wait: for so many seconds, or less.

    is_over: whether to end. monotonic_s: how long something has been waited for is counted by it.
    """

    now_ms: Callable[[], int]
    wait: Callable[[float], object]
    is_over: Callable[[], bool]
    monotonic_s: Callable[[], float] = time.monotonic


class Surroundings(NamedTuple):
    """What else a loop has to do with. commands: what people say. rest: work for a quiet moment.

    news: what else is to be asked now, while the market is followed.
    """

    commands: Callable[[], Iterator[Event]] = lambda: iter(())
    news: Callable[[], Iterable[Question]] = tuple
    rest: Callable[[], object] = lambda: None


ALONE = Surroundings()


@dataclass(slots=True)
class LiveFeed:
    """A live market from now on. state: what the session holds whenever it is asked.

    reader: asks the market. time: the exchange's clock; None: nobody minds it. link: None without a
    stream. once: end when what is known now has been handed over, and it is known what became of
    what was sent. missed: closes while nobody looked. polls: what could not be learned, and why.
    untold: products of which nobody told what closed meanwhile: nothing was decided on them.
    """

    plan: Plan
    state: Callable[[], State]
    market: MarketData
    reader: Reader
    upkeep: Upkeep
    polls: Polls
    clock: Clock
    around: Surroundings = ALONE
    time: Timekeeping | None = None
    link: Link | None = None
    once: bool = False
    missed: int = 0
    untold: Sequence[str] = ()
    quotes: Quotes = field(init=False)
    reading: Reading = field(init=False)
    _polled_ms: int | None = None

    def __post_init__(self) -> None:
        self.quotes = Quotes(self.plan)
        self.reading = Reading(self.plan)

    def __iter__(self) -> Iterator[Event]:
        """Hand over what was missed, then what happens."""
        began_ms = self.clock.now_ms()
        closes = self.state().slots["close_ticks"].tolist()
        for product, close in zip(self.plan.products, closes, strict=True):
            self.quotes.sure.begin(product.product_id, close)
        longest_s = SEEN_S if self.once else FIRST_LOOK_S
        yield from self._turn_until(self._is_armed, longest_s)
        caught = catch_up(self.plan, self.state(), self.quotes, self.clock.now_ms())
        asked = {j: self._ask_past(caught, one) for j, one in list(caught.left.items())}
        abouts = [*asked.values(), *(("touch", one.product_id) for one in self.plan.products)]
        abouts += self._ask_read()
        yield from self._turn_until(lambda: not any(map(self.reader.asks, abouts)), PAST_S)
        for j, about in asked.items():
            if self.reader.asks(about) and not self.clock.is_over():
                late = Unavailable(f"no candles of {self.plan.products[j].product_id} in time")
                caught.fail(self.state(), caught.left[j], late)
        self.missed, self.untold = caught.missed, caught.unanswered
        yield from caught.end(self.clock.now_ms())
        yield from self.reading.give_up(self.state(), self.clock.now_ms())
        if self.once:
            yield from self._finish(began_ms)
        else:
            yield from self._follow(caught.following())

    def _is_armed(self) -> bool:
        """Whether the account has been looked at: entries are refused until it is in line."""
        account = self.upkeep.account
        if account is None:
            return True
        return account.is_in_line if self.once else not account.unseen

    def _finish(self, began_ms: int) -> Iterator[Event]:
        """End a single cycle once it is known what became of what it decided, or after a while.

        began_ms: when it began. What is refused may be there for all that, and not show at once.
        """
        for product in self.plan.products:
            self._ask_quote(product)
        account = self.upkeep.account
        if account is not None:
            account.look(self.clock.now_ms())

        def is_known() -> bool:
            may_end = account is None or not account.may_explain(self.clock.now_ms())
            return self.upkeep.is_settled and self.reader.is_idle and may_end

        def is_done() -> bool:
            return is_known() and not self.is_unseen and self.upkeep.is_at_rest

        yield from self._turn_until(is_done, AGAIN_S)
        yield from self._turn_until(is_known, PROOF_S)
        yield from self._turn_until(is_done, AGAIN_S)  # what was proven not there is sent again
        if account is not None and self._was_refused(began_ms):
            yield from self._turn_until(self.clock.is_over, REFUSED_S)
            account.look(self.clock.now_ms())
            yield from self._turn_until(is_done, AGAIN_S)
        if account is not None:
            yield from account.tell_apart(self.clock.now_ms())

    def _was_refused(self, since_ms: int) -> bool:
        """Whether an order that was sent since then was refused."""
        return any(
            one.status is OrderStatus.REJECTED and one.intent.sent_ms >= since_ms
            for one in self.state().orders.values()
        )

    @property
    def is_unseen(self) -> bool:
        """Whether the account was asked for and not seen."""
        return self.upkeep.account is not None and self.upkeep.account.unseen

    def _turn_until(self, is_so: Callable[[], bool], longest_s: float) -> Iterator[Event]:
        """Turn until something is so, at least once, and for so long at most."""
        end_s = self.clock.monotonic_s() + longest_s
        while True:
            yield from self._turn(self.clock.now_ms())
            if is_so() or self.clock.is_over() or self.clock.monotonic_s() >= end_s:
                return
            self._pause()

    def _follow(self, bars: ClosingBars) -> Iterator[Event]:
        """Hand over what happens, turn by turn; in each turn all is asked at one time."""
        while not self.clock.is_over():
            now_ms = self.clock.now_ms()
            yield from self._turn(now_ms)
            yield from bars.close([] if self.link is None else self.link.close_bars(now_ms), now_ms)
            yield from self.reading.close(self.state(), now_ms)
            self._ask_read()
            for wanted in bars.wanted(now_ms):
                self._ask_candles(wanted, partial(self._take_bars, bars, wanted))
            for question in self.around.news():
                self.reader.put(question)
            self._pause()

    def _turn(self, now_ms: int) -> Iterator[Event]:
        """Hand over what is known by now, but for bars; ask for what is due."""
        yield from self.around.commands()
        if self.link is not None:
            for event in self.link.events(self.plan, self.state, now_ms):
                if not isinstance(event, Quoted):
                    yield event
                elif self._believes(event, TICKER):
                    yield self.quotes.note(event)
                else:
                    self._ask_quote(self.plan.products[self.plan.index[event.product_id]])
            if self.link.missed_reports() and self.upkeep.looks is not None:
                self.upkeep.looks.again()
        is_up = self.link is not None and self.link.is_up()
        self._ask_quotes(now_ms, is_up=is_up)
        yield from self._keep_time(now_ms)
        yield from self.quotes.sure.watch(self.plan, self.state(), now_ms)
        found = self.upkeep.turn(now_ms, is_up=is_up)
        yield from found if self.time is None else self.time.guard(found)

    def _believes(self, quote: Quoted, source: str) -> bool:
        """Whether a source's quote is believed, be it because the tape tells the same.

        The tape comes unasked: a fall is acted on however long answers take.
        """
        if self.quotes.believes(quote, source):
            return True
        trades = {} if self.link is None else self.link.trades
        name, sure = quote.product_id, self.quotes.sure
        is_told = name in trades and sure.hear(name, TAPE, trades[name], quote.time_ms)
        return is_told and self.quotes.believes(quote, source)

    def _keep_time(self, now_ms: int) -> Iterator[Event]:
        """Ask for the exchange's time when it is due, and say what is in doubt of it."""
        if self.time is None:
            return
        yield from self.time.watch(now_ms)
        if self.time.clock.is_due():
            about, ask = ("clock",), self.time.clock.measure
            self.reader.put(Question(about, "clock", ask, self.time.take))

    def _ask_quotes(self, now_ms: int, *, is_up: bool) -> None:
        """Ask for the quotes that something depends on and that are old; without a stream for all.

        The first look is at all of them, whoever tells them later.
        """
        trades = {} if self.link is None else self.link.trades
        wanted = self.quotes.wanted(self.state(), trades, now_ms)
        is_first = self._polled_ms is None
        if is_first or (not is_up and is_past(self._polled_ms, POLL_MS, now_ms)):
            self._polled_ms = now_ms
            wanted = list(self.plan.products)
        for product in wanted:
            self._ask_quote(product)

    def _ask_quote(self, product: Product) -> None:
        name = product.product_id
        ask, take = partial(self.market.touch, name), partial(self._take_quote, product)
        self.reader.put(Question(("touch", name), "touch", ask, take))

    def _take_quote(self, product: Product, touch: Touch) -> Iterator[Event]:
        if self.time is not None:
            self.time.clock.hear(touch.time_ms)
        quote = quote_of(touch, product, self.clock.now_ms())
        if self._believes(quote, TOUCH):
            yield self.quotes.note(quote)
        else:
            self._ask_now(product, quote.time_ms)

    def _ask_now(self, product: Product, now_ms: int) -> None:
        """Ask what the candle of now says, where nobody else tells what the touch does."""
        name = product.product_id
        if self.quotes.sure.may_ask(name, TOUCH, now_ms):
            open_ms = now_ms // self.plan.interval_ms * self.plan.interval_ms
            ask = partial(fetch, self.plan.interval_ms, self.market, product, open_ms, open_ms)
            self.reader.put(Question(("now", name), "candles", ask, self._take_now))

    def _take_now(self, bars: Sequence[Bar]) -> Iterator[Event]:
        for bar in bars[-1:]:
            self.quotes.sure.hear(bar.product_id, CANDLE, bar.close, self.clock.now_ms())
        return iter(())

    def _ask_past(self, caught: CatchUp, wanted: Wanted) -> tuple[str, ...]:
        """Ask for what a product closed while nobody looked; return what the question is about."""

        def take(found: Sequence[Bar]) -> Iterator[Event]:
            yield from caught.take(self.state(), wanted, found, self.clock.now_ms())

        def fail(failure: TraderError) -> None:
            caught.fail(self.state(), wanted, failure)

        return self._ask_candles(wanted, take, fail)

    def _ask_candles(
        self,
        wanted: Wanted,
        take: Callable[[Sequence[Bar]], Iterator[Event]],
        fail: Callable[[TraderError], object] | None = None,
    ) -> tuple[str, ...]:
        product = self.plan.products[wanted.j]
        about = ("candles", product.product_id)
        ask = partial(
            fetch, self.plan.interval_ms, self.market, product, wanted.first_ms, wanted.last_ms
        )
        self.reader.put(Question(about, "candles", ask, take, fail))
        return about

    def _ask_read(self) -> list[tuple[str, ...]]:
        """Ask for what is read and due; return what the questions are about."""
        abouts: list[tuple[str, ...]] = []
        for asked in self.reading.wanted(self.state(), self.clock.now_ms()):
            read = asked.read
            about = ("read", read.name)
            ask = partial(
                fetch, read.interval_ms, self.market, read.product, asked.first_ms, asked.last_ms
            )
            take = partial(self._take_read, asked)
            self.reader.put(Question(about, "candles", ask, take))
            abouts.append(about)
        return abouts

    def _take_read(self, asked: Asked, found: Sequence[Bar]) -> Iterator[Event]:
        yield from self.reading.take(self.state(), asked, found, self.clock.now_ms())

    def _take_bars(
        self, bars: ClosingBars, wanted: Wanted, found: Sequence[Bar]
    ) -> Iterator[Event]:
        yield from bars.take(wanted, found, self.clock.now_ms())

    def _pause(self) -> None:
        """Wait for something new, at most until the next bar closes."""
        self.around.rest()
        now_ms = self.clock.now_ms()
        next_ms = (now_ms // self.plan.interval_ms + 1) * self.plan.interval_ms
        is_asking = self.upkeep.waits or self.reader.waits
        longest_s = TURN_S if is_asking else LONGEST_WAIT_S
        wait = self.clock.wait if self.link is None else self.link.wait
        wait(min((next_ms - now_ms) / 1000, longest_s))
