"""An operator's orders pass the same limits as a route's; what is too much is refused, not cut."""

from gpt_trader.domain.decision import Reason
from gpt_trader.domain.order import (
    Order,
    OrderIntent,
    OrderStatus,
    OrderType,
    Origin,
    TimeInForce,
)
from gpt_trader.engine import records as rec
from gpt_trader.engine.answer import Answer, cancel_all
from gpt_trader.engine.approve import approve_entry, approve_reducing, approve_released
from gpt_trader.engine.commands import AmendOrder, Approved, SubmitOrder
from gpt_trader.engine.events import (
    AmendRequested,
    CancelRequested,
    OrderRequested,
    Rearmed,
    Settled,
)
from gpt_trader.engine.explain import give_reason
from gpt_trader.engine.ids import operator_id
from gpt_trader.engine.leaving import is_stop
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import (
    State,
    costs_now,
    is_oversold,
    open_of,
    open_order,
    unknown_orders,
)
from gpt_trader.engine.waiting import free_lots, hold_back, is_worth_selling, most_at_once
from gpt_trader.engine.worst import worst_ticks
from gpt_trader.kernel.codes import BUY, FILL_OPERATOR, REFUSED_GRID, SELL, SIDE_NAMES
from gpt_trader.kernel.rounding import buy_cost, lots_for_quote
from gpt_trader.kernel.slot import copy_slots

RESTING = (OrderStatus.SUBMITTED, OrderStatus.OPEN, OrderStatus.TRIGGERED)
NOT_OPEN = "NOT_OPEN"  # why nothing is cancelled or changed: there is no such order


def answer_order(plan: Plan, state: State, event: OrderRequested) -> Answer:
    """Take and send an operator's order, or refuse it; what rests for its coins makes way first."""
    checked = check_order(plan, state, event)
    if isinstance(checked, Reason):
        return _refused(event, checked)
    order = hold_back(plan, state, checked.order)
    if order.status is OrderStatus.WAITING:
        return Answer([rec.OrderTaken(order)])
    approved = approve_released(order, int(state.slots["lots"][plan.index[order.product_id]]))
    return Answer([rec.OrderTaken(order)], [SubmitOrder(approved)])


def answer_cancel(state: State, event: CancelRequested) -> Answer:
    """Cancel an operator's order, or say that it is not open."""
    order = open_order(state, event.client_order_id)
    if order is None:
        return _refused(event, _not_open(event.client_order_id))
    return cancel_all([order])


def answer_amend(plan: Plan, state: State, event: AmendRequested) -> Answer:
    """Ask the broker for another size and price, or refuse; its answer changes the order."""
    order = open_order(state, event.client_order_id)
    if order is None:
        return _refused(event, _not_open(event.client_order_id))
    refusal = amend_refusal(plan, state, order, event)
    if refusal is not None:
        return _refused(event, refusal)
    amend = AmendOrder(order.product_id, order.client_order_id, event.lots, event.limit)
    return Answer([rec.AmendTaken()], [amend])


def answer_rearm(plan: Plan, state: State, event: Rearmed) -> Answer:
    """Clear halt, drawdown latch and frozen products; not while an order's outcome is unknown."""
    unknown = unknown_orders(state, event.time_ms)
    if unknown:
        why = Reason("UNKNOWN_ORDER", "orders are unknown", unknown, 0)
        return Answer([rec.OrderRefused("rearm", why)])
    clear = rec.SwitchSet(False, state.paused, event.by, event.reason)
    thawed = [
        rec.ProductFrozen(j, "")
        for j, why in enumerate(state.frozen)
        if why and plan.products[j].product_id not in event.kept
    ]
    if state.halted:
        return Answer([clear, *thawed])
    return Answer([rec.SwitchSet(True, state.paused, event.by, event.reason), clear, *thawed])


