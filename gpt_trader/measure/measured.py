"""The numbers of a run as one flat value; their names are those of the JSON."""

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING

from gpt_trader.domain.text import shown

if TYPE_CHECKING:
    import pandas as pd

DASH = "-"
LEADING = (
    "start_equity", "final_equity", "return_pct", "cagr_pct", "buy_hold_return_pct", "sharpe",
    "sortino", "calmar", "volatility_pct", "max_drawdown_pct", "max_drawdown_days", "exposure_pct",
    "trades", "open_trades", "win_rate_pct", "profit_factor", "expectancy", "fills", "turnover",
    "gross_pnl", "fees_paid", "spread_slippage_paid", "funding_paid", "net_pnl",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Metrics:
    """Money is quote; percentages are times 100; None is undefined. See docs/backtest.md."""

    # what is left
    start_equity: Decimal
    final_equity: Decimal
    highest_equity: Decimal
    lowest_equity: Decimal
    return_pct: float
    cagr_pct: float | None
    # against holding
    buy_hold_return_pct: float | None
    # reward for risk
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    recovery_factor: float | None
    ulcer_performance: float | None
    omega: float | None
    gain_to_pain: float | None
    tail_ratio: float | None
    kelly_continuous: float | None
    # risk
    volatility_pct: float | None
    skew: float | None
    kurtosis: float | None
    var_95_pct: float | None
    cvar_95_pct: float | None
    max_drawdown_pct: float
    max_drawdown_days: float
    under_water_pct: float
    ulcer_index_pct: float
    # days, weeks, months
    best_day_pct: float | None
    worst_day_pct: float | None
    positive_days_pct: float | None
    best_week_pct: float | None
    worst_week_pct: float | None
    positive_weeks_pct: float | None
    best_month_pct: float | None
    worst_month_pct: float | None
    positive_months_pct: float | None
    longest_rise_days: int
    longest_fall_days: int
    # trades
    trades: int
    open_trades: int
    win_rate_pct: float | None
    profit_factor: float | None
    payoff_ratio: float | None
    expectancy: Decimal | None
    expectancy_pct: float | None
    expectancy_r: float | None
    expectancy_ratio: float | None
    sqn: float | None
    kelly: float | None
    average_win: Decimal | None
    average_loss: Decimal | None
    average_win_pct: float | None
    average_loss_pct: float | None
    best_trade: Decimal | None
    worst_trade: Decimal | None
    best_trade_pct: float | None
    worst_trade_pct: float | None
    winning_streak: int
    losing_streak: int
    average_holding_hours: float | None
    median_holding_hours: float | None
    longest_holding_hours: float | None
    winner_holding_hours: float | None
    loser_holding_hours: float | None
    # activity
    fills: int
    exposure_pct: float | None
    average_exposure_pct: float | None
    turnover: float
    turnover_per_year: float | None
    round_trips_per_year: float | None
    maker_share_pct: float | None
    capacity: Decimal | None
    # costs
    gross_pnl: Decimal
    fees_paid: Decimal
    spread_paid: Decimal
    slippage_paid: Decimal
    spread_slippage_paid: Decimal
    funding_paid: Decimal
    net_pnl: Decimal
    cost_per_round_trip: Decimal | None
    cost_per_round_trip_bps: float | None
    cost_per_round_trip_taker: Decimal | None
    cost_per_round_trip_taker_bps: float | None
    cost_per_round_trip_maker: Decimal | None
    cost_per_round_trip_maker_bps: float | None
    fees_per_year_pct: float | None
    fees_per_year_taker_pct: float | None
    fees_per_year_maker_pct: float | None
    break_even_move_bps: float
    break_even_move_maker_bps: float

    def __repr__(self) -> str:
        cells = [f"{name:<22}{value_text(getattr(self, name)):>16}" for name in LEADING]
        half = len(cells) // 2
        rows = (f"  {a}     {b}" for a, b in zip(cells[:half], cells[half:], strict=True))
        return shown([f"Metrics: {len(fields(self))} numbers, all of them in to_series()", *rows])

    def to_series(self) -> "pd.Series[float]":
        """Return every number by its name, float64; NaN where undefined."""
        import pandas as pd  # noqa: PLC0415

        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return pd.Series(values, dtype="float64")


def value_text(value: float | Decimal | None) -> str:
    """Return a number as a `repr` shows it: a ratio by its digits, else two decimals."""
    if value is None:
        return DASH
    return (
        f"{value:,}"
        if isinstance(value, int)
        else f"{value:,.4g}"
        if _is_ratio(value)
        else (f"{value:,.2f}")
    )


def _is_ratio(value: float | Decimal) -> bool:
    return isinstance(value, float) and abs(value) < 1.0
