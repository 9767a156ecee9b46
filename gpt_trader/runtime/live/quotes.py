"""Bids and asks of a live market: how old they are, and the spread that a closing bar is given.

A stop that is watched, an order that rests and a position are only as good as the newest quote.
Nobody says that a ticker has fallen silent, so each product's quote has an age, and is asked for
once it is too old for what depends on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR

from gpt_trader.broker.exchange.cadence import is_past
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.product import Product
from gpt_trader.domain.venue import Touch
from gpt_trader.engine.events import Quoted
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.errors import Unavailable
from gpt_trader.kernel.rounding import RATE_SCALE
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.runtime.live.sure import Sure

QUOTE_AGE_MS = 3_000  # of a quote that something depends on, before it is asked for
PASSED_AGE_MS = 500  # the same, once a trade has passed a level of the position
ASK_AGAIN_MS = 1_000  # between questions about one product


@dataclass(slots=True)
class Quotes:
    """The newest spread of each product, and when it came."""

    plan: Plan
    sure: Sure = field(default_factory=Sure)
    _half_spread_e8: dict[str, int] = field(default_factory=dict)
    _came_ms: dict[str, int] = field(default_factory=dict)
    _asked_ms: dict[str, int] = field(default_factory=dict)

    def note(self, quote: Quoted) -> Quoted:
        """Remember half the spread: an order at the next close rests at the near side of it."""
        half = RATE_SCALE * (quote.ask - quote.bid) // (quote.ask + quote.bid)
        self._half_spread_e8[quote.product_id] = max(half, 0)
        self._came_ms[quote.product_id] = quote.time_ms
        return quote

    def believes(self, quote: Quoted, source: str) -> bool:
        """Whether a quote of a source may be taken."""
        middle = (quote.bid + quote.ask) // 2
        return self.sure.hear(quote.product_id, source, middle, quote.time_ms)

    def price(self, bar: Bar) -> Bar:
        """Return a bar that closes now with the spread as it is."""
        return bar._replace(half_spread_e8=self._half_spread_e8.get(bar.product_id, NO_QUOTE))

    def ages_ms(self, now_ms: int) -> dict[str, int]:
        """Return how old each product's newest quote is; one that never came is not in it."""
        return {name: now_ms - came_ms for name, came_ms in self._came_ms.items()}

    def wanted(self, state: State, trades: Mapping[str, int], now_ms: int) -> list[Product]:
        """Return the products to ask for a quote now, each at most every ASK_AGAIN_MS.

        trades: newest price of the tape by product, ticks.
        """
        products = [
            self.plan.products[j]
            for j in stale(self.plan, state, self.ages_ms(now_ms), trades)
            if is_past(self._asked_ms.get(self.plan.products[j].product_id), ASK_AGAIN_MS, now_ms)
        ]
        self._asked_ms |= dict.fromkeys((one.product_id for one in products), now_ms)
        return products


def stale(
    plan: Plan, state: State, ages_ms: Mapping[str, int], trades: Mapping[str, int]
) -> list[int]:
    """Return the products, by place in the plan, whose quote is too old for what depends on it.

    That is a position or an open order. ages_ms: of the newest quotes. trades: newest price of the
    tape by product, ticks; one beyond a level of the position makes a quote old much sooner.
    """
    ordered = {order.product_id for order in state.open_orders}
    found = []
    for j, product in enumerate(plan.products):
        name = product.product_id
        if state.slots["lots"].item(j) == 0 and name not in ordered:
            continue
        is_passed = name in trades and has_passed(state, j, trades[name])
        age_ms = ages_ms.get(name)
        most_ms = PASSED_AGE_MS if is_passed else QUOTE_AGE_MS
        if age_ms is None or not 0 <= age_ms <= most_ms:  # a clock that ran back tells no age
            found.append(j)
    return found


def has_passed(state: State, j: int, price: int) -> bool:
    """Whether a trade at `price`, ticks, is beyond the stop or the take-profit of product j."""
    names = ("lots", "stop_ticks", "take_ticks")
    held, stop, take = (int(state.slots[name].item(j)) for name in names)
    side = 1 if held > 0 else -1
    is_stopped = stop != 0 and (stop - price) * side >= 0
    is_taken = take != 0 and (price - take) * side >= 0
    return held != 0 and (is_stopped or is_taken)


def quote_of(touch: Touch, product: Product, now_ms: int) -> Quoted:
    """Return a bid and ask in ticks: what is off the grid is rounded away from the middle.

    Raises Unavailable for prices that cannot be counted.
    """
    bid, ask = product.ticks(touch.bid, ROUND_FLOOR), product.ticks(touch.ask, ROUND_CEILING)
    if bid is None or ask is None:
        raise Unavailable(f"the bid and ask of {product.product_id} are no prices")
    return Quoted(now_ms, product.product_id, bid, ask)
