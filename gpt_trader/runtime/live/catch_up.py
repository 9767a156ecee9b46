"""What closed while nobody looked: history for a new session, missed bars for one that goes on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gpt_trader.domain.bars import Bar
from gpt_trader.engine.events import BarClosed, BarMissed, Event, HistoryLoaded, Ticked
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import BrokerError, TraderError
from gpt_trader.runtime.live.bars import SETTLE_MS, ClosingBars, Wanted, differs
from gpt_trader.runtime.live.quotes import Quotes


@dataclass(slots=True)
class CatchUp:
    """How far the past is known. newest_ms: open of the newest bars that have closed.

    left: products whose past was not told. newest: the newest bars that were, by product; they are
    decided on together. missed: closes while nobody looked. unanswered: products whose question
    found no answer at all; one that is refused, of a product that is gone, is answered.
    """

    plan: Plan
    quotes: Quotes
    newest_ms: int
    left: dict[int, Wanted] = field(default_factory=dict)
    newest: dict[int, Bar] = field(default_factory=dict)
    missed: int = 0
    unanswered: int = 0

    @property
    def is_blind(self) -> bool:
        """Whether nobody answered: what closed is not known, and nothing was decided."""
        return self.unanswered == len(self.plan.products)

    def take(self, state: State, wanted: Wanted, bars: Sequence[Bar], now_ms: int) -> list[Event]:
        """Return what follows from the candles of an answer; the newest bar waits for `end`.

        A missed bar enters the window and decides nothing: its price is gone. The newest bar that
        was known is asked for once more: nobody may have held it against its final candle.
        """
        j, product_id = wanted.j, self.plan.products[wanted.j].product_id
        self.left.pop(j, None)
        known_ms = state.last_bar_ms[j]
        self.newest.update((j, bar) for bar in bars if known_ms < bar.open_ms == self.newest_ms)
        missed = tuple(bar for bar in bars if known_ms < bar.open_ms < self.newest_ms)
        if is_new(state, j):
            return [HistoryLoaded(now_ms, product_id, missed)] if missed else []
        self.missed = max(self.missed, len(missed))
        corrected = [bar for bar in bars if bar.open_ms == known_ms and _corrects(state, j, bar)]
        return [BarMissed(now_ms, bar) for bar in (*corrected, *missed)]

    def fail(self, state: State, wanted: Wanted, failure: TraderError) -> None:
        """Go on without a product: its bars are asked for later. A new session raises `failure`."""
        if is_new(state, wanted.j):
            raise failure
        self.unanswered += isinstance(failure, BrokerError)

    def end(self, now_ms: int) -> Iterator[Event]:
        """Decide on the newest bars; those that were not told do not come in time any more."""
        for j in sorted(self.newest):
            yield BarClosed(now_ms, self.quotes.price(self.newest[j]))
        if self.newest and len(self.newest) < len(self.plan.products):
            yield Ticked(now_ms)

    def following(self) -> ClosingBars:
        """Return the bars that close from now on; all that is not final is held against candles."""
        bars = ClosingBars(self.plan, self.quotes, self.newest_ms)
        for j, bar in self.newest.items():
            bars.hold(j, self.newest_ms, bar)
        for j, wanted in self.left.items():
            begin_ms = wanted.first_ms + self.plan.interval_ms
            for open_ms in range(begin_ms, self.newest_ms + 1, self.plan.interval_ms):
                bars.hold(j, open_ms, None)
        return bars


def catch_up(plan: Plan, state: State, quotes: Quotes, now_ms: int) -> CatchUp:
    """Return what is to be asked for first: `left`, one question a product."""
    interval_ms = plan.interval_ms
    newest_ms = (now_ms - SETTLE_MS) // interval_ms * interval_ms - interval_ms
    left = {}
    for j in range(len(plan.products)):
        first_ms = _first_ms(plan, state, j, newest_ms)
        if first_ms <= newest_ms:  # else the clock ran back
            left[j] = Wanted(j, first_ms, newest_ms, now_ms)
    return CatchUp(plan, quotes, newest_ms, left)


def is_new(state: State, j: int) -> bool:
    """Whether product j has no history yet: without it nothing can be decided."""
    return state.bars_seen[j] == 0


def _first_ms(plan: Plan, state: State, j: int, newest_ms: int) -> int:
    """Return the open of the first bar of product j that is lacking or not sure."""
    if not is_new(state, j):
        return state.last_bar_ms[j]
    wanted = max(plan.window_bars[j], plan.min_bars[j]) + 1
    return newest_ms - wanted * plan.interval_ms


def _corrects(state: State, j: int, bar: Bar) -> bool:
    window = state.windows[j]
    return window is not None and differs(bar, window.rows[-1])
