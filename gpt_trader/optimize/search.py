"""A search from bars to verdict: what the command calls and the library offers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.api import DEFAULT_CASH, DEFAULT_RISK, DEFAULT_STYLE, cash_units
from gpt_trader.backtest.result import DataUsed, History, data_used
from gpt_trader.data.files.bar_files import Loaded
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel, OrderStyle, check_latency
from gpt_trader.errors import UsageError
from gpt_trader.measure.checks import Checks, check, together
from gpt_trader.measure.inference import Trials
from gpt_trader.measure.verdict import Verdict
from gpt_trader.observe.provenance import source_sha256, sources_sha256, versions
from gpt_trader.optimize.folds import make_folds
from gpt_trader.optimize.heatmap import HeatMap, heat_map
from gpt_trader.optimize.judge import judge
from gpt_trader.optimize.keep import PointStore, digest_of
from gpt_trader.optimize.luck import Luck, daily_sharpes, luck
from gpt_trader.optimize.objective import Objective, daily_returns, scores
from gpt_trader.optimize.overfit import Overfit, overfit
from gpt_trader.optimize.plateau import choose, plateau_scores
from gpt_trader.optimize.space import Axis, Space, make_space
from gpt_trader.optimize.sweep import SearchTerms, sweep
from gpt_trader.optimize.walk import WalkForward, walk_forward
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.answers import ask_targets
from gpt_trader.strategy.params import Value
from gpt_trader.strategy.registry import is_array_strategy

Floats = NDArray[np.float64]

DEFAULT_FOLDS = 5
KEEP_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """How far a sweep is. best: index and score of the best point so far, None before one."""

    done: int
    total: int
    best: tuple[int, float] | None


@dataclass(frozen=True, slots=True)
class SearchTiming:
    """Wall time in seconds; kept: points that were not run again."""

    load_s: float
    sweep_s: float
    total_s: float
    kept: int


@dataclass(frozen=True, slots=True)
class Search:
    """A finished search.

    closes: (k, d) daily equity of each grid point over all days, NaN where it is impossible.
    scores, plateau: (k,) of the objective, NaN where undefined. chosen: index of the point that
    the plateau rule takes over all days; None if no point traded. search_id: digest of all that
    went in.
    """

    search_id: str
    strategy: str
    fixed: Mapping[str, Value]
    data: tuple[DataUsed, ...]
    terms: SearchTerms
    objective: Objective
    space: Space
    closes: Floats
    scores: Floats
    plateau: Floats
    chosen: int | None
    walk: WalkForward
    luck: Luck
    overfit: Overfit | None
    checks: Checks
    verdict: Verdict
    label: str | None
    timing: SearchTiming

    @property
    def map(self) -> HeatMap:
        """The grid as a map of its first two parameters."""
        return heat_map(self.space, self.scores, self.chosen)

    @property
    def best_first(self) -> list[int]:
        """Indices of the points that have a score, by falling plateau score, then score."""
        order = np.lexsort((-self.scores, -self.plateau))
        return [int(i) for i in order if not np.isnan(self.scores[i])]


def optimize(  # noqa: PLR0913 - the library's call: all but three have defaults
    bars: History | Sequence[History],
    strategy: type[Any],
    grid: Mapping[str, Sequence[Value]] | Sequence[Axis],
    *,
    fixed: Mapping[str, Value] | None = None,
    folds: int = DEFAULT_FOLDS,
    objective: Objective = "sharpe",
    costs: CostModel = DEFAULT_COSTS,
    risk: RiskPolicy | None = DEFAULT_RISK,
    style: OrderStyle = DEFAULT_STYLE,
    cash: Decimal | int = DEFAULT_CASH,
    budget: float = 1.0,
    earlier: Trials | Callable[[Space, Floats], Trials] | None = None,
    keep_in: Path | None = None,
    progress: Callable[[SearchProgress], None] | None = None,
    threads: int | None = None,
    label: str | None = None,
    load_s: float = 0.0,
) -> Search:
    """Search a strategy's parameters, and say what the search is worth out of sample.

    bars, costs, risk, style, cash, label, load_s: as in `backtest`. strategy: a class, with
    `fixed` parameters that are not searched. grid: values of each parameter, neighbors side by
    side. folds: walk-forward tests. earlier: trials made before on such data, or a function that
    tells them from the grid and its (k,) daily Sharpe ratios; None if nobody counted. keep_in:
    folder where finished points are kept and looked for. threads: None: one a processor.
    KeyboardInterrupt keeps what is finished, if there is a folder.
    Raises UsageError, DataError, and ValidationGateError if the strategy looks ahead.
    """
    began = perf_counter()
    if not is_array_strategy(strategy):
        raise UsageError(
            f"{strategy.name} decides bar by bar: it cannot be searched",
            hint="give it targets(bars), which computes whole columns",
        )
    histories = [bars] if isinstance(bars, Bars | Loaded) else list(bars)
    series = tuple(one.bars if isinstance(one, Loaded) else one for one in histories)
    axes = [Axis(n, tuple(v)) for n, v in grid.items()] if isinstance(grid, Mapping) else grid
    space = make_space(strategy, axes, fixed)
    terms = SearchTerms(series, cash_units(cash), costs, risk, style, budget)
    check_latency(costs, series[0].interval_ms)
    cuts = make_folds(terms.days, folds)
    _check(series, next(one for one in space.strategies if one is not None))

    data = tuple(data_used(one) for one in histories)
    ground = _ground(strategy, fixed or {}, data, terms)
    kept = None if keep_in is None else PointStore(keep_in, ground, terms.days)
    swept = perf_counter()
    closes, known = _run_points(terms, space, kept, objective, progress, threads)
    finished = perf_counter()

    found = scores(closes, terms.start, objective)
    chosen = choose(found, space.shape)
    walk = walk_forward(terms, space.strategies, space.shape, closes, cuts, objective)
    ran = ~np.isnan(closes[:, 0])
    returns = daily_returns(closes[ran])
    if callable(earlier):
        earlier = earlier(space, daily_sharpes(daily_returns(closes)))
    weighed = luck(returns, None if chosen is None else int(ran[:chosen].sum()), earlier)
    fitted = overfit(returns)
    used = {run.point for run in walk.folds} | {chosen}
    return Search(
        search_id=digest_of([ground, space.points, objective, folds]),
        strategy=strategy.name,
        fixed=dict(fixed or {}),
        data=data,
        terms=terms,
        objective=objective,
        space=space,
        closes=closes,
        scores=found,
        plateau=plateau_scores(found, space.shape),
        chosen=chosen,
        walk=walk,
        luck=weighed,
        overfit=fitted,
        checks=together(
            [c for i in sorted(p for p in used if p is not None)
             for c in _check(series, space.strategies[i])]
        ),
        verdict=judge(walk, weighed, fitted, label),
        label=label,
        timing=SearchTiming(load_s, finished - swept, load_s + perf_counter() - began, known),
    )  # fmt: skip


def _check(series: Sequence[Bars], strategy: Any) -> list[Checks]:  # noqa: ANN401
    """Look for look-ahead and too short a warm-up; raise ValidationGateError on either."""
    return [check(strategy, bars, ask_targets(strategy, bars)) for bars in series]


def _ground(
    strategy: type[Any], fixed: Mapping[str, Value], data: Sequence[DataUsed], terms: SearchTerms
) -> str:
    """Return a digest of all that decides a point's closes, its own parameters aside."""
    return digest_of(
        {
            "code": [sources_sha256(), source_sha256(strategy), versions()],
            "strategy": [strategy.name, strategy.__qualname__, dict(fixed)],
            "data": [asdict(one) for one in data],
            "products": [asdict(bars.product) for bars in terms.series],
            "terms": [
                terms.cash,
                asdict(terms.costs),
                None if terms.risk is None else asdict(terms.risk),
                asdict(terms.style),
                terms.budget,
            ],
        }
    )


