"""A decision in words, short enough for a row of a table or a line of a log."""

from gpt_trader.domain.decision import Decision, Reason
from gpt_trader.domain.product import Product
from gpt_trader.observe.cycle import price_text, time_text

MINUTES = slice(0, 16)


def reason_words(reason: Reason) -> str:
    """Return what was tested, with its numbers: "SMA(20) > SMA(50): 101.2 v 100.9"."""
    if reason.value is None or reason.threshold is None:
        return reason.detail
    return f"{reason.detail}: {number(reason.value)} v {number(reason.threshold)}"


def why(decision: Decision) -> str:
    """Return the deciding reason, and the first condition behind the target."""
    first, *rest = decision.reasons
    condition = next((r for r in rest if r.code.startswith("CONDITION_")), None)
    words = reason_words(first)
    return f"{words}; {reason_words(condition)}" if condition else words


def decision_line(decision: Decision, product: Product) -> str:
    """Return a decision as one line: when, what, at which price, why."""
    return (
        f"{minute(decision.bar_ms)}  {decision.product_id:<9} {decision.action.upper():<7} "
        f"close {price_text(product, decision.close)}  {why(decision)}"
    )


def number(value: float | None) -> str:
    """Return a number for reading: six digits, a dash where there is none."""
    if value is None or value != value:  # noqa: PLR0124 - not a number
        return "-"
    if value in (float("inf"), float("-inf")):
        return "none"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.2f}" if abs(value) >= 10_000 else f"{value:.6g}"


def minute(time_ms: int) -> str:
    """Return a time to the minute, UTC: "2024-01-31 12:00"."""
    return time_text(time_ms)[MINUTES].replace("T", " ")
