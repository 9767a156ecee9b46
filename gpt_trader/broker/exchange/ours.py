"""Orders of ours in an account: told by their mark, and read as what this bot would have sent.

Bare ids, which older versions made, are told by trying what could have made them.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.order import Order, OrderIntent, OrderStatus, OrderType, Origin, TimeInForce
from gpt_trader.domain.order_ids import BARE, client_order_id, is_ours, order_id
from gpt_trader.domain.product import Product
from gpt_trader.engine.plan import Plan
from gpt_trader.errors import Unavailable
from gpt_trader.kernel.codes import BUY, FILL_ENTRY, FILL_EXIT, FILL_STOP, SELL
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE

CLOCKS_MS = 30_000  # by how much the bot's time of an order and the exchange's may differ
Unknown = Callable[[Iterable[str]], set[str]]
"""Returns those of some client ids that a journal never named."""

ZERO = Decimal(0)
STOPS = (OrderType.STOP_LIMIT, OrderType.BRACKET)


def is_of_ours(plan: Plan, product: Product, row: RemoteOrder) -> bool:
    """Whether this bot made an order: it bears the mark, or its bare id tells its cause."""
    if is_ours(row.client_order_id, plan.portfolio):
        return True
    return _is_of_a_bar(plan, row) or (is_resting_stop(row) and _protects(plan, product, row))


def missing(
    portfolio: str,
    rows: Iterable[RemoteOrder],
    known: Iterable[str],
    unknown: Unknown,
) -> list[RemoteOrder]:
    """Return the orders with a portfolio's mark that a journal does not know, oldest first.

    known: client ids that need not be asked for.
    """
    held = set(known)
    marked = {
        row.client_order_id: row
        for row in rows
        if row.client_order_id not in held and is_ours(row.client_order_id, portfolio)
    }
    found = [marked[key] for key in unknown(marked)] if marked else []
    return oldest_first(found)


def oldest_first(rows: Iterable[RemoteOrder]) -> list[RemoteOrder]:
    """Return orders in the order of their creation."""
    return sorted(rows, key=lambda row: (row.created_ms or 0, row.client_order_id))


def is_open(row: RemoteOrder) -> bool:
    """Whether an order may still fill, as far as is known."""
    return row.life is None or not row.life.is_final


def is_resting_stop(row: RemoteOrder) -> bool:
    """Whether an order is a stop that sells, and rests."""
    has_terms = bool(row.base_size and row.stop_price and row.limit_price)
    is_alive = row.life is not None and not row.life.is_final
    return row.kind in STOPS and row.side == SELL and is_alive and has_terms


def order_of(product: Product, row: RemoteOrder) -> Order:
    """Return an order of ours as the exchange tells it, with nothing booked of it.

    A stop that sells is a protection. Whatever else sells is a route's exit, what buys its entry.
    """
    is_stop = row.kind in STOPS and row.side == SELL
    reason = FILL_ENTRY if row.side == BUY else FILL_STOP if is_stop else FILL_EXIT
    kind = OrderType.LIMIT if row.kind is None else row.kind
    return Order(
        OrderIntent(
            client_order_id=row.client_order_id,
            product_id=row.product_id,
            side=row.side,
            type=kind,
            tif=TimeInForce.IOC if kind is OrderType.MARKET else TimeInForce.GTC,
            lots=int((row.base_size or ZERO) / product.base_increment),
            quote=int((row.quote_size or ZERO) * UNITS_PER_QUOTE),
            limit=int((row.limit_price or ZERO) / product.price_increment),
            stop=int((row.stop_price or ZERO) / product.price_increment),
            post_only=row.post_only,
            reduce_only=row.side == SELL,
            reason=reason,
            origin=Origin.PROTECTION if is_stop else Origin.ROUTE,
            sent_ms=row.created_ms or 1,
        ),
        status=row.life or OrderStatus.OPEN,
        exchange_id=row.order_id,
    )


def as_booked(product: Product, row: RemoteOrder) -> Order:
    """Return an order of ours with all that was filled of it so far as booked elsewhere.

    Raises Unavailable if the row does not tell that.
    """
    told_fills(row)
    return order_of(product, row)._replace(
        filled=int((row.filled_size or ZERO) / product.base_increment),
        filled_value=format(row.filled_value or ZERO, "f"),
        filled_fees=format(row.total_fees or ZERO, "f"),
    )


def told_fills(row: RemoteOrder) -> RemoteOrder:
    """Return a row that tells what was filled; what it does not tell is not nothing.

    Raises Unavailable.
    """
    if not row.tells_fills:
        raise Unavailable(f"the exchange does not say what was filled of order {row.order_id}")
    return row


def _is_of_a_bar(plan: Plan, row: RemoteOrder) -> bool:
    """Whether a bar's decision made the bare id."""
    newest = (row.created_ms or 0) // plan.interval_ms * plan.interval_ms
    bars: Sequence[int] = range(newest - 2 * plan.interval_ms, newest + 1, plan.interval_ms)
    return any(
        row.client_order_id
        == client_order_id(plan.portfolio, row.product_id, plan.interval, open_ms, ordinal, BARE)
        for open_ms in bars
        for ordinal in (0, 1)
    )


def _protects(plan: Plan, product: Product, row: RemoteOrder) -> bool:
    """Whether the bare id is that of a protection; its time is tried within CLOCKS_MS."""
    lots = int((row.base_size or ZERO) / product.base_increment)
    created_ms = row.created_ms or 0
    return any(
        row.client_order_id
        == order_id(plan.portfolio, row.product_id, f"protect:{time_ms}", lots, BARE)
        for time_ms in range(created_ms - CLOCKS_MS, created_ms + CLOCKS_MS)
    )
