"""Frames that a program holds already, read as files are: pandas, polars, Arrow, lists of rows.

Whatever a frame is, it becomes a table of Arrow, and that the columns that a file of the same rows
gives: the same checks, notes and numbers follow. Rows are counted from 0, as frames count them.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gpt_trader.data.catalog import is_id, normalize_id
from gpt_trader.data.files.headers import ENDS, HEADERLESS, PRICES, TIMES, plain_name
from gpt_trader.data.files.tables import Columns, Source, columns_of
from gpt_trader.domain.product import Product
from gpt_trader.domain.times import OLDEST_SECONDS, format_time
from gpt_trader.errors import DataError, UsageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

YAHOO = (
    ["Price", "Ticker"],
    ["Ticker", "Price"],
    ["Price"],
)  # names of yfinance's levels of columns


NAMING = frozenset({"instrument", "pair", "product", "product id", "symbol", "ticker"})


class ArrowFrame(Protocol):
    """A frame that hands itself over as Arrow does: of polars, pyarrow, duckdb."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the frame as a stream of Arrow."""
        ...


class FramePlan(Protocol):
    """What makes such a frame when it is asked to, as polars' LazyFrame."""

    def collect(self) -> ArrowFrame:
        """Return the frame."""
        ...


type Rows = Sequence[Sequence[Any]] | Sequence[Mapping[str, Any]] | NDArray[Any]
type Frame = "pd.DataFrame | ArrowFrame | FramePlan | Rows"
"""Bars as a program holds them: a frame with names, or rows of time, prices and volume."""


def read_frame(frame: Any, product_id: str, extra: Sequence[str] = ()) -> Columns:  # noqa: ANN401
    """Return a frame's columns, as `tables.read_columns` returns a file's.

    extra: further columns, by name. Raises TypeError on what is no frame, DataError if it cannot be
    read as bars, or its rows are not in ascending order.
    """
    source = Source(Path(f"the frame of {product_id}"), first=0)
    in_quote = _is_pandas(frame) and list(frame.columns.names) in YAHOO
    if _is_pandas(frame):
        table = _of_pandas(_of_one_product(frame, product_id), source)
    elif hasattr(frame, "collect"):  # a plan of polars for a frame
        table = _of_arrow(frame.collect())
    elif hasattr(frame, "__arrow_c_stream__"):
        table = _of_arrow(frame)
    else:
        check_kind(frame)
        table = _of_rows(frame, source)
    base = product_id.partition("-")[0]
    table = _rows_of(table, product_id)
    columns = columns_of(table, source, base, extra=extra, in_quote=in_quote)
    if columns.rows is not None and len(columns.rows) > 1 and columns.rows[0] > columns.rows[-1]:
        time = format_time(int(columns.time[-2]))
        reason = f"expected times in ascending order, found time {time}"
        how = "frame.sort_index()" if is_frame(frame) else "rows[::-1]"
        source.fail(1, reason, f"sort it first: {how}")
    return columns


def check_kind(data: object) -> None:
    """Raise TypeError on what holds no bars: no frame, no rows."""
    is_rows = isinstance(data, np.ndarray | Sequence) and not isinstance(data, str | bytes)
    if not is_rows and not is_frame(data):
        raise _no_bars(data)


def _no_bars(data: object) -> TypeError:
    kind = type(data).__name__
    return TypeError(f"expected bars as a file's path, a frame or rows, was {kind}")


def products_of(frame: Any) -> list[str]:  # noqa: ANN401
    """Return the products that a frame names at its rows or columns, else none.

    Those of yfinance do: its columns have two levels, prices and tickers, either one first. Those
    of Alpaca have it in their index, beside the time.
    """
    if not _is_pandas(frame):
        return []
    rows = _row_level(frame)
    if rows is not None:
        return [str(name) for name in frame.index.get_level_values(rows).unique()]
    if frame.columns.nlevels != 2:
        return []
    return [str(name) for name in frame.columns.get_level_values(_level_of_tickers(frame)).unique()]


def is_frame(value: object) -> bool:
    """Whether a value is a frame with columns: of pandas, or what hands itself over as Arrow."""
    return _is_pandas(value) or hasattr(value, "__arrow_c_stream__") or hasattr(value, "collect")


