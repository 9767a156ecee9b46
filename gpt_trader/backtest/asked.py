"""What a backtest is asked: the terms that it trades on, and how closely it is looked at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from os import PathLike
from typing import Any, Literal

from gpt_trader.backtest.run import Stop, never
from gpt_trader.data.checks.quality import LEAST_COVERAGE_PCT
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel
from gpt_trader.domain.selection import Membership
from gpt_trader.measure.inference import Trials
from gpt_trader.measure.path import Path
from gpt_trader.risk.policy import RiskPolicy

Engine = Literal["fast", "replay"]
DEFAULT_RISK = RiskPolicy()
DEFAULT_CASH = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides the fills, beside bars and strategies; each as `front.backtest` has it.

    chosen_by: what decides the universe, as JSON holds it; None: its members.
    """

    costs: CostModel = DEFAULT_COSTS
    risk: RiskPolicy | None = DEFAULT_RISK
    cash: Decimal | int = DEFAULT_CASH
    close_at_end: bool = False
    engine: Engine | None = None
    detail: Sequence[Bars] = ()
    universe: Membership | None = None
    chosen_by: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Scrutiny:
    """How closely a run is looked at; each as `front.backtest` has it."""

    self_check: bool = True
    check_all: bool = False
    check_seed: int | None = None
    assess: bool = False
    nulls: int | None = None
    trials: Trials | Callable[[Path], Trials] | Literal[False] | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Counting:
    """What of the history is run, and where it is written down; each as `front.backtest` has it."""

    start_ms: int | None = None
    cold_start: bool = False
    order: Sequence[str] = ()
    min_coverage_pct: float = LEAST_COVERAGE_PCT
    sealed_after_ms: int | None = None
    unseal: bool = False
    state_dir: str | PathLike[str] | None = None


@dataclass(frozen=True, slots=True)
class Shell:
    """What the command does around a run. load_s: time spent on loading.

    stop: asked by the replay engine before each bar; if it says so, the result is of the bars until
    then, and neither checked nor assessed.
    """

    load_s: float = 0.0
    stop: Stop = never


ALONE = Shell()
