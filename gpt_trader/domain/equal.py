"""Equality of values that hold arrays, for which `==` of arrays is no answer."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np


def equal_by_fields[T](given: type[T]) -> type[T]:
    """Let objects of a dataclass equal those whose fields do; NaN equals NaN. They have no hash."""
    kind: Any = given
    names = [field.name for field in fields(kind) if field.compare]

    def equal(one: object, other: object) -> Any:  # noqa: ANN401 - NotImplemented too
        if type(one) is not type(other):
            return NotImplemented
        return all(is_equal(getattr(one, name), getattr(other, name)) for name in names)

    kind.__eq__ = equal
    kind.__hash__ = None
    return given


def is_equal(one: Any, other: Any) -> bool:  # noqa: ANN401
    """Return whether two values are equal, arrays in them by type and element."""
    if one is other:
        return True
    if hasattr(one, "__array__") or hasattr(other, "__array__"):
        return type(one) is type(other) and _is_equal_array(np.asarray(one), np.asarray(other))
    if isinstance(one, tuple | list):
        is_long = type(one) is type(other) and len(one) == len(other)
        return is_long and all(map(is_equal, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_equal(one[k], other[k]) for k in one)
    return bool(one == other)


def _is_equal_array(one: Any, other: Any) -> bool:  # noqa: ANN401
    is_alike: bool = one.dtype == other.dtype and one.shape == other.shape
    return is_alike and bool(((one == other) | ((one != one) & (other != other))).all())  # noqa: PLR0124
