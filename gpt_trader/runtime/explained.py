"""Decisions read back from a journal, each with its order and what came of it."""

from typing import Any

from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.times import format_time
from gpt_trader.engine.events import FillReceived, OrderUpdated
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import Decided
from gpt_trader.errors import UsageError
from gpt_trader.journal.sqlite import Journal
from gpt_trader.observe.cycle import decision_json, fill_json, finite, order_json, order_words
from gpt_trader.runtime.journaling import from_stored, read_entries

Json = dict[str, Any]


def explain_decisions(
    plan: Plan, journal: Journal, product_id: str, *, at_ms: int | None, last: int
) -> list[Json]:
    """Return a product's newest `last` decisions up to `at_ms`, oldest first.

    Raises UsageError for a product that is not traded, or if no bar was decided then.
    """
    if product_id not in plan.index:
        raise UsageError(
            f"{product_id} is not traded in this session",
            hint=f"it trades {', '.join(plan.index)}",
        )
    found = journal.decisions(product_id, at_ms, limit=last)
    if not found or (at_ms is not None and at_ms >= found[0][1] + plan.interval_ms):
        raise _nothing(plan, journal, product_id, at_ms)
    return [_one(plan, journal, product_id, seq) for seq, _ in reversed(found)]


def _nothing(plan: Plan, journal: Journal, product_id: str, at_ms: int | None) -> UsageError:
    """Say that there is no decision, and which there are."""
    every = journal.decisions(product_id, limit=10_000_000)
    if not every or at_ms is None:
        return UsageError(
            f"no decision on {product_id} yet", hint=f"gpt-trader run -p {plan.portfolio} --once"
        )
    first, newest = format_time(every[-1][1]), format_time(every[0][1])
    return UsageError(
        f"no decision on {product_id} at {format_time(at_ms)}",
        hint=f"bars were decided from {first} to {newest}",
    )


def _one(plan: Plan, journal: Journal, product_id: str, seq: int) -> Json:
    stored = next(journal.read(seq - 1, 1))
    made = next(
        record
        for record in from_stored(stored).records
        if isinstance(record, Decided) and record.decision.product_id == product_id
    )
    order = made.order
    fills, outcome = ([], "") if order is None else _outcome(plan, journal, seq, order)
    return decision_json(plan, made.decision) | {
        "cancelled": made.cancelled,
        "order": None if order is None else order_json(plan, order),
        "order_words": None if order is None else order_words(plan, order),
        "protection": {
            "stop": finite(made.stop),
            "take_profit": finite(made.take_profit),
            "trail": finite(made.trail),
            "max_bars": made.max_bars or None,
        },
        "fills": fills,
        "outcome": outcome or None,
    }


def _outcome(plan: Plan, journal: Journal, seq: int, order: Order) -> tuple[list[Json], str]:
    """Return an order's fills and its last known status."""
    fills: list[Json] = []
    status = OrderStatus.SUBMITTED
    for entry in read_entries(journal, seq):
        event = entry.event
        if isinstance(event, FillReceived):
            if event.fill.client_order_id == order.client_order_id:
                fills.append(fill_json(plan, event))
        elif isinstance(event, OrderUpdated) and event.client_order_id == order.client_order_id:
            status = event.status
            if status.is_final:
                break
    return fills, str(status)
