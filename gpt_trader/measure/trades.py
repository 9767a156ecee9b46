"""Trades from fills: one trade runs flat to flat, partial fills averaged, money exact."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.product import Product
from gpt_trader.domain.text import shown, shown_by_fields
from gpt_trader.kernel.codes import FILL_NAMES
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.kernel.stats.stats import OPEN, TRADE_DTYPE, fill_value, pair

Ints = NDArray[np.int64]
Rows = NDArray[np.void]
FIRST = 3  # of many trades, shown
SHIFT_DIGITS = 4  # averaged prices are stated to so many digits of a tick


@shown_by_fields
@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One trade; an open one has no exit time or price and is valued at the last close.

    Times are int64 ms UTC, the open of the bar of the first entry and the last exit fill. Prices
    are averages over the fills; size is base units entered; fees, funding_paid (below 0: received)
    and pnl are quote, pnl after both; return_pct is pnl over what the entries were worth;
    bars_held counts grid bars.
    """

    product: str
    side: str
    entry_time: int
    entry_price: Decimal
    exit_time: int | None
    exit_price: Decimal | None
    size: Decimal
    fees: Decimal
    funding_paid: Decimal
    pnl: Decimal
    return_pct: float
    bars_held: int
    entry_reason: str
    exit_reason: str | None


class Trades(list[RoundTrip]):
    """Trades in order of entry: a list that shows its first ones."""

    def __repr__(self) -> str:
        firsts = [line for one in self[:FIRST] for line in repr(one).split("\n")]
        rest = [f"... {len(self) - FIRST:,} more"] if len(self) > FIRST else []
        return shown([f"{len(self):,} trades", *firsts, *rest])


def grids(products: Sequence[Product]) -> tuple[Ints, Ints]:
    """Return (p,) int64 numerators and denominators of one lot at one tick, in units."""
    num = np.array([p.spec.value_num for p in products], np.int64)
    den = np.array([p.spec.value_den for p in products], np.int64)
    return num, den


def trades(fills: Rows, products: Sequence[Product], slips: Ints | None = None) -> Rows:
    """Pair fills into trades, in order of entry; the ones still open have exit_bar OPEN.

    fills: (m,) FILL_DTYPE in time order. slips: (m,) int64 units of slippage, none if absent.
    Returns TRADE_DTYPE rows; what they received as funding is not known here: 0.
    """
    num, den = grids(products)
    out = np.zeros(len(fills), TRADE_DTYPE)
    if slips is None:
        slips = np.zeros(len(fills), np.int64)
    return out[: pair(fills, slips, num, den, out)]


def is_closed(rows: Rows) -> NDArray[np.bool_]:
    """Return which trades have ended flat."""
    return np.asarray(rows["exit_bar"] != OPEN)


def profits(rows: Rows, products: Sequence[Product], last_ticks: Ints) -> Ints:
    """Return (k,) int64 units: profit after fees and funding, what is held at the last close.

    last_ticks: (p,) int64, each product's last close.
    """
    out = rows["cash"] - rows["fees"] + rows["funding"]
    for row in np.flatnonzero(~is_closed(rows)):
        trade = rows[row]
        p, side = int(trade["product"]), int(trade["side"])
        spec = products[p].spec
        lots = int(trade["entry_lots"] - trade["exit_lots"])
        worth = fill_value(-side, lots, int(last_ticks[p]), spec.value_num, spec.value_den)
        out[row] += side * worth
    return np.asarray(out, np.int64)


def returns_pct(rows: Rows, profit: Ints) -> NDArray[np.float64]:
    """Return (k,) float64: profit over what the entries were worth, percent."""
    return np.asarray(profit / np.maximum(rows["entry_value"], 1.0) * 100.0)


def average_price(ticks: int, shift: float, product: Product) -> Decimal:
    """Return the average price ticks + shift, exact if all fills had one price."""
    if shift == 0.0:
        return product.price(ticks)
    return product.price_increment * (ticks + round(Decimal(shift), SHIFT_DIGITS))


def holding_ms(rows: Rows, time: Ints) -> Ints:
    """Return (k,) int64: from each closed trade's first entry fill to its last exit fill, ms."""
    return np.asarray(time[rows["exit_bar"]] - time[rows["entry_bar"]])


def last_bars(rows: Rows, bars: int) -> Ints:
    """Return (k,) int64: each trade's exit bar, or the last of `bars` while it is open."""
    return np.where(is_closed(rows), rows["exit_bar"], bars - 1)


def trade_list(rows: Rows, *, products: Sequence[Product], time: Ints, last_ticks: Ints) -> Trades:
    """Return the rows as people read them; time: (n,) int64 ms, the grid's bar opens."""
    profit = profits(rows, products, last_ticks)
    returns = returns_pct(rows, profit)
    ends = last_bars(rows, len(time))
    return Trades(
        _trade(row, products[row["product"]], time, int(units), float(pct), int(end))
        for row, units, pct, end in zip(rows, profit, returns, ends, strict=True)
    )


def _trade(
    row: np.void, product: Product, time: Ints, units: int, return_pct: float, end: int
) -> RoundTrip:
    closed = row["exit_bar"] != OPEN
    return RoundTrip(
        product=product.product_id,
        side="long" if row["side"] > 0 else "short",
        entry_time=int(time[row["entry_bar"]]),
        entry_price=average_price(int(row["entry_ticks"]), float(row["entry_shift"]), product),
        exit_time=int(time[end]) if closed else None,
        exit_price=average_price(int(row["exit_ticks"]), float(row["exit_shift"]), product)
        if closed
        else None,
        size=product.size(int(row["entry_lots"])),
        fees=Decimal(int(row["fees"])) / UNITS_PER_QUOTE,
        funding_paid=Decimal(-int(row["funding"])) / UNITS_PER_QUOTE,
        pnl=Decimal(units) / UNITS_PER_QUOTE,
        return_pct=return_pct,
        bars_held=end - int(row["entry_bar"]),
        entry_reason=FILL_NAMES[int(row["entry_reason"])],
        exit_reason=FILL_NAMES[int(row["exit_reason"])] if closed else None,
    )
