"""A search whose points are counted: what the command and the library run."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.api import DEFAULT_RISK, DEFAULT_STYLE, Route, histories_of
from gpt_trader.backtest.result import History
from gpt_trader.backtest.trials import Books, Trial, books, identify, others, record
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel, OrderStyle
from gpt_trader.journal.root import state_root
from gpt_trader.measure.inference import Trials
from gpt_trader.optimize.search import Search, optimize
from gpt_trader.optimize.space import Axis, Space
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.params import Value

Floats = NDArray[np.float64]


def optimize_and_count(
    bars: History | Sequence[History],
    strategy: type[Any],
    grid: Mapping[str, Sequence[Value]] | Sequence[Axis],
    *,
    costs: CostModel = DEFAULT_COSTS,
    risk: RiskPolicy | None = DEFAULT_RISK,
    style: OrderStyle = DEFAULT_STYLE,
    budget: float = 1.0,
    label: str | None = None,
    earlier: Trials | Callable[[Space, Floats], Trials] | None = None,
    state_dir: Path | str | None = None,
    **options: Any,  # noqa: ANN401
) -> Search:
    """Search (`search.optimize` has the other arguments) and count each point as a trial.

    earlier: what was tried before; None: what the ledger knows. state_dir: as in a counted
    backtest. Raises what `search.optimize` does.
    """
    if earlier is None:
        series = [one for one, _ in histories_of(bars)]
        terms = partial(identify, bars=series, costs=costs, risk=risk, label=label)
        ledger = books(state_root(state_dir, os.environ))
        earlier = partial(_count, ledger, lambda point: terms([Route(point, (), budget, style)]))
    return optimize(
        bars,
        strategy,
        grid,
        costs=costs,
        risk=risk,
        style=style,
        budget=budget,
        label=label,
        earlier=earlier,
        **options,
    )


def _count(
    ledger: Books, trial_of: Callable[[Any], Trial], space: Space, sharpes: Floats
) -> Trials:
    """Write every point down as a trial; return the trials that are none of these points."""
    mine = [
        replace(trial_of(point), sharpe=None if np.isnan(sharpe) else float(sharpe))
        for point, sharpe in zip(space.strategies, sharpes, strict=True)
        if point is not None
    ]
    now_ms = time.time_ns() // 1_000_000
    wrong = record(ledger, mine, now_ms=now_ms)
    found = others(ledger, mine[0], now_ms=now_ms)
    before = max(0, found.count - len(mine) + 1)  # what could not be written is found as well
    return replace(found, count=before, note=found.note if wrong is None else wrong)
