"""One-pass statistics over fills and equity: trades, time in the market, drawdown.

Money is int64 units of 1e-8 quote, exact; prices are whole ticks plus a float64 shift that is 0
unless fills at different prices were averaged.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gpt_trader.kernel.codes import TAKER
from gpt_trader.kernel.rounding import (
    RATE_SCALE,
    Spec,
    adverse_ticks,
    notional_down,
    notional_up,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Rows = NDArray[np.void]

OPEN = -1  # exit bar of a trade that has not ended

# One row a trade, flat to flat. value: what the entries (exits) were worth, units. ticks: price of
# the first entry (exit) fill; ticks + shift is the average weighted by lots.
TRADE_DTYPE = np.dtype(
    [
        ("product", np.int64),
        ("side", np.int64),
        ("entry_bar", np.int64),
        ("exit_bar", np.int64),
        ("entry_lots", np.int64),
        ("exit_lots", np.int64),
        ("entry_ticks", np.int64),
        ("exit_ticks", np.int64),
        ("entry_shift", np.float64),
        ("exit_shift", np.float64),
        ("entry_value", np.int64),
        ("exit_value", np.int64),
        ("fees", np.int64),
        ("slippage", np.int64),
        ("entry_reason", np.int64),
        ("exit_reason", np.int64),
    ]
)


@njit(cache=True)
def fill_value(side: int, lots: int, ticks: int, num: int, den: int) -> int:
    """Return what a fill moved, units, fee excluded: a buy rounded up, a sell down."""
    spec = Spec(num, den, 0.0, 0.0, 0, 0, 0)
    return notional_up(lots, ticks, spec) if side > 0 else notional_down(lots, ticks, spec)


@njit(cache=True)
def fill_values(fills: Rows, num: Ints, den: Ints) -> Ints:
    """Return (m,) int64 units: what each fill moved, fee excluded.

    num, den: (p,) int64, each product's value of one lot at one tick in units, as a fraction.
    """
    values = np.empty(len(fills), np.int64)
    for i in range(len(fills)):
        f = fills[i]
        p = f["product"]
        values[i] = fill_value(f["side"], f["lots"], f["ticks"], num[p], den[p])
    return values


@njit(cache=True)
def reference_ticks(ticks: int, side: int, adverse_e8: int, open_ticks: int) -> int:
    """Return the price that spread and slippage moved to `ticks`: the open if it fits.

    Else the inverse of `adverse_ticks`: exact for a buy; for a sell the nearest of the (at most
    two) prices that lead to `ticks`.
    """
    if adverse_ticks(open_ticks, side, adverse_e8) == ticks:
        return open_ticks
    if side > 0:
        return ticks * RATE_SCALE // (RATE_SCALE + adverse_e8)
    kept = RATE_SCALE - adverse_e8
    return (ticks * RATE_SCALE + kept - 1) // kept


@njit(cache=True)
def slippages(fills: Rows, opens: Ints, num: Ints, den: Ints, adverse_e8: int) -> Ints:
    """Return (m,) int64 units: what spread and slippage cost each fill; 0 for a maker's.

    opens: (n, p) int64 ticks. num, den: as in `fill_values`.
    """
    out = np.zeros(len(fills), np.int64)
    for i in range(len(fills)):
        f = fills[i]
        if f["liquidity"] != TAKER:
            continue
        p = f["product"]
        reference = reference_ticks(f["ticks"], f["side"], adverse_e8, opens[f["bar"], p])
        out[i] = fill_value(-1, f["lots"], abs(f["ticks"] - reference), num[p], den[p])
    return out


@njit(cache=True)
def pair(fills: Rows, slips: Ints, num: Ints, den: Ints, out: Rows) -> int:
    """Pair fills, in time order, into trades from flat to flat; return how many.

    slips: (m,) int64 units, each fill's slippage. out: (m,) TRADE_DTYPE, zeroed, filled from the
    front in order of entry. A fill that crosses zero ends one trade and begins the next; its fee
    and slippage are split by lots and nothing is lost.
    """
    position = np.zeros(len(num), np.int64)
    current = np.zeros(len(num), np.int64)
    count = 0
    for i in range(len(fills)):
        f = fills[i]
        p, side, lots, ticks, fee = f["product"], f["side"], f["lots"], f["ticks"], f["fee"]
        slip = slips[i]
        if lots == 0:
            continue
        value = fill_value(side, lots, ticks, num[p], den[p])
        held = position[p]
        if held * side < 0:
            row = current[p]
            first = out[row]["exit_lots"] == 0
            closing = min(lots, abs(held))
            part_fee, part_slip, part_value = fee, slip, value
            if closing < lots:
                part_fee = int(fee * (closing / lots))
                part_slip = int(slip * (closing / lots))
                part_value = fill_value(side, closing, ticks, num[p], den[p])
            if first:
                out[row]["exit_ticks"] = ticks
            out[row]["exit_shift"] += float(ticks - out[row]["exit_ticks"]) * closing
            out[row]["exit_lots"] += closing
            out[row]["exit_value"] += part_value
            out[row]["fees"] += part_fee
            out[row]["slippage"] += part_slip
            out[row]["exit_reason"] = f["reason"]
            if closing == abs(held):
                out[row]["exit_bar"] = f["bar"]
            position[p] += side * closing
            lots -= closing
            fee -= part_fee
            slip -= part_slip
            value -= part_value
            if lots == 0:
                continue
        if position[p] == 0:
            current[p] = count
            count += 1
            row = current[p]
            out[row]["product"] = p
            out[row]["side"] = side
            out[row]["entry_bar"] = f["bar"]
            out[row]["exit_bar"] = OPEN
            out[row]["entry_ticks"] = ticks
            out[row]["entry_reason"] = f["reason"]
        row = current[p]
        out[row]["entry_shift"] += float(ticks - out[row]["entry_ticks"]) * lots
        out[row]["entry_lots"] += lots
        out[row]["entry_value"] += value
        out[row]["fees"] += fee
        out[row]["slippage"] += slip
        position[p] += side * lots
    for row in range(count):
        out[row]["entry_shift"] /= out[row]["entry_lots"]
        if out[row]["exit_lots"] > 0:
            out[row]["exit_shift"] /= out[row]["exit_lots"]
    return count


@njit(cache=True)
def bars_held(fills: Rows, products: int, bars: int) -> int:
    """Count the bars, of `bars`, at whose close any of the products is held."""
    position = np.zeros(products, np.int64)
    holding = 0
    since = 0
    held = 0
    for i in range(len(fills)):
        f = fills[i]
        p = f["product"]
        if holding > 0:
            held += f["bar"] - since
        since = f["bar"]
        was = position[p] != 0
        position[p] += f["side"] * f["lots"]
        now = position[p] != 0
        holding += int(now) - int(was)
    if holding > 0:
        held += bars - since
    return held


@njit(cache=True)
def drawdown(equity: Floats, time: Ints, interval_ms: int, start: float) -> tuple[float, int, int]:
    """Return (deepest fall from a peak as a fraction, longest time below one in ms, bars below).

    equity: (n,) float64 quote at the closes of the bars that open at time: (n,) int64 ms. The
    first peak is `start` at the first open. The time runs from a peak to the close that reaches it
    again; a fall that has not recovered counts to the last close.
    """
    n = len(equity)
    if n == 0:
        return 0.0, 0, 0
    peak = trough = start
    peak_row = -1
    deepest = 0.0
    longest = 0
    below = 0
    for i in range(n):
        now = equity[i]
        if now >= peak:
            if trough < peak:
                deepest = max(deepest, 1.0 - trough / peak)
                longest = max(longest, _since(time, i, peak_row, interval_ms))
                below += i - peak_row - 1
            peak = trough = now
            peak_row = i
        elif now < trough:
            trough = now
    if trough < peak:
        deepest = max(deepest, 1.0 - trough / peak)
        longest = max(longest, _since(time, n - 1, peak_row, interval_ms))
        below += n - peak_row - 1
    return deepest, longest, below


@njit(cache=True)
def _since(time: Ints, row: int, peak_row: int, interval_ms: int) -> int:
    """Time between the closes of two rows, ms; row -1 is the first open."""
    return int(time[row] + interval_ms - time[0] if peak_row < 0 else time[row] - time[peak_row])
