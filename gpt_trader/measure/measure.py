"""All of a run's numbers in one value."""

from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.costs import CostModel
from gpt_trader.kernel.codes import MAKER
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.rounding import (
    RATE_SCALE,
    UNITS_PER_QUOTE,
)
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.kernel.stats.curve import exposure
from gpt_trader.kernel.stats.stats import adverse_costs, fill_values
from gpt_trader.measure import metrics
from gpt_trader.measure.funding import by_trade
from gpt_trader.measure.holding import buy_and_hold
from gpt_trader.measure.measured import Metrics
from gpt_trader.measure.path import Path, daily_equity, day_returns
from gpt_trader.measure.trades import grids, holding_ms, is_closed, profits, returns_pct, trades

__all__ = ["Metrics", "measure", "money"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.void]
Numbers = dict[str, Any]  # some of the fields of Metrics
HOUR_MS = 3_600_000


def money(units: int) -> Decimal:
    """Return units of 1e-8 quote as an exact decimal in quote."""
    return Decimal(units).scaleb(-8)


def measure(path: Path, costs: CostModel, *, close_at_end: bool) -> tuple[Metrics, Rows]:
    """Return a run's numbers and its trades (TRADE_DTYPE rows, the open ones included)."""
    products = [b.product for b in path.bars]
    kernel = costs.kernel()
    num, den = grids(products)
    spread, slippage = adverse_costs(path.fills, num, den, half_spreads(path, kernel))
    rows = trades(path.fills, products, spread + slippage)
    rows["funding"] = by_trade(path, rows)
    closed = rows[is_closed(rows)]
    profit = profits(closed, products, path.last_ticks)
    values = fill_values(path.fills, num, den)
    mean_equity = float(np.mean(path.equity))
    held = buy_and_hold(
        path.holdable, costs, start_units=path.start_units, close_at_end=close_at_end
    )
    numbers = Metrics(
        buy_hold_return_pct=None
        if held is None
        else metrics.return_pct(path.start, held / UNITS_PER_QUOTE),
        trades=len(closed),
        open_trades=len(rows) - len(closed),
        fills=len(path.fills),
        **_growth(path),
        **_calendar(path),
        **_trades(path, closed, profit),
        **_activity(path, closed, values, mean_equity),
        **_paid(path, *(metrics.exact_sum(one) for one in (spread, slippage, -rows["funding"]))),
        **_in_money(path, closed, values, kernel, mean_equity),
    )
    return numbers, rows


def half_spreads(path: Path, costs: Costs) -> Ints:
    """Return (m,) int64 e8: the half spread of each fill's bar, quoted or else assumed."""
    out = np.full(len(path.fills), costs.half_spread_e8, np.int64)
    for p, bars in enumerate(path.bars):
        if bars.half_spread_e8 is not None:
            mine = path.fills["product"] == p
            quoted = bars.half_spread_e8[path.rows(p, path.fills["bar"][mine])]
            out[mine] = np.where(quoted == NO_QUOTE, costs.half_spread_e8, quoted)
    return out


def _growth(path: Path) -> Numbers:
    """What is left, the way there, and the one for the other."""
    start, final = path.start, float(path.equity[-1])
    returns = day_returns(path)
    growth = metrics.cagr_pct(start, final, path.elapsed_ms)
    fall = metrics.drawdown_of(path.equity, path.time, path.interval_ms, start=start)
    total = metrics.return_pct(start, final)
    ulcer = metrics.ulcer_index_pct(daily_equity(path).equity, start)
    return {
        "start_equity": money(path.start_units),
        "final_equity": from_quote(final),
        "highest_equity": from_quote(fall.highest),
        "lowest_equity": from_quote(fall.lowest),
        "return_pct": total,
        "cagr_pct": growth,
        "sharpe": metrics.sharpe(returns),
        "sortino": metrics.sortino(returns),
        "calmar": metrics.calmar(growth, fall.max_pct),
        "recovery_factor": metrics.recovery_factor(total, fall.max_pct),
        "ulcer_performance": metrics.ulcer_performance(growth, ulcer),
        "omega": metrics.omega(returns),
        "tail_ratio": metrics.tail_ratio(returns),
        "kelly_continuous": metrics.kelly_continuous(returns),
        "volatility_pct": metrics.volatility_pct(returns),
        "skew": metrics.skew(returns),
        "kurtosis": metrics.kurtosis(returns),
        "var_95_pct": metrics.value_at_risk_pct(returns),
        "cvar_95_pct": metrics.conditional_value_at_risk_pct(returns),
        "max_drawdown_pct": fall.max_pct,
        "max_drawdown_days": fall.max_days,
        "under_water_pct": fall.under_water_pct,
        "ulcer_index_pct": ulcer,
    }


