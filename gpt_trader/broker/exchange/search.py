"""Looking for orders of which nobody has said what became of them: proof, or no look at all.

Silence is never "no". A look that finds nothing counts only if all of it could be read: history,
fills and wallets. And what moved without an order that is known contradicts it.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from gpt_trader.broker.exchange.ports import Orders
from gpt_trader.domain.account import RemoteFill, RemoteOrder, holds_of, totals_of
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.order_ids import is_ours
from gpt_trader.domain.product import Product
from gpt_trader.engine.leaving import is_stop
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE

BEFORE_MS = 86_400_000  # how far before an order was decided its history is read: clocks err
FILLS_BEFORE_MS = 600_000
CLOCKS_MS = 60_000  # by so much at most a clock is off: an order is not older than its decision
ZERO = Decimal(0)
ROUNDED = Decimal("0.01")  # quote: what an exchange may round away
NEAR = Decimal("0.1")  # how far from the newest close a fill's price may be
CHEAP = 2  # for half of the newest close a stop may have sold, in a fall
MOST_STRAYS = 20  # orders that only fills tell, looked up in one look


class Found(NamedTuple):
    """One look: orders of everybody, fills, exact totals by currency, and what of them is on hold.

    is_whole: every row could be read; else what is not in it may be there. A row may still not say
    whose it is: then it may be any order that it is like.
    """

    orders: Sequence[RemoteOrder]
    fills: Sequence[RemoteFill]
    wallets: Mapping[str, Decimal]
    holds: Mapping[str, Decimal]
    is_whole: bool


def search(
    account: Orders, product_ids: Sequence[str], since_ms: int, apart_ms: int | None = None
) -> Found:
    """Look for all that happened since a time. Raises what the account raises: then it is none.

    apart_ms: since when others' fills may not be in what the journal expects; None: not before.
    An order that only its fills tell is looked up: it may be older than the history that is read.
    Fills are asked for of all products: a question that names one that is gone is refused.
    """
    begins_ms, fills_ms = since_ms - BEFORE_MS, since_ms - FILLS_BEFORE_MS
    if apart_ms is not None:  # whose they are their orders tell
        begins_ms, fills_ms = min(begins_ms, apart_ms), min(fills_ms, apart_ms)
    fills = account.fills(since_ms=fills_ms)
    here = [one for one in fills.rows if one.product_id in product_ids]
    orders = account.orders(since_ms=begins_ms)
    resting = account.open_orders(since_ms - FILLS_BEFORE_MS)  # those of long ago hold coins, too
    rows = {one.order_id: one for one in (*resting.rows, *orders.rows)}
    strays = {one.order_id: None for one in here if one.order_id not in rows}
    looked_up = [account.order(one) for one in list(strays)[:MOST_STRAYS]]
    balances = account.balances()
    wallets = totals_of(balances)
    holds = holds_of(balances)
    found = [*rows.values(), *(one for one in looked_up if one is not None)]
    is_whole = orders.tells_all and resting.tells_all and fills.is_whole
    return Found(found, here, wallets, holds, is_whole)


def tells(product: Product, order: Order, found: Found, expected: Mapping[str, Decimal]) -> bool:
    """Whether a look tells all that an order's absence is held against; else it is none.

    expected: what each wallet must hold by the journal: one of 0 may be missing.
    """
    wallets = (product.base_currency, product.quote_currency)
    is_told = all(one in found.wallets or not expected.get(one, ZERO) for one in wallets)
    return is_told and found.is_whole and not any(_may_be(order, row) for row in found.orders)


def _may_be(order: Order, row: RemoteOrder) -> bool:
    """Whether a row that does not say whose it is may be an order: then nobody knows of it.

    Not if it is of another product, side or name, or was there long before the order was decided.
    """
    if row.client_order_id or order.exchange_id:
        return False
    is_before = row.created_ms is not None and row.created_ms < order.intent.sent_ms - CLOCKS_MS
    is_alike = (row.product_id, row.side) == (order.product_id, order.intent.side)
    return is_alike and not is_before


def contradiction(
    plan: Plan, state: State, order: Order, found: Found, expected: Mapping[str, Decimal]
) -> str:
    """Return what speaks against an order's absence from a look, "" if nothing does.

    found: one that `tells`. expected: what each wallet must hold by the journal. A fill moves both
    wallets: coins alone are somebody's deposit.
    """
    known = {one.exchange_id for one in state.orders.values()} | {
        one.order_id for one in found.orders
    }
    for fill in found.fills:
        is_alike = (fill.product_id, fill.side) == (order.product_id, order.intent.side)
        is_new = fill.trade_ms >= order.intent.sent_ms - FILLS_BEFORE_MS
        if is_alike and is_new and fill.order_id not in known:
            return f"a fill of order {fill.order_id}, which nobody knows"
    product = plan.products[plan.index[order.product_id]]
    if is_held(product, order, found.orders, found.holds):
        return f"{product.base_currency} is on hold as if it rests"
    moved = unexplained(plan, state, order, found, expected, order.intent.sent_ms)
    close = _close_price(plan, state, order)
    alike = [coins for coins, money in moved if _is_alike(order, product, close, coins, money)]
    if not alike or any(abs(coins) < product.base_increment for coins, _ in moved):
        return ""
    return f"the wallets moved as if it was filled: {alike[0]:+f} {product.base_currency}"


Moved = Sequence[tuple[Decimal, Decimal]]
"""By how much coins and money differ from what is expected, once for each explanation."""


def is_explained(product: Product, moved: Moved, sold: frozenset[str]) -> bool:
    """Whether coins are as the journal and other people's fills say: an order sold no more.

    Or more came, and no money with them. sold: other products of which ours were `selling` then.
    """
    step = product.base_increment
    return any(
        (abs(coins) < step and (money <= ROUNDED or sold)) or (coins > 0 and abs(money) <= ROUNDED)
        for coins, money in moved
    )


def is_taken(moved: Moved) -> bool:
    """Whether coins are missing and no money came in: a sale moves both wallets at once."""
    return any(coins < 0 and abs(money) <= ROUNDED for coins, money in moved)


def selling(state: State) -> frozenset[str]:
    """Return the products of which orders of ours may bring in money that is not booked yet."""
    return frozenset(
        one.product_id
        for one in state.open_orders
        if one.intent.reduce_only
        and one.status is not OrderStatus.WAITING
        and (not is_stop(one) or one.status is OrderStatus.TRIGGERED)
    )


def sold_untold(plan: Plan, state: State, order: Order, found: Found, moved: Moved) -> str:
    """Return why an order may have sold coins that are missing though it denies it, "" if not.

    found: one that `tells`. Other people's fills may explain what is missing, and a withdrawal
    brings no money. How much came in is no measure: others of ours may have filled meanwhile.
    """
    for row in found.orders:
        is_new = row.created_ms is None or row.created_ms >= order.intent.sent_ms
        is_alike = (row.product_id, row.side) == (order.product_id, order.intent.side)
        is_known = row.client_order_id in state.orders
        if is_new and is_alike and not is_known and is_ours(row.client_order_id, plan.portfolio):
            return f"order {row.order_id} is of this bot, and its journal does not know it"
    product = plan.products[plan.index[order.product_id]]
    close, left = _close_price(plan, state, order), product.size(order.intent.lots - order.filled)
    if any(-coins < product.base_increment for coins, _ in moved):
        return ""
    if any(money >= min(-coins, left) * close / CHEAP for coins, money in moved):
        return f"{product.base_currency} is missing, and money came in"
    return ""


def unexplained(
    plan: Plan,
    state: State,
    order: Order,
    found: Found,
    expected: Mapping[str, Decimal],
    since_ms: int,
) -> Moved:
    """Return by how much coins and money differ from what is expected.

    since_ms: other people's fills from then on are not expected yet; of those before it, the newest
    may not be either, however many.
    """
    return list(_unexplained(plan, state, order, found, expected, since_ms))


def _unexplained(
    plan: Plan,
    state: State,
    order: Order,
    found: Found,
    expected: Mapping[str, Decimal],
    since_ms: int,
) -> Iterator[tuple[Decimal, Decimal]]:
    """Yield what `unexplained` returns.

    Money also comes of what others traded of other products. What another instance of this bot
    traded explains nothing.
    """
    product = plan.products[plan.index[order.product_id]]
    ours = {one.exchange_id for one in state.orders.values()}
    ours |= {r.order_id for r in found.orders if is_ours(r.client_order_id, plan.portfolio)}
    coins, money = (
        found.wallets.get(asset, ZERO) - expected.get(asset, ZERO)
        for asset in (product.base_currency, product.quote_currency)
    )
    theirs = [
        fill
        for fill in sorted(found.fills, key=lambda one: -one.trade_ms)
        if fill.is_first
        and fill.product_id.endswith(f"-{product.quote_currency}")
        and fill.order_id not in ours
    ]
    for fill in theirs:
        if fill.trade_ms < since_ms:
            yield coins, money
        if fill.product_id == order.product_id:
            coins -= fill.side * fill.size
        money += fill.side * fill.price * fill.size + fill.commission
    yield coins, money


def _is_alike(
    order: Order, product: Product, close: Decimal, coins: Decimal, money: Decimal
) -> bool:
    """Whether wallets moved by coins and money as an order's fill would move them."""
    worth = coins * order.intent.side * close
    paid = -money * order.intent.side
    most = product.size(order.intent.lots - order.filled)
    is_within = coins * order.intent.side <= most if order.intent.lots else worth <= _most(order)
    is_paid = worth > 0 and abs(paid - worth) <= NEAR * worth
    return is_within and is_paid


