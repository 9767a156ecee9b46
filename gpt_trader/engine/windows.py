"""Folding bars into the state: windows, the newest close, and which cycle is running."""

from dataclasses import replace

import numpy as np

from gpt_trader.domain.bars import Bar, Bars, bars_from_rows, joined
from gpt_trader.engine.events import HistoryLoaded
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State, replaced
from gpt_trader.kernel.slots import HALF_SPREAD, LAST_CLOSE, at_close


def take_history(plan: Plan, state: State, event: HistoryLoaded) -> State:
    """Open product j's window with the bars before the first decision."""
    if not event.bars:
        return state
    j = plan.index[event.product_id]
    window = bars_from_rows(plan.products[j], plan.interval_ms, list(event.bars))
    si = state.si.copy()
    si[j, LAST_CLOSE] = window.close[-1]
    si[j, HALF_SPREAD] = event.bars[-1].half_spread_e8
    return replace(
        state,
        si=si,
        windows=replaced(state.windows, j, window[-plan.window_bars[j] :]),
        bars_seen=replaced(state.bars_seen, j, len(window)),
        last_bar_ms=replaced(state.last_bar_ms, j, int(window.time[-1])),
    )


def take_bar(plan: Plan, state: State, bar: Bar, funding: int) -> State:
    """Make a bar the product's newest: window, close, funding, and the running cycle."""
    j = plan.index[bar.product_id]
    si, sf = state.si.copy(), state.sf.copy()
    at_close(si[j], sf[j], bar.close)
    si[j, HALF_SPREAD] = bar.half_spread_e8
    seen = {
        key: order._replace(is_new=False)
        for key, order in state.orders.items()
        if order.is_new and order.product_id == bar.product_id and not order.status.is_final
    }
    return replace(
        state,
        orders={**state.orders, **seen} if seen else state.orders,
        cash=state.cash + funding,
        funding=state.funding + funding,
        si=si,
        sf=sf,
        windows=replaced(state.windows, j, _appended(plan, state.windows[j], j, bar)),
        bars_seen=replaced(state.bars_seen, j, state.bars_seen[j] + 1),
        last_bar_ms=replaced(state.last_bar_ms, j, bar.open_ms),
        arrived=_arrived(state, j, bar.open_ms),
        arriving_ms=max(state.arriving_ms, bar.open_ms),
    )


def _arrived(state: State, j: int, open_ms: int) -> frozenset[int]:
    """Products of the running cycle: a late bar joins none, a newer one begins the next."""
    if open_ms > state.arriving_ms:
        return frozenset({j})
    if open_ms < state.arriving_ms or open_ms <= state.cycle_ms:
        return state.arrived
    return state.arrived | {j}


def _appended(plan: Plan, window: Bars | None, j: int, bar: Bar) -> Bars:
    """Append a bar; trim to the window's length once it is twice as long."""
    new = bars_from_rows(plan.products[j], plan.interval_ms, [bar])
    keep = plan.window_bars[j]
    if window is None or keep == 1:
        return new
    if len(window) + 1 >= 2 * keep:
        window = window[-(keep - 1) :]
    return joined(window, new)


def correct_bar(plan: Plan, state: State, bar: Bar) -> State:
    """Put a late or corrected bar into the window; it is visible from the next cycle."""
    j = plan.index[bar.product_id]
    window = state.windows[j]
    if window is None or bar.open_ms < window.time[0]:
        return state
    at = int(np.searchsorted(window.time, bar.open_ms))
    known = at < len(window) and window.time[at] == bar.open_ms
    new = bars_from_rows(plan.products[j], plan.interval_ms, [bar])
    whole = joined(window[:at], new, window[at + int(known) :])
    return replace(state, windows=replaced(state.windows, j, whole))
