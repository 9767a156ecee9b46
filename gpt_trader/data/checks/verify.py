"""Read back all that is stored and set aside what cannot be believed."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gpt_trader.data.checks.quality import digest
from gpt_trader.data.store import partition
from gpt_trader.data.store.durable import sync_folder, unwritable
from gpt_trader.data.store.partition import Partition, month_span
from gpt_trader.data.store.spans import Span, clip
from gpt_trader.data.store.store import READERS, Store, month_files, record
from gpt_trader.data.trades.trade_store import TradeDay, day_span, read_day, trade_files
from gpt_trader.domain.times import INTERVALS
from gpt_trader.errors import DataError

TRADES = "trades"


class Fault(NamedTuple):
    """A file that cannot be believed. interval: "1m", or "trades"; span: the month or the day."""

    path: Path
    product_id: str
    interval: str
    span: Span
    why: str


def verify(
    store: Store, product_id: str | None = None, interval_ms: int | None = None
) -> list[Fault]:
    """Read every file of a product, None: of all; return those that cannot be believed.

    interval_ms: only its bars; None: all bars and trades. Compared are checksums, digests, order,
    counts and the bounds of month or day; whether prices make sense is another question.
    """
    intervals = INTERVALS.values() if interval_ms is None else (interval_ms,)
    months = [
        path
        for product in _products(store, "bars", product_id)
        for each_ms in intervals
        for path in month_files(store.folder(product, each_ms))
    ]
    days = [
        path
        for product in _products(store, TRADES, product_id)
        for path in trade_files(store, product)
        if interval_ms is None
    ]
    with ThreadPoolExecutor(READERS) as pool:
        reasons = [*pool.map(_wrong_month, months), *pool.map(_wrong_day, days)]
    return [_fault(path, why) for path, why in zip((*months, *days), reasons, strict=True) if why]


def quarantine(store: Store, path: Path, why: str, now_ms: int) -> Path:
    """Move a file that `verify` names out of the store, record it, return where it is now.

    What it held counts as never asked for, so that the next pull fetches it anew. Call it inside
    `store.writing`. Raises StorageError.
    """
    fault = _fault(path, why)
    name = f"{fault.product_id}_{fault.interval}_{path.stem}_{now_ms}{path.suffix}"
    aside = store.root / "quarantine" / name
    try:
        aside.parent.mkdir(exist_ok=True)
        os.rename(path, aside)  # noqa: PTH104 - never across file systems, which would copy
        sync_folder(aside.parent)
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    entry = {
        "time_ms": now_ms,
        "op": "quarantine",
        "product": fault.product_id,
        "interval": fault.interval,
        "spans": [fault.span],
        "file": name,
        "why": why,
    }
    record(store, entry)
    return aside


def _products(store: Store, kind: str, product_id: str | None) -> list[str]:
    if product_id is not None:
        return [product_id]
    return sorted(path.name for path in (store.root / kind).glob("*"))


def _fault(path: Path, why: str) -> Fault:
    folder = path.parent
    if folder.parent.name == TRADES:
        return Fault(path, folder.name, TRADES, day_span(path.stem), why)
    return Fault(path, folder.parent.name, folder.name, month_span(path.stem), why)


def _wrong_month(path: Path) -> str | None:
    """Return what is wrong with a month of bars."""
    try:
        about, month = partition.about(path), partition.read(path)
    except DataError as error:
        return _reason(path, error)
    time, within = month.bars.time, month_span(path.stem)
    ends = (int(time[0]), int(time[-1])) if len(time) else (None, None)
    if ends != (about.first_ms, about.last_ms):
        return "its first or last bar is not the one described"
    if digest(month.bars) != about.sha256:
        return "its rows are not those that were written"
    if (np.diff(time) <= 0).any():
        return "its bars are out of order"
    return _outside(month, within, ends)


def _wrong_day(path: Path) -> str | None:
    """Return what is wrong with a day of trades."""
    try:
        day = read_day(path)
    except DataError as error:
        return _reason(path, error)
    times = [trade.time_ms for trade in day.trades]
    if times != sorted(times):
        return "its trades are out of order"
    if len({trade.trade_id for trade in day.trades}) != len(times):
        return "it holds a trade twice"
    ends = (times[0], times[-1]) if times else (None, None)
    return _outside(day, day_span(path.stem), ends)


def _outside(
    held: Partition | TradeDay, within: Span, ends: tuple[int | None, int | None]
) -> str | None:
    first, last = ends
    if first is not None and last is not None and not within[0] <= first <= last < within[1]:
        return "it holds times of another month or day"
    if clip(held.asked, within) != held.asked:
        return "its asked spans are not whole or reach outside"
    return None


def _reason(path: Path, error: DataError) -> str:
    return error.message.removeprefix(f"{path} is corrupt: ")
