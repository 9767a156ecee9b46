"""An operator's orders pass the same limits as a route's; what is too much is refused, not cut."""

from dataclasses import replace

from gpt_trader.domain.decision import Reason
from gpt_trader.domain.order import Order, OrderStatus, OrderType, Origin, order_id
from gpt_trader.engine.events import AmendRequested, OrderRequested
from gpt_trader.engine.explain import DETAILS
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.kernel.codes import (
    BUY,
    DECISION_NAMES,
    FILL_OPERATOR,
    REFUSED_CASH,
    REFUSED_GROSS_CAP,
    REFUSED_MINIMUM,
    REFUSED_MISSING_INPUT,
    REFUSED_OVERFLOW,
    REFUSED_PRODUCT_CAP,
)
from gpt_trader.kernel.ledger import quote, value
from gpt_trader.kernel.limits import Guards, entry_stop, stop_reading
from gpt_trader.kernel.rounding import adverse_ticks, buy_cost, fits
from gpt_trader.kernel.sizing import account_sums
from gpt_trader.kernel.slots import HELD_BACK, LAST_CLOSE, LOTS


def check_order(
    plan: Plan, state: State, event: OrderRequested
) -> tuple[Reason, Order] | tuple[None, Order]:
    """Return (refusal or None, the order as it may be sent).

    An order against the position is reduce-only and cut to what is held; it passes no entry
    guard. Anything else is an entry.
    """
    asked = event.order
    j = plan.index[asked.product_id]
    close = int(state.si[j, LAST_CLOSE])
    held = int(state.si[j, LOTS])
    cause = f"operator:{event.command_id}"
    order = asked._replace(
        client_order_id=order_id(plan.portfolio, asked.product_id, cause, 0),
        origin=Origin.OPERATOR,
        reason=FILL_OPERATOR,
        status=OrderStatus.SUBMITTED,
    )
    if close <= 0:
        return _refuse(REFUSED_MISSING_INPUT, 0.0, 0.0), order
    if order.client_order_id in state.orders:
        return Reason("DUPLICATE", "this command was already carried out"), order
    if held * order.side < 0:
        return _reduce(plan, state, order, j, held)
    if order.side != BUY and not plan.products[j].is_perpetual:
        return Reason("NOTHING_TO_SELL", "nothing is held and spot cannot be short", 0.0), order
    return _entry(plan, state, order, j, close, event.time_ms)


def _reduce(
    plan: Plan, state: State, order: Order, j: int, held: int
) -> tuple[Reason, Order] | tuple[None, Order]:
    selling = sum(
        other.lots - other.filled
        for other in state.orders.values()
        if other.product_id == order.product_id
        and other.side == order.side
        and other.origin is Origin.OPERATOR
        and not other.status.is_final
    )
    lots = min(order.lots, abs(held) - selling)
    least = plan.products[j].spec.min_lots
    if lots < least:
        return Reason("NOTHING_TO_SELL", "less than the minimum is free to sell", lots, least), order
    return None, order._replace(lots=lots, quote=0, reduce_only=True, reserve=0)


def _entry(
    plan: Plan, state: State, order: Order, j: int, close: int, now_ms: int
) -> tuple[Reason, Order] | tuple[None, Order]:
    spec = plan.products[j].spec
    limits, marks = plan.limits, state.marks
    unknown = sum(
        other.status is OrderStatus.SUBMIT_UNKNOWN and other.product_id == order.product_id
        for other in state.orders.values()
    )
    age_ms = max(now_ms - (state.last_bar_ms[j] + plan.interval_ms), 0)
    guards = Guards(int(state.halted), int(state.paused), unknown, age_ms)
    stopped = entry_stop(marks, limits, guards)
    if stopped:
        return _refuse(stopped, *stop_reading(stopped, marks, limits, guards)), order
    if not marks.equity > 0.0:
        return _refuse(REFUSED_MISSING_INPUT, marks.equity, 0.0), order
    adverse = plan.costs.half_spread_e8 + plan.costs.slippage_e8
    ticks = adverse_ticks(close, order.side, adverse)
    if order.type is not OrderType.MARKET:
        ticks = max(order.limit, order.stop)
    if order.lots and not fits(order.lots, ticks, spec):
        return _refuse(REFUSED_OVERFLOW, float(order.lots), 0.0), order
    cost = order.quote or int(buy_cost(order.lots, ticks, plan.costs.taker_e8, spec))
    worth = float(quote(cost))
    least = max(spec.min_units, int(buy_cost(spec.min_lots, ticks, 0, spec))) * limits.min_multiple
    gross, aside = account_sums(state.si, state.sf, plan.specs)
    held = abs(float(value(int(state.si[j, LOTS]), close, spec)))
    share = (held + worth) / marks.equity
    if cost < least:
        return _refuse(REFUSED_MINIMUM, worth, float(quote(least))), order
    if share > limits.max_product:
        return _refuse(REFUSED_PRODUCT_CAP, share, limits.max_product), order
    if (gross + worth) / marks.equity > limits.max_gross:
        return _refuse(REFUSED_GROSS_CAP, (gross + worth) / marks.equity, limits.max_gross), order
    if cost > state.cash - aside:
        return _refuse(REFUSED_CASH, worth, float(quote(state.cash - aside))), order
    return None, order._replace(reduce_only=False, reserve=cost)


def amend_refusal(
    plan: Plan, state: State, order: Order, event: AmendRequested
) -> Reason | None:
    """Say why an amendment is refused; None: it may be sent. Side and intent never change."""
    if order.type is OrderType.MARKET or event.lots <= order.filled or event.limit <= 0:
        return Reason("NOT_AMENDABLE", "only the size and limit of a resting order", event.lots)
    asked = order._replace(lots=event.lots - order.filled, limit=event.limit, status=order.status)
    without = {key: o for key, o in state.orders.items() if key != order.client_order_id}
    si = state.si.copy()
    si[plan.index[order.product_id], HELD_BACK] -= order.reserve
    bare = replace(state, orders=without, si=si)
    request = OrderRequested(event.time_ms, event.command_id, asked)
    refusal, checked = check_order(plan, bare, request)
    if refusal is None and checked.reduce_only != order.reduce_only:
        return Reason("NOT_AMENDABLE", "the position changed: cancel and place anew")
    if refusal is None and checked.lots != asked.lots:
        return Reason("NOTHING_TO_SELL", "more than is held", asked.lots, checked.lots)
    return refusal


def _refuse(code: int, seen: float, limit: float) -> Reason:
    return Reason(DECISION_NAMES[code], DETAILS[code], float(seen), float(limit))
