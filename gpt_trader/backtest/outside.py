"""Which parameters of a strategy hold so much that they may be signals, made outside of it.

The checks cut off the bars that a strategy sees. A table that came in by a parameter was made
before, of whatever bars there were.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

MOST = 16  # values that one strategy's parameter may hold
BITS, SIGNS = 64, 32  # of a whole number, of a text, that count as one value


def outside(strategy: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Return the names of parameters, a vote's voters' too, that hold moments or many values."""
    voters = strategy.voters if hasattr(strategy, "voters") else ()
    names = [f.name for f in fields(strategy) if _values(getattr(strategy, f.name), 0) > MOST]
    return tuple(dict.fromkeys([*names, *(name for one in voters for name in outside(one))]))


def _values(value: Any, depth: int) -> int:  # noqa: ANN401
    """Return how many values something holds, beyond MOST at once if it cannot be told."""
    if isinstance(value, date | np.datetime64) or depth > MOST:
        return MOST + 1
    if isinstance(value, int):
        return 1 + value.bit_length() // BITS
    if isinstance(value, str | bytes):
        return 1 + len(value) // SIGNS
    if isinstance(value, np.ndarray):
        return MOST + 1 if value.dtype.kind in "MmOV" else value.size
    if isinstance(value, range | type):
        return 1
    return _sum(_parts(value), depth + 1) if _has_parts(value) else 1


def _has_parts(value: Any) -> bool:  # noqa: ANN401
    told = isinstance(value, Collection | FunctionType | partial) or is_dataclass(value)
    return told or (hasattr(value, "__dict__") and bool(vars(value)))


def _parts(value: Any) -> Iterable[Any]:  # noqa: ANN401
    if isinstance(value, Mapping):
        return [*value.values(), *(key for key in value if not isinstance(key, str))]
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if isinstance(value, Collection):  # a frame, a series, or who knows
        return (date.min,)
    if isinstance(value, FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        return [*cells, *(value.__defaults__ or ())]
    if isinstance(value, partial):
        return [value.func, *value.args, *value.keywords.values()]
    if is_dataclass(value):
        return [getattr(value, f.name) for f in fields(value)]
    return [one for name, one in vars(value).items() if not name.startswith("__")]


def _sum(parts: Iterable[Any], depth: int) -> int:
    total = 0
    for one in parts:
        total += _values(one, depth)
        if total > MOST:
            break
    return total
