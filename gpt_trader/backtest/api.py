"""A backtest from bars to result: what the command calls and the library offers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass, replace
from decimal import Decimal
from functools import partial
from time import perf_counter
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.anew import asked_anew
from gpt_trader.backtest.outside import outside
from gpt_trader.backtest.raw_run import RawRun, check_countable, uncounted, write_off
from gpt_trader.backtest.result import Halts, History, Result, StrategyUsed, TermsUsed, Timing
from gpt_trader.backtest.route import DEFAULT_STYLE, Route
from gpt_trader.backtest.run import Stop, never, run_fast, run_replay
from gpt_trader.backtest.rungs import phases, rungs
from gpt_trader.backtest.signals import MixedSignals
from gpt_trader.backtest.sources import sources_of
from gpt_trader.backtest.universe import delisted, insides_of, listed, say_written_off
from gpt_trader.backtest.warm import ask_warm, joined, wanted
from gpt_trader.data.checks.findings import judge_all
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.data.panel import Panel, build_panel
from gpt_trader.data.resample import check_detail
from gpt_trader.domain.bars import Bars, Floats, Ints
from gpt_trader.domain.costs import (
    DEFAULT_COSTS,
    CostModel,
    OrderStyle,
    check_latency,
    say_currency,
)
from gpt_trader.domain.declared import declared
from gpt_trader.domain.selection import Membership
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import ConfigError, UsageError
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE, VALUE_LIMIT
from gpt_trader.measure.assess import Trials, assessment
from gpt_trader.measure.checks import NOT_ASKED, begin_each, finish_each
from gpt_trader.measure.doubted import held_past_the_end
from gpt_trader.measure.holdout import Sealing
from gpt_trader.measure.measure import measure
from gpt_trader.measure.path import Path
from gpt_trader.measure.robust import NO_OTHER_RUNS, OtherRuns
from gpt_trader.measure.verdict import cap
from gpt_trader.observe.provenance import source_sha256
from gpt_trader.risk.policy import RiskPolicy, no_policy
from gpt_trader.strategy.answers import ask_targets, without_early_opinions
from gpt_trader.strategy.base import BarStrategy, Strategy
from gpt_trader.strategy.registry import is_array_strategy

Engine = Literal["fast", "replay"]
DEFAULT_RISK = RiskPolicy()
DEFAULT_CASH = Decimal(10_000)
MIN_BARS = 2  # of a product, for a result to say anything


def backtest(  # noqa: PLR0913 - the library's call: all but two have names and defaults
    bars: History | Sequence[History],
    strategy: Strategy | BarStrategy | Sequence[Route],
    *,
    costs: CostModel = DEFAULT_COSTS,
    risk: RiskPolicy | None = DEFAULT_RISK,
    style: OrderStyle = DEFAULT_STYLE,
    cash: Decimal | int = DEFAULT_CASH,
    close_at_end: bool = False,
    engine: Engine | None = None,
    self_check: bool = True,
    check_seed: int = 0,
    check_all: bool = False,
    assess: bool = False,
    trials: Trials | Callable[[Path], Trials] | None = None,
    label: str | None = None,
    load_s: float = 0.0,
    stop: Stop = never,
    detail: Sequence[Bars] = (),
    universe: Membership | None = None,
    chosen_by: Mapping[str, Any] | None = None,
    nulls: int | None = None,
    sealing: Sealing | None = None,
    earlier: Sequence[Bars | None] = (),
    made_of: Sequence[Bars] = (),
    now_ms: int | None = None,
) -> Result:
    """Run a strategy over history and measure it.

    bars: one product's, or one entry a product, of one interval, sharing one cash account.
    strategy: on all products, or routes. risk: None for no policy. cash: quote at the start.
    close_at_end: sell what is held at the last close. engine: "fast" unless a strategy decides
    bar by bar, then "replay"; both give the same fills. self_check: look for look-ahead and too
    short a warm-up, at every row if check_all, else at as many as cost little, drawn from
    check_seed. assess: say how far the result can be trusted. trials: what else was tried on
    these products and times, or how that is looked up once this run is known; None if nobody
    counted. label: said of the data, such as "synthetic". load_s: time spent on loading. stop:
    asked by the replay engine before each bar; if it says so, the result is of the bars until then,
    and neither checked nor assessed. detail: finer bars, one series a product, that `bars` were
    resampled from: they decide what happens inside a bar. universe: who may be held when
    (`selection.members`); a product that is out at a bar's close has a target of 0 there, and what
    could not be sold before the end of its listing counts as nothing. chosen_by: what decides the
    universe, as JSON holds it. nulls: how many runs of its own targets at other times an assessment
    holds the result against; None: as many as take about 0.3 s. sealing: the seal on these bars.
    earlier: bars before these, one series a product or None, on which the strategies warm up; none:
    they begin cold. made_of: finer bars, one series a product, that `bars` were resampled from, of
    which no use is made inside a bar. now_ms: int64 ms UTC, after which no bar can have closed;
    None: it is not asked.
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
    _check_columns(costs, universe, routes, series)
    early = [
        wanted(one, b, r.strategy)
        for one, b, r in zip(earlier or [None] * len(series), series, assigned, strict=True)
    ]
    shown = [joined(*pair) for pair in zip(early, series, strict=True)]
    insides = insides_of(universe, series, costs.latency_bars)
    gone = delisted(universe, panel)
    start_units = cash_units(cash)

    moments.append(perf_counter())
    strategies = [route.strategy for route in assigned]
    made = tuple(dict.fromkeys(x for one in routes for x in outside(one.strategy)))
    held = (strategies, shown) if self_check else ([], [])
    with asked_anew(held[0], held[1]) as asks:
        begun = begin_each(held[0], held[1], asks, seed=check_seed, every_row=check_all)
        moments.append(perf_counter())
        answers = [_targets(r.strategy, b) for r, b in zip(assigned, shown, strict=True)]
        targets = [
            None if t is None else t.since(len(one)) for t, one in zip(answers, early, strict=True)
        ]
        moments.append(perf_counter())
        run = partial(
            _simulate, assigned=assigned, panel=panel, cash=start_units, risk=risk,
            close_at_end=close_at_end, stop=stop, detail=detail, insides=insides, gone=gone,
            early=early,
        )  # fmt: skip
        raw = run(targets, engine=engine, costs=costs)
        check_countable(raw)
        time = panel.time[: len(raw.equity)]
        if interrupted := len(time) < len(panel):
            series, targets = _until(time, series, targets)
            loaded, self_check, assess = list(series), False, False
        moments.append(perf_counter())
        checks = NOT_ASKED
        if self_check:
            judged = tuple(judge_all(series, now_ms=now_ms))
            checks = replace(finish_each(begun, answers), data=judged)
    used = tuple(_strategy_used(r, assigned, series) for r in _as_assigned(routes, assigned))
    checks = replace(
        checks,
        unreached=tuple(x for one in used for x in one.sources.unreached),
        outside=made,
    )
    moments.append(perf_counter())

    stops = tuple(None if t is None else t.stop for t in targets)
    path = Path(
        tuple(series), panel.interval_ms, time, raw.equity, raw.fills, start_units, stops,
        listed(universe, series),
    )  # fmt: skip
    numbers, rows = measure(path, costs, close_at_end=close_at_end)
    moments.append(perf_counter())
    trust = None
    if assess:
        trust = assessment(
            path, numbers, costs, close_at_end=close_at_end, checks=checks,
            trials=trials(path) if callable(trials) else trials,
            targets=_all_columns(targets), label=label,
            rerun=lambda other, rows: run(rows, engine="fast", costs=other).equity,
            run_bars=lambda other: _run_other(run, assigned, other, early, costs),
            unhalted=_unhalted(raw, run, targets, costs, risk), nulls=nulls,
            sealing=sealing, detail=detail or made_of,
            others=_other_runs(
                run, assigned, series, targets, costs, detail or made_of, universe
            ),
        )  # fmt: skip
        for doubt in uncounted(raw):
            trust = replace(trust, verdict=cap(trust.verdict, doubt))
    moments.append(perf_counter())
    return Result(
        histories=tuple(loaded),
        strategy=used,
        terms=TermsUsed(costs, risk, close_at_end, engine),
        metrics=numbers,
        checks=checks,
        timing=_timing(moments, load_s, sum(map(len, series))),
        path=path,
        trade_rows=rows,
        decision_counts=raw.counts,
        refusals=raw.refusals,
        halts=_halts(panel, raw),
        notes=(
            *_notes(loaded, costs, series),
            *say_written_off(raw, panel),
            *held_past_the_end(path),
            *_hidden(used),
        ),
        label=label,
        assessment=trust,
        interrupted=interrupted,
        detail=tuple(detail),
        universe=chosen_by,
        earlier=tuple(early),
    )


