"""The bar protocol over whole arrays: the loop around the kernel's scalar functions.

Per bar, each step finished for all products before the next begins: match and book, mark,
decide in plan order, rest the survivors. It allocates nothing but the fills.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gpt_trader.kernel.codes import ACT_ENTER, N_CODES
from gpt_trader.kernel.ledger import funding, quote, value_at
from gpt_trader.kernel.limits import NO_GUARDS, Marks, count_entry, mark, new_marks
from gpt_trader.kernel.match import MAX_FILLS_PER_BAR, MAX_LOG_PER_BAR, is_quiet, match_bar
from gpt_trader.kernel.quiet import N_COLUMNS, Bools, pass_over, settle
from gpt_trader.kernel.rounding import spec_at
from gpt_trader.kernel.settings import FILL_DTYPE, Costs, Limits
from gpt_trader.kernel.sizing import SpecTable, decide, place
from gpt_trader.kernel.slots import (
    HELD_BACK,
    KIND,
    KIND_NONE,
    LAST_CLOSE,
    LOTS,
    Floats,
    Ints,
    at_close,
    new_slots,
)

FIRST_ROOM = 1024  # fills


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
    si, sf = new_slots(p)
    equity_path = np.empty(n, np.float64)
    counts = np.zeros((p, N_CODES), np.int64)
    last = np.zeros(p, np.int64)
    halts = np.zeros(2, np.int64)
    halts[0] = -1
    fills = np.empty(FIRST_ROOM, FILL_DTYPE)
    row = 0
    marks = new_marks(quote(cash))
    i = 0
    while True:
        i, row, cash, marks = _run(
            i, row, cash, marks, time, open_ticks, high, low, close, volume, funding_rate, present,
            weight, stop, take, trail, max_bars, interval_ms, specs, costs, limits, styles,
            si, sf, last, fills, equity_path, counts, halts,
        )  # fmt: skip
        if i == n:
            return fills[:row], equity_path, counts, si, cash, halts
        more = np.empty(4 * len(fills), FILL_DTYPE)
        more[:row] = fills[:row]
        fills = more


@njit(cache=True)
def _run(
    i: int,
    row: int,
    cash: int,
    marks: Marks,
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
    specs: SpecTable,
    costs: Costs,
    limits: Limits,
    styles: Ints,
    si: Ints,
    sf: Floats,
    last: Ints,
    fills: NDArray[np.void],
    equity_path: Floats,
    counts: Ints,
    halts: Ints,
) -> tuple[int, int, int, Marks]:
    """Go on from bar i until the end, or until `fills` has no room for one more bar.

    last: (p,) code of each product's last decision; 0 where `decide` must be asked.
    Returns (next bar, next free row of fills, cash, marks).
    """
    n, p = close.shape
    unit = specs[1][:, 0]
    log = np.zeros((MAX_LOG_PER_BAR, 3), np.int64)
    guard_rows = 1 if len(stop) > 1 else 0
    funding_rows = 1 if len(funding_rate) > 1 else 0
    reach = np.empty((p, N_COLUMNS), np.int64)
    wish = np.empty((p, N_COLUMNS), np.float64)
    while i < n and row + p * MAX_FILLS_PER_BAR <= len(fills):
        most = settle(si, sf, last, limits, reach, wish)
        if most > 0:
            i, marks = pass_over(
                i, most, cash, marks, time, high, low, close, funding_rate, present, weight,
                unit, limits, reach, wish, last, si, equity_path, counts,
            )  # fmt: skip
            if i == n:
                break
        t = time[i]
        for j in range(p):
            if not present[i, j]:
                continue
            if not is_quiet(si[j], high[i, j], low[i, j]):
                cash, row, _ = match_bar(
                    si[j], sf[j], cash, i, j, t, open_ticks[i, j], high[i, j], low[i, j],
                    volume[i, j], spec_at(specs, j), costs, fills, row, log,
                )  # fmt: skip
            if si[j, LOTS] != 0:
                rate = funding_rate[i * funding_rows, j]
                if rate != 0.0:
                    cash += funding(si[j, LOTS], close[i, j], rate, spec_at(specs, j))
            at_close(si[j], sf[j], close[i, j])

        equity = quote(cash)
        for j in range(p):
            if si[j, LOTS] != 0:
                equity += value_at(si[j, LOTS], si[j, LAST_CLOSE], unit[j])
        equity_path[i] = equity
        was_halted, was_day_halted = marks.halted, marks.day_halted
        marks = mark(marks, t, equity, limits)
        if marks.halted and not was_halted:
            halts[0] = i
        if marks.day_halted and not was_day_halted:
            halts[1] += 1

        for j in range(p):
            if present[i, j]:
                g = i * guard_rows
                ticket, _ = decide(
                    si, sf, j, weight[i, j], stop[g, j], cash, marks, NO_GUARDS,
                    specs, costs, limits, styles,
                )  # fmt: skip
                if ticket.kind != KIND_NONE:
                    place(
                        si[j], sf[j], ticket, i, t + 2 * interval_ms,
                        stop[g, j], take[g, j], trail[g, j], max_bars[g, j],
                    )  # fmt: skip
                    if ticket.code == ACT_ENTER:
                        marks = count_entry(marks)
                last[j] = ticket.code if si[j, KIND] == KIND_NONE else 0
                counts[j, ticket.code] += 1
        for j in range(p):
            si[j, HELD_BACK] = 0
        i += 1
    return i, row, cash, marks
