"""From a target weight to an order: the whole decision for one product at one close."""

import math
from typing import NamedTuple

from gpt_trader.kernel.bounds import Bounds
from gpt_trader.kernel.codes import (
    ACT_ENTER,
    ACT_EXIT,
    ACT_MAX_BARS,
    ACT_REDUCE,
    FILL_ENTRY,
    FILL_EXIT,
    FILL_MAX_BARS,
    FILL_REDUCE,
    HOLD_DUST,
    HOLD_ENTRY_MISSED,
    HOLD_FLAT,
    HOLD_IN_BAND,
    HOLD_NO_OPINION,
    HOLD_ORDER_WORKING,
    HOLD_SHORT_UNSUPPORTED,
    HOLD_STOPPED_OUT,
    ORDINAL_BAR,
    REFUSED_MINIMUM,
    REFUSED_MISSING_INPUT,
    REFUSED_OVERFLOW,
)
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.guards import (
    NOWHERE,
    Guard,
    asks_sized,
    cut,
    refuses_entry,
    refuses_sized,
    said,
    said_of_cut,
)
from gpt_trader.kernel.ledger import quote, value
from gpt_trader.kernel.market import Rules
from gpt_trader.kernel.marks import Marks
from gpt_trader.kernel.readings import (
    Outside,
    Readings,
    read_order,
    read_product,
)
from gpt_trader.kernel.rounding import (
    RATE_SCALE,
    Spec,
    adverse_ticks,
    buy_cost,
    fits,
    lots_for_quote,
    lots_of_value,
    most_lots,
    near_ticks,
    notional_down,
    notional_up,
    spec_at,
    units_down,
)
from gpt_trader.kernel.slippage import quoted
from gpt_trader.kernel.slot import (
    KIND_LIMIT,
    KIND_NONE,
    KIND_SIZE,
    KIND_VALUE,
    Slot,
    Slots,
    clear_working,
    is_due,
)
from gpt_trader.kernel.style import STYLE_MAKER_ONLY, STYLE_TAKER, Style, style_at

VALUE_MAX = 9.0e9  # quote; an order above it is refused as REFUSED_OVERFLOW


class Intention(NamedTuple):
    """What to do with one product. `amount` is quote for an entry, lots for the rest."""

    code: int
    side: int
    amount: float
    lots: int
    cancel: int  # 1: first cancel the working order


class Ticket(NamedTuple):
    """An order as sized, or why there is none. `code` is a decision code."""

    code: int
    kind: int
    side: int
    lots: int
    quote: int
    limit: int
    reserve: int
    value: float  # what the refusing guard read
    limit_value: float  # and its limit


@compiled
def same_weight(a: float, b: float, band: float) -> bool:
    """Whether two target weights differ by no more than the band of the larger.

    Without a band (NaN) no weight is another one: a latch stays.
    """
    return not abs(a - b) > band * max(abs(a), abs(b))


@compiled
def in_band(wanted: float, held: float, band: float) -> bool:
    """Whether wanted and held worth differ by no more than the band of the larger."""
    return abs(wanted - held) <= band * max(abs(wanted), abs(held))


@compiled
def capped(weight: float, cap: float) -> float:
    """Target weight within [-cap, cap]."""
    return max(-cap, min(cap, weight))


@compiled
def is_dust(lots: int, ticks: int, spec: Spec) -> bool:
    """Whether a position is too small for the exchange to accept its sale."""
    held = abs(lots)
    if held == 0:
        return False
    too_cheap = spec.min_units > 0 and notional_down(held, ticks, spec) < spec.min_units
    return too_cheap or held < spec.min_lots


@compiled
def note_weight(slot: Slot, weight: float, bounds: Bounds) -> None:
    """Remember the newest opinion; a changed one lifts the latch of a protective exit.

    Changed is what would be traded: both weights within the product's share of equity.
    """
    if math.isnan(weight):
        return
    latch = slot["latch"]
    if not math.isnan(latch) and not same_weight(
        capped(weight, bounds.max_product), capped(latch, bounds.max_product), bounds.rebalance_band
    ):
        slot["latch"] = math.nan
    slot["weight"] = weight


