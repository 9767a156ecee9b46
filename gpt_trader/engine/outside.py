"""What a session knows of a product beside its slot and the marks, for the guards to read.

A reading that neither holds is taken here: a field of `Outside`, and a line.
"""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State, costs_now, unknown_orders, unreconciled
from gpt_trader.kernel.entries import read_entry
from gpt_trader.kernel.readings import Outside
from gpt_trader.kernel.slippage import NO_QUOTE


def outside(plan: Plan, state: State, j: int, now_ms: int) -> Outside:
    """Return what is known of product j at `now_ms`."""
    bar_ms, unknown = state.last_bar_ms[j], 0
    if state.open_orders:
        unknown = unknown_orders(state, now_ms, plan.products[j].product_id)
    return Outside(
        bar_ms=bar_ms,
        halt=1 if state.halted else 0,  # at every bar, a call of int would be felt
        pause=1 if state.paused else 0,
        unknown_orders=unknown,
        bar_age_ms=max(now_ms - (bar_ms + plan.interval_ms), 0),
        unreconciled=unreconciled(plan, state, j, now_ms),
    )


def readings(plan: Plan, state: State, j: int, known: Outside) -> NDArray[np.void]:
    """Return one record of kernel.readings.READINGS, product j as a decision finds it."""
    spread_e8, specs = half_spread(plan, state, j), plan.terms.specs
    return read_entry(state.slots, j, state.cash, spread_e8, specs, *state.marks, *known)


def half_spread(plan: Plan, state: State, j: int) -> int:
    """Return half the spread that product j's newest bar quoted, else the costs', e8."""
    quoted_e8 = state.slots["half_spread_e8"].item(j)
    return costs_now(plan, state).half_spread_e8 if quoted_e8 == NO_QUOTE else quoted_e8
