"""A history as a frame of pandas or polars: UTC, prices as floats; `load_bars` takes both back."""

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.prices import prices_of
from gpt_trader.domain.product import Product
from gpt_trader.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Columns = Mapping[str, Floats]
Attrs = Mapping[str, Any]


def prices(product: Product, ticks: Ints) -> Floats:
    """Return prices, the shape of `ticks`: each the float that is nearest to the exact one."""
    return prices_of(ticks, product.price_increment)


def sizes(product: Product, lots: Ints) -> Floats:
    """Return base units, the shape of `lots`: each the float that is nearest to the exact one."""
    return prices_of(lots, product.base_increment)


def utc(time_ms: Ints) -> "pd.DatetimeIndex":
    """Return int64 ms as an index of times, UTC."""
    import pandas as pd  # noqa: PLC0415

    return pd.DatetimeIndex(time_ms.astype("datetime64[ms]"), tz="UTC", name="time")


def to_pandas(time: Ints, columns: Columns, attrs: Attrs) -> "pd.DataFrame":
    """Return a history with a row a bar, by its open, UTC. time: (n,) int64 ms."""
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame(columns, index=utc(time), copy=True)
    frame.attrs.update(attrs)
    return frame


def to_polars(time: Ints, columns: Columns, attrs: Attrs) -> Any:  # noqa: ANN401 - polars is not required
    """Return a history with a row a bar, its open first, UTC.

    A frame that polars makes of it has no `attrs`. Raises UsageError without polars.
    """
    try:
        pl = import_module("polars")
    except ModuleNotFoundError as error:
        raise UsageError("polars is not installed", hint="pip install polars") from error
    opens = pl.Series("time", time).cast(pl.Datetime("ms", "UTC"))
    frame = pl.DataFrame({"time": opens, **columns})
    frame.attrs = dict(attrs)
    return frame


def attrs_of(product: Product, interval_ms: int, time: Ints) -> Attrs:
    """Return what a few rows cannot tell: the product, its grid as text, and the interval.

    times: bars, first and last open in ms; a frame of others may be of longer bars.
    """
    grid = {one.name: str(getattr(product, one.name)) for one in fields(Product)}
    product_id = grid.pop("product_id")
    times = [len(time), *time[:1].tolist(), *time[-1:].tolist()]
    return {
        "product_id": product_id, "grid": grid, "interval_ms": int(interval_ms), "times": times,
    }  # fmt: skip
