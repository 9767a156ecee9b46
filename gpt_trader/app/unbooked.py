"""Orders that a journal has open, against what the exchange says of them: what is not booked.

The journal is behind where its bot hangs, is dead, or has not been told. What an order did until
its end is booked is known from the exchange alone, as far as it says so.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal
from functools import partial
from typing import NamedTuple

from gpt_trader.broker.exchange.ports import Orders
from gpt_trader.broker.exchange.reports import lots_of
from gpt_trader.broker.exchange.witness import size_of_fills
from gpt_trader.domain.account import RemoteFill, RemoteOrder, totals_of
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.product import Product
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import BrokerError

ZERO = Decimal(0)


class Unbooked(NamedTuple):
    """An order of which the journal does not know all.

    lots: filled beyond what is booked, as far as the exchange says so. is_shown: whether it shows
    the order at all.
    """

    order: Order
    lots: int
    is_shown: bool


def sent_of(state: State | None) -> list[Order]:
    """Return the orders that were sent, or may have been, and whose end is not booked."""
    orders = () if state is None else state.open_orders
    return [one for one in orders if one.status is not OrderStatus.WAITING]


def find_unbooked(
    account: Orders,
    plan: Plan,
    state: State,
    shown: Iterable[RemoteOrder],
    resting: Iterable[RemoteOrder],
    expected: Mapping[str, Decimal],
) -> list[Unbooked]:
    """Return the sent orders that are not known to rest, or to have ended, as they are booked.

    shown: the exchange's rows of before, resting: what was open since. Each of the others is asked
    for, and its fills; what is not answered says nothing: then it stays unknown. expected: what
    each wallet must hold by the journal. That an entry bought no more is believed if they agree.
    """
    open_now = {row.client_order_id: row for row in resting}
    before = {row.client_order_id: row for row in shown} | open_now
    doubtful = [
        order
        for order in sent_of(state)
        if not _rests_as_booked(_product(plan, order), order, open_now.get(order.client_order_id))
    ]
    names = {one.client_order_id: _name(one, before) for one in doubtful}
    fills = _fills(account, [name for name in names.values() if name])
    found, ended = [], []
    for order in doubtful:
        key = order.client_order_id
        asked = _asked(partial(account.order, names[key])) if names[key] else None
        rows = [row for row in (before.get(key), asked) if row is not None]
        product = _product(plan, order)
        lots = _filled_lots(product, names[key], rows, fills)
        if lots > order.filled or not any(_is_end(product, row) for row in rows):
            found.append(Unbooked(order, max(lots - order.filled, 0), bool(rows)))
        elif not order.intent.reduce_only:
            ended.append(order)
    if not ended:
        return found
    balances = _asked(account.balances) or []
    wallets = totals_of(balances)
    told = [(one.order, one.lots) for one in found]
    return [
        *found,
        *(one for order in ended if (one := _doubted(plan, order, told, wallets, expected))),
    ]


def _doubted(
    plan: Plan,
    order: Order,
    told: Iterable[tuple[Order, int]],
    wallets: Mapping[str, Decimal],
    expected: Mapping[str, Decimal],
) -> Unbooked | None:
    """Return an entry that has ended as unknown while the wallet may hold what it bought.

    Its own answer and its fills may both be late.
    """
    product = _product(plan, order)
    base, product_id = product.base_currency, product.product_id
    lots = sum(more * one.intent.side for one, more in told if one.product_id == product_id)
    known = expected.get(base, ZERO) + product.size(lots)
    if base in wallets and wallets[base] < known + product.base_increment:
        return None
    return Unbooked(order, 0, is_shown=True)


def _product(plan: Plan, order: Order) -> Product:
    return plan.products[plan.index[order.product_id]]


def _rests_as_booked(product: Product, order: Order, row: RemoteOrder | None) -> bool:
    return row is not None and row.tells_size and lots_of(product, row) == order.filled


def _name(order: Order, before: Mapping[str, RemoteOrder]) -> str:
    """Return the exchange's id of an order, "" if nobody knows it."""
    row = before.get(order.client_order_id)
    return order.exchange_id if row is None else row.order_id


def _is_end(product: Product, row: RemoteOrder) -> bool:
    """Whether a row tells of an end, and of how much was filled until then."""
    if row.life is None or not row.life.is_final or not row.tells_size:
        return False
    return row.life is not OrderStatus.FILLED or lots_of(product, row) > 0


def _filled_lots(
    product: Product, order_id: str, rows: Iterable[RemoteOrder], fills: Iterable[RemoteFill]
) -> int:
    """Return how many lots of an order were filled, by whoever says most: any may be behind."""
    size = size_of_fills(order_id, fills)
    by_fills = int((size / product.base_increment).to_integral_value(ROUND_FLOOR))
    return max(by_fills, *(lots_of(product, row) for row in rows if row.tells_size), 0)


def _fills(account: Orders, order_ids: list[str]) -> list[RemoteFill]:
    found = _asked(partial(account.fills, order_ids=order_ids)) if order_ids else None
    return [] if found is None else found.rows


def _asked[T](ask: Callable[[], T]) -> T | None:
    """Return an answer; None if there was none: what else was told is told all the same."""
    try:
        return ask()
    except BrokerError:
        return None
