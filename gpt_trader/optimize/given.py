"""What a user gives to a search, checked at the call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from os import PathLike
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.asked import DEFAULT_CASH, DEFAULT_RISK, Scrutiny, Terms
from gpt_trader.backtest.route import DEFAULT_STYLE
from gpt_trader.brief import brief
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel, OrderStyle
from gpt_trader.domain.market import EMPTY
from gpt_trader.domain.stated import check_is, check_number, check_one_of, check_whole, is_named
from gpt_trader.errors import UsageError
from gpt_trader.measure.inference import Trials
from gpt_trader.optimize.objective import Objective
from gpt_trader.optimize.space import Axis, Grid, Space
from gpt_trader.paths import path_given
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.params import Value
from gpt_trader.strategy.registry import resolve

Floats = NDArray[np.float64]
type Before = Trials | Callable[[Space, Floats], Trials]

DEFAULT_FOLDS = 5


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """How far a sweep is. best: index and score of the best point so far, None before one."""

    done: int
    total: int
    best: tuple[int, float] | None


def class_meant(given: Any) -> Any:  # noqa: ANN401
    """Return the class of a strategy; text is a reference as `--strategy` takes it.

    Raises UsageError on an object of one, TypeError on what is none.
    """
    if isinstance(given, str):
        return resolve(given)
    kind = given if isinstance(given, type) else type(given)
    is_strategy = any(hasattr(kind, one) for one in ("targets", "on_bar"))
    if not is_strategy:
        raise TypeError(f"expected the class of a strategy, was {brief(given)}")
    if not isinstance(given, type):
        raise UsageError(
            f"expected the class of a strategy, was an object of {kind.__name__}",
            hint=f"{kind.__name__}, and what stays as it is by fixed={{...}}",
        )
    return given


@dataclass(frozen=True, slots=True)
class Sought:
    """What is searched, on what terms, and how closely it is looked at; as `front.optimize` has it.

    Raises TypeError or UsageError on what is not so.
    """

    strategy: type[Any]
    grid: Grid
    fixed: Mapping[str, Value] | None = None
    folds: int = DEFAULT_FOLDS
    objective: Objective = "sharpe"
    costs: CostModel = DEFAULT_COSTS
    risk: RiskPolicy | None = DEFAULT_RISK
    style: OrderStyle = DEFAULT_STYLE
    cash: Decimal | int = DEFAULT_CASH
    budget: float = 1.0
    label: str | None = None
    check_all: bool = False
    check_seed: int | None = None
    trials: Before | Literal[False] | None = None
    keep_in: str | PathLike[str] | None = None
    progress: Callable[[SearchProgress], None] | None = None
    threads: int | None = None
    reads: Mapping[str, Bars] = EMPTY

    def __post_init__(self) -> None:
        _check_grid(self.grid)
        if self.fixed is not None and not is_named(self.fixed):
            raise TypeError(f"expected fixed as values by name, was {brief(self.fixed)}")
        check_whole("folds", self.folds, 1)
        check_one_of("objective", self.objective, get_args(Objective))
        check_number("budget", self.budget, most=1.0)
        if self.progress is not None and not callable(self.progress):
            raise TypeError(f"expected progress as a function, was {brief(self.progress)}")
        if self.threads is not None:
            check_whole("threads", self.threads, 1)
        if self.keep_in is not None:
            path_given("keep_in", self.keep_in)
        check_is("style", self.style, OrderStyle, 'order_style("taker")')
        # they check themselves
        Terms(costs=self.costs, risk=self.risk, cash=self.cash, reads=self.reads)
        Scrutiny(check_all=self.check_all, check_seed=self.check_seed, label=self.label)


def _check_grid(grid: object) -> None:
    if isinstance(grid, Mapping):
        if not is_named(grid):
            raise TypeError(f"expected grid as values by name, was {brief(grid)}")
        for name, values in grid.items():
            is_many = isinstance(values, Sequence) and not isinstance(values, str)
            if not is_many and not hasattr(values, "__array__"):
                raise TypeError(
                    f"expected values of {name} as a list or a range, was {brief(values)}"
                )
            if len(values) == 0:
                raise UsageError(f"expected one or more values of {name}, was none")
    elif isinstance(grid, str) or not isinstance(grid, Sequence):
        raise TypeError(f"expected grid as values by name, was {brief(grid)}")
    elif not all(isinstance(one, Axis) for one in grid):
        raise TypeError(f"expected grid as values by name, or axes, was {brief(grid)}")
