"""`gpt-trader data repair`: what is corrupt is set aside, what is missing fetched."""

import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import typer

from gpt_trader.broker.exchange.ports import Market
from gpt_trader.cli import output
from gpt_trader.cli.commands import INTERRUPTED
from gpt_trader.cli.data.pull import at_any_interval, info_of
from gpt_trader.config.load import load_profile
from gpt_trader.data.catalog import normalize_id
from gpt_trader.data.checks.repair import (
    Repaired,
    Series,
    doubtful,
    holes,
    repair,
    series_of,
    set_aside,
)
from gpt_trader.data.checks.verify import TRADES, Fault
from gpt_trader.data.store.store import Store, data_dir, writing
from gpt_trader.data.trades.pull_trades import pull_trades, settled
from gpt_trader.domain.times import format_interval, format_time, parse_interval
from gpt_trader.errors import DataError, TraderError
from gpt_trader.runtime.stop import Stop, stop_signals
from gpt_trader.runtime.venues import connect, product_of

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
    rows: list[dict[str, Any]] = []
    errors: list[TraderError] = []
    with stop_signals() as stop, writing(store):
        market = connect(settings, stop.flag.wait)
        faults: list[Fault] = []
        for product_id in dict.fromkeys(named) or [None]:
            found = set_aside(store, product_id, interval_ms, now_ms)
            faults += found
            every = series_of(store, product_id, interval_ms, found)
            if product_id is not None and not every and not found:
                errors.append(_nothing(store, product_id))
            for series in every:
                if not (holes(store, series, now_ms) or doubtful(store, series)):
                    continue
                try:
                    rows.append(_bars(market, store, series, stop, now_ms))
                except TraderError as error:
                    errors.append(error)
        for fault in (one for one in faults if one.interval == TRADES):
            try:
                rows.append(_trades(market, store, fault, stop))
            except TraderError as error:
                errors.append(error)
    if not (errors and json):  # else stdout holds one document, the error's
        _show(store, faults, rows, json=json, quiet=bool(errors))
    if errors:
        raise errors[0]
    if stop.asked:
        output.note("stopped: what was answered is stored; the same command goes on from there")
        raise typer.Exit(INTERRUPTED)


def _nothing(store: Store, product_id: str) -> DataError:
    return DataError(
        f"nothing of {product_id} is stored in {store.root}",
        hint=f"gpt-trader data pull {product_id}",
    )


def _bars(
    market: Market, store: Store, series: Series, stop: Stop, local_ms: int
) -> dict[str, Any]:
    """Repair a series; an imported one is only looked at."""
    row = {"product": series.product_id, "interval": format_interval(series.interval_ms)}
    if not series.is_from(market.name):
        source = ", ".join(sorted(series.sources))
        if series.lost:
            raise DataError(
                f"{row['interval']} bars of {series.product_id} from {source} were set aside",
                hint="import them again; nothing is fetched from another source",
            )
        absent = [*holes(store, series, local_ms), *doubtful(store, series)]
        return row | {"left": _spans(absent), "source": source, "done": None}
    bring = partial(
        repair,
        store=store,
        product=product_of(info_of(market, series.product_id)),
        series=series,
        now_ms=market.now_ms(),
        stop=lambda: stop.asked,
        tell=lambda _progress: None,
    )
    done = at_any_interval(bring, market, series.interval_ms)
    return row | {"left": [], "source": market.name, "done": _done(done)}


def _done(done: Repaired) -> dict[str, Any]:
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


def _trades(market: Market, store: Store, fault: Fault, stop: Stop) -> dict[str, Any]:
    """Fetch a day of trades anew."""
    span = settled(fault.span, market.now_ms())
    found = pull_trades(
        market,
        store,
        fault.product_id,
        span,
        stop=lambda: stop.asked,
        tell=lambda _progress: None,
    )
    done = {
        "asked": _spans([span]),
        "confirmed_gaps": [],
        "added": found.added,
        "changed": found.changed,
        "refused": [],
        "incomplete": _spans(found.incomplete),
    }
    return {
        "product": fault.product_id,
        "interval": TRADES,
        "left": [],
        "source": market.name,
        "done": done,
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
