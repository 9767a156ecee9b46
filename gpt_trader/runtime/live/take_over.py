"""What a session finds of itself at its start: a journal that is gone, or not the newest.

Asked once, before anything is decided. Orders with our mark that are newer than the last time it
was asked, and that no entry ever named, are a part of the story that is missing here. The history
is asked for whole: a question that names a product that is gone is refused, and would hide what is
said of the others.
"""

from collections.abc import Callable, Iterator

from gpt_trader.broker.exchange.earlier import earlier, later
from gpt_trader.broker.exchange.ours import missing
from gpt_trader.broker.exchange.ports import Orders
from gpt_trader.broker.exchange.reports import reports
from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.order import Order
from gpt_trader.engine.drive import Observer
from gpt_trader.engine.events import Event, Noted, OrdersFound, PositionFound, Reconciled
from gpt_trader.engine.names import TAGS
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import Unavailable
from gpt_trader.journal.sqlite import Journal
from gpt_trader.runtime.session import Session

YEARS_MS = 2 * 365 * 86_400_000  # how far back a journal that is gone is looked for
UNREADABLE = "some orders of the account cannot be read: if they are this bot's, they are missed"
BEFORE_MS = 600_000  # how far before the last time orders are read again


def take_over(
    session: Session, account: Orders, observe: Observer, say: Callable[[str], object]
) -> None:
    """Take what is found at a start, each as one transaction, and note that it was asked for.

    say: is told of it. Raises what the account raises: then the next start asks again.
    """
    plan, now_ms = session.plan, session.time_ms()
    found = found_at_start(plan, session.state, session.journal, account, now_ms)
    for event in found:
        for words in words_of(plan, event):
            say(words)
        session.take(event, observe)
    if not any(
        isinstance(event, Noted) for event in found
    ):  # what could not be read is asked again
        session.journal.note_told(now_ms)


def found_at_start(
    plan: Plan, state: State, journal: Journal, account: Orders, time_ms: int
) -> list[Event]:
    """Return what the account shows and the journal does not know; [] if it is the whole story.

    Raises what the account raises: nothing may be decided before it was asked.
    """
    told_ms = _told_ms(journal)
    if told_ms is None:
        return _of_a_lost_journal(plan, account, time_ms)
    since_ms = max(told_ms - BEFORE_MS, _begins_ms(journal))
    rows, is_whole = account.orders(since_ms=since_ms)
    new = missing(plan.portfolio, rows, state.orders, journal.unknown)
    found: list[Event] = [] if is_whole else [Noted(time_ms, "orders", UNREADABLE)]
    for row in rows:  # one that had ended here, proven absent maybe, and that the account shows
        order = state.orders.get(row.client_order_id)
        if order is not None and order.status.is_final and order.product_id in plan.index:
            product = plan.products[plan.index[order.product_id]]
            found += reports(product, order, row, time_ms)
    for product in plan.products:
        here = [row for row in new if row.product_id == product.product_id]
        if here:
            mine = [one for one in state.open_orders if one.product_id == product.product_id]
            known = {one.client_order_id: one for one in mine}
            told = list(_rows_of(mine, rows, account))
            found.append(later(product, here, known, told, time_ms))
    return found


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


def _begins_ms(journal: Journal) -> int:
    """Return when the journal began: what is older was another's; 0 if that was cut off."""
    return 0 if journal.anchor()[0] else next(journal.read(limit=1)).time_ms


def _of_a_lost_journal(plan: Plan, account: Orders, time_ms: int) -> list[Event]:
    rows, is_whole = account.orders(since_ms=time_ms - YEARS_MS)
    if not is_whole:
        raise Unavailable("not all orders of the account can be read: some may be this bot's")
    wallets = {one.currency: one.total for one in account.balances()}
    return [
        event
        for product in plan.products
        for event in earlier(plan, product, rows, wallets, time_ms)
    ]


def _rows_of(mine: list[Order], rows: list[RemoteOrder], account: Orders) -> Iterator[RemoteOrder]:
    """Yield what the exchange says of orders that are open in the journal.

    One without an id of the exchange, which is not among the rows, may never have been placed.
    """
    told = {row.client_order_id: row for row in rows}
    for order in mine:
        if order.client_order_id in told:
            yield told[order.client_order_id]
        elif order.exchange_id:
            row = account.order(order.exchange_id)
            if row is None:
                raise Unavailable(f"the exchange does not show order {order.exchange_id}")
            yield row
