"""What an account shows that this session's journal does not: positions, stops, later orders.

The journal may be gone: what was bought under ids of ours and not sold since, by whomever, is
held, and never more than the coins that are there. Or an older one was put back: whatever came
after it is told order by order, with all that was filled. What comes up while a session runs is
neither: then somebody else runs this bot.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from gpt_trader.broker.exchange.ours import (
    Unknown,
    as_booked,
    is_of_ours,
    is_open,
    is_resting_stop,
    missing,
    oldest_first,
    order_of,
)
from gpt_trader.broker.exchange.reports import reports
from gpt_trader.domain.account import RemoteOrder, told_wallet
from gpt_trader.domain.order import Order
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import Event, FillReceived, InstanceSeen, OrdersFound, PositionFound
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import Unavailable
from gpt_trader.kernel.codes import BUY, SELL

ZERO = Decimal(0)
BY = "RECONCILIATION"
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
    now on will be booked. Raises Unavailable if something is held and its wallet is not told.
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
    why = f"the journal of order {ours[-1].client_order_id} is not here: "
    why += "lost, or on another machine"
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


def later(
    product: Product,
    new: Sequence[RemoteOrder],
    known: Mapping[str, Order],
    rows: Sequence[RemoteOrder],
    time_ms: int,
) -> OrdersFound:
    """Return what became of a product since the journal that was put back ends.

    new: orders of ours that it does not know. known: the ones that are open in it, by client id;
    rows: what the exchange says of those. Raises Unavailable if a row does not say what it cost.
    """
    pairs = [(order_of(product, row), row) for row in new]
    pairs += [(known[row.client_order_id], row) for row in rows]
    pairs.sort(key=lambda pair: (pair[1].created_ms or 0, pair[1].client_order_id))
    fills = []
    for order, row in pairs:
        if (row.filled_size or ZERO) > 0 and (row.filled_value or ZERO) <= 0:
            raise Unavailable(f"the exchange does not say what order {row.order_id} came to")
        told = reports(product, order, row, time_ms)
        fills += [event.fill for event in told if isinstance(event, FillReceived)]
    orders = [
        order._replace(status=row.life or order.status, exchange_id=row.order_id)
        for order, row in pairs
    ]
    why = f"order {new[-1].client_order_id} and all before it since the journal's last look are "
    why += "taken over: an older journal was put back, or its end was lost"
    return OrdersFound(time_ms, product.product_id, BY, why, tuple(orders), tuple(fills))


def seen_beside(
    plan: Plan,
    state: State,
    rows: Iterable[RemoteOrder],
    unknown: Unknown,
    time_ms: int,
) -> list[Event]:
    """Return that a second instance trades the portfolio; [] if nothing says so.

    rows: what a look shows while a session runs. Orders of ours among them that no entry of the
    journal names are another's; each is told once.
    """
    strange = missing(plan.portfolio, rows, state.orders, unknown)
    keys = tuple(row.client_order_id for row in strange)
    return [InstanceSeen(time_ms, keys)] if keys else []


def _held(product: Product, mine: Sequence[RemoteOrder], bought: set[str]) -> tuple[int, int]:
    """Return lots and average entry, ticks, of what was bought and not sold since."""
    size = value = ZERO
    for row in mine:
        filled = row.filled_size or ZERO
        if row.client_order_id in bought:
            size, value = size + filled, value + (row.filled_value or ZERO)
        elif row.side == SELL and size:
            left = max(size - filled, ZERO)
            size, value = left, value * left / size
    lots = int((size / product.base_increment).to_integral_value(ROUND_FLOOR))
    if not lots:
        return 0, 0
    ticks = int((value / size / product.price_increment).to_integral_value(ROUND_HALF_EVEN))
    return lots, max(ticks, 1)
