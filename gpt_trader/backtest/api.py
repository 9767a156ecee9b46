"""A backtest from bars to result: what the command calls and the library offers."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from functools import partial
from time import perf_counter
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.result import Halts, History, Result, StrategyUsed, TermsUsed, Timing
from gpt_trader.backtest.run import RawRun, Stop, never, run_fast, run_replay
from gpt_trader.backtest.signals import MixedSignals
from gpt_trader.data.checks.quality import inspect
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.data.panel import Panel, build_panel
from gpt_trader.data.resample import check_detail
from gpt_trader.domain.bars import Bars, Ints
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel, OrderStyle, check_latency
from gpt_trader.domain.selection import Membership, inside
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import ConfigError, UsageError
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE, VALUE_LIMIT
from gpt_trader.measure.assess import Trials, assessment
from gpt_trader.measure.checks import NOT_ASKED, Checks, check, together
from gpt_trader.measure.measure import measure
from gpt_trader.measure.path import Path
from gpt_trader.observe.provenance import source_sha256
from gpt_trader.risk.policy import RiskPolicy, no_policy
from gpt_trader.strategy.answers import ask_targets, without_early_opinions
from gpt_trader.strategy.base import Strategy
from gpt_trader.strategy.registry import is_array_strategy

Engine = Literal["fast", "replay"]
DEFAULT_RISK = RiskPolicy()
DEFAULT_STYLE = OrderStyle()
DEFAULT_CASH = Decimal(10_000)
MIN_BARS = 2  # of a product, for a result to say anything


@dataclass(frozen=True, slots=True)
class Route:
    """A strategy on some products (none named: all), its share of equity, its order style."""

    strategy: Any  # a Strategy or a BarStrategy
    products: tuple[str, ...] = ()
    budget: float = 1.0
    style: OrderStyle = DEFAULT_STYLE


def backtest(  # noqa: PLR0913 - the library's call: all but two have names and defaults
    bars: History | Sequence[History],
    strategy: Strategy | Sequence[Route],
    *,
    costs: CostModel = DEFAULT_COSTS,
    risk: RiskPolicy | None = DEFAULT_RISK,
    style: OrderStyle = DEFAULT_STYLE,
    cash: Decimal | int = DEFAULT_CASH,
    close_at_end: bool = False,
    engine: Engine | None = None,
    self_check: bool = True,
    assess: bool = False,
    trials: Trials | None = None,
    label: str | None = None,
    load_s: float = 0.0,
    stop: Stop = never,
    detail: Sequence[Bars] = (),
    universe: Membership | None = None,
) -> Result:
    """Run a strategy over history and measure it.

    bars: one product's, or one entry a product, of one interval, sharing one cash account.
    strategy: on all products, or routes. risk: None for no policy. cash: quote at the start.
    close_at_end: sell what is held at the last close. engine: "fast" unless a strategy decides
    bar by bar, then "replay"; both give the same fills. self_check: look for look-ahead and too
    short a warm-up. assess: say how far the result can be trusted. trials: what else was tried on
    these products and times; None if nobody counted. label: said of the data, such as
    "synthetic". load_s: time spent on loading. stop: asked by the replay engine before each bar;
    if it says so, the result is of the bars until then, and neither checked nor assessed.
    detail: finer bars, one series a product, that `bars` were resampled from: they decide what
    happens inside a bar. universe: who may be held when (`selection.members`); a product that is
    out at a bar's close has a target of 0 there.
    Raises ValidationGateError if a check fails, UsageError and ConfigError on bad arguments,
    KeyboardInterrupt if it stopped before every product had two bars.
    """
    moments = [perf_counter()]
    loaded = [one for _, one in histories_of(bars)]
    series = [one for one, _ in histories_of(bars)]
    panel = build_panel(series)
    check_detail(series, detail)
    routes = routes_of(strategy, style)
    assigned = assign(routes, [b.product.product_id for b in series])
    engine = choose_engine(engine, routes)
    check_latency(costs, panel.interval_ms)
    _check_delay(costs, routes)
    insides = _insides(universe, routes, series)
    start_units = cash_units(cash)

    moments.append(perf_counter())
    targets = [_targets(r.strategy, b) for r, b in zip(assigned, series, strict=True)]
    moments.append(perf_counter())
    run = partial(
        _simulate, panel, assigned, cash=start_units, risk=risk, close_at_end=close_at_end,
        stop=stop, detail=detail, insides=insides,
    )  # fmt: skip
    raw = run(targets, engine=engine, costs=costs)
    time = panel.time[: len(raw.equity)]
    if interrupted := len(time) < len(panel):
        series, targets = _until(time, series, targets)
        loaded, self_check, assess = list(series), False, False
    moments.append(perf_counter())
    checks = _checks(assigned, series, targets) if self_check else NOT_ASKED
    moments.append(perf_counter())

    stops = tuple(None if t is None else t.stop for t in targets)
    path = Path(
        tuple(series), panel.interval_ms, time, raw.equity, raw.fills, start_units, stops
    )  # fmt: skip
    numbers, rows = measure(path, costs, close_at_end=close_at_end)
    moments.append(perf_counter())
    trust = None
    if assess:
        trust = assessment(
            path, numbers, costs, close_at_end=close_at_end, checks=checks, trials=trials,
            targets=_all_columns(targets), label=label,
            rerun=lambda other, rows: run(rows, engine="fast", costs=other).equity,
        )  # fmt: skip
    moments.append(perf_counter())
    return Result(
        histories=tuple(loaded),
        strategy=tuple(_strategy_used(r, assigned, series) for r in routes),
        terms=TermsUsed(costs, risk, close_at_end, engine),
        metrics=numbers,
        checks=checks,
        timing=_timing(moments, load_s, sum(map(len, series))),
        path=path,
        trade_rows=rows,
        decision_counts=raw.counts,
        refusals=raw.refusals,
        halts=_halts(panel, raw),
        notes=tuple(n for one in loaded if isinstance(one, Loaded) for n in one.report.notes),
        label=label,
        assessment=trust,
        interrupted=interrupted,
        detail=tuple(detail),
    )


def _timing(moments: Sequence[float], load_s: float, bars: int) -> Timing:
    """Return what each part took, from the moments between them, seconds."""
    began, computed, simulated, checked, measured, judged, ended = moments
    busy_s = checked - computed
    return Timing(
        load_s=load_s,
        features_s=simulated - computed,
        simulate_s=checked - simulated,
        checks_s=measured - checked,
        assess_s=ended - judged,
        total_s=load_s + ended - began,
        bars_per_s=bars / busy_s if busy_s > 0.0 else None,
    )


def _halts(panel: Panel, raw: RawRun) -> Halts:
    """Return when trading was halted, as times."""
    drawdown = None if raw.drawdown_row < 0 else int(panel.time[raw.drawdown_row])
    return Halts(drawdown=drawdown, loss_days=raw.loss_days)


def _all_columns(targets: Sequence[Targets | None]) -> Sequence[Targets]:
    """Return every product's columns; none at all if one has none."""
    arrays = [t for t in targets if t is not None]
    return arrays if len(arrays) == len(targets) else ()


