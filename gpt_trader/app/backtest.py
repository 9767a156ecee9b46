"""From what a user asked for to a finished backtest: settings, history, routes, files."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from gpt_trader.app.history import (
    Period,
    check_coverage,
    cut,
    load_files,
    load_store,
    parse_data,
)
from gpt_trader.backtest.api import Route
from gpt_trader.backtest.counted import backtest_and_count
from gpt_trader.backtest.files import (
    EQUITY_HEADER,
    FILLS_HEADER,
    TRADES_HEADER,
    equity_lines,
    fill_lines,
    trade_lines,
    write_lines,
    write_text,
)
from gpt_trader.backtest.result import Result
from gpt_trader.backtest.run import PORTFOLIO, Stop, never
from gpt_trader.config.load import load_profile, overrides, restore
from gpt_trader.config.settings import Settings
from gpt_trader.config.words import makes_bars
from gpt_trader.data.catalog import parse_spec
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.data.memory import available_bytes, bars_in, check_fits
from gpt_trader.data.resample import resample
from gpt_trader.data.store.store import Store, data_dir
from gpt_trader.data.store.stored import stored_end
from gpt_trader.data.synthetic import DEFAULT_PRODUCTS, SYNTHETIC_NOTE, synthetic_market
from gpt_trader.data.universe import (
    BUNDLED,
    check_covered,
    day_of,
    parse_top,
    read_universe,
    spans_of,
)
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import OrderStyle, OrderStyleName
from gpt_trader.domain.selection import Criteria, Every, Membership, members
from gpt_trader.domain.times import parse_interval
from gpt_trader.errors import UsageError
from gpt_trader.strategy.registry import builtin_names, create, findable


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """The command line. flags: values by dotted profile key, None where not given."""

    profile: str | None
    flags: Mapping[str, object]
    sets: Sequence[str]
    data: Sequence[str]
    demo: bool
    period: Period
    interval: str | None
    spec: str | None
    risk: bool
    style: OrderStyleName | None
    close_at_end: bool
    engine: Literal["fast", "replay"] | None
    self_check: bool
    detail: str | None = None
    data_dir: Path | None = None
    universe: str | None = None
    universe_file: Path | None = None
    universe_every: Every = "1w"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that decides a run, as JSON holds it: a stored run is repeated from this.

    settings: `config.load.Loaded.document`. files: absolute path by product, None: its bars in
    the data store `store`; none: the synthetic market of the settings. start_ms, end_ms: int64 ms
    UTC, start inclusive, end exclusive.
    """

    profile: str
    settings: Mapping[str, Any]
    files: Mapping[str, str | None]
    spec: Mapping[str, str]
    start_ms: int | None
    end_ms: int | None
    interval: str | None
    risk: bool
    style: OrderStyleName | None
    close_at_end: bool
    engine: Literal["fast", "replay"] | None
    self_check: bool
    detail: str | None = None
    store: str | None = None
    universe: Mapping[str, Any] | None = None


def at_account_tier(flags: Mapping[str, object], profile: str | None) -> dict[str, object]:
    """Return the flags with `--fee-tier account` as the rates that the account pays today.

    Raises UsageError if rates are stated beside it, AuthError without a key.
    """
    found = dict(flags)
    if found.get("costs.fee_tier") != "account":
        return found
    if found.get("costs.taker_bps") is not None or found.get("costs.maker_bps") is not None:
        raise UsageError("--fee-tier account sets the fees", hint="leave out the rates beside it")
    from gpt_trader.app.account import reach_account

    tier = reach_account(profile).private.fee_tier()
    return found | {
        "costs.fee_tier": None,
        "costs.taker_bps": float(tier.taker_rate * 10_000),
        "costs.maker_bps": float(tier.maker_rate * 10_000),
    }


