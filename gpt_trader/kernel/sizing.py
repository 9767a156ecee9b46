"""From a target weight to an order: the whole decision for one product at one close."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    REFUSED_MINIMUM,
    REFUSED_MISSING_INPUT,
    REFUSED_OVERFLOW,
)
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.guards import (
    NOWHERE,
    OF_ENTRY,
    OF_ROUTE,
    Guard,
    GuardTable,
    cut,
    first_refusal,
    said,
    said_of_cut,
)
from gpt_trader.kernel.ledger import quote, value
from gpt_trader.kernel.limits import Marks
from gpt_trader.kernel.readings import (
    Outside,
    Readings,
    SpecTable,
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
    near_ticks,
    notional_down,
    notional_up,
    spec_at,
    units_down,
)
from gpt_trader.kernel.settings import (
    STYLE_MAKER_ONLY,
    STYLE_TAKER,
    Bounds,
    Costs,
    Style,
    style_at,
)
from gpt_trader.kernel.slippage import quoted
from gpt_trader.kernel.slot import (
    KIND_LIMIT,
    KIND_NONE,
    KIND_SIZE,
    KIND_VALUE,
    ORDINAL_BAR,
    Slot,
    Slots,
    clear_working,
    is_due,
)

VALUE_MAX = 9.0e9  # quote; an order above it is refused as REFUSED_OVERFLOW


class Plan(NamedTuple):
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
    """Whether two target weights differ by no more than the band of the larger."""
    return abs(a - b) <= band * max(abs(a), abs(b))


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
def plan(slot: Slot, weight: float, equity: float, spec: Spec, bounds: Bounds) -> Plan:
    """Compare target and position; say whether to hold, enter, reduce or leave.

    weight: this bar's target (NaN: no opinion). A position never crosses zero in one order.
    """
    lots = slot["lots"]
    close = slot["close_ticks"]
    dust = is_dust(lots, close, spec)
    working = slot["kind"] != KIND_NONE
    away = -1 if lots > 0 else 1
    if lots != 0 and is_due(slot["max_bars"], slot["bars_held"]) and not dust:
        return _closing(working, slot["reason"], ACT_MAX_BARS, away, abs(lots))
    if math.isnan(weight):
        code = HOLD_ORDER_WORKING if working else HOLD_NO_OPINION
        return Plan(code, 0, 0.0, 0, 0)
    if not math.isnan(slot["latch"]) and lots == 0:
        return Plan(HOLD_STOPPED_OUT, 0, 0.0, 0, 0)
    unsupported = weight < 0.0 and spec.is_perp == 0
    target = 0.0 if unsupported or weight == 0.0 else capped(weight, bounds.max_product)
    if target == 0.0 or (lots > 0 and target < 0.0) or (lots < 0 and target > 0.0):
        if lots != 0 and not dust:
            return _closing(working, slot["reason"], ACT_EXIT, away, abs(lots))
        if target == 0.0:
            if working:
                return Plan(HOLD_ORDER_WORKING, 0, 0.0, 0, 1 if slot["reason"] == FILL_ENTRY else 0)
            if dust:
                return Plan(HOLD_DUST, 0, 0.0, 0, 0)
            return Plan(HOLD_SHORT_UNSUPPORTED if unsupported else HOLD_FLAT, 0, 0.0, 0, 0)
    if not (equity > 0.0 and close > 0):
        return Plan(REFUSED_MISSING_INPUT, 0, 0.0, 0, 0)
    wanted = target * equity
    held = value(lots, close, spec)
    gap = wanted - held
    if in_band(wanted, held, bounds.rebalance_band):
        return Plan(HOLD_ORDER_WORKING if working else HOLD_IN_BAND, 0, 0.0, 0, 0)
    side = 1 if gap > 0.0 else -1
    if (side > 0) == (target > 0.0):
        if working:
            cancel = 1 if slot["side"] != side and slot["ordinal"] == ORDINAL_BAR else 0
            return Plan(HOLD_ORDER_WORKING, 0, 0.0, 0, cancel)
        return Plan(ACT_ENTER, side, abs(gap), 0, 0)
    less = min(lots_of_value(abs(gap), close, spec), abs(lots))
    rest = abs(lots) - less
    if rest > 0 and is_dust(rest, close, spec):
        less = abs(lots)
    if less < spec.min_lots or is_dust(less, close, spec):
        return Plan(HOLD_ORDER_WORKING if working else HOLD_IN_BAND, 0, 0.0, 0, 0)
    return _closing(working, slot["reason"], ACT_REDUCE, side, less)


@compiled
def _closing(working: bool, reason: int, code: int, side: int, lots: int) -> Plan:
    if working and reason != FILL_ENTRY:
        return Plan(HOLD_ORDER_WORKING, 0, 0.0, 0, 0)
    return Plan(code, side, 0.0, lots, 1 if working else 0)


@compiled
def size_entry(
    planned: Plan,
    stop: float,
    attempts: int,
    close: int,
    free: int,
    guards: GuardTable,
    j: int,
    readings: Readings,
    spec: Spec,
    costs: Costs,
    bounds: Bounds,
    style: Style,
) -> Ticket:
    """Size an entry within the room that product j's guards leave, free cash and the minimums.

    free: cash in units that nothing has set aside. The order is cut to the tightest room; when
    less than the least sellable size is left, that guard is named.
    """
    side = planned.side
    waited = max(attempts, 0)
    if style.entry_maker != STYLE_TAKER and waited >= style.entry_ttl_bars:
        return no_order(HOLD_ENTRY_MISSED, float(waited), float(style.entry_ttl_bars))
    spend, by = cut(guards, j, readings, planned.amount)
    code, seen, bound = REFUSED_MINIMUM, spend, 0.0
    if by != NOWHERE:
        code = guards[j, by]["code"]
        seen, bound = said_of_cut(guards[j, by], readings, planned.amount)
    if not spend < VALUE_MAX:
        return no_order(REFUSED_OVERFLOW, spend, VALUE_MAX)
    budget = max(free, 0)
    if spend != readings[0]["spendable"]:
        budget = min(units_down(spend), budget)
    maker = style.entry_maker != STYLE_TAKER
    rate = costs.maker_e8 if maker else costs.taker_e8
    if maker:
        limit = near_ticks(close, side, costs.half_spread_e8 + style.entry_offset_e8)
        ticks = limit
    else:
        limit = 0
        ticks = adverse_ticks(close, side, costs.half_spread_e8 + costs.slippage_e8)
    lots = lots_for_quote(budget, ticks, rate, spec)
    if not fits(lots, ticks, spec):
        return no_order(REFUSED_OVERFLOW, spend, VALUE_MAX)
    least = bounds.min_multiple
    sellable = quote(notional_down(lots, ticks, spec))
    if least > 1:  # it must stay sellable after fees and the stop's distance
        sellable *= 1.0 - costs.taker_e8 / RATE_SCALE
        if not math.isnan(stop):
            sellable *= max(1.0 - stop, 0.0)
    if lots < least * spec.min_lots or sellable < least * quote(spec.min_units):
        if code == REFUSED_MINIMUM:
            smallest = max(spec.min_units, notional_up(spec.min_lots, ticks, spec))
            seen, bound = spend, least * quote(smallest)
        return no_order(code, seen, bound)
    kind, amount = KIND_SIZE, 0
    reserve = buy_cost(lots, ticks, rate, spec)
    if maker:
        kind = KIND_LIMIT
    elif side > 0:
        kind, lots, amount, reserve = KIND_VALUE, 0, budget, budget
    read_order(readings, reserve, math.nan, 0.0, 0.0)
    refusing = first_refusal(guards, j, readings, OF_ROUTE)
    if refusing != NOWHERE:
        return refused(guards[j, refusing], readings)
    return Ticket(ACT_ENTER, kind, side, lots, amount, limit, reserve, 0.0, 0.0)


@compiled
def size_exit(planned: Plan, attempts: int, close: int, costs: Costs, style: Style) -> Ticket:
    """Size a reducing order: the maker style waits `exit_ttl_bars`, then crosses."""
    side = planned.side
    patient = style.exit_maker == STYLE_MAKER_ONLY or (
        style.exit_maker != STYLE_TAKER and max(-attempts, 0) < style.exit_ttl_bars
    )
    if patient:
        limit = near_ticks(close, side, costs.half_spread_e8 + style.exit_offset_e8)
        return Ticket(planned.code, KIND_LIMIT, side, planned.lots, 0, limit, 0, 0.0, 0.0)
    return Ticket(planned.code, KIND_SIZE, side, planned.lots, 0, 0, 0, 0.0, 0.0)


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
    guards: GuardTable,
    readings: Readings,
    specs: SpecTable,
    costs: Costs,
    bounds: Bounds,
    styles: NDArray[np.int64],
) -> tuple[Ticket, int]:
    """Decide for product j at its bar's close; slots of all products.

    readings: one record, taken here where an entry is in question.

    Notes the weight, resets the count of unfilled orders on a hold, and clears a working order
    that the decision cancels (its reserve is held back until it is seen cancelled).
    Returns (ticket, 1 if the working order is to be cancelled).
    """
    spec = spec_at(specs, j)
    style = style_at(styles, j)
    slot = slots[j]
    costs = quoted(costs, slot["half_spread_e8"])
    note_weight(slot, weight, bounds)
    planned = plan(slot, weight, marks.equity, spec, bounds)
    cancel = planned.cancel
    code = planned.code
    entering = slot["kind"] != KIND_NONE and slot["reason"] == FILL_ENTRY
    free, refusing = 0, NOWHERE
    if code == ACT_ENTER or entering:
        free = read_product(readings, slots, j, cash, marks, outside, costs.half_spread_e8, specs)
        refusing = first_refusal(guards, j, readings, OF_ENTRY)
    if entering and refusing != NOWHERE:
        cancel = 1
    if code == ACT_ENTER:
        if refusing == NOWHERE:
            ticket = size_entry(
                planned,
                stop,
                slot["attempts"],
                slot["close_ticks"],
                free,
                guards,
                j,
                readings,
                spec,
                costs,
                bounds,
                style,
            )
        else:
            ticket = refused(guards[j, refusing], readings)
    elif code == ACT_EXIT or code == ACT_REDUCE or code == ACT_MAX_BARS:
        ticket = size_exit(planned, slot["attempts"], slot["close_ticks"], costs, style)
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
