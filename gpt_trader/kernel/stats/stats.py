"""Fills valued, their costs, and trades from fills.

Money is int64 units of 1e-8 quote, exact; prices are whole ticks plus a float64 shift that is 0
unless fills at different prices were averaged.
"""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit
from gpt_trader.kernel.rounding import (
    UNBOUNDED,
    Spec,
    fee_up,
    notional_down,
    notional_up,
)

Ints = NDArray[np.int64]
Rows = NDArray[np.void]

OPEN = -1  # exit bar of a trade that has not ended

# One row a trade, flat to flat. value: what the entries (exits) were worth, units: of a trade that
# is rebalanced for years that is more than int64 holds. cash: what came in, less what went out for
# them, units, exact: never more than there was. ticks: price of
# the first entry (exit) fill; ticks + shift is the average weighted by lots. slippage: spread too.
# funding: received while it was held, units. cause, base: of the first entry fill, see FILL_DTYPE.
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
        ("entry_value", np.float64),
        ("exit_value", np.float64),
        ("cash", np.int64),
        ("fees", np.int64),
        ("slippage", np.int64),
        ("funding", np.int64),
        ("entry_reason", np.int64),
        ("exit_reason", np.int64),
        ("entry_cause", np.int64),
        ("entry_base", np.int64),
    ]
)


@njit(cache=True)
def fill_value(side: int, lots: int, ticks: int, num: int, den: int) -> int:
    """Return what a fill moved, units, fee excluded: a buy rounded up, a sell down."""
    spec = Spec(num, den, 0.0, 0.0, 0, 0, 0, UNBOUNDED, UNBOUNDED)
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
def adverse_costs(fills: Rows, num: Ints, den: Ints, half_spread_e8: Ints) -> Ints:
    """Return (2, m) int64 units: what spread and slippage cost each fill.

    Together they are how much worse a fill's price is than its base; the half spread of the base
    is the spread's part of that, the rest is slippage. 0 where the base is not known.
    half_spread_e8: (m,) int64, of each fill's bar. num, den: as in `fill_values`.
    """
    out = np.zeros((2, len(fills)), np.int64)
    for i in range(len(fills)):
        f = fills[i]
        p, lots, base = f["product"], f["lots"], f["base"]
        if base == 0 or base == f["ticks"]:
            continue
        worse = f["side"] * (f["ticks"] - base)
        moved = fill_value(-1, lots, abs(worse), num[p], den[p])
        cost = moved if worse > 0 else -moved
        half_spread = fee_up(fill_value(-1, lots, base, num[p], den[p]), half_spread_e8[i])
        out[0, i] = max(min(cost, half_spread), 0)
        out[1, i] = cost - out[0, i]
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
            out[row]["cash"] -= side * part_value
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
            out[row]["entry_cause"] = f["cause"]
            out[row]["entry_base"] = f["base"]
        row = current[p]
        out[row]["entry_shift"] += float(ticks - out[row]["entry_ticks"]) * lots
        out[row]["entry_lots"] += lots
        out[row]["entry_value"] += value
        out[row]["cash"] -= side * value
        out[row]["fees"] += fee
        out[row]["slippage"] += slip
        position[p] += side * lots
    for row in range(count):
        out[row]["entry_shift"] /= out[row]["entry_lots"]
        if out[row]["exit_lots"] > 0:
            out[row]["exit_shift"] /= out[row]["exit_lots"]
    return count
