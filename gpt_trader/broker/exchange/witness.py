"""Who else tells what an order's own answer says: its fills, the wallets, or what rests."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from gpt_trader.broker.exchange.ports import Orders
from gpt_trader.broker.exchange.reports import known_of, lots_of
from gpt_trader.broker.exchange.search import ROUNDED, is_covered, is_held
from gpt_trader.domain.account import Balance, History, RemoteFill, RemoteOrder, holds_of, totals_of
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.product import Product
from gpt_trader.engine.leaving import is_stop

ZERO = Decimal(0)

HOLD_MS = 12_000  # for so long coins on hold are taken for those of an order that says it ended
SOLD_MS = 30_000  # for so long a sale is told that leaves no coins on hold, and as many there
FAR = 5  # a price within a fifth of the newest close may be one


def needs_witness(product: Product, order: Order, row: RemoteOrder) -> bool:
    """Whether an order's own answer tells of more lots than are booked, or cannot be read."""
    return not row.tells_fills or lots_of(product, row) > order.filled


def priced_as_booked(product: Product, order: Order, row: RemoteOrder) -> RemoteOrder:
    """Return a row that contradicts itself with what is booked, if it tells of no more lots."""
    if row.tells_fills or not row.tells_size or lots_of(product, row) != order.filled:
        return row
    value, fees = known_of(order)
    return row._replace(filled_value=value, total_fees=fees, average_price=None)


def priced_by_fills(row: RemoteOrder, fills: Sequence[RemoteFill]) -> RemoteOrder:
    """Return a row that contradicts itself with what its fills tell instead; else as it is."""
    ours = list(_first_told(row.order_id, fills))
    if row.tells_fills or not ours:
        return row
    return row._replace(
        filled_size=row.filled_size if row.tells_size else size_of_fills(row.order_id, ours),
        filled_value=sum((f.size * f.price for f in ours), ZERO),
        total_fees=sum((f.commission for f in ours), ZERO),
        average_price=None,
    )


def priced_by_wallets(
    product: Product,
    order: Order,
    row: RemoteOrder,
    wallets: Mapping[str, Decimal],
    expected: Mapping[str, Decimal],
    close: Decimal,
) -> RemoteOrder:
    """Return a row that tells a size and no value with what the money wallet has moved by.

    By the average price if it is told, else with the fees that are. close: the newest, quote. What
    comes to no price of the market is left as it is.
    """
    quote = product.quote_currency
    if row.tells_fills or not row.tells_size or quote not in wallets:
        return row
    side, (value, fees) = order.intent.side, known_of(order)
    size = row.filled_size or ZERO
    coins = product.size(lots_of(product, row) - order.filled)
    moved = wallets[quote] - expected.get(quote, ZERO)
    costs = max((row.total_fees or fees) - fees, ZERO)
    new = -side * (moved + costs)
    if row.average_price:
        new = row.average_price * size - value
        costs = -side * new - moved
    if coins <= 0 or abs(new / coins - close) > close / FAR:
        return row
    told = row._replace(filled_value=value + new, total_fees=fees + costs, average_price=None)
    return told if told.tells_fills else row


def end_needs_witness(order: Order, row: RemoteOrder) -> bool:
    """Whether an order's own answer says that coins are left which it was to sell.

    If that is not so they would be sold twice, and the second time they are somebody else's.
    """
    is_end = row.life is not None and row.life.is_final and row.life is not OrderStatus.FILLED
    return is_end and not order.status.is_final and order.intent.reduce_only


class Rests(NamedTuple):
    """What an account says of what may still fill, of what is on hold, and of an order's fills.

    all_fills: everybody's, since shortly before the account was last seen in line. sold: products
    that ours were `selling` when it was asked.
    """

    orders: History[RemoteOrder]
    wallets: Sequence[Balance]
    fills: History[RemoteFill]
    all_fills: History[RemoteFill]
    sold: frozenset[str]

    @property
    def totals(self) -> dict[str, Decimal]:
        """What each wallet holds, by currency."""
        return totals_of(self.wallets)

    @property
    def holds(self) -> dict[str, Decimal]:
        """What of it is on hold."""
        return holds_of(self.wallets)


def ask_rests(
    account: Orders, order_id: str, since_ms: int, fills_since_ms: int, sold: frozenset[str]
) -> Rests:
    """Ask an account about an order and what rests. Raises what it raises."""
    fills, resting = account.fills(order_ids=[order_id]), account.open_orders(since_ms)
    all_fills = account.fills(since_ms=fills_since_ms)
    return Rests(resting, account.balances(), fills, all_fills, sold)