def answer_settlement(plan: Plan, state: State, event: Settled) -> Answer:
    """Write off what product j was oversold by, and let it trade again; or say why not.

    Nothing is bought and no wallet moves: what the coins are worth is taken out of cash.
    """
    j = plan.index[event.product_id]
    held = int(state.slots["lots"][j])
    alive = [one for one in state.open_orders if one.product_id == event.product_id]
    if not is_oversold(plan, state, j) or -held != event.lots:
        why = Reason("NOTHING_TO_SETTLE", "so many lots were not sold too many", event.lots, -held)
    elif alive:
        why = Reason("NOTHING_TO_SETTLE", "orders of the product are open", len(alive), 0)
    else:
        worth = buy_cost(event.lots, event.ticks, 0, plan.products[j].spec)
        return Answer([rec.DebtSettled(j, int(worth)), rec.ProductFrozen(j, "")])
    return Answer([rec.OrderRefused("settle", why)])


def _refused(event: OrderRequested | CancelRequested | AmendRequested, why: Reason) -> Answer:
    return Answer([rec.OrderRefused(event.command_id, why)])


def name_order(plan: Plan, state: State, event: OrderRequested) -> Order:
    """Return what was asked as an order of ours, which nobody has checked yet."""
    asked = event.order
    intent = asked.intent._replace(
        client_order_id=operator_id(plan, state, asked.product_id, event.command_id),
        origin=Origin.OPERATOR,
        reason=FILL_OPERATOR,
        sent_ms=event.time_ms,
    )
    return asked._replace(intent=intent, status=OrderStatus.SUBMITTED)


def check_order(plan: Plan, state: State, event: OrderRequested) -> Approved | Reason:
    """Return the order as it may be sent, or why it is refused.

    An order against the position is reduce-only and cut to what is held; it passes no entry
    guard. Anything else is an entry, unless it was to be reduce-only.
    """
    order = name_order(plan, state, event)
    intent, j = order.intent, plan.index[order.product_id]
    held = int(state.slots["lots"][j])
    if order.client_order_id in state.orders:
        return Reason("DUPLICATE", "this command was already carried out")
    if not _is_well_formed(intent):
        least = float(min(intent.lots, intent.limit, intent.stop))
        return give_reason(plan, REFUSED_GRID, least, 0.0)
    senseless = _senseless(plan, state, order)
    if senseless is not None:
        return senseless
    if held * intent.side < 0:
        return _reduce(plan, state, order, held)
    if intent.reduce_only:
        return Reason("NOTHING_TO_SELL", "reduce-only, and nothing is held against it", 0.0)
    if intent.side != BUY and not plan.products[j].is_perpetual:
        return Reason("NOTHING_TO_SELL", "nothing is held and spot cannot be short", 0.0)
    return approve_entry(plan, state, order, event.time_ms)


def _is_well_formed(intent: OrderIntent) -> bool:
    """Whether an order has a side, one size, and the prices that its type needs."""
    by_value = intent.quote > 0 and intent.lots == 0
    by_size = intent.lots > 0 and intent.quote == 0
    has_size = by_size or (by_value and intent.type is OrderType.MARKET)
    has_limit = intent.type is OrderType.MARKET or intent.limit > 0
    has_stop = intent.type in (OrderType.MARKET, OrderType.LIMIT) or intent.stop > 0
    return intent.side in (BUY, SELL) and has_size and has_limit and has_stop


