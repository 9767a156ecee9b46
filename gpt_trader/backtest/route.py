"""What a run gives a strategy: products, a share of the equity, and how its orders are placed."""

from copy import copy
from dataclasses import dataclass
from typing import Any

from gpt_trader.brief import brief
from gpt_trader.domain.costs import OrderStyle
from gpt_trader.domain.declared import settle
from gpt_trader.domain.stated import check_is, check_number
from gpt_trader.domain.times import parse_interval
from gpt_trader.door import at_the_door
from gpt_trader.strategy.meant import strategy_meant
from gpt_trader.strategy.sight import sees_market

DEFAULT_STYLE = OrderStyle()


@dataclass(frozen=True, slots=True)
class Route:
    """A strategy on some products (none named: all), its share of equity, its order style.

    strategy: also a function of bars, or a name as `--strategy` takes it. interval: of the bars
    that it is shown, such as "4h", a multiple of those that are traded; it decides at their closes.
    None: that of the bars.
    """

    strategy: Any  # a Strategy or a BarStrategy
    products: tuple[str, ...] = ()
    budget: float = 1.0
    style: OrderStyle = DEFAULT_STYLE
    interval: str | None = None

    @at_the_door
    def __post_init__(self) -> None:
        meant = strategy_meant(self.strategy)
        own = copy(meant) if sees_market(meant) else meant  # one route is one market
        object.__setattr__(self, "strategy", own)
        object.__setattr__(self, "products", _ids(self.products))
        check_number("budget", self.budget, most=1.0)
        check_is("style", self.style, OrderStyle, 'order_style("taker")')
        if self.interval is not None:
            check_is("interval", self.interval, str, '"4h"')
            parse_interval(self.interval)
        settle(self)

    @property
    def interval_ms(self) -> int | None:
        """The interval in ms; None: that of the bars."""
        return None if self.interval is None else parse_interval(self.interval)


def _ids(products: object) -> tuple[str, ...]:
    if not isinstance(products, list | tuple) or not all(isinstance(p, str) for p in products):
        raise TypeError(f"expected products as a tuple of ids, was {brief(products)}")
    return tuple(products)
