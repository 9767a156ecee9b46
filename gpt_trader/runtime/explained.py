"""Decisions read back from a journal, each with its order and what came of it."""

from typing import Any, NamedTuple

from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.times import format_time
from gpt_trader.engine.events import FillReceived, OrderUpdated
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import CancelTaken, Decided, ExitTaken, OrderEnded, OrderReleased
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
    told = None if order is None else what_became_of(plan, journal, order, seq)
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
        "fills": [] if told is None else told.fills,
        "outcome": None if told is None else str(told.status),
        "outcome_reason": None if told is None else told.why or None,
    }


class Told(NamedTuple):
    """What a journal says became of an order. why: of its end, in the exchange's own words."""

    fills: list[Json]
    status: OrderStatus
    why: str


def what_became_of(plan: Plan, journal: Journal, order: Order, after_seq: int) -> Told:
    """Return what the entries after the one that made an order say of it, up to its end."""
    key, status, why = order.client_order_id, order.status, ""
    fills: list[Json] = []
    for entry in read_entries(journal, after_seq):
        event = entry.event
        if isinstance(event, FillReceived) and event.fill.client_order_id == key:
            fills.append(fill_json(plan, event))
        elif isinstance(event, OrderUpdated) and event.client_order_id == key:
            status, why = event.status, event.code or why
        for record in entry.records:
            match record:
                case OrderReleased(client_order_id=one) if one == key:
                    status = OrderStatus.SUBMITTED
                case OrderEnded(client_order_id=one, code=code) if one == key:
                    status, why = OrderStatus.REJECTED, code
                case CancelTaken() | Decided() | ExitTaken() if key in _called_back(record):
                    status = OrderStatus.CANCELLED if status is OrderStatus.WAITING else status
        if status.is_final:
            break
    return Told(fills, status, why)


def _called_back(record: CancelTaken | Decided | ExitTaken) -> tuple[str, ...]:
    """Return the orders that a record calls back; one that waits has ended with that."""
    match record:
        case CancelTaken():
            return (record.client_order_id,)
        case Decided():
            return () if record.cancelled is None else (record.cancelled,)
        case ExitTaken():
            return record.stopped
