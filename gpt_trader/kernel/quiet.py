"""Bars on which nothing can happen, passed over at little cost.

While all products are calm (see kernel.calm) the bars move the marks and nothing else. It relies
on low <= close <= high. Whatever it is not sure of, it leaves to the full step. All here is for
speed: without it, every number stays the same.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.bounds import Bounds
from gpt_trader.kernel.calm import Calm, Calms, is_calm
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.ledger import quote, value_at
from gpt_trader.kernel.market import Aims, Known, Market
from gpt_trader.kernel.marks import DAY_MS, Marks, mark, marks_at, safe_equity
from gpt_trader.kernel.memory import soon
from gpt_trader.kernel.sizing import in_band
from gpt_trader.kernel.slot import Slots

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Edges(NamedTuple):
    """Between which edges marks stay as they are but for the equity."""

    lowest: float  # equity above it moves no latch
    highest: float  # nor up to it the high
    next_day_ms: int


class Held(NamedTuple):
    """The only product while it is calm: numbers that its bars are held against."""

    lots: int
    unit: float  # quote of a lot-tick
    floor: int
    ceiling: int
    noted: float
    target: float
    band: float


@compiled
def edges_of(marks: Marks, bounds: Bounds) -> Edges:
    """Edges within which a bar's close moves no mark."""
    return Edges(safe_equity(marks, bounds), marks.high, (marks.day + 1) * DAY_MS)


@compiled
def is_within(edges: Edges, equity: float, time_ms: int) -> bool:
    """Whether a close at this equity and time moves no mark."""
    return edges.lowest < equity <= edges.highest and time_ms < edges.next_day_ms


@compiled
def pass_over(
    start: int,
    end: int,
    cash: int,
    marks: Marks,
    market: Market,
    aims: Aims,
    known: Known,
    bounds: Bounds,
    calms: Calms,
    slots: Slots,
    equity: Floats,
    counts: NDArray[np.int64],
) -> tuple[int, Marks]:
    """Pass over bars from `start` up to `end` at most; returns (first bar not passed, marks).

    No bar before `end` may pay funding on what is held. market.close: that of an absent bar is
    the one before it (see `filled`).
    """
    p = len(slots)
    if p == 1:
        held = _held(calms[0], slots[0]["lots"], known.unit[0], bounds.rebalance_band)
        until, marks = _pass_alone(
            start, end, quote(cash), held, marks, market, aims, bounds, equity
        )
    else:
        until, marks = _pass_together(
            start, end, quote(cash), marks, market, aims.weight, known, bounds, calms, slots,
            equity,
        )  # fmt: skip
        soon(market.open_ticks, until + 1, 0)
        soon(market.open_ticks, until + 1, p - 1)
    if until > start:
        for j in range(p):
            n_bars = until - start if known.gapless else _count(start, until, j, market.present)
            counts[j, calms[j]["code"]] += n_bars
            if slots[j]["lots"] != 0:
                slots[j]["bars_held"] += n_bars
            slots[j]["close_ticks"] = market.close[until - 1, j]
    return until, marks


@compiled
def _held(calm: Calm, lots: int, unit: float, band: float) -> Held:
    return Held(lots, unit, calm["floor"], calm["ceiling"], calm["noted"], calm["target"], band)


@compiled
def _pass_alone(
    start: int,
    end: int,
    cash: float,
    held: Held,
    marks: Marks,
    market: Market,
    aims: Aims,
    bounds: Bounds,
    equity: Floats,
) -> tuple[int, Marks]:
    """Pass over bars of the only product: everything in one loop; it has a bar in every row."""
    if start < 0:
        return start, marks  # never so: it spares the compiled loop the negative indices
    i = start
    going = True
    while going:
        edges = edges_of(marks, bounds)
        begin = i
        if held.lots == 0:  # no level, no worth: the opinion alone
            if edges.lowest < cash <= edges.highest:
                i = _flat_until(i, end, cash, held.noted, edges.next_day_ms, market, aims, equity)
        else:
            i = _held_until(i, end, cash, held, edges, market, aims.weight, equity)
        if i > begin:
            marks = marks_at(marks, equity[i - 1])
        going = False
        if i < end and _stays(i, cash, held, market, aims.weight):
            worth = cash + value_at(held.lots, market.close[i, 0], held.unit)
            moved = mark(marks, market.time[i], worth, bounds)
            if not moves_more(marks, moved):
                equity[i] = worth
                marks = moved
                i += 1
                going = i < end
    if held.lots != 0:
        soon(market.open_ticks, i + 1, 0)
    return i, marks


