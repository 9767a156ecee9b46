"""Market data files as columns of numbers: CSV, CSV.gz and Parquet. No judgment of the rows.

Errors name the row as an editor shows it: in a CSV the header is line 1; in Parquet, which has
no lines, the first row is row 1.
"""

import csv
import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gpt_trader.domain.bars import Floats, Ints
from gpt_trader.domain.times import MAX_MS, SECONDS_LIMIT, read_time
from gpt_trader.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

REQUIRED = ("time", "open", "high", "low", "close", "volume")
OPTIONAL = ("funding_rate", "half_spread_bps", "bid", "ask")
EXTENSIONS = (".csv", ".csv.gz", ".parquet")
_COLUMNS_HINT = f"columns are {','.join(REQUIRED)} and optionally {','.join(OPTIONAL)}"


@dataclass(frozen=True, slots=True)
class Columns:
    """A file's columns, in file order, unchecked; text is the CSV's, b"" for Parquet.

    time: (n,) int64 ms UTC. values: name -> (n,) float64, NaN where a cell is empty.
    has_zone: whether every time states its zone (epoch numbers do).
    """

    path: Path
    text: bytes
    time: Ints
    values: dict[str, Floats]
    has_zone: bool


def read_columns(path: Path) -> Columns:
    """Read a market data file. Raises DataError if it cannot be read as one."""
    table, text = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    return _columns(table, path, text)


def columns_of(table: "pa.Table", path: Path) -> Columns:
    """Return the columns of a table that was read from a file, by our names for them.

    Raises DataError if it lacks some.
    """
    chosen = _choose(table.column_names, path)
    return _columns(table.select(list(chosen.values())).rename_columns(list(chosen)), path, b"")


def _columns(table: "pa.Table", path: Path, text: bytes) -> Columns:
    if not table.num_rows:
        raise DataError(f"{path} has no rows", hint=_COLUMNS_HINT)
    time, has_zone = _times(table["time"], path, text)
    values = {
        name: _numbers(table[name], name, path, text)
        for name in (*REQUIRED[1:], *OPTIONAL)
        if name in table.column_names
    }
    return Columns(path, text, time, values, has_zone)


def fail_at(path: Path, text: bytes, index: int, reason: str, *, hint: str = "") -> NoReturn:
    """Raise DataError about the data row `index` (0-based), named as an editor shows it."""
    if text:
        lines = (number for number, line in enumerate(text.splitlines(), 1) if line)
        row = next(number for position, number in enumerate(lines) if position == index + 1)
    else:
        row = index + 1
    raise DataError(f"{reason} in row {row} of {path}", hint=hint, where=f"{path}:{row}")


def _read_csv(path: Path) -> tuple["pa.Table", bytes]:
    text = _read_text(path)
    header = next((line for line in text.splitlines() if line), b"")
    try:
        names = next(csv.reader([header.decode("utf-8-sig")]), [])
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text", hint=_COLUMNS_HINT) from None
    chosen = _choose(names, path)
    if not text.partition(header)[2].strip():
        # Not left to pyarrow: on a lone header it may leave a thread that aborts the exit.
        raise DataError(f"{path} has no rows", hint=_COLUMNS_HINT)
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import csv as arrow_csv  # noqa: PLC0415

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text),
            convert_options=arrow_csv.ConvertOptions(include_columns=list(chosen.values())),
        )
    except pa.ArrowException as error:
        _fail_ragged(path, text, len(names))
        raise DataError(f"cannot read {path} as CSV: {_line(error)}") from None
    return table.rename_columns(list(chosen)), text


def _read_text(path: Path) -> bytes:
    if path.is_dir():
        raise DataError(f"{path} is a folder", hint="name one file for each product")
    if not path.name.lower().endswith(EXTENSIONS):
        raise DataError(
            f"expected a file named {', '.join('*' + e for e in EXTENSIONS)}, was {path}",
            hint=_COLUMNS_HINT,
        )
    try:
        text = path.read_bytes()
        if path.name.lower().endswith(".gz"):
            text = gzip.decompress(text)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist", hint="check the path after --data") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {_line(error)}") from None
    if not text.strip():
        raise DataError(f"{path} is empty", hint=_COLUMNS_HINT)
    return text