def has_let_go(product: Product, order: Order, row: RemoteOrder, found: Rests) -> bool | None:
    """Whether an order sold no more than it says, and holds no coins; None: no wallet says so.

    The wallet tells: its own answer and a list are of one service, and err together.
    """
    return False if _sold_more(product, row, found) else holds_none(product, order, row, found)


def holds_none(product: Product, order: Order, row: RemoteOrder, found: Rests) -> bool | None:
    """Whether no coins are on hold for an order, whatever fills say; None: no wallet says so."""
    others = [
        one
        for one in found.orders.rows
        if row.order_id != one.order_id and order.client_order_id != one.client_order_id
    ]
    holds = found.holds
    if product.base_currency not in holds and order.filled < order.intent.lots:
        return None
    return not is_held(product, order, others, holds)


def is_as_expected(
    product: Product, found: Rests, expected: Mapping[str, Decimal], ours: Container[str]
) -> bool:
    """Whether the wallet holds the coins of a product to the lot, and no money came in.

    An order that says it has not sold, and the list of its fills, may both be late; the wallet that
    holds nothing for it any more is not. More coins than expected may hide a sale, and so may as
    many, where somebody else traded; money that comes in may be its price. expected: what each
    wallet must hold by the journal. ours: ids of orders of ours.
    """
    name = product.product_id
    others = (one for one in found.all_fills.rows if one.product_id == name and one.is_first)
    if not found.all_fills.is_whole or any(one.order_id not in ours for one in others):
        return False
    base, quote, totals = product.base_currency, product.quote_currency, found.totals
    coins = totals.get(base, ZERO) - expected.get(base, ZERO)
    money = totals.get(quote, ZERO) - expected.get(quote, ZERO)
    return abs(coins) < product.base_increment and (money <= ROUNDED or bool(found.sold - {name}))


def has_coins(
    product: Product, totals: Mapping[str, Decimal], expected: Mapping[str, Decimal]
) -> bool:
    """Whether no coins of a product are missing; a wallet that is not told lacks all."""
    base = product.base_currency
    return totals.get(base, ZERO) + product.base_increment > expected.get(base, ZERO)


def needs_no_more(product: Product, order: Order, row: RemoteOrder, found: Rests) -> bool:
    """Whether what an order says it left can be sold beside whatever is on hold.

    Then the hold may be anybody's: a withdrawal under way, an order that no list shows.
    """
    if _sold_more(product, row, found):
        return False
    return is_covered(product, order, found.totals, found.holds)


def _sold_more(product: Product, row: RemoteOrder, found: Rests) -> bool:
    """Whether an order's fills come to more than it says; what corrects a fill tells it again."""
    sold = size_of_fills(row.order_id, found.fills.rows)
    return sold >= (row.filled_size or ZERO) + product.base_increment


def size_of_fills(order_id: str, fills: Iterable[RemoteFill]) -> Decimal:
    """Return what an order's fills come to, in base units, without what corrects or reverses."""
    return sum((one.size for one in _first_told(order_id, fills)), ZERO)


def _first_told(order_id: str, fills: Iterable[RemoteFill]) -> Iterator[RemoteFill]:
    """Yield an order's fills as they were told first."""
    return (one for one in fills if one.order_id == order_id and one.is_first)


def has_size(product: Product, order: Order, lots: int, found: Rests) -> bool | None:
    """Whether an order that sells rests with another size; None: no wallet says so.

    The wallet tells: of one that was cut not as many coins are on hold any more as it held, of one
    that was enlarged as many as it holds now.
    """
    holds = found.holds
    if product.base_currency not in holds:
        return None
    known = order.intent.lots
    larger = order._replace(intent=order.intent._replace(lots=max(known, lots)))
    others = [one for one in found.orders.rows if one.client_order_id != order.client_order_id]
    return is_held(product, larger, others, holds) == (lots > known)


