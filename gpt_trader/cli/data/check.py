"""`gpt-trader data check`: what is wrong, odd or missing, of stored series and of files."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer

from gpt_trader.app.history import Period, parse_period
from gpt_trader.backtest.files import check_outputs, write_text
from gpt_trader.cli import output
from gpt_trader.data.catalog import normalize_id
from gpt_trader.data.checks import findings, gaps
from gpt_trader.data.checks.findings import Finding
from gpt_trader.data.checks.gaps import Gap
from gpt_trader.data.checks.verify import Fault, verify
from gpt_trader.data.files.bar_files import from_columns
from gpt_trader.data.files.layouts import read_file
from gpt_trader.data.files.strip import LEGEND, cells, line, svg
from gpt_trader.data.store.spans import Span
from gpt_trader.data.store.store import Store, asked, data_dir, intervals, read
from gpt_trader.domain.bars import Bars, Ints
from gpt_trader.domain.times import format_interval, format_time, parse_interval
from gpt_trader.errors import DataError

COMMAND = "data check"
BAD = 7
STRIP = 64  # cells of a line
PICTURE = 240  # cells of a picture
SHOWN = 5  # gaps that are named


class Checked(NamedTuple):
    """One series or file; bars is None where its rows cannot be bars."""

    name: str
    bars: Bars | None
    found: list[Finding]
    gaps: list[Gap]


def run(
    named: Sequence[str],
    interval: str | None,
    start: str | None,
    end: str | None,
    folder: Path | None,
    strip: Path | None,
    *,
    json: bool,
) -> None:
    """Check what is named, else all that is stored; exit 7 if there are faults."""
    check_outputs({"--strip": strip})
    store = Store(data_dir(folder, os.environ))
    period = parse_period(start, end)
    interval_ms = None if interval is None else parse_interval(interval)
    paths = [Path(name) for name in named if _is_file(name)]
    products = [normalize_id(name) for name in named if not _is_file(name)]
    corrupt: list[Fault] = []
    checked = [_file(path, interval_ms) for path in paths]
    if products or not paths:
        every: list[str | None] = [*products] or [None]
        corrupt = [fault for product in every for fault in verify(store, product, interval_ms)]
        checked += _stored(store, products, interval_ms, period, {fault.path for fault in corrupt})
    if not checked and not corrupt:
        raise DataError(
            f"nothing to check in {store.root}", hint="gpt-trader data pull BTC-USD --since 1y"
        )
    if strip is not None:
        _write_strip(strip, checked)
    rows = [_row(one) for one in checked]
    faults = [
        {"file": f.path, "product": f.product_id, "interval": f.interval, "why": f.why}
        for f in corrupt
    ]
    output.emit(COMMAND, {"checked": rows, "corrupt": faults}, json=json)
    if not json:
        _show(checked, corrupt)
    if corrupt or any(finding.is_fault for one in checked for finding in one.found):
        raise typer.Exit(BAD)


def _is_file(name: str) -> bool:
    return Path(name).exists() or "." in name or os.sep in name


def _file(path: Path, interval_ms: int | None) -> Checked:
    """Check a file as it is, whatever its rows are like."""
    read_ = read_file(path)
    found = findings.of_columns(read_.columns, interval_ms)
    if found:
        return Checked(str(path), None, found, [])
    product_id = read_.product_id or "FILE-USD"
    bars = from_columns(read_.columns, product_id=product_id).bars
    missing = gaps.find(bars.time, bars.interval_ms, ())
    return Checked(str(path), bars, findings.of_bars(bars), missing)


def _stored(
    store: Store,
    products: Sequence[str],
    interval_ms: int | None,
    period: Period,
    corrupt: set[Path],
) -> Iterator[Checked]:
    every = products or sorted(path.name for path in (store.root / "bars").glob("*"))
    keys = [
        (product, ms)
        for product in every
        for ms in intervals(store, product)
        if interval_ms in (None, ms) and not any(_within(store, product, ms, p) for p in corrupt)
    ]
    if products and not keys and not corrupt:
        raise DataError(
            f"nothing of {', '.join(products)} is stored in {store.root}",
            hint="gpt-trader data list shows what there is",
        )
    series = {}
    for key in keys:
        try:
            series[key] = read(store, *key, *period)
        except DataError:  # asked for, and there was no bar at all
            continue
    for (product, ms), found in series.items():
        others: list[tuple[Ints, Sequence[Span]]] = [
            (other.bars.time, asked(store, *key))
            for key, other in series.items()
            if key[1] == ms and key[0] != product
        ]
        missing = gaps.find(found.bars.time, ms, found.asked, others=others)
        name = f"{product} {format_interval(ms)}"
        yield Checked(name, found.bars, findings.of_bars(found.bars), missing)


def _within(store: Store, product: str, interval_ms: int, path: Path) -> bool:
    return path.parent == store.folder(product, interval_ms)


def _write_strip(path: Path, checked: Sequence[Checked]) -> None:
    with_bars = [one for one in checked if one.bars is not None]
    if len(with_bars) != 1:
        raise DataError(
            f"--strip draws one series, {len(with_bars)} can be drawn",
            hint="name a product and its --interval",
        )
    one, bars = with_bars[0], with_bars[0].bars
    assert bars is not None
    title = f"{one.name}: {len(bars):,} bars, {_coverage(one):.2f} % there"
    drawn = cells(bars.time, bars.interval_ms, one.gaps, PICTURE)
    write_text(path, svg(title, drawn, int(bars.time[-1]) + bars.interval_ms))


def _coverage(one: Checked) -> float:
    assert one.bars is not None
    return 100.0 * len(one.bars) / (len(one.bars) + sum(gap.bars for gap in one.gaps))


def _row(one: Checked) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for gap in one.gaps:
        kinds[gap.kind] = kinds.get(gap.kind, 0) + gap.bars
    row: dict[str, Any] = {
        "name": one.name,
        "bars": None,
        "coverage_pct": None,
        "ok": not any(finding.is_fault for finding in one.found),
        "findings": [
            {"kind": f.kind, "count": f.rows, "fault": f.is_fault, "row": f.row,
             "first": None if f.first_ms is None else format_time(f.first_ms)}
            for f in one.found
        ],
        "missing": kinds,
        "gaps": [
            {"from": format_time(g.start_ms), "to": format_time(g.end_ms), "bars": g.bars,
             "kind": g.kind}
            for g in one.gaps
        ],
    }  # fmt: skip
    if one.bars is not None:
        strip = cells(one.bars.time, one.bars.interval_ms, one.gaps, STRIP)
        row |= {
            "bars": len(one.bars),
            "interval": format_interval(one.bars.interval_ms),
            "first": format_time(int(one.bars.time[0])),
            "last": format_time(int(one.bars.time[-1])),
            "coverage_pct": _coverage(one),
            "strip": line(strip),
        }
    return row


def _show(checked: Sequence[Checked], corrupt: Sequence[Fault]) -> None:
    for one in checked:
        _show_one(one)
    for fault in corrupt:
        print(f"CORRUPT  {fault.path}: {fault.why}")
        print(f"Next: gpt-trader data repair {fault.product_id} --interval {fault.interval}")
    if any(one.gaps for one in checked):
        print(LEGEND)


def _show_one(one: Checked) -> None:
    if one.bars is None:
        print(one.name)
    else:
        first, last = (format_time(int(one.bars.time[i]))[:10] for i in (0, -1))
        strip = cells(one.bars.time, one.bars.interval_ms, one.gaps, STRIP)
        print(f"{one.name}: {len(one.bars):,} bars, {_coverage(one):.2f} % there")
        print(f"  {first} {line(strip)} {last}")
    for finding in one.found:
        mark = "FAULT" if finding.is_fault else "note "
        at = "" if finding.first_ms is None else f", first {format_time(finding.first_ms)[:16]}"
        row = "" if finding.row is None else f" in row {finding.row:,}"
        print(f"  {mark}  {finding.rows:,} {finding.kind}{at}{row}")
    longest = sorted(one.gaps, key=lambda gap: gap.bars, reverse=True)[:SHOWN]
    if one.gaps:
        missing = sum(gap.bars for gap in one.gaps)
        print(f"  gaps   {len(one.gaps):,}, {missing:,} bars; the longest:")
    for gap in longest:
        days = (gap.end_ms - gap.start_ms) / 86_400_000
        print(
            f"         {format_time(gap.start_ms)[:16]} to {format_time(gap.end_ms)[:16]}, "
            f"{gap.bars:,} bars, {days:,.2f} days: {gap.kind}"
        )
    if not one.found and not one.gaps:
        print("  clean")
    print()