def resolve(asked: BacktestRequest) -> Inputs:
    """Return what a command line comes to with profile and environment.

    Raises UsageError or ConfigError.
    """
    if asked.interval is not None:
        parse_interval(asked.interval)
    if asked.detail is not None:
        parse_interval(asked.detail)
        if asked.data and asked.interval is None:
            raise UsageError(
                "--detail needs to know the bars it is inside of", hint="state --interval, as 1h"
            )
    if asked.demo and asked.data:
        raise UsageError("--demo and --data exclude each other", hint="give one of them")
    flags = at_account_tier(dict(asked.flags) | overrides(asked.sets), asked.profile)
    profile = asked.profile or ("dev" if asked.demo else None)
    loaded = load_profile(profile, env=os.environ, flags=flags)
    synthetic = asked.demo or bool(asked.profile and makes_bars(loaded.settings.feed))
    files: dict[str, Path | None] = {}
    if asked.data:
        files = parse_data(asked.data, loaded.settings.products)
    elif not synthetic:
        files = dict.fromkeys(loaded.settings.products)
        if not files:
            raise UsageError(
                "no data to run on",
                hint="give --data BTC-USD=FILE, --data BTC-USD (pulled before: gpt-trader data), "
                "or --demo for a synthetic market",
            )
    if asked.spec is not None and not any(files.values()):
        raise UsageError(
            "--product-spec needs --data FILE", hint="other markets have their own grids"
        )
    store = None
    end_ms = asked.period.end_ms
    if None in files.values():
        store = data_dir(asked.data_dir, os.environ)
        # what is pulled later must not change what --reproduce runs on
        stored = [product for product, path in files.items() if path is None]
        end_ms = stored_end(Store(store), stored) if end_ms is None else end_ms
    return Inputs(
        profile=loaded.settings.profile,
        settings=_findable(loaded.document),
        files={p: None if f is None else str(f.absolute()) for p, f in files.items()},
        store=None if store is None else str(store),
        spec={} if asked.spec is None else parse_spec(asked.spec),
        start_ms=asked.period.start_ms,
        end_ms=end_ms,
        interval=asked.interval,
        risk=asked.risk,
        style=asked.style,
        close_at_end=asked.close_at_end,
        engine=asked.engine,
        self_check=asked.self_check,
        detail=asked.detail,
        universe=_universe(asked),
    )


def check_memory(inputs: Inputs) -> None:
    """Raise UsageError if what is named will not fit in memory; nothing is loaded."""
    free = available_bytes()
    if inputs.files:
        check_fits(
            (bars_in(Path(path)) for path in inputs.files.values() if path is not None), free
        )
    else:
        settings = restore(inputs.settings, inputs.profile)
        check_fits([settings.synthetic.bars * len(settings.products or DEFAULT_PRODUCTS)], free)


def run(inputs: Inputs, root: Path, stop: Stop = never) -> Result:
    """Load what is named, run it, and count the trial in the ledger of the state folder `root`.

    stop: as in `backtest`.

    Raises UsageError, ConfigError, DataError or ValidationGateError.
    """
    settings = restore(inputs.settings, inputs.profile)
    began = perf_counter()
    history: Sequence[Loaded | Bars]
    history, label = load_history(inputs, settings)
    detail: list[Bars] = []
    if inputs.detail is not None:
        detail = [_bars(one) for one in history]
        history = [_longer(one, _interval_ms(inputs, settings)) for one in history]
    load_s = perf_counter() - began
    products = [_bars(one).product.product_id for one in history]
    found = routes(settings, products, inputs.style)
    membership, said = _membership(inputs, [_bars(one) for one in history])
    result = backtest_and_count(
        history,
        found,
        costs=settings.costs,
        risk=settings.risk if inputs.risk else None,
        cash=settings.cash,
        close_at_end=inputs.close_at_end,
        engine=inputs.engine,
        self_check=inputs.self_check,
        assess=True,
        label=label,
        load_s=load_s,
        stop=stop,
        detail=detail,
        universe=membership,
        chosen_by=inputs.universe,
        state_dir=root,
    )
    return result if said is None else replace(result, notes=(*result.notes, said))


