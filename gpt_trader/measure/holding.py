"""Buying everything at once and waiting: what it leaves, with every cost and flow of a strategy."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel, bps_to_e8
from gpt_trader.kernel.ledger import cash_after
from gpt_trader.kernel.match import fill_fee
from gpt_trader.kernel.rounding import adverse_ticks, fits, lots_for_quote
from gpt_trader.kernel.stats.funding import held
from gpt_trader.measure.metrics import DAY_MS
from gpt_trader.measure.path import Listed
from gpt_trader.risk.settings import REBALANCE_BAND

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MIN_BARS = 2  # one that decides, one that fills


class Holding(NamedTuple):
    """What holding a product came to, units gained beyond the cash before it.

    time: (n,) int64 ms UTC, the opens of the bars of all its listings. gained: (n,) float64 at each
    bar's close. left: int, what it is at the end to the unit.
    """

    time: Ints
    gained: Floats
    left: int


class Deal(NamedTuple):
    """Lots bought, sold below 0, and what that did to the cash, units."""

    lots: int
    cash: int


NO_DEAL = Deal(0, 0)


def buy_all(
    listed: Sequence[Listed], costs: CostModel, *, start_units: int, close_at_end: bool
) -> list[Holding] | None:
    """Return what each product would have come to after buying with all of the cash.

    Each product with bars gets an equal part of it and is bought at the open after its first bar,
    as taker with spread, slippage and the fee in force at the first close for an account without
    volume; nothing of what has no such bar. Of a perpetual, what funding brings or takes is put
    into it or taken out of it once it is a REBALANCE_BAND of it, as a strategy that is always
    wholly invested does. Each is sold at its last close, with the same costs, where it was
    delisted, else with `close_at_end`; what that leaves is bought of it again in its next listing.
    None if one costs too much, or is bought in lots too many or grows to be worth too much to be
    counted: what cannot be bought is nothing to compare with.
    """
    listings: dict[str, list[Listed]] = {}
    for one in listed:
        if len(one.bars):
            listings.setdefault(one.bars.product.product_id, []).append(one)
    bought = [
        _hold_each(each, costs, start_units // len(listings), close_at_end=close_at_end)
        for each in listings.values()
    ]
    known = [one for one in bought if one is not None]
    return known if len(known) == len(bought) else None


def _hold_each(
    listings: Sequence[Listed], costs: CostModel, cash: int, *, close_at_end: bool
) -> Holding | None:
    """Hold a product through its listings, in cash between them; None as in `buy_all`."""
    parts: list[Holding] = []
    left = 0
    for one in listings:
        is_sold = close_at_end or one.is_delisted
        is_ruined = bool(parts) and cash + left <= 0
        part = (
            _nothing(one.bars)
            if is_ruined
            else _hold(one.bars, costs, cash + left, is_sold=is_sold)
        )
        if part is None:
            return None
        parts.append(part._replace(gained=left + part.gained))
        left += part.left
    time = np.concatenate([part.time for part in parts])
    return Holding(time, np.concatenate([part.gained for part in parts]), left)


def _nothing(bars: Bars) -> Holding:
    return Holding(bars.time, np.zeros(len(bars)), 0)


def _hold(bars: Bars, costs: CostModel, cash: int, *, is_sold: bool) -> Holding | None:
    if len(bars) < MIN_BARS:
        return _nothing(bars)
    bought = _deal(bars, 1, cash, costs)
    if bought.lots == 0:
        return None
    lots, beside, worth = _grown(bars, bought.lots, costs)
    if not fits(max(bought.lots, lots), int(bars.close.max()), bars.product.spec):
        return None  # worth more than can be counted
    gained = np.concatenate([[0.0], worth[1:] + bought.cash])
    left = bought.cash + beside + _left(bars, lots, costs, is_sold=is_sold)
    gained[-1] = left
    return Holding(bars.time, gained, left)


def _grown(bars: Bars, lots: int, costs: CostModel) -> tuple[int, int, Floats]:
    """Return lots and units of cash at the end, and (n,) what both were worth at each close.

    lots: held from the second bar's open on.
    """
    spec, n = bars.product.spec, len(bars)
    worth = np.zeros(n)
    at, cash = 1, 0
    while True:
        per_tick = lots * spec.value_num / spec.value_den
        row, units, left = held(
            worth[at:], lots, cash, bars.close[at:], bars.funding_rate[at:], per_tick, spec,
            REBALANCE_BAND.default,
        )  # fmt: skip
        row += at + 1  # the open that follows; after the last close there is none
        deal = _deal(bars, row, units, costs) if row < n else NO_DEAL
        if deal.lots == 0 or lots + deal.lots <= 0:
            return lots, left, worth
        lots, cash, at = lots + deal.lots, units + deal.cash, row


def _deal(bars: Bars, row: int, units: int, costs: CostModel) -> Deal:
    """Return what is bought at a row's open for so many units, or sold for as many below 0."""
    spec, side = bars.product.spec, 1 if units > 0 else -1
    ticks = adverse_ticks(int(bars.open[row]), side, _adverse_e8(costs))
    taker_e8 = costs.taker_at(int(bars.time[row - 1]) + bars.interval_ms)
    lots = lots_for_quote(abs(units), ticks, taker_e8, spec) + int(side < 0)
    if lots < spec.min_lots or not fits(lots, ticks, spec):
        return NO_DEAL
    fee = fill_fee(side, lots, ticks, taker_e8, spec)
    return Deal(side * lots, cash_after(0, side, lots, ticks, fee, spec))


def _left(bars: Bars, lots: int, costs: CostModel, *, is_sold: bool) -> int:
    """Return what lots are worth at the last close, or are sold there for, units."""
    ticks, fee, spec = int(bars.close[-1]), 0, bars.product.spec
    if is_sold:
        ticks = adverse_ticks(ticks, -1, _adverse_e8(costs))
        taker_e8 = costs.taker_at(int(bars.time[-1]) + bars.interval_ms)
        fee = fill_fee(-1, lots, ticks, taker_e8, spec)
    return int(cash_after(0, -1, lots, ticks, fee, spec))


def _adverse_e8(costs: CostModel) -> int:
    return bps_to_e8(costs.spread_bps) + bps_to_e8(costs.slippage_bps)


def buy_and_hold(
    listed: Sequence[Listed], costs: CostModel, *, start_units: int, close_at_end: bool
) -> int | None:
    """Return what buying everything at once and waiting leaves, units, at least 0.

    None as in `buy_all`.
    """
    bought = buy_all(listed, costs, start_units=start_units, close_at_end=close_at_end)
    if bought is None:
        return None
    return max(start_units + sum(one.left for one in bought), 0)


def hold_daily(
    listed: Sequence[Listed],
    costs: CostModel,
    days: Ints,
    *,
    start_units: int,
    close_at_end: bool,
) -> Floats | None:
    """Return the equity of `buy_and_hold` over its start at the close of each day, (d,) float64.

    days: (d,) int64 UTC day numbers, the last one that of the last bar. A day without bars is
    valued at the closes before it. None as in `buy_all`.
    """
    bought = buy_all(listed, costs, start_units=start_units, close_at_end=close_at_end)
    if bought is None:
        return None
    total = np.full(len(days), float(start_units))
    for one in bought:
        newest = np.searchsorted(one.time, (days + 1) * DAY_MS) - 1
        total += np.where(newest > 0, one.gained[newest], 0.0)
    return np.asarray(np.maximum(total, 0.0) / start_units)
