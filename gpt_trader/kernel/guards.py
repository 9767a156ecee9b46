"""The guards' one loop: a table of rows, each a reading, a comparison and a limit.

It fails closed. A reading or a limit that is not a number passes no comparison: nobody took the
one, the other did not arrive. The rows themselves, in the order in which the first to refuse is
named, stand in risk/guards.py; nothing here knows one of them.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.readings import Readings

NOWHERE = -1  # instead of a place among the readings, or of a row

# what a reading must be to pass its limit
BELOW = 0
AT_MOST = 1
AT_LEAST = 2
ABOVE = 3

# who asks; a row is asked by those whose bits it has
OF_ENTRY = 1  # may there be entries: before one is sized, and of one that rests
OF_ROUTE = 2  # of a route's entry as it was sized
OF_OPERATOR = 4  # all of an operator's entry

# when an answer can change next, while bars go by and nothing is ordered
NEVER = 0
AT_TIME = 1  # at the time that is the limit
AT_EQUITY = 2  # where `mark` moves a latch
AT_DAY = 3  # with the UTC day
ANY_BAR = 4
FOREVER_MS = 2**62

GUARD = np.dtype(
    [
        ("code", np.int64),  # decision code of its refusal
        ("asked", np.int64),  # OF_* that ask it; 0: it does not apply
        ("reading", np.int64),  # what is compared: its place among the readings
        ("comparison", np.int64),
        ("limit", np.float64),  # NaN: it did not arrive
        ("against", np.int64),  # place of what it is compared with instead; NOWHERE: the limit
        ("shown", np.int64),  # place of what a refusal says was read
        ("shown_limit", np.float64),
        ("is_flag", np.int64),  # 1: it says 1 against 0, however much was read
        ("per", np.int64),  # room for an entry: shown_limit x per - used; NOWHERE: it cuts none
        ("used", np.int64),  # NOWHERE: nothing is
        ("changes", np.int64),  # NEVER .. ANY_BAR
    ],
    align=True,
)

Guard = np.void  # one record of GUARD
GuardTable = NDArray[np.void]  # (p, g): the rows of each product, in order


@compiled
def passes(seen: float, comparison: int, limit: float) -> bool:
    """Whether what was read passes a limit; what is not a number never does."""
    if comparison == BELOW:
        return seen < limit
    if comparison == AT_MOST:
        return seen <= limit
    if comparison == AT_LEAST:
        return seen >= limit
    return comparison == ABOVE and seen > limit


@compiled
def refuses(guard: Guard, readings: Readings) -> bool:
    """Whether a guard refuses."""
    values = readings[0]["values"]
    limit = guard["limit"] if guard["against"] == NOWHERE else values[guard["against"]]
    return not passes(values[guard["reading"]], guard["comparison"], limit)


@compiled
def first_refusal(guards: GuardTable, j: int, readings: Readings, who: int) -> int:
    """Row of product j's first guard that refuses whoever asks; NOWHERE: none does."""
    for k in range(guards.shape[1]):
        if guards[j, k]["asked"] & who != 0 and refuses(guards[j, k], readings):
            return k
    return NOWHERE


@compiled
def said(guard: Guard, readings: Readings) -> tuple[float, float]:
    """What a refusal says was read, and its limit."""
    values = readings[0]["values"]
    if guard["is_flag"] == 1:
        return 1.0, 0.0
    if guard["against"] == NOWHERE:
        return values[guard["shown"]], guard["shown_limit"]
    return values[guard["shown"]], values[guard["against"]]


@compiled
def room(guard: Guard, readings: Readings) -> float:
    """Quote that a guard leaves for an entry."""
    most: float = guard["shown_limit"] * readings[0]["values"][guard["per"]]
    return most if guard["used"] == NOWHERE else most - readings[0]["values"][guard["used"]]


@compiled
def cut(guards: GuardTable, j: int, readings: Readings, wanted: float) -> tuple[float, int]:
    """Cut an entry of `wanted` quote to the tightest room.

    Returns (what is left, the row that cut it, NOWHERE: none). A room that is no number is none.
    """
    left, by = wanted, NOWHERE
    for k in range(guards.shape[1]):
        if guards[j, k]["asked"] != 0 and guards[j, k]["per"] != NOWHERE:
            most = room(guards[j, k], readings)
            if math.isnan(most):
                return 0.0, k
            if most < left:
                left, by = most, k
    return left, by


@compiled
def said_of_cut(guard: Guard, readings: Readings, wanted: float) -> tuple[float, float]:
    """What a refusal says when too little is left: the share in use and its limit, or amounts."""
    if guard["used"] == NOWHERE:
        return wanted, room(guard, readings)
    values = readings[0]["values"]
    return values[guard["used"]] / values[guard["per"]], guard["shown_limit"]


@compiled
def lasts_until(guards: GuardTable, j: int, code: int, bar_ms: int, day_ms: int) -> int:
    """Time until which product j's refusal surely is the same one; `bar_ms`: it need not be.

    That is until a guard up to the one that refused may answer otherwise. day_ms: when the next UTC
    day begins. Whoever passes bars over stops where a latch or the count of entries moves.
    """
    until = FOREVER_MS
    for k in range(guards.shape[1]):
        guard = guards[j, k]
        if guard["asked"] & OF_ENTRY == 0:
            continue
        changes = guard["changes"]
        if changes == AT_DAY:
            until = min(until, day_ms)
        elif changes == AT_TIME:
            if not guard["limit"] < bar_ms:  # else it is behind
                until = int(min(float(until), guard["limit"]))
        elif changes != NEVER and changes != AT_EQUITY:
            return bar_ms
        if guard["code"] == code:
            return until
    return bar_ms  # an order's own size and price follow the market