def _calendar(path: Path) -> Numbers:
    """Days, weeks and months."""
    daily = daily_equity(path)
    days, weeks, months = (
        metrics.by_period(daily, path.start, unit).returns for unit in metrics.PERIODS
    )
    return {
        "gain_to_pain": metrics.gain_to_pain(months),
        "best_day_pct": percent(metrics.highest(days)),
        "worst_day_pct": percent(metrics.lowest(days)),
        "positive_days_pct": metrics.positive_pct(days),
        "best_week_pct": percent(metrics.highest(weeks)),
        "worst_week_pct": percent(metrics.lowest(weeks)),
        "positive_weeks_pct": metrics.positive_pct(weeks),
        "best_month_pct": percent(metrics.highest(months)),
        "worst_month_pct": percent(metrics.lowest(months)),
        "positive_months_pct": metrics.positive_pct(months),
        "longest_rise_days": metrics.longest_run(days > 0.0),
        "longest_fall_days": metrics.longest_run(days < 0.0),
    }


def _trades(path: Path, closed: Rows, profit: Ints) -> Numbers:
    """Closed trades; streaks are in the order of their ends."""
    pct = returns_pct(closed, profit)
    hours = holding_ms(closed, path.time) / HOUR_MS
    won, lost = profit > 0, profit < 0
    ended = np.argsort(closed["exit_bar"], kind="stable")
    return {
        "win_rate_pct": metrics.win_rate_pct(profit),
        "profit_factor": metrics.profit_factor(profit),
        "payoff_ratio": metrics.payoff_ratio(pct),
        "expectancy": from_units(metrics.mean(profit)),
        "expectancy_pct": metrics.expectancy_pct(pct),
        "expectancy_r": metrics.expectancy_r(pct, stops_at_entry(path, closed)),
        "expectancy_ratio": metrics.expectancy_ratio(pct),
        "sqn": metrics.sqn(profit),
        "kelly": metrics.kelly_of_trades(pct),
        "average_win": from_units(metrics.mean(profit[won])),
        "average_loss": from_units(metrics.mean(profit[lost])),
        "average_win_pct": metrics.mean(pct[won]),
        "average_loss_pct": metrics.mean(pct[lost]),
        "best_trade": from_units(metrics.highest(profit)),
        "worst_trade": from_units(metrics.lowest(profit)),
        "best_trade_pct": metrics.highest(pct),
        "worst_trade_pct": metrics.lowest(pct),
        "winning_streak": metrics.longest_run(won[ended]),
        "losing_streak": metrics.longest_run(lost[ended]),
        "average_holding_hours": metrics.mean(hours),
        "median_holding_hours": metrics.median(hours),
        "longest_holding_hours": metrics.highest(hours),
        "winner_holding_hours": metrics.median(hours[won]),
        "loser_holding_hours": metrics.median(hours[lost]),
    }


def stops_at_entry(path: Path, rows: Rows) -> Floats:
    """Return (k,) float64: the stop asked for when each trade was decided, NaN where none was."""
    out = np.full(len(rows), np.nan)
    for p, stop in enumerate(path.stops):
        if stop is not None:
            mine = rows["product"] == p
            out[mine] = stop[path.rows(p, rows["entry_cause"][mine])]
    return out