def _notes(loaded: Sequence[History], costs: CostModel, series: Sequence[Bars]) -> tuple[str, ...]:
    """Return what is to be known of data and costs, one line each."""
    said = notes_of(loaded)
    fees = say_currency(costs, series[0].product.quote_currency)
    return said if fees is None else (*said, fees)


def _hidden(used: Sequence[StrategyUsed]) -> list[str]:
    """Return what strategies rest on that no record can name."""
    return [
        f"{one.name} asks for variables of the environment by names that it makes as it runs: "
        "they are in no record"
        for one in used
        if one.sources.computed
    ]


def _timing(moments: Sequence[float], load_s: float, bars: int) -> Timing:
    """Return what each part took, from the moments between them, seconds."""
    began, first, computed, simulated, checked, measured, judged, ended = moments
    busy_s = checked - computed
    return Timing(
        load_s=load_s,
        features_s=simulated - computed,
        simulate_s=checked - simulated,
        checks_s=computed - first + measured - checked,
        assess_s=ended - judged,
        total_s=load_s + ended - began,
        bars_per_s=bars / busy_s if busy_s > 0.0 else None,
    )


def _halts(panel: Panel, raw: RawRun) -> Halts:
    """Return when trading was halted, as times."""
    drawdown, ruin = (
        None if row < 0 else int(panel.time[row]) for row in (raw.drawdown_row, raw.ruin_row)
    )
    return Halts(drawdown=drawdown, loss_days=raw.loss_days, ruin=ruin)


