"""Why: a decision's reasons and guard readings, in words and numbers."""

import math
from collections.abc import Sequence

from gpt_trader.domain.decision import GuardReading, Reason, Told
from gpt_trader.domain.targets import Target
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.kernel.codes import (
    ACT_ENTER,
    ACT_EXIT,
    ACT_MAX_BARS,
    ACT_REDUCE,
    DECISION_NAMES,
    HOLD_DUST,
    HOLD_ENTRY_MISSED,
    HOLD_FLAT,
    HOLD_IN_BAND,
    HOLD_NO_OPINION,
    HOLD_ORDER_WORKING,
    HOLD_SHORT_UNSUPPORTED,
    HOLD_STOPPED_OUT,
    REFUSED_CASH,
    REFUSED_DAILY_LOSS,
    REFUSED_DRAWDOWN,
    REFUSED_ENTRIES,
    REFUSED_GRID,
    REFUSED_GROSS_CAP,
    REFUSED_HALTED,
    REFUSED_MINIMUM,
    REFUSED_MISSING_INPUT,
    REFUSED_OVERFLOW,
    REFUSED_PAUSED,
    REFUSED_PRODUCT_CAP,
    REFUSED_STALE_BAR,
    REFUSED_UNKNOWN_ORDER,
    REFUSED_UNRECONCILED,
)
from gpt_trader.kernel.ledger import quote, value
from gpt_trader.kernel.limits import Guards, drawdown_ratio, loss_ratio
from gpt_trader.kernel.sizing import Ticket, account_sums

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
    REFUSED_HALTED: "trading is halted: only exits until `gpt-trader rearm`",
    REFUSED_PAUSED: "paused by the operator: only exits until `gpt-trader resume`",
    REFUSED_DAILY_LOSS: "the daily loss limit was reached today: only exits until the next UTC day",
    REFUSED_DRAWDOWN: "the drawdown limit was reached: only exits until a person rearms",
    REFUSED_ENTRIES: "as many entries today as are allowed",
    REFUSED_STALE_BAR: "the newest bar is too old, ms",
    REFUSED_PRODUCT_CAP: "the product is at its share of equity",
    REFUSED_GROSS_CAP: "all positions and entries together are at their share of equity",
    REFUSED_CASH: "not enough free cash, fees included",
    REFUSED_MINIMUM: "the order would be below the least sellable size, quote",
    REFUSED_GRID: "price or size is not on the product's grid",
    REFUSED_OVERFLOW: "the order is too large to be counted exactly",
    REFUSED_MISSING_INPUT: "equity or price is missing",
    REFUSED_UNKNOWN_ORDER: "an order's outcome is unknown: only exits until it is known",
    REFUSED_UNRECONCILED: "the account is not in line with the journal: only exits until it is",
}


def tell(
    plan: Plan,
    state: State,
    j: int,
    target: Target,
    weight: float,
    ticket: tuple[int, int, int, int, int, int, int, float, float],
    guards: tuple[int, int, int, int, int],
) -> Told:
    """Tell why product j was decided as it was; ticket, guards: the fields of those tuples."""
    found = reasons(plan, state, j, target, weight, Ticket(*ticket))
    return Told(found, guard_readings(plan, state, j, Guards(*guards)))


def reasons(
    plan: Plan, state: State, j: int, target: Target, weight: float, ticket: Ticket
) -> tuple[Reason, ...]:
    """List why product j's decision is what it is, the deciding reason first."""
    code = ticket.code
    name = DECISION_NAMES[code]
    missing = plan.min_bars[j] - state.bars_seen[j]
    if code == HOLD_NO_OPINION and missing > 0:
        seen, needed = state.bars_seen[j], plan.min_bars[j]
        first = Reason(
            "WARMUP", f"{missing} bars of warm-up missing ({seen} of {needed})", seen, needed
        )
    else:
        first = Reason(name, DETAILS[code], *_numbers(plan, state, j, weight, ticket))
    found = [first]
    if abs(weight) > plan.limits.max_product:
        found.append(
            Reason(
                "TARGET_CAPPED",
                "the target weight is cut to the product's share of equity",
                weight,
                plan.limits.max_product,
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
    slot = state.slots[j]
    code = ticket.code
    if ticket.value or ticket.limit_value:
        return float(ticket.value), float(ticket.limit_value)
    if code == HOLD_STOPPED_OUT:
        return weight, float(state.slots["latch"][j])
    if code == ACT_MAX_BARS:
        return float(slot["bars_held"]), float(slot["max_bars"])
    equity = state.marks.equity
    if not equity > 0.0:
        return equity, 0.0
    if math.isnan(weight):
        return None, None
    held = float(value(int(slot["lots"]), int(slot["close_ticks"]), plan.products[j].spec))
    cap = plan.limits.max_product
    return held / equity, max(-cap, min(cap, weight))


def guard_readings(plan: Plan, state: State, j: int, guards: Guards) -> tuple[GuardReading, ...]:
    """Read every entry guard as product j's decision saw it."""
    marks, limits = state.marks, plan.limits
    gross, aside = account_sums(state.slots, plan.specs)
    slot = state.slots[j]
    held = abs(float(value(int(slot["lots"]), int(slot["close_ticks"]), plan.products[j].spec)))
    equity = marks.equity
    loss = float(loss_ratio(marks)) if marks.day_start > 0.0 else math.nan
    drawdown = float(drawdown_ratio(marks)) if marks.high > 0.0 else math.nan
    free = float(quote(int(state.cash - aside)))
    return (
        _reading("halt", state.halted, float(state.halted), 0.0),
        _reading("pause", state.paused, float(state.paused), 0.0),
        _reading("daily_loss", bool(marks.day_halted), loss, limits.max_daily_loss),
        _reading("drawdown", bool(marks.halted), drawdown, limits.max_drawdown),
        _reading(
            "entries_today",
            marks.entries >= limits.max_entries,
            float(marks.entries),
            float(limits.max_entries),
        ),
        _reading(
            "bar_age_ms",
            guards.bar_age_ms > limits.max_bar_age_ms,
            float(guards.bar_age_ms),
            float(limits.max_bar_age_ms),
        ),
        _reading("unknown_orders", guards.unknown > 0, float(guards.unknown), 0.0),
        _reading("unreconciled", guards.unreconciled > 0, float(guards.unreconciled), 0.0),
        _share("product_share", held / equity if equity > 0.0 else math.nan, limits.max_product),
        _share("gross_share", gross / equity if equity > 0.0 else math.nan, limits.max_gross),
        _reading("free_cash", free <= 0.0, free, 0.0),
    )


def _reading(name: str, tripped: bool, seen: float, limit: float) -> GuardReading:  # noqa: FBT001
    state = "TRIPPED" if tripped else "OK"
    if math.isnan(seen):  # never green
        state = "UNKNOWN"
    return GuardReading(name, state, seen, limit)


def _share(name: str, seen: float, limit: float) -> GuardReading:
    return _reading(name, seen >= limit, seen, limit)


def tripped(readings: Sequence[GuardReading]) -> tuple[str, ...]:
    """Names of the guards that are not OK."""
    return tuple(reading.name for reading in readings if reading.state != "OK")
