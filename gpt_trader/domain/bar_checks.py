"""What holds of every history of bars, checked when one is made."""

from collections.abc import Iterator, Mapping
from numbers import Integral
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from gpt_trader.brief import brief
from gpt_trader.domain.product import MAX_TICKS, Product
from gpt_trader.domain.times import (
    INTERVALS,
    MAX_MS,
    OLDEST_SECONDS,
    SECONDS_LIMIT,
    format_interval,
    format_time,
)
from gpt_trader.errors import DataError, UsageError

PRICES = ("open", "high", "low", "close")
TYPES = {
    "time": np.int64,
    **dict.fromkeys(PRICES, np.int64),
    "volume": np.float64,
    "funding_rate": np.float64,
    "half_spread_e8": np.int64,
}
_MEANT = {
    "time": "milliseconds UTC",
    **dict.fromkeys(PRICES, "ticks of product.price_increment; load_bars takes prices"),
    "half_spread_e8": "1e-8 fractions of price",
}

Columns = Mapping[str, NDArray[Any]]


def check_columns(product: object, interval_ms: object, columns: Columns) -> None:
    """Raise TypeError on a wrong type, DataError on what no history is, naming row and time.

    columns: of `Bars`, by name, those that are None left out.
    """
    if not isinstance(product, Product):
        raise TypeError(f"expected product to be a Product, was {brief(product)}")
    if isinstance(interval_ms, bool) or not isinstance(interval_ms, Integral):
        raise TypeError(f"expected interval_ms to be whole milliseconds, was {brief(interval_ms)}")
    if interval_ms < 1:
        raise UsageError(
            f"expected interval_ms above 0, was {interval_ms}", hint="one hour is 3_600_000"
        )
    for name, column in columns.items():
        _check_type(name, column)
    _check_lengths(product, columns)
    if len(columns["time"]):
        _check_times(product, int(interval_ms), columns["time"])
        _check_rows(product, columns)


def _check_type(name: str, column: Any) -> None:  # noqa: ANN401
    wanted = TYPES[name].__name__
    if not isinstance(column, np.ndarray):
        raise TypeError(f"expected {name} as a NumPy array of {wanted}, was {type(column)}")
    if column.dtype != TYPES[name]:
        meant = f" ({_MEANT[name]})" if name in _MEANT else ""
        raise TypeError(f"expected {name} as {wanted}{meant}, was {column.dtype}")


def _check_lengths(product: Product, columns: Columns) -> None:
    shapes = {name: column.shape for name, column in columns.items()}
    if len(shapes["time"]) != 1 or len(set(shapes.values())) > 1:
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise DataError(f"expected columns of one length of {product.product_id}, were {told}")


def _check_times(product: Product, interval_ms: int, time: NDArray[np.int64]) -> None:
    first, last = int(time[0]), int(time[-1])
    if max(abs(first), abs(last)) > MAX_MS:
        raise DataError(
            f"expected times of {product.product_id} as milliseconds UTC, was {last}: it looks "
            "like microseconds or nanoseconds",
            hint="divide, or let load_bars find the unit",
        )
    steps = np.diff(time)
    seconds_apart = len(steps) > 0 and int(steps.min()) * 1000 == interval_ms
    in_seconds = OLDEST_SECONDS <= first < SECONDS_LIMIT
    if in_seconds and (seconds_apart or interval_ms * 1000 in INTERVALS.values()):
        raise DataError(
            f"expected times of {product.product_id} as milliseconds UTC, was {first}: it looks "
            "like seconds",
            hint="multiply by 1000 (interval_ms, too), or let load_bars find the unit",
        )
    near = steps < interval_ms
    if near.any():
        row = int(near.argmax()) + 1
        step = int(steps[row - 1])
        rule = f"{format_interval(interval_ms)} or more after the one before"
        found = "the same" if not step else f"{step} ms" if step > 0 else "descending times"
        _fail(product, time, row, f"expected a time {rule}, found {found}")


def _check_rows(product: Product, columns: Columns) -> None:
    for bad, reason in _faults(columns):
        if bad.any():
            row = int(bad.argmax())
            cells = ", ".join(f"{name} {columns[name][row]}" for name in (*PRICES, "volume"))
            _fail(product, columns["time"], row, f"expected {reason}, found {cells}")


def _faults(columns: Columns) -> Iterator[tuple[NDArray[np.bool_], str]]:
    """Yield where a rule of rows is broken, (n,) bool, and the rule."""
    low, high = columns["low"], columns["high"]
    yield low < 1, "low of 1 tick or more"
    yield high > MAX_TICKS, f"high of at most {MAX_TICKS} ticks"
    yield high < low, "high >= low"
    for name in ("open", "close"):
        yield (columns[name] < low) | (columns[name] > high), f"{name} between low and high"
    volume = columns["volume"]
    yield ~((volume >= 0.0) & (volume < np.inf)), "a number >= 0 as volume"
    yield ~np.isfinite(columns["funding_rate"]), "a number as funding_rate"
    if "half_spread_e8" in columns:
        yield columns["half_spread_e8"] < -1, "half_spread_e8 >= 0, or -1 where it is not known"


def _fail(product: Product, time: NDArray[np.int64], row: int, reason: str) -> NoReturn:
    raise DataError(f"{reason} in row {row} of {product.product_id}, {format_time(int(time[row]))}")
