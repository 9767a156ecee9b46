"""How soon an order is looked at again: what is unknown every few seconds, whatever else is so.

A stream that is up spares looks at what rests, and at nothing else: it may be silent about what
never arrived, and a bar of four hours changes nothing.
"""

from gpt_trader.domain.order import Order, OrderStatus, OrderType, TimeInForce

UNKNOWN_MS = 3_000  # of which nobody has said what became of it
ENDING_MS = 500  # that is to end: cancelled, or filled at once or not at all
RESTING_MS = 5_000  # that rests, and nobody reports
CALM_MS = 60_000  # that rests, and the stream reports
CANCEL_AGAIN_MS = 3_000  # that was to be cancelled, and has not ended


def look_after_ms(order: Order, now_ms: int, *, is_up: bool) -> int | None:
    """Return how long after one look at an order the next is due; None: it was never sent.

    is_up: whether the stream reports what happens to orders.
    """
    match order.status:
        case OrderStatus.SUBMITTED | OrderStatus.SUBMIT_UNKNOWN:
            return UNKNOWN_MS
        case OrderStatus.PENDING_CANCEL:
            return ENDING_MS
        case OrderStatus.OPEN | OrderStatus.TRIGGERED:
            if ends_at_once(order) or 0 < order.intent.expire_ms <= now_ms:
                return ENDING_MS
            if order.amendment.lots:
                return UNKNOWN_MS
            return CALM_MS if is_up else RESTING_MS
    return None


def ends_at_once(order: Order) -> bool:
    """Whether an order does not rest."""
    intent = order.intent
    return intent.type is OrderType.MARKET or intent.tif in (TimeInForce.IOC, TimeInForce.FOK)


def is_past(then_ms: int | None, after_ms: int, now_ms: int) -> bool:
    """Whether so long has passed since then; a clock that was set back by more ends the wait.

    By less is no such clock: events are stamped where they arise, and come some ms out of order.
    """
    return then_ms is None or abs(now_ms - then_ms) >= after_ms


def has_lasted(since_ms: int, for_ms: int, now_ms: int) -> bool:
    """Whether something has gone on for so long; a clock that was set back proves nothing."""
    return now_ms - since_ms >= for_ms
