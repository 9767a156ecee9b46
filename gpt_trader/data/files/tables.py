"""Market data files as columns of numbers: CSV, CSV.gz and Parquet. No judgment of the rows.

Errors name the row as an editor shows it: in a CSV the lines are counted from 1, the header's
included; in Parquet, which has no lines, the first row is row 1. Whatever is read otherwise than it
is written stands in the notes.
"""

import csv
import gzip
import re
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import numpy as np

from gpt_trader.data.arrow import nulls_of, numbers_of
from gpt_trader.data.files.headers import (
    BINANCE,
    HINT,
    OPTIONAL,
    PRICES,
    Header,
    headerless,
    read_header,
)
from gpt_trader.data.files.regular import check_regular
from gpt_trader.data.files.text_numbers import Read, number_reader
from gpt_trader.data.files.text_times import text_times
from gpt_trader.domain.bars import Floats, Ints
from gpt_trader.domain.times import MAX_MS, SECONDS_LIMIT
from gpt_trader.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

EXTENSIONS = (".csv", ".csv.gz", ".parquet")
Wanted = dict[str, str]  # names here: those in the file
SEPARATORS = {",": "", ";": "semicolons", "\t": "tabs", "|": "bars"}
UNITS = (  # epoch numbers below a limit, and how many of them are a millisecond
    (SECONDS_LIMIT, "seconds", 1 / 1000),
    (10**14, "ms", 1),
    (10**17, "microseconds", 1000),
    (2**63, "nanoseconds", 10**6),
)
SERIALS = (20_000, 80_000)  # a spreadsheet's days since 1900: of 1954 to 2119
YEARS = (1950, 2120)
LINE_END = re.compile(rb"\r\n|\n|\r")
EXTRA = "extra:"  # before the name of a column that is none of ours
SELDOM = ("microseconds", "nanoseconds")


class Source(NamedTuple):
    """Where rows come from. text: the CSV's, b"" for Parquet; head: its lines before the rows.

    first: what the first row is called where there is no text: a frame counts from 0.
    """

    path: Path
    text: bytes = b""
    head: int = 0
    first: int = 1

    def fail(self, index: int, reason: str, hint: str = "") -> NoReturn:
        """Raise DataError about the row `index` (0-based), named as an editor shows it."""
        row = index + self.first
        if self.text:
            lines = enumerate(self.text.splitlines(), 1)
            rows = (number for number, line in lines if line and number > self.head)
            row = next(number for position, number in enumerate(rows) if position == index)
        where = f"{self.path}:{row}"
        raise DataError(f"{reason} in row {row} of {self.path}", hint=hint, where=where)


@dataclass(frozen=True, slots=True)
class Columns:
    """A file's columns, oldest row first, unchecked.

    time: (n,) int64 ms UTC. values: name -> (n,) float64, NaN where a cell is empty; further
    columns that were asked for by EXTRA and their name.
    has_zone: whether every time states its zone (epoch numbers do). rows: (n,) int64, the row of
    the file that each comes from; None: as they stand. klines: whether they are Binance's.
    """

    source: Source
    time: Ints
    values: dict[str, Floats]
    has_zone: bool
    notes: tuple[str, ...] = ()
    rows: Ints | None = None
    klines: bool = False

    @property
    def path(self) -> Path:
        """The file."""
        return self.source.path

    def fail(self, index: int, reason: str, hint: str = "") -> NoReturn:
        """Raise DataError about a row."""
        self.source.fail(index if self.rows is None else int(self.rows[index]), reason, hint)


def read_columns(path: Path, base: str | None = None, extra: Sequence[str] = ()) -> Columns:
    """Read a market data file; base: the currency of its sizes, if known; extra: further columns.

    Raises DataError if it cannot be read as one.
    """
    if path.suffix.lower() != ".parquet":
        return read_csv(path, _read_text(path), base, extra)
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    content = _read_text(path)
    try:
        file = parquet.ParquetFile(pa.BufferReader(content))
        names = file.schema_arrow.names
        header = read_header(names, str(path), base)
        wanted = _further(header, extra, names, str(path))
        table = file.read(columns=list(wanted.values()), use_threads=False)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path} as Parquet: {_line(error)}") from None
    return columns_of(table, Source(path), base, names, extra)