def load_history(
    inputs: Inputs, settings: Settings
) -> tuple[Sequence[Loaded] | Sequence[Bars], str | None]:
    """Return the bars, those of the detail if it is asked for, and what is said of them."""
    period = Period(inputs.start_ms, inputs.end_ms)
    if inputs.files:
        loaded = _recorded(inputs, settings, period)
        check_coverage(loaded, settings.data.min_coverage_pct)
        return loaded, None
    fine_ms = settings.interval_ms if inputs.detail is None else parse_interval(inputs.detail)
    series = synthetic_market(
        seed=settings.synthetic.seed,
        products=settings.products or DEFAULT_PRODUCTS,
        n_bars=max(settings.synthetic.bars * settings.interval_ms // fine_ms, 1),
        interval_ms=fine_ms,
    )
    return [cut(bars, period) for bars in series], SYNTHETIC_NOTE


def _universe(asked: BacktestRequest) -> dict[str, Any] | None:
    """Return `--universe top:N` as JSON holds it; None if it is not asked for."""
    if asked.universe is None:
        if asked.universe_file is not None:
            raise UsageError("--universe-file needs --universe", hint="--universe top:10")
        return None
    return {
        "top": parse_top(asked.universe),
        "file": str((asked.universe_file or BUNDLED).absolute()),
        "every": asked.universe_every,
    }


def _membership(inputs: Inputs, series: Sequence[Bars]) -> tuple[Membership | None, str | None]:
    """Return who is in when, and how that is said."""
    if inputs.universe is None:
        return None, None
    top, every = inputs.universe["top"], inputs.universe["every"]
    universe = read_universe(Path(inputs.universe["file"]))
    last = max(int(bars.time[-1]) for bars in series)
    check_covered(universe, day_of(min(int(bars.time[0]) for bars in series)), day_of(last))
    said = (
        f"universe: top {top} by volume of {len(series)} products, chosen anew every {every} "
        f"among those listed by {universe.path.name}, as of {universe.as_of}"
    )
    return members(series, spans_of(universe), Criteria(top=top), every), said


def _recorded(inputs: Inputs, settings: Settings, period: Period) -> list[Loaded]:
    """Return the bars of the files and of the store, in the order they were named."""
    asked = inputs.detail or inputs.interval
    interval_ms = None if asked is None else parse_interval(asked)
    files = {product: Path(path) for product, path in inputs.files.items() if path is not None}
    flag = "--interval" if inputs.detail is None else "--detail"
    loaded = load_files(files, period, interval_ms=interval_ms, spec=dict(inputs.spec), flag=flag)
    if inputs.store is not None:
        stored = [product for product, path in inputs.files.items() if path is None]
        wanted_ms = settings.interval_ms if interval_ms is None else interval_ms
        loaded += load_store(Path(inputs.store), stored, period, interval_ms=wanted_ms)
    by_product = {one.bars.product.product_id: one for one in loaded}
    return [by_product[product] for product in inputs.files]


def _interval_ms(inputs: Inputs, settings: Settings) -> int:
    return settings.interval_ms if inputs.interval is None else parse_interval(inputs.interval)


def _longer(one: Loaded | Bars, interval_ms: int) -> Loaded | Bars:
    """Return bars of a longer interval; the digest stays that of the finer ones."""
    if isinstance(one, Bars):
        return resample(one, interval_ms)
    return one._replace(bars=resample(one.bars, interval_ms))


def _findable(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings whose strategies are found from any folder: file.py:Class absolutely."""
    routes = [one | {"strategy": findable(one["strategy"])} for one in document["routes"]]
    strategy = document["strategy"]
    return dict(document) | {
        "routes": routes,
        "strategy": None if strategy is None else findable(strategy),
    }


def routes(
    settings: Settings, products: Sequence[str], style: OrderStyleName | None
) -> list[Route]:
    """Return the settings' routes on the products there are bars of.

    A single route trades them all. style: how both legs are worked, None: as the settings say.
    """
    if not settings.routes:
        raise UsageError("which strategy?", hint=f"--strategy NAME: {', '.join(builtin_names())}")
    single = len(settings.routes) == 1
    found = []
    for spec in settings.routes:
        mine = tuple(products) if single else tuple(p for p in products if p in spec.products)
        if mine:
            strategy = create(spec.strategy, dict(spec.params))
            worked = spec.order_style if style is None else restyle(spec.order_style, style)
            found.append(Route(strategy, mine, spec.budget, worked))
    if not found:
        raise UsageError(
            f"no route of profile {settings.profile} trades {', '.join(products)}",
            hint="name a strategy for it: --strategy NAME",
        )
    return found


def restyle(style: OrderStyle, name: OrderStyleName) -> OrderStyle:
    """Return a style whose legs are both worked as named."""
    return OrderStyle(replace(style.entry, style=name), replace(style.exit, style=name))


def _bars(one: Loaded | Bars) -> Bars:
    return one.bars if isinstance(one, Loaded) else one


def write_files(
    result: Result, *, trades: Path | None, fills: Path | None, equity: Path | None
) -> None:
    """Write the files that were asked for."""
    path, products = result.path, result.products
    if trades is not None:
        lines = trade_lines(result.trade_rows, products, time=path.time, last_ticks=path.last_ticks)
        write_lines(trades, TRADES_HEADER, lines)
    if fills is not None:
        lines = fill_lines(
            result.fills,
            products,
            time=path.time,
            interval=result.data[0].interval,
            portfolio=PORTFOLIO,
        )
        write_lines(fills, FILLS_HEADER, lines)
    if equity is not None:
        write_lines(equity, EQUITY_HEADER, equity_lines(path.time, path.equity, path.start))


def write_report(result: Result, file: Path) -> None:
    """Write the page of a result."""
    from gpt_trader.backtest.report import html

    write_text(file, html(result))
