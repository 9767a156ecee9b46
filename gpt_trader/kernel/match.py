"""Matching a product's working order and protection against one bar.

The bar protocol, per product and bar, everything before the next product's turn:
1. At the open: a market order fills at the open, moved against us by spread and slippage; a
   post-only limit placed at the last close is rejected if the open crosses it.
2. Inside the bar: an entry limit that trades through fills at its price as maker, before the
   stop (price passes it first); a stop that the open passed fills at the open, one reached
   inside the bar at its level, both moved against us; the stop comes before any limit on the
   other side. A take-profit or exit limit that trades through fills at its price as maker;
   on the bar of an entry inside the bar a take-profit does not fill (the high may be older).
3. An unfilled limit has lived its bar and expires; a market order waits for more volume.
While an exit order works, the take-profit rests; the stop is watched all the same.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.codes import (
    FILL_ENTRY,
    FILL_MAX_BARS,
    FILL_OPERATOR,
    FILL_STOP,
    FILL_TAKE_PROFIT,
    FILL_TRAIL,
    MAKER,
    TAKER,
)
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.ledger import average_after, cash_after
from gpt_trader.kernel.rounding import (
    MAX_LOTS,
    Spec,
    fee_up,
    lots_of_base,
    notional_down,
    notional_up,
)
from gpt_trader.kernel.settings import Costs
from gpt_trader.kernel.slippage import bar_drift, cross_value, taker_ticks
from gpt_trader.kernel.slot import (
    KIND_LIMIT,
    KIND_NONE,
    KIND_SIZE,
    KIND_VALUE,
    ORDINAL_BAR,
    ORDINAL_PROTECTION,
    Slot,
    clear_protection,
    clear_working,
    count_unfilled,
    set_levels,
)

# What the log says happened, in order: (LOG_FILL, row of fills, -) or (status, ordinal, cause).
LOG_FILL = 0
LOG_FILLED = 1
LOG_EXPIRED = 2
LOG_REJECTED = 3
LOG_CANCELLED = 4
LOG_TRIGGERED = 5
MAX_FILLS_PER_BAR = 4
MAX_LOG_PER_BAR = 12

UNLIMITED = 2**62


@compiled
def room_lots(volume: float, costs: Costs, spec: Spec) -> int:
    """Lots that fills may take of a bar's volume."""
    if math.isinf(costs.participation):
        return UNLIMITED
    return lots_of_base(volume * costs.participation, spec)


@compiled
def fill_units(side: int, lots: int, ticks: int, spec: Spec) -> int:
    """What a fill moved in units, fee excluded: a buy rounded up, a sale down."""
    return notional_up(lots, ticks, spec) if side > 0 else notional_down(lots, ticks, spec)


@compiled
def fill_fee(side: int, lots: int, ticks: int, rate_e8: int, spec: Spec) -> int:
    """Fee of a fill in units: on the cost of a buy, on the proceeds of a sale."""
    return fee_up(fill_units(side, lots, ticks, spec), rate_e8)


@compiled
def limit_crosses(side: int, limit: int, open_ticks: int) -> bool:
    """Whether the open is at the limit or beyond it, on our side of the trade."""
    return open_ticks <= limit if side > 0 else open_ticks >= limit


@compiled
def limit_trades(side: int, limit: int, high: int, low: int, touch: int) -> bool:
    """Whether the bar trades through a resting limit (or touches it, if that is enough).

    With the open as both high and low: whether the open itself is beyond the limit.
    """
    if side > 0:
        return low < limit or (touch == 1 and low == limit)
    return high > limit or (touch == 1 and high == limit)


@compiled
def stop_base(side: int, stop: int, open_ticks: int) -> int:
    """Price of a triggered stop before slippage: the worse of trigger and open."""
    return max(open_ticks, stop) if side > 0 else min(open_ticks, stop)


@compiled
def is_quiet(slot: Slot, high: int, low: int) -> bool:
    """Whether a bar can be passed over: nothing works and no level is touched."""
    floor, ceiling = quiet_range(slot["lots"], slot["stop_ticks"], slot["take_ticks"])
    return slot["kind"] == KIND_NONE and low > floor and high < ceiling