def columns_of(
    table: "pa.Table",
    source: Source,
    base: str | None = None,
    names: list[str] | None = None,
    extra: Sequence[str] = (),
    *,
    in_quote: bool = False,
) -> Columns:
    """Return the columns of a table that was read from somewhere, by our names for them.

    names: those of the file, where the table has only some. in_quote: whether its volume is known
    to be in the quote currency. Raises DataError if it lacks some.
    """
    names = names or table.column_names
    header = read_header(names, str(source.path), base)
    wanted = _further(header, extra, names, str(source.path))
    chosen = table.select(list(wanted.values())).rename_columns(list(wanted))
    return _columns(chosen, source, [header.renamed], in_quote=header.in_quote or in_quote)


def _further(header: Header, extra: Sequence[str], names: Sequence[str], where: str) -> Wanted:
    """Return all columns that are wanted: ours, then further ones by their names here.

    Raises DataError if one of them is not there, or is one of ours.
    """
    for name in extra:
        if name not in names:
            has = ", ".join(repr(one) for one in names[:12])
            raise DataError(f"{where} lacks the column {name!r}; it has {has}")
        if name in header.columns.values():
            raise DataError(f"column {name!r} of {where} is no further one: bars have it")
    return header.columns | {EXTRA + name: name for name in extra}


def read_csv(
    path: Path, text: bytes, base: str | None = None, extra: Sequence[str] = ()
) -> Columns:
    """Read the text of a CSV file; see `read_columns`."""
    text = text.removeprefix(b"\xef\xbb\xbf")
    top = _find_top(text)
    if top.header.lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise DataError(f"{path} is a page of HTML, not a table", hint="download it again")
    separator, cells = _cells(path, top.header)
    named = headerless(cells)
    names = list(named or cells)
    header = read_header(names, str(path), base)
    begin, above = (top.begin, top.lines) if named else (top.end, top.lines + 1)
    notes = [
        f"{top.remarks} lines above the header are left out" if top.remarks else None,
        f"separated by {SEPARATORS[separator]}" if SEPARATORS[separator] else None,
        f"no header, read as {','.join(names[:6])},..." if named else header.renamed,
    ]
    if not text[begin:].strip():
        # Not left to pyarrow: on a lone header it may leave a thread that aborts the exit.
        raise DataError(f"{path} has no rows", hint=HINT)
    source = Source(path, text, above)
    wanted = _further(header, extra, names, str(path))
    table = _parse(source, begin, names, separator, wanted)
    columns = _columns(table, source, notes, in_quote=header.in_quote)
    klines = tuple(name.strip().lower() for name in names[:7]) == BINANCE[:7]
    return replace(columns, klines=klines)


class _Top(NamedTuple):
    """The first line that is no remark, where it begins and the next one, and what is above it."""

    header: bytes
    begin: int
    end: int
    lines: int
    remarks: int


def _find_top(text: bytes) -> _Top:
    begin = lines = remarks = 0
    while True:
        found = LINE_END.search(text, begin)
        stop, end = (len(text), len(text)) if found is None else found.span()
        line = text[begin:stop]
        if not _is_remark(line) or end == len(text):
            return _Top(line, begin, end, lines, remarks)
        begin, lines, remarks = end, lines + 1, remarks + bool(line.strip())


def _is_remark(line: bytes) -> bool:
    """Whether a line above the header is none: blank, a comment, an address."""
    return not line.strip() or line.lstrip()[:1] == b"#" or b"://" in line


def _cells(path: Path, line: bytes) -> tuple[str, list[str]]:
    """Return a header's separator and cells; raises DataError if it is no text."""
    if line[:2] in {BOM_UTF16_LE, BOM_UTF16_BE} or b"\0" in line:
        raise DataError(f"{path} is UTF-16 text, or none", hint=f"iconv -f UTF-16 -t UTF-8 {path}")
    try:
        header = line.decode("utf-8")
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text", hint=HINT) from None
    separator = max(SEPARATORS, key=header.count)
    return separator, next(csv.reader([header], delimiter=separator), [""])