def has_sold(
    product: Product,
    order: Order,
    row: RemoteOrder,
    balances: Sequence[Balance],
    expected: Mapping[str, Decimal],
) -> bool | None:
    """Whether the wallet lacks the coins that are new of an order that sells.

    Or it holds none for it any more, which nobody asked for: then somebody else may have brought
    coins. For one that had ended nothing is on hold in any case. expected: what each wallet must
    hold by the journal. None: the wallet is not told of, which is no word of what it holds.
    """
    base = product.base_currency
    totals = totals_of(balances)
    holds = holds_of(balances)
    left = expected.get(base, ZERO) - product.size(lots_of(product, row) - order.filled)
    if base not in totals:
        return None
    is_open = not order.status.is_final and order.status is not OrderStatus.PENDING_CANCEL
    if is_open and not is_held(product, order, (), holds):
        return True
    return totals[base] < left + product.base_increment


def has_sold_beside(
    product: Product,
    order: Order,
    remote: RemoteOrder,
    balances: Sequence[Balance],
    expected: Mapping[str, Decimal],
    lasted_ms: int,
) -> bool:
    """Whether an order has sold, as it and its fills say, though as many coins are in the wallet.

    lasted_ms: for how long they have said so. Its price came in; or, where money was moved as well,
    nothing is on hold for it all the while: it does not rest.
    """
    totals = totals_of(balances)
    holds = holds_of(balances)
    if lasted_ms >= SOLD_MS and not is_held(product, order, (), holds):
        return True
    return lasted_ms >= HOLD_MS and money_tells(product, order, remote, totals, expected)


def unsold(
    product: Product,
    pairs: Iterable[tuple[Order, RemoteOrder]],
    totals: Mapping[str, Decimal],
    holds: Mapping[str, Decimal] | None,
    expected: Mapping[str, Decimal],
) -> set[str]:
    """Return the stops among a product's orders that no wallet says to have sold, by client id.

    pairs: what is known of each order, and what it tells of itself; what is new of the others is
    taken as they tell it. The wallet tells of all or of none. holds: None if they are not told.
    """
    pairs, base = list(pairs), product.base_currency
    claims = [one for one in pairs if is_stop(one[0]) and lots_of(product, one[1]) > one[0].filled]
    new = sum((_new_coins(product, order, row) for order, row in pairs), ZERO)
    if base in totals and totals[base] < expected.get(base, ZERO) + new + product.base_increment:
        return set()
    rests = [row for order, row in pairs if (order, row) not in claims]
    if holds is not None and base in holds:
        claims = [
            (order, row)
            for order, row in claims
            if _may_have_let_go(order, row) or is_held(product, order, rests, holds)
        ]
    return {order.client_order_id for order, _ in claims}


def _may_have_let_go(order: Order, row: RemoteOrder) -> bool:
    """Whether nothing may be on hold for an order though it has not sold all that it was to.

    Nor is anything known of one that tells no size.
    """
    is_end = row.life is not None and row.life.is_final and row.life is not OrderStatus.FILLED
    return is_end or order.status is OrderStatus.PENDING_CANCEL or not order.intent.lots


def _new_coins(product: Product, order: Order, row: RemoteOrder) -> Decimal:
    """Return by how many coins what is new of an order moves the wallet."""
    return order.intent.side * product.size(max(lots_of(product, row) - order.filled, 0))


def fills_tell(product: Product, row: RemoteOrder, fills: Sequence[RemoteFill]) -> bool:
    """Whether an order's fills come to what it says was filled; one may be counted in quote."""
    return size_of_fills(row.order_id, fills) + product.base_increment > (row.filled_size or ZERO)


def money_tells(
    product: Product,
    order: Order,
    row: RemoteOrder,
    wallets: Mapping[str, Decimal],
    expected: Mapping[str, Decimal],
) -> bool:
    """Whether the money wallet has moved, at least, as what is new of an order would move it."""
    quote = product.quote_currency
    if quote not in wallets:
        return False
    side, (value, fees) = order.intent.side, known_of(order)
    new, costs = (row.filled_value or ZERO) - value, (row.total_fees or ZERO) - fees
    money = -side * new - costs
    return (wallets[quote] - expected.get(quote, ZERO) - money) * side <= ROUNDED


def wallets_tell(
    product: Product,
    order: Order,
    row: RemoteOrder,
    wallets: Mapping[str, Decimal],
    expected: Mapping[str, Decimal],
) -> bool:
    """Whether both wallets have moved, at least, as what is new of an order would move them.

    expected: what each must hold by the journal. A wallet that is not told tells nothing.
    """
    base = product.base_currency
    if base not in wallets:
        return False
    coins = product.size(lots_of(product, row) - order.filled)
    got = (wallets[base] - expected.get(base, ZERO)) * order.intent.side
    return got >= coins and money_tells(product, order, row, wallets, expected)
