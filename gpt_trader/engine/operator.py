"""An operator's orders pass the same limits as a route's; what is too much is refused, not cut."""

from collections.abc import Sequence

from gpt_trader.domain.decision import Reason
from gpt_trader.domain.order import Order, OrderStatus, OrderType, Origin, TimeInForce, order_id
from gpt_trader.engine import records as rec
from gpt_trader.engine.commands import AmendOrder, CancelOrder, Command, SubmitOrder
from gpt_trader.engine.events import AmendRequested, CancelRequested, OrderRequested, Rearmed
from gpt_trader.engine.explain import DETAILS
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import Record
from gpt_trader.engine.state import (
    State,
    costs_now,
    open_of,
    open_order,
    unknown_orders,
    unreconciled,
)
from gpt_trader.kernel.codes import (
    BUY,
    DECISION_NAMES,
    FILL_OPERATOR,
    REFUSED_CASH,
    REFUSED_GRID,
    REFUSED_GROSS_CAP,
    REFUSED_MINIMUM,
    REFUSED_MISSING_INPUT,
    REFUSED_OVERFLOW,
    REFUSED_PRODUCT_CAP,
    SELL,
    SIDE_NAMES,
)
from gpt_trader.kernel.ledger import quote, value
from gpt_trader.kernel.limits import Guards, entry_stop, stop_reading
from gpt_trader.kernel.rounding import adverse_ticks, buy_cost, fits, lots_for_quote
from gpt_trader.kernel.sizing import account_sums
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.kernel.slot import copy_slots

Answer = tuple[Sequence[Record], Sequence[Command]]
Checked = tuple[Reason | None, Order]
RESTING = (OrderStatus.SUBMITTED, OrderStatus.OPEN, OrderStatus.TRIGGERED)


def answer_order(plan: Plan, state: State, event: OrderRequested) -> Answer:
    """Take and send an operator's order, or refuse it."""
    refusal, order = check_order(plan, state, event)
    if refusal is not None:
        return [rec.OrderRefused(event.command_id, refusal)], []
    return [rec.OrderTaken(order)], [SubmitOrder(order)]


def answer_cancel(state: State, event: CancelRequested) -> Answer:
    """Cancel an operator's order, or say that it is not open."""
    order = open_order(state, event.client_order_id)
    if order is None:
        return [rec.OrderRefused(event.command_id, _not_open(event.client_order_id))], []
    cancel = CancelOrder(order.product_id, order.client_order_id)
    return [rec.CancelTaken(order.client_order_id)], [cancel]


def answer_amend(plan: Plan, state: State, event: AmendRequested) -> Answer:
    """Ask the broker for another size and price, or refuse; its answer changes the order."""
    order = open_order(state, event.client_order_id)
    if order is None:
        return [rec.OrderRefused(event.command_id, _not_open(event.client_order_id))], []
    refusal = amend_refusal(plan, state, order, event)
    if refusal is not None:
        return [rec.OrderRefused(event.command_id, refusal)], []
    amend = AmendOrder(order.product_id, order.client_order_id, event.lots, event.limit)
    return [rec.AmendTaken()], [amend]


def answer_rearm(state: State, event: Rearmed) -> Sequence[Record]:
    """Clear halt, drawdown latch and frozen products; not while an order's outcome is unknown."""
    unknown = unknown_orders(state)
    if unknown:
        return [
            rec.OrderRefused("rearm", Reason("UNKNOWN_ORDER", "orders are unknown", unknown, 0))
        ]
    clear = rec.SwitchSet(False, state.paused, event.by, event.reason)
    thawed = [rec.ProductFrozen(j, "") for j, why in enumerate(state.frozen) if why]
    if state.halted:
        return [clear, *thawed]
    return [rec.SwitchSet(True, state.paused, event.by, event.reason), clear, *thawed]


