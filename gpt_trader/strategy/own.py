"""A strategy as it was given: what its parameters hold is changed by nobody afterwards."""

import copy
import pickle
from dataclasses import fields
from decimal import Decimal
from enum import Enum
from typing import Any

# what copying and pickling, and an object's own part in them, fail with
UNCOPIED = (
    copy.Error, pickle.PicklingError, TypeError, ValueError, AttributeError, RuntimeError,
    LookupError, ArithmeticError, AssertionError, ImportError, OSError,
)  # fmt: skip
FIXED = (bool, int, float, str, bytes, Decimal, Enum, type(None))


def with_own_parameters(strategy: Any) -> Any:  # noqa: ANN401 - a Strategy or a BarStrategy
    """Return a strategy with copies of what its parameters hold: itself if none can change.

    What cannot be copied stays as it is.
    """
    held = {f.name: getattr(strategy, f.name) for f in fields(strategy)}
    loose = {name: value for name, value in held.items() if not _is_fixed(value)}
    if not loose:
        return strategy
    own = copy.copy(strategy)
    for name, value in loose.items():
        object.__setattr__(own, name, _copied(value))
    return own


def _is_fixed(value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, tuple):
        return all(map(_is_fixed, value))
    return isinstance(value, FIXED)


def _copied(value: Any) -> Any:  # noqa: ANN401
    try:
        return copy.deepcopy(value)
    except UNCOPIED:
        return value
