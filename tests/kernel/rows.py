"""Rows of one product's state and bars for them, written by hand.

COIN: one lot is 1 base, one tick 0.01 quote, so 10,000 ticks are a price of 100.
"""

from decimal import Decimal
from math import inf, nan
from typing import Any, NamedTuple

import numpy as np

from gpt_trader.domain.product import Product
from gpt_trader.kernel.codes import FILL_ENTRY
from gpt_trader.kernel.match import LOG_FILL, MAX_FILLS_PER_BAR, MAX_LOG_PER_BAR, match_bar
from gpt_trader.kernel.rounding import BPS, Spec
from gpt_trader.kernel.settings import FILL_DTYPE, Costs, Limits, Style
from gpt_trader.kernel.slots import (
    AVERAGE,
    CAUSE,
    EXPIRE_MS,
    GUARD_CAUSE,
    GUARD_MAKER_E8,
    GUARD_TAKER_E8,
    KIND,
    KIND_VALUE,
    LAST_CLOSE,
    LEFT,
    LIMIT,
    LOTS,
    MAKER_E8,
    MAX_BARS,
    NEXT_MAX_BARS,
    NEXT_STOP,
    NEXT_TAKE,
    NEXT_TRAIL,
    PEAK,
    QUOTE,
    REASON,
    SIDE,
    STOP,
    TAKE,
    TAKER_E8,
    TRAIL,
    WEIGHT,
    Floats,
    Ints,
    new_slots,
    set_levels,
)

UNIT = 10**8
HOUR = 3_600_000
CASH = 10_000 * UNIT
FAR_MS = 10**15
NEVER = 2**62

COIN = Product("COIN-USD", Decimal(1), Decimal("0.01"), Decimal(1), Decimal(1)).spec
PERP = COIN._replace(is_perp=1)

FREE = Costs(0, 0, 0, 0, inf, 0)
DEAR = Costs(  # a taker pays 1 % and 0.2 % of price, a maker 0.5 %
    taker_e8=100 * BPS, maker_e8=50 * BPS, half_spread_e8=10 * BPS, slippage_e8=10 * BPS,
    participation=inf, touch_fills=0,
)  # fmt: skip
TOUCH = FREE._replace(touch_fills=1)
TENTH = FREE._replace(participation=0.1)
NO_LIMITS = Limits(inf, inf, inf, inf, NEVER, NEVER, 0.0, 1)
TAKER_STYLE = Style(0, 0, 0, 0, 0, 0)

Rows = tuple[Ints, Floats]


def mirrored(side: int, bar: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return an (open, high, low) as it is, or upside down around 10,000."""
    first, high, low = bar
    return bar if side > 0 else (20_000 - first, 20_000 - low, 20_000 - high)


class Seen(NamedTuple):
    """What a bar did: fills as (side, lots, ticks, liquidity, reason), the log without fills."""

    fills: list[tuple[int, ...]]
    log: list[int]
    cash: int


def flat(close: int = 0) -> Rows:
    si, sf = new_slots(1)
    si[0, LAST_CLOSE] = close
    return si[0], sf[0]


def holding(
    lots: int,
    average: int = 10_000,
    *,
    stop: float = nan,
    take: float = nan,
    trail: float = nan,
    max_bars: int = 0,
) -> Rows:
    """Rows of a position bought (sold) at `average`, nothing working."""
    si, sf = flat(average)
    si[LOTS], si[MAX_BARS], si[GUARD_CAUSE] = lots, max_bars, 2
    sf[AVERAGE], sf[PEAK] = average, average
    sf[STOP], sf[TAKE], sf[TRAIL] = stop, take, trail
    sf[WEIGHT] = 0.5 if lots > 0 else -0.5
    set_levels(si, sf)
    return si, sf


def working(
    rows: Rows,
    kind: int,
    side: int,
    amount: int,
    *,
    limit: int = 0,
    reason: int = FILL_ENTRY,
    expire_ms: int = FAR_MS,
    stop: float = nan,
    take: float = nan,
    trail: float = nan,
    max_bars: int = 0,
) -> Rows:
    """Put an order for `amount` lots (by value: units) into the rows' slot."""
    si, sf = rows
    si[KIND], si[SIDE], si[LIMIT], si[REASON] = kind, side, limit, reason
    si[QUOTE if kind == KIND_VALUE else LEFT] = amount
    si[EXPIRE_MS], si[CAUSE], si[NEXT_MAX_BARS] = expire_ms, 4, max_bars
    sf[NEXT_STOP], sf[NEXT_TAKE], sf[NEXT_TRAIL] = stop, take, trail
    return rows


def play(
    rows: Rows,
    open_ticks: int,
    high: int,
    low: int,
    *,
    volume: float = 1e9,
    costs: Costs = FREE,
    spec: Spec = COIN,
    cash: int = CASH,
    open_ms: int = 0,
    is_first: bool = True,
    is_last: bool = True,
) -> Seen:
    """Match the rows against one bar, every order at the rates of `costs`."""
    rows[0][[TAKER_E8, GUARD_TAKER_E8]] = costs.taker_e8
    rows[0][[MAKER_E8, GUARD_MAKER_E8]] = costs.maker_e8
    fills, log = empty_fills(MAX_FILLS_PER_BAR), np.zeros((MAX_LOG_PER_BAR, 3), np.int64)
    cash, n, n_log = match_bar(
        *rows, cash, 5, 0, open_ms, open_ticks, high, low, volume, HOUR, spec, costs, fills, 0, log,
        is_first, is_last,
    )  # fmt: skip
    names = ["side", "lots", "ticks", "liquidity", "reason"]
    events = [int(event) for event in log[:n_log, 0] if event != LOG_FILL]
    return Seen([tuple(int(fill[name]) for name in names) for fill in fills[:n]], events, int(cash))


def empty_fills(n: int) -> np.ndarray[Any, Any]:
    return np.zeros(n, FILL_DTYPE)
