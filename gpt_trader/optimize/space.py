"""The grid of a search: values of a strategy's parameters, crossed.

A point that the strategy itself refuses (fast >= slow) is impossible: it is counted, not run.
What trading costs and what limits hold are facts of the market and of the account, never
something to search: the best of them is always "none".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import product
from math import prod
from typing import Any

from numpy.typing import NDArray

from gpt_trader.domain.text import printable
from gpt_trader.errors import UsageError
from gpt_trader.strategy.params import Value, check_ranges, coerce

MAX_POINTS = 20_000
_HINT = "for example --grid fast=5:50:5 or --grid fast=5,10,20"
_TERMS = ("cash", "interval", "engine")  # words of the profile that are no strategy's parameters
_TERM_GROUPS = ("costs", "risk", "order_style", "synthetic", "run")

type Point = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter and the values that are tried, in the order in which they are neighbors."""

    name: str
    values: tuple[Value, ...]


type Grid = Mapping[str, Sequence[Value] | NDArray[Any]] | Sequence[Axis]
"""The values of each parameter that are tried, by name, or as axes."""


@dataclass(frozen=True, slots=True)
class Space:
    """A grid in row-major order: the last axis varies fastest.

    points, strategies: one a grid cell; a strategy is None where its point is impossible.
    why_impossible: what the strategy said of the first such point; None: all are possible.
    """

    axes: tuple[Axis, ...]
    points: tuple[Point, ...] = field(repr=False)
    strategies: tuple[Any, ...] = field(repr=False)
    why_impossible: str | None

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def impossible(self) -> int:
        """How many points the strategy refused."""
        return sum(strategy is None for strategy in self.strategies)


def parse_axis(text: str) -> Axis:
    """Return `NAME=START:STOP:STEP` (STOP included where a step meets it) or `NAME=a,b,c`.

    Numbers are added as decimals: 0.1:0.3:0.1 is exactly 0.1, 0.2, 0.3. Raises UsageError.
    """
    name, equals, rest = (part.strip() for part in text.partition("="))
    if not (name and equals and rest):
        raise UsageError(f"expected --grid NAME=VALUES, was {text!r}", hint=_HINT)
    if ":" in rest:
        return Axis(name, _step(text, rest.split(":")))
    values = tuple(part.strip() for part in rest.split(","))
    if not all(values):
        raise UsageError(f"expected a value between the commas of --grid {text!r}", hint=_HINT)
    return Axis(name, values)


def _step(text: str, parts: Sequence[str]) -> tuple[Value, ...]:
    if len(parts) != 3:
        raise UsageError(f"expected --grid NAME=START:STOP:STEP, was {text!r}", hint=_HINT)
    try:
        start, stop, step = (Decimal(part.strip()) for part in parts)
    except InvalidOperation as error:
        raise UsageError(f"expected three numbers in --grid {text!r}", hint=_HINT) from error
    if not (start.is_finite() and stop.is_finite() and step.is_finite()):
        raise UsageError(f"expected three numbers in --grid {text!r}", hint=_HINT)
    if step <= 0 or start > stop:
        raise UsageError(
            f"expected START <= STOP and STEP > 0 in --grid {text!r}", hint="for example 5:50:5"
        )
    count = (stop - start) / step + 1
    if count >= MAX_POINTS + 1:
        raise _too_many(int(count))
    return tuple(_number(start + i * step) for i in range(int(count)))


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def named(space: Space, point: int) -> str:
    """Return the parameters of a point in words."""
    return printable(" ".join(f"{name}={value}" for name, value in space.points[point].items()))


def make_space(
    strategy: type[Any], axes: Sequence[Axis], fixed: Mapping[str, Value] | None = None
) -> Space:
    """Return the grid of a strategy class; fixed: parameters that are not searched.

    Raises UsageError: no axis, a parameter twice or that the strategy has not, a value of the
    wrong type, a cost or a limit, more than MAX_POINTS points, or none that is possible.
    """
    _check_names([axis.name for axis in axes], fixed or {})
    size = prod(len(axis.values) for axis in axes)
    if size > MAX_POINTS:
        raise _too_many(size)
    typed = [_type(strategy, axis) for axis in axes]
    kept = coerce(strategy, fixed or {})
    crossed = product(*(axis.values for axis in typed))
    points = tuple(
        dict(zip((axis.name for axis in typed), values, strict=True)) for values in crossed
    )
    made = [_make(strategy, kept | point) for point in points]
    refusals = [one for one in made if isinstance(one, UsageError)]
    if len(refusals) == len(points):
        raise UsageError(
            f"no point of the grid is possible: {refusals[0].message}", hint=refusals[0].hint
        )
    return Space(
        axes=tuple(typed),
        points=points,
        strategies=tuple(None if isinstance(one, UsageError) else one for one in made),
        why_impossible=refusals[0].message if refusals else None,
    )


def _check_names(names: Sequence[str], fixed: Mapping[str, Value]) -> None:
    if not names:
        raise UsageError("which parameters are to be searched?", hint=_HINT)
    for name in names:
        if name in _TERMS or name.endswith("_bps") or name.partition(".")[0] in _TERM_GROUPS:
            raise UsageError(
                f"{name} is not a search variable: costs, limits and cash are facts, and the best "
                "of them is always the one that never was",
                hint="search parameters of the strategy; state the rest with --set or its own flag",
            )
        if names.count(name) > 1:
            raise UsageError(f"{name} has two --grid", hint=f"give all values at once: {name}=1,2")
        if name in fixed:
            raise UsageError(f"{name} is given by --grid and by --set", hint="leave one of them")


def _type(strategy: type[Any], axis: Axis) -> Axis:
    """Return an axis with values of the parameter's type, each of them once."""
    values = tuple(coerce(strategy, {axis.name: value})[axis.name] for value in axis.values)
    repeated = [value for i, value in enumerate(values) if value in values[:i]]
    if repeated:
        raise UsageError(f"--grid {axis.name} has the value {repeated[0]} twice")
    return Axis(axis.name, values)


def _make(make: Callable[..., Any], params: Mapping[str, Value]) -> Any:  # noqa: ANN401
    """Return a strategy, or the error by which it refuses its parameters."""
    try:
        made = make(**params)
        check_ranges(made)
    except UsageError as error:
        return error
    return made


def _too_many(size: int) -> UsageError:
    return UsageError(
        f"the grid has {size:,} points, at most {MAX_POINTS:,} are run",
        hint="take larger steps; each further point also raises what the best must beat",
    )
