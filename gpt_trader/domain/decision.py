"""What was decided for one product at one bar, with everything that led to it."""

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


class Decision(NamedTuple):
    """The decision for one product at one bar's close."""

    product_id: str
    bar_ms: int
    close: int  # ticks
    code: int
    side: int
    weight: float  # the strategy's target, budget applied; NaN: no opinion
    lots: int  # position before the order
    reasons: tuple[Reason, ...]
    guards: tuple[GuardReading, ...]

    @property
    def name(self) -> str:
        """The code's name."""
        return DECISION_NAMES[self.code]

    @property
    def action(self) -> str:
        """buy, sell, hold, or blocked (a refused entry)."""
        if self.code >= FIRST_REFUSAL:
            return "blocked"
        if self.code >= ACT_ENTER:
            return SIDE_NAMES[self.side]
        return "hold"