def _most(order: Order) -> Decimal:
    """Return for how much at most an order by value may have bought, priced at another close."""
    return (1 + NEAR) * order.intent.quote / UNITS_PER_QUOTE


def is_held(
    product: Product,
    order: Order,
    rows: Sequence[RemoteOrder],
    holds: Mapping[str, Decimal],
) -> bool:
    """Whether as many coins are on hold as a sell would hold, beyond those of orders that are told.

    An order that tells no size may hold them all: nothing is known of it.
    """
    left = product.size(order.intent.lots - order.filled)
    if order.intent.side > 0 or left <= 0:
        return False
    return held_beyond(product, rows, holds) >= left


def held_beyond(
    product: Product, rows: Sequence[RemoteOrder], holds: Mapping[str, Decimal]
) -> Decimal:
    """Return how many coins are on hold beyond those of orders that are told; below 0 if less."""
    held = holds.get(product.base_currency, ZERO)
    for one in rows:
        is_alive = one.life is None or not one.life.is_final
        if is_alive and one.side < 0 and one.product_id.split("-")[0] == product.base_currency:
            held -= (one.base_size or ZERO) - (one.filled_size or ZERO)
    return held


def held_beside(
    product: Product,
    ours: Sequence[Order],
    rows: Sequence[RemoteOrder],
    holds: Mapping[str, Decimal],
) -> Decimal | None:
    """Return how many coins are on hold that are of no order; None: nobody knows whose they are.

    ours: orders that were open when it was asked, or are now; one that has no id yet may hold some.
    """
    told = {one.order_id for one in rows}
    sells = [one for one in ours if one.product_id == product.product_id and one.intent.side < 0]
    if any(not one.exchange_id and one.status is not OrderStatus.WAITING for one in sells):
        return None
    untold = [one for one in sells if one.exchange_id and one.exchange_id not in told]
    left = sum((product.size(one.intent.lots - one.filled) for one in untold), ZERO)
    return max(held_beyond(product, rows, holds) - left, ZERO)


def is_covered(
    product: Product, order: Order, wallets: Mapping[str, Decimal], holds: Mapping[str, Decimal]
) -> bool:
    """Whether what is left of a sell could be sold beside all that is on hold."""
    base = product.base_currency
    left = product.size(order.intent.lots - order.filled)
    return wallets.get(base, ZERO) - holds.get(base, ZERO) >= left


def _close_price(plan: Plan, state: State, order: Order) -> Decimal:
    j = plan.index[order.product_id]
    return plan.products[j].price(int(state.slots["close_ticks"][j]))
