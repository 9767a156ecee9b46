"""What a live session asks of its products and its fees, and what follows from the answers.

A product that takes no orders takes no entries here; it is said, and keeps nobody from the others.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from gpt_trader.broker.exchange.cadence import is_past
from gpt_trader.broker.exchange.catalog import AGAIN_MS, Catalog, Listing, look_up
from gpt_trader.broker.exchange.reader import Question
from gpt_trader.domain.account import FeeTier
from gpt_trader.domain.market import ProductInfo
from gpt_trader.engine.events import Event, Noted, ProductSeen
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State

FEES = "fees"  # what notes are about


@dataclass(slots=True)
class News:
    """What is known of a session's products and fees.

    ask, ask_fees: the exchange; None: there are no fees to ask for. rates: maker's and taker's, as
    they were told last.
    """

    plan: Plan
    state: Callable[[], State]
    now_ms: Callable[[], int]
    catalog: Catalog
    ask: Callable[[str], ProductInfo]
    ask_fees: Callable[[], FeeTier] | None = None
    rates: tuple[Decimal, Decimal] | None = None
    _fees_ms: int | None = None

    def questions(self) -> Iterator[Question]:
        """Yield what is to be asked now."""
        now_ms = self.now_ms()
        names = [product.product_id for product in self.plan.products]
        for name in self.catalog.wanted(names, self.state().orders, now_ms):
            ask = partial(look_up, self.ask, name)
            yield Question(("product", name), "news", ask, self.take_listing)
        if self.ask_fees is not None and is_past(self._fees_ms, AGAIN_MS, now_ms):
            self._fees_ms = now_ms
            yield Question((FEES,), "news", self.ask_fees, self.take_fees)

    def at_start(self) -> Iterator[Event]:
        """Say which products take no orders, by what was asked before the session began."""
        for found in list(self.catalog.known.values()):
            yield from self.take_listing(found)

    def take_listing(self, found: Listing) -> Iterator[Event]:
        """Say what changed of a product, and whether it takes orders if that is news."""
        now_ms = self.now_ms()
        for change in self.catalog.take(found):
            yield Noted(now_ms, found.product_id, change)
        if found.closed != self.state().closed[self.plan.index[found.product_id]]:
            yield ProductSeen(now_ms, found.product_id, found.closed)

    def take_fees(self, found: FeeTier) -> Iterator[Event]:
        """Say what changed of the account's rates: the next start counts with them."""
        before, self.rates = self.rates, (found.maker_rate, found.taker_rate)
        if before is not None and before != self.rates:
            maker, taker = (
                f"{was:%} -> {now:%}" for was, now in zip(before, self.rates, strict=True)
            )
            yield Noted(self.now_ms(), FEES, f"maker {maker}, taker {taker}, from the next start")
