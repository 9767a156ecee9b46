"""Folding what becomes of the wish to leave a position: decided, tried, refused, fulfilled.

A wish outlives its orders: what was refused, ended unfilled or was not sent is tried again by time
(`engine.settle`), until the position is what was wanted or a newer decision wants it otherwise.
"""

from gpt_trader.domain.order import Order, OrderStatus, OrderType, Origin
from gpt_trader.engine.events import OrderUpdated
from gpt_trader.engine.state import STAYING, Leaving, State, replaced
from gpt_trader.kernel.codes import FILL_STOP, FILL_TRAIL

STOPS = (FILL_STOP, FILL_TRAIL)
RETRY_MS = 5_000  # before what did not hold is tried again
LONGEST_RETRY_MS = 60_000  # between attempts to leave; they begin RETRY_MS apart
PAGED_REFUSALS = 2  # refusals in a row from which on a position counts as one that cannot be left
PROMISED = "all that is held is promised to other orders"  # why an exit that waited was not sent


def note_decision(state: State, j: int, order: Order | None, *, goes_on: bool) -> State:
    """Note what a decision wants of product j; goes_on: an order that works stays.

    A stop that has triggered is no decision's to take back.
    """
    known = state.leaving[j]
    if order is not None and order.intent.reduce_only:
        intent = order.intent
        if known.reason in STOPS:
            return _with(state, j, known._replace(tried_ms=intent.sent_ms))
        return _with(
            state,
            j,
            known._replace(
                reason=intent.reason,
                keep=abs(int(state.slots["lots"][j])) - int(intent.lots),
                limit=intent.limit,
                since_ms=known.since_ms if known.reason else intent.sent_ms,
                tried_ms=intent.sent_ms,
                tries=0,
            ),
        )
    if goes_on or known.reason in STOPS:
        return state
    return _with(state, j, known._replace(reason=0))


def note_stop(state: State, j: int, order: Order) -> State:
    """Note a stop that has triggered: its position is sold, whatever the price does next."""
    intent = order.intent
    if intent.reason not in STOPS:
        return state
    known = state.leaving[j]
    since_ms = known.since_ms if known.reason in STOPS else intent.sent_ms
    wish = known._replace(
        reason=intent.reason, keep=0, limit=0, since_ms=since_ms, tried_ms=intent.sent_ms
    )
    return _with(state, j, wish)


def note_repeated(state: State, j: int, order: Order) -> State:
    """Note that an exit is tried once more."""
    known = state.leaving[j]
    return _with(state, j, known._replace(tried_ms=order.intent.sent_ms, tries=known.tries + 1))


def note_report(state: State, j: int, order: Order, event: OrderUpdated) -> State:
    """Note what a report says of product j's exits, and that a protection has made way."""
    if is_stop(order):
        if event.status.is_final and order.status is OrderStatus.PENDING_CANCEL:
            return state._replace(protected_ms=replaced(state.protected_ms, j, 0))
        return state
    if not order.intent.reduce_only or order.status.is_final:
        return state
    known = state.leaving[j]
    match event.status:
        case OrderStatus.REJECTED:  # what had made way for it comes back at once
            state = state._replace(protected_ms=replaced(state.protected_ms, j, 0))
            return note_refusal(state, j, event.code, event.time_ms)
        case OrderStatus.EXPIRED:  # the next close decides first
            return _with(state, j, known._replace(tried_ms=event.time_ms))
        case OrderStatus.OPEN | OrderStatus.FILLED:
            return _with(state, j, known._replace(refusals=0, refused_ms=0, why=""))
        case _:
            return state


def note_refusal(state: State, j: int, why: str, time_ms: int) -> State:
    """Note that product j's exit was not taken, and the word for it."""
    known = state.leaving[j]
    refused = known._replace(
        refusals=known.refusals + 1,
        refused_ms=known.refused_ms if known.refusals else time_ms,
        why=why,
        tried_ms=time_ms,
    )
    return _with(state, j, refused)


def note_new_terms(state: State, j: int) -> State:
    """Note that product j takes other orders from now on: what was refused is tried at once."""
    state = state._replace(protected_ms=replaced(state.protected_ms, j, 0))
    known = state.leaving[j]
    return _with(state, j, known._replace(tried_ms=0)) if known.refusals else state


def retry_ms(wish: Leaving) -> int:
    """Return how long after its last attempt a wish is tried again, ms.

    A stop that has triggered is not kept waiting.
    """
    tried = 0 if wish.reason in STOPS else max(wish.tries, wish.refusals - 1)
    return min(RETRY_MS << min(tried, 4), LONGEST_RETRY_MS)


def note_cut(state: State, j: int) -> State:
    """Note that product j holds fewer lots: a wish that is fulfilled ends."""
    known = state.leaving[j]
    held = abs(int(state.slots["lots"][j]))
    if held == 0:
        return _with(state, j, STAYING)
    return _with(state, j, known._replace(reason=0)) if 0 < held <= known.keep else state


def is_stop(order: Order) -> bool:
    """Whether an order is a protection that rests at the exchange."""
    intent = order.intent
    return intent.origin is Origin.PROTECTION and bool(intent.stop)


def is_crossing(order: Order) -> bool:
    """Whether an order takes what is there, and does not rest."""
    return order.intent.type is OrderType.MARKET or order.intent.tif in ("IOC", "FOK")


def _with(state: State, j: int, wish: Leaving) -> State:
    if wish == state.leaving[j]:
        return state
    return state._replace(leaving=replaced(state.leaving, j, wish))
