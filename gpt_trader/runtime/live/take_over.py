"""What a session finds of itself at its start: a journal that is gone, or not the newest.

Asked once, before anything is decided. Orders with our mark that are newer than the last time it
was asked, and that no entry ever named, are a part of the story that is missing here. The history
is asked for whole: a question that names a product that is gone is refused, and would hide what is
said of the others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from gpt_trader.broker.exchange.earlier import by_product, earlier, later, pairs_of
from gpt_trader.broker.exchange.ours import missing
from gpt_trader.broker.exchange.ports import Orders
from gpt_trader.broker.exchange.reports import reports
from gpt_trader.broker.exchange.search import MOST_STRAYS
from gpt_trader.broker.exchange.witness import (
    fills_tell,
    has_sold,
    needs_witness,
    size_of_fills,
    unsold,
)
from gpt_trader.domain.account import Balance, RemoteOrder, holds_of, totals_of
from gpt_trader.domain.order import Order
from gpt_trader.domain.order_ids import is_ours
from gpt_trader.domain.product import Product
from gpt_trader.domain.venue import ProductInfo
from gpt_trader.engine.drive import Observer
from gpt_trader.engine.events import Event, Noted, OrdersFound, PositionFound, Reconciled
from gpt_trader.engine.leaving import is_stop
from gpt_trader.engine.names import TAGS
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import DataError, RateLimited, Unavailable
from gpt_trader.journal.sqlite import Journal
from gpt_trader.runtime.live.told import Untold, begins_ms
from gpt_trader.runtime.live.wallets import ZERO, expected_wallets
from gpt_trader.runtime.session import Session

YEARS_MS = 2 * 365 * 86_400_000  # how far back a journal that is gone is looked for
NEWEST = 5  # orders of a product that may still rest whatever a list says: they are asked
UNREADABLE = "some orders of the account cannot be read: nothing is entered until they can"
BEFORE_MS = 600_000  # how far before the last time orders are read again


def take_over(
    session: Session,
    account: Orders,
    began: Mapping[str, Decimal],
    market: Callable[[str], ProductInfo],
    observe: Observer,
    say: Callable[[str], object],
) -> Untold | None:
    """Take what is found at a start, each as one transaction, and note that it was asked for.

    began: what the wallets held when the journal began. market: asked what a position that is found
    is worth now. say: is told of it. Returns what could not be read, None if all could:
    until then the account has to be asked again. Raises what the account raises: then the next
    start asks again.
    """
    plan, now_ms = session.plan, session.time_ms()
    found, untold = found_at_start(plan, session.state, session.journal, account, now_ms, began)
    for event in found:
        for words in words_of(plan, event):
            say(words)
        session.take(_priced(plan, event, market), observe)
    if untold is None:
        session.journal.note_told(now_ms)
    return untold


def found_at_start(
    plan: Plan,
    state: State,
    journal: Journal,
    account: Orders,
    time_ms: int,
    began: Mapping[str, Decimal],
) -> tuple[list[Event], Untold | None]:
    """Return what the account shows and the journal does not know; [] if it is the whole story.

    began: what the wallets held when the journal began.
    And what of it could not be read, None if all could. Raises what the account raises: nothing
    may be decided before it was asked.
    """
    told_ms, since_ms = _told_ms(journal), begins_ms(journal)
    found: list[Event] = []
    is_whole = is_sure = True
    if told_ms is None:
        found, rows = _of_a_lost_journal(plan, account, time_ms, since_ms, began)
    else:
        since_ms = max(told_ms - BEFORE_MS, since_ms)
        rows, is_whole, _ = account.orders(since_ms=since_ms)
    if not is_whole:
        rows, is_sure = _completed(account, rows, since_ms, state)
        found.append(Noted(time_ms, "orders", UNREADABLE))
    new = missing(plan.portfolio, rows, state.orders, journal.unknown)
    expected = expected_wallets(began, state)
    for row in rows:  # one that had ended here, proven absent maybe, and that the account shows
        order = state.orders.get(row.client_order_id)
        if order is not None and order.status.is_final and order.product_id in plan.index:
            product = plan.products[plan.index[order.product_id]]
            if reports(product, order, row, time_ms):
                found += _told_itself(product, order, row, account, time_ms, expected)
    pending = []
    for product, here in by_product(plan, new):
        here[-NEWEST:] = [_asked(product, row, account) for row in here[-NEWEST:]]
        mine = [one for one in state.open_orders if one.product_id == product.product_id]
        known = {one.client_order_id: one for one in mine}
        told = list(_rows_of(product, mine, rows, account))
        pending.append((product, here, known, told))
    balances = _balances(account) if pending else ()  # after the orders: they hold what those say
    for product, here, known, told in pending:
        untold = _untold(product, pairs_of(product, here, known, told), balances, expected)
        wallets = totals_of(balances)
        found.append(later(product, here, known, told, time_ms, untold, wallets))
    return found, None if is_whole else Untold(since_ms, is_sure)


def _completed(
    account: Orders, rows: list[RemoteOrder], since_ms: int, state: State
) -> tuple[list[RemoteOrder], bool]:
    """Return a history that was not told in full, with what rests and was filled besides.

    And whether that is all by which what is held could be another than the journal says.
    """
    try:
        fills, resting = account.fills(since_ms=since_ms), account.open_orders(since_ms)
        there = {row.order_id: row for row in (*resting.rows, *rows)}
        known = there.keys() | {order.exchange_id for order in state.orders.values()}
        strays = list(dict.fromkeys(f.order_id for f in fills.rows if f.order_id not in known))
        asked = [account.order(one) for one in strays[:MOST_STRAYS]]
    except (RateLimited, Unavailable):
        return rows, False
    told = [row for row in asked if row is not None]
    is_sure = fills.is_whole and resting.is_whole and len(told) == len(strays)
    return [*there.values(), *told], is_sure


def _priced(plan: Plan, event: Event, market: Callable[[str], ProductInfo]) -> Event:
    """Return a position that was found with its price now; as it is where nobody tells that."""
    if not isinstance(event, PositionFound) or not event.lots:
        return event
    product = plan.products[plan.index[event.product_id]]
    try:
        price = market(event.product_id).price
    except (DataError, Unavailable, RateLimited):
        price = None
    ticks = product.ticks(price, ROUND_HALF_EVEN) if price else None
    return event._replace(price_ticks=ticks or 0)


def words_of(plan: Plan, event: Event) -> Iterator[str]:
    """Yield what a person is told of something that was found."""
    match event:
        case Noted():
            yield event.text
        case PositionFound() | OrdersFound():
            yield f"{event.product_id} takes no entries until rearm: {event.reason}"
    if isinstance(event, PositionFound) and event.lots:
        product = plan.products[plan.index[event.product_id]]
        stop = (
            f"its stop rests at {product.price(event.order.intent.stop)}"
            if event.order
            else "no stop of its own is known: only its strategy or a person sells it"
        )
        yield f"{product.size(event.lots)} {product.base_currency} are taken over: {stop}"


def _told_ms(journal: Journal) -> int | None:
    """Return until when the account was asked; older versions said only when they had looked."""
    told_ms = journal.told_ms()
    looked = journal.newest(TAGS[Reconciled]) if told_ms is None else None
    return told_ms if looked is None else looked.time_ms


def lacks(
    portfolio: str, state: State, journal: Journal, account: Orders, open_: Sequence[RemoteOrder]
) -> list[str]:
    """Return the client ids of ours that a journal does not know, for a start to take over.

    open_: what rests.
    """
    since_ms = max((_told_ms(journal) or 0) - BEFORE_MS, begins_ms(journal))
    rows = [*open_, *account.orders(since_ms=since_ms).rows]
    found = missing(portfolio, rows, state.orders, journal.unknown)
    return [row.client_order_id for row in found]


def _of_a_lost_journal(
    plan: Plan, account: Orders, time_ms: int, begins_ms: int, began: Mapping[str, Decimal]
) -> tuple[list[Event], list[RemoteOrder]]:
    """Return what came before a journal that has never asked, and the orders that came after.

    Such a one may be the copy of a session's first moments: what was sent since it began is a part
    of its story, and moved what its wallets began with. Without that it has only just begun.
    """
    rows, is_whole, _ = account.orders(since_ms=time_ms - YEARS_MS)
    if not is_whole:
        raise Unavailable("not all orders of the account can be read: some may be this bot's")
    before, after = list[RemoteOrder](), list[RemoteOrder]()
    for row in rows:
        is_later = 0 < begins_ms <= (row.created_ms or 0)
        is_told = is_later and is_ours(row.client_order_id, plan.portfolio)
        (after if is_told else before).append(row)
    none = {product.base_currency: ZERO for product in plan.products}
    wallets = {**none, **began} if after else totals_of(account.balances())
    found = [
        event
        for product in plan.products
        for event in earlier(plan, product, before, wallets, time_ms)
    ]
    return found, after


def _untold(
    product: Product,
    pairs: list[tuple[Order, RemoteOrder]],
    told: Sequence[Balance],
    expected: Mapping[str, Decimal],
) -> set[str]:
    """Return the stops of which only they say that they have sold: looks go on asking."""
    if not any(is_stop(one) and needs_witness(product, one, row) for one, row in pairs):
        return set()
    totals, holds = totals_of(told), holds_of(told)
    return unsold(product, pairs, totals, holds, expected)


def _balances(account: Orders) -> Sequence[Balance]:
    """Return the wallets; none where they are not told."""
    try:
        return account.balances()
    except (RateLimited, Unavailable):
        return ()


def _told_itself(
    product: Product,
    order: Order,
    row: RemoteOrder,
    account: Orders,
    time_ms: int,
    expected: Mapping[str, Decimal],
) -> list[Event]:
    """Return what an order that had ended here tells of itself, and its fills with it.

    Of a stop the wallet must tell it, too.

    What they do not tell is no news yet: looks at the account go on asking.
    """
    own = _asked(product, row, account)
    if own.client_order_id != order.client_order_id:
        return []
    if needs_witness(product, order, own):
        fills = account.fills(order_ids=[own.order_id])
        if not fills_tell(product, own, fills.rows):
            return []
        if is_stop(order) and not has_sold(product, order, own, _balances(account), expected):
            return []
    return reports(product, order, own, time_ms)


def _rows_of(
    product: Product, mine: list[Order], rows: list[RemoteOrder], account: Orders
) -> Iterator[RemoteOrder]:
    """Yield what orders that are open in the journal say of themselves.

    One without an id of the exchange, which is not among the rows, may never have been placed.
    """
    told = {row.client_order_id: row for row in rows}
    for order in mine:
        row = told.get(order.client_order_id)
        if row is not None and order.exchange_id in ("", row.order_id):
            yield _asked(product, row, account)
        elif order.exchange_id:
            own = account.order(order.exchange_id)
            if own is None:
                raise _not_shown(order.exchange_id)
            yield own


def _asked(product: Product, row: RemoteOrder, account: Orders) -> RemoteOrder:
    """Return what an order that a list shows says of itself; else as the list and its fills do.

    One row that is hidden must not keep a session from its start. Raises Unavailable where the
    list and the fills do not tell the same.
    """
    own = account.order(row.order_id)
    if own is not None:
        return own
    fills = account.fills(order_ids=[row.order_id])
    sold = size_of_fills(row.order_id, fills.rows)
    is_told = fills.is_whole and row.tells_fills and row.life is not None
    if not is_told or abs(sold - (row.filled_size or ZERO)) >= product.base_increment:
        raise _not_shown(row.order_id)
    return row


def _not_shown(order_id: str) -> Unavailable:
    return Unavailable(f"the exchange does not show order {order_id}")
