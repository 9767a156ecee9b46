"""A run's fills, trades and equity as CSV files; every number exact, every time ISO UTC."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.order_ids import client_order_id
from gpt_trader.domain.product import Product
from gpt_trader.domain.text import fixed, grid_of, iso_times, units_text
from gpt_trader.errors import StorageError, UsageError
from gpt_trader.kernel.codes import FILL_NAMES, LIQUIDITY_NAMES, SIDE_NAMES
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.measure.metrics import drawdown_curve_pct
from gpt_trader.measure.trades import SHIFT_DIGITS, is_closed, last_bars, profits, returns_pct

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Rows = NDArray[np.void]

FILLS_HEADER = "time,product,side,size,price,fee,liquidity,client_order_id"
TRADES_HEADER = (
    "product,side,entry_time,entry_price,exit_time,exit_price,size,fees,pnl,return_pct,"
    "bars_held,entry_reason,exit_reason"
)
EQUITY_HEADER = "time,equity,drawdown_pct,close_time"


def check_writable(path: Path) -> None:
    """Raise UsageError if a file cannot be written there: better before a run than after it."""
    folder = path.parent
    if not folder.is_dir():
        raise UsageError(
            f"cannot write {path}: there is no folder {folder}", hint=f"mkdir {folder}"
        )
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder", hint="name a file in it")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"cannot write {path}: no permission", hint="choose another folder")


def check_outputs(paths: Mapping[str, Path | None]) -> None:
    """Check each flag's file as `check_writable` does; raise UsageError if two are the same."""
    seen: dict[Path, str] = {}
    for flag, path in paths.items():
        if path is None:
            continue
        check_writable(path)
        other = seen.setdefault(path.resolve(), flag)
        if other != flag:
            raise UsageError(
                f"{flag} and {other} name the same file {path}", hint="give each its own"
            )


def fill_lines(
    fills: Rows, products: Sequence[Product], *, time: Ints, interval: str, portfolio: str
) -> Iterator[str]:
    """Yield one line a fill; its time is the open of its bar. time: (n,) int64 ms."""
    grids = [
        (p.product_id, *grid_of(p.base_increment), *grid_of(p.price_increment)) for p in products
    ]
    when = iso_times(time[fills["bar"]])
    cause_ms = time[fills["cause"]].tolist()
    for i, fill in enumerate(fills.tolist()):
        _, p, side, lots, ticks, fee, liquidity, _, _, ordinal, *_ = fill
        product_id, lot_k, lot_places, tick_k, tick_places = grids[p]
        order = client_order_id(portfolio, product_id, interval, cause_ms[i], ordinal)
        yield (
            f"{when[i]},{product_id},{SIDE_NAMES[side]},{fixed(lots * lot_k, lot_places)},"
            f"{fixed(ticks * tick_k, tick_places)},{units_text(fee)},"
            f"{LIQUIDITY_NAMES[liquidity]},{order}"
        )


def trade_lines(
    rows: Rows, products: Sequence[Product], *, time: Ints, last_ticks: Ints
) -> Iterator[str]:
    """Yield one line a trade, in order of entry; an open one has no exit and is marked."""
    profit = profits(rows, products, last_ticks)
    pct = returns_pct(rows, profit).tolist()
    ends = last_bars(rows, len(time))
    closed = is_closed(rows).tolist()
    entered, left = iso_times(time[rows["entry_bar"]]), iso_times(time[ends])
    held = (ends - rows["entry_bar"]).tolist()
    grids = [(p.product_id, *grid_of(p.base_increment)) for p in products]
    for i, row in enumerate(rows):
        product_id, lot_k, lot_places = grids[row["product"]]
        product = products[row["product"]]
        entry = _average(row["entry_ticks"], row["entry_shift"], product)
        exit_ = _average(row["exit_ticks"], row["exit_shift"], product) if closed[i] else ""
        yield (
            f"{product_id},{'long' if row['side'] > 0 else 'short'},{entered[i]},{entry},"
            f"{left[i] if closed[i] else ''},{exit_},"
            f"{fixed(int(row['entry_lots']) * lot_k, lot_places)},{units_text(int(row['fees']))},"
            f"{units_text(int(profit[i]))},{pct[i]:.6f},{held[i]},"
            f"{FILL_NAMES[int(row['entry_reason'])]},"
            f"{FILL_NAMES[int(row['exit_reason'])] if closed[i] else ''}"
        )


def equity_lines(time: Ints, interval_ms: int, equity: Floats, start: float) -> Iterator[str]:
    """Yield one line a bar: equity at its close, how far below the highest, percent, and when."""
    units = np.rint(equity * UNITS_PER_QUOTE).astype(np.int64).tolist()
    falls = drawdown_curve_pct(equity, start).tolist()
    begun, closed = iso_times(time), iso_times(time + interval_ms)
    for when, worth, fall, until in zip(begun, units, falls, closed, strict=True):
        yield f"{when},{units_text(worth)},{fall:.6f},{until}"


def write_lines(path: Path, header: str, lines: Iterable[str]) -> None:
    """Write a file of lines, as `write_text` does."""
    with _whole(path) as file:
        file.write(header + "\n")
        file.writelines(line + "\n" for line in lines)


def write_text(path: Path, text: str) -> None:
    """Write a file at once: no reader sees a part, and what is not written whole leaves none.

    Raises StorageError where the disk refuses.
    """
    with _whole(path) as file:
        file.write(text)


def write_each(writers: Iterable[Callable[[], None]]) -> StorageError | None:
    """Let every file be written; return the refusals, those of several as one, None if none."""
    refused = []
    for write in writers:
        try:
            write()
        except StorageError as error:
            refused.append(error)
    if len(refused) < 2:
        return refused[0] if refused else None
    found = StorageError(f"{len(refused)} files cannot be written", hint=refused[0].hint)
    found.details = tuple(error.message for error in refused)
    return found


@contextmanager
def _whole(path: Path) -> Iterator[TextIO]:
    """Yield what becomes the file once all is written.

    A link, a device or a pipe is written through: a rename would put a file in its place.
    """
    through = path.is_symlink() or (path.exists() and not path.is_file())
    part = path if through else path.with_name(f".{path.name}.part")
    try:
        try:
            with part.open("w", encoding="utf-8", newline="\n") as file:
                yield file
            if not through:
                part.replace(path)
        except BaseException:
            if not through:
                part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _refuse(path, error) from error


def _refuse(path: Path, error: OSError) -> StorageError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return StorageError(
        f"cannot write {path}: {error.strerror}",
        hint="free some space or choose another folder" if full else "choose another folder",
    )


def _average(ticks: np.int64, shift: np.float64, product: Product) -> str:
    k, places = grid_of(product.price_increment)
    if shift == 0.0:
        return fixed(int(ticks) * k, places)
    parts = int(ticks) * 10**SHIFT_DIGITS + round(float(shift) * 10**SHIFT_DIGITS)
    return fixed(parts * k, places + SHIFT_DIGITS)
