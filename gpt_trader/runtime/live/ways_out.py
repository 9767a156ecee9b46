"""What one command asks of the market before it leaves a position, and while it does.

A bot asks all of it anyway. A command looks whether an exit would be taken before a stop is
cancelled for it, and asks for a quote where an exit can only be a limit order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from gpt_trader.broker.exchange.cadence import is_past
from gpt_trader.broker.exchange.catalog import look_up
from gpt_trader.broker.exchange.ports import MarketData
from gpt_trader.broker.exchange.reader import Question, Reader
from gpt_trader.domain.product import Product
from gpt_trader.domain.venue import Touch
from gpt_trader.engine.events import Event
from gpt_trader.engine.protect import awaits_quote
from gpt_trader.runtime.live.news import News
from gpt_trader.runtime.live.quotes import ASK_AGAIN_MS, quote_of


@dataclass(slots=True)
class WaysOut:
    """The questions of one command about what is held. reader: asks the market."""

    news: News
    market: MarketData
    reader: Reader
    _asked_ms: int | None = None

    def ask_modes(self) -> None:
        """Ask what orders are taken of each product that is held.

        A likely grid is believed at once: a command does not wait to be told again.
        """
        take = partial(self.news.take_listing, is_sure=True)
        for product in self._held():
            name = product.product_id
            ask = partial(look_up, self.market.product, name)
            self.reader.put(Question(("product", name), "news", ask, take))

    def turn(self, now_ms: int) -> Iterator[Event]:
        """Hand over what was answered; ask for the quotes that exits wait for."""
        self._ask_quotes(now_ms)
        yield from self.reader.turn(now_ms)

    def _ask_quotes(self, now_ms: int) -> None:
        state, products = self.news.state(), self.news.plan.products
        wanted = [one for j, one in enumerate(products) if awaits_quote(state, j, one)]
        if not wanted or not is_past(self._asked_ms, ASK_AGAIN_MS, now_ms):
            return
        self._asked_ms = now_ms
        for product in wanted:
            ask = partial(self.market.touch, product.product_id)
            take = partial(self._take, product)
            self.reader.put(Question(("touch", product.product_id), "touch", ask, take))

    def _held(self) -> list[Product]:
        products, lots = self.news.plan.products, self.news.state().slots["lots"].tolist()
        return [one for one, held in zip(products, lots, strict=True) if held]

    def _take(self, product: Product, touch: Touch) -> Iterator[Event]:
        yield quote_of(touch, product, self.news.now_ms())
