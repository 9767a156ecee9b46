"""What a run gives a strategy: products, a share of the equity, and how its orders are placed."""

from dataclasses import dataclass
from typing import Any

from gpt_trader.domain.costs import OrderStyle
from gpt_trader.domain.declared import settle

DEFAULT_STYLE = OrderStyle()


@dataclass(frozen=True, slots=True)
class Route:
    """A strategy on some products (none named: all), its share of equity, its order style."""

    strategy: Any  # a Strategy or a BarStrategy
    products: tuple[str, ...] = ()
    budget: float = 1.0
    style: OrderStyle = DEFAULT_STYLE

    def __post_init__(self) -> None:
        settle(self)
