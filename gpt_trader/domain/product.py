"""A tradable product and its grid of sizes and prices.

Sizes that are sent are whole lots (multiples of `base_increment`), prices whole ticks
(multiples of `price_increment`), simulated money int64 units of 1e-8 quote.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cached_property
from math import gcd
from typing import NamedTuple, Self

from gpt_trader.errors import DataError
from gpt_trader.kernel.rounding import UNBOUNDED, UNITS_PER_QUOTE, Spec


class Grid(NamedTuple):
    """What an exchange takes now of a product, in the lots and ticks that it is counted in here.

    lots, ticks: steps of sizes and of prices. least_lots, least_units: smallest size and value of
    an order; 0: those that the product began with.
    """

    lots: int = 1
    ticks: int = 1
    least_lots: int = 0
    least_units: int = 0


AS_COUNTED = Grid()

MAX_VALUE_DEN = 10**9
MAX_TICKS = 9 * 10**9  # int64 holds MAX_TICKS x MAX_VALUE_DEN and MAX_TICKS x RATE_SCALE


@dataclass(frozen=True)
class Product:
    """One product. Increments, least and largest sizes: exact decimals in base or quote currency.

    quote_increment: the step of what an order spends by value, 0 where it is the price's. Largest
    sizes of one order: 0 where there is none.
    """

    product_id: str
    base_increment: Decimal
    price_increment: Decimal
    base_min_size: Decimal = Decimal(0)
    quote_min_size: Decimal = Decimal(0)
    is_perpetual: bool = False
    quote_increment: Decimal = Decimal(0)
    base_max_size: Decimal = Decimal(0)
    quote_max_size: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        for name in ("base_increment", "price_increment"):
            value = getattr(self, name)
            if not value.is_finite() or value <= 0:
                raise DataError(
                    f"expected {name} of {self.product_id} > 0, was {value}",
                    hint="state it with --product-spec",
                )
        for name in (
            "base_min_size",
            "quote_min_size",
            "quote_increment",
            "base_max_size",
            "quote_max_size",
        ):
            value = getattr(self, name)
            if not value.is_finite() or value < 0:
                raise DataError(f"expected {name} of {self.product_id} >= 0, was {value}")
        num, den = self._lot_tick_units
        if den > 1 and num * den > MAX_VALUE_DEN:
            raise DataError(
                f"increments of {self.product_id} are too fine: one lot-tick is "
                f"{self.base_increment * self.price_increment} quote"
            )

    @cached_property
    def _lot_tick_units(self) -> tuple[int, int]:
        """Value of one lot at one tick, in units of 1e-8 quote, as a reduced fraction."""
        value = self.base_increment * self.price_increment * UNITS_PER_QUOTE
        num, den = value.as_integer_ratio()
        common = gcd(num, den)
        return num // common, den // common

    @property
    def base_currency(self) -> str:
        """What is bought and sold."""
        return self.product_id.split("-")[0]

    @property
    def quote_currency(self) -> str:
        """What it is paid with."""
        return quote_of(self.product_id)

    @cached_property
    def tick(self) -> float:
        """Price increment as float64, quote units."""
        return float(self.price_increment)

    @cached_property
    def lot(self) -> float:
        """Base increment as float64, base units."""
        return float(self.base_increment)

    @cached_property
    def spec(self) -> Spec:
        """The product's grid as the kernel takes it."""
        num, den = self._lot_tick_units
        minimum = (self.base_min_size / self.base_increment).to_integral_value(ROUND_CEILING)
        most_lots = int(self.base_max_size / self.base_increment) or UNBOUNDED
        most_units = int(self.quote_max_size * UNITS_PER_QUOTE) or UNBOUNDED
        return Spec(
            value_num=num,
            value_den=den,
            unit=num / den / UNITS_PER_QUOTE,
            lot=self.lot,
            min_lots=max(int(minimum), 1),
            min_units=int(self.quote_min_size * UNITS_PER_QUOTE),
            is_perp=int(self.is_perpetual),
            max_lots=min(most_lots, UNBOUNDED),
            max_units=min(most_units, UNBOUNDED),
        )

    def grid(self, now: Self) -> Grid:
        """Return what is taken now of what is counted in this product's lots and ticks."""
        lots = _steps(now.base_increment, self.base_increment)
        least_lots = int((now.base_min_size / self.base_increment).to_integral_value(ROUND_CEILING))
        least_units = int(now.quote_min_size * UNITS_PER_QUOTE)
        return Grid(
            lots,
            _steps(now.price_increment, self.price_increment),
            least_lots if least_lots > self.spec.min_lots else 0,
            least_units if least_units > self.spec.min_units else 0,
        )

    def price(self, ticks: int) -> Decimal:
        """Exact price of a whole number of ticks."""
        return ticks * self.price_increment

    def ticks(self, price: Decimal, rounding: str) -> int | None:
        """Whole ticks of a price, rounded as decimal does; None beyond what can be counted."""
        found = price / self.price_increment
        return int(found.to_integral_value(rounding)) if abs(found) <= MAX_TICKS else None

    def spent(self, units: int) -> Decimal:
        """Most that an order may spend of `units` of 1e-8 quote: a whole number of its steps."""
        step = self.quote_increment or self.price_increment
        return Decimal(int(units)) / UNITS_PER_QUOTE // step * step

    def size(self, lots: int) -> Decimal:
        """Exact base size of a whole number of lots."""
        return lots * self.base_increment

    def with_spec(self, **changes: object) -> Self:
        """Return a copy with some fields changed."""
        from dataclasses import replace  # noqa: PLC0415

        return replace(self, **changes)  # type: ignore[arg-type]


def _steps(now: Decimal, known: Decimal) -> int:
    """Return the fewest steps of a known increment that are whole steps of another one."""
    return (now / known).as_integer_ratio()[0]


def quote_of(product_id: str) -> str:
    """Return the currency that a product is paid with; of a perpetual USD."""
    quote = product_id.split("-")[1]
    return "USD" if quote == "PERP" else quote


ONE_ACCOUNT = "one account holds one quote currency; USD and USDC are separate wallets"


def quotes_of(product_ids: Iterable[str]) -> list[str]:
    """Return the currencies that an account needs for products, sorted; a rule allows one.

    Perpetuals are settled in dollars, of whichever kind the account holds.
    """
    found = {"PERP" if "-PERP" in one else quote_of(one) for one in product_ids}
    if "PERP" in found:
        found = found - {"PERP"} | (set() if "USDC" in found else {"USD"})
    return sorted(found)
