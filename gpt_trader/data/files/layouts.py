"""Market data files of other programs: which layout, unit and zone they have is found and stated.

Plain files are those of `tables`. freqtrade keeps JSON rows of ms, open, high, low, close, volume,
gzipped or not, and Feather with a column `date`. Binance's dumps are CSV, zipped or not, of twelve
columns, with times in milliseconds and, for spot from 2025 on, in microseconds.
"""

import gzip
import io
import json
import re
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from gpt_trader.data.catalog import normalize_id
from gpt_trader.data.files.tables import REQUIRED, Columns, columns_of, read_columns
from gpt_trader.domain.bars import Floats, Ints
from gpt_trader.domain.times import INTERVALS
from gpt_trader.errors import DataError, UsageError

Layout = Literal["plain", "freqtrade", "binance"]
MAX_BYTES = 2**31  # of a file, unpacked
BINANCE = ("open_time", "open", "high", "low", "close", "volume", "close_time")
BINANCE_COLUMNS = 12
QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "EUR", "GBP", "TRY", "BTC", "ETH", "BNB")
_BINANCE_NAME = re.compile(r"([A-Z0-9]+)-(\d+[a-z]+)-\d{4}-\d{2}(-\d{2})?\.(csv|zip)")
_FREQTRADE_NAME = re.compile(r"([A-Za-z0-9]+)_([A-Za-z0-9]+)-(\d+[mhd])\.(json|json\.gz|feather)")
_PLAIN_NAME = re.compile(r"([A-Z0-9]+(?:-[A-Z0-9]+)+)[_.].*")
_PLAIN_HEADER = re.compile(rb"[\s\"']*time[\s\"']*,", re.IGNORECASE)


class Read(NamedTuple):
    """A file's columns, what its name says of product and interval, and what was found out."""

    columns: Columns
    product_id: str | None
    interval_ms: int | None
    notes: tuple[str, ...]


def read_file(path: Path, layout: Layout | None = None) -> Read:
    """Read a file; layout: None to find it out.

    Raises DataError if it cannot be read so, or no layout fits.
    """
    name = path.name.lower()
    found = layout or _layout(path)
    if found == "freqtrade":
        columns = _feather(path) if name.endswith(".feather") else _freqtrade(path)
        product_id, interval_ms = _freqtrade_name(path)
        return Read(columns, product_id, interval_ms, ("layout: freqtrade, base volume",))
    if found == "binance":
        columns, unit = _binance(path)
        product_id, interval_ms, told = _binance_name(path)
        notes = (f"layout: Binance klines, times in {unit}, base volume", *told)
        return Read(columns, product_id, interval_ms, notes)
    columns = _feather(path) if name.endswith(".feather") else read_columns(path)
    match = _PLAIN_NAME.fullmatch(path.name)
    product_id = normalize_id(match[1]) if match else None
    return Read(columns, product_id, None, (f"layout: plain, {','.join(REQUIRED)}",))


def in_zone(columns: Columns, zone: str) -> Columns:
    """Return columns whose local times are told in a zone: UTC, +02:00 or Area/City.

    Raises UsageError on an unknown zone, and if the file states its own; DataError, naming the
    time, where clocks were set back or forward and the time is two moments or none.
    """
    import pandas as pd  # noqa: PLC0415

    if columns.has_zone:
        raise UsageError(f"{columns.path} states its time zone", hint="leave --tz out")
    local = pd.DatetimeIndex(columns.time.astype("datetime64[ms]"))
    try:
        utc = local.tz_localize(zone, ambiguous="raise", nonexistent="raise").tz_convert("UTC")
    except (KeyError, TypeError, OSError):
        raise UsageError(
            f"unknown time zone {zone!r}", hint="UTC, +02:00, or Area/City as in Europe/Berlin"
        ) from None
    except ValueError as error:
        words = str(error).partition("\n")[0]
        if "time" not in words.lower():
            raise UsageError(f"unknown time zone {zone!r}", hint="as in Europe/Berlin") from None
        raise DataError(
            f"{columns.path} has a time that is no single moment in {zone}: {words}",
            hint="where clocks are set back an hour happens twice: use a file in UTC",
        ) from None
    time: Ints = utc.tz_localize(None).to_numpy().astype("datetime64[ms]").astype(np.int64)
    return replace(columns, time=time, has_zone=True)


def _layout(path: Path) -> Layout:
    name = path.name.lower()
    if name.endswith((".json", ".json.gz")):
        return "freqtrade"
    if name.endswith(".feather"):
        return "freqtrade" if _FREQTRADE_NAME.fullmatch(path.name) else "plain"
    if name.endswith(".zip"):
        return "binance"
    if name.endswith(".csv"):
        head = _bytes(path)[:4096].lstrip(b"\xef\xbb\xbf").lstrip()
        cells = head.partition(b"\n")[0].split(b",")
        if head[:1] == b"<":
            raise DataError(f"{path} is a page of HTML, not a table", hint="download it again")
        if len(cells) == BINANCE_COLUMNS and not _PLAIN_HEADER.match(head):
            return "binance"
    return "plain"