@compiled
def quiet_range(lots: int, stop: int, take: int) -> tuple[int, int]:
    """Prices in ticks between which a position's levels (0: none) are not touched."""
    if lots > 0:
        return stop, take if take != 0 else UNLIMITED
    if lots < 0:
        return take, stop if stop != 0 else UNLIMITED
    return -1, UNLIMITED


@compiled
def after_fill(slot: Slot, side: int, lots: int, ticks: int, reason: int, costs: Costs) -> None:
    """Move position, average, protection and latch after a fill of the working order.

    costs: those in force; a protection keeps the rates at which its entry found them.
    """
    held = slot["lots"]
    slot["average_ticks"] = average_after(held, slot["average_ticks"], side, lots, ticks)
    slot["lots"] = held + side * lots
    if reason == FILL_ENTRY:
        if held == 0:
            slot["peak_ticks"] = float(ticks)
            slot["bars_held"] = 0
        slot["stop"] = slot["next_stop"]
        slot["take"] = slot["next_take"]
        slot["trail"] = slot["next_trail"]
        slot["max_bars"] = slot["next_max_bars"]
        slot["protection_cause"] = slot["cause"]
        slot["protection_taker_e8"] = costs.taker_e8
        slot["protection_maker_e8"] = costs.maker_e8
        set_levels(slot)
    elif slot["lots"] == 0:
        clear_protection(slot)
        if (
            reason == FILL_STOP
            or reason == FILL_TAKE_PROFIT
            or reason == FILL_TRAIL
            or reason == FILL_MAX_BARS
        ):
            slot["latch"] = slot["weight"] if slot["weight"] != 0.0 else math.nan
    elif reason == FILL_OPERATOR:  # the average may have moved
        set_levels(slot)


@compiled
def _take(
    slot: Slot,
    cash: int,
    bar: int,
    product: int,
    side: int,
    lots: int,
    base: int,
    ticks: int,
    liquidity: int,
    reason: int,
    cause: int,
    ordinal: int,
    rate_e8: int,
    spec: Spec,
    costs: Costs,
    fills: NDArray[np.void],
    row: int,
    log: NDArray[np.int64],
    n_log: int,
) -> int:
    """Book a fill: cash, position, its row of `fills`, its line of the log. Returns cash."""
    fee = fill_fee(side, lots, ticks, rate_e8, spec)
    cash = cash_after(cash, side, lots, ticks, fee, spec)
    fill = fills[row]
    fill["bar"] = bar
    fill["product"] = product
    fill["side"] = side
    fill["lots"] = lots
    fill["ticks"] = ticks
    fill["fee"] = fee
    fill["liquidity"] = liquidity
    fill["reason"] = reason
    fill["cause"] = cause
    fill["ordinal"] = ordinal
    fill["cash"] = cash
    fill["base"] = base
    log[n_log, 0], log[n_log, 1] = LOG_FILL, row
    after_fill(slot, side, lots, ticks, reason, costs)
    return cash


@compiled
def _work(
    slot: Slot,
    cash: int,
    bar: int,
    product: int,
    lots: int,
    wanted: int,
    base: int,
    ticks: int,
    liquidity: int,
    spec: Spec,
    costs: Costs,
    fills: NDArray[np.void],
    row: int,
    log: NDArray[np.int64],
    n_log: int,
) -> tuple[int, int]:
    """Fill `lots` of the working order; it is done at `wanted`. Returns (cash, log entries)."""
    before = cash
    rate_e8 = slot["maker_e8"] if liquidity == MAKER else slot["taker_e8"]
    cash = _take(
        slot, cash, bar, product, slot["side"], lots, base, ticks, liquidity, slot["reason"],
        slot["cause"], slot["ordinal"], rate_e8, spec, costs, fills, row, log, n_log,
    )  # fmt: skip
    n_log += 1
    if lots == wanted:
        n_log = _say(slot, log, n_log, LOG_FILLED)
        slot["attempts"] = 0
        clear_working(slot)
    elif slot["kind"] == KIND_VALUE:
        slot["left_units"] -= before - cash
        slot["reserve_units"] = slot["left_units"]
    else:
        slot["left_lots"] -= lots
    return cash, n_log


