"""From what a user asked for to a finished search: settings, history, the ledger."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter, time_ns

import numpy as np
from numpy.typing import NDArray

from gpt_trader.app.backtest import Asked, load_history, resolve, restyled
from gpt_trader.backtest.api import Route
from gpt_trader.config.load import restore
from gpt_trader.config.settings import RouteSpec, Settings
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel, OrderStyle
from gpt_trader.errors import UsageError
from gpt_trader.measure.inference import Trials
from gpt_trader.optimize.objective import Objective
from gpt_trader.optimize.search import Progress, Search, optimize
from gpt_trader.optimize.space import Axis, Space
from gpt_trader.optimize.trials import books, identify, others, record
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.runtime.state_dir import state_root
from gpt_trader.strategy.registry import builtin_names
from gpt_trader.strategy.registry import resolve as find_strategy

Floats = NDArray[np.float64]

FOLDER = "optimize"


def run(
    asked: Asked,
    axes: Sequence[Axis],
    *,
    folds: int,
    objective: Objective,
    state_dir: Path | None,
    progress: Callable[[Progress], None],
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
    history, label = load_history(inputs, settings)
    load_s = perf_counter() - began
    names = {axis.name for axis in axes}
    series = [one.bars if isinstance(one, Loaded) else one for one in history]
    style = route.order_style if inputs.style is None else restyled(route.order_style, inputs.style)
    terms = (style, route.budget, settings.costs, settings.risk if inputs.risk else None, label)
    return optimize(
        history,
        find_strategy(route.strategy),
        axes,
        fixed={name: value for name, value in route.params.items() if name not in names},
        folds=folds,
        objective=objective,
        costs=settings.costs,
        risk=settings.risk if inputs.risk else None,
        style=style,
        cash=settings.cash,
        budget=route.budget,
        earlier=partial(_counted, state_root(state_dir, os.environ), terms, series),
        keep_in=state_root(state_dir, os.environ) / FOLDER,
        progress=progress,
        label=label,
        load_s=load_s,
    )


type Terms = tuple[OrderStyle, float, CostModel, RiskPolicy | None, str | None]


def _counted(
    root: Path, terms: Terms, series: Sequence[Bars], space: Space, sharpes: Floats
) -> Trials:
    """Write every point down as a trial; return the trials that are none of these points."""
    style, budget, costs, risk, label = terms
    mine = [
        replace(
            identify(
                [Route(strategy, (), budget, style)], series, costs=costs, risk=risk, label=label
            ),
            sharpe=None if np.isnan(sharpe) else float(sharpe),
        )
        for strategy, sharpe in zip(space.strategies, sharpes, strict=True)
        if strategy is not None
    ]
    ledger, now_ms = books(root), time_ns() // 1_000_000
    wrong = record(ledger, mine, now_ms=now_ms)
    found = others(ledger, mine[0], now_ms=now_ms)
    if wrong is not None:
        return replace(found, note=wrong)
    return replace(found, count=max(0, found.count - len(mine) + 1))


def _check_sets(asked: Asked, axes: Sequence[Axis]) -> None:
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
    return settings.routes[0]
