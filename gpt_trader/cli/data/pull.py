"""`gpt-trader data pull`: several products side by side, with progress, resumable."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import typer

from gpt_trader.app.history import parse_period
from gpt_trader.app.pull_data import at_any_interval, info_of
from gpt_trader.broker.exchange.ports import MarketData
from gpt_trader.cli import output
from gpt_trader.cli.commands import INTERRUPTED
from gpt_trader.config.load import load_profile
from gpt_trader.config.settings import Settings
from gpt_trader.data.catalog import normalize_id
from gpt_trader.data.checks import gaps
from gpt_trader.data.pull import (
    Progress,
    Pulled,
    align,
    pages,
    pull,
)
from gpt_trader.data.store.spans import Span, total_ms
from gpt_trader.data.store.store import Store, data_dir, read, read_spans, record, writing
from gpt_trader.domain.times import (
    DAY_MS,
    HOUR_MS,
    format_interval,
    format_time,
    parse_duration,
    parse_interval,
)
from gpt_trader.errors import DataError, TraderError, UsageError
from gpt_trader.runtime.stop import stop_signals
from gpt_trader.runtime.venues import connect, product_of

COMMAND = "data pull"
SIDE_BY_SIDE = 4
DEFAULT_SINCE_MS = 365 * DAY_MS


@dataclass(frozen=True, slots=True)
class PullFlags:
    """The command line."""

    products: Sequence[str]
    interval: str | None
    since: str | None
    start: str | None
    end: str | None
    profile: str | None
    data_dir: Path | None


class ProductPull(NamedTuple):
    """What became of one product: a pull, or why there was none."""

    product_id: str
    pulled: Pulled | None
    error: TraderError | None


def run(
    asked_for: PullFlags,
    *,
    dry_run: bool,
    json: bool,
    sleep: Callable[[float], object] | None = None,
) -> None:
    """Pull what was asked for and say what came.

    sleep: pauses between questions; None: for as long as nobody asks it to stop.
    Raises the first product's error after the others are done, and typer.Exit(130).
    """
    settings = load_profile(asked_for.profile, env=os.environ, flags={}).settings
    products = products_of(asked_for.products, settings)
    interval_ms = interval_of(asked_for.interval, asked_for.profile, settings)
    store = Store(data_dir(asked_for.data_dir, os.environ))
    with stop_signals() as stop:
        market = connect(settings, sleep or stop.flag.wait)
        now_ms = market.now_ms()
        wanted = align(wanted_of(asked_for, now_ms), interval_ms, now_ms)
        if dry_run:
            _plan(store, market, products, interval_ms, wanted, settings, json=json)
            return
        with writing(store), _progress(products) as tell, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            one = partial(
                _one, market, store, interval_ms, wanted, tell, lambda: stop.asked, now_ms
            )
            outcomes = list(pool.map(one, products))
    if not (json and _failed(outcomes)):  # else stdout holds one document, the error's
        _show(store, outcomes, interval_ms, json=json)
    for error in _failed(outcomes):
        raise error
    if stop.asked:
        output.note("stopped: what was answered is stored; the same command goes on from there")
        raise typer.Exit(INTERRUPTED)


def products_of(named: Sequence[str], settings: Settings) -> list[str]:
    """Return the products named, else the profile's; raises UsageError if there are none."""
    products = [normalize_id(name) for name in named] or list(settings.products)
    if not products:
        raise UsageError("which products?", hint="gpt-trader data pull BTC-USD ETH-USD --since 3y")
    return list(dict.fromkeys(products))


def interval_of(text: str | None, profile: str | None, settings: Settings) -> int:
    """Return the interval asked for, else the profile's, else an hour."""
    if text is not None:
        return parse_interval(text)
    return HOUR_MS if profile is None else settings.interval_ms


def wanted_of(asked_for: PullFlags, now_ms: int) -> Span:
    """Return the period asked for; raises UsageError if it cannot hold a bar."""
    if asked_for.since is not None and asked_for.start is not None:
        raise UsageError("--since and --from exclude each other", hint="give one of them")
    period = parse_period(asked_for.start, asked_for.end)
    since_ms = DEFAULT_SINCE_MS if asked_for.since is None else parse_duration(asked_for.since)
    end = now_ms if period.end_ms is None else period.end_ms
    start = now_ms - since_ms if period.start_ms is None else period.start_ms
    if start >= end:
        raise UsageError("expected a period that begins before it ends", hint="--since 1y")
    return start, end


