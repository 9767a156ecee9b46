"""From a target weight to an order: the whole decision for one product at one close."""

import math
from typing import NamedTuple

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
    REFUSED_CASH,
    REFUSED_GROSS_CAP,
    REFUSED_MINIMUM,
    REFUSED_MISSING_INPUT,
    REFUSED_OVERFLOW,
    REFUSED_PRODUCT_CAP,
)
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.ledger import quote, short_hold, value
from gpt_trader.kernel.limits import Guards, Marks, entry_stop, stop_reading
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
    Costs,
    Limits,
    Style,
    style_at,
)
from gpt_trader.kernel.slippage import quoted
from gpt_trader.kernel.slots import (
    ATTEMPTS,
    AVERAGE,
    BARS_HELD,
    CAUSE,
    EXPIRE_MS,
    HALF_SPREAD,
    HELD_BACK,
    KIND,
    KIND_LIMIT,
    KIND_NONE,
    KIND_SIZE,
    KIND_VALUE,
    LAST_CLOSE,
    LATCH,
    LEFT,
    LIMIT,
    LOTS,
    MAKER_E8,
    MAX_BARS,
    NEXT_MAX_BARS,
    NEXT_STOP,
    NEXT_TAKE,
    NEXT_TRAIL,
    ORDINAL,
    QUOTE,
    REASON,
    RESERVE,
    SIDE,
    TAKER_E8,
    WEIGHT,
    Floats,
    Ints,
    clear_working,
    is_due,
)

SpecTable = tuple[Ints, Floats]  # see rounding.spec_table

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
def note_weight(sf: Floats, weight: float, limits: Limits) -> None:
    """Remember the newest opinion; a changed one lifts the latch of a protective exit.

    Changed is what would be traded: both weights within the product's share of equity.
    """
    if math.isnan(weight):
        return
    latch = sf[LATCH]
    if not math.isnan(latch) and not same_weight(
        capped(weight, limits.max_product), capped(latch, limits.max_product), limits.rebalance_band
    ):
        sf[LATCH] = math.nan
    sf[WEIGHT] = weight


@compiled
def plan(si: Ints, sf: Floats, weight: float, equity: float, spec: Spec, limits: Limits) -> Plan:
    """Compare target and position; say whether to hold, enter, reduce or leave.

    weight: this bar's target (NaN: no opinion). A position never crosses zero in one order.
    """
    lots = si[LOTS]
    close = si[LAST_CLOSE]
    dust = is_dust(lots, close, spec)
    working = si[KIND] != KIND_NONE
    away = -1 if lots > 0 else 1
    if lots != 0 and is_due(si[MAX_BARS], si[BARS_HELD]) and not dust:
        return _closing(working, si[REASON], ACT_MAX_BARS, away, abs(lots))
    if math.isnan(weight):
        code = HOLD_ORDER_WORKING if working else HOLD_NO_OPINION
        return Plan(code, 0, 0.0, 0, 0)
    if not math.isnan(sf[LATCH]) and lots == 0:
        return Plan(HOLD_STOPPED_OUT, 0, 0.0, 0, 0)
    unsupported = weight < 0.0 and spec.is_perp == 0
    target = 0.0 if unsupported else capped(weight, limits.max_product)
    if target == 0.0 or (lots > 0 and target < 0.0) or (lots < 0 and target > 0.0):
        if lots != 0 and not dust:
            return _closing(working, si[REASON], ACT_EXIT, away, abs(lots))
        if target == 0.0:
            if working:
                return Plan(HOLD_ORDER_WORKING, 0, 0.0, 0, 1 if si[REASON] == FILL_ENTRY else 0)
            if dust:
                return Plan(HOLD_DUST, 0, 0.0, 0, 0)
            return Plan(HOLD_SHORT_UNSUPPORTED if unsupported else HOLD_FLAT, 0, 0.0, 0, 0)
    if not (equity > 0.0 and close > 0):
        return Plan(REFUSED_MISSING_INPUT, 0, 0.0, 0, 0)
    wanted = target * equity
    held = value(lots, close, spec)
    gap = wanted - held
    if in_band(wanted, held, limits.rebalance_band):
        return Plan(HOLD_ORDER_WORKING if working else HOLD_IN_BAND, 0, 0.0, 0, 0)
    side = 1 if gap > 0.0 else -1
    if (side > 0) == (target > 0.0):
        if working:
            cancel = 1 if si[SIDE] != side and si[ORDINAL] == 0 else 0
            return Plan(HOLD_ORDER_WORKING, 0, 0.0, 0, cancel)
        return Plan(ACT_ENTER, side, abs(gap), 0, 0)
    less = min(lots_of_value(abs(gap), close, spec), abs(lots))
    rest = abs(lots) - less
    if rest > 0 and is_dust(rest, close, spec):
        less = abs(lots)
    if less < spec.min_lots or is_dust(less, close, spec):
        return Plan(HOLD_ORDER_WORKING if working else HOLD_IN_BAND, 0, 0.0, 0, 0)
    return _closing(working, si[REASON], ACT_REDUCE, side, less)


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
    held: float,
    equity: float,
    gross: float,
    free: int,
    spec: Spec,
    costs: Costs,
    limits: Limits,
    style: Style,
) -> Ticket:
    """Size an entry within the product's and the gross cap, free cash and the minimums.

    held: worth of the position and of orders outside the slot; gross: worth of all positions
    and working entries, quote. free: cash in units that nothing has set aside. The order is cut
    to the tightest of them; when less than the least sellable size is left, it is named.
    """
    side = planned.side
    waited = max(attempts, 0)
    if style.entry_maker != STYLE_TAKER and waited >= style.entry_ttl_bars:
        return no_order(HOLD_ENTRY_MISSED, float(waited), float(style.entry_ttl_bars))
    product_room = limits.max_product * equity - abs(held)
    gross_room = limits.max_gross * equity - gross
    free_quote = quote(max(free, 0))
    spend = min(planned.amount, product_room, gross_room, free_quote)
    code = REFUSED_MINIMUM
    seen, bound = spend, 0.0
    if spend == free_quote and free_quote < planned.amount:
        code, seen, bound = REFUSED_CASH, planned.amount, free_quote
    if spend == gross_room and gross_room < planned.amount:
        code, seen, bound = REFUSED_GROSS_CAP, gross / equity, limits.max_gross
    if spend == product_room and product_room < planned.amount:
        code, seen, bound = REFUSED_PRODUCT_CAP, abs(held) / equity, limits.max_product
    if not spend < VALUE_MAX:
        return no_order(REFUSED_OVERFLOW, spend, VALUE_MAX)
    budget = max(free, 0) if spend == free_quote else min(units_down(spend), max(free, 0))
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
    least = limits.min_multiple
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
    if maker:
        reserve = buy_cost(lots, limit, rate, spec)
        return Ticket(ACT_ENTER, KIND_LIMIT, side, lots, 0, limit, reserve, 0.0, 0.0)
    if side > 0:
        return Ticket(ACT_ENTER, KIND_VALUE, side, 0, budget, 0, budget, 0.0, 0.0)
    reserve = buy_cost(lots, ticks, rate, spec)
    return Ticket(ACT_ENTER, KIND_SIZE, side, lots, 0, 0, reserve, 0.0, 0.0)


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
def account_sums(si: Ints, sf: Floats, specs: SpecTable) -> tuple[float, int]:
    """Gross exposure in quote (positions and working entries) and units set aside."""
    gross = 0.0
    aside = 0
    for j in range(len(si)):
        spec = spec_at(specs, j)
        waiting = si[j, RESERVE] + si[j, HELD_BACK]
        gross += abs(value(si[j, LOTS], si[j, LAST_CLOSE], spec)) + quote(waiting)
        aside += waiting + short_hold(si[j, LOTS], sf[j, AVERAGE], spec)
    return gross, aside


