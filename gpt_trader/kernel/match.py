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
from typing import NamedTuple

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
    ORDINAL_BAR,
    ORDINAL_PROTECTION,
    TAKER,
)
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.ledger import average_after, cash_after
from gpt_trader.kernel.rounding import (
    MAX_LOTS,
    Spec,
    fee_up,
    lots_of_base,
    notional_down,
    notional_up,
)
from gpt_trader.kernel.slippage import Drift, bar_drift, cross_value, taker_ticks
from gpt_trader.kernel.slot import (
    KIND_LIMIT,
    KIND_NONE,
    KIND_SIZE,
    KIND_VALUE,
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


class Part(NamedTuple):
    """What orders are matched against: a bar, or a finer bar inside one. Prices in ticks.

    is_first, is_last: whether it is the first and the last part of the bar that orders live in:
    post-only is judged at the one, a limit ends with the other; both where a bar is whole.
    """

    open_ms: int  # of the bar that orders live in
    open_ticks: int
    high: int
    low: int
    volume: float  # base units; inf will do where costs have neither participation nor impact
    interval_ms: int  # its own
    is_first: bool
    is_last: bool


class Book(NamedTuple):
    """Where fills are written: rows of FILL_DTYPE, each with its bar and product, and the log."""

    fills: NDArray[np.void]
    log: NDArray[np.int64]
    bar: int
    product: int


class Terms(NamedTuple):
    """At what a part fills: the product's grid, the costs in force, what moves crossing prices."""

    spec: Spec
    costs: Costs
    drift: Drift


class Done(NamedTuple):
    """How far the matching of a part has come."""

    cash: int
    row: int  # next free row of fills
    logged: int  # lines of the log
    room: int  # lots that fills may still take of the part's volume
    entered_at: int  # limit of an entry that filled inside the part; 0: none


class Take(NamedTuple):
    """A fill as it happens."""

    side: int
    lots: int
    base: int  # price in ticks before all that moves it against us
    ticks: int
    liquidity: int
    reason: int
    cause: int
    ordinal: int
    rate_e8: int


@compiled
def _book(slot: Slot, done: Done, take: Take, terms: Terms, book: Book) -> Done:
    """Book a fill: cash, position, its row of fills, its line of the log."""
    spec = terms.spec
    fee = fill_fee(take.side, take.lots, take.ticks, take.rate_e8, spec)
    cash = cash_after(done.cash, take.side, take.lots, take.ticks, fee, spec)
    fill = book.fills[done.row]
    fill["bar"] = book.bar
    fill["product"] = book.product
    fill["side"] = take.side
    fill["lots"] = take.lots
    fill["ticks"] = take.ticks
    fill["fee"] = fee
    fill["liquidity"] = take.liquidity
    fill["reason"] = take.reason
    fill["cause"] = take.cause
    fill["ordinal"] = take.ordinal
    fill["cash"] = cash
    fill["base"] = take.base
    book.log[done.logged, 0], book.log[done.logged, 1] = LOG_FILL, done.row
    after_fill(slot, take.side, take.lots, take.ticks, take.reason, terms.costs)
    return Done(cash, done.row + 1, done.logged + 1, done.room - take.lots, done.entered_at)


@compiled
def _work(
    slot: Slot,
    done: Done,
    lots: int,
    wanted: int,
    base: int,
    ticks: int,
    liquidity: int,
    terms: Terms,
    book: Book,
) -> Done:
    """Fill `lots` of the working order; it is filled at `wanted`."""
    before = done.cash
    rate_e8 = slot["maker_e8"] if liquidity == MAKER else slot["taker_e8"]
    take = Take(
        slot["side"], lots, base, ticks, liquidity, slot["reason"], slot["cause"],
        slot["ordinal"], rate_e8,
    )  # fmt: skip
    done = _book(slot, done, take, terms, book)
    if lots == wanted:
        done = _say(done, book, LOG_FILLED, slot["ordinal"], slot["cause"])
        slot["attempts"] = 0
        clear_working(slot)
    elif slot["kind"] == KIND_VALUE:
        slot["left_units"] -= before - done.cash
        slot["reserve_units"] = slot["left_units"]
    else:
        slot["left_lots"] -= lots
    return done


@compiled
def _say(done: Done, book: Book, status: int, ordinal: int, cause: int) -> Done:
    """Log what became of an order."""
    log, k = book.log, done.logged
    log[k, 0], log[k, 1], log[k, 2] = status, ordinal, cause
    return Done(done.cash, done.row, k + 1, done.room, done.entered_at)


@compiled
def _end(slot: Slot, done: Done, book: Book, status: int) -> Done:
    """End the working order without a further fill."""
    done = _say(done, book, status, slot["ordinal"], slot["cause"])
    if status != LOG_CANCELLED:
        count_unfilled(slot)
    clear_working(slot)
    return done


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
    slot: Slot, cash: int, part: Part, spec: Spec, costs: Costs, book: Book, row: int
) -> tuple[int, int, int]:
    """Match one product against a bar or a part of one, booking into its slot and the book.

    costs: those in force at the bar. row: next free one of the book's fills.
    Returns (cash, next free row of fills, lines written to the log).
    """
    drift = bar_drift(part.high, part.low, part.volume, part.interval_ms, spec, costs)
    terms = Terms(spec, costs, drift)
    done = Done(cash, row, 0, room_lots(part.volume, costs, spec), 0)
    done = _match_order(slot, done, part, terms, book)
    done = _match_stop(slot, done, part, terms, book)
    done = _match_closing_limit(slot, done, part, terms, book)
    if part.is_last and slot["kind"] == KIND_LIMIT:  # its bar is over
        done = _end(slot, done, book, LOG_EXPIRED)
    return done.cash, done.row, done.logged


