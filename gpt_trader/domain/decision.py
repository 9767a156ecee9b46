"""What was decided for one product at one bar, with everything that led to it."""

from collections.abc import Callable
from typing import NamedTuple

from gpt_trader.kernel.codes import ACT_ENTER, DECISION_NAMES, FIRST_REFUSAL, SIDE_NAMES


class Reason(NamedTuple):
    """One reason: a code, a sentence, what was read and what it was held against."""

    code: str
    detail: str
    value: float | None = None
    threshold: float | None = None


class GuardReading(NamedTuple):
    """One guard's state at a decision: OK, TRIPPED or UNKNOWN (never read: not green)."""

    name: str
    state: str
    value: float | None
    limit: float | None


class Told(NamedTuple):
    """Why a decision was made: its reasons, the deciding one first, and every guard's reading."""

    reasons: tuple[Reason, ...]
    guards: tuple[GuardReading, ...]


class Why:
    """What is told of a decision when somebody first asks; a backtest never does.

    tell: a pure function of values, so that a later answer is the same one.
    """

    __slots__ = ("_tell", "_told")

    def __init__(self, tell: Callable[[], Told]) -> None:
        self._tell = tell
        self._told: Told | None = None

    def __repr__(self) -> str:
        return repr(self.told())

    def told(self) -> Told:
        """Return the reasons and readings; worked out once."""
        if self._told is None:
            self._told = self._tell()
        return self._told


class Decision(NamedTuple):
    """The decision for one product at one bar's close."""

    product_id: str
    bar_ms: int
    close: int  # ticks
    code: int
    side: int
    weight: float  # the strategy's target, budget applied; NaN: no opinion
    lots: int  # position before the order
    why: Told | Why

    @property
    def told(self) -> Told:
        """Why it was made."""
        return self.why.told() if isinstance(self.why, Why) else self.why

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why, the deciding reason first."""
        return self.told.reasons

    @property
    def guards(self) -> tuple[GuardReading, ...]:
        """Every guard as the decision saw it."""
        return self.told.guards

    @property
    def name(self) -> str:
        """The code's name; a refusal has its guard's, which the first reason says."""
        if self.code >= FIRST_REFUSAL:
            return self.reasons[0].code
        return DECISION_NAMES[self.code]

    @property
    def action(self) -> str:
        """buy, sell, hold, or blocked (a refused entry)."""
        if self.code >= FIRST_REFUSAL:
            return "blocked"
        if self.code >= ACT_ENTER:
            return SIDE_NAMES[self.side]
        return "hold"
