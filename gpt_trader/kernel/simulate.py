"""The bar protocol over whole arrays: the loop around the kernel's scalar functions.

Per bar, each step finished for all products before the next begins: match and book, mark,
decide in plan order, rest the survivors. Bars that change nothing are passed over (`quiet`).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.calm import CALM, Calm, Calms, is_calm, note, row_of_another
from gpt_trader.kernel.codes import ACT_ENTER, FILL_ENTRY, FIRST_REFUSAL, N_CODES
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.detail import Detail
from gpt_trader.kernel.entries import account_equity
from gpt_trader.kernel.fees import count_volume, rated, roll_fees
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.kernel.ledger import funding, quote, value_at
from gpt_trader.kernel.market import Aims, Fees, Known, Market, Rules
from gpt_trader.kernel.marks import Marks, count_entry, mark, new_marks
from gpt_trader.kernel.match import (
    MAX_FILLS_PER_BAR,
    MAX_LOG_PER_BAR,
    Book,
    Part,
    fill_units,
    is_quiet,
    match_bar,
)
from gpt_trader.kernel.memory import borrowed
from gpt_trader.kernel.quiet import pass_over
from gpt_trader.kernel.readings import Readings, no_readings, unattended
from gpt_trader.kernel.rounding import Spec, SpecTable, spec_at
from gpt_trader.kernel.sizing import cancel_working, decide, in_band, place
from gpt_trader.kernel.slippage import quoted
from gpt_trader.kernel.slot import KIND_NONE, Slot, Slots, at_close, new_slots

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FIRST_ROOM = 1024  # records; four times as many whenever they are used up


class Simulated(NamedTuple):
    """What a simulation left behind.

    fills: FILL_DTYPE rows in order. equity: (m,) float64 quote at each close, up to the first that
    leaves none: there the run ends, m < n. counts: (p, N_CODES) decisions by code. refusals: (k, 3)
    int64, each bar, product and code at which a run of the same refusal begins. slots: (p,) as
    they were left. cash: final units. drawdown_row: row of the drawdown halt, -1 never.
    loss_days: days halted by their loss.
    """

    fills: NDArray[np.void]
    equity: Floats
    counts: Ints
    refusals: Ints
    slots: Slots
    cash: int
    drawdown_row: int
    loss_days: int


class Kept(NamedTuple):
    """What a run writes down, and what it writes on the way.

    fills, refusals: with room for more rows than are in use. log, readings: of one decision.
    halts: row of the drawdown halt, days halted by their loss. The rest: see Simulated.
    """

    fills: NDArray[np.void]
    refusals: Ints
    equity: Floats
    counts: Ints
    halts: Ints
    log: Ints
    readings: Readings


class At(NamedTuple):
    """Where a run has come to."""

    i: int  # next bar
    row: int  # next free row of fills
    found: int  # and of refusals
    cash: int
    marks: Marks


def simulate(
    market: Market, aims: Aims, rules: Rules, costs: Costs, fees: Fees, cash: int, detail: Detail
) -> Simulated:
    """Run targets over bars of products that share one cash account.

    cash: units. detail: finer bars, those of a bar within its high and low.
    """
    n, p = market.close.shape
    longest = int((detail.end - detail.begin).max(initial=1))
    known = Known(
        unit=np.ascontiguousarray(rules.specs["unit"]),
        funding_rows=np.flatnonzero(np.broadcast_to(market.funding_rate.any(axis=1), n)),
        gapless=bool(market.present.all()),
        most_fills=p * MAX_FILLS_PER_BAR * longest,
    )
    if not known.gapless:
        market = market._replace(close=filled(market.close, market.present))
    slots, calms = new_slots(p), np.zeros(p, CALM)
    kept = Kept(
        fills=np.empty(FIRST_ROOM, FILL_DTYPE),
        refusals=np.empty((FIRST_ROOM, 3), np.int64),
        equity=np.empty(n, np.float64),
        counts=np.zeros((p, N_CODES), np.int64),
        halts=np.array([-1, 0], np.int64),
        log=np.zeros((MAX_LOG_PER_BAR, 3), np.int64),
        readings=no_readings(),
    )
    at = At(0, 0, 0, cash, new_marks(quote(cash)))
    while at.i < n and at.marks.equity > 0.0:
        kept = _with_room(kept, at, known.most_fills, p)
        found = _run(at, market, aims, rules, known, costs, fees, detail, slots, calms, kept)
        at = At(*found[:4], Marks(*found[4:]))
    return Simulated(
        kept.fills[: at.row], kept.equity[: at.i], kept.counts, kept.refusals[: at.found], slots,
        at.cash, int(kept.halts[0]), int(kept.halts[1]),
    )  # fmt: skip


def _with_room(kept: Kept, at: At, most_fills: int, most_refusals: int) -> Kept:
    """Return records with room for at least one more bar."""
    fills, refusals = kept.fills, kept.refusals
    if at.row + most_fills > len(fills):
        more = max(3 * len(fills), most_fills)
        fills = np.concatenate([fills, np.empty(more, FILL_DTYPE)])
    if at.found + most_refusals > len(refusals):
        more = max(3 * len(refusals), most_refusals)
        refusals = np.concatenate([refusals, np.empty((more, 3), np.int64)])
    if fills is kept.fills and refusals is kept.refusals:
        return kept
    return kept._replace(fills=fills, refusals=refusals)


def filled(close: Ints, present: Bools) -> Ints:
    """Return closes with those of absent bars replaced by the last one before; 0: none.

    They are read-only, as all columns of a market: compiled code knows others as another kind, and
    would be compiled once more.
    """
    rows = np.where(present, np.arange(len(close))[:, None], -1)
    known = np.maximum.accumulate(rows, axis=0)
    found = np.where(known >= 0, np.take_along_axis(close, np.maximum(known, 0), axis=0), 0)
    found.flags.writeable = False
    return found


@compiled
def at_row(i: int, column: Floats | Ints) -> int:
    """Row of a column that speaks for bar i."""
    return i if len(column) > 1 else 0


@compiled
def _run(
    at: At,
    market: Market,
    aims: Aims,
    rules: Rules,
    known: Known,
    fixed: Costs,
    fees: Fees,
    detail: Detail,
    slots: Slots,
    calms: Calms,
    kept: Kept,
) -> tuple[int, int, int, int, float, float, int, float, int, int, int]:
    """Go on until the end, until no equity is left or a record has no room for one more bar.

    Returns the fields of At, those of its marks last.
    """
    # simulate keeps them all alive
    market, aims, rules, known = borrowed(market), borrowed(aims), borrowed(rules), borrowed(known)
    fees, detail, kept = borrowed(fees), borrowed(detail), borrowed(kept)
    slots, calms = borrowed(slots), borrowed(calms)
    n, p = market.close.shape
    i, row, found, cash, marks = at.i, at.row, at.found, at.cash, at.marks
    paid = 0
    while (
        i < n
        and marks.equity > 0.0
        and row + known.most_fills <= len(kept.fills)
        and found + p <= len(kept.refusals)
    ):
        paid, end = _calm_until(i, n, paid, known.funding_rows, slots, calms)
        if end > i:
            i, marks = pass_over(
                i, end, cash, marks, market, aims, known, rules.bounds, calms, slots,
                kept.equity, kept.counts,
            )  # fmt: skip
            if i == n:
                break
        costs = _costs_at(market.time[i], fixed, fees)
        cash, row = _match_all(
            i, cash, row, market, aims.weight, rules.specs, costs, fees, detail, slots, calms, kept
        )
        costs = _costs_at(market.time[i] + market.interval_ms, fixed, fees)
        equity = account_equity(slots, known.unit, cash)
        kept.equity[i] = equity
        before = marks
        marks = mark(before, market.time[i], equity, rules.bounds)
        _latch(i, before, marks, market.present, slots, calms, kept.halts)
        found, marks = _decide_all(
            i, found, cash, marks, market, aims, rules, known.unit, costs, slots, calms, kept
        )
        for j in range(p):
            slots[j]["held_back_units"] = 0
        i += 1
    return (
        i, row, found, cash, marks.equity, marks.high, marks.day, marks.day_start, marks.entries,
        marks.day_halted, marks.halted,
    )  # fmt: skip


@compiled
def _calm_until(
    i: int, n: int, paid: int, funding_rows: Ints, slots: Slots, calms: Calms
) -> tuple[int, int]:
    """Up to which row only a bar's content can wake a product; how many funding rows are past."""
    while paid < len(funding_rows) and funding_rows[paid] < i:
        paid += 1
    end = n
    for j in range(len(slots)):
        end = min(end, calms[j]["until"])
        if slots[j]["lots"] != 0 and paid < len(funding_rows):
            end = min(end, funding_rows[paid])
    return paid, end


