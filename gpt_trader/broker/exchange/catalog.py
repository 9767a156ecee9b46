"""What an exchange says of a session's products: each is asked about alone, and again in time.

A product may be closed, or no longer be listed, while others trade: a refusal is an answer, about
that product alone. What was said grows old; it is asked again soon after an order was refused, and
every minute while a product is closed or held: before its stop is cancelled for an exit it must be
known that an exit is taken.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gpt_trader.broker.exchange.cadence import is_past
from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.domain.venue import ProductInfo
from gpt_trader.errors import DataError

AGAIN_MS = 3_600_000  # between questions about a product
CLOSED_MS = 60_000  # the same, while it is closed, or held
REFUSED_MS = 5_000  # the same, after an order of it was refused
WATCHED = (
    "base_increment",
    "price_increment",
    "quote_increment",
    "base_min_size",
    "quote_min_size",
    "base_max_size",
    "quote_max_size",
    "status",
    "flags",
)


class Listing(NamedTuple):
    """An answer about a product. info: None if the exchange does not list it; why: its words."""

    product_id: str
    info: ProductInfo | None
    why: str = ""

    @property
    def closed(self) -> str:
        """Why no order of it is taken now; "" if one is."""
        return f"not listed any more: {self.why}" if self.info is None else self.info.closed

    @property
    def limit_only(self) -> bool:
        """Whether no market order of it is taken now."""
        return self.info is not None and self.info.limit_only


def look_up(ask: Callable[[str], ProductInfo], product_id: str) -> Listing:
    """Ask about a product. Raises what teaches nothing: Unavailable, RateLimited, AuthError."""
    try:
        return Listing(product_id, ask(product_id))
    except DataError as refusal:
        return Listing(product_id, None, refusal.message)


def changes(before: ProductInfo, after: ProductInfo) -> list[str]:
    """Return what changed of a product's grid, minimums, status and modes, one line each."""
    found = []
    for name in WATCHED:
        old, new = before._asdict()[name], after._asdict()[name]
        if old != new:
            found.append(f"{after.product_id} {name}: {_words(old)} -> {_words(new)}")
    return found


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def refused(orders: Iterable[Order]) -> frozenset[str]:
    """Return the ids of the orders that the exchange did not take."""
    return frozenset(
        order.client_order_id for order in orders if order.status is OrderStatus.REJECTED
    )


@dataclass(slots=True)
class Catalog:
    """The products as they were said to be last. known: by id; none that was not answered yet."""

    known: dict[str, Listing]
    _asked_ms: dict[str, int] = field(default_factory=dict)
    _refused: frozenset[str] | None = None
    _suspects: set[str] = field(default_factory=set)

    def wanted(
        self,
        product_ids: Sequence[str],
        held: Collection[str],
        orders: Mapping[str, Order],
        now_ms: int,
    ) -> list[str]:
        """Return the products to ask about now; whoever asks, asks them all.

        held: those with a position. orders: the session's newest, by id: one that is refused now
        may tell of a change.
        """
        self._suspect(orders)
        for name in self.known:  # what is known when this is first asked was just told
            self._asked_ms.setdefault(name, now_ms)
        found = [name for name in product_ids if self._is_due(name, held, now_ms)]
        self._asked_ms |= dict.fromkeys(found, now_ms)
        return found

    def ask_soon(self, product_id: str) -> None:
        """Ask about a product again in seconds: what was said of it is to be said twice."""
        self._suspects.add(product_id)

    def _suspect(self, orders: Mapping[str, Order]) -> None:
        before, self._refused = self._refused, refused(orders.values())
        new: Collection[str] = () if before is None else self._refused - before
        self._suspects |= {orders[key].product_id for key in new}

    def _is_due(self, product_id: str, held: Collection[str], now_ms: int) -> bool:
        known = self.known.get(product_id)
        matters = known is None or known.closed or product_id in held
        wait_ms = CLOSED_MS if matters else AGAIN_MS
        if product_id in self._suspects:
            wait_ms = REFUSED_MS
        return is_past(self._asked_ms.get(product_id), wait_ms, now_ms)

    def take(self, found: Listing) -> list[str]:
        """Take an answer; return what changed since the one before, a line each."""
        before = self.known.get(found.product_id)
        self.known[found.product_id] = found
        self._suspects.discard(found.product_id)
        if before is None or before.info is None or found.info is None:
            return []
        return changes(before.info, found.info)
