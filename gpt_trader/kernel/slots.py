"""One product's trading state as two rows of numbers: what simulate and the paper broker share.

Row `si` is int64, row `sf` float64. A product has at most one working order and one
protection (stop, take-profit, trail) on its position.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.codes import FILL_ENTRY, FILL_STOP, FILL_TRAIL
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.rounding import level_ticks_down, level_ticks_up
from gpt_trader.kernel.slippage import NO_QUOTE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# int64 columns
LOTS = 0  # position, signed lots
KIND = 1  # working order: KIND_*
SIDE = 2  # +1 buy, -1 sell
LEFT = 3  # lots still to fill (by size)
QUOTE = 4  # units still to spend, fees included (by value)
LIMIT = 5  # limit price, ticks
REASON = 6  # FILL_*
CAUSE = 7  # grid row whose decision placed it
ORDINAL = 8  # of the working order: ORDINAL_*
RESERVE = 9  # units of cash set aside
ATTEMPTS = 10  # maker orders in a row that did not fill: entries above 0, exits below
BARS_HELD = 11
MAX_BARS = 12  # 0: none
GUARD_CAUSE = 13  # cause of the protection
STOP_TICKS = 14  # trigger, ticks; 0: none
TAKE_TICKS = 15  # limit, ticks; 0: none
STOP_REASON = 16  # FILL_STOP or FILL_TRAIL, whichever is nearer
EXPIRE_MS = 17  # a bar opening at or after it no longer matches the working limit
LAST_CLOSE = 18  # ticks of the newest bar; 0: none yet
NEXT_MAX_BARS = 19  # of the working entry, taken over when it fills
HELD_BACK = 20  # units set aside by orders outside the slot (operator's, being cancelled)
HALF_SPREAD = 21  # quoted by the newest bar, e8; NO_QUOTE: none
TAKER_E8 = 22  # rates of the working order, fixed when it was placed
MAKER_E8 = 23
GUARD_TAKER_E8 = 24  # of the protection, fixed at its entry's fill
GUARD_MAKER_E8 = 25
N_INTS = 26

# float64 columns
AVERAGE = 0  # entry price, ticks
STOP = 1  # fractions of AVERAGE; NaN: none
TAKE = 2
TRAIL = 3
PEAK = 4  # best close since entry, ticks
NEXT_STOP = 5  # of the working entry
NEXT_TAKE = 6
NEXT_TRAIL = 7
LATCH = 8  # target weight at a protective exit; NaN: not stopped out
WEIGHT = 9  # newest target weight with an opinion
N_FLOATS = 10

ORDINAL_BAR = 0  # a bar's decision placed it; CAUSE is that bar
ORDINAL_GUARD = 1  # it is the protection that this bar's entry brought
ORDINAL_QUOTE = 2  # a quote at CAUSE, ms, passed the stop

KIND_NONE = 0
KIND_SIZE = 1  # market by base size
KIND_VALUE = 2  # market by quote value, fees included
KIND_LIMIT = 3  # post-only limit, good for one bar


def new_slots(n_products: int) -> tuple[Ints, Floats]:
    """Return empty rows for products: flat, nothing working."""
    si = np.zeros((n_products, N_INTS), np.int64)
    si[:, HALF_SPREAD] = NO_QUOTE
    sf = np.zeros((n_products, N_FLOATS), np.float64)
    sf[:, STOP:] = np.nan
    sf[:, PEAK] = 0.0
    return si, sf


@compiled
def clear_working(si: Ints, sf: Floats) -> None:
    """Forget the working order."""
    si[KIND] = KIND_NONE
    si[SIDE] = 0
    si[LEFT] = 0
    si[QUOTE] = 0
    si[LIMIT] = 0
    si[REASON] = 0
    si[RESERVE] = 0
    si[EXPIRE_MS] = 0
    si[ORDINAL] = 0
    si[NEXT_MAX_BARS] = 0
    si[TAKER_E8] = 0
    si[MAKER_E8] = 0
    sf[NEXT_STOP] = math.nan
    sf[NEXT_TAKE] = math.nan
    sf[NEXT_TRAIL] = math.nan


@compiled
def count_unfilled(si: Ints) -> None:
    """Count a maker order that ended unfilled, entries upward and exits downward."""
    if si[REASON] == FILL_ENTRY:
        si[ATTEMPTS] = max(si[ATTEMPTS], 0) + 1
    else:
        si[ATTEMPTS] = min(si[ATTEMPTS], 0) - 1


@compiled
def clear_protection(si: Ints, sf: Floats) -> None:
    """Forget the protection and the holding time: the position is flat."""
    sf[STOP] = math.nan
    sf[TAKE] = math.nan
    sf[TRAIL] = math.nan
    sf[PEAK] = 0.0
    si[STOP_TICKS] = 0
    si[TAKE_TICKS] = 0
    si[GUARD_TAKER_E8] = 0
    si[GUARD_MAKER_E8] = 0
    si[BARS_HELD] = 0
    si[MAX_BARS] = 0


@compiled
def set_levels(si: Ints, sf: Floats) -> None:
    """Derive trigger and limit ticks from the average entry, the fractions and the peak.

    Stop and trail are continuous prices; a long's trigger is their floor, so that
    low <= trigger exactly when low <= price (mirrored for a short).
    """
    average = sf[AVERAGE]
    stop = sf[STOP]
    trail = sf[TRAIL]
    take = sf[TAKE]
    side = 1.0 if si[LOTS] > 0 else -1.0
    si[STOP_TICKS] = 0
    si[TAKE_TICKS] = 0
    si[STOP_REASON] = FILL_STOP
    level = math.nan
    if not math.isnan(stop):
        level = average * (1.0 - side * stop)
    if not math.isnan(trail):
        trailing = sf[PEAK] - side * trail * average
        if math.isnan(level) or side * trailing > side * level:
            level = trailing
            si[STOP_REASON] = FILL_TRAIL
    if not math.isnan(level):
        si[STOP_TICKS] = level_ticks_down(level) if side > 0 else level_ticks_up(level)
    if not math.isnan(take):
        price = average * (1.0 + side * take)
        si[TAKE_TICKS] = level_ticks_up(price) if side > 0 else level_ticks_down(price)


@compiled
def is_due(max_bars: int, bars_held: int) -> bool:
    """Whether a position has been held as long as it may be; max_bars 0: no limit."""
    return 0 < max_bars <= bars_held


@compiled
def at_close(si: Ints, sf: Floats, close: int) -> None:
    """Advance holding time and trail at a bar's close; they act from the next bar."""
    si[LAST_CLOSE] = close
    if si[LOTS] != 0:
        si[BARS_HELD] += 1
        if not math.isnan(sf[TRAIL]):
            advance_trail(si, sf, close)


@compiled
def advance_trail(si: Ints, sf: Floats, close: int) -> None:
    """Move the peak, and the levels with it, to a close that is better for the position."""
    moved = close - sf[PEAK]
    if (moved > 0.0) == (si[LOTS] > 0) and moved != 0.0:
        sf[PEAK] = float(close)
        set_levels(si, sf)