@compiled
def _match_order(slot: Slot, done: Done, part: Part, terms: Terms, book: Book) -> Done:
    """The working order first: it was there before the bar began.

    All but the limit of an exit: the stop is on its own side of the price, and which of the two
    the bar met first cannot be told, so the worse one, the stop, comes before it.
    """
    kind = slot["kind"]
    if kind == KIND_SIZE or kind == KIND_VALUE:
        done = _cross(slot, done, part, terms, book)
    elif kind == KIND_LIMIT:
        if part.open_ms >= slot["expire_ms"]:
            done = _end(slot, done, book, LOG_EXPIRED)
        elif part.is_first and limit_crosses(slot["side"], slot["limit_ticks"], part.open_ticks):
            done = _end(slot, done, book, LOG_REJECTED)
        elif slot["reason"] == FILL_ENTRY:
            done = _enter(slot, done, part, terms, book)
    return done


@compiled
def _cross(slot: Slot, done: Done, part: Part, terms: Terms, book: Book) -> Done:
    """Fill a market order at the open, moved against us, as far as the volume goes."""
    side, costs = slot["side"], terms.costs
    least, ticks = 1, 0
    if slot["kind"] == KIND_VALUE:
        least = terms.spec.min_lots
        wanted, ticks = cross_value(
            slot["left_units"], side, done.room, part.open_ticks, terms.drift, slot["taker_e8"],
            terms.spec, costs,
        )  # fmt: skip
    elif slot["reason"] == FILL_ENTRY:
        wanted = slot["left_lots"]
    else:  # reduce-only: never more than is held
        wanted = min(slot["left_lots"], abs(slot["lots"]))
    lots = min(wanted, done.room)
    if wanted < least or wanted >= MAX_LOTS:
        done = _end(slot, done, book, LOG_CANCELLED)
    elif lots > 0:
        if slot["kind"] == KIND_SIZE:
            ticks = taker_ticks(part.open_ticks, side, lots, terms.drift, costs)
        done = _work(slot, done, lots, wanted, part.open_ticks, ticks, TAKER, terms, book)
    return done


@compiled
def _enter(slot: Slot, done: Done, part: Part, terms: Terms, book: Book) -> Done:
    """Fill an entry's limit inside the bar, unless price met the stop of what is held first."""
    side, limit = slot["side"], slot["limit_ticks"]
    lots = min(slot["left_lots"], done.room)
    if (
        lots > 0
        and before_stop(side, limit, slot["stop_ticks"])
        and limit_trades(side, limit, part.high, part.low, terms.costs.touch_fills)
    ):
        done = Done(done.cash, done.row, done.logged, done.room, limit)
        done = _work(slot, done, lots, slot["left_lots"], limit, limit, MAKER, terms, book)
    return done


