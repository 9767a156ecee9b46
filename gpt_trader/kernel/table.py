"""What engine and paper broker do to one product's slot, by its place in the table of slots.

To hand a single record to compiled code costs the interpreter ten microseconds: numpy describes
all its fields each time. A table costs a fifth of one. The rules are in the functions called.
"""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.match import Book, Part, after_fill, is_quiet, match_bar, trigger_stop
from gpt_trader.kernel.rounding import Spec
from gpt_trader.kernel.sizing import Ticket, place
from gpt_trader.kernel.slot import (
    Slots,
    at_close,
    clear_working,
    count_unfilled,
    set_levels,
)


@compiled
def is_idle(slots: Slots, j: int, high: int, low: int) -> bool:
    """Whether a bar leaves product j's working order and protection as they are."""
    return is_quiet(slots[j], high, low)


@compiled
def close_bar(slots: Slots, j: int, close: int, half_spread_e8: int) -> None:
    """Advance product j's holding time and trail to a bar's close."""
    at_close(slots[j], close)
    slots[j]["half_spread_e8"] = half_spread_e8


@compiled
def place_order(
    slots: Slots,
    j: int,
    ticket: Ticket,
    cause: int,
    expire_ms: int,
    stop: float,
    take: float,
    trail: float,
    max_bars: int,
    costs: Costs,
) -> None:
    """Let a ticket's order work in product j, see `place`."""
    place(slots[j], ticket, cause, expire_ms, stop, take, trail, max_bars, costs)


@compiled
def clear_order(slots: Slots, j: int) -> None:
    """Forget product j's working order."""
    clear_working(slots[j])


@compiled
def miss_order(slots: Slots, j: int) -> None:
    """Count product j's working order as unfilled."""
    count_unfilled(slots[j])


@compiled
def fill_order(
    slots: Slots, j: int, side: int, lots: int, ticks: int, reason: int, costs: Costs
) -> None:
    """Move product j by a fill, see `after_fill`."""
    after_fill(slots[j], side, lots, ticks, reason, costs)


@compiled
def trigger(slots: Slots, j: int) -> None:
    """Turn product j's protection into its working order."""
    trigger_stop(slots[j])


@compiled
def protect(slots: Slots, j: int, peak: int, stop: float, take: float, trail: float) -> None:
    """Give product j's position a protection, prices and fractions as in a slot."""
    slots[j]["peak_ticks"] = float(peak)
    slots[j]["stop"] = stop
    slots[j]["take"] = take
    slots[j]["trail"] = trail
    set_levels(slots[j])


@compiled
def match_slot(
    slots: Slots,
    j: int,
    cash: int,
    part: Part,
    spec: Spec,
    costs: Costs,
    fills: NDArray[np.void],
    log: NDArray[np.int64],
    row: int,
) -> tuple[int, int, int]:
    """Match product j against a bar or a part of one, see `match_bar`."""
    return match_bar(slots[j], cash, part, spec, costs, Book(fills, log, 0, j), row)