@compiled
def decide(
    si: Ints,
    sf: Floats,
    j: int,
    weight: float,
    stop: float,
    cash: int,
    marks: Marks,
    guards: Guards,
    specs: SpecTable,
    costs: Costs,
    limits: Limits,
    styles: Ints,
) -> tuple[Ticket, int]:
    """Decide for product j at its bar's close; rows si, sf of all products.

    Notes the weight, resets the count of unfilled orders on a hold, and clears a working order
    that the decision cancels (its reserve is held back until it is seen cancelled).
    Returns (ticket, 1 if the working order is to be cancelled).
    """
    spec = spec_at(specs, j)
    style = style_at(styles, j)
    costs = quoted(costs, si[j, HALF_SPREAD])
    note_weight(sf[j], weight, limits)
    planned = plan(si[j], sf[j], weight, marks.equity, spec, limits)
    cancel = planned.cancel
    code = planned.code
    entering = si[j, KIND] != KIND_NONE and si[j, REASON] == FILL_ENTRY
    if entering and entry_stop(marks, limits, guards) != 0:
        cancel = 1
    if code == ACT_ENTER:
        refusal = entry_stop(marks, limits, guards)
        if refusal != 0:
            seen, bound = stop_reading(refusal, marks, limits, guards)
            ticket = no_order(refusal, seen, bound)
        else:
            gross, aside = account_sums(si, sf, specs)
            ticket = size_entry(
                planned,
                stop,
                si[j, ATTEMPTS],
                si[j, LAST_CLOSE],
                abs(value(si[j, LOTS], si[j, LAST_CLOSE], spec)) + quote(si[j, HELD_BACK]),
                marks.equity,
                gross,
                cash - aside,
                spec,
                costs,
                limits,
                style,
            )
    elif code == ACT_EXIT or code == ACT_REDUCE or code == ACT_MAX_BARS:
        ticket = size_exit(planned, si[j, ATTEMPTS], si[j, LAST_CLOSE], costs, style)
    else:
        ticket = no_order(code, 0.0, 0.0)
    if ticket.kind == KIND_NONE and ticket.code != HOLD_ORDER_WORKING:
        si[j, ATTEMPTS] = 0
    if cancel == 1:
        cancel_working(si[j], sf[j])
    return ticket, cancel


@compiled
def cancel_working(si: Ints, sf: Floats) -> None:
    """Empty the slot; what the order set aside is held back until it is seen cancelled."""
    held_back = si[HELD_BACK] + si[RESERVE]
    clear_working(si, sf)
    si[HELD_BACK] = held_back


@compiled
def place(
    si: Ints,
    sf: Floats,
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
    clear_working(si, sf)
    si[KIND] = ticket.kind
    si[SIDE] = ticket.side
    si[LEFT] = ticket.lots
    si[QUOTE] = ticket.quote
    si[LIMIT] = ticket.limit
    si[REASON] = fill_reason(ticket.code)
    si[CAUSE] = cause
    si[RESERVE] = ticket.reserve
    si[EXPIRE_MS] = expire_ms
    si[TAKER_E8] = costs.taker_e8
    si[MAKER_E8] = costs.maker_e8
    if ticket.code == ACT_ENTER:
        sf[NEXT_STOP] = stop
        sf[NEXT_TAKE] = take
        sf[NEXT_TRAIL] = trail
        si[NEXT_MAX_BARS] = max_bars
