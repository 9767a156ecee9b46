"""One file of the data store: a product's bars of one interval in one UTC month.

Parquet with whole numbers only: times, prices as ticks and, where that is exact, volumes as units
of 1e-8, each coded as differences and compressed; pages carry checksums that a read verifies. What
the numbers mean stands in the file's own metadata, with a digest of the content.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gpt_trader.data.durable import replace_file
from gpt_trader.data.quality import digest
from gpt_trader.data.spans import Span
from gpt_trader.data.times import format_interval
from gpt_trader.domain.bars import Bars, Floats, Ints
from gpt_trader.domain.product import Product
from gpt_trader.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 1
KEY = b"gpt-trader"
UNITS = 10**8  # volume units a base unit
EXACT = 2**53  # whole numbers up to here are float64 exactly
PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Partition:
    """A month of bars. asked: spans whose bars the source was asked for, within the month.

    A bar that is missing inside `asked` was not there; outside it was never downloaded.
    """

    bars: Bars
    asked: tuple[Span, ...]
    sources: tuple[str, ...]


class About(NamedTuple):
    """What a partition says of itself; first_ms and last_ms are None without bars."""

    product: Product
    interval_ms: int
    month: str
    asked: tuple[Span, ...]
    sources: tuple[str, ...]
    rows: int
    first_ms: int | None
    last_ms: int | None
    sha256: str


def month_of(time_ms: int) -> str:
    """Return the UTC month of a time: "2024-01"."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m}"


def month_span(month: str) -> Span:
    """Return the first millisecond of a month and of the next one."""
    year, number = int(month[:4]), int(month[5:7])
    after = (year + 1, 1) if number == 12 else (year, number + 1)
    return _ms(year, number), _ms(*after)


