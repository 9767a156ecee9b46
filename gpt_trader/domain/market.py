"""Several products side by side, as a market strategy sees them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.brief import brief
from gpt_trader.domain.bars import Bars, Floats, Ints, read_only
from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.domain.reads import Read, read_by
from gpt_trader.domain.times import format_interval, format_time
from gpt_trader.errors import DataError

Flags = NDArray[np.bool_]


class Named[T](Mapping[str, T]):
    """Values by name, in the order in which they were given; nobody changes them."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, T]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> T:
        if name not in self._values:
            raise KeyError(f"no {name} in this market; it has {', '.join(self._values) or 'none'}")
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<of {', '.join(self._values) or 'nothing'}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]


EMPTY: Mapping[str, Bars] = MappingProxyType({})
NO_READS: Named[Read] = Named({})


@equal_by_fields
@dataclass(frozen=True, slots=True)
class Market:
    """The bars of p traded products on one grid of n rows, and series that are only read.

    `market_of` makes one.

    A row is the open time of a bar that at least one of the products has; it holds what had closed
    by `time + interval_ms`. Where a product has no bar of that time it is absent: `present` is
    false there and its columns are NaN. Nothing is filled in; `last` does so where it is asked to.

    bars: each product's own bars, by id; products: their ids, in the order of the columns.
    time: (n,) int64 ms UTC, strictly increasing.
    row: (n, p) int64, row[i, j] is the row of product j's own bars at grid row i, -1: absent.
    reads: series by the names under which they are read, as seen from each row.
    """

    bars: Named[Bars]
    interval_ms: int
    time: Ints
    row: Ints
    reads: Named[Read] = field(default_factory=lambda: NO_READS)

    def __len__(self) -> int:
        return len(self.time)

    def __repr__(self) -> str:
        said = f"{len(self):,} rows of {format_interval(self.interval_ms)}"
        if len(self):
            first, last = (f"{format_time(int(self.time[row]))[:16]}Z" for row in (0, -1))
            said += f", {first} to {last}"
        return f"<Market of {', '.join(self.products)}: {said}>"

    def __getitem__(self, rows: Any) -> "Market":  # noqa: ANN401 - a slice; else it says so
        """Return a stretch of rows: of each product the bars of that time, as views.

        What is read keeps all of its bars that had closed by the last of them.
        """
        if not isinstance(rows, slice) or rows.step not in {None, 1}:
            raise TypeError(f"expected a slice of rows that follow, was {brief(rows)}")
        begin, end, _ = rows.indices(len(self))
        return self.part(begin, max(begin, end), {})

    def part(self, begin: int, end: int, back: Mapping[str, int]) -> "Market":
        """Return rows [begin, end); of what is read, so many of the newest bars as `back` says."""
        cut, firsts = {}, []
        for product_id, bars in self.bars.items():
            whole = len(bars) == len(self)  # its bars are the grid
            first, last = (begin, end) if whole else _between(bars.time, self.time, begin, end)
            cut[product_id] = bars[first:last]
            firsts.append(first)
        row = self.row[begin:end]
        if any(firsts):
            row = read_only(np.where(row < 0, -1, row - np.array(firsts)))
        reads = {name: one.rows(begin, end, back.get(name)) for name, one in self.reads.items()}
        time = self.time[begin:end]
        return Market(Named(cut), self.interval_ms, time, row, Named(reads))

    def copy(self) -> "Market":
        """Return the same market in memory of its own."""
        bars = {product_id: one.copy() for product_id, one in self.bars.items()}
        reads = {name: one.copy() for name, one in self.reads.items()}
        time, row = (read_only(column.copy()) for column in (self.time, self.row))
        return Market(Named(bars), self.interval_ms, time, row, Named(reads))

    @property
    def products(self) -> tuple[str, ...]:
        """The products' ids, in the order of the columns."""
        return tuple(self.bars)

    @property
    def present(self) -> Flags:
        """(n, p) bool: which bars there are."""
        return self.row >= 0

    @property
    def open(self) -> Floats:
        """(n, p) float64: first price of each bar in quote currency, NaN where there is none."""
        return self._prices("open")

    @property
    def high(self) -> Floats:
        """(n, p) float64: highest price of each bar, NaN where there is none."""
        return self._prices("high")

    @property
    def low(self) -> Floats:
        """(n, p) float64: lowest price of each bar, NaN where there is none."""
        return self._prices("low")

    @property
    def close(self) -> Floats:
        """(n, p) float64: last price of each bar, NaN where there is none."""
        return self._prices("close")

    @property
    def volume(self) -> Floats:
        """(n, p) float64: base units of each bar, NaN where there is none."""
        return self.spread([bars.volume for bars in self.bars.values()])

    @property
    def funding_rate(self) -> Floats:
        """(n, p) float64: what longs paid at each bar's close, NaN where there is none."""
        return self.spread([bars.funding_rate for bars in self.bars.values()])

    def spread(self, columns: Sequence[Floats]) -> Floats:
        """Return values of the products' own bars on the grid: (n, p) float64, NaN where absent.

        columns: one a product, in their order, each as long as its bars.
        """
        out = np.empty(self.row.shape)
        for j, column in enumerate(columns):
            if len(column) == len(self):
                out[:, j] = column
            else:
                at = self.row[:, j]
                out[:, j] = np.nan
                out[at >= 0, j] = column[at[at >= 0]]
        return out

    def _prices(self, name: str) -> Floats:
        return self.spread([getattr(bars.price, name) for bars in self.bars.values()])


