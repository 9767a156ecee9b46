"""What an account shows that this session's journal does not: positions, stops, later orders.

The journal may be gone: what was bought under ids of ours and not sold since, by whomever, is
held, and never more than the coins that are there. Or an older one was put back: whatever came
after it is told order by order, with all that was filled. What comes up while a session runs is
neither: then somebody else runs this bot.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from gpt_trader.broker.exchange.ours import (
    as_booked,
    is_of_ours,
    is_open,
    is_resting_stop,
    oldest_first,
    order_of,
    told_fills,
)
from gpt_trader.broker.exchange.reports import reports
from gpt_trader.domain.account import RemoteOrder, told_wallet
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import Event, FillReceived, OrdersFound, PositionFound
from gpt_trader.engine.plan import Plan
from gpt_trader.kernel.codes import BUY, SELL

ZERO = Decimal(0)
BY = "RECONCILIATION"
LOST = "is not here: lost, or on another machine"
PUT_BACK = "taken over: an older journal was put back, or its end was lost"
RECENT_MS = 3_600_000  # longer than any look at orders goes back


def earlier(
    plan: Plan,
    product: Product,
    rows: Iterable[RemoteOrder],
    wallets: Mapping[str, Decimal],
    time_ms: int,
) -> list[Event]:
    """Return what a product's orders, in any order, show of a journal that is gone; [] if nothing.

    What was filled is in the wallets already: of an order that is still open only what comes from
    now on will be booked. Raises Unavailable if something is held and its wallet is not told, or a
    row does not tell what was filled.
    """
    mine = oldest_first(row for row in rows if row.product_id == product.product_id)
    ours = [row for row in mine if is_of_ours(plan, product, row)]
    if not ours:
        return []
    bought = {row.client_order_id for row in ours if row.side == BUY}
    lots, ticks = _held(product, mine, bought)
    if lots:
        coins = told_wallet(wallets, product.base_currency)
        lots = min(lots, int(coins / product.base_increment))
    resting = [row for row in ours if is_resting_stop(row)] if lots else []
    stop = resting[-1] if resting else None
    others = tuple(as_booked(product, row) for row in ours if is_open(row) and row is not stop)
    why = f"the journal of order {ours[-1].client_order_id} {LOST}"
    if lots and stop is None:
        why += "; what is held has no stop"
    recent = tuple(
        row.client_order_id for row in ours if time_ms - (row.created_ms or 0) < RECENT_MS
    )
    order = None if stop is None else as_booked(product, stop)
    found: list[Event] = [
        PositionFound(
            time_ms, product.product_id, BY, why, lots, ticks if lots else 0, order, recent
        )
    ]
    if others:
        found.append(OrdersFound(time_ms, product.product_id, BY, why, others))
    return found


def by_product(
    plan: Plan, rows: Sequence[RemoteOrder]
) -> Iterator[tuple[Product, list[RemoteOrder]]]:
    """Yield each product of which there are rows, with those."""
    for product in plan.products:
        here = [row for row in rows if row.product_id == product.product_id]
        if here:
            yield product, here


def later(
    product: Product,
    new: Sequence[RemoteOrder],
    known: Mapping[str, Order],
    rows: Sequence[RemoteOrder],
    time_ms: int,
    untold: Container[str] = (),
    wallets: Mapping[str, Decimal] | None = None,
) -> OrdersFound:
    """Return what became of a product since the journal that was put back ends.

    new: orders of ours that it does not know. known: the ones that are open in it, by client id;
    rows: what the exchange says of those. untold: client ids of which what was filled has no
    witness: they are taken as orders that rest, for looks to ask. wallets: what they hold by then.
    Raises Unavailable if a row does not say what it cost.
    """
    pairs = pairs_of(product, new, known, rows)
    fills = []
    for order, row in pairs:
        if order.client_order_id in untold:
            continue
        told = reports(product, order, told_fills(row), time_ms)
        fills += [event.fill for event in told if isinstance(event, FillReceived)]
    orders = [
        order._replace(
            status=_status(order, row, is_told=order.client_order_id not in untold),
            exchange_id=row.order_id,
        )
        for order, row in pairs
    ]
    why = f"order {new[-1].client_order_id} and all before it since the journal's last look are "
    why += PUT_BACK
    coins = _coins(product, wallets or {})
    return OrdersFound(time_ms, product.product_id, BY, why, tuple(orders), tuple(fills), coins)


def _coins(product: Product, wallets: Mapping[str, Decimal]) -> int:
    """Return how many lots of a product its wallet holds; -1 where that is not told."""
    total = None if product.is_perpetual else wallets.get(product.base_currency)
    return -1 if total is None else int(max(total, ZERO) / product.base_increment)


def pairs_of(
    product: Product,
    new: Sequence[RemoteOrder],
    known: Mapping[str, Order],
    rows: Sequence[RemoteOrder],
) -> list[tuple[Order, RemoteOrder]]:
    """Return what is known of each order, with what is said of it, the oldest first."""
    pairs = [(order_of(product, row), row) for row in new]
    pairs += [(known[row.client_order_id], row) for row in rows]
    return sorted(pairs, key=lambda pair: (pair[1].created_ms or 0, pair[1].client_order_id))


def _status(order: Order, row: RemoteOrder, *, is_told: bool) -> OrderStatus:
    """Return how an order is taken: as it is told, or as one that rests."""
    if is_told:
        return row.life or order.status
    return OrderStatus.OPEN if order.status.is_final else order.status


def _held(product: Product, mine: Sequence[RemoteOrder], bought: set[str]) -> tuple[int, int]:
    """Return lots and average entry, ticks, of what was bought and not sold since.

    Raises Unavailable if a row does not tell what was filled.
    """
    size = value = ZERO
    for row in mine:
        if row.client_order_id in bought:
            told = told_fills(row)
            size += told.filled_size or ZERO
            value += told.filled_value or ZERO
        elif row.side == SELL and size:
            left = max(size - (told_fills(row).filled_size or ZERO), ZERO)
            size, value = left, value * left / size
    lots = int((size / product.base_increment).to_integral_value(ROUND_FLOOR))
    if not lots:
        return 0, 0
    ticks = int((value / size / product.price_increment).to_integral_value(ROUND_HALF_EVEN))
    return lots, max(ticks, 1)
