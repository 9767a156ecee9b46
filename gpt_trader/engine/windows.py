"""Folding bars into the state: windows, the newest close, and which cycle is running."""

from bisect import bisect_left

from gpt_trader.domain.bars import Bar
from gpt_trader.engine.events import HistoryLoaded, SeriesTold
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State, replaced, with_new_orders
from gpt_trader.engine.window import Window, window_of
from gpt_trader.kernel.slot import copy_slots
from gpt_trader.kernel.table import close_bar

Arrived = tuple[frozenset[int], int]  # `State.arrived` and `State.arriving_ms`


def take_history(plan: Plan, state: State, event: HistoryLoaded) -> State:
    """Open product j's window with the bars before the first decision."""
    if not event.bars:
        return state
    j = plan.index[event.product_id]
    newest = event.bars[-1]
    window = window_of(plan.products[j], plan.interval_ms, event.bars[-plan.window_bars[j] :])
    slots = copy_slots(state.slots)
    slots["close_ticks"][j] = newest.close
    slots["half_spread_e8"][j] = newest.half_spread_e8
    return state._replace(
        slots=slots,
        windows=replaced(state.windows, j, window),
        bars_seen=replaced(state.bars_seen, j, len(event.bars)),
        last_bar_ms=replaced(state.last_bar_ms, j, newest.open_ms),
    )


def take_series(plan: Plan, state: State, event: SeriesTold) -> State:
    """Put closed bars of what is read into its window, each in its place.

    A window on another grid, of a session before, makes way.
    """
    read = plan.reads_by_name[event.name]
    window = state.reads.get(read.name)
    if window is None or window.product != read.product:
        window = window_of(read.product, read.interval_ms, event.bars[-2 * read.bars :])
    elif event.bars[0].open_ms > window.newest.open_ms:
        for bar in event.bars:
            window = window.appended(bar, read.bars)
    else:
        rows = {bar.open_ms: bar for bar in (*window.rows, *event.bars)}
        merged = [rows[open_ms] for open_ms in sorted(rows)]
        window = window_of(read.product, read.interval_ms, merged[-2 * read.bars :])
    return state._replace(reads={**state.reads, read.name: window})


def take_bar(plan: Plan, state: State, bar: Bar, funding: int, cycle: Arrived) -> State:
    """Make a bar the product's newest: window, close, funding. cycle: what has arrived with it."""
    j = plan.index[bar.product_id]
    if state.open_orders:
        state = _seen_by(state, bar.product_id)
    slots = copy_slots(state.slots)
    close_bar(slots, j, bar.close, bar.half_spread_e8)
    return state._replace(
        cash=state.cash + funding,
        funding=state.funding + funding,
        slots=slots,
        windows=replaced(state.windows, j, _appended(plan, state.windows[j], j, bar)),
        bars_seen=replaced(state.bars_seen, j, state.bars_seen[j] + 1),
        last_bar_ms=replaced(state.last_bar_ms, j, bar.open_ms),
        arrived=cycle[0],
        arriving_ms=cycle[1],
    )


def _seen_by(state: State, product_id: str) -> State:
    """Note that a product's open orders have met a bar."""
    seen = [
        order._replace(is_new=False)
        for order in state.open_orders
        if order.is_new and order.product_id == product_id
    ]
    return with_new_orders(state, *seen) if seen else state


def join_cycle(plan: Plan, state: State, bar: Bar) -> Arrived:
    """Return the running cycle with a bar: a late one joins none, a newer one begins the next."""
    j, open_ms = plan.index[bar.product_id], bar.open_ms
    if open_ms > state.arriving_ms:
        return frozenset((j,)), open_ms
    if open_ms < state.arriving_ms or open_ms <= state.cycle_ms:
        return state.arrived, state.arriving_ms
    return state.arrived | {j}, state.arriving_ms


def _appended(plan: Plan, window: Window | None, j: int, bar: Bar) -> Window:
    if window is None:
        return window_of(plan.products[j], plan.interval_ms, [bar])
    return window.appended(bar, plan.window_bars[j])


def correct_bar(plan: Plan, state: State, bar: Bar) -> State:
    """Put a late or corrected bar into the window; it is visible from the next cycle."""
    j = plan.index[bar.product_id]
    window = state.windows[j]
    if window is None or bar.open_ms < window.rows[0].open_ms:
        return state
    rows = window.rows
    times = [known.open_ms for known in rows]
    at = bisect_left(times, bar.open_ms)
    is_known = at < len(rows) and times[at] == bar.open_ms
    rows[at : at + int(is_known)] = [bar]
    corrected = window_of(plan.products[j], plan.interval_ms, rows)
    return state._replace(windows=replaced(state.windows, j, corrected))
