"""Bars: one product's history as aligned columns, and a single bar.

Nobody writes into a history: whoever is shown one is judged on it, and others read it too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bar_checks import check_columns
from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.domain.extra import NONE, Extra, checked, joined
from gpt_trader.domain.frame import attrs_of, prices, to_pandas, to_polars
from gpt_trader.domain.prices import Prices
from gpt_trader.domain.product import Product
from gpt_trader.domain.times import format_interval, format_time
from gpt_trader.door import at_the_door
from gpt_trader.kernel.rounding import BPS
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


def own[T: np.generic](column: NDArray[T]) -> NDArray[T]:
    """Return a column that nobody can write, by another view of its memory either; else a copy."""
    held: object = column
    while isinstance(held, np.ndarray):
        if held.flags.writeable:
            copied = column.copy()
            copied.flags.writeable = False
            return copied
        held = held.base
    return column


@equal_by_fields
@dataclass(frozen=True, slots=True)
class Bars:
    """History of one product, oldest first, columns of one length n, read-only.

    They are in memory of their own: what a caller gives and writes later changes no bar.

    time: int64 milliseconds UTC, each bar's open, strictly increasing.
    open, high, low, close: int64 ticks of `product.price_increment`, >= 1, not quote prices:
    those are `price.open` to `price.close`.
    volume: float64 base units, >= 0 (0: no trades in the bar).
    funding_rate: float64 fraction of position value paid by longs at the bar's close
    (perpetuals; 0 elsewhere).
    half_spread_e8: int64 half the quoted spread, 1e-8 fractions of price, NO_QUOTE where it is
    not known; None: nowhere known.
    extra: columns of a user's own by name, (n,) float64, NaN where not known. Strategies see them
    cut off as the bars are; a session of `run` has none.

    Raises TypeError if a column is no array of its type, DataError if they are not of one length,
    times lie nearer than interval_ms or look like seconds, or a row is no bar.
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
    extra: Mapping[str, Floats] = field(default_factory=lambda: NONE)

    @at_the_door
    def __post_init__(self) -> None:
        columns = {n: column for n in COLUMNS if (column := getattr(self, n)) is not None}
        check_columns(self.product, self.interval_ms, columns)
        for name, column in columns.items():
            object.__setattr__(self, name, own(column))
        object.__setattr__(self, "extra", checked(self.extra, self.time))

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
        if not isinstance(rows, slice | np.ndarray | list):
            raise TypeError(
                f"expected a slice or an array of rows, was {rows!r}: see bars.bar(row)"
            )
        part = trusted(
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
            extra=own_of(self).rows(rows) if self.extra else NONE,
        )
        if not isinstance(rows, slice) or (rows.step or 1) < 0:  # only then rows may change places
            part.__post_init__()
        return part

    def copy(self) -> "Bars":
        """Return the same bars in memory of their own."""
        own = {n: column.copy() for n in COLUMNS if (column := getattr(self, n)) is not None}
        return with_columns(self, **own, extra=own_of(self).copy())

    @property
    def price(self) -> Prices:
        """The prices in quote currency: `price.open`, `high`, `low`, `close`, (n,) float64."""
        return Prices(self.product, self.open, self.high, self.low, self.close)

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
        return to_pandas(
            self.time, _columns(self), attrs_of(self.product, self.interval_ms, self.time)
        )

    def to_polars(self) -> Any:  # noqa: ANN401 - polars is not required
        """Return the same with the column time. Raises UsageError without polars."""
        return to_polars(
            self.time, _columns(self), attrs_of(self.product, self.interval_ms, self.time)
        )


def _columns(bars: Bars) -> dict[str, Floats]:
    """Return the columns of a history as its files have them, without time; (n,) float64 each.

    funding_rate: only where some is paid; half_spread_bps: only where some is known, else NaN.
    Extra columns follow by their names.
    """
    product = bars.product
    found = {
        name: prices(product, getattr(bars, name)) for name in ("open", "high", "low", "close")
    }
    found["volume"] = bars.volume
    if bars.funding_rate.any():
        found["funding_rate"] = bars.funding_rate
    if bars.half_spread_e8 is not None:
        quoted = bars.half_spread_e8
        found["half_spread_bps"] = np.where(quoted == NO_QUOTE, np.nan, quoted / BPS)
    found.update((name, column) for name, column in bars.extra.items() if name not in found)
    return found


def trusted(
    product: Product,
    interval_ms: int,
    *columns: Any,  # noqa: ANN401
    extra: Extra = NONE,
) -> Bars:
    """Return Bars of columns that hold already, such as parts of others: nothing is checked.

    columns: in the order of COLUMNS.
    """
    made, put = object.__new__(Bars), object.__setattr__
    put(made, "product", product)
    put(made, "interval_ms", interval_ms)
    put(made, "extra", extra)
    for name, column in zip(COLUMNS, columns, strict=True):
        is_open = column is not None and column.flags.writeable
        put(made, name, read_only(column) if is_open else column)
    return made


def with_columns(bars: Bars, *, extra: Extra | None = None, **columns: Any) -> Bars:  # noqa: ANN401
    """Return bars with other columns that hold already; see `trusted`."""
    shown = (columns.get(name, getattr(bars, name)) for name in COLUMNS)
    own = own_of(bars) if extra is None else extra
    return trusted(bars.product, bars.interval_ms, *shown, extra=own)


def own_of(bars: Bars) -> Extra:
    """Return the extra columns of bars as what they are."""
    assert isinstance(bars.extra, Extra)  # made so
    return bars.extra


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
    """Return bars of one product one after the other; who joins them knows that they follow."""
    columns = {name: np.concatenate([getattr(p, name) for p in parts]) for name in COLUMNS[:-1]}
    quoted = any(p.half_spread_e8 is not None for p in parts)
    quotes = np.concatenate([p.quotes for p in parts]) if quoted else None
    extra = joined([own_of(part) for part in parts])
    return with_columns(parts[0], **columns, half_spread_e8=quotes, extra=extra)
