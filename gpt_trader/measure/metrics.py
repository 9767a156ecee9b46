"""What a run's numbers are: pure functions, each with its formula and source.

Equity is float64 quote; ratios are numbers, percentages times 100. None means undefined: too
little data, or a division by zero.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.stats.curve import drawdown

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS
DAYS_PER_YEAR = 365  # the market never closes
ANNUAL = 365.0**0.5


class Drawdown(NamedTuple):
    """The deepest fall from a peak, positive; the longest time below one; how often below one.

    under_water_pct: bars whose close is below the highest so far. highest, lowest: of the start
    and all closes, quote.
    """

    max_pct: float
    max_days: float
    under_water_pct: float
    highest: float
    lowest: float


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


def returns_since(start: float, closes: Floats) -> Floats:
    """Return (..., d) float64: simple returns from close to close, the first from `start`.

    closes: (..., d) equity; start: before the first. 0 where nothing was left before: all 1 + r
    together are closes[-1] / start.
    """
    first = np.full((*closes.shape[:-1], 1), start)
    before = np.concatenate([first, closes[..., :-1]], axis=-1)
    growth = np.ones_like(before)
    np.divide(closes, before, out=growth, where=before != 0.0)
    return growth - 1.0


def daily_returns(time: Ints, equity: Floats, start: float) -> Floats:
    """Return (d,) float64: what each calendar day made, UTC, as every number of days counts it.

    The first day is from `start`, the equity before the first bar, to its close. It and the last
    one may be parts of a day, and count like any other. time, equity: as in `daily`.
    """
    return returns_since(start, daily(time, equity).equity)


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
    deepest, longest_ms, below, highest, lowest = drawdown(equity, time, interval_ms, start)
    under = below / len(equity) * 100.0 if len(equity) else 0.0
    return Drawdown(  # interpreted, the kernel gives numpy scalars
        float(deepest) * 100.0,
        int(longest_ms) / DAY_MS,
        float(under),
        float(highest),
        float(lowest),
    )


def drawdown_curve_pct(equity: Floats, start: float) -> Floats:
    """Return (n,) float64: how far each equity is below the highest so far, percent."""
    peak = np.maximum(np.maximum.accumulate(equity), start)
    return np.asarray((1.0 - equity / peak) * 100.0)


def calmar(cagr: float | None, max_drawdown_pct: float) -> float | None:
    """CAGR over the deepest drawdown; None without one. Source: T. Young, Futures (1991)."""
    return ratio(cagr, max_drawdown_pct)


def recovery_factor(return_pct: float, max_drawdown_pct: float) -> float | None:
    """Return over the deepest drawdown; None without one. Source: quantstats, `recovery_factor`."""
    return ratio(return_pct, max_drawdown_pct)


def ulcer_index_pct(closes: Floats, start: float) -> float:
    """Root of the mean squared drawdown of daily closes, percent; `start` is the first peak.

    Source: P. Martin and B. McCann, "The Investor's Guide to Fidelity Funds" (1989).
    """
    falls = drawdown_curve_pct(closes, start)
    return float(np.sqrt(np.mean(falls * falls)))


def ulcer_performance(cagr: float | None, ulcer_pct: float) -> float | None:
    """CAGR over the ulcer index, the Martin ratio; None without a drawdown. Source: as above."""
    return ratio(cagr, ulcer_pct)


def volatility_pct(returns: Floats) -> float | None:
    """Standard deviation (ddof 1) of daily returns x sqrt(365), percent; None under two."""
    if len(returns) < 2:
        return None
    return float(np.std(returns, ddof=1)) * ANNUAL * 100.0


def skew(returns: Floats) -> float | None:
    """Third central moment over the second ** 1.5 (no bias correction); None if all are equal."""
    return moments(returns)[0] if _vary(returns) else None


def kurtosis(returns: Floats) -> float | None:
    """Fourth central moment over the squared second: raw, a normal law has 3; None if all equal."""
    return moments(returns)[1] if _vary(returns) else None


def moments(returns: Floats) -> tuple[float, float]:
    """Return skewness and raw kurtosis (a normal law has 0 and 3) of returns that vary."""
    off = returns - returns.mean()
    variance = float(np.mean(off * off))
    return float(np.mean(off**3)) / variance**1.5, float(np.mean(off**4)) / variance**2


def _vary(returns: Floats) -> bool:
    return len(returns) > 1 and bool(returns.min() != returns.max())


def omega(returns: Floats) -> float | None:
    """Sum of gains over sum of losses of daily returns, threshold 0; None without a loss.

    Source: C. Keating and W. Shadwick, "A Universal Performance Measure" (2002).
    """
    return ratio(float(returns[returns > 0.0].sum()), float(-returns[returns < 0.0].sum()))


def gain_to_pain(returns: Floats) -> float | None:
    """Sum of monthly returns over the sum of their losses; None without a losing month.

    Source: J. Schwager, "Hedge Fund Market Wizards" (2012).
    """
    return ratio(float(returns.sum()), float(-returns[returns < 0.0].sum()))


def tail_ratio(returns: Floats) -> float | None:
    """95th percentile of daily returns over the 5th, both positive; None where the 5th is 0.

    Percentiles by linear interpolation. Source: empyrical, `tail_ratio`.
    """
    if len(returns) == 0:
        return None
    low, high = np.quantile(returns, [0.05, 0.95])
    return ratio(abs(float(high)), abs(float(low)))


def value_at_risk_pct(returns: Floats) -> float | None:
    """Loss that 5 % of the days exceed, percent, positive: less the 5th percentile of returns.

    Historical, by linear interpolation; negative if such a day gained. None without returns.
    Source: P. Jorion, "Value at Risk" (1997).
    """
    return -float(np.quantile(returns, 0.05)) * 100.0 if len(returns) else None


def conditional_value_at_risk_pct(returns: Floats) -> float | None:
    """Average loss of the days at or beyond the value at risk, percent, positive.

    None without returns, or where one is not known (NaN): of a bar that a session did not decide.
    Source: R. Rockafellar and S. Uryasev, "Optimization of Conditional Value-at-Risk" (2000).
    """
    if len(returns) == 0:
        return None
    beyond = returns[returns <= np.quantile(returns, 0.05)]
    return -float(np.mean(beyond)) * 100.0 if len(beyond) else None


def kelly_continuous(returns: Floats) -> float | None:
    """Mean over variance (ddof 1) of daily returns: the growth-optimal multiple of what was held.

    None under two returns or without variation. Source: E. Thorp, "The Kelly Criterion in
    Blackjack, Sports Betting and the Stock Market" (1997).
    """
    if len(returns) < 2:
        return None
    return ratio(float(np.mean(returns)), float(np.var(returns, ddof=1)))


Period = Literal["day", "week", "month"]
PERIODS: tuple[Period, ...] = ("day", "week", "month")


class Periods(NamedTuple):
    """Calendar periods. begin: (k,) datetime64[D], UTC; returns: (k,) float64; close: equity."""

    begin: NDArray[np.datetime64]
    returns: Floats
    close: Floats


def by_period(days: Daily, start: float, unit: Period) -> Periods:
    """Return the return of each calendar day, ISO week or month; the first counts from `start`."""
    dates = days.day_ms.astype("datetime64[ms]").astype("datetime64[D]")
    if unit == "month":
        first = dates.astype("datetime64[M]").astype("datetime64[D]")
    elif unit == "week":  # 1970-01-01 was a Thursday
        first = dates - (days.day_ms // DAY_MS + 3) % 7
    else:
        first = dates
    last = np.append(np.flatnonzero(first[1:] != first[:-1]), len(first) - 1)[: len(first)]
    close = days.equity[last]
    return Periods(first[last], returns_since(start, close), close)


def positive_pct(values: Floats | Ints) -> float | None:
    """Share of values above 0, percent; None without any."""
    return float(np.mean(values > 0)) * 100.0 if len(values) else None


def longest_run(flags: NDArray[np.bool_]) -> int:
    """Length of the longest run of true flags."""
    ends = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return int((ends[1::2] - ends[::2]).max()) if len(ends) else 0


def win_rate_pct(profits: Ints) -> float | None:
    """Share of closed trades that made money after fees, percent; None without trades."""
    return positive_pct(profits)


def profit_factor(profits: Ints) -> float | None:
    """Money won over money lost, both after fees; None if nothing was lost."""
    return ratio(float(exact_sum(profits[profits > 0])), float(-exact_sum(profits[profits < 0])))


def exact_sum(values: Ints) -> int:
    """Return the sum of money or sizes, which may be beyond what 64 bits hold."""
    high, low = values >> 32, values & 0xFFFFFFFF
    return (int(high.sum()) << 32) + int(low.sum())


def mean(values: Floats | Ints) -> float | None:
    """Arithmetic mean; None without any."""
    return float(np.mean(values)) if len(values) else None


def median(values: Floats | Ints) -> float | None:
    """Middle value, or the mean of the middle two; None without any."""
    return float(np.median(values)) if len(values) else None


def highest(values: Floats | Ints) -> float | None:
    """Greatest value; None without any."""
    return float(values.max()) if len(values) else None


def lowest(values: Floats | Ints) -> float | None:
    """Least value; None without any."""
    return float(values.min()) if len(values) else None


def expectancy_pct(returns_pct: Floats) -> float | None:
    """Average return of a closed trade, percent of what its entries were worth."""
    return mean(returns_pct)


def expectancy_r(returns_pct: Floats, stops: Floats) -> float | None:
    """Average of the trades' R multiples: return over the stop's distance at the entry.

    stops: (k,) float64 fractions of the entry; a trade without one (NaN, 0) is left out. None
    without a stop. Source: V. Tharp, "Trade Your Way to Financial Freedom" (1998).
    """
    risked = stops > 0.0
    return mean(returns_pct[risked] / (stops[risked] * 100.0))


def payoff_ratio(returns_pct: Floats) -> float | None:
    """Average winning trade over average losing one, by return; None without one of each."""
    won, lost = mean(returns_pct[returns_pct > 0.0]), mean(returns_pct[returns_pct < 0.0])
    return won / -lost if won is not None and lost is not None else None


def expectancy_ratio(returns_pct: Floats) -> float | None:
    """(1 + payoff) x win rate - 1: gain expected for each unit lost. Source: freqtrade's report."""
    payoff = payoff_ratio(returns_pct)
    return None if payoff is None else (1.0 + payoff) * float(np.mean(returns_pct > 0.0)) - 1.0


