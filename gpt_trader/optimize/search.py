"""A search from bars to verdict: what the command calls and the library offers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from gpt_trader.backtest.anew import asked_anew
from gpt_trader.backtest.beside import check_beside
from gpt_trader.backtest.identity import tell_code, tell_parameters, tell_route
from gpt_trader.backtest.notebook.drawing import Drawing
from gpt_trader.backtest.notebook.framed import FramedPage
from gpt_trader.backtest.outside import outside
from gpt_trader.backtest.prepare import cash_units, histories_of, notes_of
from gpt_trader.backtest.reads import read_by, touched_by, watched_reads
from gpt_trader.backtest.result import DataUsed, History, data_used
from gpt_trader.backtest.route import Route
from gpt_trader.backtest.sources import sources_of
from gpt_trader.backtest.told import Whole, tell_whole
from gpt_trader.backtest.upward import ask
from gpt_trader.data.checks.findings import judge_all, say_doubts
from gpt_trader.data.checks.quality import digest
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import (
    check_latency,
    say_currency,
)
from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.door import at_the_door
from gpt_trader.errors import StrategyError, UsageError
from gpt_trader.measure.checks import Checks, begin_each, finish_each, together
from gpt_trader.measure.doubt import UNTESTED, Doubt
from gpt_trader.measure.inference import Trials
from gpt_trader.measure.metrics import returns_since
from gpt_trader.measure.verdict import Verdict, unchecked, unreal_terms
from gpt_trader.observe.provenance import sources_sha256, versions
from gpt_trader.optimize.failing import Failing, attempt
from gpt_trader.optimize.folds import make_folds
from gpt_trader.optimize.given import Floats, SearchProgress, Sought
from gpt_trader.optimize.heatmap import HeatMap, heat_map
from gpt_trader.optimize.judge import judge
from gpt_trader.optimize.keep import PointStore, digest_of
from gpt_trader.optimize.luck import Luck, daily_sharpes, luck
from gpt_trader.optimize.objective import Objective, scores
from gpt_trader.optimize.overfit import Overfit, overfit
from gpt_trader.optimize.plateau import choose, plateau_scores
from gpt_trader.optimize.space import Axis, Space, make_space, named
from gpt_trader.optimize.sweep import SearchTerms, sweep
from gpt_trader.optimize.terms import OtherTerms, at_other_terms
from gpt_trader.optimize.walk import WalkForward, held_returns, walk_forward
from gpt_trader.paths import path_given
from gpt_trader.strategy.asked import ask_groups
from gpt_trader.strategy.base import Strategy
from gpt_trader.strategy.params import Value
from gpt_trader.strategy.registry import is_array_strategy, is_builtin
from gpt_trader.strategy.sight import groups_of

if TYPE_CHECKING:
    import pandas as pd

KEEP_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class SearchTiming:
    """Wall time in seconds; kept: points that were not run again."""

    load_s: float
    sweep_s: float
    total_s: float
    kept: int


@equal_by_fields
@dataclass(frozen=True, slots=True)
class Search:
    """A finished search.

    closes: (k, d) daily equity of each grid point over all days, NaN where it is impossible.
    scores, plateau: (k,) of the objective, NaN where undefined. chosen: index of the point that
    the plateau rule takes over all days; None if no point traded. search_id: digest of all that
    went in. notes: what is to be said of how the data was read. failed: what the strategy failed
    with, by the index of the point; its closes are NaN, and it counts as a trial. other_terms: of
    the chosen point.
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
    other_terms: OtherTerms | None
    verdict: Verdict
    label: str | None
    timing: SearchTiming
    notes: tuple[str, ...] = ()
    failed: Mapping[int, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        said: str = ask("optimize.in_words:text", self)
        return said

    def _repr_html_(self) -> str:
        found: str = ask("optimize.notebook:html", self)
        return found

    def plot(self) -> Drawing:
        """Draw the grid as a heat map: a notebook shows it, `save` keeps it."""
        drawn: Drawing = ask("optimize.notebook:plot", self)
        return drawn

    def report(self) -> FramedPage:
        """Return the command's `--report`: a notebook shows it in a frame, `save` keeps it."""
        return FramedPage(f"Search {self.search_id[:16]}", ask("optimize.page:html", self))

    @at_the_door
    def save(self, path: Path | str) -> Path:
        """Write the report as a page, *.html; return where. Raises UsageError or StorageError."""
        return self.report().save(path)

    @property
    def map(self) -> HeatMap:
        """The grid as a map of its first two parameters."""
        return heat_map(self.space, self.scores, self.chosen)

    @property
    def params(self) -> dict[str, Value] | None:
        """The chosen point's parameters, what was fixed included; None if no point traded."""
        if self.chosen is None:
            return None
        return {**self.fixed, **self.space.points[self.chosen]}

    @property
    def best(self) -> Strategy:
        """The strategy at the chosen point. Raises UsageError if no point traded."""
        if self.chosen is None:
            raise UsageError(
                "no point of the grid traded: none was chosen", hint="see search.notes"
            )
        found: Strategy = self.space.strategies[self.chosen]
        return found

    @property
    def best_first(self) -> list[int]:
        """Indices of the points that have a score, by falling plateau score, then score."""
        order = np.lexsort((-self.scores, -self.plateau))
        return [int(i) for i in order if not np.isnan(self.scores[i])]

    def to_pandas(self) -> "pd.DataFrame":
        """Return a row a point of the grid, scores in and out of sample: `frame.points_frame`."""
        frame: pd.DataFrame = ask("optimize.frame:points_frame", self)
        return frame


def optimize(
    bars: History | Sequence[History],
    sought: Sought,
    *,
    now_ms: int | None = None,
    load_s: float = 0.0,
) -> Search:
    """Search a strategy's parameters, and say what the search is worth out of sample.

    sought.trials: None or False if nobody counted. now_ms, load_s: as in `backtest`.
    KeyboardInterrupt keeps what is finished, if there is a folder.
    Raises UsageError, DataError, and ValidationGateError if the strategy looks ahead.
    """
    began = perf_counter()
    if not is_array_strategy(sought.strategy):
        raise UsageError(
            f"{sought.strategy.name} decides bar by bar: it cannot be searched",
            hint="give it targets(bars), which computes whole columns",
        )
    pairs, objective = histories_of(bars), sought.objective
    histories, series = [one for _, one in pairs], tuple(one for one, _ in pairs)
    space = _space(sought)
    terms = SearchTerms(
        series,
        cash_units(sought.cash),
        sought.costs,
        sought.risk,
        sought.style,
        sought.budget,
        sought.reads,
    )
    check_latency(sought.costs, series[0].interval_ms)
    cuts = make_folds(terms.days, sought.folds)
    unheld = check_beside(sought.reads, series)
    made = _made_outside(space)
    check_one = partial(_check, series, sought)
    _check_one(check_one, space)
    data = tuple(data_used(one) for one in histories)
    ground = _ground(sought, data, terms, space)
    swept = perf_counter()
    closes, known, failed, unkept = _run_points(terms, space, sought, ground)
    finished = perf_counter()

    found = scores(closes, terms.start, objective)
    chosen = choose(found, space.shape)
    walk = walk_forward(terms, space.strategies, space.shape, closes, cuts, objective)
    ran = ~np.isnan(closes[:, 0])
    returns = returns_since(terms.start, closes)  # of each point
    row = None if chosen is None else int(ran[:chosen].sum())
    trials = _trials(sought, space, returns, len(failed))
    weighed = luck(returns[ran], row, trials, held_returns(terms))
    fitted = overfit(returns[ran])
    other_terms = None if chosen is None else at_other_terms(terms, space.strategies[chosen])
    used = sorted(p for p in {run.point for run in walk.folds} | {chosen} if p is not None)
    checks = _checks(check_one, [space.strategies[p] for p in used], series, unheld, made, now_ms)
    fees = say_currency(sought.costs, series[0].product.quote_currency)
    return Search(
        search_id=digest_of([ground, space.points, objective, sought.folds]),
        strategy=sought.strategy.name, fixed=dict(sought.fixed or {}), data=data, terms=terms,
        objective=objective, space=space, closes=closes, scores=found,
        plateau=plateau_scores(found, space.shape), chosen=chosen, walk=walk, luck=weighed,
        overfit=fitted, checks=checks, other_terms=other_terms, label=sought.label,
        verdict=_verdict(sought, walk, weighed, fitted, checks, other_terms),
        timing=SearchTiming(load_s, finished - swept, load_s + perf_counter() - began, known),
        notes=(*notes_of(histories), *(one for one in (fees, unkept) if one is not None)),
        failed=failed,
    )  # fmt: skip


def _space(sought: Sought) -> Space:
    grid = sought.grid
    axes = [Axis(n, tuple(v)) for n, v in grid.items()] if isinstance(grid, Mapping) else grid
    return make_space(sought.strategy, axes, sought.fixed)


def _trials(sought: Sought, space: Space, returns: Floats, failed: int) -> Trials | None:
    """Return what was tried before, with what fails, which was tried, too; None: nobody counted."""
    trials = sought.trials or None
    if callable(trials):
        trials = trials(space, daily_sharpes(returns))
    return None if trials is None else replace(trials, count=trials.count + failed)


def _verdict(
    sought: Sought,
    walk: WalkForward,
    weighed: Luck,
    fitted: Overfit | None,
    checks: Checks,
    other_terms: OtherTerms | None,
) -> Verdict:
    doubts = [
        *unreal_terms(None, sought.costs),
        *unchecked(checks),
        *(Doubt(UNTESTED, said) for said in say_doubts(checks.data)),
        *(() if other_terms is None else other_terms.doubts()),
    ]
    return judge(walk, weighed, fitted, sought.label, doubts)


def _made_outside(space: Space) -> tuple[str, ...]:
    """Return where points hold what may be signals, before one is asked and keeps its own."""
    made = (name for one in space.strategies if one is not None for name in outside(one))
    return tuple(dict.fromkeys(made))


def _check_one(check_one: Callable[[Any], Checks], space: Space) -> None:
    """Look for look-ahead before all is run, at the first point that does not fail."""
    for strategy in (one for one in space.strategies if one is not None):
        found = attempt(partial(check_one, strategy))
        if not isinstance(found, Failing):
            return


def _checks(
    check_one: Callable[[Any], Checks],
    strategies: Sequence[Any],
    series: Sequence[Bars],
    unheld: tuple[str, ...],
    made: tuple[str, ...],
    now_ms: int | None,
) -> Checks:
    """Return the checks of all points that were used, and of the bars."""
    found = together([check_one(one) for one in strategies])
    read = [name for one in strategies for name in sources_of(one).unreached]
    return replace(
        found,
        data=tuple(judge_all(series, now_ms=now_ms)),
        unreached=tuple(dict.fromkeys((*read, *unheld))),
        outside=made,
    )


def _check(series: Sequence[Bars], sought: Sought, strategy: Any) -> Checks:  # noqa: ANN401
    """Look for look-ahead and too short a warm-up; raise ValidationGateError on either."""
    groups = groups_of([strategy] * len(series), series, sought.reads)
    with asked_anew(groups) as asks:
        begun = begin_each(groups, asks, seed=sought.check_seed or 0, every_row=sought.check_all)
        return finish_each(begun, ask_groups(groups))


def _ground(sought: Sought, data: Sequence[DataUsed], terms: SearchTerms, space: Space) -> str:
    """Return a digest of all that decides a point's closes, its own parameters aside."""
    strategy, fixed = sought.strategy, sought.fixed or {}
    sources = sources_of(next(one for one in space.strategies if one is not None))
    return digest_of(
        {
            "code": [sources_sha256(), asdict(sources), versions()],
            "strategy": [strategy.name, strategy.__qualname__, *_told(strategy, fixed)],
            "data": [asdict(one) for one in data],
            "products": [asdict(bars.product) for bars in terms.series],
            "reads": {name: digest(bars) for name, bars in terms.reads.items()},
            "terms": [
                terms.cash,
                asdict(terms.costs),
                None if terms.risk is None else asdict(terms.risk),
                asdict(terms.style),
                terms.budget,
            ],
        }
    )


def _told(strategy: type[Any], fixed: Mapping[str, Value]) -> list[Mapping[str, Any]]:
    """Return a class's code and parameters; none of what has no form that stays."""
    try:
        return [tell_code(strategy), tell_parameters(fixed)]
    except ValueError:
        return []


def _run_points(
    terms: SearchTerms, space: Space, sought: Sought, ground: str
) -> tuple[Floats, int, dict[int, str], str | None]:
    """Run the points that are not kept; return all closes, how many were kept, and what failed.

    Last what to say if none is kept. Raises StrategyError if the strategy fails at every point.
    """
    folder = sought.keep_in
    kept = None if folder is None else PointStore(path_given("keep_in", folder), ground, terms.days)
    names, files, untold = _names(terms, space, is_kept=kept is not None)
    if untold is not None:
        kept = None
    stored = {} if kept is None else kept.load()
    known = {i: stored[name] for i, name in enumerate(names) if name in stored}
    told = _Told(terms, kept, names, files, sought, len(names) - space.impossible)
    for i, row in known.items():
        told.note(i, row)
    try:
        with watched_reads():
            closes = sweep(
                terms, space.strategies, known=known, done=told.done, failed=told.failed,
                threads=sought.threads,
            )  # fmt: skip
    finally:
        told.flush()
    if len(told.failures) == len(names) - space.impossible:
        point, first = told.first
        raise StrategyError(
            f"every point fails, the first with {named(space, point)}: {first.words}",
            where=first.place,
        ) from first.error
    unkept = untold if kept is None else _reached_for(files)
    said = None if unkept is None else f"finished points are not kept: {unkept}"
    return closes, len(known), dict(sorted(told.failures.items())), said


def _names(
    terms: SearchTerms, space: Space, *, is_kept: bool
) -> tuple[list[str], tuple[Path, ...], str | None]:
    """Return each point's name, the files of its code, and why none may be kept, if so.

    Another name wherever the ledger would count another trial, or what is loaded does another
    thing.
    """
    by_values = [digest_of(point) for point in space.points]
    if not is_kept:
        return by_values, (), None
    wholes = [None if one is None else _whole(one) for one in space.strategies]
    files = tuple({file for one in wholes if one is not None for file in one.files})
    untold = next((words for one in wholes if one is not None for words in one.untold), None)
    if (untold := untold or _reached_for(files)) is not None:
        return by_values, files, untold
    try:
        routes = [
            None if one is None else tell_route(Route(one, (), terms.budget, terms.style))
            for one in space.strategies
        ]
    except ValueError as error:
        return by_values, files, str(error)
    pairs = zip(routes, wholes, strict=True)
    return [digest_of([a, None if b is None else b.digest]) for a, b in pairs], files, None


def _whole(strategy: Any) -> Whole:  # noqa: ANN401
    """Return what a point and its voters do; what is built in the digest of its code tells."""
    voters = strategy.voters if hasattr(strategy, "voters") else ()
    return tell_whole(one for one in (strategy, *voters) if not is_builtin(type(one)))


def _reached_for(files: Sequence[Path]) -> str | None:
    """Return what code of some files read or reached for, which may be another the next time."""
    found = [*(f"{one.name} was read" for one in read_by(files)), *touched_by(files)]
    return next(iter(found), None)


class _Told:
    """Keeps each point that is done, and says how far the sweep is.

    failures: by point; first: the first of them.
    """

    def __init__(
        self,
        terms: SearchTerms,
        kept: PointStore | None,
        names: Sequence[str],
        files: Sequence[Path],
        sought: Sought,
        total: int,
    ) -> None:
        self._score = partial(scores, start=terms.start, objective=sought.objective)
        self._kept, self._names, self._progress = kept, names, sought.progress
        self._files = files
        self._now = SearchProgress(0, total, None)
        self._waiting: dict[str, Floats] = {}
        self._flushed = perf_counter()
        self.failures: dict[int, str] = {}
        self.first: tuple[int, Failing]

    def done(self, i: int, row: Floats) -> None:
        """Take a finished point."""
        self._waiting[self._names[i]] = row
        if perf_counter() - self._flushed > KEEP_EVERY_S:
            self.flush()
        self.note(i, row)

    def failed(self, i: int, failing: Failing) -> None:
        """Take a point at which the strategy fails; of the first alone what it holds is kept."""
        if i < min(self.failures, default=i + 1):
            self.first = i, failing
        self.failures[i] = failing.words
        if self._progress is not None:
            self._now = SearchProgress(self._now.done + 1, self._now.total, self._now.best)
            self._progress(self._now)

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
        """Write what waits to the disk, unless code that made it has reached for something."""
        if self._kept is not None and self._waiting and _reached_for(self._files) is None:
            self._kept.append(self._waiting)
        self._waiting = {}
        self._flushed = perf_counter()
