"""An exchange as a broker: commands become requests, and what is known of them becomes events.

An order is sent once. Where its outcome is unknown it is looked up until there is proof: its client
id is found, or it has been absent from the unfiltered history for so long and so often that, with
no fill and no balance moved, it was never placed.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from gpt_trader.broker.exchange.ports import Orders
from gpt_trader.broker.exchange.reports import reports
from gpt_trader.domain.account import Placed, Refused, RemoteOrder
from gpt_trader.domain.order import (
    Order,
    OrderStatus,
    OrderType,
    TimeInForce,
)
from gpt_trader.domain.product import Product
from gpt_trader.engine.commands import AmendOrder, Approved, CancelOrder, Command, SubmitOrder
from gpt_trader.engine.events import (
    BarClosed,
    BarMissed,
    Event,
    FillReceived,
    OrderAmended,
    OrderUpdated,
    Quoted,
)
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Seen
from gpt_trader.engine.state import State
from gpt_trader.errors import (
    AuthError,
    BrokerError,
    DataError,
    RateLimited,
    Unavailable,
    UnknownOutcome,
)

LOOKS = 10  # at which an order must have been absent
ABSENT_MS = 120_000  # for so long
BEFORE_MS = 600_000  # how far before an order was decided its history is read
SEEN_TRIES = 20  # looks at an order that is to end
SEEN_PAUSE_S = 0.25

# Answers that teach nothing about an order. AuthError is one of them: exchanges refuse valid keys
# at times, and an order must not be given up for that.
SILENT = (Unavailable, RateLimited, AuthError, DataError)

NOT_SENT = "NOT_SENT"  # why an order ended: no request for it was taken in
NOT_PLACED = "NOT_PLACED"  # why an order ended: proof that the exchange never had it


class _Absence(NamedTuple):
    """How often and since when an order was not found, and the account's totals at first."""

    looks: int
    since_ms: int
    totals: frozenset[tuple[str, str]]