def _read_parquet(path: Path) -> tuple["pa.Table", bytes]:
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    content = _read_text(path)
    try:
        file = parquet.ParquetFile(pa.BufferReader(content))
        chosen = _choose(file.schema_arrow.names, path)
        table = file.read(columns=list(chosen.values()))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path} as Parquet: {_line(error)}") from None
    return table.select(list(chosen.values())).rename_columns(list(chosen)), b""


def _choose(names: list[str], path: Path) -> dict[str, str]:
    """Map our column names to the file's; others are ignored."""
    ours: dict[str, str] = {}
    for name in names:
        plain = name.strip().lower()
        if plain in ours:
            raise DataError(f"column {plain} appears twice in {path}")
        if plain in REQUIRED + OPTIONAL:
            ours[plain] = name
    missing = [name for name in REQUIRED if name not in ours]
    if missing:
        found = ", ".join(repr(name) for name in names[:12])
        raise DataError(
            f"{path} lacks the columns {', '.join(missing)}; it has {found}", hint=_COLUMNS_HINT
        )
    return ours


def _fail_ragged(path: Path, text: bytes, width: int) -> None:
    lines = (line.decode(errors="replace") for line in text.splitlines() if line)
    for index, cells in enumerate(csv.reader(lines)):
        if len(cells) != width:
            fail_at(path, text, index - 1, f"expected {width} cells, found {len(cells)}")


def _numbers(column: "pa.ChunkedArray", name: str, path: Path, text: bytes) -> Floats:
    import pyarrow as pa  # noqa: PLC0415

    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers: Floats = column.cast(pa.float64(), safe=False).to_numpy()
        return numbers
    out = np.full(len(column), np.nan)
    for index, cell in enumerate(column.to_pylist()):
        if cell is None:
            continue
        try:  # Python reads 1_000 as a number, files do not
            out[index] = float(str(cell).replace("_", "?"))
        except ValueError:
            fail_at(path, text, index, f"expected a number as {name}, found {str(cell)!r}")
    return out


def _times(column: "pa.ChunkedArray", path: Path, text: bytes) -> tuple[Ints, bool]:
    """Return times in ms UTC, and whether all state their zone."""
    import pyarrow as pa  # noqa: PLC0415

    kind = column.type
    if column.null_count:
        fail_at(path, text, _first_null(column), "expected a time, found an empty cell")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _epoch_times(column.to_numpy(), path, text), True
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        has_zone = pa.types.is_timestamp(kind) and kind.tz is not None
        try:
            micros = column.cast(pa.timestamp("us", tz=kind.tz if has_zone else None), safe=False)
        except pa.ArrowInvalid as error:
            raise DataError(f"cannot read the times of {path}: {_line(error)}") from None
        whole, rest = np.divmod(micros.cast(pa.int64()).to_numpy(), 1000)
        if rest.any():
            fail_at(path, text, int((rest != 0).argmax()), "expected whole milliseconds as time")
        if (np.abs(whole) > MAX_MS).any():
            raise DataError(f"{path} has times beyond the year 9999")
        return whole, has_zone
    return _text_times(column.to_pylist(), path, text)


def _epoch_times(numbers: "np.ndarray", path: Path, text: bytes) -> Ints:
    bad = ~(np.abs(numbers.astype(np.float64)) <= MAX_MS)
    if bad.any():
        fail_at(
            path, text, int(bad.argmax()), f"expected epoch seconds or ms, found {numbers[bad][0]}"
        )
    seconds = np.abs(numbers) < SECONDS_LIMIT
    mixed = seconds != seconds[0]
    if mixed.any():
        unit = "seconds" if seconds[0] else "ms"
        reason = f"expected epoch {unit} as in the first row, found {numbers[mixed][0]}"
        fail_at(path, text, int(mixed.argmax()), reason)
    if seconds[0]:
        numbers = numbers * 1000
    times: Ints = np.rint(numbers).astype(np.int64)
    return times


def _text_times(cells: list[Any], path: Path, text: bytes) -> tuple[Ints, bool]:
    times = np.empty(len(cells), np.int64)
    has_zone = True
    for index, cell in enumerate(cells):
        found = read_time(cell) if isinstance(cell, str) else None
        if found is None:
            fail_at(path, text, index, f"expected a time, found {str(cell)!r}")
        times[index] = found[0]
        has_zone = has_zone and found[1]
    return times, has_zone


def _first_null(column: "pa.ChunkedArray") -> int:
    return int(np.argmax(column.is_null().to_numpy()))


def _line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0]
