"""Looking for orders of which nobody has said what became of them: proof, or no look at all.

Silence is never "no". A look that finds nothing counts only if all of it could be read: history,
fills and wallets. And what moved without an order that is known contradicts it.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from gpt_trader.broker.exchange.ports import Orders
from gpt_trader.domain.account import RemoteFill, RemoteOrder
from gpt_trader.domain.order import Order
from gpt_trader.domain.product import Product
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State

BEFORE_MS = 86_400_000  # how far before an order was decided its history is read: clocks err
FILLS_BEFORE_MS = 600_000
ZERO = Decimal(0)
NEAR = Decimal("0.1")  # how far from the newest close a fill's price may be
MOST_STRAYS = 20  # orders that only fills tell, looked up in one look


class Found(NamedTuple):
    """One look: orders of everybody, fills, exact totals by currency, and what of them is on hold.

    is_whole: every row could be read; else what is not in it may be there.
    """

    orders: Sequence[RemoteOrder]
    fills: Sequence[RemoteFill]
    wallets: Mapping[str, Decimal]
    holds: Mapping[str, Decimal]
    is_whole: bool


def search(account: Orders, product_ids: Sequence[str], since_ms: int) -> Found:
    """Look for all that happened since a time. Raises what the account raises: then it is none.

    An order that only its fills tell is looked up: it may be older than the history that is read.
    Fills are asked for of all products: a question that names one that is gone is refused.
    """
    fills = account.fills(since_ms=since_ms - FILLS_BEFORE_MS)
    here = [one for one in fills.rows if one.product_id in product_ids]
    orders = account.orders(since_ms=since_ms - BEFORE_MS)
    told = {one.order_id for one in orders.rows}
    strays = {one.order_id: None for one in here if one.order_id not in told}
    looked_up = [account.order(one) for one in list(strays)[:MOST_STRAYS]]
    balances = account.balances()
    wallets = {one.currency: one.total for one in balances}
    holds = {one.currency: one.hold for one in balances}
    found = [*orders.rows, *(one for one in looked_up if one is not None)]
    return Found(found, here, wallets, holds, orders.is_whole and fills.is_whole)


def contradiction(
    plan: Plan, state: State, order: Order, found: Found, expected: Mapping[str, Decimal]
) -> str:
    """Return what speaks against an order's absence from a look, "" if nothing does.

    expected: what each wallet must hold by the journal. A fill moves both wallets: coins alone
    are somebody's deposit.
    """
    known = {one.exchange_id for one in state.orders.values()} | {
        one.order_id for one in found.orders
    }
    for fill in found.fills:
        is_alike = (fill.product_id, fill.side) == (order.product_id, order.intent.side)
        if is_alike and fill.order_id not in known:
            return f"a fill of order {fill.order_id}, which nobody knows"
    product = plan.products[plan.index[order.product_id]]
    missing = [
        one
        for one in (product.base_currency, product.quote_currency)
        if one not in found.wallets and expected.get(one, ZERO)
    ]
    if missing:
        return f"no wallet of {missing[0]} is told"
    if _is_held(product, order, found):
        return f"{product.base_currency} is on hold as if it rests"
    coins, money = (
        found.wallets.get(asset, ZERO) - expected.get(asset, ZERO)
        for asset in (product.base_currency, product.quote_currency)
    )
    for fill in found.fills:  # somebody else's: while this order is unknown none is adopted
        is_new = fill.trade_ms >= order.intent.sent_ms and not _is_ours(state, fill.order_id)
        if is_new and fill.product_id == order.product_id:
            coins -= fill.side * fill.size
            money += fill.side * fill.price * fill.size + fill.commission
    worth = coins * order.intent.side * product.price(int(_close(plan, state, order)))
    paid = -money * order.intent.side
    if abs(coins) >= product.base_increment and worth > 0 and abs(paid - worth) <= NEAR * worth:
        return f"the wallets moved as if it was filled: {coins:+f} {product.base_currency}"
    return ""


def _is_held(product: Product, order: Order, found: Found) -> bool:
    """Whether as many coins are on hold as a sell would hold, beyond those of orders that are told.

    An order that tells no size may hold them all: nothing is known of it.
    """
    if order.intent.side > 0:
        return False
    held = found.holds.get(product.base_currency, ZERO)
    for one in found.orders:
        is_alive = one.life is None or not one.life.is_final
        if is_alive and one.side < 0 and one.product_id.split("-")[0] == product.base_currency:
            held -= (one.base_size or ZERO) - (one.filled_size or ZERO)
    return held >= product.size(order.intent.lots - order.filled)


def _is_ours(state: State, order_id: str) -> bool:
    return any(one.exchange_id == order_id for one in state.orders.values())


def _close(plan: Plan, state: State, order: Order) -> int:
    return int(state.slots["close_ticks"][plan.index[order.product_id]])
