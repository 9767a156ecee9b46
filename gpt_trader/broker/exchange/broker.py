"""An exchange as a broker: commands become requests, and what is known of them becomes events.

Nothing here waits. A command leaves when its turn comes (`departures`), is carried beside the loop,
and is sent once; what came of it is an event when it is known. Where its outcome is unknown it is
looked up until there is proof: its client id is found, or it was absent so often and for so long
that it was never placed. Commands are independent of each other: the engine sends what needs the
coins of another order only once it knows that they are free. What is not known is looked for by
`runtime.live.looks`.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import NamedTuple

from gpt_trader.broker.exchange.cadence import CANCEL_AGAIN_MS, is_past
from gpt_trader.broker.exchange.carry import Carrier, Done, Inline, Job
from gpt_trader.broker.exchange.departures import Budget, Departure, Departures, Kind
from gpt_trader.broker.exchange.hearsay import Hearsay
from gpt_trader.broker.exchange.ports import EARLY_MS, Orders
from gpt_trader.broker.exchange.refused_key import RefusedKey
from gpt_trader.domain.account import Placed, Refused, RemoteOrder
from gpt_trader.domain.order import NOT_SENT, Order, OrderStatus, TimeInForce
from gpt_trader.domain.order_ids import is_ours
from gpt_trader.domain.product import Product
from gpt_trader.engine.commands import AmendOrder, Approved, CancelOrder, Command, SubmitOrder
from gpt_trader.engine.events import (
    BarClosed,
    BarMissed,
    Event,
    OrderAmended,
    OrderUpdated,
    Quoted,
)
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import BrokerError, DataError, RateLimited, TraderError, UnknownOutcome
from gpt_trader.kernel.codes import SELL

ENTRY_MS = 5_000  # after its decision an entry's request must have begun
LEAST_MS = 1_000  # so long an entry rests at least
LATE_MS = 1_000  # after which what was sent may never be answered
SENDS_PER_S = 15.0  # and as many at once
KEPT = 64  # ended orders of which something is remembered

# What reduces leaves before what adds, and never waits for an entry that is not answered.
KINDS = {
    "cancel": Kind(0, 8),
    "reduce": Kind(1, 8),
    "amend": Kind(2, 2),
    "enter": Kind(3, 16, spares=2.0),
}
DUPLICATE = "DUPLICATE_CLIENT_ORDER_ID"
CONTRADICTED = "what is known of its product's orders is contradicted, or not told in full"
MOST = sum(kind.most for kind in KINDS.values())  # requests under way, and threads for them


class Shut(NamedTuple):
    """The kill latch was set before the request began."""


class ExchangeBroker:
    """Sends commands to an account.

    sender: carries the requests. entering: held while an entry's request is under way; says
    whether it may begin.
    """

    def __init__(
        self,
        account: Orders,
        sender: Carrier | None = None,
        entering: Callable[[], AbstractContextManager[bool]] = lambda: nullcontext(True),
    ) -> None:
        """sender: None for one that returns once all is answered."""
        self.account, self._entering = account, entering
        self._sender = Inline() if sender is None else sender
        self._budget = Budget(SENDS_PER_S)
        self._departures: Departures[Command] = Departures(KINDS, self._budget)
        self._cancelled_ms: dict[str, int] = {}
        self.hearsay = Hearsay()
        self._key = RefusedKey()
        self.refused: dict[str, str] = {}  # why what reduces was refused, until a look shows it
        self._named: dict[str, str] = {}  # the exchange's ids, before the state knows them

    def on_bar(self, plan: Plan, state: State, event: BarClosed | BarMissed) -> Sequence[Event]:
        """Nothing: reports come by themselves, and what nobody reports is looked at in time."""
        return []

    def on_quote(self, plan: Plan, state: State, event: Quoted) -> Sequence[Event]:
        """Nothing: the exchange fills its orders itself, and reports."""
        return []

    def on_order(
        self, plan: Plan, state: State, remote: RemoteOrder, time_ms: int
    ) -> Sequence[Event]:
        """Return what a report of the user channel says that is new; a foreign order says nothing.

        What it says was filled, and how one ended, is only a reason to ask the order itself. One
        that sells, bears our mark and is not known is of another instance, which may sell the same
        coins: nothing more is sent of its product until a look shows that they are there.
        """
        order = state.orders.get(remote.client_order_id)
        if order is None:
            is_here = remote.product_id in plan.index and remote.side == SELL
            if is_here and is_ours(remote.client_order_id, plan.portfolio):
                self.hearsay.contradict(remote.product_id, time_ms)
            return []
        product = plan.products[plan.index[order.product_id]]
        return self.hearsay.hear(product, order, remote, time_ms)

    def execute(
        self, plan: Plan, state: State, commands: Sequence[Command], time_ms: int
    ) -> Sequence[Event]:
        """Take commands over; those whose turn it is leave at once, and nobody waits for them.

        An order that is cancelled before its turn has come never leaves.
        """
        withdrawn: list[Event] = []
        for command in commands:
            found = self._withdraw(command, time_ms)
            withdrawn += found
            if not found:
                self._departures.put(_departure(command, time_ms))
        return [*withdrawn, *self.turn(plan, state, time_ms)]

    def _withdraw(self, command: Command, time_ms: int) -> list[Event]:
        """Keep an order from leaving: one that is to be cancelled, one among contradictions."""
        if isinstance(command, SubmitOrder) and self.hearsay.keeps(
            command.order.product_id, time_ms
        ):
            return [_report_end(command.order, time_ms, f"{NOT_SENT}: {CONTRADICTED}")]
        if not isinstance(command, CancelOrder):
            return []
        waited = self._departures.withdraw({(command.client_order_id,)})
        return [
            _report(one.what.order, OrderStatus.CANCELLED, time_ms, f"{NOT_SENT}: cancelled")
            for one in waited
            if isinstance(one.what, SubmitOrder)
        ]

    def send_no_more(self) -> None:
        """Let nothing leave that waits for its turn: what is not begun is not sent."""
        self._departures.withdraw()

    def turn(self, plan: Plan, state: State, time_ms: int) -> list[Event]:
        """Let what may leave, leave; return what came of what was sent, and what is too late."""
        found = self._came_back(state, time_ms)
        if self._named and not state.open_orders:
            self._named.clear()
        self._forget(state)
        for order in state.open_orders:
            self._cancel_again(order, time_ms)
        for late in self._departures.drop_late(time_ms):
            if isinstance(late.what, SubmitOrder):
                found.append(_report_end(late.what.order, time_ms, f"{NOT_SENT}: late"))
        for begun in self._departures.begin(time_ms):
            send = self._request(plan, state, begun.what, time_ms)
            if send is None:
                self._departures.end(begun.key)
            else:
                self._sender.carry(Job(begun.key, send))
        return found + self._came_back(state, time_ms)

    def _forget(self, state: State) -> None:
        """Forget what is known of orders that have ended."""
        most = len(state.open_orders) + KEPT
        for key in [key for key in self.refused if _is_over(state.orders.get(key))]:
            del self.refused[key]
        if len(self._cancelled_ms) > most:
            open_ = {order.client_order_id for order in state.open_orders}
            self._cancelled_ms = {k: v for k, v in self._cancelled_ms.items() if k in open_}

    def is_sending(self, client_order_id: str) -> bool:
        """Whether something about an order is to leave, or has left and is not answered."""
        return self._departures.holds((client_order_id,))

    def is_answered_soon(self, order: Order, time_ms: int) -> bool:
        """Whether the answer to what is sent about an order tells more than a look at it.

        What was sent a second ago may have been carried out and never be answered. Of one that is
        not named there is nothing to look at, and of one being amended nothing can be said.
        """
        key = order.client_order_id
        sent_ms = self._cancelled_ms.get(key, order.intent.sent_ms)
        is_late = is_past(sent_ms, LATE_MS, time_ms)
        may_be_looked_at = order.exchange_id and not order.amendment.lots and is_late
        return self.is_sending(key) and not may_be_looked_at

    def refusal(self, order: Order, time_ms: int) -> OrderUpdated | None:
        """Return the end of an order that was refused, for a look has not found it; else None."""
        why = self.refused.get(order.client_order_id)
        return None if why is None else _report_end(order, time_ms, why)

    def exchange_id(self, order: Order) -> str:
        """Return the exchange's id of an order, also before the state knows it; "" if none."""
        return order.exchange_id or self._named.get(order.client_order_id, "")

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to leave, and everything that left is answered."""
        return self._departures.is_empty

    def reconcile(self, plan: Plan, state: State, time_ms: int) -> Sequence[Event]:
        """Nothing is known at once: every open order is looked at by whoever keeps looking."""
        return []

    def _cancel_again(self, order: Order, time_ms: int) -> None:
        """Ask again for an end that was asked for and has not come."""
        key = order.client_order_id
        is_asked = order.status is OrderStatus.PENDING_CANCEL and order.exchange_id
        if not is_asked or self.is_sending(key):
            return
        if is_past(self._cancelled_ms.get(key), CANCEL_AGAIN_MS, time_ms):
            self._departures.put(_departure(CancelOrder(order.product_id, key), time_ms))

    def _request(
        self, plan: Plan, state: State, command: Command, time_ms: int
    ) -> Callable[[], object] | None:
        """Return the request that a command makes now; None: it makes none."""
        if isinstance(command, SubmitOrder):
            order = command.order
            product = plan.products[plan.index[order.product_id]]
            if order.intent.reduce_only:
                return partial(self.account.place, order.intent, product)
            return partial(self._enter, order, product)
        order = state.orders[command.client_order_id]
        order_id = self.exchange_id(order)
        if not order_id or order.status.is_final:
            return None  # it is looked for, and cancelled once it is found alive
        if isinstance(command, AmendOrder):
            product = plan.products[plan.index[order.product_id]]
            return partial(self.account.amend, order_id, product, command.lots, command.limit)
        self._cancelled_ms[order.client_order_id] = time_ms
        return partial(self.account.cancel, [order_id])

    def _enter(self, order: Order, product: Product) -> object:
        with self._entering() as may_begin:
            return self.account.place(order.intent, product) if may_begin else Shut()

    def _came_back(self, state: State, time_ms: int) -> list[Event]:
        found: list[Event] = []
        for done in self._sender.done():
            command = self._departures.end(done.job.key)
            if isinstance(done.error, RateLimited):
                self._budget.slow_down()
            elif done.error is None and self.account.is_spent:
                self._budget.left = 0.0
            elif done.error is None:
                self._budget.speed_up()
            elif not isinstance(done.error, BrokerError | DataError):
                raise done.error
            found += self._key.hear(done.error, time_ms)
            if isinstance(done.value, Placed):
                self._named[done.job.key[0]] = done.value.order_id
            if isinstance(command, SubmitOrder) and (why := _refusal(command.order, done)):
                self.refused[command.order.client_order_id] = why  # a look shows whether it is so
            else:
                found += _outcome(state, command, done, time_ms)
        return found


def _is_over(order: Order | None) -> bool:
    return order is None or order.status.is_final


def _departure(command: Command, time_ms: int) -> Departure[Command]:
    match command:
        case SubmitOrder(Approved(order)):
            if order.intent.reduce_only:
                return Departure((order.client_order_id,), "reduce", command)
            return Departure((order.client_order_id,), "enter", command, _until(order, time_ms))
        case CancelOrder(_, key):
            return Departure((key,), "cancel", command)
        case AmendOrder(_, key):
            return Departure((key,), "amend", command)


def _until(order: Order, time_ms: int) -> int:
    """Return by when an entry must leave, ms: soon, and before an end at which none would rest."""
    soon = time_ms + ENTRY_MS
    ends_ms = order.intent.expire_ms - EARLY_MS - LEAST_MS
    return min(soon, ends_ms) if order.intent.tif is TimeInForce.GTD else soon


def _refusal(order: Order, done: Done) -> str:
    """Return why an order that reduces was refused, as far as its answer says; "" if it was not.

    It is no proof: what was placed nonetheless would sell beside the next one.
    """
    if not order.intent.reduce_only:
        return ""
    if isinstance(done.error, DataError):
        return f"{NOT_SENT}: {done.error.code}"
    if isinstance(done.value, Refused) and not done.value.reason.endswith(DUPLICATE):
        return done.value.words
    return ""


def _outcome(state: State, command: Command, done: Done, time_ms: int) -> list[Event]:
    """Return what is known of a command after its request."""
    match command:
        case SubmitOrder(Approved(order)):
            return [_placed(order, done, time_ms)]
        case AmendOrder(product_id, key, lots, limit) if done.error is None:
            if isinstance(done.value, Refused):  # it stays as it was
                intent = state.orders[key].intent
                lots, limit = intent.lots, intent.limit
            return [OrderAmended(time_ms, product_id, key, lots, limit)]
    return []


def _placed(order: Order, done: Done, time_ms: int) -> OrderUpdated:
    """Return what the answer to an order proves."""
    if isinstance(done.error, UnknownOutcome):
        return _report(order, OrderStatus.SUBMIT_UNKNOWN, time_ms)
    if isinstance(done.error, TraderError):  # refused before it was taken in, or never sent
        return _report_end(order, time_ms, f"{NOT_SENT}: {done.error.code}")
    match done.value:
        case Shut():
            return _report_end(order, time_ms, f"{NOT_SENT}: halted")
        case Refused(reason) if reason.endswith(DUPLICATE):
            return _report(order, OrderStatus.SUBMIT_UNKNOWN, time_ms)
        case Refused() as refused:
            return _report_end(order, time_ms, refused.words)
        case Placed(order_id):
            return _report(order, OrderStatus.OPEN, time_ms, exchange_id=order_id)
    raise TypeError(done.value)


def _report(
    order: Order, status: OrderStatus, time_ms: int, code: str = "", exchange_id: str = ""
) -> OrderUpdated:
    return OrderUpdated(time_ms, order.product_id, order.client_order_id, status, code, exchange_id)


def _report_end(order: Order, time_ms: int, code: str) -> OrderUpdated:
    return _report(order, OrderStatus.REJECTED, time_ms, code)
