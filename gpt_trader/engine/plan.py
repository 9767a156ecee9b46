"""What a session trades and under which terms: fixed from start to end."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.order_ids import MARKED
from gpt_trader.domain.product import Product
from gpt_trader.kernel.bounds import bounds_record
from gpt_trader.kernel.costs import Costs, costs_record
from gpt_trader.kernel.entries import Terms
from gpt_trader.kernel.fees import tier_table
from gpt_trader.kernel.guards import GuardTable
from gpt_trader.kernel.record import Words, words
from gpt_trader.kernel.rounding import SpecTable, spec_table
from gpt_trader.kernel.style import Style, style_table
from gpt_trader.risk.guards import BARS, GUARDS, Guard
from gpt_trader.risk.policy import Limits
from gpt_trader.risk.table import GuardRow, Where, guard_table, told_rows, where

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class ReadSeries(NamedTuple):
    """A series that strategies read and nobody trades.

    name: as they name it. product: the grid that its prices are counted in. bars: how many of its
    newest bars are kept.
    """

    name: str
    product: Product
    interval_ms: int
    bars: int

    def due_ms(self, closed_ms: int) -> int:
        """Return the open of its bar that closes at a moment, ms; -1: none does."""
        return -1 if closed_ms % self.interval_ms else closed_ms - self.interval_ms


@dataclass(frozen=True)
class Plan:
    """Products in plan order, with one entry each in the per-product tuples.

    budgets: factor on the strategy's weight. min_bars: bars before it can have an opinion.
    window_bars: bars kept for it, the newest included (at least 1). fee_tiers: rows of
    `kernel.fees.tier_table`; none: the rates of `costs` hold. rests: one a product, whether its
    protection rests at the exchange, else quotes are watched; empty: the broker fills it itself.
    exit_timeout_ms: how long an exit may keep a protection from resting. max_unreconciled_ms: how
    old the newest look at the account may be for an entry; 0: there is no account to look at.
    guards: rows in the order in which they are asked. source: what is decided on, BARS, QUOTES or
    LIVE; guards that are not for it do not apply. id_form: of the ids of new orders, see
    domain/order_ids.py. is_capped: whether only a part of the account's money is the session's:
    what comes in or goes out unexplained is somebody else's, as long as that part is there.
    reads: what is read and not traded; a cycle waits for those of its bars that close with it.
    """

    portfolio: str
    interval: str
    interval_ms: int
    products: tuple[Product, ...]
    costs: Costs
    limits: Limits = field(hash=False)  # a mapping has none
    order_styles: tuple[Style, ...]
    budgets: tuple[float, ...]
    min_bars: tuple[int, ...]
    window_bars: tuple[int, ...]
    fee_tiers: tuple[tuple[int, ...], ...] = ()
    rests: tuple[bool, ...] = ()
    exit_timeout_ms: int = 300_000
    max_unreconciled_ms: int = 0
    guards: tuple[Guard, ...] = GUARDS
    source: str = BARS
    id_form: int = MARKED
    is_capped: bool = False
    reads: tuple[ReadSeries, ...] = ()

    @property
    def quote_currency(self) -> str:
        """The currency that cash is in."""
        return self.products[0].quote_currency

    @cached_property
    def tiers(self) -> Ints:
        """The fee tiers as an array."""
        return tier_table(self.fee_tiers)

    @cached_property
    def specs(self) -> SpecTable:
        """The products' grids as records."""
        return spec_table([product.spec for product in self.products])

    @cached_property
    def unit(self) -> Floats:
        """Worth of one lot at one tick of each product, quote."""
        return self.specs["unit"].copy()

    @cached_property
    def costs_row(self) -> Words:
        """The costs as the kernel's entries take them."""
        return words(costs_record(self.costs))

    @cached_property
    def terms(self) -> Terms:
        """All rules but the costs, as the kernel's entries take them."""
        return Terms(
            specs=words(self.specs),
            bounds=words(bounds_record(self.limits)),
            styles=words(style_table(self.order_styles)),
            guards=words(self.guard_table),
        )

    @cached_property
    def guard_table(self) -> GuardTable:
        """The guards as the kernel's loop takes them, a row of rows a product."""
        return guard_table(self.guards, self.limits, self.places)

    @cached_property
    def told(self) -> list[tuple[GuardRow, ...]]:
        """What a decision about each product tells of the guards."""
        return [told_rows(self.guards, self.limits, place) for place in self.places]

    @cached_property
    def places(self) -> list[Where]:
        """Where each product is decided."""
        return [where(self.source, is_perpetual=one.is_perpetual) for one in self.products]

    @cached_property
    def reads_by_name(self) -> dict[str, ReadSeries]:
        """Each series that is read, by name."""
        return {read.name: read for read in self.reads}

    @cached_property
    def index(self) -> dict[str, int]:
        """Place of each product id in plan order."""
        return {product.product_id: j for j, product in enumerate(self.products)}
