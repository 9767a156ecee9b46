"""From what holds a column (a Series, an array, a list) to arrays for a feature, and back."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from itertools import pairwise
from math import isfinite
from numbers import Integral, Real
from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.brief import brief
from gpt_trader.errors import DataError, UsageError

Column = Any
"""(n,) numbers: a pandas or polars Series, an array, a list or a tuple."""

Answer = Any
"""(n,) float64: a Series with the index of the first Series that was given, else an array."""


PRICES = ("open_", "high", "low", "close")  # arguments that are of one bar
_ELSE = {"time": "; time in ms UTC or as moments", "anchors": "; anchors true or false",
         "flags": ", or true and false"}  # fmt: skip
WIDTH = 92  # of help, which indents it
_SETTINGS = {int: "a whole number, 1 or more", float: "a finite number"}
FAR = 5.0  # times: no median high is so far from the close's, ticks of 0.1 are from prices


def offered[**P, R](
    feature: Callable[..., Any],
    *,
    floats: Callable[..., Any] | None = None,
    gaps: bool = False,
    rising: Sequence[str] = (),
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function whose body is left out be a feature of the kernel, taken on any column.

    floats: what is called where a column that is whole numbers, as the feature takes them, holds
    others. gaps: whether the feature itself answers NaN where a window holds one. rising: settings
    that have to be in this order, each more than the one before.
    """

    def made(declared: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(declared)
        kinds = {name: one.annotation for name, one in signature.parameters.items()}

        @wraps(declared)
        def call(*args: P.args, **options: P.kwargs) -> R:
            declared(*args, **options)  # does nothing but check that they fit, by its own name
            given = signature.bind(*args, **options).arguments
            columns = {name: _array(name, v) for name, v in given.items() if kinds[name] is Column}
            numbers = {
                name: _number(name, value, kinds[name])
                for name, value in given.items()
                if name not in columns
            }
            _check_order(numbers, rising)
            like = _one_index([v for name, v in given.items() if name in columns])
            first = _first_known(columns, gaps=gaps)
            cut = {name: column[first:] for name, column in columns.items()}
            _check_one_unit({name: cut[name] for name in PRICES if name in cut})
            is_whole = all(column.dtype != np.float64 for column in cut.values())
            run = feature if floats is None or is_whole else floats
            if floats is None and "time" not in cut:
                cut = {
                    n: c.astype(np.float64) if c.dtype == np.int64 else c for n, c in cut.items()
                }
            found = run(*(cut[name] if name in cut else numbers[name] for name in given))
            several = isinstance(found, tuple)
            out = tuple(_like(like, _padded(one, first)) for one in (found if several else [found]))
            return out if several else out[0]  # type: ignore[return-value] # its annotation says it

        call.__doc__ = f"{inspect.getdoc(feature)}\n\n{_say_taken(kinds, gaps=gaps)}"
        return call

    return made


def _say_taken(kinds: Mapping[str, Any], *, gaps: bool) -> str:
    """Say what each argument may be, beyond the arrays that the feature takes; NaN in and out."""
    columns = [name for name, kind in kinds.items() if kind is Column]
    late = "is answered as is said above" if gaps else "raises DataError"
    arrays = (
        f"{', '.join(columns)}: (n,), Series of pandas or polars, arrays or lists, of floats or "
        f"whole numbers{_ELSE.get(columns[-1], '')}. NaN in the first rows is passed on, a later "
        f"one {late}."
    )
    settings = [
        f"{name}: {_SETTINGS[kind]}." for name, kind in kinds.items() if name not in columns
    ]
    back = (
        "An answer is a Series with the index of the first Series given, else an array; NaN where "
        "there is not enough history yet."
    )
    lines = [fill(one, WIDTH, subsequent_indent="    ") for one in (arrays, *settings, back)]
    return "\n".join(["In gpt_trader.indicators:", *lines])


def _array(name: str, value: Any) -> NDArray[Any]:  # noqa: ANN401
    """Return a column as (n,) int64, float64 or bool."""
    try:
        if isinstance(value, Mapping | set | frozenset):
            raise TypeError
        if _is_pandas(value) and value.dtype.kind == "M":
            value = value.to_numpy("datetime64[ms]")
        elif _is_pandas(value) and value.dtype.kind not in "iub":
            value = value.to_numpy(np.float64, na_value=np.nan)
        found = np.asarray(value)
        if found.dtype.kind == "M":
            found = found.astype("datetime64[ms]").view(np.int64)
        if found.dtype.kind not in "iubf":
            found = np.asarray([np.nan if one is None else one for one in value], np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"expected {name} as numbers, was {type(value).__name__}") from None
    if found.ndim != 1:
        raise TypeError(f"expected {name} as one column, was {found.ndim} dimensions")
    kinds = {"b": np.bool_, "i": np.int64, "u": np.int64}
    return np.ascontiguousarray(found, kinds.get(found.dtype.kind, np.float64))


def _number(name: str, value: Any, kind: Any) -> Any:  # noqa: ANN401
    """Return a setting as its type: whole numbers count rows."""
    if kind is int:
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise TypeError(f"expected {name} as a whole number, was {brief(value)}")
        if value < 1:
            raise UsageError(f"expected {name} of 1 or more, was {value}")
        return int(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"expected {name} as a number, was {brief(value)}")
    if not isfinite(value):
        raise UsageError(f"expected {name} as a finite number, was {value}")
    return float(value)


def _check_order(numbers: Mapping[str, Any], rising: Sequence[str]) -> None:
    for less, more in pairwise(rising):
        if numbers[less] >= numbers[more]:
            raise UsageError(
                f"expected {less} < {more}, was {less}={numbers[less]} {more}={numbers[more]}"
            )


def _one_index(values: list[Any]) -> Any:  # noqa: ANN401
    """Return the Series that the answer is like, None if all are plain.

    Raises DataError if columns are not of one length, or have different indexes.
    """
    lengths = {len(one) for one in values}
    if len(lengths) > 1:
        raise DataError(f"expected columns of one length, were {sorted(lengths)}")
    series = [one for one in values if _is_pandas(one)]
    if any(not one.index.equals(series[0].index) for one in series):
        raise DataError("expected columns of one index, were several", hint="align them first")
    return series[0] if series else next((one for one in values if _is_polars(one)), None)


def _check_one_unit(prices: Mapping[str, NDArray[Any]]) -> None:
    """Raise UsageError if one price of a bar is in whole ticks and another one in quote units.

    Both are numbers of one length; that one is whole and far from the other one tells.
    """
    ticks = [name for name, column in prices.items() if column.dtype == np.int64 and len(column)]
    floats = [name for name, column in prices.items() if column.dtype == np.float64]
    if not ticks or not floats:
        return
    whole, price = ticks[0], floats[0]
    middles = float(np.median(prices[whole])), float(np.nanmedian(prices[price]))
    if max(middles) >= FAR * min(middles):
        raise UsageError(
            f"expected {whole} and {price} in one unit, were ticks and prices: medians of "
            f"{middles[0]:,.8g} and {middles[1]:,.8g}",
            hint=f"bars.price.{whole.rstrip('_')} is in the unit of bars.price.{price.rstrip('_')}",
        )


def _first_known(columns: dict[str, NDArray[Any]], *, gaps: bool) -> int:
    """Return the first row at which no column is NaN any more: a warm-up of another feature.

    Raises DataError, naming the row, on a later NaN that the feature would not answer by NaN.
    """
    holes = [np.isnan(one) for one in columns.values() if one.dtype == np.float64]
    if not holes:
        return 0
    missing = np.logical_or.reduce(holes)
    first = int(missing.argmin()) if not missing.all() else len(missing)
    if not gaps and missing[first:].any():
        row = first + int(missing[first:].argmax())
        raise DataError(
            f"expected numbers after the first one, found NaN in row {row}",
            hint="fill it or leave the row out",
        )
    return first


def _padded(found: NDArray[Any], rows: int) -> NDArray[Any]:
    """Return an answer with rows of NaN in front of it."""
    return np.concatenate([np.full(rows, np.nan), found]) if rows else found


def _like(like: Any, found: NDArray[Any]) -> Any:  # noqa: ANN401
    if like is None:
        return found
    if _is_polars(like):
        return type(like)(like.name, found)
    return type(like)(found, index=like.index, name=like.name)


def _is_moment(value: Any) -> bool:  # noqa: ANN401
    return hasattr(value, "dtype") and np.dtype(str(value.dtype)[:10]).kind == "M"


def _is_pandas(value: object) -> bool:
    return _is_series(value, "pandas")


def _is_polars(value: object) -> bool:
    return _is_series(value, "polars")


def _is_series(value: object, package: str) -> bool:
    """Whether a value is a package's Series; told without importing it."""
    kind = type(value)
    return kind.__name__ == "Series" and kind.__module__.partition(".")[0] == package
