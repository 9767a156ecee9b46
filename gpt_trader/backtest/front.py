"""The call that the library offers: a backtest, each argument by its name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from os import PathLike
from typing import Literal

from gpt_trader.backtest.asked import (
    DEFAULT_CASH,
    DEFAULT_RISK,
    Counting,
    Engine,
    Scrutiny,
    Terms,
)
from gpt_trader.backtest.compiling import say_if_compiling
from gpt_trader.backtest.counted import backtest_and_count
from gpt_trader.backtest.given import (
    NO_READS,
    Data,
    Meant,
    One,
    check_order,
    histories_given,
    reads_given,
    routes_given,
)
from gpt_trader.backtest.result import Result
from gpt_trader.backtest.route import DEFAULT_STYLE
from gpt_trader.data.checks.quality import LEAST_COVERAGE_PCT
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel, OrderStyle
from gpt_trader.domain.selection import Membership
from gpt_trader.door import at_the_door
from gpt_trader.hints import in_python
from gpt_trader.measure.assess import Trials
from gpt_trader.measure.path import Path as RunPath
from gpt_trader.risk.policy import RiskPolicy


@at_the_door
def backtest(  # noqa: PLR0913 - the library's call: all but two have names and defaults
    bars: Data,
    strategy: Meant,
    *,
    product_id: str | None = None,
    costs: CostModel = DEFAULT_COSTS,
    risk: RiskPolicy | None = DEFAULT_RISK,
    style: OrderStyle = DEFAULT_STYLE,
    cash: Decimal | int = DEFAULT_CASH,
    close_at_end: bool = False,
    start_ms: int | None = None,
    cold_start: bool = False,
    engine: Engine | None = None,
    detail: Sequence[Bars] = (),
    universe: Membership | None = None,
    reads: Mapping[str, One] = NO_READS,
    order: Sequence[str] = (),
    label: str | None = None,
    min_coverage_pct: float = LEAST_COVERAGE_PCT,
    self_check: bool = True,
    check_all: bool = False,
    check_seed: int | None = None,
    assess: bool = False,
    nulls: int | None = None,
    trials: Trials | Callable[[RunPath], Trials] | Literal[False] | None = None,
    sealed_after_ms: int | None = None,
    unseal: bool = False,
    state_dir: str | PathLike[str] | None = None,
) -> Result:
    """Run a strategy over history, measure it, and count it as a trial.

    What is traded, and on what terms:
    bars: one product's, or one entry a product, of one interval, sharing one cash account; what
        `load_bars` gives, or a frame, rows, a file or a dict of them, as it takes them.
    strategy: a dataclass with `targets(bars)`, `targets(market)` or `on_bar(view, memory)`, on all
        products; a function of bars that returns Targets or (n,) weights, or of a `market` that
        returns them by product; the name of a built-in one; or
        routes, each a strategy on some products.
    product_id: whose bars a frame, rows or a file are, where they do not say it.
    costs: fees, spread, slippage, impact, latency.
    risk: limits on sizes, losses and drawdown; None: no limits.
    style: how orders are placed; routes have their own.
    cash: quote currency at the start.
    close_at_end: sell what is held at the last close.

    What of the history is run, and how:
    start_ms: where the run begins, int64 ms UTC; None: at the first bar. Strategies warm up on the
        bars before it, and on those that a file was read with; nothing is traded or measured there.
    cold_start: do not warm up.
    engine: "fast" for whole columns, "replay" bar by bar; None: "fast" where the strategy can.
        Both give the same fills.
    detail: finer bars, one series a product, that `bars` were resampled from: they decide what
        happens inside a bar.
    universe: who may be held when (`gpt_trader.domain.selection.members`). A product that is out at
        a bar's close has a target of 0 there; what could not be sold before its listing ends counts
        as nothing.
    reads: series that a market strategy reads and does not trade, by the names that it states:
        {"BTC-USD@1d": bars}; each as `bars` may be. One that is traded need not be given.
    order: products that decide first, in this order; the others follow by name.
    label: what is said of the data, such as "synthetic".
    min_coverage_pct: share of each product's bars that must be there, percent.

    How closely it is looked at:
    self_check: look for look-ahead and for too short a warm-up.
    check_all: at every row, else at as many as cost little.
    check_seed: draws those rows; None: others at every run.
    assess: say how far the result can be trusted: `result.assessment`.
    nulls: runs of the same targets at other times that an assessment holds the result against;
        None: as many as take about 0.3 s.
    trials: what else was tried on these products and times, or a function that tells it of the
        run; None: what all ledgers of the user know. The run is written down in any case but
        False: look nothing up and write nothing down, and the assessment says that nobody counted.
    sealed_after_ms: from where on these products' bars are sealed, int64 ms UTC.
    unseal: open what is sealed, once and for ever.
    state_dir: folder of the ledger, `trials.jsonl`, and of seals; None: GPT_TRADER_STATE_DIR, else
        the user's state folder. Trials of the user's other state folders count, too.

    The same strategy, code, parameters, products, times, costs, limits and cash count once. A
    ledger that cannot be read or written fails no backtest: it is said in the notes, and caps the
    verdict.

    Raises ValidationGateError if a check fails, GapError if bars are missing, UsageError and
    ConfigError on bad arguments, StrategyError if the strategy fails.
    """
    histories = histories_given(bars, product_id)
    routes, notes = routes_given(strategy, style, histories)
    counting = Counting(
        start_ms=start_ms, cold_start=cold_start, order=order,
        min_coverage_pct=min_coverage_pct, sealed_after_ms=sealed_after_ms, unseal=unseal,
        state_dir=state_dir,
    )  # fmt: skip
    check_order(order, histories)
    say_if_compiling()
    found = backtest_and_count(
        histories,
        routes,
        Terms(
            costs=costs, risk=risk, cash=cash, close_at_end=close_at_end, engine=engine,
            detail=detail, universe=universe, reads=reads_given(reads),
        ),
        Scrutiny(
            self_check=self_check, check_all=check_all, check_seed=check_seed, assess=assess,
            nulls=nulls, trials=trials, label=label,
        ),
        counting,
    )  # fmt: skip
    return _in_python(replace(found, notes=(*found.notes, *notes)))


def _in_python(found: Result) -> Result:
    """Return a result that speaks of arguments, not of flags."""
    sure = found.assessment
    return replace(
        found,
        notes=tuple(map(in_python, found.notes)),
        assessment=None if sure is None else replace(sure, verdict=sure.verdict.in_python()),
    )
