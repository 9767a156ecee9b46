"""`gpt-trader data repair`: what is corrupt is set aside, what is missing fetched."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from gpt_trader.app.repair_data import Mended, Refetched, repair_data
from gpt_trader.cli import output
from gpt_trader.cli.commands import INTERRUPTED
from gpt_trader.config.load import load_profile
from gpt_trader.data.catalog import normalize_id
from gpt_trader.data.checks.repair import Repaired
from gpt_trader.data.checks.verify import Fault
from gpt_trader.data.store.store import Store, data_dir, writing
from gpt_trader.domain.times import format_time, parse_interval
from gpt_trader.runtime.stop import stop_signals
from gpt_trader.runtime.venues import connect

COMMAND = "data repair"


def run(
    products: Sequence[str],
    interval: str | None,
    profile: str | None,
    folder: Path | None,
    *,
    json: bool,
) -> None:
    """Repair some products, by default all that is stored, and say what was done.

    Raises the first series' error after the others are done, and typer.Exit(130).
    """
    settings = load_profile(profile, env=os.environ, flags={}).settings
    named = [normalize_id(name) for name in products] or (
        [] if profile is None else settings.products
    )
    interval_ms = None if interval is None else parse_interval(interval)
    store = Store(data_dir(folder, os.environ))
    now_ms = time.time_ns() // 1_000_000
    with stop_signals() as stop, writing(store):
        market = connect(settings, stop.flag.wait)
        faults, mended, errors = repair_data(
            store, market, named, interval_ms, now_ms, stop=lambda: stop.asked
        )
    rows = [_row(one) for one in mended]
    if not (errors and json):  # else stdout holds one document, the error's
        _show(store, faults, rows, json=json, quiet=bool(errors))
    if errors:
        raise errors[0]
    if stop.asked:
        output.note("stopped: what was answered is stored; the same command goes on from there")
        raise typer.Exit(INTERRUPTED)


def _row(one: Mended) -> dict[str, Any]:
    return {
        "product": one.product_id,
        "interval": one.interval,
        "left": _spans(one.left),
        "source": one.source,
        "done": None if one.done is None else _done(one.done),
    }


def _done(done: Repaired | Refetched) -> dict[str, Any]:
    if isinstance(done, Refetched):
        return {
            "asked": _spans([done.span]),
            "confirmed_gaps": [],
            "added": done.pulled.added,
            "changed": done.pulled.changed,
            "refused": [],
            "incomplete": _spans(done.pulled.incomplete),
        }
    return {
        "asked": _spans(done.asked),
        "confirmed_gaps": _spans(done.confirmed),
        "added": done.added,
        "changed": done.changed,
        "refused": [format_time(at) for at in done.refused],
        "rows_before": done.before.rows,
        "rows_after": done.after.rows,
        "sha256_before": done.before.sha256,
        "sha256_after": done.after.sha256,
    }


def _spans(spans: Sequence[tuple[int, int]]) -> list[dict[str, str]]:
    return [{"from": format_time(start), "to": format_time(end)} for start, end in spans]


def _show(
    store: Store,
    faults: Sequence[Fault],
    rows: Sequence[dict[str, Any]],
    *,
    json: bool,
    quiet: bool,
) -> None:
    aside = [
        {
            "product": fault.product_id,
            "interval": fault.interval,
            "file": fault.path.relative_to(store.root),
            "why": fault.why,
        }
        for fault in faults
    ]
    data = {"store": store.root, "quarantined": aside, "repaired": rows}
    left = [
        f"{row['product']} {row['interval']}: {len(row['left']):,} gaps in bars from "
        f"{row['source']} are left as they are"
        for row in rows
        if row["left"]
    ]
    output.emit(COMMAND, data, left, json=json)
    if json:
        return
    for one in aside:
        print(f"set aside: {one['file']}: {one['why']}")
    done = [(row["product"], row["interval"], row["done"]) for row in rows if row["done"]]
    if done:
        output.table(
            ("product", "interval", "asked again", "new", "changed", "confirmed gaps"),
            [
                (product, interval, f"{len(d['asked']):,} spans", f"{d['added']:,}",
                 f"{d['changed']:,}", f"{len(d['confirmed_gaps']):,}")
                for product, interval, d in done
            ],
        )  # fmt: skip
        print(f"recorded in {store.log}")
    elif not (rows or aside or quiet):
        print("nothing to repair")
