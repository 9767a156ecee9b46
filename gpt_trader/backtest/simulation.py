"""Targets to what became of them: one run of the kernel or of the engine, on any of its terms."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.asked import Engine
from gpt_trader.backtest.raw_run import RawRun, write_off
from gpt_trader.backtest.route import Route
from gpt_trader.backtest.run import Stop, Watch, never, run_fast, run_replay
from gpt_trader.backtest.signals import MixedSignals
from gpt_trader.data.panel import Panel
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.targets import Targets
from gpt_trader.risk.policy import RiskPolicy, no_policy


def run_targets(  # noqa: PLR0913 - the terms of a run, each by its name
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
    watch: Watch | None = None,
    detail: Sequence[Bars] = (),
    insides: Sequence[NDArray[np.bool_] | None],
    gone: Sequence[int],
    early: Sequence[Bars],
) -> RawRun:
    """Run targets; None for a product whose strategy decides bar by bar.

    assigned, early, insides, gone, cash: as in `prepare.Prepared`. stop: as in `asked.Shell`.
    watch: sees what the replay engine does.
    """
    limits = no_policy(panel.interval_ms) if risk is None else risk.limits(panel.interval_ms)
    styles = [route.style.kernel() for route in assigned]
    budgets = [route.budget for route in assigned]
    targets = [
        None if t is None else t.only(within).delayed(costs.latency_bars)
        for t, within in zip(targets, insides, strict=True)
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
            watch=watch,
            detail=detail,
            earlier=[one for one, t in zip(early, targets, strict=True) if t is None],
        )
    return write_off(panel, ran, gone) if len(ran.equity) == len(panel) else ran
