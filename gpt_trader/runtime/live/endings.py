"""Whether an order that sells has ended as it says: what it left would else be sold twice.

Its coins are let go, and none of them are missing; else who holds or took them is looked for.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from gpt_trader.broker.exchange.broker import ExchangeBroker
from gpt_trader.broker.exchange.cadence import has_lasted
from gpt_trader.broker.exchange.reader import Question, Reader
from gpt_trader.broker.exchange.reports import lots_of, reports
from gpt_trader.broker.exchange.search import Found, search, sold_untold, tells
from gpt_trader.broker.exchange.witness import (
    HOLD_MS,
    Rests,
    ask_rests,
    end_needs_witness,
    has_let_go,
    is_short,
    needs_no_more,
)
from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import Event, FillReceived
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.runtime.live.ends import Ends
from gpt_trader.runtime.live.wallets import expected_wallets

RESTS_MS = 600_000  # how far back orders are listed that may be pending


@dataclass(slots=True)
class Endings:
    """What a session's orders tell of their ends. began: what the wallets held at first.

    settle: says all that an order told, once it is so. ends: the look that they share.
    """

    plan: Plan
    state: Callable[[], State]
    broker: ExchangeBroker
    reader: Reader
    began: Mapping[str, Decimal]
    now_ms: Callable[[], int]
    settle: Callable[[str, RemoteOrder], Iterator[Event]]
    ends: Ends = field(init=False)

    def __post_init__(self) -> None:
        account = self.broker.account
        self.ends = Ends(self.reader, account, self._has_let_go, self._take_let_go)

    def take(self, key: str, remote: RemoteOrder) -> Iterator[Event]:
        """Say what an order tells whose fills are told by others; its end waits for a witness."""
        order = self.state().orders[key]
        if not end_needs_witness(order, remote):
            yield from self.settle(key, remote)
            return
        product, now_ms = self._product(order), self.now_ms()
        told = reports(product, order, remote, now_ms)
        yield from (event for event in told if isinstance(event, FillReceived))
        self.broker.hearsay.wait(order, lots_of(product, remote), now_ms, has_ended=True)
        yield from self.ends.tell(key, remote)

    def _has_let_go(self, key: str, remote: RemoteOrder, found: Rests) -> bool:
        order = self.state().orders.get(key)
        if order is None or self._is_short(order, found):
            return False
        return bool(has_let_go(self._product(order), order, remote, found))

    def _is_short(self, order: Order, found: Rests) -> bool:
        expected = expected_wallets(self.began, self.state())
        return is_short(self._product(order), order, found, expected)

    def _take_let_go(self, key: str, remote: RemoteOrder, is_so: bool) -> Iterator[Event]:  # noqa: FBT001 - a callback's
        """Say how an order ended if nothing is on hold; else ask what rests, and holds it."""
        if key not in self.state().orders:
            return
        if is_so:
            yield from self.settle(key, remote)
            return
        since_ms = self.now_ms() - RESTS_MS
        ask = partial(ask_rests, self.broker.account, remote.order_id, since_ms)
        take = partial(self._take_rests, key, remote)
        self.reader.put(Question(("rests", key), "order", ask, take))

    def _take_rests(self, key: str, remote: RemoteOrder, found: Rests) -> Iterator[Event]:
        """Say how an order ended if nothing else says that it rests, or sold more."""
        order = self.state().orders.get(key)
        if order is None:
            return
        let_go = has_let_go(self._product(order), order, remote, found)
        if let_go or self._is_anybodys(order, remote, found):
            if self._is_short(order, found):
                self._ask_missing(key, remote)
            else:
                yield from self.settle(key, remote)
        elif let_go is False:
            self.broker.hearsay.refute(key, self.now_ms())

    def _ask_missing(self, key: str, remote: RemoteOrder) -> None:
        """Look for who took coins that are missing, once fills have had time to be told."""
        order, said = self.state().orders[key], self.broker.hearsay.get(key)
        if said is None or not has_lasted(said.since_ms, HOLD_MS, self.now_ms()):
            return
        account, since_ms = self.broker.account, order.intent.sent_ms
        ask = partial(search, account, [order.product_id], since_ms)
        take = partial(self._take_missing, key, remote)
        self.reader.put(Question(("missing", key), "search", ask, take))

    def _take_missing(self, key: str, remote: RemoteOrder, found: Found) -> Iterator[Event]:
        """Say how an order ended if it is not what took the coins that are missing."""
        order, state = self.state().orders.get(key), self.state()
        if order is None:
            return
        expected = expected_wallets(self.began, state)
        if not tells(self._product(order), found, expected):
            return
        if sold_untold(self.plan, state, order, found, expected):
            self.broker.hearsay.refute(key, self.now_ms())
        else:
            yield from self.settle(key, remote)

    def _is_anybodys(self, order: Order, remote: RemoteOrder, found: Rests) -> bool:
        """Whether coins on hold need not be an order's that is being cancelled, and says it is.

        It was told so again and again meanwhile, and what it left can be sold beside them: to wait
        on would leave the position without a stop for as long as somebody's withdrawal takes.
        """
        said, now_ms = self.broker.hearsay.get(order.client_order_id), self.now_ms()
        is_long = said is not None and has_lasted(said.since_ms, HOLD_MS, now_ms)
        is_asked = order.status is OrderStatus.PENDING_CANCEL
        return is_long and is_asked and needs_no_more(self._product(order), order, remote, found)

    def _product(self, order: Order) -> Product:
        return self.plan.products[self.plan.index[order.product_id]]
