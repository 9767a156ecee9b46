"""A cycle as one line of JSON: every decision with its reasons, guards and orders.

Money, prices and sizes are exact text, ratios numbers, what is undefined is null.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gpt_trader.domain.decision import Decision, GuardReading, Reason
from gpt_trader.domain.order import Order, OrderType
from gpt_trader.domain.product import Product
from gpt_trader.domain.text import fixed, grid_of, iso_times, units_text
from gpt_trader.engine.commands import SubmitOrder
from gpt_trader.engine.events import FillReceived, OrderAmended, OrderEdited, OrderUpdated
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import Decided
from gpt_trader.engine.state import State
from gpt_trader.kernel.codes import FILL_NAMES, LIQUIDITY_NAMES, SIDE_NAMES
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE

Json = dict[str, Any]


class DecidedCycle(NamedTuple):
    """One decided cycle: all that happened since the one before, and the state after it.

    number: counts a session's cycles from 1. cycle_ms: open time of its bars.
    """

    number: int
    cycle_ms: int
    entries: tuple[Entry, ...]
    state: State

    @property
    def decided(self) -> tuple[Decided, ...]:
        """The cycle's decisions, in plan order."""
        return tuple(r for e in self.entries for r in e.records if isinstance(r, Decided))

    def absent(self, plan: Plan) -> list[str]:
        """Return the products whose bar was not in: they are decided at the next close."""
        bars = zip(plan.products, self.state.last_bar_ms, strict=True)
        return [product.product_id for product, bar_ms in bars if bar_ms < self.cycle_ms]


def cycle_line(plan: Plan, cycle: DecidedCycle) -> Json:
    """Return the line of a cycle; its time is the close of its bars, its equity marked there."""
    state = cycle.state
    return {
        "type": "cycle",
        "cycle": cycle.number,
        "time": time_text(cycle.cycle_ms + plan.interval_ms),
        "equity": quote_text(state.marks.equity),
        "cash": units_text(state.cash),
        "products": [
            decision_json(plan, made.decision)
            | {
                "orders": [
                    order_json(plan, o) for o in _find_touched(cycle, made.decision.product_id)
                ]
            }
            for made in cycle.decided
        ],
    }


def decision_json(plan: Plan, decision: Decision) -> Json:
    """Return a decision without its orders; the deciding reason is the first."""
    product = plan.products[plan.index[decision.product_id]]
    return {
        "product": decision.product_id,
        "bar_time": time_text(decision.bar_ms),
        "close": price_text(product, decision.close),
        "action": decision.action,
        "target_weight": finite(decision.weight),
        "position": size_text(product, decision.lots),
        "reasons": [reason_json(reason) for reason in decision.reasons],
        "guards": [guard_json(guard) for guard in decision.guards],
    }


def reason_json(reason: Reason) -> Json:
    """Return a reason with what was read and what it was held against."""
    return {
        "code": reason.code,
        "detail": reason.detail,
        "value": finite(reason.value),
        "threshold": finite(reason.threshold),
    }


def guard_json(guard: GuardReading) -> Json:
    """Return a guard's reading; a limit that does not exist is null."""
    return {
        "name": guard.name,
        "state": guard.state,
        "value": finite(guard.value),
        "limit": finite(guard.limit),
    }


def order_json(plan: Plan, order: Order) -> Json:
    """Return an order; a market order by value has no size, one without a limit no price."""
    product = plan.products[plan.index[order.product_id]]
    return {
        "client_order_id": order.client_order_id,
        "product": order.product_id,
        "side": SIDE_NAMES[order.intent.side],
        "type": str(order.intent.type),
        "tif": str(order.intent.tif),
        "size": size_text(product, order.intent.lots) if order.intent.lots else None,
        "value": units_text(order.intent.quote) if order.intent.quote else None,
        "price": price_text(product, order.intent.limit) if order.intent.limit else None,
        "stop": price_text(product, order.intent.stop) if order.intent.stop else None,
        "post_only": order.intent.post_only,
        "reduce_only": order.intent.reduce_only,
        "reason": FILL_NAMES.get(order.intent.reason),
        "origin": str(order.intent.origin),
        "filled": size_text(product, order.filled),
        "status": str(order.status),
    }


def fill_json(plan: Plan, event: FillReceived) -> Json:
    """Return a fill; its time is the open of its bar."""
    fill = event.fill
    product = plan.products[plan.index[fill.product_id]]
    return {
        "time": time_text(fill.time_ms),
        "product": fill.product_id,
        "side": SIDE_NAMES[fill.side],
        "size": size_text(product, fill.lots),
        "price": price_text(product, fill.ticks),
        "fee": units_text(fill.fee),
        "liquidity": LIQUIDITY_NAMES[fill.liquidity],
        "reason": FILL_NAMES[fill.reason],
        "client_order_id": fill.client_order_id,
    }


def order_words(plan: Plan, order: Order) -> str:
    """Return an order as a person would say it."""
    shown = order_json(plan, order)
    quote = plan.products[plan.index[order.product_id]].product_id.rpartition("-")[2]
    amount = shown["size"] or f"{shown['value']} {quote}"
    words = f"{shown['side']} {amount} {order.product_id} {order.intent.type}"
    if order.intent.stop:
        words += f", stop {shown['stop']}"
    if order.intent.limit:
        words += f" at {shown['price']}"
    if order.intent.type is not OrderType.MARKET:
        words += f" {order.intent.tif}"
    return (
        words + ", post-only" * order.intent.post_only + ", reduce-only" * order.intent.reduce_only
    )


def _find_touched(cycle: DecidedCycle, product_id: str) -> Sequence[Order]:
    """Orders of a product that were sent, answered or filled in a cycle, oldest first."""
    ids: dict[str, None] = {}
    for entry in cycle.entries:
        event = entry.event
        if isinstance(event, FillReceived):
            ids[event.fill.client_order_id] = None
        elif isinstance(event, OrderUpdated | OrderAmended | OrderEdited):
            ids[event.client_order_id] = None
        ids |= {c.order.client_order_id: None for c in entry.commands if isinstance(c, SubmitOrder)}
    orders = cycle.state.orders
    return [orders[i] for i in ids if i in orders and orders[i].product_id == product_id]


def finite(number: float | None) -> float | None:
    """Return a number, None where it is not one or has no end."""
    return number if number is not None and math.isfinite(number) else None


def quote_text(value: float) -> str | None:
    """Return a quote value held as float64 as exact text of whole units."""
    return units_text(round(value * UNITS_PER_QUOTE)) if math.isfinite(value) else None


def price_text(product: Product, ticks: int) -> str:
    """Return a price exactly."""
    k, places = grid_of(product.price_increment)
    return fixed(ticks * k, places)


def size_text(product: Product, lots: int) -> str:
    """Return a base size exactly."""
    k, places = grid_of(product.base_increment)
    return fixed(lots * k, places)


def time_text(time_ms: int) -> str:
    """Return a time as ISO-8601 UTC with milliseconds."""
    return iso_times(np.array([time_ms], np.int64))[0]