def check_order(plan: Plan, state: State, event: OrderRequested) -> Checked:
    """Return (refusal or None, the order as it may be sent).

    An order against the position is reduce-only and cut to what is held; it passes no entry
    guard. Anything else is an entry, unless it was to be reduce-only.
    """
    asked = event.order
    held = int(state.slots["lots"][plan.index[asked.product_id]])
    cause = f"operator:{event.command_id}"
    order = asked._replace(
        client_order_id=order_id(plan.portfolio, asked.product_id, cause, 0),
        origin=Origin.OPERATOR,
        reason=FILL_OPERATOR,
        status=OrderStatus.SUBMITTED,
        sent_ms=event.time_ms,
    )
    if order.client_order_id in state.orders:
        return Reason("DUPLICATE", "this command was already carried out"), order
    if not _is_well_formed(order):
        return _refuse(REFUSED_GRID, min(order.lots, order.limit, order.stop), 0.0), order
    senseless = _senseless(plan, state, order)
    if senseless is not None:
        return senseless, order
    if held * order.side < 0:
        return _reduce(plan, state, order, held)
    if order.reduce_only:
        return Reason("NOTHING_TO_SELL", "reduce-only, and nothing is held against it", 0.0), order
    j = plan.index[asked.product_id]
    if order.side != BUY and not plan.products[j].is_perpetual:
        return Reason("NOTHING_TO_SELL", "nothing is held and spot cannot be short", 0.0), order
    return _entry(plan, state, order, j, event.time_ms), order._replace(
        reserve=_cost(plan, state, order, j)
    )


def _is_well_formed(order: Order) -> bool:
    """Whether an order has a side, one size, and the prices that its type needs."""
    by_value = order.quote > 0 and order.lots == 0
    by_size = order.lots > 0 and order.quote == 0
    has_size = by_size or (by_value and order.type is OrderType.MARKET)
    has_limit = order.type is OrderType.MARKET or order.limit > 0
    has_stop = order.type in (OrderType.MARKET, OrderType.LIMIT) or order.stop > 0
    return order.side in (BUY, SELL) and has_size and has_limit and has_stop


def _senseless(plan: Plan, state: State, order: Order) -> Reason | None:
    """Say why an order could never work, or would at once; None: it may wait for its bar.

    A trigger is beyond the last close on the order's own side. A triggered order has passed it.
    """
    product = plan.products[plan.index[order.product_id]]
    j, price = plan.index[order.product_id], float(product.price_increment)
    opens_ms = state.last_bar_ms[j] + plan.interval_ms
    if order.tif is TimeInForce.GTD and order.expire_ms <= opens_ms:
        detail = "the order ends before the next bar opens, ms from then"
        return Reason("ALREADY_EXPIRED", detail, float(order.expire_ms - opens_ms), 0.0)
    if order.stop == 0 or order.triggered:
        return None
    close, above = int(state.slots["close_ticks"][j]), order.side == BUY
    where = "above" if above else "below"
    if close > 0 and (order.stop - close) * order.side <= 0:
        detail = f"the stop of a {SIDE_NAMES[order.side]} order must be {where} the last close"
        return Reason("TRIGGER_PASSED", detail, order.stop * price, close * price)
    if order.type is OrderType.BRACKET and (order.stop - order.limit) * order.side <= 0:
        detail = f"the stop of a {SIDE_NAMES[order.side]} bracket must be {where} its limit"
        return Reason("CROSSED_BRACKET", detail, order.stop * price, order.limit * price)
    return None


def _reduce(plan: Plan, state: State, order: Order, held: int) -> Checked:
    selling = sum(
        other.lots - other.filled
        for other in state.open_orders
        if other.product_id == order.product_id
        and other.side == order.side
        and other.origin is Origin.OPERATOR
    )
    j = plan.index[order.product_id]
    spec = plan.products[j].spec
    asked = order.lots
    if order.quote:
        ticks = _worst_ticks(plan, state, order, j)
        rate = costs_now(plan, state).taker_e8 if order.side == BUY else 0
        whole = int(buy_cost(abs(held), ticks, rate, spec))
        asked = int(lots_for_quote(min(order.quote, whole), ticks, rate, spec))
    lots = min(asked, abs(held) - selling)
    least = spec.min_lots
    if lots < least:
        reason = Reason("NOTHING_TO_SELL", "less than the minimum is free to sell", lots, least)
        return reason, order
    return None, order._replace(lots=lots, quote=0, reduce_only=True, reserve=0)


def _worst_ticks(plan: Plan, state: State, order: Order, j: int) -> int:
    """Price at which an entry's cost is counted: its worst, as far as it is known."""
    if order.type is not OrderType.MARKET:
        return max(order.limit, order.stop)
    quote_e8 = int(state.slots["half_spread_e8"][j])
    half_spread_e8 = plan.costs.half_spread_e8 if quote_e8 == NO_QUOTE else quote_e8
    adverse = half_spread_e8 + plan.costs.slippage_e8
    return int(adverse_ticks(int(state.slots["close_ticks"][j]), order.side, adverse))


