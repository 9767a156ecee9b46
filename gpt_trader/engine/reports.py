"""What an exchange says, answered: fills, statuses, and what came into the account or left it."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from gpt_trader.domain.order import NOT_PLACED, Fill, Order, OrderStatus, Origin
from gpt_trader.domain.order_life import Move, move
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.answer import NOTHING, Answer, cancel_all, freeze, stop_entries
from gpt_trader.engine.commands import CancelOrder
from gpt_trader.engine.ids import protection_id
from gpt_trader.engine.leaving import is_stop
from gpt_trader.engine.orders import counted_absence
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import Record
from gpt_trader.engine.state import State, whole_units
from gpt_trader.kernel.ledger import cash_after
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE

ABSENT_LOOKS = 10  # that must have missed an order before it counts as never placed
ABSENT_MS = 120_000  # that they must have covered
MAY_BE_ABSENT = (
    OrderStatus.SUBMITTED,
    OrderStatus.SUBMIT_UNKNOWN,
    OrderStatus.OPEN,
    OrderStatus.PENDING_CANCEL,
)

LEAST_LOSS = Decimal("0.01")  # quote: what exchanges round away freezes nothing


def answer_fill(plan: Plan, state: State, event: ev.FillReceived) -> Answer:
    """Book a fill once: its order's cumulative count is the watermark.

    A fill that reports more than was booked, because one before it was missed, is booked in
    full at its own price; one that overlaps what was booked is cut. Fees in proportion.
    A fill of an order that nobody knows is not ours to book, but not to be passed over: halt.
    """
    fill = event.fill
    j = plan.index[fill.product_id]
    order = state.orders.get(fill.client_order_id)
    if order is None and not _is_protection(plan, state, j, fill.client_order_id):
        why = f"a fill of an unknown order {fill.client_order_id}"
        stopped = stop_entries(state, True, state.paused, "engine", why)
        return Answer([rec.FillIgnored()]) + stopped
    lots = fill.cumulative - (0 if order is None else order.filled)
    if fill.filled_value:
        booked = book_exactly(plan, state, fill, order)
    elif lots > 0:
        fee = fill.fee if lots == fill.lots else -(-fill.fee * lots // fill.lots)
        cash = cash_after(state.cash, fill.side, lots, fill.ticks, fee, plan.products[j].spec)
        booked = rec.FillBooked(int(cash), lots, fee, _has_ended(order))
    else:
        booked = None
    if booked is None:
        return Answer([rec.FillIgnored()])
    if booked.is_late and booked.lots:
        why = f"a fill came after its order {fill.client_order_id} ended"
        return Answer([booked]) + freeze(plan, state, fill.product_id, why)
    after = int(state.slots["lots"][j]) + fill.side * booked.lots
    if booked.lots and after < 0 and not plan.products[j].is_perpetual:
        product = plan.products[j]
        more = f"{product.size(-after):f} {product.base_currency}"
        why = f"{more} more were sold than were held: order {fill.client_order_id}"
        return Answer([booked]) + freeze(plan, state, fill.product_id, why)
    return Answer([booked])


def _has_ended(order: Order | None) -> bool:
    return order is not None and order.status.is_final


def book_exactly(
    plan: Plan, state: State, fill: Fill, order: Order | None
) -> rec.FillBooked | None:
    """Book what an exchange reports of an order: lots, value and fees are all cumulative.

    Value and fees may follow the lots: they are booked with 0 lots. None: nothing is new.
    """
    known = (0, "", "") if order is None else (order.filled, order.filled_value, order.filled_fees)
    lots = fill.cumulative - known[0]
    value = Decimal(fill.filled_value) - Decimal(known[1] or 0)
    fees = Decimal(fill.filled_fees or 0) - Decimal(known[2] or 0)
    if lots < 0 or (lots == 0 and (value < 0 or fees < 0 or not (value or fees))):
        return None
    moved = -fill.side * value - fees
    cash = state.cash + whole_units(state, plan.quote_currency, moved)
    fee = int((fees * UNITS_PER_QUOTE).to_integral_value(ROUND_CEILING))
    return rec.FillBooked(cash, lots, fee, _has_ended(order), format(moved, "f"))


def _is_protection(plan: Plan, state: State, j: int, order_id: str) -> bool:
    """Whether this is the protection that rests on product j's position."""
    slot = state.slots[j]
    rests = slot["lots"] != 0 and (slot["stop_ticks"] != 0 or slot["take_ticks"] != 0)
    return bool(rests) and order_id == protection_id(plan, state, j)


