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
from gpt_trader.broker.exchange.search import (
    Found,
    is_explained,
    is_taken,
    search,
    selling,
    sold_untold,
    tells,
    unexplained,
)
from gpt_trader.broker.exchange.witness import (
    HOLD_MS,
    SOLD_MS,
    Rests,
    ask_rests,
    end_needs_witness,
    has_let_go,
    holds_none,
    is_as_expected,
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

NEVER_MS = 120_000  # for so long what looks like its sale keeps an order from its end
TAKEN_MS = 5_000  # for so long coins are missing and no money comes: they were not sold
LATE_MS = 30_000  # by so much a wallet may be behind that was seen in line
RESTS_MS = 600_000  # how far back orders are listed that may be pending


@dataclass(slots=True)
class Endings:
    """What a session's orders tell of their ends. began: what the wallets held at first.

    settle: says all that an order told, once it is so. in_line_ms: says when the account was last
    seen in line, 0: not known. ends: the look that they share.
    """

    plan: Plan
    state: Callable[[], State]
    broker: ExchangeBroker
    reader: Reader
    began: Mapping[str, Decimal]
    now_ms: Callable[[], int]
    settle: Callable[[str, RemoteOrder], Iterator[Event]]
    in_line_ms: Callable[[], int]
    ends: Ends = field(init=False)

    def __post_init__(self) -> None:
        account = self.broker.account
        self.ends = Ends(
            self.reader,
            account,
            self._has_let_go,
            self._take_let_go,
            self.fills_since_ms,
            lambda: selling(self.state()),
        )

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

    def _believe(self, key: str, remote: RemoteOrder) -> Iterator[Event]:
        """Say what an order told, unless it has told since that it sold more.

        That may have been a slip: in two minutes its fills would have said so, too.
        """
        order, said = self.state().orders[key], self.broker.hearsay.get(key)
        if (
            said is None
            or said.own_lots <= lots_of(self._product(order), remote)
            or has_lasted(said.since_ms, NEVER_MS, self.now_ms())
        ):
            yield from self.settle(key, remote)

    def _has_let_go(self, key: str, remote: RemoteOrder, found: Rests) -> bool:
        order = self.state().orders.get(key)
        if order is None or not self._is_sure(order, found):
            return False
        return bool(has_let_go(self._product(order), order, remote, found))

    def _is_sure(self, order: Order, found: Rests) -> bool:
        """Whether the wallets show that an order sold no more than it says."""
        if order.filled >= order.intent.lots:
            return True
        ours = {one.exchange_id for one in self.state().orders.values()}
        return is_as_expected(self._product(order), found, self._expected(), ours)

    def fills_since_ms(self) -> int:
        """Return from when on anybody's fills may not be in what the journal expects."""
        return (self.in_line_ms() or self.now_ms() - RESTS_MS) - LATE_MS

    def _expected(self) -> Mapping[str, Decimal]:
        return expected_wallets(self.began, self.state())

    def _take_let_go(self, key: str, remote: RemoteOrder, is_so: bool) -> Iterator[Event]:  # noqa: FBT001 - a callback's
        """Say how an order ended if nothing is on hold; else ask what rests, and holds it."""
        if key not in self.state().orders:
            return
        if is_so:
            yield from self._believe(key, remote)
            return
        since_ms = self.now_ms() - RESTS_MS
        account, fills_since_ms = self.broker.account, self.fills_since_ms()
        sold = selling(self.state())
        ask = partial(ask_rests, account, remote.order_id, since_ms, fills_since_ms, sold)
        take = partial(self._take_rests, key, remote)
        self.reader.put(Question(("rests", key), "rests", ask, take))

    def _take_rests(self, key: str, remote: RemoteOrder, found: Rests) -> Iterator[Event]:
        """Say how an order ended if nothing else says that it rests, or sold more."""
        order = self.state().orders.get(key)
        if order is None:
            return
        let_go = has_let_go(self._product(order), order, remote, found)
        if self._is_told_twice(order, remote, found):
            yield from self._believe(key, remote)
        elif let_go or self._is_anybodys(order, remote, found):
            if self._is_sure(order, found):
                yield from self._believe(key, remote)
            else:
                self._ask_missing(key, remote)
        elif let_go is False:
            self.broker.hearsay.refute(key, self.now_ms())

    def _ask_missing(self, key: str, remote: RemoteOrder) -> None:
        """Look for who moved coins or money that the journal does not explain."""
        order, sold = self.state().orders[key], selling(self.state())
        names = [product.product_id for product in self.plan.products]
        sent_ms, apart_ms = order.intent.sent_ms, self.fills_since_ms()
        ask = partial(search, self.broker.account, names, sent_ms, apart_ms)
        take = partial(self._take_missing, key, remote, sold - {order.product_id})
        self.reader.put(Question(("missing", key), "search", ask, take))

    def _take_missing(
        self, key: str, remote: RemoteOrder, sold: frozenset[str], found: Found
    ) -> Iterator[Event]:
        """Say how an order ended if it is not what moved them.

        At once where others' fills say so; where nothing does its own have time to be told. After
        two minutes of looks they will not be: a position is not left without a way out for ever.
        """
        order, said = self.state().orders.get(key), self.broker.hearsay.get(key)
        if order is None or said is None:
            return
        product, state, expected = self._product(order), self.state(), self._expected()
        if not tells(product, order, found, expected):
            return
        in_line_ms, now_ms = self.in_line_ms() or order.intent.sent_ms, self.now_ms()
        moved = unexplained(self.plan, state, order, found, expected, in_line_ms)
        lasted_ms = now_ms - said.since_ms
        is_late = lasted_ms >= HOLD_MS
        if HOLD_MS <= lasted_ms < NEVER_MS and sold_untold(self.plan, state, order, found, moved):
            self.broker.hearsay.refute(key, now_ms)
            return
        is_gone = lasted_ms >= TAKEN_MS and is_taken(moved)
        if is_late or is_gone or is_explained(product, moved, sold):
            yield from self._believe(key, remote)

    def _is_told_twice(self, order: Order, remote: RemoteOrder, found: Rests) -> bool:
        """Whether fills that come to more than an order says it sold are told twice.

        Wallets decide: for half a minute they have held just what it left, and nothing for it.
        """
        said = self.broker.hearsay.get(order.client_order_id)
        is_long = said is not None and has_lasted(said.since_ms, SOLD_MS, self.now_ms())
        holds = holds_none(self._product(order), order, remote, found)
        return is_long and holds is True and self._is_sure(order, found)

    def _is_anybodys(self, order: Order, remote: RemoteOrder, found: Rests) -> bool:
        """Whether coins on hold need not be an order's that is being cancelled, and says it is.

        It was told so again and again meanwhile, and what it left can be sold beside them: to wait
        on would leave the position without a stop for as long as somebody's withdrawal takes.
        """
        said, now_ms = self.broker.hearsay.get(order.client_order_id), self.now_ms()
        product = self._product(order)
        is_its_own = found.holds.get(product.base_currency) == product.size(_left(order))
        longest_ms = SOLD_MS if is_its_own else HOLD_MS  # the wallet may be as it was before
        is_long = said is not None and has_lasted(said.since_ms, longest_ms, now_ms)
        is_asked = order.status is OrderStatus.PENDING_CANCEL
        return is_long and is_asked and needs_no_more(product, order, remote, found)

    def _product(self, order: Order) -> Product:
        return self.plan.products[self.plan.index[order.product_id]]


def _left(order: Order) -> int:
    return order.intent.lots - order.filled