def kelly(win_rate: float, payoff: float) -> float:
    """Growth-optimal stake of a bet that is won with p and pays b to 1: p - (1 - p) / b.

    Source: J. Kelly, "A New Interpretation of Information Rate" (1956).
    """
    return win_rate - (1.0 - win_rate) / payoff


def kelly_of_trades(returns_pct: Floats) -> float | None:
    """Kelly's stake for the trades' win rate and payoff ratio; None without a win and a loss."""
    payoff = payoff_ratio(returns_pct)
    return None if payoff is None else kelly(float(np.mean(returns_pct > 0.0)), payoff)


def sqn(profits: Ints) -> float | None:
    """System quality number: sqrt(trades) x mean / standard deviation (ddof 1) of their profits.

    None under two trades or without variation. Source: V. Tharp, "The Definitive Guide to
    Position Sizing" (2008); profit in money, as freqtrade and backtesting.py have it.
    """
    if len(profits) < 2:
        return None
    return ratio(float(np.mean(profits)) * len(profits) ** 0.5, float(np.std(profits, ddof=1)))


def break_even_move_bps(fee: float, adverse: float) -> float:
    """Rise of the price that pays for a round trip, basis points; both costs are fractions.

    The quote spent on one unit is p (1 + a)(1 + f), received q (1 - a)(1 - f), with a the move
    against us (half spread, slippage) and f the fee: q / p - 1 where both are equal.
    """
    return ((1.0 + adverse) * (1.0 + fee) / ((1.0 - adverse) * (1.0 - fee)) - 1.0) * 10_000.0


def capacity(equity: Floats, sizes: Floats, volumes: Floats) -> float | None:
    """Equity at which the middle fill takes 1 % of its bar's volume: an estimate, in quote.

    Median over fills of equity x 1 % x volume / size; equity: at the fill's bar, size and volume:
    of the same unit, all (m,) float64. A bar without volume has room for nothing. None without
    fills or where no bar has volume.
    """
    if len(sizes) == 0 or not volumes.any():
        return None
    return float(np.median(equity * 0.01 * volumes / sizes))


def a_year(amount: float, elapsed_ms: int) -> float | None:
    """Return an amount of the run per year of 365 days; None without time."""
    return amount * YEAR_MS / elapsed_ms if elapsed_ms > 0 else None


def ratio(part: float | None, whole: float) -> float | None:
    """Return part / whole; None if the part is undefined or the whole is not above 0."""
    return part / whole if part is not None and whole > 0.0 else None


def share_pct(part: float, whole: float) -> float | None:
    """Return part / whole x 100; None if the whole is 0."""
    return part / whole * 100.0 if whole else None
