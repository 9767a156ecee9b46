"""The data store: bars by product, interval and month, checked, on the disk.

    ROOT/bars/BTC-USD/1m/2024-01.parquet    one file a UTC month, see `partition`
    ROOT/log.jsonl                          what was done to it, a line each
    ROOT/quarantine/                        files that could not be believed
    ROOT/lock                               held by the one writer

Readers take no lock. A file is replaced whole, and a read opens all of its months before the first
row, so it sees each month as it was before a write or after it; of two months that one write
changes it may still see one old and one new.
"""

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import platformdirs

from gpt_trader.data.store import partition
from gpt_trader.data.store.durable import TEMPORARY, append_line, unwritable
from gpt_trader.data.store.grid import growth, one_product
from gpt_trader.data.store.partition import month_of, month_span
from gpt_trader.data.store.spans import Span, clip, merge
from gpt_trader.data.store.upsert import upsert
from gpt_trader.domain.bars import COLUMNS, Bars, Ints, trusted
from gpt_trader.domain.product import Product
from gpt_trader.domain.times import INTERVALS, format_interval
from gpt_trader.errors import DataError, LockedError

READERS = min(os.cpu_count() or 1, 8)  # threads; decoding leaves Python's lock
MONTH = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])")
ALL_TIME: Span = (-(2**62), 2**62)


@dataclass(frozen=True, slots=True)
class Store:
    """Where the data lies."""

    root: Path

    @property
    def log(self) -> Path:
        """The record of what was done."""
        return self.root / "log.jsonl"

    def folder(self, product_id: str, interval_ms: int) -> Path:
        """Return where the months of a series lie."""
        return self.root / "bars" / product_id / format_interval(interval_ms)


class Stored(NamedTuple):
    """Bars as they are stored, what was asked for, where they came from, what to know of them."""

    bars: Bars
    asked: tuple[Span, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...]


class Written(NamedTuple):
    """What a write did to the bars that were there."""

    added: int
    changed: int
    same: int


class StoredListing(NamedTuple):
    """A stored series; first_ms and last_ms are None where no bar is stored.

    corrupt: files that cannot be believed; nothing else here knows of them.
    """

    product_id: str
    interval_ms: int
    months: int
    rows: int
    first_ms: int | None
    last_ms: int | None
    bytes: int
    asked: tuple[Span, ...]
    sources: tuple[str, ...]
    corrupt: tuple[Path, ...]


def data_dir(override: Path | None, env: Mapping[str, str]) -> Path:
    """Return the store's folder; nothing is made.

    override: `--data-dir`; it wins over GPT_TRADER_DATA_DIR in `env`, which wins over the
    platform's user data folder.
    """
    platform = platformdirs.user_data_path("gpt-trader") / "market"
    root = override or Path(env.get("GPT_TRADER_DATA_DIR") or platform)
    return root.expanduser().absolute()


@contextlib.contextmanager
def writing(store: Store) -> Iterator[None]:
    """Be the store's one writer for the length of a `with` block.

    What an earlier writer left half done is removed. Raises LockedError if there is another
    writer, StorageError if the folder cannot be written.
    """
    path = store.root / "lock"
    try:
        store.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(path, error) from error
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError(
                f"the data store {store.root} is being written by another process",
                hint="wait until it has ended; reading goes on meanwhile",
            ) from error
        for left in store.root.glob(f"**/.*{TEMPORARY}"):
            left.unlink(missing_ok=True)
        yield


def write(store: Store, bars: Bars, asked: Sequence[Span], source: str) -> Written:
    """Put bars into the store, in place of stored ones with the same open; each month at once.

    asked: spans that the source has answered for, so that a bar missing inside them was not there;
    () where that is not known. source: where the bars come from. Call it inside `writing`; threads
    may write different series. Raises StorageError, and DataError on a corrupt month, or if the
    series could not be read as one any more; nothing is written then.
    """
    _check_one_grid(month_files(store.folder(bars.product.product_id, bars.interval_ms)), bars)
    written = Written(0, 0, 0)
    for month in _months(bars, asked):
        within = month_span(month)
        path = _path(store, bars, month)
        old = partition.read(path) if path.exists() else None
        new, counts = upsert(old, bars[_rows(bars, within)], clip(asked, within), source)
        if old is None or any(counts[:2]) or new.asked != old.asked:
            partition.write(path, new)
        written = Written(*(a + b for a, b in zip(written, counts, strict=True)))
    return written


def _check_one_grid(files: Sequence[Path], bars: Bars) -> None:
    """Raise DataError if no grid holds the prices of stored months and of bars to be written."""
    said = {path: _described(path, path.stat().st_mtime_ns) for path in files}
    grids = {path: about.product for path, about in said.items() if about and about.rows}
    if not len(bars) or all(one == bars.product for one in grids.values()):
        return
    whole = one_product([*grids.values(), bars.product])
    growth(bars.product, whole, int(bars.high.max()))
    for path, product in grids.items():
        if product.price_increment != whole.price_increment:
            growth(product, whole, int(partition.read(path).bars.high.max()))


@lru_cache(maxsize=4096)
def _described(path: Path, _: int) -> partition.About | None:
    """Return what a month says of itself; its time of change tells one version from another."""
    return _describe(path)


def _months(bars: Bars, asked: Sequence[Span]) -> list[str]:
    """Return the months that a write touches."""
    months = {month_of(int(bars.time[i])) for i in _month_heads(bars.time)}
    for start, end in asked:
        month = month_of(start)
        while month_span(month)[0] < end:
            months.add(month)
            month = month_of(month_span(month)[1])
    return sorted(months)


