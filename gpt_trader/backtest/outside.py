"""Where a strategy holds so much that it may be signals, made outside of it.

The checks cut off the bars that a strategy sees. A table that came in by a parameter, or lies where
its code reaches it, was made before, of whatever bars there were.
"""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import partial
from logging import Logger
from pathlib import PurePath
from types import (
    BuiltinMethodType,
    FunctionType,
    GenericAlias,
    MemberDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any

import numpy as np

from gpt_trader.backtest.refers import PLAIN, closed_over, held_by, referred
from gpt_trader.backtest.told import named_only
from gpt_trader.strategy.registry import is_builtin

MOST = 16  # values that one place may hold
MOST_IN_ALL = 150  # values of all that its code and its parameters hold; usual are under 60
BITS, SIGNS = 64, 32  # of a whole number, of a text, that count as one value
_BOUND = MethodType | BuiltinMethodType | MethodWrapperType


def outside(strategy: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Return where a strategy, or a voter of it, holds moments or many values: `parameter NAME`.

    Of its code (globals, closures, attributes, defaults) as it is now: to be called before the
    strategy is asked, which may fill tables of its own. A moment alone is a constant there.
    """
    voters = strategy.voters if hasattr(strategy, "voters") else ()
    held = {f.name: getattr(strategy, f.name) for f in fields(strategy)}
    many = [name for name, value in held.items() if _values(value, 0) > MOST]
    places = [f"parameter {name}" for name in many]
    if not is_builtin(type(strategy)):
        rest = [value for name, value in held.items() if name not in many]
        found = [one for one in referred(strategy, rest) if not _is_constant(one.value)]
        places += [one.place for one in found if _values(one.value, 0) > MOST]
        total = sum(_values(one.value, 0) for one in found if not one.is_part)
        total += sum(_values(value, 0) for value in rest)
        if not places and total > MOST_IN_ALL:
            places.append(f"{total} numbers and texts in code")
    return tuple(dict.fromkeys([*places, *(place for one in voters for place in outside(one))]))


def _is_constant(value: Any) -> bool:  # noqa: ANN401
    """Whether what code refers to is a moment, a type, a log, or what an installed module holds."""
    if isinstance(value, PLAIN):
        return False
    module = type(value).__module__
    if isinstance(value, date | np.datetime64 | GenericAlias | Logger) or module == "typing":
        return True
    return named_only(module) and any(value is one for one in vars(sys.modules[module]).values())


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
    if isinstance(value, Collection | Iterator | FunctionType | partial | PurePath | _BOUND):
        return True
    return bool(held_by(value)) or bool(_slots(value))


def _parts(value: Any) -> Iterable[Any]:  # noqa: ANN401
    if isinstance(value, Mapping):
        return [*value.values(), *(key for key in value if not isinstance(key, str))]
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if isinstance(value, Collection | Iterator):  # a frame, a series, or who knows
        return (date.min,)
    if isinstance(value, FunctionType):
        cells = [cell for _, cell in closed_over(value)]
        return [*cells, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    if isinstance(value, partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, _BOUND):
        owner = value.__self__
        return [] if owner is None or isinstance(owner, ModuleType) else [owner]
    if isinstance(value, PurePath):
        return [str(value)]
    own = [one for name, one in held_by(value).items() if not name.startswith("__")]
    return [*own, *_slots(value)]


def _slots(value: Any) -> list[Any]:  # noqa: ANN401
    """Return what an object keeps in slots; the fields of a dataclass are among its parts."""
    if is_dataclass(value):
        return []
    return [
        getattr(value, name)
        for kind in type(value).__mro__
        for name, one in vars(kind).items()
        if isinstance(one, MemberDescriptorType) and not named_only(kind.__module__)
        if hasattr(value, name)
    ]


def _sum(parts: Iterable[Any], depth: int) -> int:
    total = 0
    for one in parts:
        total += _values(one, depth)
        if total > MOST:
            break
    return total