def _one(
    market: MarketData,
    store: Store,
    interval_ms: int,
    wanted: Span,
    tell: Callable[[str, Progress], None],
    stop: Callable[[], bool],
    now_ms: int,
    product_id: str,
) -> ProductPull:
    try:
        product = product_of(info_of(market, product_id))
        bring = partial(
            pull,
            store=store,
            product=product,
            interval_ms=interval_ms,
            wanted=wanted,
            stop=stop,
            tell=partial(tell, product_id),
        )
        found = at_any_interval(bring, market, interval_ms)
    except TraderError as error:
        return ProductPull(product_id, None, error)
    if found.pages:
        record(
            store,
            {
                "time_ms": now_ms,
                "op": "pull",
                "product": product_id,
                "interval": format_interval(interval_ms),
                "spans": [wanted],
                "source": market.name,
                "added": found.added,
                "changed": found.changed,
                "pages": found.pages,
            },
        )
    return ProductPull(product_id, found, None)


def _plan(
    store: Store,
    market: MarketData,
    products: Sequence[str],
    interval_ms: int,
    wanted: Span,
    settings: Settings,
    *,
    json: bool,
) -> None:
    """Say what would be asked for."""
    rows = []
    for product in products:
        have = read_spans(store, product, interval_ms)
        plan = pages(wanted, have, interval_ms, market.page_bars)
        rows.append(
            {
                "product": product,
                "interval": format_interval(interval_ms),
                "from": format_time(wanted[0]),
                "to": format_time(wanted[1]),
                "pages": len(plan),
                "bars": total_ms(plan) // interval_ms,
                "seconds": len(plan) / settings.access.public_requests_per_s,
            }
        )
    output.emit(COMMAND, {"plan": rows}, json=json)
    if not json:
        output.table(
            ("product", "interval", "from", "to", "pages", "bars", "about"),
            [
                (r["product"], r["interval"], r["from"], r["to"], f"{r['pages']:,}",
                 f"{r['bars']:,}", f"{r['seconds']:,.0f} s")
                for r in rows
            ],
        )  # fmt: skip
        print(f"nothing was asked for; a page is at most {market.page_bars} bars")


def _show(store: Store, outcomes: Sequence[ProductPull], interval_ms: int, *, json: bool) -> None:
    rows = [
        summary(store, one.product_id, interval_ms, one.pulled)
        for one in outcomes
        if one.pulled is not None
    ]
    output.emit(COMMAND, {"pulled": rows, "store": store.root}, json=json)
    if json or not rows:
        return
    output.table(
        ("product", "interval", "first", "last", "new", "pages", "missing", "there"),
        [
            (r["product"], r["interval"], (r["first"] or "-")[:16], (r["last"] or "-")[:16],
             f"{r['added']:,}", f"{r['pages']:,}", _missing(r["missing"]),
             "-" if r["coverage_pct"] is None else f"{r['coverage_pct']:.2f} %")
            for r in rows
        ],
    )  # fmt: skip
    for row in rows:
        for at in row["refused"]:
            output.warn(f"{row['product']}: the bar of {at} cannot be, and is left out")


def _missing(kinds: dict[str, int]) -> str:
    return ", ".join(f"{bars:,} {kind}" for kind, bars in kinds.items()) or "none"


def summary(store: Store, product_id: str, interval_ms: int, pulled: Pulled) -> dict[str, Any]:
    """Return what a pull brought and what the whole series is like, as JSON holds it."""
    first = last = coverage = None
    kinds: dict[str, int] = {}
    with contextlib.suppress(DataError):  # not one bar in all that was asked for
        found = read(store, product_id, interval_ms)
        time = found.bars.time
        first, last = format_time(int(time[0])), format_time(int(time[-1]))
        coverage = 100.0 * len(time) * interval_ms / int(time[-1] - time[0] + interval_ms)
        for gap in gaps.find(time, interval_ms, found.asked):
            kinds[gap.kind] = kinds.get(gap.kind, 0) + gap.bars
    return {
        "product": product_id,
        "interval": format_interval(interval_ms),
        "first": first,
        "last": last,
        "added": pulled.added,
        "changed": pulled.changed,
        "pages": pulled.pages,
        "dropped": pulled.dropped,
        "refused": [format_time(at) for at in pulled.refused],
        "confirmed_gaps": pulled.confirmed,
        "missing": kinds,
        "coverage_pct": coverage,
        "interrupted": pulled.interrupted,
    }


def _failed(outcomes: Sequence[ProductPull]) -> list[TraderError]:
    return [one.error for one in outcomes if one.error is not None]


@contextlib.contextmanager
def _progress(products: Sequence[str]) -> Iterator[Callable[[str, Progress], None]]:
    """Show a bar a product with the time that is left; on a terminal only, on stderr."""
    if not sys.stderr.isatty() or output.verbosity() < 0:
        yield lambda _product, _progress: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import (
        Progress as Bars,
    )

    lock = threading.Lock()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("pages"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[added]:,} bars"),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {p: bars.add_task(p, total=None, added=0) for p in products}

        def tell(product: str, now: Progress) -> None:
            with lock:
                bars.update(tasks[product], completed=now.pages, total=now.of, added=now.added)

        yield tell
