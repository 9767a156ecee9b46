"""`gpt-trader data list | show | export`: what is stored."""

import os
from pathlib import Path
from typing import Any

from gpt_trader.app.history import Period, parse_period
from gpt_trader.cli import output
from gpt_trader.cli.options import given
from gpt_trader.data.catalog import normalize_id
from gpt_trader.data.checks import gaps
from gpt_trader.data.checks.quality import digest
from gpt_trader.data.files.export import write_file
from gpt_trader.data.store.store import (
    Store,
    Stored,
    StoredListing,
    data_dir,
    intervals,
    listing,
    read,
)
from gpt_trader.domain.times import format_interval, format_time, parse_interval
from gpt_trader.errors import DataError, UsageError

SHOWN = 3  # bars at either end


def show_list(folder: Path | None, *, json: bool) -> None:
    """List every stored series."""
    store = Store(data_dir(folder, os.environ))
    rows = [_listed(one) for one in listing(store)]
    output.emit("data list", {"store": store.root, "series": rows}, json=json)
    if json:
        return
    if not rows:
        print(f"nothing is stored in {store.root}")
        print(f"Next: gpt-trader data pull BTC-USD --since 1y{given('--data-dir', folder)}")
        return
    output.table(
        ("product", "interval", "first", "last", "bars", "there", "size", "sources"),
        [
            (r["product"], r["interval"], (r["first"] or "-")[:16], (r["last"] or "-")[:16],
             f"{r['bars']:,}", "-" if r["coverage_pct"] is None else f"{r['coverage_pct']:.2f} %",
             f"{r['bytes'] / 1e6:,.1f} MB", ", ".join(r["sources"]))
            for r in rows
        ],
    )  # fmt: skip
    for path in (path for row in rows for path in row["corrupt"]):
        where = given("--data-dir", folder)
        output.warn(f"{path} is corrupt: gpt-trader data repair{where}")


def _listed(one: StoredListing) -> dict[str, Any]:
    covered = None
    if one.first_ms is not None and one.last_ms is not None:
        covered = 100.0 * one.rows / ((one.last_ms - one.first_ms) // one.interval_ms + 1)
    return {
        "product": one.product_id,
        "interval": format_interval(one.interval_ms),
        "first": None if one.first_ms is None else format_time(one.first_ms),
        "last": None if one.last_ms is None else format_time(one.last_ms),
        "bars": one.rows,
        "coverage_pct": covered,
        "months": one.months,
        "bytes": one.bytes,
        "sources": one.sources,
        "corrupt": one.corrupt,
    }


def show(
    product: str,
    interval: str | None,
    start: str | None,
    end: str | None,
    folder: Path | None,
    *,
    json: bool,
) -> None:
    """Show one stored series."""
    store = Store(data_dir(folder, os.environ))
    found, interval_ms = _read(store, normalize_id(product), interval, parse_period(start, end))
    bars = found.bars
    missing = gaps.find(bars.time, interval_ms, found.asked)
    rows = [_row(found, i) for i in _ends(len(bars))]
    data = {
        "product": bars.product.product_id,
        "interval": format_interval(interval_ms),
        "bars": len(bars),
        "price_increment": bars.product.price_increment,
        "sha256": digest(bars),
        "sources": found.sources,
        "notes": found.notes,
        "gaps": [
            {"from": format_time(g.start_ms), "to": format_time(g.end_ms), "bars": g.bars,
             "kind": g.kind}
            for g in missing
        ],
        "rows": rows,
    }  # fmt: skip
    output.emit("data show", data, json=json)
    if json:
        return
    print(
        f"{data['product']} {data['interval']}: {len(bars):,} bars in steps of "
        f"{bars.product.price_increment:f}, from {', '.join(found.sources)}"
    )
    print(f"sha256 {data['sha256']}")
    for note in found.notes:
        print(note)
    lost = sum(g.bars for g in missing)
    same = f"{product}{given('--data-dir', folder)}"
    print(f"{lost:,} bars missing in {len(missing):,} gaps: gpt-trader data check {same}")
    output.table(
        ("time", "open", "high", "low", "close", "volume"), [list(row.values()) for row in rows]
    )


def _ends(count: int) -> list[int]:
    return sorted({i for i in range(count) if i < SHOWN or i >= count - SHOWN})


def _row(found: Stored, i: int) -> dict[str, str]:
    bar, price = found.bars.bar(i), found.bars.product.price
    prices = {name: f"{price(getattr(bar, name)):f}" for name in ("open", "high", "low", "close")}
    return {"time": format_time(bar.open_ms)} | prices | {"volume": f"{bar.volume:.8f}"}


def export(
    product: str,
    file: Path,
    interval: str | None,
    start: str | None,
    end: str | None,
    folder: Path | None,
    *,
    json: bool,
) -> None:
    """Write a stored series to a file."""
    store = Store(data_dir(folder, os.environ))
    found, _ = _read(store, normalize_id(product), interval, parse_period(start, end))
    write_file(file, found.bars)
    data = {"file": file, "bars": len(found.bars), "sha256": digest(found.bars)}
    output.emit("data export", data, json=json)
    if not json:
        print(f"{len(found.bars):,} bars written to {file}")


def _read(
    store: Store, product_id: str, interval: str | None, period: Period
) -> tuple[Stored, int]:
    """Read the interval asked for, else the only one there is."""
    held = intervals(store, product_id)
    if interval is None and len(held) > 1:
        names = ", ".join(map(format_interval, held))
        raise UsageError(f"{product_id} is stored at {names}", hint="state one with --interval")
    if interval is None and not held:
        raise DataError(
            f"nothing of {product_id} is stored in {store.root}",
            hint=f"gpt-trader data pull {product_id}; gpt-trader data list shows what there is",
        )
    interval_ms = held[0] if interval is None else parse_interval(interval)
    return read(store, product_id, interval_ms, period.start_ms, period.end_ms), interval_ms
