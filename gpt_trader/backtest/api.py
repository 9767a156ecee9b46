"""A backtest from bars to result, whoever asks for it; `counted` writes it down."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

from gpt_trader.backtest.anew import asked_anew
from gpt_trader.backtest.asked import ALONE, Scrutiny, Shell, Terms
from gpt_trader.backtest.identity import code_sha256, loaded_sha256
from gpt_trader.backtest.kept import KeptRoutes
from gpt_trader.backtest.outside import outside
from gpt_trader.backtest.prepare import Prepared, notes_of, prepare
from gpt_trader.backtest.raw_run import RawRun, check_countable
from gpt_trader.backtest.result import Halts, History, Result, StrategyUsed, TermsUsed, Timing
from gpt_trader.backtest.route import Route
from gpt_trader.backtest.run import Stop
from gpt_trader.backtest.simulation import run_targets
from gpt_trader.backtest.sources import sources_of
from gpt_trader.backtest.trust import judge
from gpt_trader.backtest.universe import listed, say_written_off
from gpt_trader.backtest.warm import since_each
from gpt_trader.data.checks.findings import judge_all
from gpt_trader.data.panel import Panel
from gpt_trader.domain.bars import Bars, Ints, read_only
from gpt_trader.domain.costs import CostModel, say_currency
from gpt_trader.domain.declared import declared
from gpt_trader.domain.targets import Targets
from gpt_trader.measure.checks import NOT_ASKED, Checks, begin_each, finish_each
from gpt_trader.measure.doubted import held_past_the_end
from gpt_trader.measure.holdout import Sealing
from gpt_trader.measure.measure import measure
from gpt_trader.measure.path import Path
from gpt_trader.strategy.asked import ask_groups, by_product
from gpt_trader.strategy.own import with_own_parameters
from gpt_trader.strategy.sight import groups_of

MIN_BARS = 2  # of a product, for a result to say anything


@dataclass(frozen=True, slots=True)
class _Ran:
    """What a run came to. run: what runs other targets on its terms.

    series, targets: until where it came. is_whole: whether that is the end.
    """

    run: Callable[..., RawRun]
    raw: RawRun
    time: Ints
    series: Sequence[Bars]
    targets: Sequence[Targets | None]
    checks: Checks
    is_whole: bool


def run_backtest(
    histories: Sequence[History],
    routes: Sequence[Route],
    terms: Terms,
    scrutiny: Scrutiny,
    *,
    earlier: Sequence[Bars | None] = (),
    sealing: Sealing | None = None,
    now_ms: int | None = None,
    shell: Shell = ALONE,
) -> Result:
    """Run strategies over history and measure it.

    earlier: as in `prepare.prepare`. sealing: the seal on these bars. now_ms: int64 ms UTC, after
    which no bar can have closed; None: it is not asked.
    Raises ValidationGateError if a check fails, UsageError and ConfigError on bad arguments,
    KeyboardInterrupt if it stopped before every product had two bars.
    """
    moments = [perf_counter()]
    ready = prepare(histories, routes, terms, earlier)
    given = {id(one): with_own_parameters(one.strategy) for one in ready.routes}
    moments.append(perf_counter())
    ran = _ask_and_run(ready, terms, scrutiny, moments, stop=shell.stop, now_ms=now_ms)
    used = tuple(
        _strategy_used(r, given[id(r)], ready) for r in _as_assigned(ready.routes, ready.assigned)
    )
    checks = replace(ran.checks, unreached=_unreached(used, ready))
    moments.append(perf_counter())

    raw, stops = ran.raw, tuple(None if t is None else t.stop for t in ran.targets)
    path = Path(
        tuple(ran.series), ready.panel.interval_ms, ran.time, read_only(raw.equity),
        read_only(raw.fills), ready.cash, stops, listed(terms.universe, ran.series),
    )  # fmt: skip
    numbers, rows = measure(path, terms.costs, close_at_end=terms.close_at_end)
    moments.append(perf_counter())
    trust = None
    if scrutiny.assess and ran.is_whole:
        trust = judge(
            ready, terms, scrutiny, sealing, run=ran.run, raw=raw, targets=ran.targets,
            path=path, metrics=numbers, checks=checks,
        )  # fmt: skip
    moments.append(perf_counter())
    loaded = ready.histories if ran.is_whole else tuple(ran.series)
    return Result(
        histories=loaded,
        strategy=used,
        terms=TermsUsed(terms.costs, terms.risk, terms.close_at_end, ready.engine),
        metrics=numbers,
        checks=checks,
        timing=_timing(moments, shell.load_s, sum(map(len, ran.series))),
        path=path,
        trade_rows=read_only(rows),
        decision_counts=read_only(raw.counts),
        refusals=read_only(raw.refusals),
        halts=_halts(ready.panel, raw),
        notes=(
            *_notes(loaded, terms.costs, ran.series),
            *say_written_off(raw, ready.panel),
            *held_past_the_end(path),
            *_hidden(used),
        ),
        label=scrutiny.label,
        assessment=trust,
        interrupted=not ran.is_whole,
        detail=tuple(terms.detail),
        universe=terms.chosen_by,
        earlier=ready.early,
        kept=KeptRoutes([replace(one, strategy=given[id(one)]) for one in ready.routes]),
        members=terms.universe,
        reads=dict(ready.reads),
    )


def _ask_and_run(
    ready: Prepared,
    terms: Terms,
    scrutiny: Scrutiny,
    moments: list[float],
    *,
    stop: Stop,
    now_ms: int | None,
) -> _Ran:
    """Ask the strategies, run what they answer, and hold it against what they answer anew."""
    strategies = [route.strategy for route in ready.assigned]
    intervals = [route.interval_ms for route in ready.assigned]
    groups = groups_of(strategies, ready.shown, ready.reads, intervals)
    made = tuple(dict.fromkeys(x for one in ready.routes for x in outside(one.strategy)))
    held = groups if scrutiny.self_check else []
    with asked_anew(held) as asks:
        begun = begin_each(held, asks, seed=scrutiny.check_seed or 0, every_row=scrutiny.check_all)
        moments.append(perf_counter())
        answers = ask_groups(groups)
        targets = since_each(by_product(groups, answers), ready.early)
        moments.append(perf_counter())
        run = partial(
            run_targets, assigned=ready.assigned, panel=ready.panel, cash=ready.cash,
            risk=terms.risk, close_at_end=terms.close_at_end, stop=stop, detail=terms.detail,
            insides=ready.insides, gone=ready.gone, early=ready.early,
        )  # fmt: skip
        raw = run(targets, engine=ready.engine, costs=terms.costs)
        check_countable(raw)
        moments.append(perf_counter())
        series, time, checks = ready.series, ready.panel.time[: len(raw.equity)], NOT_ASKED
        is_whole = len(time) == len(ready.panel)
        if not is_whole:
            series, targets = _until(time, series, targets)
        elif scrutiny.self_check:
            found = tuple(judge_all(series, now_ms=now_ms))
            checks = replace(finish_each(begun, answers), data=found)
    return _Ran(run, raw, time, series, targets, replace(checks, outside=made), is_whole)


def _until(
    time: Ints, series: Sequence[Bars], targets: Sequence[Targets | None]
) -> tuple[tuple[Bars, ...], list[Targets | None]]:
    """Return the bars that a run came to, whose opens are `time`, and their targets."""
    lengths = [int(b.time.searchsorted(time[-1], "right")) if len(time) else 0 for b in series]
    if min(lengths) < MIN_BARS:
        raise KeyboardInterrupt
    parts = tuple(b[:n] for b, n in zip(series, lengths, strict=True))
    return parts, [
        None if t is None else Targets(t.weight[:n], None if t.stop is None else t.stop[:n])
        for t, n in zip(targets, lengths, strict=True)
    ]


def _as_assigned(routes: Sequence[Route], assigned: Sequence[Route]) -> list[Route]:
    """Return routes in the order of the first product of each; in which they were given is none."""
    firsts = {id(route): j for j, route in reversed([*enumerate(assigned)])}
    return sorted(routes, key=lambda route: firsts.get(id(route), len(assigned)))


def _strategy_used(route: Route, given: Any, ready: Prepared) -> StrategyUsed:  # noqa: ANN401
    """Return what is said of a route. given: its strategy as it was before it was asked."""
    strategy = route.strategy
    return StrategyUsed(
        name=strategy.name,
        params=declared(given),
        products=tuple(
            b.product.product_id
            for b, r in zip(ready.series, ready.assigned, strict=True)
            if r is route
        ),
        budget=route.budget,
        style=route.style,
        source_sha256=code_sha256(type(strategy)),
        sources=sources_of(strategy),
        loaded_sha256=loaded_sha256(type(strategy)),
    )


def _unreached(used: Sequence[StrategyUsed], ready: Prepared) -> tuple[str, ...]:
    """Return what strategies go by of which nobody can tell what it knows of later bars."""
    files = (name for one in used for name in one.sources.unreached)
    return (*files, *ready.unheld)


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