def histories_of(bars: History | Sequence[History]) -> list[tuple[Bars, History]]:
    """Return each product's bars, beside what they were given as."""
    found = [bars] if isinstance(bars, Bars | Loaded) else bars
    return [(one.bars if isinstance(one, Loaded) else one, one) for one in found]


def routes_of(strategy: Strategy | Sequence[Route], style: OrderStyle) -> list[Route]:
    """Return routes; a strategy alone is one on all products, worked in a style.

    Raises UsageError if a strategy is no dataclass: its fields are its parameters.
    """
    found = list(strategy) if isinstance(strategy, Sequence) else [Route(strategy, style=style)]
    for route in found:
        if isinstance(route.strategy, type) or not is_dataclass(route.strategy):
            raise UsageError(
                f"expected a strategy to be a dataclass, made, was {route.strategy!r}",
                hint="put @dataclass(frozen=True) above its class, and call it",
            )
    return found


def _until(
    time: Ints, series: Sequence[Bars], targets: Sequence[Targets | None]
) -> tuple[list[Bars], list[Targets | None]]:
    """Return the bars that a run came to, whose opens are `time`, and their targets."""
    lengths = [int(b.time.searchsorted(time[-1], "right")) if len(time) else 0 for b in series]
    if min(lengths) < MIN_BARS:
        raise KeyboardInterrupt
    parts = [b[:n] for b, n in zip(series, lengths, strict=True)]
    return parts, [
        None if t is None else Targets(t.weight[:n], None if t.stop is None else t.stop[:n])
        for t, n in zip(targets, lengths, strict=True)
    ]


def assign(routes: Sequence[Route], products: Sequence[str]) -> list[Route]:
    """Return each product's route.

    Raises ConfigError if a product has two routes or none, or a route names no product here.
    """
    found: dict[str, Route] = {}
    for route in routes:
        for product in route.products or products:
            if product not in products:
                raise ConfigError(
                    f"{route.strategy.name} is to trade {product}, of which there are no bars",
                    hint=f"there are bars of {', '.join(products)}",
                )
            if product in found:
                raise ConfigError(
                    f"two routes trade {product}", hint="join their strategies with ensemble"
                )
            found[product] = route
    left = [product for product in products if product not in found]
    if left:
        raise ConfigError(f"no route trades {', '.join(left)}", hint="leave out its bars")
    return [found[product] for product in products]


