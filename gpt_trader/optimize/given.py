"""What a user gives to a search, checked at the call."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, get_args

from gpt_trader.domain.stated import check_number, check_one_of, check_whole
from gpt_trader.errors import UsageError
from gpt_trader.optimize.objective import Objective
from gpt_trader.optimize.space import Axis
from gpt_trader.strategy.registry import resolve


def class_meant(given: Any) -> Any:  # noqa: ANN401
    """Return the class of a strategy; text is a reference as `--strategy` takes it.

    Raises UsageError on an object of one, TypeError on what is none.
    """
    if isinstance(given, str):
        return resolve(given)
    kind = given if isinstance(given, type) else type(given)
    is_strategy = any(hasattr(kind, one) for one in ("targets", "on_bar"))
    if not is_strategy:
        raise TypeError(f"expected the class of a strategy, was {given!r:.80}")
    if not isinstance(given, type):
        raise UsageError(
            f"expected the class of a strategy, was an object of {kind.__name__}",
            hint=f"{kind.__name__}, and what stays as it is by fixed={{...}}",
        )
    return given


def check_terms(
    grid: object,
    *,
    fixed: object,
    folds: object,
    objective: object,
    budget: object,
    progress: object,
    threads: object,
    keep_in: object,
) -> None:
    """Raise TypeError or UsageError on what is not as `front.optimize` has it."""
    _check_grid(grid)
    if fixed is not None and not isinstance(fixed, Mapping):
        raise TypeError(f"expected fixed as values by name, was {fixed!r:.80}")
    check_whole("folds", folds, 1)
    check_one_of("objective", objective, get_args(Objective))
    check_number("budget", budget, most=1.0)
    if progress is not None and not callable(progress):
        raise TypeError(f"expected progress as a function, was {progress!r:.80}")
    if threads is not None:
        check_whole("threads", threads, 1)
    if keep_in is not None and not isinstance(keep_in, str | PathLike):
        raise TypeError(f"expected keep_in as a path, was {keep_in!r:.80}")


def _check_grid(grid: object) -> None:
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            is_many = isinstance(values, Sequence) and not isinstance(values, str)
            if not is_many and not hasattr(values, "__array__"):
                raise TypeError(
                    f"expected values of {name} as a list or a range, was {values!r:.80}"
                )
            if len(values) == 0:
                raise UsageError(f"expected one or more values of {name}, was none")
    elif isinstance(grid, str) or not isinstance(grid, Sequence):
        raise TypeError(f"expected grid as values by name, was {grid!r:.80}")
    elif not all(isinstance(one, Axis) for one in grid):
        raise TypeError(f"expected grid as values by name, or axes, was {grid!r:.80}")