def _ms(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1000


def write(path: Path, partition: Partition) -> str:
    """Write a partition in place of the one before and return its digest.

    Raises StorageError; the old file stays then.
    """
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    bars = partition.bars
    columns = _columns(bars)
    sha256 = digest(bars)
    about = {
        "schema_version": SCHEMA_VERSION,
        "product": _product_json(bars.product),
        "interval_ms": bars.interval_ms,
        "month": path.stem,
        "asked": partition.asked,
        "sources": partition.sources,
        "rows": len(bars),
        "first_ms": int(bars.time[0]) if len(bars) else None,
        "last_ms": int(bars.time[-1]) if len(bars) else None,
        "sha256": sha256,
    }
    schema = pa.schema(
        [pa.field(name, pa.from_numpy_dtype(c.dtype), nullable=False) for name, c in columns],
        metadata={KEY: json.dumps(about)},
    )
    table = pa.table([pa.array(column) for _, column in columns], schema=schema)
    sink = pa.BufferOutputStream()
    parquet.write_table(
        table,
        sink,
        compression="zstd",
        use_dictionary=False,
        column_encoding={
            name: "DELTA_BINARY_PACKED" if c.dtype == np.int64 else "BYTE_STREAM_SPLIT"
            for name, c in columns
        },
        write_statistics=False,
        write_page_checksum=True,
    )
    replace_file(path, sink.getvalue().to_pybytes())
    return sha256


def _columns(bars: Bars) -> list[tuple[str, "np.ndarray"]]:
    columns: list[tuple[str, np.ndarray]] = [("time", bars.time)]
    columns += [(name, column) for name, column in zip(PRICES, _prices(bars), strict=True)]
    columns.append(("volume", _units(bars.volume)))
    if bars.funding_rate.any():
        columns.append(("funding_rate", bars.funding_rate))
    if bars.half_spread_e8 is not None:
        columns.append(("half_spread_e8", bars.half_spread_e8))
    return columns


def _prices(bars: Bars) -> tuple[Ints, Ints, Ints, Ints]:
    return bars.open, bars.high, bars.low, bars.close


def _units(volume: Floats) -> Ints | Floats:
    """Return volumes as whole units of 1e-8 if each is one exactly, else as they are."""
    units = np.rint(volume * UNITS)
    exact = (units < EXACT).all() and np.array_equal(units / UNITS, volume)
    return units.astype(np.int64) if exact else volume


def read(path: Path) -> Partition:
    """Read a partition, its pages checked; raises DataError, naming the file, if it is bad."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    try:
        with parquet.ParquetFile(path, memory_map=True, page_checksum_verification=True) as file:
            about = _about(path, file.schema_arrow)
            table = file.read(use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise corrupt(path, str(error).partition("\n")[0]) from None
    if table.num_rows != about.rows:
        raise corrupt(path, f"{table.num_rows} rows instead of {about.rows}")
    return Partition(_bars(path, table, about), about.asked, about.sources)


def about(path: Path) -> About:
    """Read what a partition says of itself, without its rows; raises DataError if it is bad."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    try:
        return _about(path, parquet.read_schema(path))
    except (pa.ArrowException, OSError) as error:
        raise corrupt(path, str(error).partition("\n")[0]) from None


def corrupt(path: Path, why: str) -> DataError:
    """Return the error for a partition that cannot be believed."""
    interval, product = path.parent.name, path.parent.parent.name
    return DataError(
        f"{path} is corrupt: {why}",
        hint=f"gpt-trader data repair {product} --interval {interval}: sets it aside, fetches anew",
    )


def _about(path: Path, schema: "pa.Schema") -> About:
    text = (schema.metadata or {}).get(KEY)
    if text is None:
        raise corrupt(path, "not a file of this store")
    try:
        found = json.loads(text)
        if found["schema_version"] != SCHEMA_VERSION:
            raise corrupt(path, f"of version {found['schema_version']}, not {SCHEMA_VERSION}")
        about = About(
            _product(found["product"]),
            int(found["interval_ms"]),
            str(found["month"]),
            tuple((int(start), int(end)) for start, end in found["asked"]),
            tuple(map(str, found["sources"])),
            int(found["rows"]),
            found["first_ms"],
            found["last_ms"],
            str(found["sha256"]),
        )
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise corrupt(path, f"its description cannot be read ({error})") from None
    place = (about.product.product_id, format_interval(about.interval_ms), about.month)
    if place != (path.parent.parent.name, path.parent.name, path.stem):
        raise corrupt(path, f"it holds {' '.join(place)}")
    return about


def _bars(path: Path, table: "pa.Table", about: About) -> Bars:
    names = table.column_names
    absent = [name for name in ("time", *PRICES, "volume") if name not in names]
    if absent:
        raise corrupt(path, f"no column {absent[0]}")
    columns = {name: _array(table.column(name)) for name in names}
    volume = columns["volume"]
    return Bars(
        about.product,
        about.interval_ms,
        columns["time"],
        columns["open"],
        columns["high"],
        columns["low"],
        columns["close"],
        volume / UNITS if volume.dtype == np.int64 else volume,
        columns.get("funding_rate", np.zeros(len(volume))),
        columns.get("half_spread_e8"),
    )


def _array(column: "pa.ChunkedArray") -> "np.ndarray":
    found: np.ndarray = column.to_numpy()
    return found


def _product_json(product: Product) -> dict[str, Any]:
    return {
        "product_id": product.product_id,
        "base_increment": str(product.base_increment),
        "price_increment": str(product.price_increment),
        "base_min_size": str(product.base_min_size),
        "quote_min_size": str(product.quote_min_size),
        "is_perpetual": product.is_perpetual,
    }


def _product(found: dict[str, Any]) -> Product:
    return Product(
        found["product_id"],
        Decimal(found["base_increment"]),
        Decimal(found["price_increment"]),
        Decimal(found["base_min_size"]),
        Decimal(found["quote_min_size"]),
        is_perpetual=bool(found["is_perpetual"]),
    )
