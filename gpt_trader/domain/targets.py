"""What a strategy says: target weights, protection, and the conditions behind them."""

import math
from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple, Protocol, get_args, overload

import numpy as np
from numpy.typing import NDArray

from gpt_trader.brief import brief
from gpt_trader.domain.bars import Floats
from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.domain.stated import check_one_of

Op = Literal[">", "<"]


class Rows(Protocol):
    """A column of numbers: an array, or a Series of pandas or polars."""

    def __len__(self) -> int: ...
    def __array__(self) -> NDArray[Any]: ...


type Column = Rows | Sequence[float]


@equal_by_fields
@dataclass(frozen=True, slots=True, init=False)
class Condition:
    """One test behind a target, kept so that every hold can say why.

    label: the test in words, with its parameters, e.g. "SMA(20) > SMA(50)".
    value, threshold: (n,) float64 aligned with the bars; NaN while warming up.
    op: ">" or "<": the condition holds where value op threshold.
    """

    label: str
    value: Floats
    threshold: Floats
    op: Op = ">"

    def __init__(self, label: str, value: Column, threshold: Column, op: Op = ">") -> None:
        """Take columns as they are; those of a strategy's answer are made arrays."""
        given: object = label
        if not isinstance(given, str):
            raise TypeError(f"expected the label of a condition as text, was {brief(given)}")
        check_one_of(f"op of the condition {label!r}", op, get_args(Op))
        put = object.__setattr__
        put(self, "label", label)
        put(self, "value", value)
        put(self, "threshold", threshold)
        put(self, "op", op)


@equal_by_fields
@dataclass(frozen=True, slots=True, init=False)
class Targets:
    """Columns of length n aligned with the bars; row i uses bars up to and including i.

    weight: fraction of equity in [-1, 1]; NaN: no opinion, keep the lots; 0: sell all.
    stop, take_profit, trail: fractions of the average entry fill, > 0; NaN: none.
    max_bars: (n,) int64 bars after which the position is closed; 0: never.
    conditions: why, for people, or a function that says it when somebody asks: no simulator
    does, so a backtest need not compute them. Read them by `reasons`.

    One number as stop, take_profit, trail or max_bars stands for a whole column.
    """

    weight: Floats
    stop: Floats | None
    take_profit: Floats | None
    trail: Floats | None
    max_bars: NDArray[Any] | None
    conditions: tuple[Condition, ...] | Callable[[], tuple[Condition, ...]]

    def __init__(
        self,
        weight: Column,
        stop: Column | float | None = None,
        take_profit: Column | float | None = None,
        trail: Column | float | None = None,
        max_bars: Column | int | None = None,
        conditions: tuple[Condition, ...] | Callable[[], tuple[Condition, ...]] = (),
    ) -> None:
        """Take columns, and single numbers as columns."""
        put = object.__setattr__
        put(self, "weight", weight)
        put(self, "stop", _column(stop, weight))
        put(self, "take_profit", _column(take_profit, weight))
        put(self, "trail", _column(trail, weight))
        put(self, "max_bars", _column(max_bars, weight))
        put(self, "conditions", conditions)

    def __reduce__(self) -> tuple[type["Targets"], tuple[Any, ...]]:
        """Pickle the conditions themselves: a function that says them is found by no import."""
        columns = (self.weight, self.stop, self.take_profit, self.trail, self.max_bars)
        return Targets, (*columns, self.reasons())

    def reasons(self) -> tuple[Condition, ...]:
        """Return the conditions, computed now if they were left for later."""
        return self.conditions() if callable(self.conditions) else self.conditions

    def only(self, inside: NDArray[np.bool_] | None) -> "Targets":
        """Return the targets with a weight of 0 where (n,) `inside` is false; None: as they are.

        A condition is added that says so: NOT_IN_UNIVERSE while it does not hold.
        """
        if inside is None:
            return self
        member = inside.astype(np.float64)
        half = np.full(len(inside), 0.5)
        rule = Condition("in the universe (else NOT_IN_UNIVERSE)", member, half)
        return replace(
            self,
            weight=np.where(inside, self.weight, 0.0),
            conditions=lambda: (*self.reasons(), rule),
        )

    def since(self, first: int) -> "Targets":
        """Return the targets from a row on, their conditions with them."""
        return self if first == 0 else self.rows(slice(first, None))

    def rows(self, rows: slice | NDArray[np.bool_]) -> "Targets":
        """Return some rows of the targets, their conditions with them."""
        columns: dict[str, Any] = {
            name: None if (column := getattr(self, name)) is None else column[rows]
            for name in ("weight", "stop", "take_profit", "trail", "max_bars")
        }

        def conditions() -> tuple[Condition, ...]:
            return tuple(
                replace(one, value=one.value[rows], threshold=one.threshold[rows])
                for one in self.reasons()
            )

        return replace(self, **columns, conditions=conditions)

    def delayed(self, bars: int) -> "Targets":
        """Return the targets as they act that many bars later: no opinion before the first.

        Their conditions, which are for people, stay out.
        """
        if bars == 0:
            return self

        def late[T: np.generic](column: NDArray[T] | None, missing: T | float) -> NDArray[T] | None:
            if column is None:
                return None
            out = np.full_like(column, missing)
            out[bars:] = column[: max(len(column) - bars, 0)]
            return out

        weight = late(self.weight, np.nan)
        assert weight is not None
        return Targets(
            weight,
            stop=late(self.stop, np.nan),
            take_profit=late(self.take_profit, np.nan),
            trail=late(self.trail, np.nan),
            max_bars=late(self.max_bars, 0),
        )

    def row(self, i: int) -> "Target":
        """Return row i as scalars."""
        return Target(
            self.weight.item(i),
            math.nan if self.stop is None else self.stop.item(i),
            math.nan if self.take_profit is None else self.take_profit.item(i),
            math.nan if self.trail is None else self.trail.item(i),
            0 if self.max_bars is None else self.max_bars.item(i),
            Readings(self, i),
        )


def _column(value: Any, weight: Any) -> Any:  # noqa: ANN401 - who asks judges what is no column
    """Return a number as a column as long as the weights; anything else as it is."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not isinstance(weight, Sized):
        return value
    return np.full(len(weight), value, np.int64 if isinstance(value, Integral) else np.float64)


class Reading(NamedTuple):
    """A condition at one bar."""

    label: str
    value: float
    op: str
    threshold: float

    @property
    def holds(self) -> bool:
        """Whether the condition is true (NaN: false)."""
        return self.value > self.threshold if self.op == ">" else self.value < self.threshold


class Readings(Sequence[Reading]):
    """The conditions at one row of Targets, read when somebody looks at them."""

    __slots__ = ("_row", "_targets")

    def __init__(self, targets: Targets, row: int) -> None:
        self._targets = targets
        self._row = row

    def _all(self) -> tuple[Reading, ...]:
        i = self._row
        return tuple(
            Reading(c.label, float(c.value[i]), c.op, float(c.threshold[i]))
            for c in self._targets.reasons()
        )

    @overload
    def __getitem__(self, at: int) -> Reading: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Reading, ...]: ...
    def __getitem__(self, at: int | slice) -> Reading | tuple[Reading, ...]:
        return self._all()[at]

    def __iter__(self) -> Iterator[Reading]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())


class Target(NamedTuple):
    """One row of Targets."""

    weight: float
    stop: float = float("nan")
    take_profit: float = float("nan")
    trail: float = float("nan")
    max_bars: int = 0
    readings: Sequence[Reading] = ()
