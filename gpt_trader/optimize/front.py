"""The call that the library offers: a search, each argument by its name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from os import PathLike
from typing import Literal

from gpt_trader.backtest.asked import DEFAULT_CASH, DEFAULT_RISK, Counting
from gpt_trader.backtest.compiling import say_if_compiling
from gpt_trader.backtest.given import NO_READS, Data, One, histories_given, reads_given
from gpt_trader.backtest.route import DEFAULT_STYLE
from gpt_trader.data.checks.quality import LEAST_COVERAGE_PCT
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel, OrderStyle
from gpt_trader.door import at_the_door
from gpt_trader.hints import in_python
from gpt_trader.measure.inference import Trials
from gpt_trader.optimize.counted import optimize_and_count
from gpt_trader.optimize.given import DEFAULT_FOLDS, Floats, SearchProgress, Sought, class_meant
from gpt_trader.optimize.objective import Objective
from gpt_trader.optimize.search import Search
from gpt_trader.optimize.space import Grid, Space
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.base import BarStrategy, MarketStrategy, Strategy
from gpt_trader.strategy.params import Value


@at_the_door
def optimize(  # noqa: PLR0913 - the library's call: all but three have names and defaults
    bars: Data,
    strategy: type[Strategy | MarketStrategy | BarStrategy] | str,
    grid: Grid,
    *,
    product_id: str | None = None,
    fixed: Mapping[str, Value] | None = None,
    folds: int = DEFAULT_FOLDS,
    objective: Objective = "sharpe",
    costs: CostModel = DEFAULT_COSTS,
    risk: RiskPolicy | None = DEFAULT_RISK,
    style: OrderStyle = DEFAULT_STYLE,
    cash: Decimal | int = DEFAULT_CASH,
    budget: float = 1.0,
    reads: Mapping[str, One] = NO_READS,
    order: Sequence[str] = (),
    label: str | None = None,
    min_coverage_pct: float = LEAST_COVERAGE_PCT,
    check_all: bool = False,
    check_seed: int | None = None,
    trials: Trials | Callable[[Space, Floats], Trials] | Literal[False] | None = None,
    sealed_after_ms: int | None = None,
    state_dir: str | PathLike[str] | None = None,
    keep_in: str | PathLike[str] | None = None,
    progress: Callable[[SearchProgress], None] | None = None,
    threads: int | None = None,
) -> Search:
    """Search a strategy's parameters, say what that is worth out of sample, and count each point.

    bars, product_id, costs, risk, style, cash, reads, order, label, min_coverage_pct, check_all,
        check_seed, sealed_after_ms, state_dir: as in `backtest`; a search opens no seal.
    strategy: a class with `targets(bars)` or `targets(market)`, not an object, or the name of a
        built-in one.
    grid: values of each parameter, neighbors side by side.
    fixed: values of parameters that are not searched.
    folds: walk-forward tests.
    objective: "sharpe", "return" or "calmar": what the best point has the most of.
    budget: share of the equity that the strategy trades.
    trials: what was tried before on such data, or a function that tells it from the grid and its
        (k,) daily Sharpe ratios; None: what all ledgers of the user know. Each point is written
        down in any case but False: look nothing up and write nothing down, and the verdict says
        that nobody counted.
    keep_in: folder where finished points are kept and looked for: a search that was interrupted
        goes on from there. None: nowhere.
    progress: told how far the search is, after each point.
    threads: points run at a time; None: one a processor.

    Raises UsageError, ConfigError and DataError on bad arguments, GapError if bars are missing,
    ValidationGateError if the strategy looks ahead, StrategyError if every point fails.
    """
    sought = Sought(
        class_meant(strategy), grid, fixed=fixed, folds=folds, objective=objective, costs=costs,
        risk=risk, style=style, cash=cash, budget=budget, label=label, check_all=check_all,
        check_seed=check_seed, trials=trials, keep_in=keep_in, progress=progress, threads=threads,
        reads=reads_given(reads),
    )  # fmt: skip
    counting = Counting(
        order=order, min_coverage_pct=min_coverage_pct, sealed_after_ms=sealed_after_ms,
        state_dir=state_dir,
    )  # fmt: skip
    say_if_compiling()
    found = optimize_and_count(histories_given(bars, product_id), sought, counting)
    notes = tuple(map(in_python, found.notes))
    return replace(found, notes=notes, verdict=found.verdict.in_python())