@compiled
def intend(slot: Slot, weight: float, equity: float, spec: Spec, bounds: Bounds) -> Intention:
    """Compare target and position; say whether to hold, enter, reduce or leave.

    weight: this bar's target (NaN: no opinion). A position never crosses zero in one order.
    """
    lots, close = slot["lots"], slot["close_ticks"]
    working = slot["kind"] != KIND_NONE
    dust = is_dust(lots, close, spec)
    if lots != 0 and is_due(slot["max_bars"], slot["bars_held"]) and not dust:
        return _leave(slot, ACT_MAX_BARS)
    if math.isnan(weight):
        return _hold(HOLD_ORDER_WORKING if working else HOLD_NO_OPINION)
    if not math.isnan(slot["latch"]) and lots == 0:
        return _hold(HOLD_STOPPED_OUT)
    unsupported = weight < 0.0 and spec.is_perp == 0
    target = 0.0 if unsupported or weight == 0.0 else capped(weight, bounds.max_product)
    # of the weight: a share that did not arrive leaves no target, and holds no exit back
    against = (lots > 0 and weight < 0.0) or (lots < 0 and weight > 0.0)
    if lots != 0 and not dust and (target == 0.0 or against):
        return _leave(slot, ACT_EXIT)
    if target == 0.0:
        return _stay_flat(slot, unsupported, dust)
    if not (equity > 0.0 and close > 0):
        return _hold(REFUSED_MISSING_INPUT)
    return _adjust(slot, target, equity, spec, bounds.rebalance_band)


@compiled
def _hold(code: int) -> Intention:
    return Intention(code, 0, 0.0, 0, 0)


@compiled
def _leave(slot: Slot, code: int) -> Intention:
    return _close(slot, code, -1 if slot["lots"] > 0 else 1, abs(slot["lots"]))


@compiled
def _close(slot: Slot, code: int, side: int, lots: int) -> Intention:
    """Close lots; an exit that works already goes on, anything else that works is cancelled."""
    working = slot["kind"] != KIND_NONE
    if working and slot["reason"] != FILL_ENTRY:
        return _hold(HOLD_ORDER_WORKING)
    return Intention(code, side, 0.0, lots, 1 if working else 0)


@compiled
def _stay_flat(slot: Slot, unsupported: bool, dust: bool) -> Intention:
    """Hold nothing: an entry that works is called back."""
    if slot["kind"] != KIND_NONE:
        cancel = 1 if slot["reason"] == FILL_ENTRY else 0
        return Intention(HOLD_ORDER_WORKING, 0, 0.0, 0, cancel)
    if dust:
        return _hold(HOLD_DUST)
    return _hold(HOLD_SHORT_UNSUPPORTED if unsupported else HOLD_FLAT)


@compiled
def _adjust(slot: Slot, target: float, equity: float, spec: Spec, band: float) -> Intention:
    """Move toward a target that is not flat, if it is further away than the band."""
    working = slot["kind"] != KIND_NONE
    wanted, held = target * equity, value(slot["lots"], slot["close_ticks"], spec)
    gap = wanted - held
    if in_band(wanted, held, band):
        return _hold(HOLD_ORDER_WORKING if working else HOLD_IN_BAND)
    side = 1 if gap > 0.0 else -1
    if (side > 0) == (target > 0.0):
        if working:
            cancel = 1 if slot["side"] != side and slot["ordinal"] == ORDINAL_BAR else 0
            return Intention(HOLD_ORDER_WORKING, 0, 0.0, 0, cancel)
        return Intention(ACT_ENTER, side, abs(gap), 0, 0)
    less = _fewer(slot["lots"], abs(gap), slot["close_ticks"], spec)
    if less < spec.min_lots or is_dust(less, slot["close_ticks"], spec):
        return _hold(HOLD_ORDER_WORKING if working else HOLD_IN_BAND)
    return _close(slot, ACT_REDUCE, side, less)


@compiled
def _fewer(held: int, amount: float, close: int, spec: Spec) -> int:
    """Lots that a reduction by `amount` quote sells: all, where the rest would be dust."""
    less = min(lots_of_value(amount, close, spec), abs(held))
    rest = abs(held) - less
    if rest > 0 and is_dust(rest, close, spec):
        less = abs(held)
    return less


