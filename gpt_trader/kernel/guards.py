"""The guards' one loop: a table of rows, each a reading, a comparison and a limit.

It fails closed. A reading or a limit that is not a number passes no comparison: nobody took the
one, the other did not arrive. The rows themselves, in the order in which the first to refuse is
named, stand in risk/guards.py; nothing here knows one of them.

Each product has the rows that are asked of any entry first, then those that cut one to the room
they leave, then those that are asked of a route's entry as it was sized, then the rest.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import compiled
from gpt_trader.kernel.readings import NAMES, Readings

NOWHERE = -1  # of rows: none
ZERO = NAMES.index("zero")

# when an answer can change next, while bars go by and nothing is ordered; 0: never
AT_TIME = 1
AT_DAY = 2  # with the UTC day
ANY_BAR = 4
FOREVER_MS = 2**62

GUARD = np.dtype(
    [
        # it passes from `least` to `most`, both included; NaN: its limit did not arrive
        ("least", np.float64),
        ("most", np.float64),
        # places among the readings, unsigned: a signed index is asked whether it counts backward
        ("reading", np.uint8),  # this less `against` is compared
        ("against", np.uint8),
        # room for an entry: cap x per - used, quote
        ("per", np.uint8),
        ("used", np.uint8),
        ("cap", np.float64),
        # what a refusal says
        ("rank", np.int64),  # the least of those that refuse is named
        ("code", np.int64),  # decision code
        ("shown", np.uint8),  # place of what was read
        ("shown_limit", np.float64),
        ("is_flag", np.int64),  # 1: it says 1 against 0, however much was read
        # how long it lasts
        ("changes", np.int64),  # AT_* and ANY_BAR of it and of each entry row before it
        ("time_ms", np.float64),  # when its own answer changes; inf: not at a time
        # in each row of a product alike: where its rows of a sort end
        ("entry_end", np.int64),
        ("cut_end", np.int64),
        ("route_end", np.int64),
        ("end", np.int64),  # rows that do not apply stand behind
    ],
    align=True,
)

Guard = np.void  # one record of GUARD
GuardTable = NDArray[np.void]  # (p, g): the rows of each product


@compiled
def refuses(guard: Guard, readings: Readings) -> bool:
    """Whether a guard refuses; what is not a number passes nothing."""
    values = readings[0]["values"]
    seen = values[guard["reading"]] - values[guard["against"]]
    passes: bool = guard["least"] <= seen <= guard["most"]
    return not passes


@compiled
def refuses_entry(guards: GuardTable, j: int, readings: Readings) -> int:
    """Row of product j's first guard that refuses any entry; NOWHERE: none does."""
    for k in range(guards[j, 0]["entry_end"]):
        if refuses(guards[j, k], readings):
            return k
    return NOWHERE


@compiled
def asks_sized(guards: GuardTable, j: int) -> bool:
    """Whether any guard of product j is asked of a route's entry as it was sized."""
    any_row: bool = guards[j, 0]["cut_end"] < guards[j, 0]["route_end"]
    return any_row


@compiled
def refuses_sized(guards: GuardTable, j: int, readings: Readings) -> int:
    """Row of product j's first guard that refuses a route's entry as it was sized, or NOWHERE."""
    for k in range(guards[j, 0]["cut_end"], guards[j, 0]["route_end"]):
        if refuses(guards[j, k], readings):
            return k
    return NOWHERE


@compiled
def refuses_operator(guards: GuardTable, j: int, readings: Readings) -> int:
    """Row of product j's first guard that refuses an operator's entry, or NOWHERE."""
    first = NOWHERE
    for k in range(guards[j, 0]["end"]):
        if refuses(guards[j, k], readings) and (
            first == NOWHERE or guards[j, k]["rank"] < guards[j, first]["rank"]
        ):
            first = k
    return first


@compiled
def said(guard: Guard, readings: Readings) -> tuple[float, float]:
    """What a refusal says was read, and its limit."""
    if guard["is_flag"] == 1:
        return 1.0, 0.0
    values = readings[0]["values"]
    return values[guard["shown"]], guard["shown_limit"] + values[guard["against"]]


@compiled
def room(guard: Guard, readings: Readings) -> float:
    """Quote that a guard leaves for an entry."""
    values = readings[0]["values"]
    left: float = guard["cap"] * values[guard["per"]] - values[guard["used"]]
    return left


@compiled
def cut(guards: GuardTable, j: int, readings: Readings, wanted: float) -> tuple[float, int]:
    """Cut an entry of `wanted` quote to the tightest room.

    Returns (what is left, the row that cut it, NOWHERE: none). A room that is no number is none.
    """
    left, by = wanted, NOWHERE
    for k in range(guards[j, 0]["entry_end"], guards[j, 0]["cut_end"]):
        most = room(guards[j, k], readings)
        if math.isnan(most):
            return 0.0, k
        if most < left:
            left, by = most, k
    return left, by


@compiled
def said_of_cut(guard: Guard, readings: Readings, wanted: float) -> tuple[float, float]:
    """What a refusal says when too little is left: the share in use and its limit, or amounts."""
    if guard["used"] == ZERO:
        return wanted, room(guard, readings)
    values = readings[0]["values"]
    return values[guard["used"]] / values[guard["per"]], guard["cap"]


@compiled
def lasts_until(guards: GuardTable, j: int, code: int, bar_ms: int, day_ms: int) -> int:
    """Time until which product j's refusal surely is the same one; `bar_ms`: it need not be.

    That is until a guard up to the one that refused may answer otherwise. day_ms: when the next UTC
    day begins. Whoever passes bars over stops where a latch or the count of entries moves.
    """
    k, end = 0, guards[j, 0]["entry_end"]
    while k < end and guards[j, k]["code"] != code:
        k += 1
    if k == end:
        return bar_ms  # an order's own size and price follow the market
    changes = guards[j, k]["changes"]
    if changes & ANY_BAR != 0:
        return bar_ms
    until = day_ms if changes & AT_DAY != 0 else FOREVER_MS
    if changes & AT_TIME != 0:
        for before in range(k + 1):
            if guards[j, before]["time_ms"] >= bar_ms:  # else it is behind
                until = int(min(float(until), guards[j, before]["time_ms"]))
    return until
