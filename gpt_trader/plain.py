"""Values as JSON knows them: what every document is written by."""

import dataclasses
import enum
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:  # noqa: ANN401
    """Return a value as JSON knows it.

    Money (Decimal) becomes text without an exponent, NaN and infinities null, times ISO UTC
    with milliseconds, numpy scalars and arrays numbers and lists.
    """
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, enum.Enum)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return money(value) if value.is_finite() else None
    if isinstance(value, Mapping):
        return plain_dict(value)
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if type(value).__module__ == "numpy":
        return plain(value.tolist())
    raise TypeError(f"expected a value that JSON can hold, was {type(value).__name__}")


def plain_dict(value: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a mapping as JSON gives it back: equal to what is read from its text."""
    return {str(plain(key)): plain(item) for key, item in value.items()}


def money(value: Decimal) -> str:
    """Return a decimal as text without an exponent: 1E+4 is "10000"."""
    return format(value, "f")


def utc(moment: datetime) -> str:
    """Return an aware time as 2026-01-31T00:00:00.000Z."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text}Z"
