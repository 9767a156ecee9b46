"""Why: a decision's reasons and guard readings, in words and numbers."""

import math
from collections.abc import Sequence

from gpt_trader.domain.decision import GuardReading, Reason, Told
from gpt_trader.domain.targets import Target
from gpt_trader.engine.outside import readings
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.kernel.codes import (
    ACT_ENTER,
    ACT_EXIT,
    ACT_MAX_BARS,
    ACT_REDUCE,
    HOLD_DUST,
    HOLD_ENTRY_MISSED,
    HOLD_FLAT,
    HOLD_IN_BAND,
    HOLD_NO_OPINION,
    HOLD_ORDER_WORKING,
    HOLD_SHORT_UNSUPPORTED,
    HOLD_STOPPED_OUT,
)
from gpt_trader.kernel.ledger import value
from gpt_trader.kernel.readings import Outside
from gpt_trader.kernel.sizing import Ticket
from gpt_trader.risk.guards import decision_name
from gpt_trader.risk.table import GuardRow

DETAILS = {
    HOLD_NO_OPINION: "the strategy has no opinion: positions stay as they are",
    HOLD_FLAT: "the target is 0 and nothing is held",
    HOLD_IN_BAND: "the position is within the rebalance band of its target",
    HOLD_STOPPED_OUT: "closed by a protective exit; waits for another target weight",
    HOLD_ORDER_WORKING: "an order is working",
    HOLD_ENTRY_MISSED: "the resting entry did not fill in its time and is dropped",
    HOLD_DUST: "what is held is too small to sell",
    HOLD_SHORT_UNSUPPORTED: "the target is short; spot cannot be short",
    ACT_ENTER: "the position is below its target",
    ACT_REDUCE: "the position is above its target",
    ACT_EXIT: "the target is 0 or on the other side: sell all",
    ACT_MAX_BARS: "held for the longest allowed time",
}


def tell(
    plan: Plan,
    state: State,
    j: int,
    target: Target,
    weight: float,
    ticket: tuple[int, int, int, int, int, int, int, float, float],
    known: Outside,
) -> Told:
    """Tell why product j was decided as it was; ticket: its fields."""
    found = reasons(plan, state, j, target, weight, Ticket(*ticket))
    return Told(found, guard_readings(plan, state, j, known))


def reasons(
    plan: Plan, state: State, j: int, target: Target, weight: float, ticket: Ticket
) -> tuple[Reason, ...]:
    """List why product j's decision is what it is, the deciding reason first."""
    code = ticket.code
    missing = plan.min_bars[j] - state.bars_seen[j]
    if code == HOLD_NO_OPINION and missing > 0:
        seen, needed = state.bars_seen[j], plan.min_bars[j]
        first = Reason(
            "WARMUP", f"{missing} bars of warm-up missing ({seen} of {needed})", seen, needed
        )
    else:
        first = give_reason(plan, code, *_numbers(plan, state, j, weight, ticket))
    found = [first]
    cap = plan.limits.get("max_product", math.nan)
    if weight > cap or (weight < -cap and plan.products[j].is_perpetual):
        found.append(
            Reason(
                "TARGET_CAPPED",
                "the target weight is cut to the product's share of equity",
                weight,
                cap,
            )
        )
    found += [
        Reason(
            "CONDITION_MET" if reading.holds else "CONDITION_NOT_MET",
            reading.label,
            reading.value,
            reading.threshold,
        )
        for reading in target.readings
    ]
    return tuple(found)


def _numbers(
    plan: Plan, state: State, j: int, weight: float, ticket: Ticket
) -> tuple[float | None, float | None]:
    """What the deciding reason read, and its threshold."""
    slots = state.slots
    code = ticket.code
    if ticket.value or ticket.limit_value:
        return float(ticket.value), float(ticket.limit_value)
    if code == HOLD_STOPPED_OUT:
        return weight, slots["latch"].item(j)
    if code == ACT_MAX_BARS:
        return float(slots["bars_held"][j]), float(slots["max_bars"][j])
    equity = state.marks.equity
    if not equity > 0.0:
        return equity, 0.0
    if math.isnan(weight):
        return None, None
    held = float(value(slots["lots"].item(j), slots["close_ticks"].item(j), plan.products[j].spec))
    cap = plan.limits.get("max_product", math.nan)
    return held / equity, max(-cap, min(cap, weight))


def give_reason(plan: Plan, code: int, seen: float | None, limit: float | None) -> Reason:
    """Return a decision code as a reason; seen, limit: what it read and its threshold."""
    known = DETAILS.get(code)
    detail = known or next(guard.detail for guard in plan.guards if guard.code == code)
    return Reason(decision_name(code, plan.guards), detail, seen, limit)


def guard_readings(plan: Plan, state: State, j: int, known: Outside) -> tuple[GuardReading, ...]:
    """Read every entry guard as product j's decision saw it."""
    found = readings(plan, state, j, known)["values"][0].tolist()
    return tuple(_read(row, found) for row in plan.told[j])


def _read(row: GuardRow, found: Sequence[float]) -> GuardReading:
    """Return what is told of one guard; only a number that passes a number is OK."""
    seen, limit = found[row.seen], row.limit
    if not row.applies:
        state = "NOT_APPLICABLE"
    elif math.isnan(seen) or math.isnan(limit):
        state = "UNKNOWN"
    else:
        state = "OK" if row.least <= found[row.asked] <= row.most else "TRIPPED"
    return GuardReading(row.name, state, seen, limit)


def tripped(found: Sequence[GuardReading]) -> tuple[str, ...]:
    """Names of the guards that refuse entries: those that apply and are not OK."""
    passing = ("OK", "NOT_APPLICABLE")
    return tuple(reading.name for reading in found if reading.state not in passing)
