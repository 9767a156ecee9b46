"""The guards' rows as the table that the kernel's loop evaluates."""

from collections.abc import Sequence
from math import isnan, nan
from typing import Any

import numpy as np

from gpt_trader.kernel import guards as kernel
from gpt_trader.kernel.readings import NAMES
from gpt_trader.risk.guards import BARS, GUARDS, PERPETUAL, RULES, SPOT, Guard
from gpt_trader.risk.policy import Limits

Where = frozenset[str]  # one word each of where, what and by what; see risk.guards

COMPARISONS = {
    "below": kernel.BELOW,
    "at most": kernel.AT_MOST,
    "at least": kernel.AT_LEAST,
    "above": kernel.ABOVE,
}
_CHANGES = {
    "never": kernel.NEVER,
    "at time": kernel.AT_TIME,
    "at equity": kernel.AT_EQUITY,
    "at day": kernel.AT_DAY,
    "any bar": kernel.ANY_BAR,
}


def on_bars(products: Sequence[Any]) -> list[Where]:
    """Return where products are decided in a backtest: on bars alone, by rules."""
    return [where(BARS, is_perpetual=product.is_perpetual) for product in products]


def where(source: str, *, is_perpetual: bool) -> Where:
    """Return where a product is decided; source: BARS, QUOTES or LIVE."""
    return frozenset((source, PERPETUAL if is_perpetual else SPOT, RULES))


def applies(guard: Guard, place: Where) -> bool:
    """Whether a guard refuses entries of a product that is decided there."""
    return guard.kind in ("entry", "order") and place <= guard.applies


def limit_of(guard: Guard, limits: Limits) -> float:
    """Return a guard's limit; NaN: it did not arrive."""
    return guard.limit if guard.setting is None else limits.get(guard.setting.limit, nan)


def guard_table(
    guards: Sequence[Guard], limits: Limits, places: Sequence[Where]
) -> kernel.GuardTable:
    """Return (p, g) GUARD rows for the products that are decided at `places`.

    Raises ValueError where two rows share a code or a reason.
    """
    for one in ("code", "reason"):
        seen = [guard.code if one == "code" else guard.reason for guard in guards]
        if len(set(seen)) < len(seen):
            raise ValueError(f"two guards have one {one}")
    table = np.zeros((len(places), len(guards)), kernel.GUARD)
    for k, guard in enumerate(guards):
        column, limit = table[:, k], limit_of(guard, limits)
        latch = guard.latch != ""
        column["code"] = guard.code
        column["asked"] = [_asked(guard, limit) * applies(guard, place) for place in places]
        column["reading"] = _place(guard.latch if latch else guard.reading)
        column["comparison"] = kernel.AT_MOST if latch else COMPARISONS[guard.comparison]
        column["limit"] = 0.0 if latch and not isnan(limit) else limit
        column["against"] = kernel.NOWHERE if isnan(limit) else _place(guard.against)
        column["shown"] = _place(guard.reading)
        column["shown_limit"] = limit
        column["is_flag"] = guard.flag
        column["per"] = _place(guard.room[0])
        column["used"] = _place(guard.room[1])
        column["changes"] = _CHANGES[guard.changes]
    return table


def backtest_table(products: Sequence[Any], limits: Limits) -> kernel.GuardTable:
    """Return the table of a backtest of products."""
    return guard_table(GUARDS, limits, on_bars(products))


def _asked(guard: Guard, limit: float) -> int:
    """Return who asks a guard. One whose limit did not arrive is asked of every entry."""
    if guard.kind == "entry" or isnan(limit):
        return kernel.OF_ENTRY | kernel.OF_OPERATOR
    return kernel.OF_OPERATOR | (kernel.OF_ROUTE if guard.route == "ask" else 0)


def _place(name: str) -> int:
    """Return a reading's place, from the one list of their names; none: NOWHERE."""
    return NAMES.index(name) if name else kernel.NOWHERE
