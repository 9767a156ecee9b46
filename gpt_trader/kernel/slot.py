"""One product's trading state as one record: what simulate, engine and paper broker share.

A product has at most one working order and one protection (stop, take-profit, trail) on its
position. Fields are read by name, `slot["lots"]`, which numba turns into an address.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.codes import FILL_ENTRY, FILL_STOP, FILL_TRAIL
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.rounding import level_ticks_down, level_ticks_up
from gpt_trader.kernel.slippage import NO_QUOTE

Slot = np.void  # one record of SLOT
Slots = NDArray[np.void]  # one a product

SLOT = np.dtype(
    [
        # the position
        ("lots", np.int64),  # signed
        ("average_ticks", np.float64),  # entry price; 0.0: flat
        ("bars_held", np.int64),
        ("max_bars", np.int64),  # 0: none
        # the newest bar, and what was thought at it
        ("close_ticks", np.int64),  # 0: no bar yet
        ("half_spread_e8", np.int64),  # that it quoted; NO_QUOTE: none
        ("weight", np.float64),  # newest target with an opinion; NaN: none yet
        ("latch", np.float64),  # target at a protective exit; NaN: not stopped out
        # the position's protection
        ("stop_ticks", np.int64),  # trigger; 0: none
        ("take_ticks", np.int64),  # limit; 0: none
        ("stop_reason", np.int64),  # FILL_STOP or FILL_TRAIL, whichever is nearer
        ("stop", np.float64),  # fractions of average_ticks; NaN: none
        ("take", np.float64),
        ("trail", np.float64),
        ("peak_ticks", np.float64),  # best close since entry
        ("protection_cause", np.int64),  # cause of the entry that brought it
        ("protection_taker_e8", np.int64),  # rates, fixed at its entry's fill
        ("protection_maker_e8", np.int64),
        # the working order
        ("kind", np.int64),  # KIND_*
        ("side", np.int64),  # +1 buy, -1 sell
        ("left_lots", np.int64),  # still to fill (by size)
        ("left_units", np.int64),  # still to spend, fees included (by value)
        ("limit_ticks", np.int64),
        ("expire_ms", np.int64),  # a bar opening at or after it no longer matches the limit
        ("reason", np.int64),  # FILL_*
        ("cause", np.int64),  # grid row (engine: open time) of the bar whose decision placed it
        ("ordinal", np.int64),  # ORDINAL_*
        ("taker_e8", np.int64),  # rates, fixed when it was placed
        ("maker_e8", np.int64),
        ("reserve_units", np.int64),  # cash set aside for it
        ("next_max_bars", np.int64),  # what an entry brings when it fills
        ("next_stop", np.float64),
        ("next_take", np.float64),
        ("next_trail", np.float64),
        # orders before it and beside it
        ("attempts", np.int64),  # maker orders in a row unfilled: entries above 0, exits below
        ("held_back_units", np.int64),  # set aside by orders outside the slot (operator's, dying)
    ],
    align=True,
)

KIND_NONE = 0
KIND_SIZE = 1  # market by base size
KIND_VALUE = 2  # market by quote value, fees included
KIND_LIMIT = 3  # post-only limit, good for one bar


def _flat_slot() -> NDArray[np.void]:
    slot = np.zeros(1, SLOT)
    slot["half_spread_e8"] = NO_QUOTE
    for name in ("stop", "take", "trail", "next_stop", "next_take", "next_trail"):
        slot[name] = math.nan
    slot["latch"] = slot["weight"] = math.nan
    return slot


FLAT = _flat_slot().tobytes()


def new_slots(n_products: int) -> Slots:
    """Return the slots of products that are flat, with nothing working and no opinion."""
    return np.ndarray(n_products, SLOT, bytearray(FLAT * n_products))


def copy_slots(slots: Slots) -> Slots:
    """Return a copy, byte by byte: numpy's own goes field by field, ten times slower."""
    return np.ndarray(slots.shape, SLOT, bytearray(slots.tobytes()))


@compiled
def clear_working(slot: Slot) -> None:
    """Forget the working order."""
    slot["kind"] = KIND_NONE
    slot["side"] = 0
    slot["left_lots"] = 0
    slot["left_units"] = 0
    slot["limit_ticks"] = 0
    slot["reason"] = 0
    slot["reserve_units"] = 0
    slot["expire_ms"] = 0
    slot["ordinal"] = 0
    slot["next_max_bars"] = 0
    slot["taker_e8"] = 0
    slot["maker_e8"] = 0
    slot["next_stop"] = math.nan
    slot["next_take"] = math.nan
    slot["next_trail"] = math.nan


@compiled
def count_unfilled(slot: Slot) -> None:
    """Count a maker order that ended unfilled, entries upward and exits downward."""
    if slot["reason"] == FILL_ENTRY:
        slot["attempts"] = max(slot["attempts"], 0) + 1
    else:
        slot["attempts"] = min(slot["attempts"], 0) - 1


@compiled
def clear_protection(slot: Slot) -> None:
    """Forget the protection and the holding time: the position is flat."""
    slot["stop"] = math.nan
    slot["take"] = math.nan
    slot["trail"] = math.nan
    slot["peak_ticks"] = 0.0
    slot["stop_ticks"] = 0
    slot["take_ticks"] = 0
    slot["protection_taker_e8"] = 0
    slot["protection_maker_e8"] = 0
    slot["bars_held"] = 0
    slot["max_bars"] = 0


@compiled
def set_levels(slot: Slot) -> None:
    """Derive trigger and limit ticks from the average entry, the fractions and the peak.

    Stop and trail are continuous prices; a long's trigger is their floor, so that
    low <= trigger exactly when low <= price (mirrored for a short).
    """
    average = slot["average_ticks"]
    stop = slot["stop"]
    trail = slot["trail"]
    take = slot["take"]
    side = 1.0 if slot["lots"] > 0 else -1.0
    slot["stop_ticks"] = 0
    slot["take_ticks"] = 0
    slot["stop_reason"] = FILL_STOP
    level = math.nan
    if not math.isnan(stop):
        level = average * (1.0 - side * stop)
    if not math.isnan(trail):
        trailing = slot["peak_ticks"] - side * trail * average
        if math.isnan(level) or side * trailing > side * level:
            level = trailing
            slot["stop_reason"] = FILL_TRAIL
    if not math.isnan(level):
        slot["stop_ticks"] = level_ticks_down(level) if side > 0 else level_ticks_up(level)
    if not math.isnan(take):
        price = average * (1.0 + side * take)
        slot["take_ticks"] = level_ticks_up(price) if side > 0 else level_ticks_down(price)


@compiled
def is_due(max_bars: int, bars_held: int) -> bool:
    """Whether a position has been held as long as it may be; max_bars 0: no limit."""
    return 0 < max_bars <= bars_held


@compiled
def at_close(slot: Slot, close: int) -> None:
    """Advance holding time and trail at a bar's close; they act from the next bar."""
    slot["close_ticks"] = close
    if slot["lots"] != 0:
        slot["bars_held"] += 1
        if not math.isnan(slot["trail"]):
            advance_trail(slot, close)


@compiled
def advance_trail(slot: Slot, close: int) -> None:
    """Move the peak, and the levels with it, to a close that is better for the position."""
    moved = close - slot["peak_ticks"]
    if (moved > 0.0) == (slot["lots"] > 0) and moved != 0.0:
        slot["peak_ticks"] = float(close)
        set_levels(slot)
