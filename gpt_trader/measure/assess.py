"""How far a result can be trusted: uncertainty, sensitivity, baselines and a verdict."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.targets import Targets
from gpt_trader.measure.baselines import Baselines, baselines
from gpt_trader.measure.checks import Checks
from gpt_trader.measure.inference import Inference, Range, Trials, infer
from gpt_trader.measure.measure import Metrics
from gpt_trader.measure.path import Path
from gpt_trader.measure.sensitivity import CostPoint, Rerun, Sensitivity, sensitivity
from gpt_trader.measure.verdict import Evidence, Verdict, cap, judge

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
    """Everything that is said about a result beyond its numbers."""

    inference: Inference
    sensitivity: Sensitivity
    baselines: Baselines
    verdict: Verdict

    def to_json_dict(self) -> dict[str, Any]:
        """Return what JSON says of it: every number, none of the daily series."""
        series = {"fan", "buy_hold", "vol_matched"}
        parts = {f.name: asdict(getattr(self, f.name)) for f in fields(self) if f.name != "verdict"}
        return {"verdict": self.verdict.word, "reasons": list(self.verdict.reasons)} | {
            name: {key: value for key, value in part.items() if key not in series}
            for name, part in parts.items()
        }


def assessment(
    path: Path,
    metrics: Metrics,
    costs: CostModel,
    *,
    close_at_end: bool,
    checks: Checks,
    trials: Trials | None,
    targets: Sequence[Targets],
    rerun: Rerun,
    label: str | None,
) -> Assessment:
    """Say how far a run can be trusted.

    trials: what else was tried on these products and times; None if nobody counted. targets,
    rerun: as in `sensitivity`. label: what is said of the data, such as synthetic, or None.
    """
    sure = infer(path.time, path.equity, start=path.start, trials=trials)
    other_terms = sensitivity(path, metrics, costs, targets, rerun)
    beside = baselines(
        path, costs, close_at_end=close_at_end, expected_best_sharpe=sure.expected_best_sharpe
    )
    verdict = judge(Evidence(metrics, costs, sure, other_terms, beside, checks, label))
    return Assessment(sure, other_terms, beside, verdict)


def say_unrecorded(found: Assessment, note: str) -> Assessment:
    """Return an assessment of a trial that the ledger could not take; note: why."""
    return replace(
        found,
        inference=replace(found.inference, trials_note=found.inference.trials_note or note),
        verdict=cap(found.verdict, f"How often luck was tried will not be known: {note}."),
    )