@compiled
def size_entry(
    wanted: Intention,
    stop: float,
    slot: Slot,
    j: int,
    free: int,
    readings: Readings,
    rules: Rules,
    spec: Spec,
    costs: Costs,
    style: Style,
) -> Ticket:
    """Size an entry within the room that product j's guards leave, free cash and the minimums.

    free: cash in units that nothing has set aside. The order is cut to the tightest room; when
    less than the least sellable size is left, that guard is named. With it the position stays
    within what one order can sell.
    """
    waited = max(slot["attempts"], 0)
    if style.entry_maker != STYLE_TAKER and waited >= style.entry_ttl_bars:
        return no_order(HOLD_ENTRY_MISSED, float(waited), float(style.entry_ttl_bars))
    spend, by = cut(rules.guards, j, readings, wanted.amount)
    if not spend < VALUE_MAX:
        return no_order(REFUSED_OVERFLOW, spend, VALUE_MAX)
    budget = max(free, 0)
    if spend != readings[0]["spendable"]:
        budget = min(units_down(spend), budget)
    ticks, rate = _entry_price(slot["close_ticks"], wanted.side, costs, style)
    lots = lots_for_quote(budget, ticks, rate, spec)
    most = most_lots(ticks, spec) - abs(slot["lots"])
    if lots > most:
        lots = max(most, 0)
        budget = buy_cost(lots, ticks, rate, spec)
        spend, by = quote(budget), NOWHERE
    if not fits(lots, ticks, spec):
        return no_order(REFUSED_OVERFLOW, spend, VALUE_MAX)
    least = rules.bounds.min_multiple
    sellable = _sellable(lots, ticks, stop, least, spec, costs)
    if lots < least * spec.min_lots or sellable < least * quote(spec.min_units):
        if by != NOWHERE:
            seen, bound = said_of_cut(rules.guards[j, by], readings, wanted.amount)
            return no_order(rules.guards[j, by]["code"], seen, bound)
        smallest = max(spec.min_units, notional_up(spec.min_lots, ticks, spec))
        return no_order(REFUSED_MINIMUM, spend, least * quote(smallest))
    ticket = _entry_ticket(wanted.side, lots, budget, ticks, rate, spec, style)
    if asks_sized(rules.guards, j):
        read_order(readings, ticket.reserve, math.nan, 0.0, 0.0)
        refusing = refuses_sized(rules.guards, j, readings)
        if refusing != NOWHERE:
            return refused(rules.guards[j, refusing], readings)
    return ticket


@compiled
def _entry_price(close: int, side: int, costs: Costs, style: Style) -> tuple[int, int]:
    """Price in ticks at which an entry is counted, and its fee rate: a maker's is its limit."""
    if style.entry_maker != STYLE_TAKER:
        limit = near_ticks(close, side, costs.half_spread_e8 + style.entry_offset_e8)
        return limit, costs.maker_e8
    return adverse_ticks(close, side, costs.half_spread_e8 + costs.slippage_e8), costs.taker_e8


@compiled
def _sellable(lots: int, ticks: int, stop: float, least: float, spec: Spec, costs: Costs) -> float:
    """Worth of an entry's lots, quote: as they could be sold, fee and stop distance off."""
    sellable = quote(notional_down(lots, ticks, spec))
    if least > 1:  # it must stay sellable after fees and the stop's distance
        sellable *= 1.0 - costs.taker_e8 / RATE_SCALE
        if not math.isnan(stop):
            sellable *= max(1.0 - stop, 0.0)
    return sellable


@compiled
def _entry_ticket(
    side: int, lots: int, budget: int, ticks: int, rate: int, spec: Spec, style: Style
) -> Ticket:
    """An entry's order: a resting limit, a market buy by value, a market sale by size."""
    reserve = buy_cost(lots, ticks, rate, spec)
    if style.entry_maker != STYLE_TAKER:
        return Ticket(ACT_ENTER, KIND_LIMIT, side, lots, 0, ticks, reserve, 0.0, 0.0)
    if side > 0:
        return Ticket(ACT_ENTER, KIND_VALUE, side, 0, budget, 0, budget, 0.0, 0.0)
    return Ticket(ACT_ENTER, KIND_SIZE, side, lots, 0, 0, reserve, 0.0, 0.0)


@compiled
def size_exit(
    wanted: Intention, attempts: int, close: int, spec: Spec, costs: Costs, style: Style
) -> Ticket:
    """Size a reducing order: the maker style waits `exit_ttl_bars`, then crosses.

    More than one order may be of is left for the next bar.
    """
    side, lots = wanted.side, min(wanted.lots, most_lots(close, spec))
    patient = style.exit_maker == STYLE_MAKER_ONLY or (
        style.exit_maker != STYLE_TAKER and max(-attempts, 0) < style.exit_ttl_bars
    )
    if patient:
        limit = near_ticks(close, side, costs.half_spread_e8 + style.exit_offset_e8)
        return Ticket(wanted.code, KIND_LIMIT, side, lots, 0, limit, 0, 0.0, 0.0)
    return Ticket(wanted.code, KIND_SIZE, side, lots, 0, 0, 0, 0.0, 0.0)


