"""Orders of another instance of this bot, which takes what both hold for its own.

It is told of and halts entries. What it sold beyond what it bought meanwhile was this session's:
it is booked as sold once the wallet lacks it, too. Until looks have told for some seconds what
it sells, nothing is sent of that product: the owner's own coins would go. What it may still sell
beyond what it bought counts as lacking; what is held beyond that is sold and protected.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

from gpt_trader.broker.exchange.earlier import by_product, later
from gpt_trader.broker.exchange.hearsay import Hearsay
from gpt_trader.broker.exchange.ours import Unknown, is_open, missing
from gpt_trader.broker.exchange.witness import has_coins
from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import Event, InstanceSeen
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.kernel.codes import BUY, SELL

ZERO = Decimal(0)
SOLD = "another instance of this bot sold what is held: see docs/operations.md, a second instance"


@dataclass(slots=True)
class Beside:
    """Another instance's orders, as a process has seen them."""

    plan: Plan
    hearsay: Hearsay
    _rows: dict[str, RemoteOrder] = field(default_factory=dict)  # not booked, by client id

    def see(
        self, state: State, rows: Sequence[RemoteOrder], unknown: Unknown, now_ms: int
    ) -> Iterator[Event]:
        """Say once of each of its orders that there is one. rows: all that a look shows."""
        strange = missing(self.plan.portfolio, rows, state.orders, unknown)
        new = [row for row in strange if row.client_order_id not in self._rows]
        for row in strange:
            if row.side == SELL and self._rows.get(row.client_order_id) != row:
                self.hearsay.contradict(row.product_id, now_ms)
            self._rows[row.client_order_id] = row
        if new:
            yield InstanceSeen(now_ms, tuple(row.client_order_id for row in new))

    def may_sell(
        self, rows: Sequence[RemoteOrder], state: State, unknown: Unknown
    ) -> dict[str, int]:
        """Return how many lots of each product it may still sell beyond what it bought.

        rows: all that a look shows, what rests in full.
        """
        strange = missing(self.plan.portfolio, rows, state.orders, unknown)
        found = {}
        for product, here in by_product(self.plan, strange):
            size = sum((_left(row) for row in here if row.side == SELL and is_open(row)), ZERO)
            seen = [row for row in self._rows.values() if row.product_id == product.product_id]
            if size > 0:
                lots = int((size / product.base_increment).to_integral_value(ROUND_CEILING))
                found[product.product_id] = max(lots + _sold_lots(product, seen), 0)
        return found

    def sold(
        self,
        state: State,
        wallets: Mapping[str, Decimal],
        expected: Mapping[str, Decimal],
        now_ms: int,
    ) -> Iterator[Event]:
        """Book what it sold of a product's position, with all that it traded there meanwhile.

        expected: what each wallet must hold by the journal. Raises Unavailable if a row does not
        tell what it cost.
        """
        for product, here in by_product(self.plan, list(self._rows.values())):
            held = state.slots["lots"].item(self.plan.index[product.product_id])
            lots = _sold_lots(product, here)
            base = product.base_currency
            left = {base: expected.get(base, ZERO) - product.size(lots - 1)}
            if not 0 < lots <= held or has_coins(product, wallets, left):
                continue
            ended = [row for row in here if not is_open(row)]
            for row in ended:
                del self._rows[row.client_order_id]
            yield later(product, ended, {}, [], now_ms, wallets=wallets)._replace(reason=SOLD)


def _left(row: RemoteOrder) -> Decimal:
    """Return what an order may still fill, in base units; all of it where it does not say."""
    return max((row.base_size or ZERO) - (row.filled_size or ZERO), ZERO)


def _sold_lots(product: Product, rows: Iterable[RemoteOrder]) -> int:
    """Return how many lots orders that have ended sold beyond what any of them bought."""
    size = ZERO
    for row in rows:
        if row.side == BUY or not is_open(row):
            size -= row.side * (row.filled_size or ZERO)
    return int(size / product.base_increment)
