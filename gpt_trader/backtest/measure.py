"""All of a run's numbers in one value."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest import metrics
from gpt_trader.backtest.path import Path, daily_equity
from gpt_trader.backtest.trades import (
    grids,
    is_closed,
    profits,
    returns_pct,
    trades,
)
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel
from gpt_trader.kernel.codes import MAKER
from gpt_trader.kernel.ledger import cash_after
from gpt_trader.kernel.match import fill_fee
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE, adverse_ticks, fits, lots_for_quote
from gpt_trader.kernel.settings import Costs
from gpt_trader.kernel.stats import bars_held, fill_values, slippages

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.void]
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Metrics:
    """Money is quote; percentages are times 100; None is undefined. See docs/backtest.md."""

    start_equity: Decimal
    final_equity: Decimal
    return_pct: float
    buy_hold_return_pct: float
    cagr_pct: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown_pct: float
    max_drawdown_days: float
    trades: int
    open_trades: int
    win_rate_pct: float | None
    profit_factor: float | None
    expectancy_pct: float | None
    exposure_pct: float | None
    turnover: float
    fills: int
    maker_share_pct: float | None
    fees_paid: Decimal
    spread_slippage_paid: Decimal
    gross_pnl: Decimal
    net_pnl: Decimal
    break_even_move_bps: float
    cost_per_round_trip: Decimal | None
    cost_per_round_trip_bps: float | None
    round_trips_per_year: float | None
    fees_per_year_pct: float | None
    median_holding_hours: float | None


def money(units: int) -> Decimal:
    """Return units of 1e-8 quote as an exact decimal in quote."""
    return Decimal(units).scaleb(-8)


class Holding(NamedTuple):
    """What was bought of a product, and what was spent on it, units, fee included."""

    lots: int
    spent: int


def buy_all(bars: Sequence[Bars], costs: Costs, start_units: int) -> list[Holding]:
    """Return each product's holding after buying with all of the cash.

    Each product gets an equal part of it and is bought at the open after its first bar, as taker
    with spread, slippage and fee; no lots of what has no such bar or costs too much.
    """
    adverse_e8 = costs.half_spread_e8 + costs.slippage_e8
    bought = []
    for one in bars:
        holding = Holding(0, 0)
        if len(one) > 1:
            spec = one.product.spec
            ticks = adverse_ticks(int(one.open[1]), 1, adverse_e8)
            lots = lots_for_quote(start_units // len(bars), ticks, costs.taker_e8, spec)
            if lots >= spec.min_lots and fits(lots, ticks, spec):
                fee = fill_fee(1, lots, ticks, costs.taker_e8, spec)
                holding = Holding(lots, -cash_after(0, 1, lots, ticks, fee, spec))
        bought.append(holding)
    return bought


def buy_and_hold(
    bars: Sequence[Bars], costs: Costs, *, start_units: int, close_at_end: bool
) -> int:
    """Return what buying everything at once and waiting leaves, units.

    What `buy_all` bought is valued at the last close, or sold there at the same costs if
    `close_at_end`.
    """
    adverse_e8 = costs.half_spread_e8 + costs.slippage_e8
    total = start_units
    for one, holding in zip(bars, buy_all(bars, costs, start_units), strict=True):
        if holding.lots == 0:
            continue
        spec = one.product.spec
        ticks = int(one.close[-1])
        fee = 0
        if close_at_end:
            ticks = adverse_ticks(ticks, -1, adverse_e8)
            fee = fill_fee(-1, holding.lots, ticks, costs.taker_e8, spec)
        total = cash_after(total - holding.spent, -1, holding.lots, ticks, fee, spec)
    return total


def measure(path: Path, costs: CostModel, *, close_at_end: bool) -> tuple[Metrics, Rows]:
    """Return a run's numbers and its trades (TRADE_DTYPE rows, the open ones included)."""
    products = [b.product for b in path.bars]
    kernel = costs.kernel()
    num, den = grids(products)
    adverse_e8 = kernel.half_spread_e8 + kernel.slippage_e8
    slips = slippages(path.fills, path.opens, num, den, adverse_e8)
    rows = trades(path.fills, products, slips)
    closed = rows[is_closed(rows)]
    profit = profits(closed, products, path.last_ticks)
    values = fill_values(path.fills, num, den)

    n = len(path.equity)
    start, final = path.start, float(path.equity[-1])
    elapsed_ms = path.elapsed_ms
    growth = metrics.cagr_pct(start, final, elapsed_ms)
    returns = metrics.simple_returns(daily_equity(path).equity)
    fall = metrics.drawdown_of(path.equity, path.time, path.interval_ms, start=start)
    held = buy_and_hold(path.bars, kernel, start_units=path.start_units, close_at_end=close_at_end)
    fees, slipped = int(path.fills["fee"].sum()), int(slips.sum())
    net = round(final * UNITS_PER_QUOTE) - path.start_units
    mean_equity = float(np.mean(path.equity))
    mean_cost, mean_cost_bps = _round_trip_cost(closed)
    numbers = Metrics(
        start_equity=money(path.start_units),
        final_equity=money(path.start_units + net),
        return_pct=metrics.return_pct(start, final),
        buy_hold_return_pct=metrics.return_pct(start, held / UNITS_PER_QUOTE),
        cagr_pct=growth,
        sharpe=metrics.sharpe(returns),
        sortino=metrics.sortino(returns),
        calmar=metrics.calmar(growth, fall.max_pct),
        max_drawdown_pct=fall.max_pct,
        max_drawdown_days=fall.max_days,
        trades=len(closed),
        open_trades=len(rows) - len(closed),
        win_rate_pct=metrics.win_rate_pct(profit),
        profit_factor=metrics.profit_factor(profit),
        expectancy_pct=metrics.expectancy_pct(returns_pct(closed, profit)),
        exposure_pct=metrics.share_pct(bars_held(path.fills, len(products), n), n),
        turnover=float(values.sum()) / UNITS_PER_QUOTE / mean_equity,
        fills=len(path.fills),
        maker_share_pct=metrics.share_pct(
            float(values[path.fills["liquidity"] == MAKER].sum()), float(values.sum())
        ),
        fees_paid=money(fees),
        spread_slippage_paid=money(slipped),
        gross_pnl=money(net + fees + slipped),
        net_pnl=money(net),
        break_even_move_bps=metrics.break_even_move_bps(kernel),
        cost_per_round_trip=mean_cost,
        cost_per_round_trip_bps=mean_cost_bps,
        round_trips_per_year=metrics.a_year(len(closed), elapsed_ms),
        fees_per_year_pct=metrics.a_year(fees / UNITS_PER_QUOTE / mean_equity * 100.0, elapsed_ms),
        median_holding_hours=_median_holding_hours(closed, path.time),
    )
    return numbers, rows


def _round_trip_cost(closed: Rows) -> tuple[Decimal | None, float | None]:
    """Mean of fees, spread and slippage of a closed trade: quote, and bps of its entries."""
    if len(closed) == 0:
        return None, None
    cost = closed["fees"] + closed["slippage"]
    bps = float(cost.sum()) / float(closed["entry_value"].sum()) * 10_000.0
    return money(round(float(np.mean(cost)))), bps


def _median_holding_hours(closed: Rows, time: Ints) -> float | None:
    if len(closed) == 0:
        return None
    return float(np.median(time[closed["exit_bar"]] - time[closed["entry_bar"]])) / HOUR_MS
