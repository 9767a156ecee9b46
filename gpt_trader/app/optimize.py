"""From what a user asked for to a finished search: settings, history, the ledger."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from gpt_trader.app.backtest import (
    BacktestRequest,
    load_history,
    reads_of,
    resolve,
    restyle,
)
from gpt_trader.backtest.asked import Counting
from gpt_trader.backtest.prepare import histories_of
from gpt_trader.backtest.reads import watched_reads
from gpt_trader.backtest.warm import since
from gpt_trader.config.load import restore
from gpt_trader.config.settings import RouteSpec, Settings
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.times import format_interval
from gpt_trader.errors import UsageError
from gpt_trader.journal.root import state_root
from gpt_trader.optimize.counted import optimize_and_count
from gpt_trader.optimize.given import SearchProgress, Sought
from gpt_trader.optimize.objective import Objective
from gpt_trader.optimize.search import Search
from gpt_trader.optimize.space import Axis
from gpt_trader.strategy.registry import builtin_names
from gpt_trader.strategy.registry import resolve as find_strategy

Floats = NDArray[np.float64]

FOLDER = "optimize"


def run(
    asked: BacktestRequest,
    axes: Sequence[Axis],
    *,
    folds: int,
    objective: Objective,
    state_dir: Path | None,
    progress: Callable[[SearchProgress], None],
) -> Search:
    """Load what was asked for and search it; an interrupt leaves what is done to go on from.

    progress: told how far the sweep is. Raises UsageError, ConfigError, DataError and
    ValidationGateError.
    """
    _check_sets(asked, axes)
    inputs = resolve(asked)
    settings = restore(inputs.settings, inputs.profile)
    route = _single(settings)
    began = perf_counter()
    history: Sequence[Loaded | Bars]
    history, label = load_history(inputs, settings)
    if inputs.start_ms is not None:
        history = [since(one, inputs.start_ms) for one in history]
    series = [bars for bars, _ in histories_of(history)]
    load_s = perf_counter() - began
    names = {axis.name for axis in axes}
    style = route.order_style if inputs.style is None else restyle(route.order_style, inputs.style)
    with watched_reads():
        strategy = find_strategy(route.strategy)
    sought = Sought(
        strategy,
        axes,
        fixed={name: value for name, value in route.params.items() if name not in names},
        folds=folds,
        objective=objective,
        costs=settings.costs,
        risk=settings.risk if inputs.risk else None,
        style=style,
        cash=settings.cash,
        budget=route.budget,
        label=label,
        check_all=inputs.check_all,
        check_seed=inputs.check_seed,
        keep_in=state_root(state_dir, os.environ) / FOLDER,
        progress=progress,
        reads=reads_of(inputs, series[0].interval_ms),
    )
    counting = Counting(
        order=settings.products,
        min_coverage_pct=settings.data.min_coverage_pct,
        sealed_after_ms=inputs.sealed_after_ms,
        state_dir=state_dir,
    )
    return optimize_and_count(history, sought, counting, load_s=load_s)


def _check_sets(asked: BacktestRequest, axes: Sequence[Axis]) -> None:
    given = {text.partition("=")[0].strip() for text in asked.sets}
    for axis in axes:
        if axis.name in given:
            raise UsageError(
                f"{axis.name} is given by --grid and by --set", hint="leave one of them"
            )


def _single(settings: Settings) -> RouteSpec:
    if not settings.routes:
        raise UsageError("which strategy?", hint=f"--strategy NAME: {', '.join(builtin_names())}")
    if len(settings.routes) > 1:
        raise UsageError(
            f"profile {settings.profile} has {len(settings.routes)} routes, one is searched",
            hint="name the strategy: --strategy NAME",
        )
    [route] = settings.routes
    if route.interval_ms:
        raise UsageError(
            f"{route.strategy} decides on longer bars, and a search has those that are traded",
            hint=f"--interval {format_interval(route.interval_ms)}, and no interval in the route",
        )
    return route
