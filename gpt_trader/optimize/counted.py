"""A search whose points are counted: what the command and the library run."""

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.asked import DEFAULT_CASH, DEFAULT_RISK
from gpt_trader.backtest.contained import contained
from gpt_trader.backtest.content import sketch
from gpt_trader.backtest.counted import SEED_BITS
from gpt_trader.backtest.holes import check_coverage
from gpt_trader.backtest.plan_order import plan_order
from gpt_trader.backtest.prepare import histories_of
from gpt_trader.backtest.result import History
from gpt_trader.backtest.route import DEFAULT_STYLE, Route
from gpt_trader.backtest.seals import admit
from gpt_trader.backtest.trials import Books, Trial, books, identify, of_data, others, record
from gpt_trader.backtest.warm import known
from gpt_trader.data.checks.quality import LEAST_COVERAGE_PCT
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel, OrderStyle
from gpt_trader.domain.decimals import in_plain_decimals
from gpt_trader.journal.root import state_root
from gpt_trader.measure.inference import Trials
from gpt_trader.optimize.objective import Objective
from gpt_trader.optimize.search import DEFAULT_FOLDS, Search, SearchProgress, optimize
from gpt_trader.optimize.space import Grid, Space
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.params import Value

Floats = NDArray[np.float64]
type Before = Trials | Callable[[Space, Floats], Trials]


@in_plain_decimals
def optimize_and_count(  # noqa: PLR0913 - the library's call, each by its name
    bars: History | Sequence[History],
    strategy: type[Any],
    grid: Grid,
    *,
    fixed: Mapping[str, Value] | None = None,
    folds: int = DEFAULT_FOLDS,
    objective: Objective = "sharpe",
    costs: CostModel = DEFAULT_COSTS,
    risk: RiskPolicy | None = DEFAULT_RISK,
    style: OrderStyle = DEFAULT_STYLE,
    cash: Decimal | int = DEFAULT_CASH,
    budget: float = 1.0,
    label: str | None = None,
    trials: Before | Literal[False] | None = None,
    state_dir: str | PathLike[str] | None = None,
    sealed_after_ms: int | None = None,
    keep_in: Path | None = None,
    progress: Callable[[SearchProgress], None] | None = None,
    threads: int | None = None,
    check_seed: int | None = None,
    check_all: bool = False,
    min_coverage_pct: float = LEAST_COVERAGE_PCT,
    order: Sequence[str] = (),
    load_s: float = 0.0,
) -> Search:
    """Search (`search.optimize` has the other arguments) and count each point as a trial.

    trials: what was tried before, in place of what the ledger knows (None); each point is written
    down all the same. False: nothing is looked up or written, and nobody counts. state_dir,
    check_seed, min_coverage_pct, order: as in a counted backtest. sealed_after_ms: as there; a
    search opens no seal. Raises GapError, and what `search.optimize` and `seals.admit` do.
    """
    pairs = histories_of(bars)
    places = plan_order([one.product.product_id for one, _ in pairs], order)
    given = [pairs[i][1] for i in places]
    check_coverage(given, min_coverage_pct)
    series = [pairs[i][0] for i in places]
    root, now_ms = state_root(state_dir, os.environ), time.time_ns() // 1_000_000
    reader = of_data(strategy.name, series, label)
    admit(
        root, reader, list(map(known, given)),
        sealed_after_ms=sealed_after_ms, unseal=False, now_ms=now_ms,
    )  # fmt: skip
    if trials is not False:
        terms = partial(
            identify, bars=series, costs=costs, risk=risk, label=label,
            content=[sketch(one) for one in series], cash=cash,
        )  # fmt: skip
        ledger = books(root)
        trials = partial(
            _count, ledger, lambda point: terms([Route(point, (), budget, style)]), trials
        )
    with contained([strategy], series) as moved:
        found = optimize(
            given,
            strategy,
            grid,
            fixed=fixed,
            folds=folds,
            objective=objective,
            costs=costs,
            risk=risk,
            style=style,
            cash=cash,
            budget=budget,
            label=label,
            trials=None if trials is False else trials,
            now_ms=now_ms,
            check_seed=secrets.randbits(SEED_BITS) if check_seed is None else check_seed,
            check_all=check_all,
            keep_in=keep_in,
            progress=progress,
            threads=threads,
            load_s=load_s,
        )
    return replace(found, notes=(*found.notes, *moved))


def _count(
    ledger: Books,
    trial_of: Callable[[Any], Trial],
    told: Before | None,
    space: Space,
    sharpes: Floats,
) -> Trials:
    """Write every point down as a trial; return the trials that are none of these points.

    told: those, as somebody else counted them.
    """
    mine = [
        replace(trial_of(point), sharpe=None if np.isnan(sharpe) else float(sharpe))
        for point, sharpe in zip(space.strategies, sharpes, strict=True)
        if point is not None
    ]
    now_ms = time.time_ns() // 1_000_000
    wrong = record(ledger, mine, now_ms=now_ms)
    if told is None:
        found = others(ledger, mine[0], now_ms=now_ms)
        before = max(0, found.count - len(mine) + 1)  # what could not be written is found as well
        found = replace(found, count=before)
    else:
        found = told(space, sharpes) if callable(told) else told
    return found if wrong is None else replace(found, note=wrong)
