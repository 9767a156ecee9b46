"""How far a run can be trusted: what the assessment needs of it, and the other runs it asks for."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from gpt_trader.backtest.asked import Counted, Scrutiny, Terms
from gpt_trader.backtest.prepare import Prepared
from gpt_trader.backtest.raw_run import RawRun, uncounted
from gpt_trader.backtest.rungs import phases, rungs
from gpt_trader.backtest.warm import ask_warm
from gpt_trader.data.panel import build_panel
from gpt_trader.domain.bars import Bars, Floats
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.reads import read_name
from gpt_trader.domain.stated import check_is
from gpt_trader.domain.targets import Targets
from gpt_trader.measure.assess import Assessment, assessment
from gpt_trader.measure.checks import Checks
from gpt_trader.measure.holdout import Sealing
from gpt_trader.measure.inference import Trials
from gpt_trader.measure.measured import Metrics
from gpt_trader.measure.path import Path
from gpt_trader.measure.robust import NO_OTHER_RUNS, OtherRuns
from gpt_trader.measure.verdict import cap
from gpt_trader.strategy.sight import reads_of

Run = Callable[..., RawRun]


def judge(
    ready: Prepared,
    terms: Terms,
    scrutiny: Scrutiny,
    sealing: Sealing | None,
    *,
    run: Run,
    raw: RawRun,
    targets: Sequence[Targets | None],
    path: Path,
    metrics: Metrics,
    checks: Checks,
) -> Assessment:
    """Return the assessment of a run.

    run: `run_targets` on its terms. raw, targets, path, metrics, checks: what it came to.
    """
    trials, costs, detail = scrutiny.trials, terms.costs, terms.detail or ready.made_of
    trust = assessment(
        path, metrics, costs, close_at_end=terms.close_at_end, checks=checks,
        trials=_counted(trials, path),
        targets=_all_columns(targets), label=scrutiny.label,
        rerun=lambda other, rows: run(rows, engine="fast", costs=other).equity,
        run_bars=lambda other: _run_other(run, ready, other, costs),
        unhalted=_unhalted(raw, run, targets, terms), nulls=scrutiny.nulls,
        sealing=sealing, detail=detail,
        others=_other_runs(run, ready, path.bars, targets, terms, detail),
        late_bars=_late_bars(ready),
    )  # fmt: skip
    for doubt in uncounted(raw):
        trust = replace(trust, verdict=cap(trust.verdict, doubt))
    return trust


def _late_bars(ready: Prepared) -> list[int]:
    """Return of each product how many of its bars are one of the longest that decide it.

    What is dated a whole bar early is still known a finer bar later.
    """
    own_ms = ready.panel.interval_ms
    found = []
    for route in ready.assigned:
        interval_ms = route.interval_ms or own_ms
        names = [read_name(name) for name in reads_of(route.strategy)]
        longest_ms = max([interval_ms, *(one.interval_ms or interval_ms for one in names)])
        found.append(max(longest_ms // own_ms, 1))
    return found


def _counted(trials: Counted, path: Path) -> Trials | None:
    """Return how many others there were, as it is told of a run; None where nobody counted."""
    if not callable(trials):
        return trials or None
    found = trials(path)
    check_is("what trials(run) gives", found, Trials)
    return found


def _run_other(run: Run, ready: Prepared, bars: Sequence[Bars], costs: CostModel) -> Floats:
    """Return the equity of the strategies, asked anew, on other bars of the same times."""
    panel = build_panel(list(bars))
    asked = ask_warm(ready.assigned, bars, ready.early, ready.reads)
    return run(asked, engine="fast", costs=costs, panel=panel, detail=()).equity


def _other_runs(
    run: Run,
    ready: Prepared,
    series: Sequence[Bars],
    targets: Sequence[Targets | None],
    terms: Terms,
    detail: Sequence[Bars],
) -> OtherRuns:
    """Return what runs it filled in other ways, and on bars that begin elsewhere."""
    arrays = _all_columns(targets)
    if not arrays:
        return NO_OTHER_RUNS
    assigned, costs, interval_ms = ready.assigned, terms.costs, series[0].interval_ms
    begun = partial(phases, run, assigned, detail, interval_ms, terms.universe, costs, ready.reads)
    has_own = any(bars.extra for bars in series)  # nobody can tell it of bars begun elsewhere
    return OtherRuns(
        rungs(run, assigned, series, arrays, costs), begun if detail and not has_own else None
    )


def _unhalted(
    raw: RawRun, run: Run, targets: Sequence[Targets | None], terms: Terms
) -> Callable[[], Floats] | None:
    """Return what runs it without the limits that halted it; None if none did."""
    if (risk := terms.risk) is None or (raw.drawdown_row < 0 and not raw.loss_days):
        return None
    free = risk.unhalted()
    return lambda: run(targets, engine="fast", costs=terms.costs, risk=free).equity


def _all_columns(targets: Sequence[Targets | None]) -> Sequence[Targets]:
    """Return every product's columns; none at all if one has none."""
    arrays = [t for t in targets if t is not None]
    return arrays if len(arrays) == len(targets) else ()
