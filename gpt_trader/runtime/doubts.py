"""Bars of a running session that may not be true, told as they come. Nothing is decided by it."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from gpt_trader.data.checks.findings import (
    GAPS,
    LEVELS,
    MIDWAY,
    PRINTS,
    REPEATED,
    STUCK,
    WICKS,
    judge,
)
from gpt_trader.domain.bars import Bar, Bars, bars_from_rows
from gpt_trader.domain.times import format_time
from gpt_trader.engine.events import BarClosed, BarMissed
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.state import State

KEPT = 200  # newest bars of a product that are looked through
LEAST = 20  # bars from which on one of them can be unusual
TOLD = (WICKS, PRINTS, LEVELS, GAPS, STUCK, MIDWAY, REPEATED)  # what is told of a bar as it comes


class BarsInDoubt:
    """Looks through each product's newest bars when one closes, as `data check` does.

    say: takes what is found, once for each bar and kind.
    """

    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self._plan, self._say = plan, say
        self._bars: list[deque[Bar]] = [deque(maxlen=KEPT) for _ in plan.products]
        self._told: set[tuple[str, str, int]] = set()

    def watch(self, _: State, entries: Sequence[Entry]) -> None:
        """Take the bars of a transaction."""
        for event in (entry.event for entry in entries):
            if isinstance(event, BarClosed | BarMissed):
                j = self._plan.index[event.bar.product_id]
                kept = self._bars[j]
                if not kept or event.bar.open_ms > kept[-1].open_ms:
                    kept.append(event.bar)
                if isinstance(event, BarClosed) and len(kept) >= LEAST:
                    rows = bars_from_rows(self._plan.products[j], self._plan.interval_ms, [*kept])
                    for words in self._new(rows):
                        self._say(words)

    def _new(self, bars: Bars) -> Iterator[str]:
        """Yield what was not said before."""
        name = bars.product.product_id
        for finding in judge(bars).findings:
            for row in finding.at.tolist() if finding.kind in TOLD else ():
                at_ms = int(bars.time[row])
                if (name, finding.kind, at_ms) not in self._told:
                    self._told.add((name, finding.kind, at_ms))
                    at = format_time(at_ms)[:16]
                    yield f"the {name} bar of {at} is in doubt: {finding.kind}{finding.most}"