@compiled
def _say(slot: Slot, log: NDArray[np.int64], n_log: int, status: int) -> int:
    """Log what became of the working order. Returns the log's length."""
    log[n_log, 0], log[n_log, 1], log[n_log, 2] = status, slot["ordinal"], slot["cause"]
    return n_log + 1


@compiled
def _end(slot: Slot, log: NDArray[np.int64], n_log: int, status: int) -> int:
    """End the working order without a further fill. Returns the log's length."""
    n_log = _say(slot, log, n_log, status)
    if status != LOG_CANCELLED:
        count_unfilled(slot)
    clear_working(slot)
    return n_log


@compiled
def trigger_stop(slot: Slot) -> None:
    """Turn the protection into a working market order for the whole position."""
    reason = slot["stop_reason"]
    clear_working(slot)
    slot["kind"] = KIND_SIZE
    slot["side"] = -1 if slot["lots"] > 0 else 1
    slot["left_lots"] = abs(slot["lots"])
    slot["reason"] = reason
    slot["taker_e8"] = slot["protection_taker_e8"]
    slot["maker_e8"] = slot["protection_maker_e8"]
    slot["cause"] = slot["protection_cause"]
    slot["ordinal"] = ORDINAL_PROTECTION


@compiled
def match_bar(
    slot: Slot,
    cash: int,
    bar: int,
    product: int,
    open_ms: int,
    open_ticks: int,
    high: int,
    low: int,
    volume: float,
    interval_ms: int,
    spec: Spec,
    costs: Costs,
    fills: NDArray[np.void],
    row: int,
    log: NDArray[np.int64],
    is_first: bool,
    is_last: bool,
) -> tuple[int, int, int]:
    """Match one product against one bar, booking into the slot and `fills` from `row` on.

    is_first, is_last: whether it is the first and the last part of the bar that orders live in:
    post-only is judged at the one, a limit ends with the other; both without finer bars.
    volume: base units; inf will do where costs have neither participation nor impact. costs:
    those in force at the bar. Returns (cash, next free row of fills, entries written to log).
    """
    n_log = 0
    room = room_lots(volume, costs, spec)
    drift = bar_drift(high, low, volume, interval_ms, spec, costs)
    inside_entry = False
    entered_at = 0

    # 1. the working order
    kind = slot["kind"]
    side = slot["side"]
    if kind == KIND_SIZE or kind == KIND_VALUE:
        least = 1
        if kind == KIND_VALUE:
            wanted, ticks = cross_value(
                slot["left_units"], side, room, open_ticks, drift, slot["taker_e8"], spec, costs
            )
            least = spec.min_lots
        elif slot["reason"] == FILL_ENTRY:
            wanted = slot["left_lots"]
        else:  # reduce-only: never more than is held
            wanted = min(slot["left_lots"], abs(slot["lots"]))
        lots = min(wanted, room)
        if wanted < least or wanted >= MAX_LOTS:
            n_log = _end(slot, log, n_log, LOG_CANCELLED)
        elif lots > 0:
            if kind == KIND_SIZE:
                ticks = taker_ticks(open_ticks, side, lots, drift, costs)
            cash, n_log = _work(
                slot, cash, bar, product, lots, wanted, open_ticks, ticks, TAKER, spec, costs,
                fills, row, log, n_log,
            )  # fmt: skip
            row += 1
            room -= lots
    elif kind == KIND_LIMIT:
        if open_ms >= slot["expire_ms"]:
            n_log = _end(slot, log, n_log, LOG_EXPIRED)
        elif is_first and limit_crosses(side, slot["limit_ticks"], open_ticks):
            n_log = _end(slot, log, n_log, LOG_REJECTED)
        elif slot["reason"] == FILL_ENTRY:
            lots = min(slot["left_lots"], room)
            if (
                lots > 0
                and before_stop(side, slot["limit_ticks"], slot["stop_ticks"])
                and limit_trades(side, slot["limit_ticks"], high, low, costs.touch_fills)
            ):
                inside_entry = True
                entered_at = slot["limit_ticks"]
                cash, n_log = _work(
                    slot, cash, bar, product, lots, slot["left_lots"], slot["limit_ticks"],
                    slot["limit_ticks"], MAKER, spec, costs, fills, row, log, n_log,
                )  # fmt: skip
                row += 1
                room -= lots

    # 2. the stop
    if slot["lots"] != 0 and slot["stop_ticks"] != 0 and slot["ordinal"] == ORDINAL_BAR:
        away = -1 if slot["lots"] > 0 else 1
        stop = slot["stop_ticks"]
        hit = low <= stop if away < 0 else high >= stop
        taken_at_open = (
            slot["take_ticks"] != 0
            and not inside_entry
            and slot["kind"] == KIND_NONE
            and limit_trades(away, slot["take_ticks"], open_ticks, open_ticks, costs.touch_fills)
        )
        if hit and not taken_at_open:
            if slot["kind"] != KIND_NONE:
                n_log = _say(slot, log, n_log, LOG_CANCELLED)
            trigger_stop(slot)
            n_log = _say(slot, log, n_log, LOG_TRIGGERED)
            # after an entry inside the bar the price was at its limit, not at the open
            base = stop_base(away, stop, entered_at if inside_entry else open_ticks)
            lots = min(slot["left_lots"], room)
            if lots > 0:
                ticks = taker_ticks(base, away, lots, drift, costs)
                cash, n_log = _work(
                    slot, cash, bar, product, lots, slot["left_lots"], base, ticks, TAKER, spec,
                    costs, fills, row, log, n_log,
                )  # fmt: skip
                row += 1
                room -= lots

    # 3. limits that close: the take-profit, or the exit order in its place
    if slot["lots"] != 0:
        away = -1 if slot["lots"] > 0 else 1
        reducing = slot["kind"] != KIND_NONE and slot["reason"] != FILL_ENTRY
        take = slot["take_ticks"]
        if take != 0 and not reducing and not inside_entry:
            lots = min(abs(slot["lots"]), room)
            if lots > 0 and limit_trades(away, take, high, low, costs.touch_fills):
                if slot["kind"] != KIND_NONE:
                    n_log = _end(slot, log, n_log, LOG_CANCELLED)
                cause = slot["protection_cause"]
                cash = _take(
                    slot, cash, bar, product, away, lots, take, take, MAKER, FILL_TAKE_PROFIT,
                    cause, ORDINAL_PROTECTION, slot["protection_maker_e8"], spec, costs, fills,
                    row, log, n_log,
                )  # fmt: skip
                n_log += 1
                row += 1
                if slot["lots"] == 0:
                    log[n_log, 0], log[n_log, 1], log[n_log, 2] = (
                        LOG_FILLED,
                        ORDINAL_PROTECTION,
                        cause,
                    )
                    n_log += 1
        elif reducing and slot["kind"] == KIND_LIMIT:
            lots = min(slot["left_lots"], room)
            if lots > 0 and limit_trades(away, slot["limit_ticks"], high, low, costs.touch_fills):
                cash, n_log = _work(
                    slot, cash, bar, product, lots, slot["left_lots"], slot["limit_ticks"],
                    slot["limit_ticks"], MAKER, spec, costs, fills, row, log, n_log,
                )  # fmt: skip
                row += 1

    # 4. a limit lives one bar
    if is_last and slot["kind"] == KIND_LIMIT:
        n_log = _end(slot, log, n_log, LOG_EXPIRED)
    return cash, row, n_log


@compiled
def before_stop(side: int, limit: int, stop: int) -> bool:
    """Whether price reaches an entry limit no later than the stop of what is held (0: none)."""
    return stop == 0 or (limit >= stop if side > 0 else limit <= stop)
