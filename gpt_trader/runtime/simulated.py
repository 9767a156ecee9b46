"""A market of the past as a session's feed."""

from collections.abc import Iterator, Mapping

from gpt_trader.domain.bars import Bar
from gpt_trader.engine.events import BarClosed, Event, HistoryLoaded, SeriesTold, Ticked
from gpt_trader.engine.plan import ReadSeries
from gpt_trader.engine.state import State
from gpt_trader.runtime.wiring import Wired


def first_live_row(wired: Wired) -> int:
    """Grid row of the first bar that can have an opinion; the bars before it are history."""
    rows = [
        int(wired.panel.time.searchsorted(bars.time[max(needed, 1) - 1]))
        for bars, needed in zip(wired.series, wired.plan.min_bars, strict=True)
        if needed <= len(bars)
    ]
    return min(rows, default=0)


def feed(wired: Wired, state: State) -> Iterator[Event]:
    """Yield what the state has not seen yet: history first, then bars and their ticks."""
    panel = wired.panel
    start = first_live_row(wired)
    told = {read.name: _told_ms(wired, state, read) for read in wired.plan.reads}
    yield from _read(wired, told, int(panel.time[start]))
    yield from _history(wired, state, int(panel.time[start]))
    for i in range(start, len(panel)):
        time = int(panel.time[i])
        if time <= state.cycle_ms:
            continue
        yield from _read(wired, told, time + panel.interval_ms)
        yield from _row(wired, state, i, time, told)


def _told_ms(wired: Wired, state: State, read: ReadSeries) -> int:
    """Return the open of the newest bar that is known of what is read, ms; -1: all is told anew.

    So it is without a window, or where that is on another grid or looks back less far than it may.
    """
    window, bars = state.reads.get(read.name), wired.reads[read.name]
    if window is None or window.product != read.product:
        return -1
    known = int(bars.time.searchsorted(window.newest.open_ms, "right"))
    return -1 if len(window) < min(read.bars, known) else window.newest.open_ms


def _read(wired: Wired, told: dict[str, int], closed_ms: int) -> Iterator[Event]:
    """Yield what had closed of what is read, as far as it is looked back on, but for what is told.

    told: the open of the newest bar of each that is; written.
    """
    for read in wired.plan.reads:
        bars = wired.reads[read.name]
        end = int((bars.time + bars.interval_ms).searchsorted(closed_ms, "right"))
        first = int(bars.time.searchsorted(told[read.name], "right"))
        rows = tuple(bars.bar(i) for i in range(max(first, end - read.bars), end))
        if rows:
            told[read.name] = rows[-1].open_ms
            yield SeriesTold(closed_ms, read.name, rows)


def _history(wired: Wired, state: State, start_ms: int) -> Iterator[Event]:
    """Yield the bars before the first decision.

    A session that goes on under a strategy with a longer window gets what it has seen once more.
    """
    for j, bars in enumerate(wired.series):
        seen, window = state.bars_seen[j], state.windows[j]
        known = int(bars.time.searchsorted(state.last_bar_ms[j], "right"))
        before = known if seen else int(bars.time.searchsorted(start_ms))
        wanted = min(wired.plan.window_bars[j], before)
        if window is None or len(window) < wanted:
            at_ms = int(bars.time[known - 1]) + bars.interval_ms if seen else start_ms
            rows = tuple(bars.bar(i) for i in range(before))
            if rows:
                yield HistoryLoaded(at_ms, bars.product.product_id, rows)


def _row(wired: Wired, state: State, i: int, time: int, told: Mapping[str, int]) -> Iterator[Event]:
    panel = wired.panel
    closed_ms = time + panel.interval_ms
    absent = any(told[read.name] < read.due_ms(closed_ms) for read in wired.plan.reads)
    for j, bars in enumerate(wired.series):
        row = int(panel.row[j, i])
        if row < 0:
            absent = True
        elif time > state.last_bar_ms[j]:
            bar: Bar = bars.bar(row)
            yield BarClosed(closed_ms, bar)
    if absent:
        yield Ticked(closed_ms)
