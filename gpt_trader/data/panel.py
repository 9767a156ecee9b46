"""Several products' bars side by side on one time grid, as the simulator reads them."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from gpt_trader.data.checks.funding import check_funding
from gpt_trader.domain.bars import Bars, Floats, Ints, read_only
from gpt_trader.domain.market import union
from gpt_trader.domain.product import ONE_ACCOUNT, Product, quotes_of
from gpt_trader.domain.times import format_interval
from gpt_trader.errors import DataError, UsageError
from gpt_trader.kernel.slippage import NO_QUOTE


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars of p products on n grid rows, time-major, C-contiguous, read-only.

    time: (n,) int64 ms UTC, the union of the products' open times, strictly increasing.
    open, high, low, close: (n, p) int64 ticks; 0 where the product has no bar.
    volume: (n, p) float64 base units; funding_rate: (n, p) float64; 0 where absent.
    half_spread_e8: (n, p) int64 quoted by the bars, NO_QUOTE where none; (1, p) of it if no bar
    of any product quotes one.
    present: (n, p) bool. row: (p, n) int64, row[j, i] is the row of product j's own bars
    at grid row i, -1 where absent.
    """

    products: tuple[Product, ...]
    interval_ms: int
    time: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Floats
    funding_rate: Floats
    half_spread_e8: Ints
    present: NDArray[np.bool_]
    row: Ints

    def __post_init__(self) -> None:
        for name in COLUMNS:  # compiled code knows read-only columns as a kind of their own
            object.__setattr__(self, name, read_only(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.time)


COLUMNS = tuple(f.name for f in fields(Panel) if f.name not in {"products", "interval_ms"})


def build_panel(series: list[Bars]) -> Panel:
    """Join bars of different products with one interval; views where there is one product.

    Raises DataError without bars, on mixed intervals, on a product given twice, if the products'
    bars open at different phases of the interval, or on funding that cannot be; UsageError if one
    account cannot hold what they are paid with.
    """
    interval_ms = _check(series)
    time = union([bars.time for bars in series])
    row = np.full((len(series), len(time)), -1, np.int64)
    at = [_places(time, bars.time) for bars in series]
    for j, bars in enumerate(series):
        row[j, at[j]] = np.arange(len(bars))

    def join[T: np.generic](columns: list[NDArray[T]]) -> NDArray[T]:
        if len(columns) == 1:
            return np.ascontiguousarray(columns[0]).reshape(-1, 1)
        by_product = np.zeros((len(columns), len(time)), columns[0].dtype)
        for j, column in enumerate(columns):
            by_product[j, at[j]] = column
        return np.ascontiguousarray(by_product.T)

    return Panel(
        products=tuple(bars.product for bars in series),
        interval_ms=interval_ms,
        time=time,
        open=join([bars.open for bars in series]),
        high=join([bars.high for bars in series]),
        low=join([bars.low for bars in series]),
        close=join([bars.close for bars in series]),
        volume=join([bars.volume for bars in series]),
        funding_rate=join([bars.funding_rate for bars in series]),
        half_spread_e8=join([bars.quotes for bars in series])
        if any(bars.half_spread_e8 is not None for bars in series)
        else np.full((1, len(series)), NO_QUOTE),
        present=np.ascontiguousarray((row >= 0).T),
        row=row,
    )


def _check(series: list[Bars]) -> int:
    """Return the one interval of the series; raise if they do not fit together."""
    if not series or not all(len(bars) for bars in series):
        raise DataError("expected at least one bar of each product, found none")
    first = series[0]
    seen: set[str] = set()
    for bars in series:
        product_id = bars.product.product_id
        if product_id in seen:
            raise DataError(f"expected each product once, found {product_id} twice")
        seen.add(product_id)
        check_funding(bars)
        if bars.interval_ms != first.interval_ms:
            raise DataError(
                f"expected one interval, found {format_interval(first.interval_ms)} bars of "
                f"{first.product.product_id} and {format_interval(bars.interval_ms)} bars of "
                f"{product_id}"
            )
        if (bars.time[0] - first.time[0]) % first.interval_ms:
            raise DataError(
                f"bars of {first.product.product_id} and {product_id} open at different times: "
                f"{format_interval(first.interval_ms)} bars must share their boundaries"
            )
    quotes = quotes_of(seen)
    if len(quotes) > 1:
        raise UsageError(f"products are quoted in {' and '.join(quotes)}", hint=ONE_ACCOUNT)
    return first.interval_ms


def _places(time: Ints, own: Ints) -> slice | Ints:
    """Where a product's own times stand in the grid."""
    return slice(None) if len(own) == len(time) else np.searchsorted(time, own)