def choose_engine(asked: Engine | None, routes: Sequence[Route]) -> Engine:
    """Return the engine asked for, else fast, or replay where a strategy decides bar by bar.

    Raises UsageError if fast is asked for and cannot run a strategy.
    """
    slow = [r.strategy.name for r in routes if not is_array_strategy(type(r.strategy))]
    if asked == "fast" and slow:
        raise UsageError(
            f"{slow[0]} decides bar by bar, which the fast engine cannot", hint="--engine replay"
        )
    return asked or ("replay" if slow else "fast")


def _check_delay(costs: CostModel, routes: Sequence[Route]) -> None:
    slow = [r.strategy.name for r in routes if not is_array_strategy(type(r.strategy))]
    if costs.latency_bars and slow:
        raise UsageError(
            f"{slow[0]} decides bar by bar: it has no columns that could act later",
            hint="leave --latency-bars out, and keep the delay in its memory",
        )


def _insides(
    universe: Membership | None, routes: Sequence[Route], series: Sequence[Bars]
) -> list[NDArray[np.bool_] | None]:
    """Return for each product whether it is in at each of its bars' closes, None for always."""
    if universe is None:
        return [None] * len(series)
    slow = [r.strategy.name for r in routes if not is_array_strategy(type(r.strategy))]
    if slow:
        raise UsageError(
            f"{slow[0]} decides bar by bar: a universe cannot overrule it",
            hint="a strategy with targets(bars)",
        )
    return [inside(bars, universe) for bars in series]


def _targets(strategy: Any, bars: Bars) -> Targets | None:  # noqa: ANN401
    """Return a strategy's columns; None if it decides bar by bar."""
    if not is_array_strategy(type(strategy)):
        return None
    return ask_targets(strategy, bars)


def _simulate(
    panel: Panel,
    assigned: Sequence[Route],
    targets: Sequence[Targets | None],
    *,
    engine: Engine,
    cash: int,
    costs: CostModel,
    risk: RiskPolicy | None,
    close_at_end: bool,
    stop: Stop = never,
    detail: Sequence[Bars] = (),
    insides: Sequence[NDArray[np.bool_] | None],
) -> RawRun:
    limits = no_policy(panel.interval_ms) if risk is None else risk.limits(panel.interval_ms)
    styles = [route.style.kernel() for route in assigned]
    budgets = [route.budget for route in assigned]
    targets = [
        None
        if t is None
        else without_early_opinions(t, r.strategy.min_bars).only(within).delayed(costs.latency_bars)
        for r, t, within in zip(assigned, targets, insides, strict=True)
    ]
    arrays = [t for t in targets if t is not None]
    if engine == "fast":
        return run_fast(
            panel,
            arrays,
            cash=cash,
            costs=costs.kernel(),
            limits=limits,
            styles=styles,
            budgets=budgets,
            close_at_end=close_at_end,
            fee_tiers=costs.fee_tiers,
            detail=detail,
        )
    return run_replay(
        panel,
        MixedSignals([r.strategy for r in assigned], targets),
        cash=cash,
        costs=costs.kernel(),
        limits=limits,
        styles=styles,
        budgets=budgets,
        min_bars=[route.strategy.min_bars for route in assigned],
        window_bars=[
            1 if t is not None else max(r.strategy.warmup, 1)
            for r, t in zip(assigned, targets, strict=True)
        ],
        close_at_end=close_at_end,
        fee_tiers=costs.fee_tiers,
        stop=stop,
        detail=detail,
    )


def _checks(
    assigned: Sequence[Route], series: Sequence[Bars], targets: Sequence[Targets | None]
) -> Checks:
    """Check what is computed over whole arrays; a strategy that is shown bar by bar cannot peek."""
    found = together(
        [
            check(r.strategy, b, t)
            for r, b, t in zip(assigned, series, targets, strict=True)
            if t is not None
        ]
    )
    return replace(found, data=tuple(inspect(b) for b in series))


def cash_units(cash: Decimal | int) -> int:
    """Return quote money in units; raise UsageError if a simulation cannot hold it."""
    amount = Decimal(cash)
    if not amount.is_finite() or not 0 < amount * UNITS_PER_QUOTE < Decimal(VALUE_LIMIT):
        raise UsageError(f"expected cash above 0 and below 40 billion, was {cash}")
    return int(amount * UNITS_PER_QUOTE)


def _strategy_used(route: Route, assigned: Sequence[Route], series: Sequence[Bars]) -> StrategyUsed:
    strategy = route.strategy
    return StrategyUsed(
        name=strategy.name,
        params={f.name: getattr(strategy, f.name) for f in fields(strategy)},
        products=tuple(
            b.product.product_id for b, r in zip(series, assigned, strict=True) if r is route
        ),
        budget=route.budget,
        style=route.style,
        source_sha256=source_sha256(type(strategy)),
    )
