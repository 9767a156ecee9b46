"""What a decision reads before it lets an entry out: one record of numbers, each by its name.

A guard's row (risk/guards.py) selects a reading by that name; the kernel does not know which guard
does. A further reading is a name here and a line in the function that takes it. What nobody took
is NaN, and a guard that reads NaN refuses.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.ledger import quote, short_hold, value
from gpt_trader.kernel.marks import Marks
from gpt_trader.kernel.rounding import SpecTable, spec_at
from gpt_trader.kernel.slot import Slots

OF_PRODUCT = (  # the account and one product as a decision finds them; worth is in quote
    "least_input",  # the smaller of equity and price in ticks: either may be missing
    "equity",
    "halt",  # 1: on
    "pause",  # 1: on
    "daily_loss",  # of the equity that the day began with; negative: a gain
    "daily_loss_latch",  # 1: it was reached today
    "drawdown",  # from the highest equity, of it
    "drawdown_latch",  # 1: it was reached, and nobody rearmed
    "entries_today",
    "bar_ms",
    "bar_age_ms",
    "half_spread_e8",  # that the bar quotes, else that the costs assume
    "unknown_orders",
    "unreconciled",  # 1: yes
    "product_share",  # of equity, that the position is worth
    "product_used",  # worth of the position and of orders on their way
    "gross_share",
    "gross_used",  # the same of all products
    "free_cash",  # that nothing has set aside; negative: too much is
    "spendable",  # free_cash, at least 0
)
OF_ORDER = (  # an entry that is about to leave
    "order_worth",  # quote that it may take, fee included
    "order_least",  # quote that it must at least be worth
    "order_off_grid",  # 1: side, size or price is not one
    "order_overflow",  # its lots, if they cannot be counted exactly; else 0
    "product_share_after",
    "gross_share_after",
)
# what a row points to that compares with nothing, or takes a whole: always 0 and 1
CONSTANTS = ("zero", "one")
NAMES = OF_PRODUCT + OF_ORDER + CONSTANTS
# By name for whoever takes a reading, and all of them by place for the guards' loop.
READINGS = np.dtype(
    {
        "names": [*NAMES, "values"],
        "formats": [*(np.float64 for _ in NAMES), (np.float64, (len(NAMES),))],
        "offsets": [*(8 * place for place in range(len(NAMES))), 0],
        "itemsize": 8 * len(NAMES),
    }
)
Readings = NDArray[np.void]  # (1,) READINGS: what one decision read

# the readings that are 0 all along where nobody attends
UNATTENDED = ("halt", "pause", "unknown_orders", "bar_age_ms", "unreconciled")
# When one moves next while bars go by and nothing is ordered; what is not here may at any bar.
# `mark` moves a latch at a bar's close; passing over bars ends where one of them or the count of
# entries moves.
MOVES = dict.fromkeys(UNATTENDED, "never") | {
    "bar_ms": "at time",
    "entries_today": "at day",
    "daily_loss_latch": "at equity",
    "drawdown_latch": "at equity",
}


class Outside(NamedTuple):
    """What neither the slots nor the marks know of a product at a decision."""

    bar_ms: int  # open time of the bar whose close is decided on
    halt: int  # 1: a kill or an operator's halt
    pause: int  # 1: reduce-only by the operator
    unknown_orders: int  # orders of the product whose outcome is unknown
    bar_age_ms: int  # since the bar closed
    unreconciled: int  # 1: the product is frozen or closed, or the account was not looked at


@compiled
def unattended(bar_ms: int) -> Outside:
    """What a simulation has instead: no operator, no exchange, no late bar."""
    return Outside(bar_ms, 0, 0, 0, 0, 0)


@compiled
def no_readings() -> Readings:
    """One record of which nothing has been taken yet."""
    readings = np.empty(1, READINGS)
    for place in range(len(NAMES)):
        readings[0]["values"][place] = math.nan
    readings[0]["zero"] = 0.0
    readings[0]["one"] = 1.0
    return readings


@compiled
def ratio(part: float, whole: float) -> float:
    """Part of a whole; NaN unless the whole is positive."""
    if not whole > 0.0:
        return math.nan
    return part / whole if part != 0.0 else part  # of nothing, as mostly: dividing is slow


@compiled
def account_sums(slots: Slots, specs: SpecTable) -> tuple[float, int]:
    """Gross exposure in quote (positions and working entries) and units set aside."""
    gross = 0.0
    aside = 0
    for j in range(len(slots)):
        spec = spec_at(specs, j)
        waiting = slots[j]["reserve_units"] + slots[j]["held_back_units"]
        gross += abs(value(slots[j]["lots"], slots[j]["close_ticks"], spec)) + quote(waiting)
        aside += waiting + short_hold(slots[j]["lots"], slots[j]["average_ticks"], spec)
    return gross, aside


@compiled
def read_product(
    readings: Readings,
    slots: Slots,
    j: int,
    cash: int,
    marks: Marks,
    outside: Outside,
    half_spread_e8: int,
    specs: SpecTable,
) -> int:
    """Read product j and the account; returns the free cash in units."""
    found = readings[0]
    slot = slots[j]
    equity = marks.equity
    gross, aside = account_sums(slots, specs)
    free = cash - aside
    held = abs(value(slot["lots"], slot["close_ticks"], spec_at(specs, j)))
    found["least_input"] = slot["close_ticks"]
    if not equity >= slot["close_ticks"]:  # also where it is no number
        found["least_input"] = equity
    found["equity"] = equity
    found["halt"] = outside.halt
    found["pause"] = outside.pause
    found["daily_loss"] = ratio(marks.day_start - equity, marks.day_start)
    found["daily_loss_latch"] = marks.day_halted
    found["drawdown"] = ratio(marks.high - equity, marks.high)
    found["drawdown_latch"] = marks.halted
    found["entries_today"] = marks.entries
    found["bar_ms"] = outside.bar_ms
    found["bar_age_ms"] = outside.bar_age_ms
    found["half_spread_e8"] = half_spread_e8
    found["unknown_orders"] = outside.unknown_orders
    found["unreconciled"] = outside.unreconciled
    found["product_share"] = ratio(held, equity)
    found["product_used"] = held + quote(slot["reserve_units"] + slot["held_back_units"])
    found["gross_share"] = ratio(gross, equity)
    found["gross_used"] = gross
    found["free_cash"] = quote(free)
    found["spendable"] = max(found["free_cash"], 0.0)
    return free


@compiled
def read_order(
    readings: Readings, cost: int, least: float, off_grid: float, overflow: float
) -> None:
    """Read an entry that takes `cost` units, after its product; the rest go by their names."""
    found = readings[0]
    worth = quote(cost)
    found["order_worth"] = worth
    found["order_least"] = least
    found["order_off_grid"] = off_grid
    found["order_overflow"] = overflow
    found["product_share_after"] = ratio(found["product_used"] + worth, found["equity"])
    found["gross_share_after"] = ratio(found["gross_used"] + worth, found["equity"])
