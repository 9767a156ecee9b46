"""`gpt-trader data pull --trades`: the tape, held against the stored bars."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import typer

from gpt_trader.app.pull_data import info_of
from gpt_trader.broker.exchange.ports import MarketData
from gpt_trader.cli import output
from gpt_trader.cli.commands import INTERRUPTED
from gpt_trader.cli.data.pull import COMMAND, SIDE_BY_SIDE, PullFlags, products_of, wanted_of
from gpt_trader.config.load import load_profile
from gpt_trader.data.checks.verify import TRADES
from gpt_trader.data.store.spans import Span, missing, total_ms
from gpt_trader.data.store.store import Store, data_dir, intervals, record, writing
from gpt_trader.data.trades.pull_trades import TradesPulled, pull_trades, settle
from gpt_trader.data.trades.trade_bars import compare_stored
from gpt_trader.data.trades.trade_store import read_trade_spans
from gpt_trader.domain.times import format_interval, format_time
from gpt_trader.errors import TraderError, UsageError
from gpt_trader.runtime.stop import Stop, stop_signals
from gpt_trader.runtime.venues import connect

SHOWN = 3  # differences a series


class TapePull(NamedTuple):
    """What became of one product: a pull, or why there was none."""

    product_id: str
    pulled: TradesPulled | None
    error: TraderError | None


def run(asked_for: PullFlags, *, dry_run: bool, json: bool) -> None:
    """Pull trades, compare them with the bars that are stored, and say what came.

    Raises the first product's error after the others are done, and typer.Exit(130).
    """
    if asked_for.interval is not None:
        raise UsageError("--trades and --interval exclude each other", hint="trades have no length")
    if asked_for.since is None and asked_for.start is None:
        raise UsageError("trades since when?", hint="--since 1d; a year of them takes days")
    settings = load_profile(asked_for.profile, env=os.environ, flags={}).settings
    products = products_of(asked_for.products, settings)
    store = Store(data_dir(asked_for.data_dir, os.environ))
    with stop_signals() as stop:
        market = connect(settings, stop.flag.wait)
        now_ms = market.now_ms()
        wanted = settle(wanted_of(asked_for, now_ms), now_ms)
        if dry_run:
            _plan(store, products, wanted, json=json)
            return
        with writing(store), ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            one = partial(_one, market, store, wanted, stop, now_ms)
            outcomes = list(pool.map(one, products))
    errors = [one.error for one in outcomes if one.error is not None]
    if not (json and errors):  # else stdout holds one document, the error's
        _show(store, outcomes, wanted, json=json)
    if errors:
        raise errors[0]
    if stop.asked:
        output.note("stopped: what was answered is stored; the same command goes on from there")
        raise typer.Exit(INTERRUPTED)


def _one(
    market: MarketData, store: Store, wanted: Span, stop: Stop, now_ms: int, product_id: str
) -> TapePull:
    try:
        info_of(market, product_id)
        found = pull_trades(
            market,
            store,
            product_id,
            wanted,
            stop=lambda: stop.asked,
            tell=lambda _progress: None,
        )
    except TraderError as error:
        return TapePull(product_id, None, error)
    if found.requests:
        record(
            store,
            {
                "time_ms": now_ms,
                "op": "pull",
                "product": product_id,
                "interval": TRADES,
                "spans": [wanted],
                "source": market.name,
                "added": found.added,
                "changed": found.changed,
                "pages": found.requests,
            },
        )
    return TapePull(product_id, found, None)


def _plan(store: Store, products: Sequence[str], wanted: Span, *, json: bool) -> None:
    """Say what would be asked for; how many requests that takes, nobody can know."""
    rows = [
        {
            "product": product,
            "interval": TRADES,
            "from": format_time(wanted[0]),
            "to": format_time(wanted[1]),
            "hours": total_ms(missing(wanted, read_trade_spans(store, product))) / 3_600_000,
        }
        for product in products
    ]
    output.emit(COMMAND, {"plan": rows}, json=json)
    if not json:
        for row in rows:
            print(f"{row['product']}: {row['hours']:,.1f} hours of trades")
        print("nothing was asked for; a request brings fewer than 1,000 trades")


def _show(store: Store, outcomes: Sequence[TapePull], wanted: Span, *, json: bool) -> None:
    rows = [
        _summary(store, one.product_id, one.pulled, wanted)
        for one in outcomes
        if one.pulled is not None
    ]
    output.emit(COMMAND, {"pulled": rows, "store": store.root}, _warnings(rows), json=json)
    if json or not rows:
        return
    output.table(
        ("product", "new trades", "requests", "held against bars"),
        [
            (r["product"], f"{r['added']:,}", f"{r['requests']:,}", _held(r["compared"]))
            for r in rows
        ],
    )


def _summary(store: Store, product_id: str, pulled: TradesPulled, wanted: Span) -> dict[str, Any]:
    compared = {
        interval_ms: compare_stored(store, product_id, interval_ms, wanted)
        for interval_ms in intervals(store, product_id)
    }
    return {
        "product": product_id,
        "interval": TRADES,
        "from": format_time(wanted[0]),
        "to": format_time(wanted[1]),
        "added": pulled.added,
        "changed": pulled.changed,
        "requests": pulled.requests,
        "incomplete": [format_time(start) for start, _ in pulled.incomplete],
        "compared": [
            {
                "interval": format_interval(interval_ms),
                "bars": found.bars,
                "differences": len(found.differences),
                "first": [
                    {
                        "time": format_time(one.open_ms),
                        "what": one.column,
                        "of_trades": one.made,
                        "of_bars": one.stated,
                    }
                    for one in found.differences[:SHOWN]
                ],
            }
            for interval_ms, found in compared.items()
            if found.bars
        ],
        "interrupted": pulled.interrupted,
    }


def _held(compared: Sequence[dict[str, Any]]) -> str:
    each = (
        f"{c['interval']}: {c['bars']:,} bars, {c['differences']:,} numbers differ"
        for c in compared
    )
    return "; ".join(each) or "no bars are stored there"


def _warnings(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Name the seconds that stay incomplete, and the first numbers that differ."""
    found = [
        f"{row['product']}: {len(row['incomplete']):,} seconds have more trades than Coinbase "
        f"tells, the first {row['incomplete'][0]}"
        for row in rows
        if row["incomplete"]
    ]
    for row in rows:
        for series in row["compared"]:
            found += [
                f"{row['product']} {series['interval']} bar of {one['time']}: {one['what']} is "
                f"{one['of_trades']} by its trades, {one['of_bars']} as stored"
                for one in series["first"]
            ]
    return found