def _month_heads(time: Ints) -> Ints:
    """Return the rows with which a month begins."""
    months = time.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    return np.flatnonzero(np.diff(months, prepend=-(2**62)))


def read(
    store: Store,
    product_id: str,
    interval_ms: int,
    start_ms: int | None = None,
    end_ms: int | None = None,
) -> Stored:
    """Read a series from `start_ms`, inclusive, to `end_ms`, exclusive; None: all there is.

    Raises DataError if no bar is stored there, or a month is corrupt, naming its file.
    """
    found = read_any(store, product_id, interval_ms, start_ms, end_ms)
    if found is None:
        raise _nothing(store, product_id, interval_ms)
    return found


def read_any(
    store: Store,
    product_id: str,
    interval_ms: int,
    start_ms: int | None = None,
    end_ms: int | None = None,
) -> Stored | None:
    """Read as `read` does; None if no bar is stored there."""
    within = (
        ALL_TIME[0] if start_ms is None else start_ms,
        ALL_TIME[1] if end_ms is None else end_ms,
    )
    files = [
        path
        for path in month_files(store.folder(product_id, interval_ms))
        if month_span(path.stem)[0] < within[1] and month_span(path.stem)[1] > within[0]
    ]
    months = [partition.open_month(path) for path in files]
    filled = [month for month in months if month.about.rows]
    bars = _gather(filled)
    bars = bars and bars[_rows(bars, within)]
    if not bars:
        return None
    return Stored(
        bars,
        clip((span for month in months for span in month.about.asked), within),
        tuple(dict.fromkeys(source for month in months for source in month.about.sources)),
        _notes([month.about.product for month in filled], bars.product),
    )


def _gather(months: Sequence[partition.Month]) -> Bars | None:
    """Read months into one set of columns, side by side; None if there are none."""
    if not months:
        return None
    product = one_product([month.about.product for month in months])
    ends = np.cumsum([month.about.rows for month in months])
    columns = partition.room(int(ends[-1]), quoted=any(month.quoted for month in months))

    def fill(month: partition.Month, end: int) -> None:
        rows = slice(end - month.about.rows, end)
        partition.fill(month, product, {name: one[rows] for name, one in columns.items()})

    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(fill, months, ends))
    shown = (columns.get(name) for name in COLUMNS)  # the checks of data say what is wrong
    return trusted(product, months[0].about.interval_ms, *shown)


def _rows(bars: Bars, within: Span) -> slice:
    return slice(*np.searchsorted(bars.time, within))


def _notes(products: Sequence[Product], product: Product) -> tuple[str, ...]:
    found = sorted({one.price_increment for one in products})
    if len(found) == 1:
        return ()
    return (f"prices of {found[0]:f} to {found[-1]:f} steps, read as {product.price_increment:f}",)


def _nothing(store: Store, product_id: str, interval_ms: int) -> DataError:
    interval = format_interval(interval_ms)
    others = [format_interval(ms) for ms in intervals(store, product_id) if ms != interval_ms]
    there = f"; stored are bars of {', '.join(others)}" if others else ""
    return DataError(
        f"no {interval} bars of {product_id} in {store.root} in the period asked for{there}",
        hint=f"gpt-trader data pull {product_id} --interval {interval}; "
        "gpt-trader data list shows what there is",
    )


def read_spans(store: Store, product_id: str, interval_ms: int) -> tuple[Span, ...]:
    """Return the spans that sources have answered for; raises DataError on a corrupt month."""
    files = month_files(store.folder(product_id, interval_ms))
    return merge(span for path in files for span in partition.about(path).asked)


def intervals(store: Store, product_id: str) -> tuple[int, ...]:
    """Return the intervals of which files are stored, in ms, the shortest first."""
    return tuple(ms for ms in INTERVALS.values() if month_files(store.folder(product_id, ms)))


def last_ms(store: Store, product_id: str, interval_ms: int) -> int | None:
    """Return the open of the last stored bar; None if there is none."""
    files = month_files(store.folder(product_id, interval_ms))
    opens = (partition.about(path).last_ms for path in reversed(files))
    return next((one for one in opens if one is not None), None)


def listing(store: Store) -> list[StoredListing]:
    """Return what is stored, without reading a row."""
    found = []
    for product in sorted((store.root / "bars").glob("*")):
        for interval, interval_ms in INTERVALS.items():
            files = month_files(product / interval)
            if not files:
                continue
            described = {path: _describe(path) for path in files}
            months = [about for about in described.values() if about is not None]
            opens = [m.first_ms for m in months if m.first_ms is not None]
            lasts = [m.last_ms for m in months if m.last_ms is not None]
            found.append(
                StoredListing(
                    product.name,
                    interval_ms,
                    len(files),
                    sum(m.rows for m in months),
                    min(opens, default=None),
                    max(lasts, default=None),
                    sum(path.stat().st_size for path in files),
                    merge(span for m in months for span in m.asked),
                    tuple(dict.fromkeys(source for m in months for source in m.sources)),
                    tuple(path for path, about in described.items() if about is None),
                )
            )
    return found


def _describe(path: Path) -> partition.About | None:
    try:
        return partition.about(path)
    except DataError:
        return None


def record(store: Store, entry: Mapping[str, Any]) -> None:
    """Add a line to the record of what was done; raises StorageError."""
    append_line(store.log, json.dumps(entry, allow_nan=False))


def month_files(folder: Path) -> list[Path]:
    """Return the months of a series, oldest first; other files are left out."""
    return sorted(path for path in folder.glob("*.parquet") if MONTH.fullmatch(path.stem))


def _path(store: Store, bars: Bars, month: str) -> Path:
    return store.folder(bars.product.product_id, bars.interval_ms) / f"{month}.parquet"
