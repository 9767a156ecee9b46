"""What is read and not traded, live: its past first, then each bar soon after it has closed.

It comes as candles alone: no order follows from its price, only weights, which limits bound.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gpt_trader.broker.exchange.cadence import is_past
from gpt_trader.domain.bars import Bar
from gpt_trader.engine.cycle import all_read, is_paused
from gpt_trader.engine.events import Event, SeriesTold, Ticked
from gpt_trader.engine.plan import Plan, ReadSeries
from gpt_trader.engine.state import State, newest_read_ms
from gpt_trader.runtime.live.bars import (
    ASK_AGAIN_MS,
    CONFIRM_MS,
    DEADLINE_MS,
    SETTLE_MS,
    differs,
)

LATER_MS = 60_000  # between questions for what was not there in time


class Asked(NamedTuple):
    """A question for candles of a series with opens from first to last, both inclusive, ms."""

    read: ReadSeries
    first_ms: int
    last_ms: int
    asked_ms: int


@dataclass(slots=True)
class Reading:
    """Which bars of what is read are due, and which were held against their final candle."""

    plan: Plan
    _asked_ms: dict[str, int] = field(default_factory=dict)
    _final_ms: dict[str, int] = field(default_factory=dict)  # opens of candles that were final

    def wanted(self, state: State, now_ms: int) -> list[Asked]:
        """Return what is to be asked for now: bars that lack, and candles that are final by now."""
        found = []
        for read in self.plan.reads:
            due_ms = (now_ms - SETTLE_MS) // read.interval_ms * read.interval_ms - read.interval_ms
            closed_ms, known_ms = due_ms + read.interval_ms, _newest_ms(state, read)
            lacks = known_ms < due_ms
            is_final = now_ms >= closed_ms + CONFIRM_MS
            if not lacks and (not is_final or self._final_ms.get(read.name, -1) >= due_ms):
                continue
            pause_ms = ASK_AGAIN_MS if now_ms < closed_ms + DEADLINE_MS else LATER_MS
            if is_past(self._asked_ms.get(read.name), pause_ms, now_ms):
                self._asked_ms[read.name] = now_ms
                oldest_ms = due_ms - read.bars * read.interval_ms  # nobody looks further back
                found.append(Asked(read, max(known_ms, oldest_ms), due_ms, now_ms))
        return found

    def take(self, state: State, asked: Asked, bars: Sequence[Bar], now_ms: int) -> Iterator[Event]:
        """Hand over what an answer tells that is new, or otherwise than it was known."""
        read, window = asked.read, state.reads.get(asked.read.name)
        if asked.asked_ms >= asked.last_ms + read.interval_ms + CONFIRM_MS:
            self._final_ms[read.name] = asked.last_ms
        rows = [] if window is None or window.product != read.product else window.rows
        known = {bar.open_ms: bar for bar in rows}
        news = [bar for bar in bars if bar.open_ms not in known or differs(bar, known[bar.open_ms])]
        if news:
            yield SeriesTold(now_ms, read.name, tuple(news))

    def close(self, state: State, now_ms: int) -> Iterator[Event]:
        """After the deadline, decide without what is read and not in."""
        if now_ms >= state.arriving_ms + self.plan.interval_ms + DEADLINE_MS:
            yield from self.give_up(state, now_ms)

    def give_up(self, state: State, now_ms: int) -> Iterator[Event]:
        """Decide without what is read and not in, if nothing else is waited for."""
        closed_ms = state.arriving_ms + self.plan.interval_ms
        is_full = len(state.arrived) == len(self.plan.products)
        if is_full and not is_paused(state) and not all_read(self.plan, state, closed_ms):
            yield Ticked(now_ms)


def _newest_ms(state: State, read: ReadSeries) -> int:
    """Return the open of the newest bar that is known on this grid, ms; -1 without one."""
    window = state.reads.get(read.name)
    if window is None or window.product != read.product:
        return -1
    return newest_read_ms(state, read.name)
