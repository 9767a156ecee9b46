"""Bids and asks of a live market, and the spread that a closing bar is given."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR

from gpt_trader.broker.exchange.ports import MarketData
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.market import Touch
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import Event, Quoted
from gpt_trader.engine.plan import Plan
from gpt_trader.errors import DataError
from gpt_trader.kernel.rounding import RATE_SCALE
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.runtime.live.polls import Polls


@dataclass(slots=True)
class Quotes:
    """The newest spread of each product."""

    plan: Plan
    market: MarketData
    polls: Polls
    _half_spread_e8: dict[str, int] = field(default_factory=dict)

    def ask(self) -> Iterator[Event]:
        """Ask for every product's bid and ask."""
        for product in self.plan.products:
            try:
                touch = self.market.touch(product.product_id)
            except DataError as failure:  # delisted, or one side is empty: the others go on
                self.polls.problem = failure.message
                continue
            yield self.note(quote_of(touch, product, self.polls.now_ms()))

    def note(self, quote: Quoted) -> Quoted:
        """Remember half the spread: an order at the next close rests at the near side of it."""
        half = RATE_SCALE * (quote.ask - quote.bid) // (quote.ask + quote.bid)
        self._half_spread_e8[quote.product_id] = max(half, 0)
        return quote

    def price(self, bar: Bar) -> Bar:
        """Return a bar that closes now with the spread as it is."""
        return bar._replace(half_spread_e8=self._half_spread_e8.get(bar.product_id, NO_QUOTE))


def quote_of(touch: Touch, product: Product, now_ms: int) -> Quoted:
    """Return a bid and ask in ticks: what is off the grid is rounded away from the middle."""
    bid = (touch.bid / product.price_increment).to_integral_value(ROUND_FLOOR)
    ask = (touch.ask / product.price_increment).to_integral_value(ROUND_CEILING)
    return Quoted(now_ms, product.product_id, int(bid), int(ask))
