"""Over time: drawdown, exposure and the rolling Sharpe ratio."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.report.chart import PagePart, Readout, TimeSpan, empty, over_time
from gpt_trader.backtest.report.scale import DAY_MS, WIDE, Scale, reach, spread, thin
from gpt_trader.backtest.report.svg import band, esc, line, mark, percent_of, tag
from gpt_trader.backtest.report.words import day, percent, plural
from gpt_trader.measure.held import weights_held
from gpt_trader.measure.metrics import DAYS_PER_YEAR, drawdown_curve_pct
from gpt_trader.measure.path import Path, day_returns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
COLUMNS = 1000
READS = 600
ROLLING_DAYS = 90
LEAST_DAYS = 20


def span_of(path: Path) -> TimeSpan:
    """Return the time axis of a run: from its first open to its last close."""
    rows = spread(len(path.time), READS)
    return TimeSpan(
        int(path.time[0]), int(path.time[-1]) + path.interval_ms, path.time[rows] + path.interval_ms
    )


def at_reads(path: Path, values: Floats) -> Floats:
    """Return a column of the grid, (n,), at the instants of the crosshair."""
    return values[spread(len(path.time), READS)]


def day_closes(path: Path, span: TimeSpan, days: int) -> Ints:
    """Return the (d,) int64 ms at which calendar days end, the last one with the data."""
    first = int(path.time[0]) // DAY_MS
    return np.minimum((first + 1 + np.arange(days, dtype=np.int64)) * DAY_MS, span.end_ms)


def drawdown(path: Path, span: TimeSpan) -> PagePart:
    """Return how far equity is below its highest so far."""
    curve = -drawdown_curve_pct(path.equity, path.start)
    low, high = reach(curve, zero=True)
    if high > 0.0:  # never below its peak
        low, high = -1.0, 0.0
    scale = Scale(low, high, 140.0, 0.0)
    rows = thin(curve, COLUMNS)
    x = span.x(path.time[rows] + path.interval_ms)
    deepest = int(np.argmin(curve))
    at_ms = int(path.time[deepest]) + path.interval_ms
    says = f"Deepest: {percent(curve[deepest])} on {day(at_ms)}."
    marks = ""
    if curve[deepest] < 0.0:
        place = float(span.x(at_ms))
        marks = mark("dot", "loss", place, scale.at(curve[deepest])) + tag(
            "text",
            esc(percent(curve[deepest], 1)),
            x=percent_of(place),
            dx=-8 if place > WIDE / 2 else 8,
            y=f"{scale.at(curve[deepest]) + 1:.0f}",
            class_="note-left" if place > WIDE / 2 else "note-right",
        )
    else:
        says = "Equity never fell below its start or an earlier peak."
    return over_time(
        "drawdown", "Drawdown", says, 140.0,
        band(x, scale(curve[rows]), scale(np.zeros(len(rows))), "loss"),
        line(x, scale(curve[rows]), "loss thin"),
        span=span, scale=scale, unit="%", count=3, marks=marks,
        series=[Readout("drawdown", "drawdown", "%", 2, at_reads(path, curve))],
    )  # fmt: skip


def exposure(path: Path, span: TimeSpan) -> PagePart:
    """Return what share of equity is in the market."""
    share = exposure_pct(path)
    if not share.any():
        return empty("exposure", "Exposure", "Never in the market: no fills.")
    low, high = reach(share, zero=True, pad=0.03)
    scale = Scale(low, high, 100.0, 0.0)
    rows = thin(share, COLUMNS)
    x = span.x(path.time[rows] + path.interval_ms)
    says = (
        f"In the market {percent(float(np.mean(share != 0.0)) * 100, 1)} of the time, with "
        f"{percent(float(np.mean(share)), 1)} of equity on average."
    )
    return over_time(
        "exposure", "Exposure", says, 100.0,
        band(x, scale(share[rows]), scale(np.zeros(len(rows))), "mine"),
        span=span, scale=scale, unit="%", count=3,
        series=[Readout("exposure", "in the market", "%", 1, at_reads(path, share))],
    )  # fmt: skip


def exposure_pct(path: Path) -> Floats:
    """Return (n,) float64: value of what is held at each close, percent of equity; short is < 0."""
    return np.asarray(weights_held(path).sum(axis=1) * 100.0)


def rolling_sharpe(path: Path, span: TimeSpan) -> PagePart:
    """Return the Sharpe ratio of the trailing days."""
    returns = day_returns(path)
    window = min(ROLLING_DAYS, len(returns) // 2)
    title = "Rolling Sharpe"
    if window < LEAST_DAYS:
        days = plural(len(returns), "day")
        why = f"{days} of data: a rolling ratio needs at least {LEAST_DAYS * 2}."
        return empty("rolling", title, why)
    values = trailing_sharpe(returns, window)
    close_ms = day_closes(path, span, len(returns))
    whole = values[np.isfinite(values)]
    if len(whole) == 0:
        return empty("rolling", title, "Equity never moved: the ratio is undefined.")
    low, high = reach(values, zero=True)
    scale = Scale(low, high, 140.0, 0.0)
    rows = thin(values, COLUMNS)
    row = np.searchsorted(close_ms, span.reads, side="right") - 1
    read = np.where(row >= 0, values[np.maximum(row, 0)], np.nan)
    says = (
        f"Of the trailing {window} days, a year: above 0 on "
        f"{percent(float(np.mean(whole > 0.0)) * 100, 0)} of them."
    )
    return over_time(
        "rolling", title, says, 140.0,
        line(span.x(close_ms[rows]), scale(values[rows]), "mine thin"),
        span=span, scale=scale, count=3,
        series=[Readout("rolling", f"Sharpe of {window} days", "", 2, read)],
    )  # fmt: skip


def trailing_sharpe(returns: Floats, window: int) -> Floats:
    """Return (d,) float64: the annual Sharpe ratio of the last `window` daily returns.

    Mean over deviation (ddof 1) x sqrt(365); NaN before there are so many, and without variation.
    """
    out = np.full(len(returns), np.nan)
    trailing = np.lib.stride_tricks.sliding_window_view(returns, window)
    deviation = trailing.std(axis=1, ddof=1)
    good = deviation > 1e-15
    ratio = np.divide(trailing.mean(axis=1), deviation, out=np.full(len(good), np.nan), where=good)
    out[window - 1 :] = ratio * DAYS_PER_YEAR**0.5
    return out