def _activity(path: Path, closed: Rows, values: Ints, mean_equity: float) -> Numbers:
    """How much of the time, of the money and of the market was used."""
    n = len(path.equity)
    bars, invested = exposure(path.fills, len(path.bars), path.equity)
    moved = float(metrics.exact_sum(values))
    turnover = moved / UNITS_PER_QUOTE / mean_equity
    return {
        "exposure_pct": metrics.share_pct(bars, n),
        "average_exposure_pct": metrics.share_pct(invested, n),
        "turnover": turnover,
        "turnover_per_year": metrics.a_year(turnover, path.elapsed_ms),
        "round_trips_per_year": metrics.a_year(len(closed), path.elapsed_ms),
        "maker_share_pct": metrics.share_pct(
            float(metrics.exact_sum(values[path.fills["liquidity"] == MAKER])), moved
        ),
        "capacity": _capacity(path),
    }


def _capacity(path: Path) -> Decimal | None:
    fills = path.fills
    sizes, volumes = np.empty(len(fills)), np.empty(len(fills))
    for p, bars in enumerate(path.bars):
        mine = fills["product"] == p
        sizes[mine] = fills["lots"][mine] * bars.product.spec.lot
        volumes[mine] = bars.volume[path.rows(p, fills["bar"][mine])]
    found = metrics.capacity(path.equity[fills["bar"]], sizes, volumes)
    return None if found is None else from_quote(found)


def _paid(path: Path, spread: int, slippage: int, funding: int) -> Numbers:
    """From gross to net, to the unit."""
    fees = metrics.exact_sum(path.fills["fee"])
    net = round(float(path.equity[-1]) * UNITS_PER_QUOTE) - path.start_units
    return {
        "gross_pnl": money(net + fees + spread + slippage + funding),
        "fees_paid": money(fees),
        "spread_paid": money(spread),
        "slippage_paid": money(slippage),
        "spread_slippage_paid": money(spread + slippage),
        "funding_paid": money(funding),
        "net_pnl": money(net),
    }


def _in_money(path: Path, closed: Rows, values: Ints, costs: Costs, mean_equity: float) -> Numbers:
    """What a round trip costs: as it was, and had every fill been a taker's or a maker's."""
    entered = float(closed["entry_value"].sum())
    moved = entered + float(closed["exit_value"].sum())
    adverse = (costs.half_spread_e8 + costs.slippage_e8) / RATE_SCALE
    taker, maker = costs.taker_e8 / RATE_SCALE, costs.maker_e8 / RATE_SCALE
    numbers: Numbers = {
        "break_even_move_bps": metrics.break_even_move_bps(taker, adverse),
        "break_even_move_maker_bps": metrics.break_even_move_bps(maker, 0.0),
    }
    traded, charged = (float(metrics.exact_sum(one)) for one in (values, path.fills["fee"]))
    paid = float(metrics.exact_sum(closed["fees"] + closed["slippage"]))
    for name, cost, fees in (
        ("", paid, charged),
        ("_taker", moved * (taker + adverse), traded * taker),
        ("_maker", moved * maker, traded * maker),
    ):
        each = metrics.ratio(cost, len(closed))
        bps = metrics.ratio(cost * 10_000.0, entered)
        numbers[f"cost_per_round_trip{name}"] = from_units(each)
        numbers[f"cost_per_round_trip{name}_bps"] = bps
        numbers[f"fees_per_year{name}_pct"] = metrics.a_year(
            fees / UNITS_PER_QUOTE / mean_equity * 100.0, path.elapsed_ms
        )
    return numbers


def from_units(units: float | None) -> Decimal | None:
    """Return units of 1e-8 quote, rounded to whole ones, in quote."""
    return None if units is None else money(round(units))


def from_quote(quote: float) -> Decimal:
    """Return quote rounded to 1e-8."""
    return money(round(quote * UNITS_PER_QUOTE))


def percent(fraction: float | None) -> float | None:
    """Return a fraction times 100."""
    return None if fraction is None else fraction * 100.0