def _cost(plan: Plan, state: State, order: Order, j: int) -> int:
    """Units that an entry may take, fee included."""
    spec = plan.products[j].spec
    ticks = _worst_ticks(plan, state, order, j)
    if order.quote or not fits(order.lots, ticks, spec):
        return order.quote
    return int(buy_cost(order.lots, ticks, costs_now(plan, state).taker_e8, spec))


def _entry(plan: Plan, state: State, order: Order, j: int, now_ms: int) -> Reason | None:
    """Say why an entry is refused; None: it may be sent."""
    spec = plan.products[j].spec
    limits, marks = plan.limits, state.marks
    close = int(state.slots["close_ticks"][j])
    age_ms = max(now_ms - (state.last_bar_ms[j] + plan.interval_ms), 0)
    if not (marks.equity > 0.0 and close > 0):
        return _refuse(REFUSED_MISSING_INPUT, min(marks.equity, float(close)), 0.0)
    unknown = unknown_orders(state, order.product_id)
    out_of_line = unreconciled(plan, state, j, now_ms)
    guards = Guards(int(state.halted), int(state.paused), unknown, age_ms, out_of_line)
    stopped = entry_stop(marks, limits, guards)
    if stopped:
        return _refuse(stopped, *stop_reading(stopped, marks, limits, guards))
    ticks = _worst_ticks(plan, state, order, j)
    if order.lots and not fits(order.lots, ticks, spec):
        return _refuse(REFUSED_OVERFLOW, float(order.lots), 0.0)
    cost = _cost(plan, state, order, j)
    worth = float(quote(cost))
    least = max(spec.min_units, int(buy_cost(spec.min_lots, ticks, 0, spec))) * limits.min_multiple
    if cost < least:
        return _refuse(REFUSED_MINIMUM, worth, float(quote(least)))
    gross, aside = account_sums(state.slots, plan.specs)
    slot = state.slots[j]
    held = abs(float(value(int(slot["lots"]), close, spec)))
    held += float(quote(int(slot["reserve_units"] + slot["held_back_units"])))
    share = (held + worth) / marks.equity
    if share > limits.max_product:
        return _refuse(REFUSED_PRODUCT_CAP, share, limits.max_product)
    if (gross + worth) / marks.equity > limits.max_gross:
        return _refuse(REFUSED_GROSS_CAP, (gross + worth) / marks.equity, limits.max_gross)
    if cost > state.cash - aside:
        return _refuse(REFUSED_CASH, worth, float(quote(int(state.cash - aside))))
    return None


def amend_refusal(plan: Plan, state: State, order: Order, event: AmendRequested) -> Reason | None:
    """Say why an amendment is refused; None: it may be sent. Side and intent never change."""
    rests = order.type is not OrderType.MARKET and order.status in RESTING
    if not rests or event.lots <= order.filled or event.limit <= 0:
        return Reason("NOT_AMENDABLE", "only the size and limit of a resting order", event.lots)
    asked = order._replace(lots=event.lots - order.filled, limit=event.limit)
    without = {key: o for key, o in state.orders.items() if key != order.client_order_id}
    slots = copy_slots(state.slots)
    slots["held_back_units"][plan.index[order.product_id]] -= order.reserve
    bare = state._replace(orders=without, open_orders=open_of(without), slots=slots)
    request = OrderRequested(event.time_ms, event.command_id, asked)
    refusal, checked = check_order(plan, bare, request)
    if refusal is None and checked.reduce_only != order.reduce_only:
        return Reason("NOT_AMENDABLE", "the position changed: cancel and place anew")
    if refusal is None and checked.lots != asked.lots:
        return Reason("NOTHING_TO_SELL", "more than is held", asked.lots, checked.lots)
    return refusal


def _not_open(order_id: str) -> Reason:
    return Reason("NOT_OPEN", f"no open operator order {order_id}")


def _refuse(code: int, seen: float, limit: float) -> Reason:
    return Reason(DECISION_NAMES[code], DETAILS[code], float(seen), float(limit))
