"""Where a strategy holds so much that it may be signals, made outside of it.

The checks cut off the bars that a strategy sees. A table that came in by a parameter, or lies where
its code reaches it, was made before, of whatever bars there were.
"""

import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copyreg import dispatch_table
from dataclasses import fields, is_dataclass
from datetime import date
from functools import partial
from logging import Logger, getLogger
from pathlib import PurePath
from pickle import whichmodule  # type: ignore[attr-defined]
from threading import Lock, RLock
from types import (
    BuiltinMethodType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any, TypeVar

import numpy as np

from gpt_trader.backtest.refers import CACHED, PLAIN, closed_over, held_by, referred
from gpt_trader.backtest.told import named_only
from gpt_trader.strategy.own import UNCOPIED
from gpt_trader.strategy.registry import is_builtin

MOST = 16  # values that one place may hold
MOST_IN_ALL = 150  # values of all that its code and its parameters hold; usual are under 60
BITS, SIGNS = 64, 32  # of a whole number, of a text, that count as one value
MOMENTS = (date, np.datetime64)
HARMLESS = (type, ModuleType, TypeVar, np.bool_, np.number, type(Lock()), type(RLock()))
OF_LOGGER = frozenset(vars(getLogger(__name__)))


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
        all_of_it = list(referred(strategy, rest))
        moments = [one for one in all_of_it if isinstance(one.value, MOMENTS) and not one.is_part]
        found = [one for one in all_of_it if not _is_constant(one.value)]
        places += [one.place for one in found if _values(one.value, 0) > MOST]
        total = sum(_values(one.value, 0) for one in found if not one.is_part)
        total += sum(_values(value, 0) for value in rest) + len(moments)
        if not places and total > MOST_IN_ALL:
            places.append(f"{total} numbers and texts in code")
    return tuple(dict.fromkeys([*places, *(place for one in voters for place in outside(one))]))


def _is_constant(value: Any) -> bool:  # noqa: ANN401
    """Whether what code refers to is a moment, or what an installed module holds."""
    if isinstance(value, PLAIN):
        return False
    if isinstance(value, MOMENTS):
        return True
    module = type(value).__module__
    return named_only(module) and any(value is one for one in vars(sys.modules[module]).values())


def _values(value: Any, depth: int) -> int:  # noqa: ANN401
    """Return how many values something holds, beyond MOST at once if it cannot be told."""
    if isinstance(value, MOMENTS) or depth > MOST:
        return MOST + 1
    if isinstance(value, PLAIN):
        own = 0 if named_only(type(value).__module__) else _sum(_own(value), depth + 1)
        return _of_plain(value) + own
    if isinstance(value, np.ndarray):
        return MOST + 1 if value.dtype.kind in "MmOV" else value.size
    if value is None or isinstance(value, HARMLESS):
        return 1
    parts = _parts(value)
    return MOST + 1 if parts is None else max(1, _sum(parts, depth + 1))


def _of_plain(value: complex | str | bytes) -> int:
    if isinstance(value, int):
        return 1 + value.bit_length() // BITS
    return 1 + len(value) // SIGNS if isinstance(value, str | bytes) else 1


def _parts(value: Any) -> Iterable[Any] | None:  # noqa: ANN401
    """Return what something is made of; None if nobody can tell."""
    match value:
        case Mapping():
            keys = (key for key in value if not isinstance(key, str))
            return [*value.values(), *keys, *_own(value)]
        case list() | tuple() | set() | frozenset() | deque():
            return [*value, *_own(value)]
        case range():
            return [value.start, value.stop, value.step]
        case Collection() | Iterator():  # a frame, a series, or who knows
            return None
        case FunctionType():
            cells = [cell for _, cell in closed_over(value)]
            return [*cells, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
        case partial():
            return [value.func, *value.args, *value.keywords.values()]
        case MethodType() | BuiltinMethodType() | MethodWrapperType():
            owner = value.__self__
            return [] if owner is None or isinstance(owner, ModuleType) else [owner]
        case CACHED():
            return [value.__wrapped__]
        case np.dtype():
            said: Mapping[str, Any] = value.metadata or {}
            return [*(value.names or ()), *(said[name] for name in said)]
        case np.random.Generator():
            return [value.bit_generator.state]
        case Logger():
            added = [one for name, one in vars(value).items() if name not in OF_LOGGER]
            return [value.name, *added, *filter(_is_of_user, (*value.handlers, *value.filters))]
        case PurePath():
            return [str(value)]
    if not _is_of_user(value):
        by = dispatch_table.get(type(value))
        return _pickled(
            value, (lambda: value.__reduce_ex__(4)) if by is None else partial(by, value)
        )
    made: Any = next((one for one in type(value).__mro__ if named_only(one.__module__)), object)
    inner = (
        []
        if made.__reduce__ is object.__reduce__
        else _pickled(value, lambda: made.__reduce__(value))
    )
    return None if inner is None else [*inner, *_own(value)]


def _is_of_user(value: Any) -> bool:  # noqa: ANN401
    return not named_only(type(value).__module__)


def _own(value: Any) -> list[Any]:  # noqa: ANN401
    """Return what an object keeps in its fields, attributes and slots."""
    held = [one for name, one in held_by(value).items() if not name.startswith("__")]
    return [*held, *_slots(value)]


def _pickled(value: Any, reduce: Callable[[], Any]) -> list[Any] | None:  # noqa: ANN401
    """Return what a value of an installed type is pickled by; None if it cannot be.

    Whatever a type is, that is all of it: text as a pattern, or a table as what an error tells.
    """
    try:
        made = reduce()
    except UNCOPIED:
        return None
    if isinstance(made, str):  # a constant, by its name
        module = whichmodule(value, made)
        return [] if named_only(module) and hasattr(sys.modules[module], made) else None
    _, args, *more = made
    state, items, pairs = (*more, None, None, None)[:3]
    return [*args, *([] if state is None else [state]), *(items or ()), *(pairs or ())]


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
