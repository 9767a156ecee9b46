"""What became of a session's orders between two looks at its journal: what ended, what was sold."""

from collections.abc import Container
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.events import OrdersFound
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import TraderError
from gpt_trader.journal.faults import UNREADABLE
from gpt_trader.observe.cycle import order_json
from gpt_trader.runtime.journaling import read_entries
from gpt_trader.runtime.session import view

Json = dict[str, Any]


class Done(NamedTuple):
    """What was cancelled, as orders in JSON, and how much was sold, by product."""

    cancelled: list[Json]
    sold: dict[str, Decimal]


def taken_over(folder: Path, entries: int) -> set[str]:
    """Return the client ids of what was taken over after so many entries: it was sent elsewhere."""
    with suppress(TraderError, *UNREADABLE), view(folder) as (_, _, journal):
        found = [entry.event for entry in read_entries(journal, entries)]
        return {
            one.client_order_id
            for event in found
            if isinstance(event, OrdersFound)
            for one in event.orders
        }
    return set()


def done_since(plan: Plan, before: State, after: State, found: Container[str]) -> Done:
    """Return which orders were cancelled since a state, and what exits and stops were filled.

    What the journal has not booked yet is not among it. found: client ids of orders that were
    `taken_over` meanwhile: what became of them is nobody's work now.
    """
    cancelled, sold = [], dict[str, Decimal]()
    for key, order in after.orders.items():
        if key in found:
            continue
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