def _run_points(
    terms: SearchTerms,
    space: Space,
    kept: PointStore | None,
    objective: Objective,
    progress: Callable[[SearchProgress], None] | None,
    threads: int | None,
) -> tuple[Floats, int]:
    """Run the points that are not kept; return all closes, and how many were kept."""
    names = [digest_of(point) for point in space.points]
    stored = {} if kept is None else kept.load()
    known = {i: stored[name] for i, name in enumerate(names) if name in stored}
    told = _Told(terms, kept, names, objective, progress, len(names) - space.impossible)
    for i, row in known.items():
        told.note(i, row)
    try:
        closes = sweep(terms, space.strategies, known=known, done=told.done, threads=threads)
    finally:
        told.flush()
    return closes, len(known)


class _Told:
    """Keeps each point that is done, and says how far the sweep is."""

    def __init__(
        self,
        terms: SearchTerms,
        kept: PointStore | None,
        names: Sequence[str],
        objective: Objective,
        progress: Callable[[SearchProgress], None] | None,
        total: int,
    ) -> None:
        self._score = partial(scores, start=terms.start, objective=objective)
        self._kept, self._names, self._progress = kept, names, progress
        self._now = SearchProgress(0, total, None)
        self._waiting: dict[str, Floats] = {}
        self._flushed = perf_counter()

    def done(self, i: int, row: Floats) -> None:
        """Take a finished point."""
        self._waiting[self._names[i]] = row
        if perf_counter() - self._flushed > KEEP_EVERY_S:
            self.flush()
        self.note(i, row)

    def note(self, i: int, row: Floats) -> None:
        """Count a point."""
        if self._progress is None:
            return
        score = float(self._score(row[None])[0])
        best = self._now.best
        if not np.isnan(score) and (best is None or score > best[1]):
            best = (i, score)
        self._now = SearchProgress(self._now.done + 1, self._now.total, best)
        self._progress(self._now)

    def flush(self) -> None:
        """Write what waits to the disk."""
        if self._kept is not None and self._waiting:
            self._kept.append(self._waiting)
        self._waiting = {}
        self._flushed = perf_counter()