def _senseless(plan: Plan, state: State, order: Order) -> Reason | None:
    """Say why an order could never work, or would at once; None: it may wait for its bar.

    A trigger is beyond the last close on the order's own side. A triggered order has passed it.
    """
    intent, j = order.intent, plan.index[order.product_id]
    price = float(plan.products[j].price_increment)
    opens_ms = state.last_bar_ms[j] + plan.interval_ms
    if intent.tif is TimeInForce.GTD and intent.expire_ms <= opens_ms:
        detail = "the order ends before the next bar opens, ms from then"
        return Reason("ALREADY_EXPIRED", detail, float(intent.expire_ms - opens_ms), 0.0)
    if intent.stop == 0 or order.triggered:
        return None
    close, above = int(state.slots["close_ticks"][j]), order.intent.side == BUY
    where = "above" if above else "below"
    if close > 0 and (intent.stop - close) * intent.side <= 0:
        detail = f"the stop of a {SIDE_NAMES[intent.side]} order must be {where} the last close"
        return Reason("TRIGGER_PASSED", detail, intent.stop * price, close * price)
    if intent.type is OrderType.BRACKET and (intent.stop - intent.limit) * intent.side <= 0:
        detail = f"the stop of a {SIDE_NAMES[intent.side]} bracket must be {where} its limit"
        return Reason("CROSSED_BRACKET", detail, intent.stop * price, intent.limit * price)
    return None


def _reduce(plan: Plan, state: State, order: Order, held: int) -> Approved | Reason:
    intent, j = order.intent, plan.index[order.product_id]
    selling = sum(
        other.intent.lots - other.filled
        for other in state.open_orders
        if other.product_id == order.product_id
        and other.intent.side == intent.side
        and (other.intent.origin is Origin.OPERATOR or _keeps_its_coins(plan, other))
    )
    spec = plan.products[j].spec
    asked = intent.lots
    if intent.quote:
        ticks = worst_ticks(plan, state, intent)
        rate = costs_now(plan, state).taker_e8 if intent.side == BUY else 0
        whole = int(buy_cost(abs(held), ticks, rate, spec))
        asked = int(lots_for_quote(min(intent.quote, whole), ticks, rate, spec))
    lots = min(asked, abs(held) - selling, most_at_once(plan, state, j))
    least = spec.min_lots
    if lots < least or not is_worth_selling(plan, state, j, lots):
        return Reason("NOTHING_TO_SELL", "less than the minimum is free to sell", lots, least)
    reducing = intent._replace(lots=lots, quote=0, reduce_only=True)
    return approve_reducing(order._replace(intent=reducing, reserve=0), held)


def _keeps_its_coins(plan: Plan, order: Order) -> bool:
    """Whether an order makes no way for an operator's: at an exchange, all but a resting stop."""
    return bool(plan.rests) and not is_stop(order)


def amend_refusal(plan: Plan, state: State, order: Order, event: AmendRequested) -> Reason | None:
    """Say why an amendment is refused; None: it may be sent. Side and intent never change."""
    rests = order.intent.type is not OrderType.MARKET and order.status in RESTING
    if not rests or event.lots <= order.filled or event.limit <= 0:
        return Reason("NOT_AMENDABLE", "only the size and limit of a resting order", event.lots)
    j, more = plan.index[order.product_id], event.lots - order.intent.lots
    free = free_lots(plan, state, j) if plan.rests and order.intent.reduce_only else more
    if more > max(free, 0):
        return Reason("NOT_AMENDABLE", "its stop holds the rest: cancel and place anew", more, free)
    intent = order.intent._replace(lots=event.lots - order.filled, limit=event.limit)
    asked = order._replace(intent=intent)
    without = {key: o for key, o in state.orders.items() if key != order.client_order_id}
    slots = copy_slots(state.slots)
    slots["held_back_units"][j] -= order.reserve
    bare = state._replace(orders=without, open_orders=open_of(without), slots=slots)
    request = OrderRequested(event.time_ms, event.command_id, asked)
    checked = check_order(plan, bare, request)
    if isinstance(checked, Reason):
        return checked
    found = checked.order.intent
    if found.reduce_only != intent.reduce_only:
        return Reason("NOT_AMENDABLE", "the position changed: cancel and place anew")
    if found.lots != intent.lots:
        return Reason("NOTHING_TO_SELL", "more than is held", intent.lots, found.lots)
    return None


def _not_open(order_id: str) -> Reason:
    return Reason(NOT_OPEN, f"no open operator order {order_id}")