def _run_other(
    run: Callable[..., RawRun],
    assigned: Sequence[Route],
    bars: Sequence[Bars],
    early: Sequence[Bars],
    costs: CostModel,
) -> Floats:
    """Return the equity of the strategies, asked anew, on other bars of the same times."""
    panel, asked = build_panel(list(bars)), ask_warm(assigned, bars, early)
    return run(asked, engine="fast", costs=costs, panel=panel, detail=()).equity


def _other_runs(
    run: Callable[..., RawRun],
    assigned: Sequence[Route],
    series: Sequence[Bars],
    targets: Sequence[Targets | None],
    costs: CostModel,
    detail: Sequence[Bars],
    universe: Membership | None,
) -> OtherRuns:
    """Return what runs it filled in other ways, and on bars that begin elsewhere."""
    arrays = _all_columns(targets)
    if not arrays:
        return NO_OTHER_RUNS
    interval_ms = series[0].interval_ms
    begun = partial(phases, run, assigned, detail, interval_ms, universe, costs)
    has_own = any(bars.extra for bars in series)  # nobody can tell it of bars begun elsewhere
    return OtherRuns(
        rungs(run, assigned, series, arrays, costs), begun if detail and not has_own else None
    )


def _unhalted(
    raw: RawRun,
    run: Callable[..., RawRun],
    targets: Sequence[Targets | None],
    costs: CostModel,
    risk: RiskPolicy | None,
) -> Callable[[], Floats] | None:
    """Return what runs it without the limits that halted it; None if none did."""
    if risk is None or (raw.drawdown_row < 0 and not raw.loss_days):
        return None
    return lambda: run(targets, engine="fast", costs=costs, risk=risk.unhalted()).equity


def _all_columns(targets: Sequence[Targets | None]) -> Sequence[Targets]:
    """Return every product's columns; none at all if one has none."""
    arrays = [t for t in targets if t is not None]
    return arrays if len(arrays) == len(targets) else ()


