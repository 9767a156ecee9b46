"""`gpt-trader data import`: files into the store, stated and compared."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gpt_trader.cli import output
from gpt_trader.data.catalog import normalize_id
from gpt_trader.data.files.importing import Named, Prepared, bring, prepare
from gpt_trader.data.files.layouts import Layout
from gpt_trader.data.store.store import Store, Written, data_dir, record, writing
from gpt_trader.domain.times import format_interval, format_time, parse_interval
from gpt_trader.runtime.session import clock_ms

COMMAND = "data import"


class ImportFlags(NamedTuple):
    """The command line, as text."""

    product: str | None
    interval: str | None
    layout: Layout | None
    zone: str | None


def run(
    files: Sequence[Path],
    asked: ImportFlags,
    folder: Path | None,
    *,
    replace: bool,
    dry_run: bool,
    json: bool,
) -> None:
    """Read and check every file first; then store them, in the order given."""
    named = Named(
        None if asked.product is None else normalize_id(asked.product),
        None if asked.interval is None else parse_interval(asked.interval),
        asked.layout,
        asked.zone,
    )
    prepared = [prepare(path, named) for path in _each(files)]
    store = Store(data_dir(folder, os.environ))
    written: list[Written | None] = [None] * len(prepared)
    if not dry_run:
        with writing(store):
            for i, one in enumerate(prepared):
                written[i] = found = bring(store, one, replace=replace)
                if found.added or found.changed:
                    _record(store, one, found)
    _show(prepared, written, json=json)


def _each(files: Sequence[Path]) -> list[Path]:
    """Return the files named, and those of folders that are named."""
    return [
        one
        for path in files
        for one in (sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path])
    ]


def _record(store: Store, one: Prepared, found: Written) -> None:
    bars = one.loaded.bars
    entry = {
        "time_ms": clock_ms(),
        "op": "import",
        "product": bars.product.product_id,
        "interval": format_interval(bars.interval_ms),
        "spans": [[int(bars.time[0]), int(bars.time[-1]) + bars.interval_ms]],
        "source": one.source,
        "added": found.added,
        "changed": found.changed,
    }
    record(store, entry)


def _show(prepared: Sequence[Prepared], written: Sequence[Written | None], *, json: bool) -> None:
    rows = [_row(one, found) for one, found in zip(prepared, written, strict=True)]
    output.emit(COMMAND, {"imported": rows}, json=json)
    if json:
        return
    output.table(
        ("file", "product", "interval", "first", "last", "bars", "there", "new", "changed"),
        [
            (Path(str(r["file"])).name, r["product"], r["interval"], str(r["first"])[:16],
             str(r["last"])[:16], f"{r['bars']:,}", f"{r['coverage_pct']:.2f} %",
             _count(r["added"]), _count(r["changed"]))
            for r in rows
        ],
    )  # fmt: skip
    for row in rows:
        for note in row["notes"]:
            print(f"{Path(str(row['file'])).name}: {note}")
    if all(found is None for found in written):
        print("nothing was stored: --dry-run")
    elif not any(found and (found.added or found.changed) for found in written):
        print("nothing new: all of it was stored already")


def _row(one: Prepared, found: Written | None) -> dict[str, Any]:
    bars, report = one.loaded.bars, one.loaded.report
    return {
        "file": report.path,
        "product": bars.product.product_id,
        "interval": format_interval(bars.interval_ms),
        "first": format_time(report.first_ms),
        "last": format_time(report.last_ms),
        "bars": len(bars),
        "gaps": report.gaps.count,
        "missing_bars": report.gaps.missing_bars,
        "coverage_pct": report.coverage_pct,
        "added": None if found is None else found.added,
        "changed": None if found is None else found.changed,
        "source": one.source,
        "sha256": report.sha256,
        "notes": one.notes,
    }


def _count(number: object) -> str:
    return "-" if number is None else f"{number:,}"
