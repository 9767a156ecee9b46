"""What a strategy is: parameters, the bars it needs, and a pure function to targets."""

from __future__ import annotations

from dataclasses import field, fields
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

if TYPE_CHECKING:  # the names of strategies are listed without loading the compiler
    from collections.abc import Mapping

    from gpt_trader.domain.bars import Bars
    from gpt_trader.domain.market import Market
    from gpt_trader.domain.targets import Column, Target, Targets


class Strategy(Protocol):
    """A frozen dataclass of parameters with one method over whole arrays.

    min_bars: bars before the first row that can hold an opinion (rows before it are NaN).
    warmup: length of the trailing window whose last row equals the full-history row bitwise.
    """

    name: ClassVar[str]

    @property
    def min_bars(self) -> int:
        """Bars before the first row that can hold an opinion."""
        ...

    @property
    def warmup(self) -> int:
        """Bars of the trailing window whose last row equals the full-history row."""
        ...

    def targets(self, bars: Bars, /) -> Targets:
        """Return targets aligned with bars; row i may use rows up to and including i only."""
        ...


class MarketStrategy(Protocol):
    """Answers for all products of its route at once: a frozen dataclass as a `Strategy` is.

    A strategy is one where its `targets` takes a `market`. Rows are those of the market's grid:
    min_bars, warmup count them. `reads`, if it has it, names series that it reads and does not
    trade, ("BTC-USD", "ETH-USD@1d"); of each it sees its `warmup` newest bars, or as many as it
    says, {"ETH-USD@1d": 200}.
    """

    name: ClassVar[str]

    @property
    def min_bars(self) -> int:
        """Bars that one of the products must have had before the first opinion."""
        ...

    @property
    def warmup(self) -> int:
        """Rows of the trailing window whose last row equals the full-history row."""
        ...

    def targets(self, market: Market, /) -> Mapping[str, Targets | Column]:
        """Return each product's targets, or their weights, aligned with the market's rows.

        Row i may use rows up to and including i only. A product that is left out: no opinion.
        """
        ...


class BarStrategy(Protocol):
    """The slower tier: arbitrary Python per bar, with JSON memory that is journaled."""

    name: ClassVar[str]

    @property
    def min_bars(self) -> int:
        """Bars before the first row that can hold an opinion."""
        ...

    @property
    def warmup(self) -> int:
        """Bars of the trailing window whose last row equals the full-history row."""
        ...

    def on_bar(self, view: Bars, memory: Any) -> tuple[Target | None, Any]:  # noqa: ANN401
        """Return a target (None: no opinion) and the memory to keep; view ends at this bar."""
        ...


class Param(NamedTuple):
    """A strategy parameter as people see it."""

    name: str
    default: int | float | str | bool
    low: float | None
    high: float | None
    doc: str


def param(default: Any, low: float | None = None, high: float | None = None, *, doc: str) -> Any:  # noqa: ANN401
    """Declare a dataclass field with its allowed range (inclusive) and meaning."""
    return field(default=default, metadata={"low": low, "high": high, "doc": doc})


def params_of(strategy: type[Any]) -> tuple[Param, ...]:
    """List a strategy class's parameters with ranges."""
    return tuple(
        Param(
            f.name,
            f.default,  # type: ignore[arg-type]
            f.metadata.get("low"),
            f.metadata.get("high"),
            f.metadata.get("doc", ""),
        )
        for f in fields(strategy)
    )
