"""From what a user asked for to a finished backtest: settings, history, routes, files."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Literal

from gpt_trader.backtest.api import Route, backtest
from gpt_trader.backtest.files import (
    EQUITY_HEADER,
    FILLS_HEADER,
    TRADES_HEADER,
    equity_lines,
    fill_lines,
    trade_lines,
    write_lines,
)
from gpt_trader.backtest.result import Result
from gpt_trader.backtest.run import PORTFOLIO
from gpt_trader.cli.history import Period, cut, load_files, parse_data
from gpt_trader.config.load import load_profile, overrides
from gpt_trader.config.settings import Settings
from gpt_trader.data.catalog import parse_spec
from gpt_trader.data.files import Loaded
from gpt_trader.data.synthetic import DEFAULT_PRODUCTS, SYNTHETIC_NOTE, synthetic_market
from gpt_trader.data.times import parse_interval
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import OrderStyle, OrderStyleName
from gpt_trader.errors import UsageError
from gpt_trader.strategy.registry import builtin_names, create


@dataclass(frozen=True, slots=True)
class Asked:
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


def run(asked: Asked) -> Result:
    """Load what was asked for, and run it.

    Raises UsageError, ConfigError, DataError or ValidationGateError.
    """
    interval_ms = None if asked.interval is None else parse_interval(asked.interval)
    if asked.demo and asked.data:
        raise UsageError("--demo and --data exclude each other", hint="give one of them")
    flags = dict(asked.flags) | overrides(asked.sets)
    profile = asked.profile or ("dev" if asked.demo else None)
    settings = load_profile(profile, env=os.environ, flags=flags).settings
    began = perf_counter()
    history, label = _history(asked, settings, interval_ms)
    load_s = perf_counter() - began
    products = [_bars(one).product.product_id for one in history]
    return backtest(
        history,
        routes(settings, products, asked.style),
        costs=settings.costs,
        risk=settings.risk if asked.risk else None,
        cash=settings.cash,
        close_at_end=asked.close_at_end,
        engine=asked.engine,
        self_check=asked.self_check,
        label=label,
        load_s=load_s,
    )


def _history(
    asked: Asked, settings: Settings, interval_ms: int | None
) -> tuple[Sequence[Loaded] | Sequence[Bars], str | None]:
    """Return the bars, and what is said of them."""
    if asked.data:
        spec = {} if asked.spec is None else parse_spec(asked.spec)
        files = parse_data(asked.data, settings.products)
        return load_files(files, asked.period, interval_ms=interval_ms, spec=spec), None
    if not asked.demo and not (asked.profile and settings.feed == "synthetic"):
        raise UsageError(
            "no data to run on", hint="give --data BTC-USD=FILE, or --demo for a synthetic market"
        )
    if asked.spec is not None:
        raise UsageError("--product-spec needs --data", hint="the synthetic market has its own")
    series = synthetic_market(
        seed=settings.synthetic.seed,
        products=settings.products or DEFAULT_PRODUCTS,
        n_bars=settings.synthetic.bars,
        interval_ms=settings.interval_ms,
    )
    return [cut(bars, asked.period) for bars in series], SYNTHETIC_NOTE


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
            worked = spec.order_style if style is None else _restyled(spec.order_style, style)
            found.append(Route(strategy, mine, spec.budget, worked))
    if not found:
        raise UsageError(
            f"no route of profile {settings.profile} trades {', '.join(products)}",
            hint="name a strategy for it: --strategy NAME",
        )
    return found


def _restyled(style: OrderStyle, name: OrderStyleName) -> OrderStyle:
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