def _parse(
    source: Source, begin: int, names: list[str], separator: str, columns: dict[str, str]
) -> "pa.Table":
    """Return the rows, from a byte on, by our names: numbers where all are, else their text."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import csv as arrow  # noqa: PLC0415

    # names of their own: those of a file may be there twice, or be blank
    ours = {theirs: name for name, theirs in columns.items()}
    names = [ours.get(name, f"column {i}") for i, name in enumerate(names)]
    numbers = dict.fromkeys(columns.keys() - {"time"}, pa.float64())
    text = dict.fromkeys(columns, pa.string())
    for types in (numbers, text):
        try:
            return arrow.read_csv(
                pa.BufferReader(pa.py_buffer(source.text).slice(begin)),
                read_options=arrow.ReadOptions(column_names=names, use_threads=False),
                parse_options=arrow.ParseOptions(delimiter=separator),
                convert_options=arrow.ConvertOptions(
                    include_columns=list(columns),
                    column_types=types,
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowException as error:
            _fail_ragged(source, begin, separator, len(names))
            if types is text:
                path = source.path
                raise DataError(f"cannot read {path} as CSV: {_line(error)}") from None
    raise AssertionError("unreachable: the second attempt returns or raises")


def _columns(
    table: "pa.Table", source: Source, notes: list[str | None], *, in_quote: bool
) -> Columns:
    if not table.num_rows:
        raise DataError(f"{source.path} has no rows", hint=HINT)
    time, has_zone, unit = _times(table["time"], source)
    numbers = {name: table[name] for name in table.column_names if name != "time"}
    read, commas = _reader(numbers, source)
    values = {name: _numbers(column, name, source, read) for name, column in numbers.items()}
    notes = [*notes, f"times in {unit}" if unit in SELDOM else None, commas]
    columns = Columns(source, time, values, has_zone, tuple(note for note in notes if note))
    if in_quote:
        columns = replace(
            columns,
            values=values | {"volume": values["volume"] / values["close"]},
            notes=(*columns.notes, "volume in quote currency, divided by each close"),
        )
    return _oldest_first(_without_empty(columns))


def _without_empty(columns: Columns) -> Columns:
    """Leave out rows without any price: minutes without trades, as some tables have them."""
    empty = np.logical_and.reduce([np.isnan(columns.values[name]) for name in PRICES])
    if not empty.any() or empty.all():
        return columns
    return _only(columns, np.flatnonzero(~empty), f"{empty.sum():,} rows without prices left out")


def _oldest_first(columns: Columns) -> Columns:
    """Turn rows around that stand newest first, all of them."""
    if len(columns.time) < 2 or not (np.diff(columns.time) < 0).all():
        return columns
    return _only(columns, np.arange(len(columns.time))[::-1], "newest first, turned around")


def _only(columns: Columns, kept: Ints, note: str) -> Columns:
    rows = np.arange(len(columns.time)) if columns.rows is None else columns.rows
    return replace(
        columns,
        time=columns.time[kept],
        values={name: column[kept] for name, column in columns.values.items()},
        notes=(*columns.notes, note),
        rows=rows[kept],
    )


def _read_text(path: Path) -> bytes:
    check_regular(path)
    if path.is_dir():
        raise DataError(f"{path} is a folder", hint="name one file for each product")
    if not path.name.lower().endswith(EXTENSIONS):
        raise DataError(
            f"expected a file named {', '.join('*' + e for e in EXTENSIONS)}, was {path}",
            hint=HINT,
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
        raise DataError(f"{path} is empty", hint=HINT)
    return text


def _fail_ragged(source: Source, begin: int, separator: str, width: int) -> None:
    rows = source.text[begin:].splitlines()
    lines = (line.decode(errors="replace") for line in rows if line)
    for index, cells in enumerate(csv.reader(lines, delimiter=separator)):
        if len(cells) != width:
            source.fail(index, f"expected {width} cells, found {len(cells)}")


def _reader(columns: Mapping[str, "pa.ChunkedArray"], source: Source) -> tuple[Read, str | None]:
    """Return how numbers are read that are text, and what is to be said of it."""
    import pyarrow as pa  # noqa: PLC0415

    cells = [
        (index, str(cell).strip())
        for column in columns.values()
        if pa.types.is_string(column.type)
        for index, cell in enumerate(column.to_pylist())
        if cell is not None
    ]
    return number_reader(cells, source.fail)


def _numbers(column: "pa.ChunkedArray", name: str, source: Source, read: Read) -> Floats:
    import pyarrow as pa  # noqa: PLC0415

    kind = column.type
    if pa.types.is_float16(kind) and not name.startswith(EXTRA):
        raise DataError(
            f"{source.path} holds {name} as float16, of three digits: too few",
            hint="read it anew, as float64",
        )
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers: Floats = numbers_of(column.cast(pa.float64(), safe=False))
        if source.text and name in OPTIONAL:  # an empty cell is none; the word is a mistake
            word = np.isnan(numbers) & ~nulls_of(column)
            if word.any():
                source.fail(int(word.argmax()), f"expected a number as {name}, found 'nan'")
        return numbers
    out = np.full(len(column), np.nan)
    for index, cell in enumerate(column.to_pylist()):
        if cell is None:
            continue
        number = read(str(cell).strip())
        if number is None:
            source.fail(index, f"expected a number as {name}, found {str(cell)!r}")
        out[index] = number
    return out


def _times(column: "pa.ChunkedArray", source: Source) -> tuple[Ints, bool, str]:
    """Return times in ms UTC, whether all state their zone, and the unit of epoch numbers."""
    import pyarrow as pa  # noqa: PLC0415

    kind = column.type
    if column.null_count:
        source.fail(_first_null(column), "expected a time, found an empty cell")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        times, unit = _epoch_times(numbers_of(column), source)
        return times, True, unit
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        has_zone = pa.types.is_timestamp(kind) and kind.tz is not None
        try:
            micros = column.cast(pa.timestamp("us", tz=kind.tz if has_zone else None), safe=False)
        except pa.ArrowInvalid as error:
            raise DataError(f"cannot read the times of {source.path}: {_line(error)}") from None
        whole, rest = np.divmod(numbers_of(micros.cast(pa.int64())), 1000)
        if rest.any():
            source.fail(int((rest != 0).argmax()), "expected whole milliseconds as time")
        if (np.abs(whole) > MAX_MS).any():
            raise DataError(f"{source.path} has times beyond the year 9999")
        return whole, has_zone, ""
    return *text_times(column.to_pylist(), source.fail), ""


def _epoch_times(numbers: "np.ndarray", source: Source) -> tuple[Ints, str]:
    """Return epoch numbers of any unit as int64 ms, and the unit, which their size tells."""
    # 32 bits hold seconds, not milliseconds
    whole = numbers.dtype.kind in "iu"
    numbers = numbers.astype(np.int64 if whole else np.float64)
    limits = np.array([float(limit) for limit, _, _ in UNITS])
    bad = ~(np.abs(numbers) < limits[-1]) if not whole else np.zeros(len(numbers), np.bool_)
    if bad.any():
        source.fail(int(bad.argmax()), f"expected epoch seconds or ms, found {numbers[bad][0]}")
    units = np.searchsorted(limits, np.abs(numbers.astype(np.float64)), "right")
    mixed = units != units[0]
    _, unit, a_ms = UNITS[units[0]]
    if mixed.any():
        reason = f"expected epoch {unit} as in the first row, found {numbers[mixed][0]}"
        source.fail(int(mixed.argmax()), reason)
    if a_ms < 1:
        _refuse_dates(numbers, source)
        times = np.rint(numbers * 1000).astype(np.int64)
    elif whole:
        times, rest = np.divmod(numbers, a_ms)
        if rest.any():
            source.fail(int((rest != 0).argmax()), "expected whole milliseconds as time")
    else:
        times = np.rint(numbers / a_ms).astype(np.int64)
    late = np.abs(times) > MAX_MS
    if late.any():
        source.fail(int(late.argmax()), f"expected epoch seconds or ms, found {numbers[late][0]}")
    return np.asarray(times, np.int64), unit


def _refuse_dates(numbers: "np.ndarray", source: Source) -> None:
    """Refuse seconds of 1970 that are dates: a spreadsheet's days, or year, month and day."""
    if ((numbers >= SERIALS[0]) & (numbers < SERIALS[1])).all():
        source.fail(
            0,
            f"expected epoch seconds or ms, found {numbers[0]:.12g}, a spreadsheet's days",
            hint="give the cells the format yyyy-mm-dd hh:mm:ss and export again, or take "
            "(days - 25569) * 86400: epoch seconds",
        )
    year, month, day = numbers // 10_000, numbers // 100 % 100, numbers % 100
    dates = (year >= YEARS[0]) & (year < YEARS[1]) & (numbers == np.floor(numbers))
    if (dates & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all():
        source.fail(
            0,
            f"expected epoch seconds or ms, found {numbers[0]:.12g}, a date without hyphens",
            hint="write it as 2024-01-31",
        )


def _first_null(column: "pa.ChunkedArray") -> int:
    return int(nulls_of(column).argmax())


def _line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0]