def told_by(frame: Any, product_id: str | None = None) -> str | None:  # noqa: ANN401
    """Return the product that a frame is of, as its `attrs` or its ticker say; None: none.

    product_id: what the frame is called, which wins where the frame names no product. Raises
    UsageError if it is of several and none is named, or of another one.
    """
    tickers = products_of(frame)
    if len(tickers) > 1 and product_id is None:
        raise UsageError(
            f"the frame holds {', '.join(tickers)}: which one?", hint=f'product_id="{tickers[0]}"'
        )
    own = _attrs(frame).get("product_id") if not tickers else None if tickers[1:] else tickers[0]
    if not isinstance(own, str) or product_id is None:
        return own if isinstance(own, str) else product_id
    if is_id(own) and normalize_id(own) != normalize_id(product_id):
        raise UsageError(
            f"a frame that says it is of {own} is given as {product_id}",
            hint="name it so, or take the name off: "
            + ("frame.droplevel(...)" if tickers else 'frame.attrs.pop("product_id")'),
        )
    return product_id


def grid_told_by(frame: Any, product_id: str) -> Product | None:  # noqa: ANN401
    """Return the product with the grid that the `attrs` of a frame tell, else None.

    Raises DataError if what stands there is no grid.
    """
    told = _attrs(frame)
    if told.get("product_id") != product_id or not isinstance(told.get("grid"), Mapping):
        return None
    grid = dict(told["grid"])
    try:
        is_perpetual = grid.pop("is_perpetual") == "True"
        numbers = {name: Decimal(value) for name, value in grid.items()}
        return Product(product_id, is_perpetual=is_perpetual, **numbers)
    except (ArithmeticError, KeyError, TypeError, ValueError):
        raise DataError(
            f"expected a product's grid in the attrs of a frame, was {told['grid']!r:.200}",
            hint='leave it out: frame.attrs.pop("grid")',
        ) from None


def interval_told_by(frame: Any, time: NDArray[np.int64]) -> int | None:  # noqa: ANN401
    """Return the interval in ms that the `attrs` of a frame tell; None if they are of other times.

    time: (n,) ms, of its rows: pandas keeps `attrs` where rows are left out, or resampled.
    """
    told = _attrs(frame)
    is_same = told.get("times") == [len(time), *time[:1].tolist(), *time[-1:].tolist()]
    found = told.get("interval_ms") if is_same else None
    return found if isinstance(found, int) and found > 0 else None


