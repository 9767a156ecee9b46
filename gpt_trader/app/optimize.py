"""From what a user asked for to a finished search: settings, history, progress, interrupts."""

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter, time_ns

import numpy as np
import typer
from numpy.typing import NDArray

from gpt_trader.app.backtest import Asked, load_history, resolve, restyled
from gpt_trader.backtest.api import Route
from gpt_trader.cli.output import note, verbosity
from gpt_trader.config.load import restore
from gpt_trader.config.settings import RouteSpec, Settings
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel, OrderStyle
from gpt_trader.errors import UsageError
from gpt_trader.measure.inference import Trials
from gpt_trader.optimize.objective import Objective
from gpt_trader.optimize.search import Progress, Search, optimize
from gpt_trader.optimize.space import Axis, Space, parse_axis
from gpt_trader.optimize.trials import books, identify, others, record
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.runtime.state_dir import state_root
from gpt_trader.strategy.registry import builtin_names
from gpt_trader.strategy.registry import resolve as find_strategy

Floats = NDArray[np.float64]

INTERRUPTED = 130
FOLDER = "optimize"
SHOW_EVERY_S = 0.2


def run(
    asked: Asked,
    grid: Sequence[str],
    *,
    folds: int,
    objective: Objective,
    state_dir: Path | None,
) -> Search:
    """Load what was asked for and search it; an interrupt ends with how to go on.

    Raises UsageError, ConfigError, DataError, ValidationGateError, and typer.Exit(130).
    """
    axes = [parse_axis(text) for text in grid]
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
    shown = _Shown(axes)
    try:
        return optimize(
            history,
            find_strategy(route.strategy),
            axes,
            fixed={name: value for name, value in route.params.items() if name not in names},
            folds=folds,
            objective=objective,
            costs=settings.costs,
            risk=settings.risk if inputs.risk else None,
            style=route.order_style
            if inputs.style is None
            else restyled(route.order_style, inputs.style),
            cash=settings.cash,
            budget=route.budget,
            earlier=partial(_counted, state_root(state_dir, os.environ), terms, series),
            keep_in=state_root(state_dir, os.environ) / FOLDER,
            progress=shown.note,
            label=label,
            load_s=load_s,
        )
    except KeyboardInterrupt:
        shown.clear()
        note(f"stopped: {shown.done:,} of {shown.total:,} points are done and kept")
        note(f"go on with: {again()}")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        shown.clear()


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


def again() -> str:
    """Return this very command."""
    return shlex.join(["gpt-trader", *sys.argv[1:]])


def next_command(asked: Asked, search: Search) -> str:
    """Return the backtest of the chosen point, or of the strategy where none was chosen."""
    params = {} if search.chosen is None else search.space.points[search.chosen]
    words = ["gpt-trader", "backtest"]
    words += [*(["--demo"] if asked.demo else []), "--strategy", search.strategy]
    if asked.flags["strategy"] is not None:
        words[-1] = str(asked.flags["strategy"])
    if asked.profile is not None:
        words += ["--profile", asked.profile]
    for one in asked.data:
        words += ["--data", one]
    for text in [*asked.sets, *(f"{name}={value}" for name, value in params.items())]:
        words += ["--set", text]
    return shlex.join(words)


class _Shown:
    """A line on stderr, where that is a terminal: points done, best so far, time left."""

    def __init__(self, axes: Sequence[Axis]) -> None:
        self._axes = axes
        self._terminal = sys.stderr.isatty() and verbosity() >= 0
        self._began = self._last = perf_counter()
        self.done = self.total = 0

    def note(self, now: Progress) -> None:
        """Take how far the sweep is, and show it if it is time to."""
        self.done, self.total = now.done, now.total
        at = perf_counter()
        if not self._terminal or at - self._last < SHOW_EVERY_S:
            return
        self._last = at
        left_s = (at - self._began) / now.done * (now.total - now.done)
        best = "" if now.best is None else f", best {now.best[1]:.2f} at {self._named(now.best[0])}"
        line = f"{now.done:,} of {now.total:,} points{best}, {left_s:.0f} s left"
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _named(self, index: int) -> str:
        parts = []
        for axis in reversed(self._axes):
            index, at = divmod(index, len(axis.values))
            parts.append(f"{axis.name}={axis.values[at]}")
        return " ".join(reversed(parts))