def _bytes(path: Path) -> bytes:
    """Read a file whole, unpacked if it is gzipped; raises DataError, also if it is too large."""
    try:
        if path.name.lower().endswith(".gz"):
            with gzip.open(path) as file:
                content = file.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist", hint="check the path") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}") from None
    return _bound(path, content, MAX_BYTES)


def _bound(path: Path, content: bytes, most_bytes: int) -> bytes:
    if len(content) > most_bytes:
        raise DataError(f"{path} holds more than {most_bytes >> 30} GiB", hint="split it")
    if not content.strip():
        raise DataError(f"{path} is empty")
    return content


def _freqtrade(path: Path) -> Columns:
    try:
        rows = json.loads(_bytes(path))
    except (ValueError, RecursionError):
        raise DataError(f"{path} is not JSON") from None
    good = isinstance(rows, list) and all(isinstance(r, list) and len(r) == 6 for r in rows)
    if not good or not rows:
        raise DataError(
            f"{path} is not freqtrade's JSON", hint="rows of [ms,open,high,low,close,volume]"
        )
    try:
        table = np.array(rows, np.float64)
    except (ValueError, TypeError):
        raise DataError(f"{path} has cells that are no numbers") from None
    return _columns(path, table[:, 0], 1, table[:, 1:6].T)


def _feather(path: Path) -> Columns:
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import feather  # noqa: PLC0415

    try:
        table = feather.read_table(pa.BufferReader(_bytes(path)))
    except (pa.ArrowException, OSError) as error:
        line = str(error).partition("\n")[0]
        raise DataError(f"cannot read {path} as Feather: {line}") from None
    names = ["time" if name == "date" else name for name in table.column_names]
    return columns_of(table.rename_columns(names), path)


def _binance(path: Path) -> tuple[Columns, str]:
    text = _unzip(path) if path.name.lower().endswith(".zip") else _bytes(path)
    first = text.partition(b"\n")[0].decode(errors="replace").strip().lower().split(",")
    skip = 0 if re.fullmatch(r"\d+", first[0]) else 1
    if skip and tuple(first[:7]) != BINANCE:
        raise DataError(f"{path} is not one of Binance's kline files", hint=f"{BINANCE}, ...")
    try:
        table = np.loadtxt(
            io.BytesIO(text), np.float64, delimiter=",", skiprows=skip, usecols=range(7), ndmin=2
        )
    except ValueError as error:
        raise DataError(f"cannot read {path}: {error}") from None
    if not len(table):
        raise DataError(f"{path} has no rows")
    per_ms = _units(path, table[:, 0])
    columns = _columns(path, table[:, 0], per_ms, table[:, 1:6].T)
    return columns, "microseconds" if per_ms == 1000 else "milliseconds"


def _units(path: Path, times: Floats) -> int:
    """Return how many of a file's units are a millisecond; raises DataError if they differ."""
    micro = times >= 1e14  # milliseconds reach it in the year 5138, microseconds had by 1973
    if micro.any() != micro.all():
        raise DataError(
            f"{path} has times in milliseconds and in microseconds", hint="split it in two"
        )
    return 1000 if micro.any() else 1


def _unzip(path: Path, most_bytes: int = MAX_BYTES) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) != 1:
                raise DataError(f"{path} holds {len(members)} files, expected one")
            with archive.open(members[0]) as file:
                content = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist", hint="check the path") from None
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
        raise DataError(f"cannot read {path} as a zip file: {error}") from None
    return _bound(path, content, most_bytes)


def _columns(path: Path, times: Floats, per_ms: int, values: Floats) -> Columns:
    whole = np.rint(times)
    if (whole != times).any() or (whole % per_ms).any() or not np.isfinite(times).all():
        raise DataError(f"{path} has times that are no whole milliseconds")
    time: Ints = (whole // per_ms).astype(np.int64)
    named = dict(zip(REQUIRED[1:], values, strict=True))
    return Columns(path, b"", time, named, has_zone=True)


def _freqtrade_name(path: Path) -> tuple[str | None, int | None]:
    match = _FREQTRADE_NAME.fullmatch(path.name)
    if match is None:
        return None, None
    return normalize_id(f"{match[1]}-{match[2]}"), INTERVALS.get(match[3])


def _binance_name(path: Path) -> tuple[str | None, int | None, tuple[str, ...]]:
    """Return the product that the name tells: BTCUSDT is cut before a known quote."""
    match = _BINANCE_NAME.fullmatch(path.name)
    if match is None:
        return None, None, ()
    symbol = match[1]
    quote = next((q for q in QUOTES if symbol.endswith(q) and symbol != q), None)
    if quote is None:
        return None, INTERVALS.get(match[2]), ()
    product_id = f"{symbol.removesuffix(quote)}-{quote}"
    return product_id, INTERVALS.get(match[2]), (f"{symbol} is read as {product_id}",)
