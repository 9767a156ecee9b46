"""Coins of a position that are not in the account: told once an order of them was turned down.

Whoever takes a part of a position's coins leaves the rest without a stop and an exit for as long as
orders for all of it are sent. A look alone is no ground to sell less: it may be older than a fill.
"""

from collections.abc import Container, Iterator, Mapping
from decimal import Decimal

from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.engine.events import CoinsLacking
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State


def refused_ms(plan: Plan, state: State) -> int:
    """Return when the newest order of a position was sent that was turned down, ms; 0: none.

    Of several in a row the first: what an exchange turns down again and again is no news, and looks
    cost what other questions need.
    """
    rows = (_refused(state, one.product_id) for one in plan.products)
    return max((row[-1].intent.sent_ms for row in rows if row), default=0)


def _refused(state: State, product_id: str) -> list[Order]:
    """Return a product's newest reducing orders that were turned down in a row, newest first."""
    found = []
    for order in reversed(tuple(state.orders.values())):
        if order.product_id == product_id and order.intent.reduce_only:
            if order.status is not OrderStatus.REJECTED:
                break
            found.append(order)
    return found


def news_of_lacking(
    plan: Plan,
    state: State,
    wallets: Mapping[str, Decimal],
    moving: Container[str],
    taken: Mapping[str, int],
    now_ms: int,
) -> Iterator[CoinsLacking]:
    """Say of each product how many of its lots a whole look does not find, where that is news.

    taken: lots by product that orders of another instance may sell of them. moving: assets of which
    the look before showed another difference. Coins that come back are told
    once they stay: a stop of all is worth the moment without one that it takes, once.
    """
    for j, product in enumerate(plan.products):
        held, known = int(state.slots["lots"][j]), state.lacking[j]
        promised = taken.get(product.product_id, 0)
        is_asked = known or promised or _refused(state, product.product_id)
        if product.is_perpetual or not is_asked:
            continue
        total = wallets.get(product.base_currency)
        if total is None:
            continue  # a wallet that is not told is not one of 0
        gone = held - int(max(total, Decimal(0)) / product.base_increment)
        lots = max(gone, min(promised, held), 0)
        is_settled = product.base_currency not in moving
        if lots > known or (lots < known and is_settled):
            yield CoinsLacking(now_ms, product.product_id, lots)