def histories_of(bars: History | Sequence[History]) -> list[tuple[Bars, History]]:
    """Return each product's bars, beside what they were given as."""
    found = [bars] if isinstance(bars, Bars | Loaded) else bars
    return [(one.bars if isinstance(one, Loaded) else one, one) for one in found]


def notes_of(histories: Sequence[History]) -> tuple[str, ...]:
    """Return what is to be said of how histories were read."""
    return tuple(n for one in histories if isinstance(one, Loaded) for n in one.report.notes)


def routes_of(strategy: Strategy | BarStrategy | Sequence[Route], style: OrderStyle) -> list[Route]:
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

    Raises ConfigError if a product has two routes or none, a route names no product here, or the
    routes' budgets are more than all of the equity.
    """
    total = sum(route.budget for route in routes)
    if total > 1.0 + 1e-9:
        raise ConfigError(
            f"the routes' budgets sum to {100.0 * total:g} %",
            hint="state the budget of each route so that they sum to at most 1",
        )
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


def _as_assigned(routes: Sequence[Route], assigned: Sequence[Route]) -> list[Route]:
    """Return routes in the order of the first product of each; in which they were given is none."""
    firsts = {id(route): j for j, route in reversed([*enumerate(assigned)])}
    return sorted(routes, key=lambda route: firsts.get(id(route), len(assigned)))


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


def _check_columns(
    costs: CostModel,
    universe: Membership | None,
    routes: Sequence[Route],
    series: Sequence[Bars],
) -> None:
    """Raise UsageError if columns are to be changed of a strategy that has none."""
    slow = [r.strategy.name for r in routes if not is_array_strategy(type(r.strategy))]
    if costs.latency_bars and slow:
        raise UsageError(
            f"{slow[0]} decides bar by bar: it has no columns that could act later",
            hint="leave --latency-bars out, and keep the delay in its memory",
        )
    if universe is not None and slow:
        raise UsageError(
            f"{slow[0]} decides bar by bar: a universe cannot overrule it",
            hint="a strategy with targets(bars)",
        )
    if slow and any(bars.extra for bars in series):
        raise UsageError(
            f"{slow[0]} decides bar by bar: it is shown no extra columns",
            hint="a strategy with targets(bars), or bars without them: replace(bars, extra={})",
        )


def _targets(strategy: Any, bars: Bars) -> Targets | None:  # noqa: ANN401
    """Return a strategy's columns; None if it decides bar by bar."""
    if not is_array_strategy(type(strategy)):
        return None
    return ask_targets(strategy, bars)


def _simulate(  # noqa: PLR0913 - the terms of a run, each by its name
    targets: Sequence[Targets | None],
    *,
    assigned: Sequence[Route],
    panel: Panel,
    engine: Engine,
    cash: int,
    costs: CostModel,
    risk: RiskPolicy | None,
    close_at_end: bool,
    stop: Stop = never,
    detail: Sequence[Bars] = (),
    insides: Sequence[NDArray[np.bool_] | None],
    gone: Sequence[int],
    early: Sequence[Bars],
) -> RawRun:
    limits = no_policy(panel.interval_ms) if risk is None else risk.limits(panel.interval_ms)
    styles = [route.style.kernel() for route in assigned]
    budgets = [route.budget for route in assigned]
    targets = [
        None
        if t is None
        else without_early_opinions(t, r.strategy.min_bars - len(one))
        .only(within)
        .delayed(costs.latency_bars)
        for r, t, within, one in zip(assigned, targets, insides, early, strict=True)
    ]
    arrays = [t for t in targets if t is not None]
    if engine == "fast":
        ran = run_fast(
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
    else:
        ran = run_replay(
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
            earlier=[one for one, t in zip(early, targets, strict=True) if t is None],
        )
    return write_off(panel, ran, gone) if len(ran.equity) == len(panel) else ran


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
        params=declared(strategy),
        products=tuple(
            b.product.product_id for b, r in zip(series, assigned, strict=True) if r is route
        ),
        budget=route.budget,
        style=route.style,
        source_sha256=source_sha256(type(strategy)),
        sources=sources_of(strategy),
    )
