"""Bringing files into the store: stated, compared with what is there, never silently replaced."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gpt_trader.data.files.bar_files import Loaded, from_columns
from gpt_trader.data.files.layouts import Layout, in_zone, read_file
from gpt_trader.data.store.store import Store, Written, read_any, write
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.times import format_interval, format_time
from gpt_trader.errors import DataError, UsageError


class Named(NamedTuple):
    """What the user says of a file; None where the file is to tell."""

    product_id: str | None
    interval_ms: int | None
    layout: Layout | None
    zone: str | None


class Prepared(NamedTuple):
    """A file that has been read and checked: its bars, what was found out, and its origin."""

    loaded: Loaded
    notes: tuple[str, ...]
    source: str


def prepare(path: Path, named: Named, overrides: Mapping[str, str] | None = None) -> Prepared:
    """Read a file and check every row.

    Raises DataError, naming the row, and UsageError, naming the flag, where it is not told which
    product or zone the file is of.
    """
    found = read_file(path, named.layout, named.product_id)
    product_id = named.product_id or found.product_id
    if product_id is None:
        may_be = f"it may be {' or '.join(found.may_be)}; " if found.may_be else ""
        raise UsageError(
            f"which product is {path.name}?",
            hint=f"{may_be}name it: --product BTC-USD; nothing is guessed",
        )
    columns = found.columns if named.zone is None else in_zone(found.columns, named.zone)
    interval_ms = named.interval_ms or found.interval_ms
    loaded = from_columns(
        columns, product_id=product_id, interval_ms=interval_ms, overrides=overrides
    )
    off_ms = int(loaded.bars.time[0]) % loaded.bars.interval_ms
    if off_ms:
        raise DataError(
            f"bars of {path} open {off_ms / 3_600_000:g} hours after the {_name(loaded.bars)} "
            f"boundaries of UTC, first at {format_time(int(loaded.bars.time[0]))}",
            hint="if its times are local, name their zone: --tz Europe/Berlin",
        )
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    notes = (*found.notes, *loaded.report.notes)
    return Prepared(loaded, notes, f"import:{path.name}:{sha256[:12]}")


def bring(store: Store, prepared: Prepared, *, replace: bool) -> Written:
    """Put a file's bars into the store. Call it inside `store.writing`.

    replace: whether they may take the place of stored bars that differ. Raises DataError, naming
    the first that does, if not.
    """
    bars = prepared.loaded.bars
    if not replace:
        _check_conflicts(store, bars)
    return write(store, bars, (), prepared.source)


def _check_conflicts(store: Store, bars: Bars) -> None:
    product = bars.product
    span = (int(bars.time[0]), int(bars.time[-1]) + 1)
    found = read_any(store, product.product_id, bars.interval_ms, *span)
    if found is None:
        return
    held = found.bars
    _, here, there = np.intersect1d(bars.time, held.time, assume_unique=True, return_indices=True)
    prices = [
        (getattr(bars, name)[here] * product.tick, getattr(held, name)[there] * held.product.tick)
        for name in ("open", "high", "low", "close")
    ]
    off = ~np.isclose(bars.volume[here], held.volume[there], rtol=1e-12, atol=0.0)
    for ours, theirs in prices:
        off |= ~np.isclose(ours, theirs, rtol=1e-12, atol=0.0)
    if off.any():
        at = int(off.argmax())
        one, other = bars.bar(int(here[at])), held.bar(int(there[at]))
        raise DataError(
            f"{int(off.sum()):,} {_name(bars)} bars of {product.product_id} differ from stored "
            f"ones, first at {format_time(one.open_ms)}: close {product.price(one.close):f}, "
            f"volume {one.volume:g}; stored {held.product.price(other.close):f}, {other.volume:g}",
            hint="--replace takes the file's",
        )


def _name(bars: Bars) -> str:
    return format_interval(bars.interval_ms)