@compiled
def _match_stop(slot: Slot, done: Done, part: Part, terms: Terms, book: Book) -> Done:
    """Then the stop: before any limit that closes, since the worse of two comes first.

    One that has triggered works as an order already: its ordinal is not a bar's.
    """
    if slot["lots"] == 0 or slot["stop_ticks"] == 0 or slot["ordinal"] != ORDINAL_BAR:
        return done
    costs = terms.costs
    away = -1 if slot["lots"] > 0 else 1
    stop = slot["stop_ticks"]
    hit = part.low <= stop if away < 0 else part.high >= stop
    # beyond the take-profit already at the open: it fills there, and nothing is left to stop
    taken_at_open = (
        slot["take_ticks"] != 0
        and done.entered_at == 0
        and slot["kind"] == KIND_NONE
        and limit_trades(
            away, slot["take_ticks"], part.open_ticks, part.open_ticks, costs.touch_fills
        )
    )
    if not hit or taken_at_open:
        return done
    if slot["kind"] != KIND_NONE:
        done = _say(done, book, LOG_CANCELLED, slot["ordinal"], slot["cause"])
    trigger_stop(slot)
    done = _say(done, book, LOG_TRIGGERED, slot["ordinal"], slot["cause"])
    # after an entry inside the bar the price was at its limit, not at the open
    before = part.open_ticks if done.entered_at == 0 else done.entered_at
    base = stop_base(away, stop, before)
    lots = min(slot["left_lots"], done.room)
    if lots > 0:
        ticks = taker_ticks(base, away, lots, terms.drift, costs)
        done = _work(slot, done, lots, slot["left_lots"], base, ticks, TAKER, terms, book)
    return done


@compiled
def _match_closing_limit(slot: Slot, done: Done, part: Part, terms: Terms, book: Book) -> Done:
    """At last a limit that closes: the take-profit, or the exit order in its place.

    Not the take-profit of an entry inside the same bar: the high may be older than the entry.
    """
    if slot["lots"] == 0:
        return done
    touch_fills = terms.costs.touch_fills
    away = -1 if slot["lots"] > 0 else 1
    reducing = slot["kind"] != KIND_NONE and slot["reason"] != FILL_ENTRY
    if slot["take_ticks"] != 0 and not reducing and done.entered_at == 0:
        lots = min(abs(slot["lots"]), done.room)
        if lots > 0 and limit_trades(away, slot["take_ticks"], part.high, part.low, touch_fills):
            done = _take_profit(slot, done, away, lots, terms, book)
    elif reducing and slot["kind"] == KIND_LIMIT:
        limit = slot["limit_ticks"]
        lots = min(slot["left_lots"], done.room)
        if lots > 0 and limit_trades(away, limit, part.high, part.low, touch_fills):
            done = _work(slot, done, lots, slot["left_lots"], limit, limit, MAKER, terms, book)
    return done


@compiled
def _take_profit(slot: Slot, done: Done, side: int, lots: int, terms: Terms, book: Book) -> Done:
    """Fill the take-profit: what was to add is cancelled first."""
    if slot["kind"] != KIND_NONE:
        done = _end(slot, done, book, LOG_CANCELLED)
    ticks, cause = slot["take_ticks"], slot["protection_cause"]
    take = Take(
        side, lots, ticks, ticks, MAKER, FILL_TAKE_PROFIT, cause, ORDINAL_PROTECTION,
        slot["protection_maker_e8"],
    )  # fmt: skip
    done = _book(slot, done, take, terms, book)
    if slot["lots"] == 0:
        done = _say(done, book, LOG_FILLED, ORDINAL_PROTECTION, cause)
    return done


@compiled
def before_stop(side: int, limit: int, stop: int) -> bool:
    """Whether price reaches an entry limit no later than the stop of what is held (0: none)."""
    return stop == 0 or (limit >= stop if side > 0 else limit <= stop)
