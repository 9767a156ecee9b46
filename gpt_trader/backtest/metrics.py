"""What a run's numbers are: pure functions, each with its formula and source.

Equity is float64 quote; ratios are numbers, percentages times 100. None means undefined: too
little data, or a division by zero.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.rounding import RATE_SCALE
from gpt_trader.kernel.settings import Costs
from gpt_trader.kernel.stats import drawdown

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS
DAYS_PER_YEAR = 365  # the market never closes


class Drawdown(NamedTuple):
    """The deepest fall from a peak, positive; the longest time below one; how often below one.

    under_water_pct: bars whose close is below the highest so far.
    """

    max_pct: float
    max_days: float
    under_water_pct: float


def return_pct(start: float, final: float) -> float:
    """Return (final / start - 1) x 100."""
    return (final / start - 1.0) * 100.0


def cagr_pct(start: float, final: float, elapsed_ms: int) -> float | None:
    """Compound annual growth: ((final / start) ** (year / elapsed) - 1) x 100.

    A year is 365 days; elapsed runs from the first bar's open to the last bar's close. None
    without time, or where the annual number is beyond a float. Source: CFA Institute, GIPS
    handbook, annualized return.
    """
    if elapsed_ms <= 0:
        return None
    if final <= 0.0:
        return -100.0
    with np.errstate(over="ignore"):
        growth = float(np.exp(np.log(final / start) * (YEAR_MS / elapsed_ms)))
    return (growth - 1.0) * 100.0 if np.isfinite(growth) else None


class Daily(NamedTuple):
    """Equity by calendar day, UTC. day_ms: (d,) int64, each day's begin; equity: (d,) float64."""

    day_ms: Ints
    equity: Floats


def daily(time: Ints, equity: Floats) -> Daily:
    """Return the last equity of each UTC day by the bars' opens, one row a calendar day.

    time: (n,) int64 ms, strictly increasing. A day without bars repeats the one before it.
    """
    if len(time) == 0:
        return Daily(np.empty(0, np.int64), np.empty(0))
    day_ms = np.arange(time[0] // DAY_MS, time[-1] // DAY_MS + 1) * DAY_MS
    return Daily(day_ms, equity[np.searchsorted(time, day_ms + DAY_MS) - 1])


def daily_closes(time: Ints, equity: Floats) -> Floats:
    """Return the equity of `daily` alone."""
    return daily(time, equity).equity


def simple_returns(closes: Floats) -> Floats:
    """Return closes[i] / closes[i - 1] - 1; empty below two."""
    return np.asarray(closes[1:] / closes[:-1] - 1.0)


def daily_returns(time: Ints, equity: Floats) -> Floats:
    """Return the simple returns between daily closes; empty below two days."""
    return simple_returns(daily_closes(time, equity))


def sharpe(returns: Floats) -> float | None:
    """Mean over standard deviation (ddof 1) of daily returns x sqrt(365); no risk-free rate.

    None under two returns or without variation. Source: W. Sharpe, "The Sharpe Ratio" (1994).
    """
    if len(returns) < 2:
        return None
    deviation = float(np.std(returns, ddof=1))
    return float(np.mean(returns)) / deviation * DAYS_PER_YEAR**0.5 if deviation > 0.0 else None


def sortino(returns: Floats) -> float | None:
    """Mean over downside deviation of daily returns x sqrt(365); the target return is 0.

    Downside deviation is sqrt(mean(min(r, 0) ** 2)) over all days. None under two returns or
    without a loss. Source: F. Sortino and L. Price, "Performance Measurement in a Downside Risk
    Framework" (1994).
    """
    if len(returns) < 2:
        return None
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)))
    return float(np.mean(returns)) / downside * DAYS_PER_YEAR**0.5 if downside > 0.0 else None


def drawdown_of(equity: Floats, time: Ints, interval_ms: int, *, start: float) -> Drawdown:
    """Return the deepest and the longest drawdown; `start`, at the first open, is the first peak.

    equity: (n,) float64 at the closes of the bars that open at time: (n,) int64 ms. Depth is
    (1 - equity / peak) x 100. Length runs from a peak to the close that reaches it again, or to
    the last close.
    """
    deepest, longest_ms, below = drawdown(equity, time, interval_ms, start)
    under = below / len(equity) * 100.0 if len(equity) else 0.0
    return Drawdown(float(deepest) * 100.0, float(longest_ms) / DAY_MS, under)


def drawdown_curve_pct(equity: Floats, start: float) -> Floats:
    """Return (n,) float64: how far each equity is below the highest so far, percent."""
    peak = np.maximum(np.maximum.accumulate(equity), start)
    return np.asarray((1.0 - equity / peak) * 100.0)


def calmar(cagr: float | None, max_drawdown_pct: float) -> float | None:
    """CAGR over the deepest drawdown; None without one. Source: T. Young, Futures (1991)."""
    return cagr / max_drawdown_pct if cagr is not None and max_drawdown_pct > 0.0 else None


def win_rate_pct(profits: Ints) -> float | None:
    """Share of closed trades that made money after fees, percent; None without trades."""
    return float(np.mean(profits > 0)) * 100.0 if len(profits) else None


def profit_factor(profits: Ints) -> float | None:
    """Money won over money lost, both after fees; None if nothing was lost."""
    lost = float(-profits[profits < 0].sum())
    return float(profits[profits > 0].sum()) / lost if lost > 0.0 else None


def expectancy_pct(returns_pct: Floats) -> float | None:
    """Average return of a closed trade, percent of what its entries were worth."""
    return float(np.mean(returns_pct)) if len(returns_pct) else None


def break_even_move_bps(costs: Costs) -> float:
    """Rise of the price that pays for a taker round trip, basis points.

    The quote spent on one unit is p (1 + a)(1 + f), received q (1 - a)(1 - f), with a half spread
    plus slippage and f the taker fee: q / p - 1 where both are equal.
    """
    adverse = (costs.half_spread_e8 + costs.slippage_e8) / RATE_SCALE
    fee = costs.taker_e8 / RATE_SCALE
    return ((1.0 + adverse) * (1.0 + fee) / ((1.0 - adverse) * (1.0 - fee)) - 1.0) * 10_000.0


def a_year(amount: float, elapsed_ms: int) -> float | None:
    """Return an amount of the run per year of 365 days; None without time."""
    return amount * YEAR_MS / elapsed_ms if elapsed_ms > 0 else None


def share_pct(part: float, whole: float) -> float | None:
    """Return part / whole x 100; None if the whole is 0."""
    return part / whole * 100.0 if whole else None
