"""A decision as it is told afterwards: with its order, and what became of that."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.engine.events import FillReceived, OrderEdited, OrderUpdated
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import CancelTaken, Decided, ExitTaken, OrderEnded, OrderReleased
from gpt_trader.observe.cycle import decision_json, fill_json, finite, order_json, order_words

Json = dict[str, Any]
EDITED = "changed at the exchange, not by this bot"


class Told(NamedTuple):
    """What entries say became of an order. why: of its end, in the exchange's own words."""

    fills: list[Json]
    status: OrderStatus
    why: str


def decided_json(plan: Plan, made: Decided, told: Told | None) -> Json:
    """Return a decision in full. told: what became of its order, None without one."""
    order = made.order
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


def became_of(plan: Plan, order: Order, entries: Iterable[Entry]) -> Told:
    """Return what the entries after the one that made an order say of it, up to its end."""
    key, status, why = order.client_order_id, order.status, ""
    fills: list[Json] = []
    for entry in entries:
        event = entry.event
        if isinstance(event, FillReceived) and event.fill.client_order_id == key:
            fills.append(fill_json(plan, event))
        elif isinstance(event, OrderUpdated) and event.client_order_id == key:
            status, why = event.status, event.code or why
        elif isinstance(event, OrderEdited) and event.client_order_id == key:
            why = EDITED
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