@compiled
def _costs_at(time_ms: int, fixed: Costs, fees: Fees) -> Costs:
    """Costs in force at a time; the book of fees moves to it."""
    if len(fees.tiers) > 0:
        roll_fees(fees.book, fees.tiers, time_ms)
    return rated(fixed, fees.book)


@compiled
def _match_all(
    i: int,
    cash: int,
    row: int,
    market: Market,
    weight: Floats,
    specs: SpecTable,
    costs: Costs,
    fees: Fees,
    detail: Detail,
    slots: Slots,
    calms: Calms,
    kept: Kept,
) -> tuple[int, int]:
    """Match every product against bar i and move it to the close; wake those that it concerns.

    Returns (cash, next free row of fills).
    """
    for j in range(len(slots)):
        slot, calm = slots[j], calms[j]
        calm["is_awake"] = False
        if not market.present[i, j]:
            continue
        high, low, close = market.high[i, j], market.low[i, j], market.close[i, j]
        is_awake = calm["until"] <= i or not is_calm(
            low, high, weight[i, j], calm["floor"], calm["ceiling"], calm["noted"]
        )
        calm["is_awake"] = is_awake
        idle = slot["kind"] == KIND_NONE and slot["lots"] == 0
        if is_awake and not idle and not is_quiet(slot, high, low):
            spec = spec_at(specs, j)
            first = row
            cash, row = _match(i, j, cash, row, market, costs, spec, detail, slot, kept)
            if len(fees.tiers) > 0:
                _count_volume(fees.book, kept.fills, first, row, spec)
        if slot["lots"] != 0:
            rate = market.funding_rate[at_row(i, market.funding_rate), j]
            if rate != 0.0:
                cash += funding(slot["lots"], close, rate, spec_at(specs, j))
        at_close(slot, close)
    return cash, row