def last(values: Floats) -> Floats:
    """Return (n, p) values of a market with each absent one as it was last; NaN before the first.

    How old it is nobody sees any more: for prices to value with, not for signals.
    """
    known = ~np.isnan(values)
    at = np.where(known, np.arange(len(values))[:, None], 0)
    newest = np.maximum.accumulate(at, axis=0)
    found: Floats = np.take_along_axis(values, newest, axis=0)
    return found


def market_of(series: Sequence[Bars], reads: Mapping[str, Bars] = EMPTY) -> Market:
    """Return products' bars as a market, and series that are read by their names.

    Raises DataError if the products' bars do not fit on one grid.
    """
    if not series:
        raise DataError("expected bars of at least one product, found none")
    first = series[0]
    found: dict[str, Bars] = {}
    for bars in series:
        product_id = bars.product.product_id
        if product_id in found:
            raise DataError(f"expected each product once, found {product_id} twice")
        if bars.interval_ms != first.interval_ms:
            raise DataError(
                f"expected one interval, found {format_interval(first.interval_ms)} and "
                f"{format_interval(bars.interval_ms)} bars"
            )
        found[product_id] = bars
    time = union([bars.time for bars in series])
    row = np.empty((len(time), len(series)), np.int64)
    for j, bars in enumerate(series):
        if len(bars) == len(time):
            row[:, j] = np.arange(len(time))
        else:
            row[:, j] = -1
            row[np.searchsorted(time, bars.time), j] = np.arange(len(bars))
    interval_ms = first.interval_ms
    seen = {name: read_by(bars, time, interval_ms) for name, bars in reads.items()}
    return Market(Named(found), interval_ms, read_only(time), read_only(row), Named(seen))


def union(times: Sequence[Ints]) -> Ints:
    """Return all times that are in one of some rising lists, rising."""
    if all(np.array_equal(times[0], time) for time in times[1:]):
        return times[0]
    merged = np.sort(np.concatenate(times), kind="stable")  # merges sorted runs
    first_of_kind = np.concatenate(([True], merged[1:] != merged[:-1]))
    return merged[first_of_kind]


def _between(own: Ints, grid: Ints, begin: int, end: int) -> tuple[int, int]:
    """Return where a product's own rows of the grid's rows [begin, end) begin and end."""
    if begin == end:
        return 0, 0
    first = int(own.searchsorted(grid[begin]))
    return first, int(own.searchsorted(grid[end - 1], "right"))