class ExchangeBroker:
    """Sends commands to an account. sleep: waits so many seconds.

    entering: held while an entry's request is under way; says whether it may begin.
    """

    def __init__(
        self,
        account: Orders,
        sleep: Callable[[float], object],
        entering: Callable[[], AbstractContextManager[bool]] = lambda: nullcontext(True),
    ) -> None:
        self._account, self._sleep, self._entering = account, sleep, entering
        self._absent: dict[str, _Absence] = {}
        self._refused: AuthError | None = None  # why the newest look was refused

    def on_bar(self, plan: Plan, state: State, event: BarClosed | BarMissed) -> Sequence[Event]:
        """Look at the product's open orders: the decision must see how they ended."""
        mine = [o for o in state.open_orders if o.product_id == event.bar.product_id]
        if isinstance(event, BarMissed) or not mine:
            return []
        found: list[Event] = []
        for order in mine:
            is_over = 0 < order.intent.expire_ms <= event.bar.open_ms + plan.interval_ms
            found += self._look_until_over(
                plan, order, event.time_ms, tries=SEEN_TRIES if is_over else 1
            )
        return found

    def on_quote(self, plan: Plan, state: State, event: Quoted) -> Sequence[Event]:
        """Nothing: the exchange fills its orders itself, and reports."""
        return []

    def on_order(
        self, plan: Plan, state: State, remote: RemoteOrder, time_ms: int
    ) -> Sequence[Event]:
        """Return what a report of the user channel says that is new; a foreign order says nothing.

        An order that had ended may still be reported: a late fill is booked, and halts.
        """
        order = state.orders.get(remote.client_order_id)
        if order is None:
            return []
        self._absent.pop(order.client_order_id, None)
        return reports(plan.products[plan.index[order.product_id]], order, remote, time_ms)

    def execute(
        self, plan: Plan, state: State, commands: Sequence[Command], time_ms: int
    ) -> Sequence[Event]:
        """Carry out commands in their order; return what is known of them at once.

        What follows a cancel in a product needs the coins or the cash that it frees. If it was not
        seen to end, or was filled meanwhile, what follows is not sent: the next event decides anew.
        """
        found: list[Event] = []
        unclear: set[str] = set()
        for command in commands:
            match command:
                case CancelOrder():
                    events = self._cancel(plan, state, command, time_ms)
                    if not _has_freed(events):
                        unclear.add(command.product_id)
                    found += events
                case SubmitOrder(Approved(order)) if order.product_id in unclear:
                    found.append(_report_end(order, time_ms, NOT_SENT))
                case SubmitOrder(Approved(order)):
                    found += self._submit(plan, order, time_ms)
                case AmendOrder():
                    found += self._amend(plan, state, command, time_ms)
        return found

    def reconcile(self, plan: Plan, state: State, time_ms: int) -> Sequence[Event]:
        """Look at every open order; ask again for what is to be cancelled and is not.

        Raises AuthError if the key is refused and nothing could be seen.
        """
        found: list[Event] = []
        self._forget_refusal()
        for order in state.open_orders:
            events = self._look_until_over(plan, order, time_ms, tries=1)
            found += events
            if order.amendment.lots:
                found += self._look_up_terms(
                    plan.products[plan.index[order.product_id]], order, time_ms
                )
            is_asked = order.status is OrderStatus.PENDING_CANCEL
            if is_asked and not any(_is_final(event) for event in events):
                command = CancelOrder(order.product_id, order.client_order_id)
                found += self._cancel(plan, state, command, time_ms)
        if self._refused is not None and not found:
            raise self._refused
        return found

    def look(self, plan: Plan, state: State, time_ms: int) -> Seen:
        """Look at the account: its wallets, and the orders in it that are not the state's.

        An order of ours that is open there and had ended here is reported.
        """
        wallets = {one.currency: one.total for one in self._account.balances()}
        remote = self._account.open_orders(time_ms - BEFORE_MS).rows
        found: list[Event] = []
        foreign = 0
        for one in remote:
            known = state.orders.get(one.client_order_id)
            if known is None:
                foreign += 1
            elif known.status.is_final:
                found += self.on_order(plan, state, one, time_ms)
        return Seen(wallets, foreign, found)

    def _forget_refusal(self) -> None:
        self._refused = None

    def _submit(self, plan: Plan, order: Order, time_ms: int) -> list[Event]:
        if order.intent.reduce_only:
            return self._send(plan, order, time_ms)
        with self._entering() as may_begin:
            if may_begin:
                return self._send(plan, order, time_ms)
        return [_report_end(order, time_ms, f"{NOT_SENT}: halted")]

    def _send(self, plan: Plan, order: Order, time_ms: int) -> list[Event]:
        product = plan.products[plan.index[order.product_id]]
        try:
            answer = self._account.place(order.intent, product)
        except UnknownOutcome:
            return [_report(order, OrderStatus.SUBMIT_UNKNOWN, time_ms)]
        except BrokerError as error:  # refused before it was taken in, or never sent
            return [_report_end(order, time_ms, f"{NOT_SENT}: {error.code}")]
        if isinstance(answer, Refused):
            if answer.reason.endswith("DUPLICATE_CLIENT_ORDER_ID"):
                return [_report(order, OrderStatus.SUBMIT_UNKNOWN, time_ms)]
            return [_report_end(order, time_ms, answer.reason)]
        return [
            _report(order, OrderStatus.OPEN, time_ms, exchange_id=answer.order_id),
            *self._look_if_at_once(plan, order, answer, time_ms),
        ]

    def _look_if_at_once(
        self, plan: Plan, order: Order, placed: Placed, time_ms: int
    ) -> list[Event]:
        """Return what an order that does not rest came to, if it is known already."""
        if order.intent.type is not OrderType.MARKET and order.intent.tif not in (
            TimeInForce.IOC,
            TimeInForce.FOK,
        ):
            return []
        known = order._replace(exchange_id=placed.order_id, status=OrderStatus.OPEN)
        return self._look_until_over(plan, known, time_ms, tries=3)

    def _cancel(self, plan: Plan, state: State, command: CancelOrder, time_ms: int) -> list[Event]:
        """Cancel an order and look until it is seen to have ended; [] if that is not known."""
        order = state.orders[command.client_order_id]
        try:
            order = self._identify(order)
            if not order.exchange_id:
                return []
            self._account.cancel([order.exchange_id])
        except (UnknownOutcome, *SILENT):
            return []
        return self._look_until_over(plan, order, time_ms, tries=SEEN_TRIES)

    def _amend(self, plan: Plan, state: State, command: AmendOrder, time_ms: int) -> list[Event]:
        """Edit a resting order; refused, it stays as it was."""
        order = state.orders[command.client_order_id]
        product = plan.products[plan.index[order.product_id]]
        try:
            order = self._identify(order)
            if not order.exchange_id:
                return []
            refused = self._account.amend(order.exchange_id, product, command.lots, command.limit)
        except (UnknownOutcome, *SILENT):
            return self._look_up_terms(product, order, time_ms)
        lots, limit = (
            (order.intent.lots, order.intent.limit) if refused else (command.lots, command.limit)
        )
        return [OrderAmended(time_ms, order.product_id, order.client_order_id, lots, limit)]

    def _identify(self, order: Order) -> Order:
        """Return an order with the exchange's id, looked up if its answer is still to come."""
        remote = None if order.exchange_id else self._find(order)
        return order if remote is None else order._replace(exchange_id=remote.order_id)

    def _look_up_terms(self, product: Product, order: Order, time_ms: int) -> list[Event]:
        """Return the terms that an order has at the exchange; [] if they are not known."""
        try:
            remote = self._look_up(order)
        except SILENT:
            return []
        if remote is None or remote.limit_price is None or remote.base_size is None:
            return []
        lots = int(remote.base_size / product.base_increment)
        limit = int(remote.limit_price / product.price_increment)
        return [OrderAmended(time_ms, order.product_id, order.client_order_id, lots, limit)]

    def _look_until_over(
        self, plan: Plan, order: Order, time_ms: int, *, tries: int
    ) -> list[Event]:
        """Look at an order until it is seen to have ended, at most so often."""
        product = plan.products[plan.index[order.product_id]]
        found: list[Event] = []
        for attempt in range(tries):
            if attempt:
                self._sleep(SEEN_PAUSE_S)
            try:
                remote = self._look_up(order)
            except SILENT:
                continue
            if remote is None and not order.exchange_id:
                return self._count_absence(plan, order, time_ms)
            if remote is None:
                continue  # it was there: a look that misses it says nothing
            found = reports(product, order, remote, time_ms)
            status = remote.life
            if status is not None and status.is_final:
                break
        return found

    def _look_up(self, order: Order) -> RemoteOrder | None:
        """Look an order up; None if it is not found. Raises what teaches nothing of it."""
        try:
            found = self._find(order)
        except AuthError as refused:
            self._refused = refused
            raise
        self._refused = None
        return found

    def _find(self, order: Order) -> RemoteOrder | None:
        """Return an order by the exchange's id, else by ours from the unfiltered history.

        Raises Unavailable if it is not in a history that is not whole: that is no absence.
        """
        if order.exchange_id:
            return self._account.order(order.exchange_id)
        history = self._account.orders(since_ms=order.intent.sent_ms - BEFORE_MS)
        mine = (one for one in history.rows if one.client_order_id == order.client_order_id)
        found = next(mine, None)
        if found is not None:
            self._absent.pop(order.client_order_id, None)
        elif not history.is_whole:
            raise Unavailable("a row of the history cannot be read")
        return found

    def _count_absence(self, plan: Plan, order: Order, time_ms: int) -> list[Event]:
        """Count an absence; long enough, with no fill and no balance moved, it is proof."""
        if order.status is OrderStatus.SUBMITTED:  # a crash left it without an answer
            return [_report(order, OrderStatus.SUBMIT_UNKNOWN, time_ms)]
        if order.status not in (OrderStatus.SUBMIT_UNKNOWN, OrderStatus.PENDING_CANCEL):
            return []
        try:
            totals = self._total(plan, order)
        except SILENT:
            return []
        before = self._absent.get(order.client_order_id)
        if before is None or before.totals != totals:
            self._absent[order.client_order_id] = _Absence(1, time_ms, totals)
            return []
        looks = before.looks + 1
        self._absent[order.client_order_id] = before._replace(looks=looks)
        if looks < LOOKS or time_ms - before.since_ms < ABSENT_MS:
            return []
        del self._absent[order.client_order_id]
        return [_report_end(order, time_ms, NOT_PLACED)]

    def _total(self, plan: Plan, order: Order) -> frozenset[tuple[str, str]]:
        """Return what a fill of the order would move, and no other product's: coins and fills."""
        coin = plan.products[plan.index[order.product_id]].base_currency
        held = [
            (one.currency, format(one.total, "f"))
            for one in self._account.balances()
            if one.currency == coin
        ]
        since_ms = order.intent.sent_ms - BEFORE_MS
        fills = self._account.fills(product_ids=[order.product_id], since_ms=since_ms)
        if not fills.is_whole:
            raise Unavailable("a row of the fills cannot be read")
        return frozenset([*held, ("fills", str(len(fills.rows)))])


def _has_freed(events: Sequence[Event]) -> bool:
    """Whether a cancel was seen to end the order, and nothing was filled meanwhile."""
    filled = any(isinstance(event, FillReceived) for event in events)
    return not filled and any(_is_final(event) for event in events)


def _is_final(event: Event) -> bool:
    return isinstance(event, OrderUpdated) and event.status.is_final


def _report(
    order: Order, status: OrderStatus, time_ms: int, code: str = "", exchange_id: str = ""
) -> OrderUpdated:
    return OrderUpdated(time_ms, order.product_id, order.client_order_id, status, code, exchange_id)


def _report_end(order: Order, time_ms: int, code: str) -> OrderUpdated:
    return _report(order, OrderStatus.REJECTED, time_ms, code)
