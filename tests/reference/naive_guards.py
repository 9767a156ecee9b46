"""The guards in plain Python, as their rows state them: no table, no place, no bits.

It shares the rows with the package, and nothing that evaluates them.
"""

import math
import operator
from collections.abc import Mapping, Sequence

from gpt_trader.risk.guards import GROUPS, Guard

PASSES = {
    "below": operator.lt,
    "at most": operator.le,
    "at least": operator.ge,
    "above": operator.gt,
}
Refusal = tuple[str, float, float]


def refusal(
    guards: Sequence[Guard],
    readings: Mapping[str, float],
    limits: Mapping[str, float],
    place: frozenset[str],
    *,
    entries_only: bool,
) -> Refusal | None:
    """Return what an operator's entry (or whether there may be any) is refused by, and says."""
    for guard in guards:
        if guard.kind not in ("entry", "order"):
            continue
        if any(guard.applies & group and not guard.applies & group & place for group in GROUPS):
            continue
        limit = limits.get(guard.setting.limit, math.nan) if guard.setting else guard.limit
        if any(math.isnan(limits.get(needed.limit, math.nan)) for needed in guard.needs):
            limit = math.nan
        if entries_only and guard.kind == "order" and not math.isnan(limit):
            continue
        bound = readings[guard.against] if guard.against and not math.isnan(limit) else limit
        if guard.latch:
            passes = readings[guard.latch] <= 0 and not math.isnan(limit)
        elif guard.against:  # the difference, so that two infinities are no number
            passes = PASSES[guard.comparison](readings[guard.reading] - bound, 0.0)
        else:
            passes = PASSES[guard.comparison](readings[guard.reading], bound)
        if not passes:
            return (guard.reason, *((1.0, 0.0) if guard.flag else (readings[guard.reading], bound)))
    return None