@compiled
def _match(
    i: int,
    j: int,
    cash: int,
    row: int,
    market: Market,
    costs: Costs,
    spec: Spec,
    detail: Detail,
    slot: Slot,
    kept: Kept,
) -> tuple[int, int]:
    """Match product j against bar i, or each of its finer bars. Returns (cash, next free row)."""
    book = Book(kept.fills, kept.log, i, j)
    if len(detail.high) > 0:
        return _match_detail(i, j, cash, row, market.time[i], detail, slot, spec, costs, book)
    needs_volume = costs.participation < math.inf or costs.impact > 0.0
    part = Part(
        market.time[i],
        market.open_ticks[i, j],
        market.high[i, j],
        market.low[i, j],
        market.volume[i, j] if needs_volume else math.inf,  # a column that need not be fetched
        market.interval_ms,
        True,
        True,
    )
    half_spread_e8 = market.half_spread_e8[at_row(i, market.half_spread_e8), j]
    cash, row, _ = match_bar(slot, cash, part, spec, quoted(costs, half_spread_e8), book, row)
    return cash, row


@compiled
def _match_detail(
    i: int,
    j: int,
    cash: int,
    row: int,
    open_ms: int,
    detail: Detail,
    slot: Slot,
    spec: Spec,
    costs: Costs,
    book: Book,
) -> tuple[int, int]:
    """Match product j against each finer bar of bar i. Returns (cash, next free row)."""
    begin, end = detail.begin[i, j], detail.end[i, j]
    for k in range(begin, end):
        if not is_quiet(slot, detail.high[k], detail.low[k]):
            part = Part(
                open_ms, detail.open_ticks[k], detail.high[k], detail.low[k], detail.volume[k],
                detail.interval_ms, k == begin, k == end - 1,
            )  # fmt: skip
            there = quoted(costs, detail.half_spread[k])
            cash, row, _ = match_bar(slot, cash, part, spec, there, book, row)
    return cash, row


@compiled
def _count_volume(book: Ints, fills: NDArray[np.void], start: int, end: int, spec: Spec) -> None:
    """Count what rows of fills, all of one product, were worth."""
    for k in range(start, end):
        fill = fills[k]
        count_volume(book, fill_units(fill["side"], fill["lots"], fill["ticks"], spec))


