"""The one place where an order becomes one that may be sent.

An entry needs the guards' answer. What reduces a position needs none, so that no guard ever keeps
an exit back, but it must show that it reduces.
"""

import math

from gpt_trader.domain.decision import Reason
from gpt_trader.domain.order import Order
from gpt_trader.engine.commands import Approved
from gpt_trader.engine.explain import give_reason
from gpt_trader.engine.outside import outside, readings
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.engine.worst import worst_cost, worst_ticks
from gpt_trader.errors import HaltError
from gpt_trader.kernel.codes import ACT_ENTER
from gpt_trader.kernel.entries import refusal_of
from gpt_trader.kernel.ledger import quote
from gpt_trader.kernel.rounding import buy_cost, fits, lots_for_quote, most_lots


def approve_decided(code: int, order: Order, held: int) -> Approved:
    """Approve the order of a route's decision; held: the product's signed lots.

    The kernel decides to enter behind every guard only; whatever else it sends must reduce.
    """
    return Approved(order) if code == ACT_ENTER else approve_reducing(order, held)


def approve_released(order: Order, held: int) -> Approved:
    """Approve an order that has waited; held: the product's signed lots.

    An entry passed its guards when it was decided, and whatever stops entries has ended it since.
    """
    return approve_reducing(order, held) if order.intent.reduce_only else Approved(order)


def approve_entry(plan: Plan, state: State, order: Order, now_ms: int) -> Approved | Reason:
    """Approve an operator's entry with what it may cost set aside, or say which guard refuses."""
    intent, j = order.intent, plan.index[order.product_id]
    ticks, spec = worst_ticks(plan, state, intent), plan.products[j].spec
    smallest = max(spec.min_units, int(buy_cost(spec.min_lots, ticks, 0, spec)))
    multiple = plan.limits.get("min_multiple", math.nan)
    least = math.nan if math.isnan(multiple) else float(quote(smallest * int(multiple)))
    asked = intent.lots or int(lots_for_quote(intent.quote, ticks, 0, spec))
    too_many = intent.lots > 0 and not fits(intent.lots, ticks, spec)
    too_many |= asked > most_lots(ticks, spec) or intent.quote > spec.max_units
    cost = worst_cost(plan, state, intent)
    code, seen, limit = refusal_of(
        readings(plan, state, j, outside(plan, state, j, now_ms)),
        plan.guard_table,
        j,
        cost,
        least,
        0.0,  # whoever is off the grid was refused before
        float(asked) if too_many else 0.0,
    )
    return (
        give_reason(plan, code, float(seen), float(limit))
        if code
        else Approved(order._replace(reserve=cost))
    )


def approve_reducing(order: Order, held: int) -> Approved:
    """Approve an order that closes what is held, or a part of it; held: signed lots.

    Raises HaltError if it could open or turn a position.
    """
    intent = order.intent
    is_within = intent.side * held < 0 and 0 <= intent.lots <= abs(held) and not intent.quote
    if not (intent.reduce_only and is_within):
        raise HaltError(f"expected an order that reduces {held} lots, was {intent}")
    return Approved(order)
