"""What is left of a result if trading costs more, or every order comes one bar late."""

from dataclasses import dataclass

FEE_FACTORS = (0.0, 0.5, 1.0, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class CostPoint:
    """The run with its fee rates times `factor`; Sharpe annualized, None where undefined."""

    factor: float
    return_pct: float
    sharpe: float | None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The run under other terms.

    costs: one point a factor of FEE_FACTORS; empty if the run cannot be repeated fast.
    break_even_bps: cost of each unit of value traded that would leave nothing of the gross profit,
    below 0 if there was none; None without fills. delayed: every target one bar later; None if
    the run cannot be repeated fast.
    """

    costs: tuple[CostPoint, ...]
    break_even_bps: float | None
    delayed_return_pct: float | None
    delayed_sharpe: float | None
