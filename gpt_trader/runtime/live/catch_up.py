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
from gpt_trader.runtime.live.sure import CANDLE, are_far, wick


@dataclass(slots=True)
class CatchUp:
    """How far the past is known. newest_ms: open of the newest bars that have closed.

    left: products whose past was not told. newest: the newest bars that were, by product; they are
    decided on together. missed: closes while nobody looked. doubted: opens of bars whose price is
    not believed; they are asked for again. unanswered: products whose question
    found no answer at all: nothing is decided on them; one that is refused, of a product that is
    gone, is answered.
    """

    plan: Plan
    quotes: Quotes
    newest_ms: int
    left: dict[int, Wanted] = field(default_factory=dict)
    newest: dict[int, Bar] = field(default_factory=dict)
    missed: int = 0
    doubted: dict[int, list[int]] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)

    def take(self, state: State, wanted: Wanted, bars: Sequence[Bar], now_ms: int) -> list[Event]:
        """Return what follows from the candles of an answer; the newest bar waits for `end`.

        A missed bar enters the window and decides nothing: its price is gone. The newest bar that
        was known is asked for once more: nobody may have held it against its final candle.
        """
        j, product_id = wanted.j, self.plan.products[wanted.j].product_id
        self.left.pop(j, None)
        known_ms = state.last_bar_ms[j]
        self.newest.update((j, bar) for bar in bars if known_ms < bar.open_ms == self.newest_ms)
        missed = self._believed(state, j, bars, now_ms)
        if is_new(state, j):
            return [HistoryLoaded(now_ms, product_id, missed)] if missed else []
        self.missed = max(self.missed, len(missed))
        corrected = [bar for bar in bars if bar.open_ms == known_ms and _corrects(state, j, bar)]
        return [BarMissed(now_ms, bar) for bar in (*corrected, *missed)]

    def fail(self, state: State, wanted: Wanted, failure: TraderError) -> None:
        """Go on without a product: its bars are asked for later. A new session raises `failure`."""
        if is_new(state, wanted.j):
            raise failure
        if isinstance(failure, BrokerError):
            self.unanswered.append(self.plan.products[wanted.j].product_id)

    def end(self, now_ms: int) -> Iterator[Event]:
        """Decide on the newest bars; those that were not told do not come in time any more."""
        for j, bar in sorted(self.newest.items()):
            if self.quotes.sure.hear_bar(bar, CANDLE, now_ms):
                yield BarClosed(now_ms, self.quotes.price(bar))
                continue
            del self.newest[j]
            self.doubted.setdefault(j, []).append(bar.open_ms)
            self.unanswered.append(bar.product_id)
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
        for j, opens in self.doubted.items():
            for open_ms in opens:
                bars.hold(j, open_ms, None)
        return bars

    def _believed(self, state: State, j: int, bars: Sequence[Bar], now_ms: int) -> tuple[Bar, ...]:
        """Return the missed bars but for those whose close or wick is not believed."""
        rows = [bar for bar in bars if state.last_bar_ms[j] < bar.open_ms <= self.newest_ms]
        now, found = self.quotes.sure.price(self.plan.products[j].product_id), list[Bar]()
        is_known = _told_whole(rows, now) if is_new(state, j) else _led_to(state, j, rows, now)
        for bar, is_told in zip(rows, is_known, strict=True):
            if bar.open_ms == self.newest_ms:  # it is held against what others say of now
                continue
            price = wick(bar) if is_told else bar.close
            if price:
                self.doubted.setdefault(j, []).append(bar.open_ms)
                self.quotes.sure.doubt(bar, price, now_ms)
            else:
                found.append(bar)
        return tuple(found)


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
    """Whether a candle tells another bar than is known; a wild one corrects nothing."""
    window = state.windows[j]
    if window is None or wick(bar) or are_far(bar.close, window.rows[-1].close):
        return False
    return differs(bar, window.rows[-1])


def _told_whole(rows: Sequence[Bar], now: int) -> list[bool]:
    """Return which bars of a whole history are believed: not a close that stands alone.

    None is if the newest is far from the price of now, which somebody else tells; 0: nobody does.
    """
    closes = [bar.close for bar in rows]
    if closes and now and are_far(closes[-1], now):
        return [False] * len(rows)
    around = [[*closes[max(k - 1, 0) : k], *closes[k + 1 : k + 2]] for k in range(len(closes))]
    return [
        not others or not all(are_far(close, one) for one in others)
        for close, others in zip(closes, around, strict=True)
    ]


def _led_to(state: State, j: int, rows: Sequence[Bar], now: int) -> list[bool]:
    """Return which missed bars are believed: no far step parts them from a known price.

    That is the close that was known, or the price of now: one source tells them all, and may be
    off in all of them.
    """
    closes, known = [bar.close for bar in rows], state.slots["close_ticks"].item(j)
    forth = _near(known, closes)
    back = _near(now, closes[::-1])[::-1]
    return [one or other for one, other in zip(forth, back, strict=True)]


def _near(price: int, closes: Sequence[int]) -> list[bool]:
    """Return which closes are no far step from the last one that is none, from a price on."""
    found = []
    for close in closes:
        found.append(price > 0 and not are_far(close, price))
        if found[-1]:
            price = close
    return found
