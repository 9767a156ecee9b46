"""What a backtest is asked: the terms that it trades on, and how closely it is looked at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral, Real
from os import PathLike
from typing import Any, Literal, get_args

from gpt_trader.backtest.run import Stop, never
from gpt_trader.brief import brief
from gpt_trader.data.checks.quality import LEAST_COVERAGE_PCT
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel
from gpt_trader.domain.market import EMPTY
from gpt_trader.domain.selection import Membership
from gpt_trader.domain.stated import (
    check_flag,
    check_is,
    check_moment,
    check_number,
    check_one_of,
    check_whole,
    is_texts,
)
from gpt_trader.measure.inference import Trials
from gpt_trader.measure.path import Path
from gpt_trader.paths import path_given
from gpt_trader.risk.policy import RiskPolicy

Engine = Literal["fast", "replay"]
type Counted = Trials | Callable[[Path], Trials] | Literal[False] | None
DEFAULT_RISK = RiskPolicy()
DEFAULT_CASH = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides the fills, beside bars and strategies; each as `front.backtest` has it.

    reads: bars by the names under which market strategies read them.
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
    reads: Mapping[str, Bars] = EMPTY

    def __post_init__(self) -> None:
        check_is("costs", self.costs, CostModel, "CostModel(taker_bps=...)")
        if self.risk is not None:
            check_is("risk", self.risk, RiskPolicy, "RiskPolicy(...), or None for no limits")
        object.__setattr__(self, "cash", _money(self.cash))
        check_flag("close_at_end", self.close_at_end)
        if self.engine is not None:
            check_one_of("engine", self.engine, get_args(Engine))
        if not isinstance(self.detail, list | tuple):
            raise TypeError(f"expected detail as Bars in a list, was {brief(self.detail)}")
        for one in self.detail:
            check_is("detail", one, Bars, "a list of finer bars, one series a product")
        if self.universe is not None:
            check_is("universe", self.universe, Membership)
        check_is("reads", self.reads, Mapping, '{"BTC-USD": bars}')
        for name, one in self.reads.items():
            check_is(f"reads[{name!r}]", one, Bars)


def _money(stated: object) -> Decimal | int:
    """Return cash as it is counted; a float is the decimal that it is written as."""
    if isinstance(stated, Decimal):
        return stated
    if isinstance(stated, bool) or not isinstance(stated, Real):
        raise TypeError(f"expected cash as a number, was {brief(stated)}")
    return int(stated) if isinstance(stated, Integral) else Decimal(repr(float(stated)))


@dataclass(frozen=True, slots=True)
class Scrutiny:
    """How closely a run is looked at; each as `front.backtest` has it."""

    self_check: bool = True
    check_all: bool = False
    check_seed: int | None = None
    assess: bool = False
    nulls: int | None = None
    trials: Counted = None
    label: str | None = None

    def __post_init__(self) -> None:
        for name in ("self_check", "check_all", "assess"):
            check_flag(name, getattr(self, name))
        if self.check_seed is not None:
            check_whole("check_seed", self.check_seed)
        if self.nulls is not None:
            check_whole("nulls", self.nulls)
        if self.trials is not None and self.trials is not False and not callable(self.trials):
            check_is("trials", self.trials, Trials, "or a function of the run, False, None")
        if self.label is not None:
            check_is("label", self.label, str)


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

    def __post_init__(self) -> None:
        for name in ("start_ms", "sealed_after_ms"):
            if getattr(self, name) is not None:
                check_moment(name, getattr(self, name))
        check_flag("cold_start", self.cold_start)
        check_flag("unseal", self.unseal)
        check_number("min_coverage_pct", self.min_coverage_pct, most=100.0)
        if not is_texts(self.order):
            raise TypeError(f"expected order as a list of product ids, was {brief(self.order)}")
        if self.state_dir is not None:
            path_given("state_dir", self.state_dir)


@dataclass(frozen=True, slots=True)
class Shell:
    """What the command does around a run. load_s: time spent on loading.

    stop: asked by the replay engine before each bar; if it says so, the result is of the bars until
    then, and neither checked nor assessed.
    """

    load_s: float = 0.0
    stop: Stop = never


ALONE = Shell()