@compiled
def _stays(i: int, cash: float, held: Held, market: Market, weight: Floats) -> bool:
    """Whether a bar of the only product leaves it calm, whatever it does to the marks."""
    worth = value_at(held.lots, market.close[i, 0], held.unit)
    return is_calm(
        market.low[i, 0], market.high[i, 0], weight[i, 0], held.floor, held.ceiling, held.noted
    ) and (held.target == 0.0 or in_band(held.target * (cash + worth), worth, held.band))


@compiled
def _flat_until(
    start: int,
    end: int,
    cash: float,
    noted: float,
    next_day_ms: int,
    market: Market,
    aims: Aims,
    equity: Floats,
) -> int:
    """First row of another opinion or day, else `end`; all rows before it are worth cash."""
    if start < 0:
        return start  # never so, see _pass_alone
    time, weight = market.time, aims.weight
    silent = math.isnan(noted)
    until = end
    for i in range(start, end):
        w = weight[i, 0]
        if not (w == noted or (silent and math.isnan(w))) or time[i] >= next_day_ms:
            until = i
            break
    soon(aims.stop, until if len(aims.stop) > 1 else 0, 0)
    soon(market.close, until, 0)
    soon(market.low, until, 0)
    soon(market.high, until, 0)
    soon(market.open_ticks, until + 1, 0)
    for i in range(start, until):
        equity[i] = cash
    return until


@compiled
def _held_until(
    start: int,
    end: int,
    cash: float,
    held: Held,
    edges: Edges,
    market: Market,
    weight: Floats,
    equity: Floats,
) -> int:
    """First row that is not calm, or whose equity moves a mark, or of another day, else `end`."""
    if start < 0:
        return start  # never so, see _pass_alone
    for i in range(start, end):
        worth = cash + value_at(held.lots, market.close[i, 0], held.unit)
        if not _stays(i, cash, held, market, weight) or not is_within(edges, worth, market.time[i]):
            return i
        equity[i] = worth
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
    market: Market,
    weight: Floats,
    known: Known,
    bounds: Bounds,
    calms: Calms,
    slots: Slots,
    equity: Floats,
) -> tuple[int, Marks]:
    """Pass over bars of several products, row by row."""
    if start < 0:
        return start, marks  # never so, see _pass_alone
    edges = edges_of(marks, bounds)
    until = end
    for i in range(start, end):
        calm, worth = _sum_calm(i, cash, market, weight, known, calms, slots)
        if not calm or not _is_in_bands(
            i, worth, market, known, bounds.rebalance_band, calms, slots
        ):
            until = i
            break
        if not is_within(edges, worth, market.time[i]):
            if i > start:
                marks = marks_at(marks, equity[i - 1])
            moved = mark(marks, market.time[i], worth, bounds)
            if moves_more(marks, moved):
                until = i
                break
            marks = moved
            edges = edges_of(marks, bounds)
        equity[i] = worth
    if until > start:
        marks = marks_at(marks, equity[until - 1])
    return until, marks


@compiled
def _sum_calm(
    i: int,
    cash: float,
    market: Market,
    weight: Floats,
    known: Known,
    calms: Calms,
    slots: Slots,
) -> tuple[bool, float]:
    """Whether row i touches no level and repeats all opinions, and the equity at its close."""
    equity = cash
    for j in range(len(slots)):
        calm = calms[j]
        if not is_calm(
            market.low[i, j], market.high[i, j], weight[i, j], calm["floor"], calm["ceiling"],
            calm["noted"],
        ) and (known.gapless or market.present[i, j]):  # fmt: skip
            return False, equity
        equity += value_at(slots[j]["lots"], market.close[i, j], known.unit[j])
    return True, equity


@compiled
def _is_in_bands(
    i: int,
    equity: float,
    market: Market,
    known: Known,
    band: float,
    calms: Calms,
    slots: Slots,
) -> bool:
    """Whether every product with a bar in row i stays in the band of its target."""
    inside = True
    for j in range(len(slots)):
        target = calms[j]["target"]
        if target != 0.0 and (known.gapless or market.present[i, j]):
            worth = value_at(slots[j]["lots"], market.close[i, j], known.unit[j])
            inside = inside and in_band(target * equity, worth, band)
    return inside


@compiled
def _count(start: int, end: int, j: int, present: Bools) -> int:
    """How many of the rows have a bar."""
    n_bars = 0
    for i in range(end - start):
        if present[start + i, j]:
            n_bars += 1
    return n_bars
