"""One product's slot and bars for them, written by hand.

COIN: one lot is 1 base, one tick 0.01 quote, so 10,000 ticks are a price of 100.
"""

from decimal import Decimal
from math import inf, nan
from typing import Any, NamedTuple

import numpy as np

from gpt_trader.domain.product import Product
from gpt_trader.kernel.bounds import Bounds, bounds_of, bounds_record
from gpt_trader.kernel.codes import FILL_ENTRY
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.kernel.guards import GuardTable
from gpt_trader.kernel.match import (
    LOG_FILL,
    MAX_FILLS_PER_BAR,
    MAX_LOG_PER_BAR,
    Book,
    Part,
    match_bar,
)
from gpt_trader.kernel.rounding import BPS, Spec
from gpt_trader.kernel.slot import KIND_VALUE, Slot, Slots, new_slots, set_levels
from gpt_trader.kernel.style import Style
from gpt_trader.risk.guards import BARS, GUARDS
from gpt_trader.risk.policy import Limits
from gpt_trader.risk.table import guard_table, where

UNIT = 10**8
HOUR = 3_600_000
CASH = 10_000 * UNIT
FAR_MS = 10**15
NEVER = 2**62

COIN = Product("COIN-USD", Decimal(1), Decimal("0.01"), Decimal(1), Decimal(1)).spec
PERP = COIN._replace(is_perp=1)

FREE = Costs(0, 0, 0, 0, inf, 0, 0.0, 0)
DEAR = Costs(  # a taker pays 1 % and 0.2 % of price, a maker 0.5 %
    taker_e8=100 * BPS, maker_e8=50 * BPS, half_spread_e8=10 * BPS, slippage_e8=10 * BPS,
    participation=inf, touch_fills=0, impact=0.0, latency_ms=0,
)  # fmt: skip
TOUCH = FREE._replace(touch_fills=1)
TENTH = FREE._replace(participation=0.1)
NO_LIMITS: Limits = {
    "max_product": inf,
    "max_gross": inf,
    "max_daily_loss": inf,
    "max_drawdown": inf,
    "max_entries": NEVER,
    "max_bar_age_ms": NEVER,
    "rebalance_band": 0.0,
    "min_multiple": 1,
}
TAKER_STYLE = Style(0, 0, 0, 0, 0, 0)


def mirrored(side: int, bar: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return an (open, high, low) as it is, or upside down around 10,000."""
    first, high, low = bar
    return bar if side > 0 else (20_000 - first, 20_000 - low, 20_000 - high)


def bounded(limits: Limits) -> Bounds:
    """Return limits as the kernel's arithmetic takes them."""
    return Bounds(*bounds_of(bounds_record(limits)))


def guarded(limits: Limits, p: int = 1) -> GuardTable:
    """Return the table of all guards for p perpetuals."""
    return guard_table(GUARDS, limits, [where(BARS, is_perpetual=True)] * p)


def slots_at(close: int) -> Slots:
    """Return the table of one flat product at a close."""
    slots = new_slots(1)
    slots["close_ticks"] = close
    return slots


class Seen(NamedTuple):
    """What a bar did: fills as (side, lots, ticks, liquidity, reason), the log without fills."""

    fills: list[tuple[int, ...]]
    log: list[int]
    cash: int


def told(slot: Slot, *names: str) -> tuple[float, ...]:
    """Return some fields of a slot."""
    return tuple(slot[name].item() for name in names)


def flat(close: int = 0) -> Slot:
    slots = new_slots(1)
    slots["close_ticks"][0] = close
    return slots[0]


def holding(
    lots: int,
    average: int = 10_000,
    *,
    stop: float = nan,
    take: float = nan,
    trail: float = nan,
    max_bars: int = 0,
) -> Slot:
    """Slot of a position bought (sold) at `average`, nothing working."""
    slot = flat(average)
    slot["lots"], slot["max_bars"], slot["protection_cause"] = lots, max_bars, 2
    slot["average_ticks"], slot["peak_ticks"] = average, average
    slot["stop"], slot["take"], slot["trail"] = stop, take, trail
    slot["weight"] = 0.5 if lots > 0 else -0.5
    set_levels(slot)
    return slot


def working(
    slot: Slot,
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
) -> Slot:
    """Put an order for `amount` lots (by value: units) into the slot."""
    slot["kind"], slot["side"], slot["limit_ticks"], slot["reason"] = kind, side, limit, reason
    slot["left_units" if kind == KIND_VALUE else "left_lots"] = amount
    slot["expire_ms"], slot["cause"], slot["next_max_bars"] = expire_ms, 4, max_bars
    slot["next_stop"], slot["next_take"], slot["next_trail"] = stop, take, trail
    return slot


def play(
    slot: Slot,
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
    """Match the slot against one bar, every order at the rates of `costs`."""
    slot["taker_e8"] = slot["protection_taker_e8"] = costs.taker_e8
    slot["maker_e8"] = slot["protection_maker_e8"] = costs.maker_e8
    fills, log = empty_fills(MAX_FILLS_PER_BAR), np.zeros((MAX_LOG_PER_BAR, 3), np.int64)
    part = Part(open_ms, open_ticks, high, low, volume, HOUR, is_first, is_last)
    book = Book(fills, log, 5, 0)
    cash, n, n_log = match_bar(slot, cash, part, spec, costs, book, 0)
    names = ["side", "lots", "ticks", "liquidity", "reason"]
    events = [int(event) for event in log[:n_log, 0] if event != LOG_FILL]
    return Seen([tuple(int(fill[name]) for name in names) for fill in fills[:n]], events, int(cash))


def empty_fills(n: int) -> np.ndarray[Any, Any]:
    return np.zeros(n, FILL_DTYPE)
