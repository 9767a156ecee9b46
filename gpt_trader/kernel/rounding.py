"""The one place where money, sizes and prices are rounded.

Sizes go down, prices to the passive side (or against us where a simulated fill is priced),
costs and fees up, proceeds down. Money is int64 units of 1e-8 quote. All functions are exact:
the product lots x ticks is split so that int64 holds it for any value below VALUE_LIMIT.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.record import record_type

UNITS_PER_QUOTE = 100_000_000
RATE_SCALE = 100_000_000  # a rate of 1.0; one basis point is 10,000
BPS = 10_000
MAX_LOTS = 2**52  # float64 counts single lots up to here
UNBOUNDED = 2**62  # lots or units of an order: no product's limit
VALUE_LIMIT = 4.0e18  # units; above it int64 money would be near its end


class Spec(NamedTuple):
    """A product's grid. One lot at one tick is value_num/value_den units of 1e-8 quote."""

    value_num: int
    value_den: int
    unit: float  # the same in quote, as float64
    lot: float  # base units of one lot
    min_lots: int
    min_units: int  # least notional of an order, units
    is_perp: int
    max_lots: int  # of one order; UNBOUNDED: any
    max_units: int  # largest notional of an order, units


SPEC = record_type(Spec)
SpecTable = NDArray[np.void]  # one record of SPEC a product


def spec_table(specs: Sequence[Spec]) -> SpecTable:
    """Return the specs of products as records, for loops over them."""
    return np.array(list(specs), SPEC)


@compiled
def spec_at(table: SpecTable, j: int) -> Spec:
    """Spec of product j of a table."""
    found = table[j]
    return Spec(
        value_num=found["value_num"],
        value_den=found["value_den"],
        unit=found["unit"],
        lot=found["lot"],
        min_lots=found["min_lots"],
        min_units=found["min_units"],
        is_perp=found["is_perp"],
        max_lots=found["max_lots"],
        max_units=found["max_units"],
    )


@compiled
def fits(lots: int, ticks: int, spec: Spec) -> bool:
    """Whether lots at ticks can be counted and valued exactly in int64 units."""
    value = abs(float(lots) * float(ticks)) * spec.value_num
    return abs(lots) < MAX_LOTS and value < VALUE_LIMIT * spec.value_den


@compiled
def notional_down(lots: int, ticks: int, spec: Spec) -> int:
    """Value of lots >= 0 at ticks, units, rounded down (proceeds)."""
    whole = lots // spec.value_den
    part = lots - whole * spec.value_den
    return whole * ticks * spec.value_num + part * ticks * spec.value_num // spec.value_den


@compiled
def notional_up(lots: int, ticks: int, spec: Spec) -> int:
    """Value of lots >= 0 at ticks, units, rounded up (costs)."""
    whole = lots // spec.value_den
    part = lots - whole * spec.value_den
    return (
        whole * ticks * spec.value_num
        + (part * ticks * spec.value_num + spec.value_den - 1) // spec.value_den
    )


@compiled
def fee_up(notional: int, rate_e8: int) -> int:
    """Fee on a notional in units, rounded up once."""
    whole = notional // RATE_SCALE
    part = notional - whole * RATE_SCALE
    return whole * rate_e8 + (part * rate_e8 + RATE_SCALE - 1) // RATE_SCALE


@compiled
def buy_cost(lots: int, ticks: int, rate_e8: int, spec: Spec) -> int:
    """Units that a buy takes from cash, fee included."""
    notional = notional_up(lots, ticks, spec)
    return notional + fee_up(notional, rate_e8)


@compiled
def lots_for_quote(quote: int, ticks: int, rate_e8: int, spec: Spec) -> int:
    """Most lots whose cost, fee included, does not exceed `quote` units; 0 if none.

    floor(quote / (price * (1 + fee rate))) to the base increment, as Coinbase fills a market
    order by quote size. The float estimate is off by less than the slack; the loop is exact.
    MAX_LOTS says that there are more than can be counted exactly: such an order is refused.
    """
    if quote <= 0 or ticks <= 0:
        return 0
    per_lot = ticks * spec.value_num / spec.value_den * (1.0 + rate_e8 / RATE_SCALE)
    estimate = quote / per_lot
    if estimate >= MAX_LOTS:
        return MAX_LOTS
    lots = int(estimate)
    lots += 1 + int(lots * 1e-15)
    while lots > 0 and buy_cost(lots, ticks, rate_e8, spec) > quote:
        lots -= 1
    return lots


@compiled
def most_lots(ticks: int, spec: Spec) -> int:
    """Most lots that one order may be of: by the product's largest size and value at ticks."""
    if spec.max_units == UNBOUNDED or ticks <= 0:
        return spec.max_lots
    return min(spec.max_lots, lots_for_quote(spec.max_units, ticks, 0, spec))


@compiled
def lots_of_value(value: float, ticks: int, spec: Spec) -> int:
    """Whole lots worth at most `value` quote at ticks, value >= 0, rounded down."""
    if not value > 0.0:
        return 0
    lots = value / (ticks * spec.unit)
    if lots >= VALUE_LIMIT:
        return int(VALUE_LIMIT)
    return int(lots)


@compiled
def lots_of_base(base: float, spec: Spec) -> int:
    """Whole lots in a base size >= 0 (a bar's volume), rounded down."""
    lots = base / spec.lot
    if lots >= VALUE_LIMIT:
        return int(VALUE_LIMIT)
    return int(lots)


@compiled
def units_down(value: float) -> int:
    """Quote value >= 0 as units, rounded down; clamped to what int64 can hold."""
    units = value * UNITS_PER_QUOTE
    if units >= VALUE_LIMIT:
        return int(VALUE_LIMIT)
    return int(units)


@compiled
def units_floor(value: float) -> int:
    """Quote value of either sign as units, rounded toward minus infinity (against us)."""
    return int(np.floor(value * UNITS_PER_QUOTE))


@compiled
def adverse_ticks(ticks: int, side: int, adverse_e8: int) -> int:
    """Price after spread and slippage against us: up for a buy (+1), down for a sell (-1)."""
    if side > 0:
        return (ticks * (RATE_SCALE + adverse_e8) + RATE_SCALE - 1) // RATE_SCALE
    worse = ticks * (RATE_SCALE - adverse_e8) // RATE_SCALE
    return worse if worse > 1 else 1


@compiled
def near_ticks(ticks: int, side: int, away_e8: int) -> int:
    """Passive limit price: `away` below `ticks` for a buy (down), above for a sell (up)."""
    if side > 0:
        near = ticks * (RATE_SCALE - away_e8) // RATE_SCALE
        return near if near > 1 else 1
    return (ticks * (RATE_SCALE + away_e8) + RATE_SCALE - 1) // RATE_SCALE


@compiled
def level_ticks_down(level: float) -> int:
    """Continuous price level in ticks, rounded down, at least one tick."""
    return int(np.floor(level)) if level >= 1.0 else 1


@compiled
def level_ticks_up(level: float) -> int:
    """Continuous price level in ticks, rounded up, at least one tick."""
    return int(np.ceil(level)) if level >= 1.0 else 1
