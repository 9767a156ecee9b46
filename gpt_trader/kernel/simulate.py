"""The bar protocol over whole arrays: the loop around the kernel's scalar functions.

Per bar, each step finished for all products before the next begins: match and book, mark,
decide in plan order, rest the survivors. It allocates nothing but the fills.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gpt_trader.kernel.codes import ACT_ENTER, HOLD_FLAT, HOLD_NO_OPINION, N_CODES
from gpt_trader.kernel.ledger import funding, quote, value
from gpt_trader.kernel.limits import Guards, count_entry, mark, new_marks
from gpt_trader.kernel.match import MAX_FILLS_PER_BAR, MAX_LOG_PER_BAR, is_quiet, match_bar
from gpt_trader.kernel.rounding import spec_at
from gpt_trader.kernel.settings import FILL_DTYPE, Costs, Limits
from gpt_trader.kernel.sizing import SpecTable, decide, place
from gpt_trader.kernel.slots import (
    ATTEMPTS,
    HELD_BACK,
    KIND,
    KIND_NONE,
    LAST_CLOSE,
    LATCH,
    LOTS,
    N_FLOATS,
    N_INTS,
    PEAK,
    STOP,
    WEIGHT,
    Floats,
    Ints,
    at_close,
)

Bools = NDArray[np.bool_]


@njit(cache=True)
def simulate(
    time: Ints,
    open_ticks: Ints,
    high: Ints,
    low: Ints,
    close: Ints,
    volume: Floats,
    funding_rate: Floats,
    present: Bools,
    weight: Floats,
    stop: Floats,
    take: Floats,
    trail: Floats,
    max_bars: Ints,
    interval_ms: int,
    cash: int,
    specs: SpecTable,
    costs: Costs,
    limits: Limits,
    styles: Ints,
) -> tuple[NDArray[np.void], Floats, Ints, Ints, int, Ints]:
    """Run targets over n bars of p products that share one cash account.

    time: (n,) int64 ms. open_ticks..close: (n, p) int64 ticks. volume: (n, p) base units.
    funding_rate: (n, p) or (1, p). present: (n, p), False where a product has no bar.
    weight: (n, p), budgets applied. stop, take, trail, max_bars: (n, p) or (1, p).
    cash: units. Returns (fills, equity (n,) quote at each close, decision counts (p, N_CODES),
    final int rows, final cash, [row of the drawdown halt or -1, days halted by loss]).
    """
    n, p = close.shape
    si = np.zeros((p, N_INTS), np.int64)
    sf = np.zeros((p, N_FLOATS), np.float64)
    sf[:, STOP:] = math.nan
    sf[:, PEAK] = 0.0
    equity_path = np.empty(n, np.float64)
    counts = np.zeros((p, N_CODES), np.int64)
    fills = np.empty(1024, FILL_DTYPE)
    row = 0
    log = np.zeros((MAX_LOG_PER_BAR, 3), np.int64)
    marks = new_marks(quote(cash))
    guards = Guards(0, 0, 0, 0)
    halts = np.zeros(2, np.int64)
    halts[0] = -1
    guard_rows = 1 if len(stop) > 1 else 0
    funding_rows = 1 if len(funding_rate) > 1 else 0
    idle = True
    i = 0
    while i < n:
        if idle:  # flat and nothing working: pass over bars that want nothing
            equity = marks.equity
            start = i
            while i < n:
                wanted = False
                for j in range(p):
                    w = weight[i, j]
                    if w != 0.0 and not math.isnan(w):
                        wanted = True
                if wanted:
                    break
                equity_path[i] = equity
                i += 1
            if i > start:
                _count_idle(start, i, weight, present, counts, si, sf, close)
            if i == n:
                break
        t = time[i]
        for j in range(p):
            if not present[i, j]:
                continue
            s = si[j]
            if not is_quiet(s, high[i, j], low[i, j]):
                if row + MAX_FILLS_PER_BAR > len(fills):
                    more = np.empty(2 * len(fills), FILL_DTYPE)
                    more[:row] = fills[:row]
                    fills = more
                cash, row, _ = match_bar(
                    s, sf[j], cash, i, j, t, open_ticks[i, j], high[i, j], low[i, j],
                    volume[i, j], spec_at(specs, j), costs, fills, row, log,
                )  # fmt: skip
            if s[LOTS] != 0:
                rate = funding_rate[i * funding_rows, j]
                if rate != 0.0:
                    cash += funding(s[LOTS], close[i, j], rate, spec_at(specs, j))
            at_close(s, sf[j], close[i, j])

        equity = quote(cash)
        for j in range(p):
            if si[j, LOTS] != 0:
                equity += value(si[j, LOTS], si[j, LAST_CLOSE], spec_at(specs, j))
        equity_path[i] = equity
        was_halted, was_day_halted = marks.halted, marks.day_halted
        marks = mark(marks, t, equity, limits)
        if marks.halted and not was_halted:
            halts[0] = i
        if marks.day_halted and not was_day_halted:
            halts[1] += 1

        idle = True
        for j in range(p):
            if present[i, j]:
                g = i * guard_rows
                ticket, _ = decide(
                    si, sf, j, weight[i, j], stop[g, j], cash, marks, guards,
                    specs, costs, limits, styles,
                )  # fmt: skip
                counts[j, ticket.code] += 1
                if ticket.kind != KIND_NONE:
                    place(
                        si[j], sf[j], ticket, i, t + 2 * interval_ms,
                        stop[g, j], take[g, j], trail[g, j], max_bars[g, j],
                    )  # fmt: skip
                    if ticket.code == ACT_ENTER:
                        marks = count_entry(marks)
            if si[j, KIND] != KIND_NONE or si[j, LOTS] != 0:
                idle = False
        for j in range(p):
            si[j, HELD_BACK] = 0
        i += 1
    return fills[:row], equity_path, counts, si, cash, halts


@njit(cache=True)
def _count_idle(
    start: int,
    end: int,
    weight: Floats,
    present: Bools,
    counts: Ints,
    si: Ints,
    sf: Floats,
    close: Ints,
) -> None:
    """Count the holds of bars passed over, and leave each product as the last of them would."""
    for j in range(si.shape[0]):
        for i in range(start, end):
            if not present[i, j]:
                continue
            si[j, LAST_CLOSE] = close[i, j]
            si[j, ATTEMPTS] = 0
            if math.isnan(weight[i, j]):
                counts[j, HOLD_NO_OPINION] += 1
            else:
                counts[j, HOLD_FLAT] += 1
                sf[j, WEIGHT] = weight[i, j]
                sf[j, LATCH] = math.nan
