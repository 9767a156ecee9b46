"""The guards' rows as the table that the kernel's loop evaluates."""

from collections.abc import Sequence
from functools import lru_cache
from math import inf, isnan, nan, nextafter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel import guards as kernel
from gpt_trader.kernel.readings import NAMES
from gpt_trader.risk.guards import (
    GROUPS,
    PERPETUAL,
    RULES,
    SPOT,
    Comparison,
    Guard,
    shown_rows,
)
from gpt_trader.risk.policy import Limits
from gpt_trader.risk.settings import distinct, is_number

Where = frozenset[str]  # one word each of where, what and by what; see risk.guards

NOBODY = 4  # asks such a guard

_CHANGES = {
    "never": 0,
    "at equity": 0,  # of a latch: whoever passes bars over stops where one moves
    "at time": kernel.AT_TIME,
    "at day": kernel.AT_DAY,
    "any bar": kernel.ANY_BAR,
}


def where(source: str, *, is_perpetual: bool) -> Where:
    """Return where a product is decided; source: BARS, QUOTES or LIVE, else ValueError."""
    if source not in GROUPS[0]:
        raise ValueError(f"expected one of {sorted(GROUPS[0])} to decide on, found {source!r}")
    return frozenset((source, PERPETUAL if is_perpetual else SPOT, RULES))


def applies(guard: Guard, place: Where) -> bool:
    """Whether a guard refuses entries of a product that is decided there."""
    if guard.kind not in ("entry", "order"):
        return False
    restricted = [guard.applies & group for group in GROUPS]
    return all(not words or place & words for words in restricted)


def limit_of(guard: Guard, limits: Limits) -> float:
    """Return a guard's limit; NaN: it, or what it needs besides, did not arrive."""
    if any(isnan(limits.get(setting.limit, nan)) for setting in guard.settings):
        return nan
    return guard.limit if guard.setting is None else limits[guard.setting.limit]


def guard_table(
    guards: Sequence[Guard],
    limits: Limits,
    places: Sequence[Where],
    idle: tuple[str, ...] = (),
) -> kernel.GuardTable:
    """Return (p, g) GUARD rows for the products that are decided at `places`, the caller's own.

    idle: readings that stay 0 there; a guard on one that passes 0 need not be asked.

    Raises ValueError where two rows share a code or a reason or two settings a limit, and for a
    limit that is no number.
    """
    return _table(tuple(guards), tuple(limits.items()), tuple(places), idle).copy()


@lru_cache(maxsize=64)  # a sweep asks for one table again and again
def _table(
    guards: tuple[Guard, ...],
    limits: tuple[tuple[str, float], ...],
    places: tuple[Where, ...],
    idle: tuple[str, ...],
) -> kernel.GuardTable:
    for one in ([guard.code for guard in guards], [guard.reason for guard in guards]):
        if len(set(one)) < len(one):
            raise ValueError("two guards have one code or one reason")
    distinct(setting for guard in guards for setting in guard.settings)
    for name, limit in limits:
        if not is_number(limit):
            raise ValueError(f"the limit {name}: expected a number, found {limit!r}")
    table = np.zeros((len(places), len(guards)), kernel.GUARD)
    for j, place in enumerate(places):
        _fill(table[j], guards, dict(limits), place, idle)
    return table


def _fill(
    rows: NDArray[np.void],
    guards: tuple[Guard, ...],
    limits: Limits,
    place: Where,
    idle: tuple[str, ...],
) -> None:
    """Fill in one product's rows, sorted by who asks them."""
    sorts = [
        NOBODY if passes_idle(guard, limits, idle) else _sort(guard, limit_of(guard, limits), place)
        for guard in guards
    ]
    order = sorted(range(len(guards)), key=sorts.__getitem__)
    changes = 0
    for row, rank in zip(rows, order, strict=True):
        guard, limit = guards[rank], limit_of(guards[rank], limits)
        bound = limit if isnan(limit) or not (guard.against or guard.latch) else 0.0
        changes |= _CHANGES[guard.changes]
        row["rank"] = rank
        row["reading"] = _place(guard.latch or guard.reading)
        row["against"] = _place(guard.against or "zero")
        comparison = "at most" if guard.latch else guard.comparison
        row["least"], row["most"] = passing(comparison, bound)
        row["cap"] = limit
        row["per"] = _place(guard.room[0] or "one")
        row["used"] = _place(guard.room[1] or "zero")
        row["code"] = guard.code
        row["shown"] = _place(guard.reading)
        row["shown_limit"] = bound if guard.against else limit
        row["is_flag"] = guard.flag
        row["changes"] = changes
        row["time_ms"] = limit if guard.changes == "at time" else inf
    for sort, end in enumerate(("entry_end", "cut_end", "route_end", "end")):
        rows[end] = sum(one <= sort for one in sorts)


def passes_idle(guard: Guard, limits: Limits, idle: tuple[str, ...]) -> bool:
    """Whether all that a guard asks is a reading that stays 0, which it lets pass."""
    if guard.latch or guard.against or guard.kind != "entry" or guard.reading not in idle:
        return False
    least, most = passing(guard.comparison, limit_of(guard, limits))
    return least <= 0.0 <= most


def _sort(guard: Guard, limit: float, place: Where) -> int:
    """Return who asks a guard: 0 any entry, 1 it cuts, 2 a sized one, 3 the operator's, NOBODY.

    One whose limit did not arrive is asked of any entry.
    """
    if not applies(guard, place):
        return NOBODY
    if guard.kind == "entry" or isnan(limit):
        return 0
    return {"cut": 1, "ask": 2, "size": 3}[guard.route]


def passing(comparison: Comparison, limit: float) -> tuple[float, float]:
    """Return the least and the most that a reading may be, both included; NaN: nothing passes."""
    if isnan(limit):
        return nan, nan
    return {
        "below": (-inf, nextafter(limit, -inf)),
        "at most": (-inf, limit),
        "at least": (limit, inf),
        "above": (nextafter(limit, inf), inf),
    }[comparison]


class GuardRow(NamedTuple):
    """What a decision tells of one guard: a reading and its limit, and what must hold for OK.

    seen, asked: places among the readings, of what is told and of what must be least .. most.
    """

    name: str
    seen: int
    limit: float
    asked: int
    least: float
    most: float
    applies: bool


def told_rows(guards: Sequence[Guard], limits: Limits, place: Where) -> tuple[GuardRow, ...]:
    """Return what decisions tell of each guard, in order, for a product decided at `place`."""
    found = []
    for k, shown in shown_rows(tuple(guards)):
        guard = guards[k]
        limit = float(limit_of(guard, limits) if shown.limit is None else shown.limit)
        span = (0.0, 0.0) if guard.latch else passing(shown.comparison, limit)
        asked = _place(guard.latch or shown.reading)
        does_apply = applies(guard, place)
        found.append(
            GuardRow(shown.reading, _place(shown.reading), limit, asked, *span, does_apply)
        )
    return tuple(found)


def _place(name: str) -> int:
    """Return a reading's place, from the one list of their names."""
    return NAMES.index(name)
