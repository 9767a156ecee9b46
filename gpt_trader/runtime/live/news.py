"""What a live session asks of its products and its fees, and what follows from the answers.

A product that takes no orders takes no entries here; it is said, and keeps nobody from the others.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from gpt_trader.broker.exchange.cadence import is_past
from gpt_trader.broker.exchange.catalog import AGAIN_MS, Catalog, Listing, look_up
from gpt_trader.broker.exchange.reader import Question
from gpt_trader.domain.account import FeeTier
from gpt_trader.domain.product import Grid
from gpt_trader.domain.venue import ProductInfo
from gpt_trader.engine.events import Event, Noted, ProductSeen
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State

FEES = "fees"  # what notes are about
SURE_MS = 4_000  # a grid that changes is told twice, so far apart at least
FINE = 100  # a price step is at most a hundredth of the price, and of the stop


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
    _told: dict[str, tuple[Grid, int]] = field(default_factory=dict)  # grids told once, and when

    def questions(self) -> Iterator[Question]:
        """Yield what is to be asked now."""
        now_ms = self.now_ms()
        names, state = [product.product_id for product in self.plan.products], self.state()
        held = [name for name, lots in zip(names, state.slots["lots"], strict=True) if lots]
        for name in self.catalog.wanted(names, held, state.orders, now_ms):
            ask = partial(look_up, self.ask, name)
            yield Question(("product", name), "news", ask, self.take_listing)
        if self.ask_fees is not None and is_past(self._fees_ms, AGAIN_MS, now_ms):
            self._fees_ms = now_ms
            yield Question((FEES,), "news", self.ask_fees, self.take_fees)

    def at_start(self) -> Iterator[Event]:
        """Say which products take no orders, by what was asked before the session began."""
        for found in list(self.catalog.known.values()):
            yield from self.take_listing(found, is_sure=True)

    def take_listing(self, found: Listing, *, is_sure: bool = False) -> Iterator[Event]:
        """Say what changed of a product, and whether it takes orders if that is news.

        is_sure: whether a likely grid is believed at once, as at a start: orders on one of long
        ago would be refused.
        """
        now_ms = self.now_ms()
        for change in self.catalog.take(found):
            yield Noted(now_ms, found.product_id, change)
        state, j = self.state(), self.plan.index[found.product_id]
        grid = self._grid(found, j)
        if grid != state.grids[j]:
            grid = self._believed(found.product_id, j, grid, is_sure=is_sure)
        else:
            self._told.pop(found.product_id, None)
        said = found.closed, found.limit_only, grid
        if said != (state.closed[j], state.limit_only[j], state.grids[j]):
            yield ProductSeen(now_ms, found.product_id, *said)

    def _grid(self, found: Listing, j: int) -> Grid:
        """Return what is taken now; as it was known where the answer does not say it."""
        product, info = self.plan.products[j], found.info
        if info is None or None in (info.base_increment, info.price_increment):
            return self.state().grids[j]
        return product.grid(
            product.with_spec(
                base_increment=info.base_increment,
                price_increment=info.price_increment,
                base_min_size=info.base_min_size or product.base_min_size,
                quote_min_size=info.quote_min_size or product.quote_min_size,
            )
        )

    def _believed(self, product_id: str, j: int, grid: Grid, *, is_sure: bool) -> Grid:
        """Return a grid that is likely and was told twice, else the one that is known."""
        state, now_ms = self.state(), self.now_ms()
        told, since_ms = self._told.get(product_id, (None, now_ms))
        if told != grid:
            since_ms = now_ms
        self._told[product_id] = grid, since_ms
        is_sure |= is_past(since_ms, SURE_MS, now_ms)
        if is_sure and is_likely(state, j, grid):
            return grid
        if told != grid:
            self.catalog.ask_soon(product_id)
        return state.grids[j]

    def take_fees(self, found: FeeTier) -> Iterator[Event]:
        """Say what changed of the account's rates: the next start counts with them."""
        before, self.rates = self.rates, (found.maker_rate, found.taker_rate)
        if before is not None and before != self.rates:
            maker, taker = (
                f"{was:%} -> {now:%}" for was, now in zip(before, self.rates, strict=True)
            )
            yield Noted(self.now_ms(), FEES, f"maker {maker}, taker {taker}, from the next start")


def is_likely(state: State, j: int, grid: Grid) -> bool:
    """Whether a price step is finer than that of now, or small beside product j's price and stop.

    A stop on it is then less than a hundredth off its level.
    """
    levels = [state.slots[name].item(j) for name in ("close_ticks", "stop_ticks")]
    least = min((level for level in levels if level), default=0)
    return grid.ticks <= state.grids[j].ticks or not least or grid.ticks * FINE <= least