@compiled
def _latch(
    i: int, before: Marks, marks: Marks, present: Bools, slots: Slots, calms: Calms, halts: Ints
) -> None:
    """Act on what the marks of bar i turned on: entries that work are called back.

    Where a latch or the count of entries moved, refusals need not hold any more: all wake.
    """
    new_halt = marks.halted and not before.halted
    new_loss_day = marks.day_halted and (not before.day_halted or marks.day != before.day)
    if new_halt:
        halts[0] = i
    if new_loss_day:
        halts[1] += 1
    if new_halt or new_loss_day:  # nothing that adds may fill any more
        for j in range(len(slots)):
            if slots[j]["kind"] != KIND_NONE and slots[j]["reason"] == FILL_ENTRY:
                cancel_working(slots[j])
    if (
        marks.halted != before.halted
        or marks.day_halted != before.day_halted
        or marks.entries != before.entries
        or not marks.equity > 0.0
    ):
        for j in range(len(calms)):
            calms[j]["until"] = 0
            calms[j]["is_awake"] = present[i, j]


@compiled
def _decide_all(
    i: int,
    found: int,
    cash: int,
    marks: Marks,
    market: Market,
    aims: Aims,
    rules: Rules,
    unit: Floats,
    costs: Costs,
    slots: Slots,
    calms: Calms,
    kept: Kept,
) -> tuple[int, Marks]:
    """Decide for every product with a bar, in plan order; orders rest from here on.

    Returns (next free row of refusals, marks).
    """
    for j in range(len(slots)):
        calm = calms[j]
        if not market.present[i, j]:
            continue
        if not calm["is_awake"]:
            worth = value_at(slots[j]["lots"], market.close[i, j], unit[j])
            wanted = calm["target"] * marks.equity
            if calm["target"] == 0.0 or in_band(wanted, worth, rules.bounds.rebalance_band):
                kept.counts[j, calm["code"]] += 1
                continue
        code = _decide(i, j, cash, marks, market, aims, rules, costs, slots, kept.readings)
        if code == ACT_ENTER:
            marks = count_entry(marks)
            _wake_refused(calms)
        if code >= FIRST_REFUSAL and code != calm["said"]:
            kept.refusals[found, 0] = i
            kept.refusals[found, 1] = j
            kept.refusals[found, 2] = code
            found += 1
        calm["said"] = code
        kept.counts[j, code] += 1
        _calm_down(i, j, code, marks.day, market.time, rules, slots[j], calm)
    return found, marks


@compiled
def _decide(
    i: int,
    j: int,
    cash: int,
    marks: Marks,
    market: Market,
    aims: Aims,
    rules: Rules,
    costs: Costs,
    slots: Slots,
    readings: Readings,
) -> int:
    """Decide for product j at bar i and let its order work. Returns the decision's code."""
    weight, time_ms = aims.weight[i, j], market.time[i]
    # a flat target enters nothing: its stop need not be fetched
    stop = aims.stop[at_row(i, aims.stop), j] if weight != 0.0 else math.nan
    slots[j]["half_spread_e8"] = market.half_spread_e8[at_row(i, market.half_spread_e8), j]
    ticket, _ = decide(
        slots, j, weight, stop, cash, marks, unattended(time_ms), readings, rules, costs,
    )  # fmt: skip
    if ticket.kind != KIND_NONE:
        place(
            slots[j], ticket, i, time_ms + 2 * market.interval_ms, stop,
            aims.take[at_row(i, aims.take), j], aims.trail[at_row(i, aims.trail), j],
            aims.max_bars[at_row(i, aims.max_bars), j], costs,
        )  # fmt: skip
    return ticket.code


@compiled
def _wake_refused(calms: Calms) -> None:
    """Wake who was refused: the count of entries may be what refuses them from now on."""
    for j in range(len(calms)):
        if calms[j]["code"] >= FIRST_REFUSAL:
            calms[j]["until"] = 0
            calms[j]["is_awake"] = True


@compiled
def _calm_down(
    i: int, j: int, code: int, day: int, time: Ints, rules: Rules, slot: Slot, calm: Calm
) -> None:
    """Note until when product j's decision at bar i stays the same if nothing happens."""
    calm["until"] = 0
    if slot["kind"] == KIND_NONE:
        calm["code"] = code
        most = note(slot, code, rules.bounds, calm)
        calm["until"] = min(i + 1 + most, len(time)) if most > 0 else 0
        if code >= FIRST_REFUSAL:
            other = row_of_another(rules.guards, j, code, i, day, time)
            calm["until"] = min(calm["until"], other)
