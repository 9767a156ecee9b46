"""Columns of a user's own beside the bars: an index of fear, a funding rate of elsewhere."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.brief import brief
from gpt_trader.domain.equal import is_equal
from gpt_trader.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Extra(Mapping[str, Floats]):
    """Columns by name, (n,) float64 each, aligned with the bars and read-only; NaN: not known."""

    __slots__ = ("_columns",)

    def __init__(self, columns: Mapping[str, Floats]) -> None:
        """Take columns that hold already; see `checked`."""
        self._columns: dict[str, Floats] = dict(columns)

    def __getitem__(self, name: str) -> Floats:
        if name not in self._columns:
            known = ", ".join(self._columns) or "none"
            raise KeyError(
                f"the bars have no extra column {name!r}; they have {known}: "
                f"load_bars(..., extra=[{name!r}]) takes it from a frame or a file"
            )
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return f"<extra columns: {', '.join(self._columns) or 'none'}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and is_equal(dict(self), dict(other))

    __hash__ = None  # type: ignore[assignment]

    def rows(self, rows: Any) -> "Extra":  # noqa: ANN401 - a slice or row numbers
        """Return some rows of each."""
        return Extra({name: column[rows] for name, column in self._columns.items()})

    def copy(self) -> "Extra":
        """Return the same in memory of their own, read-only too."""
        return Extra({name: _closed(column.copy()) for name, column in self._columns.items()})


NONE = Extra({})


def checked(columns: object, time: Ints) -> Extra:
    """Return a user's columns of bars that open at `time`, as float64.

    Raises TypeError if they are no numbers by name, DataError if one has another length, or is a
    Series of other times.
    """
    if isinstance(columns, Extra):
        found = dict(columns)
    elif isinstance(columns, Mapping):
        found = {_name(name): _floats(name, column) for name, column in columns.items()}
        for name, column in columns.items():
            _check_index(name, column, time)
    else:
        raise TypeError(f"expected extra as columns by name, was {type(columns).__name__}")
    for name, column in found.items():
        if column.shape != time.shape:
            raise DataError(
                f"expected {len(time)} rows of extra column {name!r}, were {column.shape}"
            )
    return Extra({name: _closed(column) for name, column in found.items()}) if found else NONE


def joined(parts: list[Extra]) -> Extra:
    """Return the columns of bars that follow each other; raise DataError if they have others."""
    names = list(parts[0])
    if any(set(one) != set(names) for one in parts):
        told = " and ".join(", ".join(one) or "none" for one in parts)
        raise DataError(f"expected bars of the same extra columns, were {told}")
    found = {name: np.concatenate([one[name] for one in parts]) for name in names}
    return Extra({name: _closed(column) for name, column in found.items()}) if names else NONE


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"expected a text as name of an extra column, was {brief(name)}")
    return name


def _check_index(name: str, column: Any, time: Ints) -> None:  # noqa: ANN401
    """Raise DataError if a Series has the moments of other bars."""
    index = column.index if hasattr(column, "index") and hasattr(column, "iloc") else None
    if index is None or not hasattr(index, "tz"):
        return
    moments = index.to_numpy("datetime64[ms]").view(np.int64)
    if not np.array_equal(moments, time):
        raise DataError(
            f"the extra column {name!r} is a Series of other times than the bars",
            hint="series.reindex(bars.to_pandas().index), with values that were known by then",
        )


def _floats(name: str, column: object) -> Floats:
    try:
        return np.array(column, np.float64)
    except (TypeError, ValueError):
        raise TypeError(
            f"expected numbers in extra column {name!r}, was {type(column).__name__}"
        ) from None


def _closed(column: Floats) -> Floats:
    column.flags.writeable = False
    return column