@compiled
def no_order(code: int, seen: float, bound: float) -> Ticket:
    """Ticket that says why there is no order."""
    return Ticket(code, KIND_NONE, 0, 0, 0, 0, 0, seen, bound)


@compiled
def refused(guard: Guard, readings: Readings) -> Ticket:
    """Ticket that says which guard refused, on what."""
    seen, bound = said(guard, readings)
    return no_order(guard["code"], seen, bound)


@compiled
def fill_reason(code: int) -> int:
    """What the fills of a decision's order are for."""
    if code == ACT_ENTER:
        return FILL_ENTRY
    if code == ACT_REDUCE:
        return FILL_REDUCE
    if code == ACT_MAX_BARS:
        return FILL_MAX_BARS
    return FILL_EXIT


@compiled
def decide(
    slots: Slots,
    j: int,
    weight: float,
    stop: float,
    cash: int,
    marks: Marks,
    outside: Outside,
    readings: Readings,
    rules: Rules,
    costs: Costs,
) -> tuple[Ticket, int]:
    """Decide for product j at its bar's close; slots of all products.

    readings: one record, taken here where an entry is in question.

    Notes the weight, resets the count of unfilled orders on a hold, and clears a working order
    that the decision cancels (its reserve is held back until it is seen cancelled).
    Returns (ticket, 1 if the working order is to be cancelled).
    """
    spec = spec_at(rules.specs, j)
    style = style_at(rules.styles, j)
    slot = slots[j]
    costs = quoted(costs, slot["half_spread_e8"])
    note_weight(slot, weight, rules.bounds)
    wanted = intend(slot, weight, marks.equity, spec, rules.bounds)
    cancel = wanted.cancel
    code = wanted.code
    entering = slot["kind"] != KIND_NONE and slot["reason"] == FILL_ENTRY
    free, refusing = 0, NOWHERE
    if code == ACT_ENTER or entering:
        free = read_product(
            readings, slots, j, cash, marks, outside, costs.half_spread_e8, rules.specs
        )
        refusing = refuses_entry(rules.guards, j, readings)
    if entering and refusing != NOWHERE:
        cancel = 1
    if code == ACT_ENTER:
        if refusing == NOWHERE:
            ticket = size_entry(wanted, stop, slot, j, free, readings, rules, spec, costs, style)
        else:
            ticket = refused(rules.guards[j, refusing], readings)
    elif code == ACT_EXIT or code == ACT_REDUCE or code == ACT_MAX_BARS:
        ticket = size_exit(wanted, slot["attempts"], slot["close_ticks"], spec, costs, style)
    else:
        ticket = no_order(code, 0.0, 0.0)
    if ticket.kind == KIND_NONE and ticket.code != HOLD_ORDER_WORKING:
        slot["attempts"] = 0
    if cancel == 1:
        cancel_working(slot)
    return ticket, cancel


@compiled
def cancel_working(slot: Slot) -> None:
    """Empty the slot; what the order set aside is held back until it is seen cancelled."""
    held_back = slot["held_back_units"] + slot["reserve_units"]
    clear_working(slot)
    slot["held_back_units"] = held_back


@compiled
def place(
    slot: Slot,
    ticket: Ticket,
    cause: int,
    expire_ms: int,
    stop: float,
    take: float,
    trail: float,
    max_bars: int,
    costs: Costs,
) -> None:
    """Put a ticket's order into the product's working slot, at the rates now in force."""
    clear_working(slot)
    slot["kind"] = ticket.kind
    slot["side"] = ticket.side
    slot["left_lots"] = ticket.lots
    slot["left_units"] = ticket.quote
    slot["limit_ticks"] = ticket.limit
    slot["reason"] = fill_reason(ticket.code)
    slot["cause"] = cause
    slot["reserve_units"] = ticket.reserve
    slot["expire_ms"] = expire_ms
    slot["taker_e8"] = costs.taker_e8
    slot["maker_e8"] = costs.maker_e8
    if ticket.code == ACT_ENTER:
        slot["next_stop"] = stop
        slot["next_take"] = take
        slot["next_trail"] = trail
        slot["next_max_bars"] = max_bars
