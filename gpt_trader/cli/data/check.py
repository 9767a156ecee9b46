"""`gpt-trader data check`: what is wrong, odd or missing, of stored series and of files."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from gpt_trader.app.check_data import Checked, check_data
from gpt_trader.app.history import parse_period
from gpt_trader.backtest.files import check_outputs, write_text
from gpt_trader.cli import output
from gpt_trader.cli.options import given
from gpt_trader.data.checks.verify import Fault
from gpt_trader.data.files.strip import LEGEND, cells, line, svg
from gpt_trader.data.store.store import Store, data_dir
from gpt_trader.domain.times import format_interval, format_time, parse_interval
from gpt_trader.errors import DataError

COMMAND = "data check"
BAD = 7
STRIP = 64  # cells of a line
PICTURE = 240  # cells of a picture
SHOWN = 5  # gaps that are named
MARKS = {"fault": "FAULT", "doubt": "doubt", "note": "note "}


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
    checked, corrupt = check_data(store, named, interval_ms, period, time.time_ns() // 1_000_000)
    if strip is not None:
        _write_strip(strip, checked)
    rows = [_row(one) for one in checked]
    faults = [
        {"file": f.path, "product": f.product_id, "interval": f.interval, "why": f.why}
        for f in corrupt
    ]
    output.emit(COMMAND, {"checked": rows, "corrupt": faults}, json=json)
    if not json:
        _show(checked, corrupt, given("--data-dir", folder))
    if corrupt or any(one.is_wrong for one in checked):
        raise typer.Exit(BAD)


def _write_strip(path: Path, checked: Sequence[Checked]) -> None:
    with_bars = [one for one in checked if one.bars is not None]
    if len(with_bars) != 1:
        raise DataError(
            f"--strip draws one series, {len(with_bars)} can be drawn",
            hint="name a product and its --interval",
        )
    one, bars = with_bars[0], with_bars[0].bars
    assert bars is not None
    title = f"{one.name}: {len(bars):,} bars, {one.coverage_pct:.2f} % there"
    drawn = cells(bars.time, bars.interval_ms, one.gaps, PICTURE)
    write_text(path, svg(title, drawn, int(bars.time[-1]) + bars.interval_ms))


def _row(one: Checked) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for gap in one.gaps:
        kinds[gap.kind] = kinds.get(gap.kind, 0) + gap.bars
    row: dict[str, Any] = {
        "name": one.name,
        "bars": None,
        "coverage_pct": None,
        "ok": not one.is_wrong,
        "findings": [finding.to_json_dict() for finding in one.found],
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
            "coverage_pct": one.coverage_pct,
            "strip": line(strip),
        }
    return row


def _show(checked: Sequence[Checked], corrupt: Sequence[Fault], where: str) -> None:
    for one in checked:
        _show_one(one)
    for fault in corrupt:
        print(f"CORRUPT  {fault.path}: {fault.why}")
        what = f"{fault.product_id} --interval {fault.interval}{where}"
        print(f"Next: gpt-trader data repair {what}")
    if any(one.gaps for one in checked):
        print(LEGEND)


def _show_one(one: Checked) -> None:
    if one.bars is None:
        print(one.name)
    else:
        first, last = (format_time(int(one.bars.time[i]))[:10] for i in (0, -1))
        strip = cells(one.bars.time, one.bars.interval_ms, one.gaps, STRIP)
        print(f"{one.name}: {len(one.bars):,} bars, {one.coverage_pct:.2f} % there")
        print(f"  {first} {line(strip)} {last}")
    for finding in one.found:
        mark = MARKS[finding.weight]
        at = "" if finding.first_ms is None else f", first {format_time(finding.first_ms)[:16]}"
        row = "" if finding.row is None else f" in row {finding.row:,}"
        print(f"  {mark}  {finding.rows:,} {finding.kind}{finding.most}{at}{row}")
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
