"""How far a result can be trusted: uncertainty, sensitivity, baselines and a verdict."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from typing import Any

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.targets import Targets
from gpt_trader.domain.text import shown
from gpt_trader.measure.baselines import Baselines, baselines
from gpt_trader.measure.checks import Checks
from gpt_trader.measure.doubt import UNTESTED, Doubt
from gpt_trader.measure.doubted import (
    WithoutDoubt,
    bars_in_doubt,
    held_past_the_end,
    run_without,
)
from gpt_trader.measure.funding import unfunded
from gpt_trader.measure.holdout import Holdout, Sealing, measure_holdout
from gpt_trader.measure.inference import Inference, Range, Trials, infer
from gpt_trader.measure.late import fill_late
from gpt_trader.measure.measure import Metrics
from gpt_trader.measure.measured import DASH, value_text
from gpt_trader.measure.nulls import Floats, Nulls, RunBars, run_nulls
from gpt_trader.measure.path import Path, day_returns
from gpt_trader.measure.proof import Proof, prove
from gpt_trader.measure.robust import (
    NO_OTHER_RUNS,
    OtherRuns,
    Robustness,
    Rung,
    on_sealed,
    robustness,
)
from gpt_trader.measure.sensitivity import CostPoint, Rerun, Sensitivity, sensitivity
from gpt_trader.measure.size import too_large
from gpt_trader.measure.verdict import Evidence, Verdict, cap, count, judge
from gpt_trader.plain import plain_dict

__all__ = [
    "Assessment",
    "Baselines",
    "CostPoint",
    "Inference",
    "Range",
    "Sensitivity",
    "Trials",
    "Verdict",
    "assessment",
    "say_unrecorded",
]


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that is said about a result beyond its numbers.

    nulls: None if the run cannot be repeated fast, or is too short to be run at other times.
    without_doubt: None if no price is in doubt, or it cannot be repeated fast.
    holdout: None if no days are sealed.
    """

    inference: Inference
    nulls: Nulls | None
    proof: Proof
    sensitivity: Sensitivity
    robustness: Robustness
    holdout: Holdout | None
    baselines: Baselines
    without_doubt: WithoutDoubt | None
    verdict: Verdict

    def __repr__(self) -> str:
        return shown(_in_words(self))

    def to_json_dict(self) -> dict[str, Any]:
        """Return what JSON says of it: every number, none of the daily series."""
        series = {"fan", "buy_hold", "vol_matched"}
        verdict = self.verdict
        parts = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "verdict"}
        said = {
            "verdict": verdict.word,
            "why": list(verdict.kinds),
            "reasons": list(verdict.reasons),
        }
        told = {
            name: part and {key: value for key, value in asdict(part).items() if key not in series}
            for name, part in parts.items()
        }
        return plain_dict(said | told)


def assessment(  # noqa: PLR0913 - what is known of a run, each by its name
    path: Path,
    metrics: Metrics,
    costs: CostModel,
    *,
    close_at_end: bool,
    checks: Checks,
    trials: Trials | None,
    targets: Sequence[Targets],
    rerun: Rerun,
    run_bars: RunBars,
    unhalted: Callable[[], Floats] | None,
    label: str | None,
    nulls: int | None = None,
    others: OtherRuns = NO_OTHER_RUNS,
    sealing: Sealing | None = None,
    detail: Sequence[Bars] = (),
    late_bars: Sequence[int] = (),
) -> Assessment:
    """Say how far a run can be trusted.

    trials: what else was tried on these products and times; None if nobody counted. targets,
    rerun, unhalted, late_bars: as in `sensitivity`. run_bars, nulls (how many): as in
    `run_nulls`. label: what is said of the data, such as synthetic, or None. others: as in
    `robustness`. sealing: the seal on its bars, None without. detail: as in `fill_late`.
    """
    sure = infer(day_returns(path), trials=trials)
    other_terms = sensitivity(
        path, metrics, costs, targets, rerun, unhalted, fill_late(path, detail), late_bars
    )
    at_other_times = None
    if targets and metrics.sharpe is not None:
        at_other_times = run_nulls(
            path.time, path.start, metrics.sharpe, path.bars, targets, run=partial(rerun, costs),
            run_bars=run_bars, warmup=checks.warmup_bars, asked=nulls,
        )  # fmt: skip
    proof = prove(sure, at_other_times, metrics.sharpe)
    beside = baselines(
        path, costs, close_at_end=close_at_end, expected_best_sharpe=sure.expected_best_sharpe
    )
    clean = None
    if targets:
        clean = run_without(path, costs, checks.data, run_bars, close_at_end=close_at_end)
    held_out = None if sealing is None else measure_holdout(path, sealing)
    evidence = Evidence(
        metrics, costs, sure, at_other_times, proof, other_terms, beside, checks, label,
        (
            *bars_in_doubt(checks.data, metrics.return_pct, clean),
            *(Doubt(UNTESTED, said) for said in held_past_the_end(path)),
            *too_large(path, costs),
            *unfunded(path),
        ),
        held_out,
    )  # fmt: skip
    return Assessment(
        sure, at_other_times, proof, other_terms,
        robustness(path, others, (*_a_bar_late(other_terms), *on_sealed(held_out))), held_out,
        beside, clean, judge(evidence),
    )  # fmt: skip


def _a_bar_late(terms: Sensitivity) -> Iterator[Rung]:
    if terms.delayed_return_pct is not None:
        yield Rung("one bar late", terms.delayed_return_pct, terms.delayed_sharpe)


def say_unrecorded(found: Assessment, note: str) -> Assessment:
    """Return an assessment of a trial that the ledger could not take; note: why."""
    return replace(
        found,
        inference=replace(found.inference, trials_note=found.inference.trials_note or note),
        verdict=cap(
            found.verdict, Doubt(UNTESTED, f"How often luck was tried will not be known: {note}.")
        ),
    )


def _in_words(found: Assessment) -> Iterator[str]:
    sure, proof, beside = found.inference, found.proof, found.baselines
    yield "Assessment"
    yield from found.verdict.lines()
    yield (
        f"{sure.level:.0%} intervals: return {_range(sure.return_pct)} %, Sharpe "
        f"{_range(sure.sharpe)}, deepest drawdown {_range(sure.max_drawdown_pct)} %"
    )
    yield (
        f"proof: chance of luck {_chance(proof.luck)}, of timing {_chance(proof.timing)} (below "
        f"{proof.level:.0%} each), {count(proof.trials, 'trial')}, {count(proof.days, 'day')}"
    )
    if found.nulls is not None:
        yield f"nulls: {found.nulls.as_good:,} of {found.nulls.count:,} at other times as good"
    yield (
        f"buy and hold {value_text(beside.buy_hold_return_pct)} %, at equal risk "
        f"{value_text(beside.vol_matched_return_pct)} %"
    )


def _range(ends: Range | None) -> str:
    return DASH if ends is None else f"{ends.low:,.2f} to {ends.high:,.2f}"


def _chance(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2g}"
