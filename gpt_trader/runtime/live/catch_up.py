"""What closed while nobody looked: history for a new session, missed bars for one that goes on."""

from collections.abc import Callable, Generator
from typing import NamedTuple

from gpt_trader.broker.exchange.ports import MarketData
from gpt_trader.domain.bars import Bar
from gpt_trader.engine.events import BarClosed, BarMissed, Event, HistoryLoaded, Ticked
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import DataError
from gpt_trader.runtime.live.bars import SETTLE_MS, fetch
from gpt_trader.runtime.live.polls import Polls
from gpt_trader.runtime.live.quotes import Quotes


class CaughtUp(NamedTuple):
    """How it went. newest_ms: open of the newest bar; missed: closes while nobody looked."""

    newest_ms: int
    missed: int


def catch_up(
    plan: Plan, state: Callable[[], State], market: MarketData, quotes: Quotes, polls: Polls
) -> Generator[Event, None, CaughtUp]:
    """Load history, or take the bars that closed while nobody looked; decide on the newest.

    A missed bar enters the window and decides nothing: its price is gone. Raises DataError if a
    new session's product has no history, Unavailable if the exchange does not tell it.
    """
    now_ms = polls.now_ms()
    newest_ms = (now_ms - SETTLE_MS) // plan.interval_ms * plan.interval_ms - plan.interval_ms
    newest: list[Bar] = []
    most_missed = 0
    for j, product in enumerate(plan.products):
        is_new = state().bars_seen[j] == 0
        try:
            bars = fetch(plan, market, product, _first_ms(plan, state(), j, newest_ms), newest_ms)
        except DataError as failure:  # delisted: the others go on
            if is_new:
                raise
            polls.problem = failure.message
            continue
        newest += [quotes.price(bar) for bar in bars if bar.open_ms == newest_ms]
        missed = tuple(bar for bar in bars if bar.open_ms < newest_ms)
        if is_new and missed:
            yield HistoryLoaded(now_ms, product.product_id, missed)
        elif not is_new:
            most_missed = max(most_missed, len(missed))
            for bar in missed:
                yield BarMissed(now_ms, bar)
    for bar in newest:
        yield BarClosed(now_ms, bar)
    if newest and len(newest) < len(plan.products):  # the others' bars will not come any more
        yield Ticked(now_ms)
    return CaughtUp(newest_ms, most_missed)


def _first_ms(plan: Plan, state: State, j: int, newest_ms: int) -> int:
    """Return the open of the first bar that product j lacks."""
    if state.bars_seen[j]:
        return state.last_bar_ms[j] + plan.interval_ms
    wanted = max(plan.window_bars[j], plan.min_bars[j]) + 1
    return newest_ms - wanted * plan.interval_ms
