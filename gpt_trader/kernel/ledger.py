"""Booking: what a fill does to cash and position, what a position is worth.

Cash is int64 units of 1e-8 quote. A short (perpetuals only) is booked like a sale, and twice
its entry cost is held back from free cash: one for the proceeds, one as collateral, so that a
perpetual never carries more than its full value (1x).
"""

import math

from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.rounding import (
    UNITS_PER_QUOTE,
    Spec,
    level_ticks_up,
    notional_down,
    notional_up,
    units_floor,
)


@compiled
def cash_after(cash: int, side: int, lots: int, ticks: int, fee: int, spec: Spec) -> int:
    """Cash after a fill of `lots` > 0 at `ticks`; buys cost rounded up, sales rounded down."""
    if side > 0:
        return cash - notional_up(lots, ticks, spec) - fee
    return cash + notional_down(lots, ticks, spec) - fee


@compiled
def average_after(held: int, average: float, side: int, lots: int, ticks: int) -> float:
    """Average entry price in ticks after a fill; 0.0 when flat. Reducing does not move it."""
    after = held + side * lots
    if after == 0:
        return 0.0
    if held == 0:
        return float(ticks)
    if (held > 0) == (side > 0):
        return (average * abs(held) + float(ticks) * lots) / abs(after)
    return average


@compiled
def value(lots: int, ticks: int, spec: Spec) -> float:
    """Signed worth of a position at a price, quote."""
    return value_at(lots, ticks, spec.unit)


@compiled
def value_at(lots: int, ticks: int, unit: float) -> float:
    """Signed worth of a position whose lot-tick is worth `unit` quote, quote."""
    return float(lots) * float(ticks) * unit


@compiled
def quote(units: int) -> float:
    """Units as quote."""
    return units / UNITS_PER_QUOTE


@compiled
def funding(lots: int, ticks: int, rate: float, spec: Spec) -> int:
    """Cash change in units when `rate` of a position's value is exchanged.

    Longs pay a positive rate, shorts receive it; rounded against us. NaN: nothing is exchanged.
    """
    if lots == 0 or rate == 0.0 or math.isnan(rate):
        return 0
    return units_floor(-value(lots, ticks, spec) * rate)


@compiled
def short_hold(lots: int, average: float, spec: Spec) -> int:
    """Units held back from free cash for a short position; 0 for a long one."""
    if lots >= 0:
        return 0
    return 2 * notional_up(-lots, level_ticks_up(average), spec)
