"""Costs, bounds and order style as the kernel takes them: plain tuples of numbers."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import compiled


class Costs(NamedTuple):
    """What trading costs. Rates are e8: 1.0 is 100,000,000, a basis point 10,000."""

    taker_e8: int
    maker_e8: int
    half_spread_e8: int
    slippage_e8: int
    participation: float  # most of a bar's volume that one product's fills take; inf: no cap
    touch_fills: int  # 1: a resting limit fills when touched; 0: only when traded through
    impact: float  # bar volatilities that an order as large as the bar's volume moves price
    latency_ms: int  # delay of a crossing order, below the interval


COSTS = np.dtype(
    [
        (name, np.float64 if kind is float else np.int64)
        for name, kind in Costs.__annotations__.items()
    ]
)


def costs_record(costs: Costs) -> NDArray[np.void]:
    """Return one record of COSTS, as the engine hands costs to compiled code."""
    return np.array([costs], COSTS)


@compiled
def costs_of(record: NDArray[np.void]) -> Costs:
    """Costs that one record holds."""
    found = record[0]
    return Costs(
        taker_e8=found["taker_e8"],
        maker_e8=found["maker_e8"],
        half_spread_e8=found["half_spread_e8"],
        slippage_e8=found["slippage_e8"],
        participation=found["participation"],
        touch_fills=found["touch_fills"],
        impact=found["impact"],
        latency_ms=found["latency_ms"],
    )


class Bounds(NamedTuple):
    """The limits that the kernel's own arithmetic names. Ratios are of equity; inf: no limit.

    The guards' table has all limits. NaN: it did not arrive, and its guard refuses.
    """

    max_product: float
    max_daily_loss: float
    max_drawdown: float
    rebalance_band: float
    min_multiple: float  # an entry is at least so many exchange minimums


BOUNDS = np.dtype([(name, np.float64) for name in Bounds._fields])


def bounds_record(limits: Mapping[str, float]) -> NDArray[np.void]:
    """Return one record of BOUNDS from limits by name."""
    record = np.empty(1, BOUNDS)
    for name in Bounds._fields:
        record[name] = limits.get(name, np.nan)
    return record


@compiled
def bounds_of(record: NDArray[np.void]) -> Bounds:
    """Bounds that one record holds."""
    found = record[0]
    return Bounds(
        max_product=found["max_product"],
        max_daily_loss=found["max_daily_loss"],
        max_drawdown=found["max_drawdown"],
        rebalance_band=found["rebalance_band"],
        min_multiple=found["min_multiple"],
    )


class Style(NamedTuple):
    """How orders are worked. maker: 0 taker, 1 maker first, 2 maker only."""

    entry_maker: int
    entry_offset_e8: int
    entry_ttl_bars: int
    exit_maker: int
    exit_offset_e8: int
    exit_ttl_bars: int


def style_table(styles: "list[Style]") -> "NDArray[np.int64]":
    """Styles of p products as (p, 6) int64."""
    return np.array([list(style) for style in styles], np.int64).reshape(-1, 6)


@compiled
def style_at(table: "NDArray[np.int64]", j: int) -> Style:
    """Style of product j of a table."""
    return Style(table[j, 0], table[j, 1], table[j, 2], table[j, 3], table[j, 4], table[j, 5])


STYLE_TAKER = 0
STYLE_MAKER_FIRST = 1
STYLE_MAKER_ONLY = 2

# One row a fill. bar: index of the bar it happened in; cause: index of the bar whose
# decision made its order; ordinal: 0 the working order, 1 its protection; base: price in ticks
# before spread, slippage, impact and latency, 0 where it is not known.
FILL_DTYPE = np.dtype(
    [
        ("bar", np.int64),
        ("product", np.int64),
        ("side", np.int64),
        ("lots", np.int64),
        ("ticks", np.int64),
        ("fee", np.int64),
        ("liquidity", np.int64),
        ("reason", np.int64),
        ("cause", np.int64),
        ("ordinal", np.int64),
        ("cash", np.int64),
        ("base", np.int64),
    ]
)
