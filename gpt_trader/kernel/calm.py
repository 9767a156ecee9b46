"""What a bar must look like to change nothing of a product, noted at its last decision.

A product is calm while nothing works, no level is touched, the opinion is the last one, and so
the decision is the last one again. Of guards this knows only when their answers can change next.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.bounds import Bounds
from gpt_trader.kernel.codes import (
    FIRST_REFUSAL,
    HOLD_FLAT,
    HOLD_IN_BAND,
    HOLD_NO_OPINION,
    HOLD_SHORT_UNSUPPORTED,
    HOLD_STOPPED_OUT,
)
from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.guards import FOREVER_MS, GuardTable, lasts_until
from gpt_trader.kernel.marks import DAY_MS
from gpt_trader.kernel.match import quiet_range
from gpt_trader.kernel.sizing import capped
from gpt_trader.kernel.slot import Slot

Calm = np.void  # one record of CALM
Calms = NDArray[np.void]  # one a product

CALM = np.dtype(
    [
        ("until", np.int64),  # row up to which only a bar's content can wake it
        ("floor", np.int64),  # ticks; a low at or below it wakes
        ("ceiling", np.int64),  # ticks; so does a high at or above it
        ("noted", np.float64),  # the weight that a bar must repeat; NaN: it has no opinion
        ("target", np.float64),  # the weight whose band must not be left; 0: none
        ("code", np.int64),  # of its decision while it is calm
        ("said", np.int64),  # code of its newest decision
        ("is_awake", np.bool_),  # this bar asks for a decision
    ],
    align=True,
)
ALWAYS = 2**62


@compiled
def note(slot: Slot, code: int, bounds: Bounds, calm: Calm) -> int:
    """Note what leaves a product as it is.

    code: its last decision's; 0 where something works. Returns how many bars may pass before a
    holding time is over; 0: the next bar may change something whatever it looks like.
    """
    lots = slot["lots"]
    calm["noted"] = math.nan if code == HOLD_NO_OPINION else slot["weight"]
    calm["target"] = 0.0
    if code == HOLD_IN_BAND and slot["weight"] * lots > 0.0:
        calm["target"] = capped(slot["weight"], bounds.max_product)
    elif code != HOLD_NO_OPINION and (lots != 0 or not repeats(code)):
        return 0
    floor, ceiling = quiet_range(lots, slot["stop_ticks"], slot["take_ticks"])
    if not math.isnan(slot["trail"]):  # a better close would move it
        if lots > 0:
            ceiling = min(ceiling, int(slot["peak_ticks"]) + 1)
        else:
            floor = max(floor, int(slot["peak_ticks"]) - 1)
    calm["floor"] = floor
    calm["ceiling"] = ceiling
    return slot["max_bars"] - slot["bars_held"] - 1 if slot["max_bars"] > 0 else ALWAYS


@compiled
def repeats(code: int) -> bool:
    """Whether a flat product of the same opinion is decided alike, marks and guards aside."""
    return (
        code == HOLD_FLAT
        or code == HOLD_STOPPED_OUT
        or code == HOLD_SHORT_UNSUPPORTED
        or code >= FIRST_REFUSAL
    )


@compiled
def row_of_another(
    guards: GuardTable, j: int, code: int, i: int, day: int, time: NDArray[np.int64]
) -> int:
    """First row after i at which product j's refusal may be another one; i: the next may be."""
    until_ms = lasts_until(guards, j, code, time[i], (day + 1) * DAY_MS)
    if until_ms <= time[i]:
        return i
    if until_ms == FOREVER_MS:
        return len(time)
    low, high = i + 1, len(time)
    while low < high:
        middle = (low + high) // 2
        if time[middle] < until_ms:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def is_calm(low: int, high: int, weight: float, floor: int, ceiling: int, noted: float) -> bool:
    """Whether a bar touches no level and repeats the opinion."""
    same = weight == noted or (math.isnan(noted) and math.isnan(weight))
    return low > floor and high < ceiling and same
