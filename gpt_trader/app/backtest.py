"""From what a user asked for to a finished backtest: settings, history, routes, files."""

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from gpt_trader.app.history import (
    Period,
    cut,
    load_files,
    load_store,
    parse_data,
)
from gpt_trader.app.reads import load_reads, parse_reads
from gpt_trader.backtest.asked import Counting, Scrutiny, Shell, Terms
from gpt_trader.backtest.counted import SEED_BITS, backtest_and_count
from gpt_trader.backtest.files import (
    EQUITY_HEADER,
    FILLS_HEADER,
    TRADES_HEADER,
    check_outputs,
    equity_lines,
    fill_lines,
    trade_lines,
    write_each,
    write_lines,
    write_text,
)
from gpt_trader.backtest.plan_order import plan_order
from gpt_trader.backtest.reads import watched_reads
from gpt_trader.backtest.result import Result
from gpt_trader.backtest.route import Route
from gpt_trader.backtest.run import PORTFOLIO, Stop, never
from gpt_trader.backtest.warm import since
from gpt_trader.config.load import load_profile, overrides, restore
from gpt_trader.config.settings import Settings
from gpt_trader.config.words import makes_bars
from gpt_trader.data.catalog import parse_specs
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
from gpt_trader.domain.coarsen import coarsen
from gpt_trader.domain.costs import OrderStyle, OrderStyleName
from gpt_trader.domain.selection import Criteria, Every, Membership, members
from gpt_trader.domain.times import INTERVALS, format_interval, parse_interval
from gpt_trader.errors import StorageError, UsageError
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
    specs: Sequence[str]
    risk: bool
    style: OrderStyleName | None
    close_at_end: bool
    engine: Literal["fast", "replay"] | None
    self_check: bool
    nulls: int | None = None
    sealed_after_ms: int | None = None
    unseal: bool = False
    check_seed: int | None = None
    check_all: bool = False
    detail: str | None = None
    data_dir: Path | None = None
    universe: str | None = None
    universe_file: Path | None = None
    universe_every: Every = "1w"
    cold_start: bool = False
    reads: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that decides a run, as JSON holds it: a stored run is repeated from this.

    settings: `config.load.Loaded.document`. files: absolute path by product, None: its bars in
    the data store `store`; none: the synthetic market of the settings. start_ms, end_ms: int64 ms
    UTC, start inclusive, end exclusive. reads: as files, of what is read and not traded, by name.
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
    nulls: int | None = None
    sealed_after_ms: int | None = None
    unseal: bool = False
    check_seed: int = 0
    check_all: bool = False
    detail: str | None = None
    store: str | None = None
    universe: Mapping[str, Any] | None = None
    cold_start: bool = False
    reads: Mapping[str, str | None] = field(default_factory=dict)


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

    tier = reach_account(profile, None).private.fee_tier()
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
        detail_ms = parse_interval(asked.detail)
        if asked.data and asked.interval is None:
            longer = [name for name, ms in INTERVALS.items() if ms > detail_ms]
            raise UsageError(
                f"--detail {asked.detail} needs to know the longer bars it is inside of",
                hint=f"state --interval, one of {', '.join(longer)}"
                if longer
                else f"no bars are longer: --interval {asked.detail} runs on them alone",
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
    if asked.specs and not any(files.values()):
        raise UsageError(
            "--product-spec needs --data FILE", hint="other markets have their own grids"
        )
    store = None
    reads = parse_reads(asked.reads)
    end_ms = asked.period.end_ms
    if None in reads.values():
        store = data_dir(asked.data_dir, os.environ)
    if None in files.values():
        store = data_dir(asked.data_dir, os.environ)
        # what is pulled later must not change what --reproduce runs on
        stored = [product for product, path in files.items() if path is None]
        end_ms = stored_end(Store(store), stored) if end_ms is None else end_ms
    if asked.sealed_after_ms is not None and not asked.unseal:
        end_ms = _before_seal(asked.period, end_ms, asked.sealed_after_ms)
    return Inputs(
        profile=loaded.settings.profile,
        settings=_findable(loaded.document),
        files={p: None if f is None else str(f.absolute()) for p, f in files.items()},
        store=None if store is None else str(store),
        spec=parse_specs(asked.specs),
        start_ms=asked.period.start_ms,
        end_ms=end_ms,
        interval=asked.interval,
        risk=asked.risk,
        style=asked.style,
        close_at_end=asked.close_at_end,
        engine=asked.engine,
        self_check=asked.self_check,
        nulls=asked.nulls,
        sealed_after_ms=asked.sealed_after_ms,
        unseal=asked.unseal,
        check_seed=secrets.randbits(SEED_BITS) if asked.check_seed is None else asked.check_seed,
        check_all=asked.check_all,
        detail=asked.detail,
        universe=_universe(asked),
        cold_start=asked.cold_start,
        reads={name: None if f is None else str(f.absolute()) for name, f in reads.items()},
    )


def _before_seal(asked: Period, end_ms: int | None, sealed_after_ms: int) -> int:
    """Return where reading ends; raise UsageError if what is asked for lies behind the seal."""
    if asked.end_ms is not None and asked.end_ms > sealed_after_ms:
        raise UsageError(
            "--to lies behind --sealed-after", hint="leave --to out, or open the seal: --unseal"
        )
    if asked.start_ms is not None and asked.start_ms >= sealed_after_ms:
        raise UsageError("--from lies behind --sealed-after", hint="an earlier --from")
    return sealed_after_ms if end_ms is None else min(end_ms, sealed_after_ms)


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
        detail = [_bars(_begun(one, inputs)) for one in history]
        history = [_longer(one, _interval_ms(inputs, settings)) for one in history]
    load_s = perf_counter() - began
    begun = [_bars(_begun(one, inputs)) for one in history]
    products = [bars.product.product_id for bars in begun]
    with watched_reads():
        found = routes(settings, products, inputs.style)
    membership, chosen_by, said = _membership(inputs, begun)
    result = backtest_and_count(
        history,
        found,
        Terms(
            costs=settings.costs,
            risk=settings.risk if inputs.risk else None,
            cash=settings.cash,
            close_at_end=inputs.close_at_end,
            engine=inputs.engine,
            detail=detail,
            universe=membership,
            chosen_by=chosen_by,
            reads=reads_of(inputs, begun[0].interval_ms),
        ),
        Scrutiny(
            self_check=inputs.self_check,
            check_all=inputs.check_all,
            check_seed=inputs.check_seed,
            assess=True,
            nulls=inputs.nulls,
            label=label,
        ),
        Counting(
            start_ms=inputs.start_ms,
            cold_start=inputs.cold_start,
            order=settings.products,
            min_coverage_pct=settings.data.min_coverage_pct,
            sealed_after_ms=inputs.sealed_after_ms,
            unseal=inputs.unseal,
            state_dir=root,
        ),
        Shell(load_s, stop),
    )
    notes = [*([] if said is None else [said]), *_idle(settings, products)]
    return replace(result, notes=(*result.notes, *notes))


def reads_of(inputs: Inputs, interval_ms: int) -> dict[str, Bars]:
    """Return what is read and not traded, by name. interval_ms: of what is traded."""
    files = {name: None if path is None else Path(path) for name, path in inputs.reads.items()}
    root = None if inputs.store is None else Path(inputs.store)
    return load_reads(files, root, inputs.end_ms, interval_ms)


def _begun(one: Loaded | Bars, inputs: Inputs) -> Loaded | Bars:
    """Return a history from --from on."""
    return one if inputs.start_ms is None else since(one, inputs.start_ms)


def _idle(settings: Settings, products: Sequence[str]) -> list[str]:
    """Say which of several routes trade nothing here, since there is no data of their products."""
    return [
        f"{route.strategy} on {', '.join(route.products)} is left out: there is no data of it"
        for route in settings.routes
        if len(settings.routes) > 1 and set(route.products).isdisjoint(products)
    ]


def load_history(
    inputs: Inputs, settings: Settings
) -> tuple[Sequence[Loaded] | Sequence[Bars], str | None]:
    """Return the bars, those of the detail if it is asked for, and what is said of them.

    With them, or beside those of a file, are the bars before --from.
    """
    period = Period(inputs.start_ms, inputs.end_ms)
    if inputs.files:
        return _recorded(inputs, settings, period), None
    fine_ms = settings.interval_ms if inputs.detail is None else parse_interval(inputs.detail)
    series = synthetic_market(
        seed=settings.synthetic.seed,
        products=settings.products or DEFAULT_PRODUCTS,
        n_bars=max(settings.synthetic.bars * settings.interval_ms // fine_ms, 1),
        interval_ms=fine_ms,
    )
    return [cut(bars, Period(None, inputs.end_ms)) for bars in series], SYNTHETIC_NOTE


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


def _membership(
    inputs: Inputs, series: Sequence[Bars]
) -> tuple[Membership | None, dict[str, Any] | None, str | None]:
    """Return who is in when, what decides it, and how that is said."""
    if inputs.universe is None:
        return None, None, None
    top, every = inputs.universe["top"], inputs.universe["every"]
    universe = read_universe(Path(inputs.universe["file"]))
    last = max(int(bars.time[-1]) for bars in series)
    check_covered(universe, day_of(min(int(bars.time[0]) for bars in series)), day_of(last))
    said = (
        f"universe: top {top} by volume of {len(series)} products, chosen anew every {every} "
        f"among those listed by {universe.path.name}, as of {universe.as_of}"
    )
    spans = spans_of(universe)
    found = members(series, spans, Criteria(top=top), every)
    missing = [
        f"{product_id} is not in it, and never held"
        for product_id in found.product_ids
        if product_id not in spans
    ]
    listed = {product_id: spans.get(product_id) for product_id in found.product_ids}
    chosen_by = {
        "top": top,
        "every": every,
        "listed": sha256(repr(listed).encode()).hexdigest(),
        "file": universe.path.name,
        "as_of": universe.as_of.isoformat(),
        "sha256": sha256(universe.path.read_bytes()).hexdigest(),
    }
    return found, chosen_by, "; ".join([said, *missing, *_say_delisted(found, last)])


def _say_delisted(found: Membership, last_ms: int) -> list[str]:
    """Say which listings end within the data."""
    return [
        f"{product_id} delisted, its bars end on {day_of(end - 1)}"
        for product_id in found.product_ids
        for _, end in found.spans(product_id)
        if end <= last_ms
    ]


def _recorded(inputs: Inputs, settings: Settings, period: Period) -> list[Loaded]:
    """Return the bars of the files and of the store, in the order in which products decide."""
    asked = inputs.detail or inputs.interval
    interval_ms = None if asked is None else parse_interval(asked)
    files = {product: Path(path) for product, path in inputs.files.items() if path is not None}
    flag = "--interval" if inputs.detail is None else "--detail"
    loaded = load_files(files, period, interval_ms=interval_ms, specs=inputs.spec, flag=flag)
    if inputs.store is not None:
        stored = [product for product, path in inputs.files.items() if path is None]
        wanted_ms = settings.interval_ms if interval_ms is None else interval_ms
        loaded += load_store(Path(inputs.store), stored, period, interval_ms=wanted_ms)
    by_product = {one.bars.product.product_id: one for one in loaded}
    named = list(inputs.files)
    return [by_product[named[i]] for i in plan_order(named, settings.products)]


def _interval_ms(inputs: Inputs, settings: Settings) -> int:
    return settings.interval_ms if inputs.interval is None else parse_interval(inputs.interval)


def _longer(one: Loaded | Bars, interval_ms: int) -> Loaded | Bars:
    """Return bars of a longer interval; the digest stays that of the finer ones."""
    if isinstance(one, Bars):
        return resample(one, interval_ms)
    earlier = None if one.earlier is None else coarsen(one.earlier, interval_ms).bars
    return one._replace(bars=resample(one.bars, interval_ms), earlier=earlier)


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
            interval = format_interval(spec.interval_ms) if spec.interval_ms else None
            found.append(Route(strategy, mine, spec.budget, worked, interval))
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


@dataclass(frozen=True, slots=True)
class Files:
    """What is to be written of a result, None for what is not."""

    trades: Path | None = None
    fills: Path | None = None
    equity: Path | None = None
    report: Path | None = None

    def check(self) -> None:
        """Raise UsageError if one cannot be written, or two are the same."""
        check_outputs({f"--{field.name}": getattr(self, field.name) for field in fields(self)})


def write_files(result: Result, asked: Files) -> StorageError | None:
    """Write the files that were asked for; return what the disk refused, None if nothing."""
    writers = {
        asked.trades: _write_trades,
        asked.fills: _write_fills,
        asked.equity: _write_equity,
        asked.report: _write_report,
    }
    return write_each(
        partial(write, result, file) for file, write in writers.items() if file is not None
    )


def _write_trades(result: Result, file: Path) -> None:
    path = result.path
    lines = trade_lines(
        result.trade_rows, result.products, time=path.time, last_ticks=path.last_ticks
    )
    write_lines(file, TRADES_HEADER, lines)


def _write_fills(result: Result, file: Path) -> None:
    lines = fill_lines(
        result.fills,
        result.products,
        time=result.path.time,
        interval=result.data[0].interval,
        portfolio=PORTFOLIO,
    )
    write_lines(file, FILLS_HEADER, lines)


def _write_equity(result: Result, file: Path) -> None:
    path = result.path
    write_lines(
        file, EQUITY_HEADER, equity_lines(path.time, path.interval_ms, path.equity, path.start)
    )


def _write_report(result: Result, file: Path) -> None:
    from gpt_trader.backtest.report import html
    from gpt_trader.backtest.report.tables import reproduce

    write_text(file, html(result, reproduce(result.run_id)))
