"""Market data files of other programs: which layout, unit and zone they have is found and stated.

CSV and Parquet are those of `tables`, zipped or not (Binance's dumps). freqtrade keeps JSON rows of
ms, open, high, low, close, volume, gzipped or not, and Feather with a column `date`.
"""

import gzip
import json
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from gpt_trader.data.files.headers import BINANCE, REQUIRED
from gpt_trader.data.files.names import read_name
from gpt_trader.data.files.tables import Columns, Source, columns_of, read_columns, read_csv
from gpt_trader.domain.bars import Floats, Ints
from gpt_trader.errors import DataError, UsageError

Layout = Literal["plain", "freqtrade", "binance"]
MAX_BYTES = 2**31  # of a file, unpacked
PLAIN = f"plain, {','.join(REQUIRED)}"


class Read(NamedTuple):
    """A file's columns, what its name says of product and interval, and what was found out.

    may_be: products that its name could mean, where it is not told which.
    """

    columns: Columns
    product_id: str | None
    interval_ms: int | None
    may_be: tuple[str, ...]
    notes: tuple[str, ...]


def read_file(path: Path, layout: Layout | None = None, product_id: str | None = None) -> Read:
    """Read a file; layout: None to find it out. product_id: whose it is, if that is known.

    Raises DataError if it cannot be read so, or no layout fits.
    """
    name = read_name(path.name)
    product_id = product_id or name.product_id
    base = None if product_id is None else product_id.split("-")[0]
    columns, words = _columns_of(path, layout, base)
    told = None
    if name.product_id is not None and name.symbol is not None:
        told = f"{name.symbol} is read as {name.product_id}"
    notes = tuple(note for note in (f"layout: {words}", told) if note)
    return Read(columns, name.product_id, name.interval_ms, name.may_be, notes)


def _columns_of(path: Path, layout: Layout | None, base: str | None) -> tuple[Columns, str]:
    """Return a file's columns and what layout they have, in words."""
    name = path.name.lower()
    if name.endswith((".json", ".json.gz")) and layout in {None, "freqtrade"}:
        return _freqtrade(path), "freqtrade, base volume"
    if name.endswith(".feather"):
        freqtrade = layout == "freqtrade" or read_name(path.name).interval_ms is not None
        columns = _feather(path, base)
        return columns, "freqtrade, base volume" if freqtrade else PLAIN
    if name.endswith(".zip"):
        columns = read_csv(path, _unzip(path), base)
    else:
        columns = read_columns(path, base)
    if columns.klines:
        return columns, "Binance klines, base volume"
    if layout == "binance":
        raise DataError(
            f"{path} is not one of Binance's kline files", hint=f"columns are {','.join(BINANCE)}"
        )
    return columns, PLAIN


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
    return _columns(path, table[:, 0], table[:, 1:6].T)


def _feather(path: Path, base: str | None) -> Columns:
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import feather  # noqa: PLC0415

    try:
        table = feather.read_table(pa.BufferReader(_bytes(path)), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        line = str(error).partition("\n")[0]
        raise DataError(f"cannot read {path} as Feather: {line}") from None
    return columns_of(table, Source(path), base)


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


def _columns(path: Path, times: Floats, values: Floats) -> Columns:
    whole = np.rint(times)
    if (whole != times).any() or not np.isfinite(times).all():
        raise DataError(f"{path} has times that are no whole milliseconds")
    named = dict(zip(REQUIRED[1:], values, strict=True))
    return Columns(Source(path), whole.astype(np.int64), named, has_zone=True)
