"""The bar protocol over whole arrays: the loop around the kernel's scalar functions.

Per bar, each step finished for all products before the next begins: match and book, mark,
decide in plan order, rest the survivors. Bars that change nothing are passed over (`quiet`).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.codes import ACT_ENTER, FILL_ENTRY, FIRST_REFUSAL, N_CODES
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.detail import Detail
from gpt_trader.kernel.fees import count_volume, rated, roll_fees
from gpt_trader.kernel.guards import GuardTable
from gpt_trader.kernel.ledger import funding, quote, value_at
from gpt_trader.kernel.limits import Marks, count_entry, mark, new_marks
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
from gpt_trader.kernel.quiet import (
    CEILING,
    FLOOR,
    N_COLUMNS,
    NOTED,
    TARGET,
    Bools,
    is_calm,
    note,
    pass_over,
    row_of_another,
)
from gpt_trader.kernel.readings import SpecTable, no_readings, unattended
from gpt_trader.kernel.rounding import Spec, spec_at
from gpt_trader.kernel.settings import FILL_DTYPE, Bounds, Costs
from gpt_trader.kernel.sizing import cancel_working, decide, in_band, place
from gpt_trader.kernel.slippage import quoted
from gpt_trader.kernel.slot import KIND_NONE, Slot, Slots, at_close, new_slots

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FIRST_ROOM = 1024  # records; four times as many whenever they are used up


class Simulated(NamedTuple):
    """What a simulation left behind.

    fills: FILL_DTYPE rows in order. equity: (n,) float64 quote at each close. counts: (p,
    N_CODES) decisions by code. refusals: (k, 3) int64, each bar, product and code at which a
    run of the same refusal begins. slots: (p,) as they were left. cash: final units.
    drawdown_row: row of the drawdown halt, -1 never. loss_days: days halted by their loss.
    """

    fills: NDArray[np.void]
    equity: Floats
    counts: Ints
    refusals: Ints
    slots: Slots
    cash: int
    drawdown_row: int
    loss_days: int


def simulate(
    time: Ints,
    open_ticks: Ints,
    high: Ints,
    low: Ints,
    close: Ints,
    volume: Floats,
    funding_rate: Floats,
    half_spread: Ints,
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
    bounds: Bounds,
    guards: GuardTable,
    styles: Ints,
    tiers: Ints,
    fee_book: Ints,
    detail: Detail,
) -> Simulated:
    """Run targets over n bars of p products that share one cash account.

    time: (n,) int64 ms, strictly increasing. open_ticks..close: (n, p) int64 ticks, low and high
    around the others. volume: (n, p) base units. present: (n, p), False where a product has no
    bar. weight: (n, p), budgets applied. half_spread: e8, NO_QUOTE where a bar quotes none. It,
    funding_rate, stop, take, trail and max_bars: each (n, p), or (1, p) where all rows are alike.
    All C-contiguous. cash: units. guards: (p, g), see kernel.guards. tiers, fee_book: see
    kernel.fees; the book is moved in place.
    detail: finer bars, those of a bar within its high and low.
    """
    n, p = close.shape
    gapless = bool(present.all())
    closes = close if gapless else filled(close, present)
    unit = np.ascontiguousarray(specs[1][:, 0])
    funding_rows = np.flatnonzero(np.broadcast_to(funding_rate.any(axis=1), n))
    slots = new_slots(p)
    last, said, calm_until = np.zeros((3, p), np.int64)
    awake = np.empty(p, np.bool_)
    reach = np.empty((p, N_COLUMNS), np.int64)
    wish = np.empty((p, N_COLUMNS), np.float64)
    log = np.zeros((MAX_LOG_PER_BAR, 3), np.int64)
    equity_path = np.empty(n, np.float64)
    counts = np.zeros((p, N_CODES), np.int64)
    halts = np.array([-1, 0], np.int64)
    fills = np.empty(FIRST_ROOM, FILL_DTYPE)
    refusals = np.empty((FIRST_ROOM, 3), np.int64)
    longest = int((detail.end - detail.begin).max(initial=1))
    most_fills = p * MAX_FILLS_PER_BAR * longest
    marks = Marks(*new_marks(quote(cash)))
    i = row = found = 0
    while True:
        i, row, found, cash, marks = _run(
            i, row, found, cash, marks, time, open_ticks, high, low, closes, volume, funding_rate,
            funding_rows, half_spread, present, weight, stop, take, trail, max_bars, interval_ms,
            specs, unit, costs, bounds, guards, styles, tiers, fee_book, detail, most_fills,
            gapless, slots, last, said, calm_until, awake, reach, wish, log, fills, refusals,
            equity_path, counts, halts,
        )  # fmt: skip
        if i == n:
            return Simulated(
                fills[:row], equity_path, counts, refusals[:found], slots, cash,
                int(halts[0]), int(halts[1]),
            )  # fmt: skip
        if row + most_fills > len(fills):
            fills = np.concatenate([fills, np.empty(3 * len(fills), FILL_DTYPE)])
        if found + p > len(refusals):
            refusals = np.concatenate(
                [refusals, np.empty_like(refusals, shape=(3 * len(refusals), 3))]
            )


def filled(close: Ints, present: Bools) -> Ints:
    """Return closes with those of absent bars replaced by the last one before; 0: none."""
    rows = np.where(present, np.arange(len(close))[:, None], -1)
    known = np.maximum.accumulate(rows, axis=0)
    return np.where(known >= 0, np.take_along_axis(close, np.maximum(known, 0), axis=0), 0)


@compiled
def at_row(i: int, column: Floats | Ints) -> int:
    """Row of a column that speaks for bar i."""
    return i if len(column) > 1 else 0


@compiled
def _match_detail(
    slot: Slot,
    cash: int,
    i: int,
    j: int,
    t: int,
    detail: Detail,
    spec: Spec,
    costs: Costs,
    fills: NDArray[np.void],
    row: int,
    log: Ints,
) -> tuple[int, int]:
    """Match product j against each finer bar of bar i. Returns (cash, next free row)."""
    begin, end = detail.begin[i, j], detail.end[i, j]
    for k in range(begin, end):
        if not is_quiet(slot, detail.high[k], detail.low[k]):
            part = Part(
                t, detail.open_ticks[k], detail.high[k], detail.low[k], detail.volume[k],
                detail.interval_ms, k == begin, k == end - 1,
            )  # fmt: skip
            cash, row, _ = match_bar(
                slot, cash, part, spec, quoted(costs, detail.half_spread[k]),
                Book(fills, log, i, j), row,
            )  # fmt: skip
    return cash, row


@compiled
def _count_volume(book: Ints, fills: NDArray[np.void], start: int, end: int, spec: Spec) -> None:
    """Count what rows of fills, all of one product, were worth."""
    for k in range(start, end):
        fill = fills[k]
        count_volume(book, fill_units(fill["side"], fill["lots"], fill["ticks"], spec))


@compiled
def _run(
    i: int,
    row: int,
    found: int,
    cash: int,
    marks: Marks,
    time: Ints,
    open_ticks: Ints,
    high: Ints,
    low: Ints,
    close: Ints,
    volume: Floats,
    funding_rate: Floats,
    funding_rows: Ints,
    half_spread: Ints,
    present: Bools,
    weight: Floats,
    stop: Floats,
    take: Floats,
    trail: Floats,
    max_bars: Ints,
    interval_ms: int,
    specs: SpecTable,
    unit: Floats,
    costs: Costs,
    bounds: Bounds,
    guards: GuardTable,
    styles: Ints,
    tiers: Ints,
    fee_book: Ints,
    detail: Detail,
    most_fills: int,
    gapless: bool,
    slots: Slots,
    last: Ints,
    said: Ints,
    calm_until: Ints,
    awake: Bools,
    reach: Ints,
    wish: Floats,
    log: Ints,
    fills: NDArray[np.void],
    refusals: Ints,
    equity_path: Floats,
    counts: Ints,
    halts: Ints,
) -> tuple[int, int, int, int, Marks]:
    """Go on from bar i until the end, or until a record has no room for one more bar.

    found: rows of `refusals` in use. funding_rows: those at which funding is paid. last: (p,)
    code of each calm product's decision; said: (p,) of each product's newest. calm_until: (p,)
    row up to which only a bar's content can wake a product (see `quiet.note`).
    Returns (next bar, next free rows of fills and refusals, cash, marks).
    """
    # simulate keeps them all alive
    time = borrowed(time)
    open_ticks = borrowed(open_ticks)
    high = borrowed(high)
    low = borrowed(low)
    close = borrowed(close)
    volume = borrowed(volume)
    funding_rate = borrowed(funding_rate)
    present = borrowed(present)
    weight = borrowed(weight)
    stop = borrowed(stop)
    take = borrowed(take)
    trail = borrowed(trail)
    max_bars = borrowed(max_bars)
    unit = borrowed(unit)
    specs = (borrowed(specs[0]), borrowed(specs[1]))
    styles = borrowed(styles)
    slots = borrowed(slots)
    last = borrowed(last)
    said = borrowed(said)
    calm_until = borrowed(calm_until)
    awake = borrowed(awake)
    reach = borrowed(reach)
    wish = borrowed(wish)
    log = borrowed(log)
    fills = borrowed(fills)
    refusals = borrowed(refusals)
    equity_path = borrowed(equity_path)
    counts = borrowed(counts)
    guards = borrowed(guards)
    taken = no_readings()
    n, p = close.shape
    funded = 0
    needs_volume = costs.participation < math.inf or costs.impact > 0.0
    tiered = len(tiers) > 0
    detailed = len(detail.high) > 0
    now = rated(costs, fee_book)
    readings = borrowed(taken)
    while i < n and row + most_fills <= len(fills) and found + p <= len(refusals):
        while funded < len(funding_rows) and funding_rows[funded] < i:
            funded += 1
        end = n
        for j in range(p):
            end = min(end, calm_until[j])
            if slots[j]["lots"] != 0 and funded < len(funding_rows):
                end = min(end, funding_rows[funded])
        if end > i:
            i, marks = pass_over(
                i, end, cash, marks, time, open_ticks, high, low, close, present, weight,
                stop, unit, bounds, reach, wish, last, slots, equity_path, counts, gapless,
            )  # fmt: skip
            if i == n:
                break
        t = time[i]
        if tiered:
            roll_fees(fee_book, tiers, t)
            now = rated(costs, fee_book)
        for j in range(p):
            awake[j] = False
            if not present[i, j]:
                continue
            awake[j] = calm_until[j] <= i or not is_calm(
                low[i, j], high[i, j], weight[i, j], reach[j, FLOOR], reach[j, CEILING],
                wish[j, NOTED],
            )  # fmt: skip
            idle = slots[j]["kind"] == KIND_NONE and slots[j]["lots"] == 0
            if awake[j] and not idle and not is_quiet(slots[j], high[i, j], low[i, j]):
                before_row = row
                if detailed:
                    cash, row = _match_detail(
                        slots[j], cash, i, j, t, detail, spec_at(specs, j), now, fills, row,
                        log,
                    )  # fmt: skip
                else:
                    traded = volume[i, j] if needs_volume else math.inf
                    half = half_spread[at_row(i, half_spread), j]
                    part = Part(
                        t, open_ticks[i, j], high[i, j], low[i, j], traded, interval_ms, True, True
                    )
                    cash, row, _ = match_bar(
                        slots[j], cash, part, spec_at(specs, j), quoted(now, half),
                        Book(fills, log, i, j), row,
                    )  # fmt: skip
                if tiered:
                    _count_volume(fee_book, fills, before_row, row, spec_at(specs, j))
            if slots[j]["lots"] != 0:
                rate = funding_rate[at_row(i, funding_rate), j]
                if rate != 0.0:
                    cash += funding(slots[j]["lots"], close[i, j], rate, spec_at(specs, j))
            at_close(slots[j], close[i, j])

        if tiered:
            roll_fees(fee_book, tiers, t + interval_ms)
            now = rated(costs, fee_book)
        equity = quote(cash)
        for j in range(p):
            if slots[j]["lots"] != 0:
                equity += value_at(slots[j]["lots"], slots[j]["close_ticks"], unit[j])
        equity_path[i] = equity
        before = marks
        marks = mark(before, t, equity, bounds)
        new_halt = marks.halted and not before.halted
        new_loss_day = marks.day_halted and (not before.day_halted or marks.day != before.day)
        if new_halt:
            halts[0] = i
        if new_loss_day:
            halts[1] += 1
        if new_halt or new_loss_day:  # nothing that adds may fill any more
            for j in range(p):
                if slots[j]["kind"] != KIND_NONE and slots[j]["reason"] == FILL_ENTRY:
                    cancel_working(slots[j])
        if (
            marks.halted != before.halted
            or marks.day_halted != before.day_halted
            or marks.entries != before.entries
            or not equity > 0.0
        ):
            calm_until[:] = 0  # refusals need not hold any more
            for j in range(p):
                awake[j] = present[i, j]

        for j in range(p):
            if not present[i, j]:
                continue
            w = weight[i, j]
            if not awake[j]:
                target = wish[j, TARGET]
                worth = value_at(slots[j]["lots"], close[i, j], unit[j])
                if target == 0.0 or in_band(target * equity, worth, bounds.rebalance_band):
                    counts[j, last[j]] += 1
                    continue
            # a flat target enters nothing: its stop need not be fetched
            at_risk = stop[at_row(i, stop), j] if w != 0.0 else math.nan
            slots[j]["half_spread_e8"] = half_spread[at_row(i, half_spread), j]
            ticket, _ = decide(
                slots, j, w, at_risk, cash, marks, unattended(t), guards, readings, specs, now,
                bounds, styles,
            )  # fmt: skip
            code = ticket.code
            if ticket.kind != KIND_NONE:
                place(
                    slots[j], ticket, i, t + 2 * interval_ms, at_risk,
                    take[at_row(i, take), j], trail[at_row(i, trail), j],
                    max_bars[at_row(i, max_bars), j], now,
                )  # fmt: skip
                if code == ACT_ENTER:
                    marks = count_entry(marks)
                    for other in range(p):  # the count may refuse them from now on
                        if last[other] >= FIRST_REFUSAL:
                            calm_until[other] = 0
                            awake[other] = True
            if code >= FIRST_REFUSAL and code != said[j]:
                refusals[found, 0] = i
                refusals[found, 1] = j
                refusals[found, 2] = code
                found += 1
            said[j] = code
            counts[j, code] += 1
            calm_until[j] = 0
            if slots[j]["kind"] == KIND_NONE:
                last[j] = code
                most = note(slots[j], code, bounds, reach[j], wish[j])
                calm_until[j] = min(i + 1 + most, n) if most > 0 else 0
                if code >= FIRST_REFUSAL:
                    other_row = row_of_another(guards, j, code, i, marks.day, time)
                    calm_until[j] = min(calm_until[j], other_row)
        for j in range(p):
            slots[j]["held_back_units"] = 0
        i += 1
    return i, row, found, cash, marks
