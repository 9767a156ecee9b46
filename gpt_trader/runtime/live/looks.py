"""Looking at orders: whatever is unknown, every few seconds until it is known.

Nothing waits for an answer. A look that could not be read is none, and the next is due as before.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from gpt_trader.broker.exchange.broker import ExchangeBroker
from gpt_trader.broker.exchange.cadence import ENDING_MS, is_past, look_after_ms
from gpt_trader.broker.exchange.reader import Question, Reader
from gpt_trader.broker.exchange.reports import reports
from gpt_trader.broker.exchange.search import Found, contradiction, search
from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.order import Order
from gpt_trader.engine.events import Absent, Event, OrderAmended
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.runtime.live.wallets import expected_wallets


@dataclass(slots=True)
class Looks:
    """Asks about a session's open orders. began: what the wallets held at first.

    now_ms: the exchange's time, at which what was learned is taken.
    """

    plan: Plan
    state: Callable[[], State]
    broker: ExchangeBroker
    reader: Reader
    began: Mapping[str, Decimal]
    now_ms: Callable[[], int]
    _looked_ms: dict[str, int] = field(default_factory=dict)

    def again(self) -> None:
        """Take note that reports may have been missed: every open order is due."""
        self._looked_ms.clear()

    def ask(self, now_ms: int, *, is_up: bool) -> None:
        """Ask about each order that is due. is_up: whether the stream reports what happens."""
        lost: list[Order] = []
        for order in self.state().open_orders:
            key = order.client_order_id
            after_ms = look_after_ms(order, now_ms, is_up=is_up)
            if after_ms is not None and self.broker.is_ending(key):
                after_ms = ENDING_MS
            if after_ms is None or self.broker.is_sending(key):
                self._looked_ms.pop(key, None)  # once it is answered, what is not known is due
            elif is_past(self._looked_ms.get(key), after_ms, now_ms):
                self._looked_ms[key] = now_ms
                if order.exchange_id:
                    self.ask_for(order)
                else:
                    lost.append(order)
        if len(self._looked_ms) > len(self.state().open_orders):  # some have ended
            open_ = {order.client_order_id for order in self.state().open_orders}
            self._looked_ms = {k: v for k, v in self._looked_ms.items() if k in open_}
        if lost:
            self._search(lost)

    def ask_for(self, order: Order) -> None:
        """Ask about an order that the exchange has named; also about one that has ended here."""
        ask = partial(self.broker.account.order, order.exchange_id)
        take = partial(self._take, order.client_order_id)
        self.reader.put(Question(("order", order.client_order_id), "order", ask, take))

    def _take(self, key: str, remote: RemoteOrder | None) -> Iterator[Event]:
        """Say what an answer about an order tells; one that is not visible says nothing."""
        order = self.state().orders.get(key)
        if order is None or remote is None:
            return
        product, now_ms = self.plan.products[self.plan.index[order.product_id]], self.now_ms()
        yield from reports(product, order, remote, now_ms)
        if order.amendment.lots and remote.limit_price is not None and remote.base_size:
            lots = int(remote.base_size / product.base_increment)
            limit = int(remote.limit_price / product.price_increment)
            yield OrderAmended(now_ms, order.product_id, key, lots, limit)

    def _search(self, lost: Sequence[Order]) -> None:
        """Look for orders by our ids, in all that happened since they were decided."""
        products = sorted({order.product_id for order in lost})
        since_ms = min(order.intent.sent_ms for order in lost)
        ask = partial(search, self.broker.account, products, since_ms)
        take = partial(self._take_search, [order.client_order_id for order in lost])
        self.reader.put(Question(("search",), "search", ask, take))

    def _take_search(self, lost: Sequence[str], found: Found) -> Iterator[Event]:
        told = {one.client_order_id: one for one in found.orders}
        for key in lost:
            if key in told:
                yield from self._take(key, told[key])
            elif found.is_whole:
                yield from self._absent(key, found)

    def _absent(self, key: str, found: Found) -> Iterator[Event]:
        state = self.state()
        order = state.orders.get(key)
        if order is None or order.exchange_id or order.status.is_final:
            return  # it was found meanwhile
        expected = expected_wallets(self.began, state)
        against = contradiction(self.plan, state, order, found, expected)
        yield Absent(self.now_ms(), order.product_id, key, against)
