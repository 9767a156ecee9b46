"""Bars: one product's history as aligned columns, and a single bar.

Nobody writes into a history: whoever is shown one is judged on it, and others read it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.product import Product
from gpt_trader.domain.times import format_interval, format_time
from gpt_trader.kernel.slippage import NO_QUOTE

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Bar(NamedTuple):
    """One closed bar. Prices are ticks, volume base units; it exists at open + interval.

    half_spread_e8: half the quoted spread, 1e-8 fractions of price; NO_QUOTE: not known.
    """

    product_id: str
    open_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: float
    funding_rate: float = 0.0
    half_spread_e8: int = NO_QUOTE


COLUMNS = (
    "time", "open", "high", "low", "close", "volume", "funding_rate", "half_spread_e8",
)  # fmt: skip


def read_only[T: np.generic](column: NDArray[T]) -> NDArray[T]:
    """Return a column that cannot be written: itself, or a view of it."""
    if not column.flags.writeable:
        return column
    shown = column.view()
    shown.flags.writeable = False
    return shown


@dataclass(frozen=True, slots=True)
class Bars:
    """History of one product, oldest first, columns of one length n. They are read-only.

    time: int64 milliseconds UTC, each bar's open, strictly increasing.
    open, high, low, close: int64 ticks of `product.price_increment`, >= 1.
    volume: float64 base units, >= 0 (0: no trades in the bar).
    funding_rate: float64 fraction of position value paid by longs at the bar's close
    (perpetuals; 0 elsewhere).
    half_spread_e8: int64 half the quoted spread, 1e-8 fractions of price, NO_QUOTE where it is
    not known; None: nowhere known.
    """

    product: Product
    interval_ms: int
    time: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Floats
    funding_rate: Floats
    half_spread_e8: Ints | None = None

    def __post_init__(self) -> None:
        for name in COLUMNS:
            column = getattr(self, name)
            if column is not None and column.flags.writeable:
                object.__setattr__(self, name, read_only(column))

    def __len__(self) -> int:
        return len(self.time)

    def __repr__(self) -> str:
        said = f"{len(self):,} bars of {format_interval(self.interval_ms)}"
        if len(self):
            first, last = (f"{format_time(int(self.time[row]))[:16]}Z" for row in (0, -1))
            said += f", {first} to {last}, close {self.product.price(int(self.close[-1])):f}"
        return f"<Bars of {self.product.product_id}: {said}>"

    def __getitem__(self, rows: slice | Ints) -> "Bars":
        """Return some rows: of a slice as views, of row numbers as copies."""
        return Bars(
            self.product,
            self.interval_ms,
            self.time[rows],
            self.open[rows],
            self.high[rows],
            self.low[rows],
            self.close[rows],
            self.volume[rows],
            self.funding_rate[rows],
            None if self.half_spread_e8 is None else self.half_spread_e8[rows],
        )

    def copy(self) -> "Bars":
        """Return the same bars in memory of their own."""
        own: dict[str, Any] = {
            name: column.copy() for name in COLUMNS if (column := getattr(self, name)) is not None
        }
        return replace(self, **own)

    def bar(self, row: int) -> Bar:
        """Return one row as a Bar."""
        return Bar(
            self.product.product_id,
            int(self.time[row]),
            int(self.open[row]),
            int(self.high[row]),
            int(self.low[row]),
            int(self.close[row]),
            float(self.volume[row]),
            float(self.funding_rate[row]),
            NO_QUOTE if self.half_spread_e8 is None else int(self.half_spread_e8[row]),
        )

    @property
    def quotes(self) -> Ints:
        """Half spreads, NO_QUOTE where they are not known; never None."""
        if self.half_spread_e8 is None:
            return np.full(len(self), NO_QUOTE)
        return self.half_spread_e8

    def to_pandas(self) -> "pd.DataFrame":
        """Return a row a bar by its open, UTC, prices as float64; `load_bars` takes it back.

        Columns open, high, low, close, volume, and funding_rate and half_spread_bps where known.
        """
        from gpt_trader.domain.frame import to_pandas  # noqa: PLC0415 - it needs this class

        return to_pandas(self)

    def to_polars(self) -> Any:  # noqa: ANN401 - polars is not required
        """Return the same with the column time. Raises ImportError where polars is not there."""
        from gpt_trader.domain.frame import to_polars  # noqa: PLC0415

        return to_polars(self)


def bars_from_rows(product: Product, interval_ms: int, rows: list[Bar]) -> Bars:
    """Build Bars from single bars, oldest first."""
    return Bars(
        product,
        interval_ms,
        np.array([r.open_ms for r in rows], np.int64),
        np.array([r.open for r in rows], np.int64),
        np.array([r.high for r in rows], np.int64),
        np.array([r.low for r in rows], np.int64),
        np.array([r.close for r in rows], np.int64),
        np.array([r.volume for r in rows], np.float64),
        np.array([r.funding_rate for r in rows], np.float64),
        known([r.half_spread_e8 for r in rows]),
    )


def known(half_spreads_e8: Sequence[int] | Ints | Floats) -> Ints | None:
    """Return half spreads as Bars keep them: None where none is known."""
    found = np.asarray(half_spreads_e8, np.int64)
    return found if (found != NO_QUOTE).any() else None


def join(*parts: Bars) -> Bars:
    """Return bars of one product one after the other."""
    first = parts[0]
    return Bars(
        first.product,
        first.interval_ms,
        np.concatenate([p.time for p in parts]),
        np.concatenate([p.open for p in parts]),
        np.concatenate([p.high for p in parts]),
        np.concatenate([p.low for p in parts]),
        np.concatenate([p.close for p in parts]),
        np.concatenate([p.volume for p in parts]),
        np.concatenate([p.funding_rate for p in parts]),
        None
        if all(p.half_spread_e8 is None for p in parts)
        else np.concatenate([p.quotes for p in parts]),
    )
