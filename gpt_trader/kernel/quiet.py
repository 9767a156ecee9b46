"""Bars on which nothing can happen, passed over at little cost.

`note` says of a product what a bar must look like to change nothing: nothing works, no level is
touched, the opinion is the last one, and so the decision is the last one again. Such a product
is calm. While all are, `pass_over` goes on; the bars move the marks and nothing else. It relies
on low <= close <= high. Whatever it is not sure of, it leaves to the full step.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.codes import (
    FIRST_REFUSAL,
    HOLD_FLAT,
    HOLD_IN_BAND,
    HOLD_NO_OPINION,
    HOLD_SHORT_UNSUPPORTED,
    HOLD_STOPPED_OUT,
)
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.guards import GuardTable, lasts_until
from gpt_trader.kernel.ledger import quote, value_at
from gpt_trader.kernel.limits import DAY_MS, Marks, mark, marks_at, safe_equity
from gpt_trader.kernel.match import quiet_range
from gpt_trader.kernel.memory import soon
from gpt_trader.kernel.settings import Bounds
from gpt_trader.kernel.sizing import capped, in_band
from gpt_trader.kernel.slot import Slot, Slots

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# columns of `reach`, ticks
FLOOR = 0
CEILING = 1
# columns of `wish`
NOTED = 0  # the weight that a bar must repeat; NaN: it must have no opinion
TARGET = 1  # the weight whose band must not be left; 0: none
N_COLUMNS = 2
ALWAYS = 2**62


@compiled
def note(slot: Slot, code: int, bounds: Bounds, reach: Ints, wish: Floats) -> int:
    """Note in `reach` and `wish`, (2,) each, what leaves a product as it is.

    code: its last decision's; 0 where something works. Returns how many bars may pass before a
    holding time is over; 0: the next bar may change something whatever it looks like.
    """
    lots = slot["lots"]
    wish[NOTED] = math.nan if code == HOLD_NO_OPINION else slot["weight"]
    wish[TARGET] = 0.0
    if code == HOLD_IN_BAND and slot["weight"] * lots > 0.0:
        wish[TARGET] = capped(slot["weight"], bounds.max_product)
    elif code != HOLD_NO_OPINION and (lots != 0 or not repeats(code)):
        return 0
    floor, ceiling = quiet_range(lots, slot["stop_ticks"], slot["take_ticks"])
    if not math.isnan(slot["trail"]):  # a better close would move it
        if lots > 0:
            ceiling = min(ceiling, int(slot["peak_ticks"]) + 1)
        else:
            floor = max(floor, int(slot["peak_ticks"]) - 1)
    reach[FLOOR] = floor
    reach[CEILING] = ceiling
    return slot["max_bars"] - slot["bars_held"] - 1 if slot["max_bars"] > 0 else ALWAYS


@compiled
def repeats(code: int) -> bool:
    """Whether a flat product of the same opinion is decided alike, marks and guards aside."""
    return (
        code == HOLD_FLAT
        or code == HOLD_STOPPED_OUT
        or code == HOLD_SHORT_UNSUPPORTED
        or code >= FIRST_REFUSAL
    )


@compiled
def row_of_another(guards: GuardTable, j: int, code: int, i: int, day: int, time: Ints) -> int:
    """First row after i at which product j's refusal may be another one; i: the next may be.

    That is all that passing over knows of guards: when their answers can change next.
    """
    until_ms = lasts_until(guards, j, code, time[i], (day + 1) * DAY_MS)
    if until_ms <= time[i]:
        return i
    low, high = i + 1, len(time)
    while low < high:
        middle = (low + high) // 2
        if time[middle] < until_ms:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def is_calm(low: int, high: int, weight: float, floor: int, ceiling: int, noted: float) -> bool:
    """Whether a bar touches no level and repeats the opinion."""
    same = weight == noted or (math.isnan(noted) and math.isnan(weight))
    return low > floor and high < ceiling and same


@compiled
def pass_over(
    start: int,
    end: int,
    cash: int,
    marks: Marks,
    time: Ints,
    open_ticks: Ints,
    high: Ints,
    low: Ints,
    close: Ints,
    present: Bools,
    weight: Floats,
    stop: Floats,
    unit: Floats,
    bounds: Bounds,
    reach: Ints,
    wish: Floats,
    last: Ints,
    slots: Slots,
    equity_path: Floats,
    counts: Ints,
    gapless: bool,
) -> tuple[int, Marks]:
    """Pass over bars from `start` up to `end` at most; returns (first bar not passed, marks).

    No bar before `end` may pay funding on what is held.
    close: that of an absent bar is the one before it (see `filled`).
    """
    p = close.shape[1]
    if p == 1:
        until, marks = _pass_alone(
            start, end, quote(cash), slots[0]["lots"], unit[0], marks, reach[0, FLOOR],
            reach[0, CEILING], wish[0, NOTED], wish[0, TARGET], bounds, time, open_ticks, high,
            low, close, weight, stop, equity_path,
        )  # fmt: skip
    else:
        until, marks = _pass_together(
            start, end, quote(cash), marks, time, open_ticks, high, low, close, present, weight,
            unit, bounds, reach, wish, slots, equity_path, gapless,
        )  # fmt: skip
    if until > start:
        for j in range(p):
            n_bars = until - start if gapless else _count(start, until, j, present)
            counts[j, last[j]] += n_bars
            if slots[j]["lots"] != 0:
                slots[j]["bars_held"] += n_bars
            slots[j]["close_ticks"] = close[until - 1, j]
    return until, marks


@compiled
def _pass_alone(
    start: int,
    end: int,
    cash: float,
    lots: int,
    unit: float,
    marks: Marks,
    floor: int,
    ceiling: int,
    noted: float,
    target: float,
    bounds: Bounds,
    time: Ints,
    open_ticks: Ints,
    high: Ints,
    low: Ints,
    close: Ints,
    weight: Floats,
    stop: Floats,
    equity_path: Floats,
) -> tuple[int, Marks]:
    """Pass over bars of the only product: everything in one loop; it has a bar in every row."""
    if start < 0:
        return start, marks  # never so: it spares the compiled loop the negative indices
    i = start
    going = True
    while going:
        lowest, highest = safe_equity(marks, bounds), marks.high
        next_day_ms = (marks.day + 1) * DAY_MS
        begin = i
        if lots == 0:  # no level, no worth: the opinion alone
            if lowest < cash <= highest:
                i = _flat_until(
                    i, end, cash, noted, next_day_ms, time, open_ticks, high, low, close, weight,
                    stop, equity_path,
                )  # fmt: skip
        else:
            i = _held_until(
                i, end, cash, lots, unit, floor, ceiling, noted, target, bounds.rebalance_band,
                lowest, highest, next_day_ms, time, high, low, close, weight, equity_path,
            )  # fmt: skip
        if i > begin:
            marks = marks_at(marks, equity_path[i - 1])
        going = False
        if i < end:
            worth = value_at(lots, close[i, 0], unit)
            equity = cash + worth
            if is_calm(low[i, 0], high[i, 0], weight[i, 0], floor, ceiling, noted) and (
                target == 0.0 or in_band(target * equity, worth, bounds.rebalance_band)
            ):
                moved = mark(marks, time[i], equity, bounds)
                if not moves_more(marks, moved):
                    equity_path[i] = equity
                    marks = moved
                    i += 1
                    going = i < end
    if lots != 0:
        soon(open_ticks, i + 1, 0)
    return i, marks


@compiled
def _flat_until(
    start: int,
    end: int,
    cash: float,
    noted: float,
    next_day_ms: int,
    time: Ints,
    open_ticks: Ints,
    high: Ints,
    low: Ints,
    close: Ints,
    weight: Floats,
    stop: Floats,
    equity_path: Floats,
) -> int:
    """First row of another opinion or day, else `end`; all rows before it are worth cash."""
    if start < 0:
        return start  # never so, see _pass_alone
    silent = math.isnan(noted)
    until = end
    for i in range(start, end):
        w = weight[i, 0]
        if not (w == noted or (silent and math.isnan(w))) or time[i] >= next_day_ms:
            until = i
            break
    soon(stop, until if len(stop) > 1 else 0, 0)
    soon(close, until, 0)
    soon(low, until, 0)
    soon(high, until, 0)
    soon(open_ticks, until + 1, 0)
    for i in range(start, until):
        equity_path[i] = cash
    return until


@compiled
def _held_until(
    start: int,
    end: int,
    cash: float,
    lots: int,
    unit: float,
    floor: int,
    ceiling: int,
    noted: float,
    target: float,
    band: float,
    lowest: float,
    highest: float,
    next_day_ms: int,
    time: Ints,
    high: Ints,
    low: Ints,
    close: Ints,
    weight: Floats,
    equity_path: Floats,
) -> int:
    """First row that is not calm, or whose equity moves a mark, or of another day, else `end`."""
    if start < 0:
        return start  # never so, see _pass_alone
    for i in range(start, end):
        worth = value_at(lots, close[i, 0], unit)
        equity = cash + worth
        if (
            not is_calm(low[i, 0], high[i, 0], weight[i, 0], floor, ceiling, noted)
            or not lowest < equity <= highest
            or time[i] >= next_day_ms
            or (target != 0.0 and not in_band(target * equity, worth, band))
        ):
            return i
        equity_path[i] = equity
    return end


@compiled
def moves_more(marks: Marks, moved: Marks) -> bool:
    """Whether a bar moves a latch or the count of entries, or leaves no equity."""
    return (
        moved.halted != marks.halted
        or moved.day_halted != marks.day_halted
        or moved.entries != marks.entries
        or (moved.day_halted != 0 and moved.day != marks.day)
        or not moved.equity > 0.0
    )


@compiled
def _pass_together(
    start: int,
    end: int,
    cash: float,
    marks: Marks,
    time: Ints,
    open_ticks: Ints,
    high: Ints,
    low: Ints,
    close: Ints,
    present: Bools,
    weight: Floats,
    unit: Floats,
    bounds: Bounds,
    reach: Ints,
    wish: Floats,
    slots: Slots,
    equity_path: Floats,
    gapless: bool,
) -> tuple[int, Marks]:
    """Pass over bars of several products, row by row."""
    if start < 0:
        return start, marks  # never so, see _pass_alone
    p = len(slots)
    lowest, highest = safe_equity(marks, bounds), marks.high
    next_day_ms = (marks.day + 1) * DAY_MS
    until = end
    for i in range(start, end):
        equity = cash
        calm = True
        for j in range(p):
            if not is_calm(
                low[i, j], high[i, j], weight[i, j], reach[j, FLOOR], reach[j, CEILING],
                wish[j, NOTED],
            ) and (gapless or present[i, j]):  # fmt: skip
                calm = False
                break
            equity += value_at(slots[j]["lots"], close[i, j], unit[j])
        if not calm:
            until = i
            break
        for j in range(p):
            if wish[j, TARGET] != 0.0 and (gapless or present[i, j]):
                worth = value_at(slots[j]["lots"], close[i, j], unit[j])
                calm = calm and in_band(wish[j, TARGET] * equity, worth, bounds.rebalance_band)
        if not calm:
            until = i
            break
        if not (lowest < equity <= highest and time[i] < next_day_ms):
            if i > start:
                marks = marks_at(marks, equity_path[i - 1])
            moved = mark(marks, time[i], equity, bounds)
            if moves_more(marks, moved):
                until = i
                break
            marks = moved
            lowest, highest = safe_equity(marks, bounds), marks.high
            next_day_ms = (marks.day + 1) * DAY_MS
        equity_path[i] = equity
    if until > start:
        marks = marks_at(marks, equity_path[until - 1])
    soon(open_ticks, until + 1, 0)
    soon(open_ticks, until + 1, p - 1)
    return until, marks


@compiled
def _count(start: int, end: int, j: int, present: Bools) -> int:
    """How many of the rows have a bar."""
    n_bars = 0
    for i in range(end - start):
        if present[start + i, j]:
            n_bars += 1
    return n_bars