def answer_report(plan: Plan, state: State, event: ev.OrderUpdated) -> Answer:
    """Take a status; one that an order's life does not allow freezes the product."""
    taken = Answer([rec.StatusTaken()])
    order = state.orders.get(event.client_order_id)
    if order is None:
        return taken
    found = move(order.status, event.status, was_placed=bool(order.exchange_id))
    if found in (Move.TAKEN, Move.ECHO):
        return taken
    why = f"{event.client_order_id} was {order.status} and is reported as {event.status}"
    answer = taken + freeze(plan, state, event.product_id, why)
    if not event.status.is_final:  # it lives, against all proof: it is cancelled
        answer += Answer((), [CancelOrder(event.product_id, event.client_order_id)])
    return answer


def answer_edit(state: State, event: ev.OrderEdited) -> Answer:
    """Take a resting order for what its owner made of it, if it is a stop or was placed by hand.

    Another is not what was decided any more: it is cancelled.
    """
    order = state.orders.get(event.client_order_id)
    if order is None or order.status.is_final:
        return NOTHING
    if is_stop(order) or order.intent.origin is Origin.OPERATOR:
        return Answer([rec.EditTaken()])
    return cancel_all([order] if order.can_cancel else [])


def answer_absent(state: State, event: ev.Absent) -> Answer:
    """Count a look that did not find an order; after enough of them it was never placed.

    An id that an answer gave is no proof that there is an order; a fill is. Whoever looks says so
    only of one that nobody has shown since.
    """
    order = state.orders.get(event.client_order_id)
    if order is None or order.status not in MAY_BE_ABSENT or order.filled or order.triggered:
        return NOTHING
    found = counted_absence(state.absences.get(event.client_order_id), event)
    counted = Answer([rec.AbsenceCounted()])
    if found.looks < ABSENT_LOOKS or found.absent_ms < ABSENT_MS:
        return counted
    return counted + Answer([rec.OrderEnded(event.client_order_id, NOT_PLACED)])


def answer_adjustment(plan: Plan, state: State, event: ev.Adjusted) -> Answer:
    """Book what came in or went out. What is gone and unexplained freezes what it was for.

    A position is never larger than the coins that the exchange says are there, but for what of a
    difference may still be a fill.
    """
    records: list[Record] = [rec.AssetAdjusted(_adjusted_units(plan, state, event))]
    if event.total:
        for j, product in enumerate(plan.products):
            there = int(max(Decimal(event.total), Decimal(0)) / product.base_increment)
            held = int(state.slots["lots"][j])
            if product.base_currency == event.asset and held > there:
                records.append(rec.PositionCut(j, there))
    answer = Answer(records)
    if event.kind == ev.RECONCILIATION:
        told = f", {event.reason}" if event.by == ev.OTHERS else " and nothing explains it"
        why = f"{event.amount} {event.asset} are gone{told}"
        for j, product in enumerate(plan.products):
            if _worth(plan, state, j, event) < -LEAST_LOSS:
                answer += freeze(plan, state, product.product_id, why)
    return answer


def _worth(plan: Plan, state: State, j: int, event: ev.Adjusted) -> Decimal:
    """Return what an adjustment is worth to product j, quote; 0 if it is of another asset."""
    product = plan.products[j]
    if event.asset == plan.quote_currency and _is_owners(plan, event):
        return Decimal(_adjusted_units(plan, state, event)) / UNITS_PER_QUOTE
    if event.asset == plan.quote_currency:
        return Decimal(event.amount)
    if event.asset != product.base_currency:
        return Decimal(0)
    return Decimal(event.amount) * int(state.slots["close_ticks"][j]) * product.price_increment


def _is_owners(plan: Plan, event: ev.Adjusted) -> bool:
    """Whether what moved is somebody else's, but for what is missing of the session's part."""
    return plan.is_capped and event.kind == ev.RECONCILIATION and bool(event.total)


def _adjusted_units(plan: Plan, state: State, event: ev.Adjusted) -> int:
    """Return by how much cash moves, units; the ledger keeps what is below a unit."""
    if event.asset != plan.quote_currency:
        return 0
    units = whole_units(state, event.asset, Decimal(event.amount))
    if not _is_owners(plan, event):
        return units
    there = int((Decimal(event.total) * UNITS_PER_QUOTE).to_integral_value(ROUND_FLOOR))
    return min(there - state.cash, 0)  # it is the owner's: a session has its part, or what is left
