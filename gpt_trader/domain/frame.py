"""A history as a frame of pandas or polars: UTC, prices as floats; `load_bars` takes both back."""

from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.prices import prices_of
from gpt_trader.domain.product import Product
from gpt_trader.kernel.rounding import BPS
from gpt_trader.kernel.slippage import NO_QUOTE

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
PRICES = ("open", "high", "low", "close")


def prices(product: Product, ticks: Ints) -> Floats:
    """Return prices, the shape of `ticks`: each the float that is nearest to the exact one."""
    return prices_of(ticks, product.price_increment)


def sizes(product: Product, lots: Ints) -> Floats:
    """Return base units, the shape of `lots`: each the float that is nearest to the exact one."""
    return prices_of(lots, product.base_increment)


def columns_of(bars: Bars) -> dict[str, Floats]:
    """Return the columns of a history as its files have them, without time; (n,) float64 each.

    funding_rate: only where some is paid; half_spread_bps: only where some is known, else NaN.
    Extra columns follow by their names.
    """
    found = {name: prices(bars.product, getattr(bars, name)) for name in PRICES}
    found["volume"] = bars.volume
    if bars.funding_rate.any():
        found["funding_rate"] = bars.funding_rate
    if bars.half_spread_e8 is not None:
        quoted = bars.half_spread_e8
        found["half_spread_bps"] = np.where(quoted == NO_QUOTE, np.nan, quoted / BPS)
    found.update((name, column) for name, column in bars.extra.items() if name not in found)
    return found


def utc(time_ms: Ints) -> "pd.DatetimeIndex":
    """Return int64 ms as an index of times, UTC."""
    import pandas as pd  # noqa: PLC0415

    return pd.DatetimeIndex(time_ms.astype("datetime64[ms]"), tz="UTC", name="time")


def to_pandas(bars: Bars) -> "pd.DataFrame":
    """Return a history with a row a bar, by its open, UTC; `attrs` as `attrs_of`."""
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame(columns_of(bars), index=utc(bars.time), copy=True)
    frame.attrs.update(attrs_of(bars))
    return frame


def to_polars(bars: Bars) -> Any:  # noqa: ANN401 - polars is not required
    """Return a history with a row a bar, its open first, UTC; `attrs` as `attrs_of`.

    A frame that polars makes of it has none. Raises ImportError without polars.
    """
    pl = import_module("polars")
    time = pl.Series("time", bars.time).cast(pl.Datetime("ms", "UTC"))
    frame = pl.DataFrame({"time": time} | columns_of(bars))
    frame.attrs = attrs_of(bars)
    return frame


def attrs_of(bars: Bars) -> dict[str, Any]:
    """Return what a few rows cannot tell: the product, its grid as text, and the interval.

    times: bars, first and last open in ms; a frame of others may be of longer bars.
    """
    grid = {one.name: str(getattr(bars.product, one.name)) for one in fields(Product)}
    product_id = grid.pop("product_id")
    times = [len(bars), *bars.time[:1].tolist(), *bars.time[-1:].tolist()]
    interval_ms = int(bars.interval_ms)
    return {"product_id": product_id, "grid": grid, "interval_ms": interval_ms, "times": times}
