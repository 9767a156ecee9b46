"""How far a result can be trusted: uncertainty, sensitivity, baselines and a verdict."""

from dataclasses import dataclass

from gpt_trader.backtest.baselines import Baselines
from gpt_trader.backtest.inference import Inference, Range, Trials
from gpt_trader.backtest.sensitivity import CostPoint, Sensitivity
from gpt_trader.backtest.verdict import Verdict

__all__ = [
    "Assessment",
    "Baselines",
    "CostPoint",
    "Inference",
    "Range",
    "Sensitivity",
    "Trials",
    "Verdict",
]


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that is said about a result beyond its numbers."""

    inference: Inference
    sensitivity: Sensitivity
    baselines: Baselines
    verdict: Verdict
