"""A backtest that is counted: what the command and the library run."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from gpt_trader.backtest.api import (
    DEFAULT_RISK,
    DEFAULT_STYLE,
    Route,
    backtest,
    histories_of,
    routes_of,
)
from gpt_trader.backtest.result import History, Result
from gpt_trader.backtest.trials import books, count, identify, others, record, say_new, with_sharpe
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel, OrderStyle
from gpt_trader.domain.selection import Membership
from gpt_trader.journal.root import state_root
from gpt_trader.measure.assess import Trials, say_unrecorded
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.base import Strategy


def backtest_and_count(
    bars: History | Sequence[History],
    strategy: Strategy | Sequence[Route],
    *,
    costs: CostModel = DEFAULT_COSTS,
    risk: RiskPolicy | None = DEFAULT_RISK,
    style: OrderStyle = DEFAULT_STYLE,
    assess: bool = False,
    trials: Trials | None = None,
    label: str | None = None,
    universe: Membership | None = None,
    chosen_by: Mapping[str, Any] | None = None,
    state_dir: Path | str | None = None,
    **options: Any,  # noqa: ANN401
) -> Result:
    """Run a backtest (`api.backtest` has the other arguments) and count it as a trial.

    The same strategy, code, parameters, products, times, costs and limits count once. trials: what
    else was tried, for the assessment; None: what the ledger knows. chosen_by: what decides the
    universe, as JSON holds it; None: its members. state_dir: the folder of the ledger,
    `trials.jsonl`; None: GPT_TRADER_STATE_DIR, else the user's state folder. A ledger that cannot
    be read or written fails no backtest: it is said in the notes and caps the verdict.
    Raises what `api.backtest` does.
    """
    ledger = books(state_root(state_dir, os.environ))
    now_ms = time.time_ns() // 1_000_000
    series = [one for one, _ in histories_of(bars)]
    trial = identify(
        routes_of(strategy, style),
        series,
        costs=costs,
        risk=risk,
        label=label,
        universe=_members(universe) if chosen_by is None else chosen_by,
    )
    if assess and trials is None:
        trials = others(ledger, trial, now_ms=now_ms)
    result = backtest(
        bars,
        strategy,
        costs=costs,
        risk=risk,
        style=style,
        assess=assess,
        trials=trials,
        label=label,
        universe=universe,
        **options,
    )
    outcome = None if result.interrupted else result.metrics.sharpe
    trial = with_sharpe(trial, outcome)
    if assess:  # whoever looks closely waits for the disk
        problem = record(ledger, [trial], now_ms=now_ms)
    else:
        problem = count(ledger, trial, now_ms=now_ms)
    if (said := say_new(trial)) is not None:
        result = replace(result, notes=(*result.notes, said))
    if problem is None:
        return result
    if result.assessment is not None:
        return replace(result, assessment=say_unrecorded(result.assessment, problem))
    return result if assess else replace(result, notes=(*result.notes, problem))


def _members(universe: Membership | None) -> Mapping[str, Any] | None:
    if universe is None:
        return None
    told = sha256(universe.moments.tobytes() + universe.mask.tobytes())
    return {"members": told.hexdigest(), "products": list(universe.product_ids)}