def _attrs(frame: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """Return what `bars.to_pandas()` and `.to_polars()` leave on a frame, empty without."""
    found = frame.attrs if hasattr(frame, "attrs") else None
    return found if isinstance(found, Mapping) else {}


def _is_pandas(value: object) -> bool:
    kind = type(value)
    return kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas"


def _row_level(frame: "pd.DataFrame") -> int | None:
    """Return the level of an index of products and times that is not the times'; else None."""
    index = frame.index
    if index.nlevels != 2:
        return None
    kinds = [index.get_level_values(level).dtype.kind for level in (0, 1)]
    return kinds.index("O") if sorted(kinds) == ["M", "O"] else None


def _level_of_tickers(frame: "pd.DataFrame") -> int:
    names = [[str(one).lower() for one in frame.columns.get_level_values(k)] for k in (0, 1)]
    found = [k for k in (0, 1) if not set(PRICES) & set(names[k])]
    if len(found) != 1:
        raise DataError(
            "expected columns of prices and tickers, were "
            f"{', '.join(map(str, frame.columns[:6]))}",
            hint="one frame a product, in a dict",
        )
    return found[0]


def _of_one_product(frame: "pd.DataFrame", product_id: str) -> "pd.DataFrame":
    tickers = products_of(frame)
    if not tickers:
        if frame.columns.nlevels > 1:
            raise DataError(f"expected one or two levels of columns, were {frame.columns.nlevels}")
        return frame
    known = {normalize_id(one) if is_id(one) else one: one for one in tickers}
    if product_id not in known and len(tickers) > 1:
        raise DataError(f"the frame has no {product_id}; it has {', '.join(tickers)}")
    ticker = known.get(product_id, tickers[0])
    rows = _row_level(frame)
    if rows is not None:
        return frame.loc[frame.index.get_level_values(rows) == ticker].droplevel(rows)
    level = _level_of_tickers(frame)
    at = frame.columns.get_level_values(level) == ticker
    return frame.loc[:, at].droplevel(level, axis=1)


def _is_alone(names: Sequence[str], product_id: str) -> bool:
    """Whether a single name may be another spelling of a product: it has its base in it."""
    return len(names) == 1 and product_id.partition("-")[0] in names[0].upper()


def _rows_of(table: "pa.Table", product_id: str) -> "pa.Table":
    """Return the rows of a product where a column names one at each. Raises DataError on none."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    for name in table.column_names:
        column = table[name]
        if plain_name(name) not in NAMING or not pa.types.is_string(column.type):
            continue
        names = [one for one in column.unique().to_pylist() if one is not None]
        spelled = {product_id.replace("-", ""), product_id.partition("-")[0]}
        own = [one for one in names if re.sub(r"[^A-Z0-9]", "", one.upper()) in spelled]
        if not own and names and not _is_alone(names, product_id):
            raise DataError(
                f"the frame has no {product_id}; its column {name} has {', '.join(names[:6])}",
                hint="the product_id that it has, or the frame without that column",
            )
        if own and len(own) < len(names):
            table = table.filter(pc.is_in(column, pa.array(own, column.type)))
    return table


def _of_pandas(frame: "pd.DataFrame", source: Source) -> "pa.Table":
    """Return a frame as Arrow, its index as time where it holds moments, or no column does."""
    import pandas as pd  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    index = frame.index
    if index.nlevels > 1:
        raise DataError(
            f"expected times as the index of {source.path}, were {index.nlevels} levels"
        )
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    numbered = list(map(str, frame.columns)) == [str(i) for i in range(frame.shape[1])]
    named = _named(frame.shape[1], source) if numbered else [str(one) for one in frame.columns]
    twice = next((name for i, name in enumerate(named) if name in named[:i]), None)
    if twice is not None:
        raise DataError(f"column {twice} appears twice in {source.path}")
    frame = frame.set_axis(named, axis=1)
    is_time = [plain_name(name) in TIMES for name in named]
    own = plain_name(str(index.name))
    if not any(is_time):
        _check_times(index, own, named, source)
        frame.insert(0, str(index.name) if own in ENDS else "time", index)
    elif isinstance(index, pd.DatetimeIndex) and own not in ENDS:
        frame = frame.loc[:, np.logical_not(is_time)]
        frame.insert(0, "time", index)
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise DataError(f"cannot read {source.path}: {str(error).partition(chr(10))[0]}") from None
    return _plain(table)


def _check_times(index: "pd.Index[Any]", name: str, columns: list[str], source: Source) -> None:
    """Raise DataError if an index counts rows: read as times they would be of 1970."""
    is_number = index.dtype.kind in "iuf" and name not in TIMES
    if is_number and len(index) and np.abs(index.to_numpy()).max() < OLDEST_SECONDS:
        has = ", ".join(repr(one) for one in columns[:12])
        raise DataError(
            f"{source.path} has no times: its index counts rows, and it has {has}",
            hint="times stand in a DatetimeIndex, or in a column named time",
        )


def _of_arrow(frame: Any) -> "pa.Table":  # noqa: ANN401
    import pyarrow as pa  # noqa: PLC0415

    try:
        return _plain(pa.table(frame))
    except (pa.ArrowException, TypeError):  # one column of polars, pandas or pyarrow
        raise _no_bars(frame) from None


def _of_rows(rows: Any, source: Source) -> "pa.Table":  # noqa: ANN401
    """Return rows as Arrow: time, prices and volume, as ccxt gives them, or rows with names."""
    import pyarrow as pa  # noqa: PLC0415

    if not len(rows):
        raise DataError(f"{source.path} has no rows")
    if isinstance(rows[0], Mapping):
        return _plain(pa.Table.from_pylist([dict(row) for row in rows]))
    if isinstance(rows, np.ndarray) and rows.dtype.names:
        return _plain(pa.table({name: pa.array(rows[name]) for name in rows.dtype.names}))
    width = len(rows[0]) if isinstance(rows[0], Sequence | np.ndarray) else 0
    names = _named(width, source)
    for i, row in enumerate(rows):
        if isinstance(row, str) or not isinstance(row, Sequence | np.ndarray):
            raise TypeError(f"expected row {i} of {source.path} as a list, was {type(row)}")
        if len(row) != width:
            time = f", time {row[0]}" if len(row) else ""
            source.fail(i, f"expected {width} cells, found {len(row)}{time},")
    cells = zip(*rows, strict=True)
    try:
        return pa.table({name: pa.array(list(one)) for name, one in zip(names, cells, strict=True)})
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise DataError(f"cannot read {source.path}: {str(error).partition(chr(10))[0]}") from None


def _named(width: int, source: Source) -> list[str]:
    """Return the names of columns that have none, by how many they are."""
    if width not in HEADERLESS:
        raise DataError(
            f"expected rows of time, open, high, low, close, volume, were {width} cells a row of "
            f"{source.path}",
            hint="name the columns of a frame",
        )
    return list(HEADERLESS[width])


def _plain(table: "pa.Table") -> "pa.Table":
    """Return a table whose texts are of one kind; decimals as text, which is read exactly."""
    import pyarrow as pa  # noqa: PLC0415

    for i, column in enumerate(table.columns):
        kind = column.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        is_text = pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
        if is_text or pa.types.is_decimal(kind):
            kind = pa.string()
        elif pa.types.is_boolean(kind):
            kind = pa.int8()
        if kind != column.type:
            table = table.set_column(i, table.column_names[i], column.cast(kind))
    return table
