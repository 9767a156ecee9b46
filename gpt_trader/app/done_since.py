"""What became of a session's orders between two looks at its journal: what ended, what was sold."""

from decimal import Decimal
from typing import Any, NamedTuple

from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.observe.cycle import order_json

Json = dict[str, Any]


class Done(NamedTuple):
    """What was cancelled, as orders in JSON, and how much was sold, by product."""

    cancelled: list[Json]
    sold: dict[str, Decimal]


def done_since(plan: Plan, before: State, after: State) -> Done:
    """Return which orders were cancelled since a state, and what exits and stops were filled.

    What the journal has not booked yet is not among it.
    """
    cancelled, sold = [], dict[str, Decimal]()
    for key, order in after.orders.items():
        was = before.orders.get(key)
        is_news = was is None or not was.status.is_final
        if is_news and order.status is OrderStatus.CANCELLED:
            cancelled.append(order_json(plan, order))
        more = order.filled - (0 if was is None else was.filled)
        if more > 0 and order.intent.reduce_only:
            product = plan.products[plan.index[order.product_id]]
            size = sold.get(product.product_id, Decimal(0)) + product.size(more)
            sold[product.product_id] = size
    return Done(cancelled, sold)
