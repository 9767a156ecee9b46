"""Over time: equity against chance and against holding, drawdown, exposure, rolling Sharpe."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.assess import Assessment
from gpt_trader.backtest.metrics import DAYS_PER_YEAR, daily_closes, drawdown_curve_pct
from gpt_trader.backtest.path import Path
from gpt_trader.backtest.report.chart import Key, Panel, Series, Span, empty, over_time
from gpt_trader.backtest.report.scale import DAY_MS, WIDE, Scale, reach, spread, thin
from gpt_trader.backtest.report.svg import band, esc, line, mark, percent_of, tag
from gpt_trader.backtest.report.words import day, number, percent, plural

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
COLUMNS = 1000
READS = 600
DAYS_DRAWN = 400
ROLLING_DAYS = 90
LEAST_DAYS = 20


def span_of(path: Path) -> Span:
    """Return the time axis of a run: from its first open to its last close."""
    rows = spread(len(path.time), READS)
    return Span(
        int(path.time[0]), int(path.time[-1]) + path.interval_ms, path.time[rows] + path.interval_ms
    )


def at_reads(path: Path, values: Floats) -> Floats:
    """Return a column of the grid, (n,), at the instants of the crosshair."""
    return values[spread(len(path.time), READS)]


def equity(path: Path, span: Span, assessment: Assessment | None) -> Panel:
    """Return equity with the fan of resampled histories, beside what holding would have given."""
    start, final = path.start, float(path.equity[-1])
    daily = _daily(path, span, assessment)
    around = (
        [] if assessment is None else [assessment.inference.fan[0], assessment.inference.fan[4]]
    )
    low, high = reach(path.equity, *(start * d.values for d in daily), *(start * f for f in around))
    scale = Scale(low, high, 320.0, 0.0)
    rows = thin(path.equity, COLUMNS)
    mine = line(span.x(path.time[rows] + path.interval_ms), scale(path.equity[rows]), "mine")
    layers = [*_fan(span, scale, start, assessment)]
    layers += [line(d.x, scale(start * d.values), d.class_) for d in daily]
    keys = [Key("mine", "strategy", scale.at(final))]
    keys += [Key(d.class_, d.label, scale.at(start * float(d.values[-1]))) for d in daily]
    if layers and assessment is not None:
        keys.append(Key("fan5", f"{assessment.inference.level:.0%} of resampled histories"))
    series = [Series("equity", "strategy", "", 2, at_reads(path, path.equity))]
    series += [Series(d.class_, d.label, "", 2, start * d.at(span)) for d in daily]
    says = (
        f"{number(start)} became {number(final)}, {percent((final / start - 1) * 100, sign=True)}."
    )
    if assessment is not None:
        hold = assessment.baselines.buy_hold_return_pct
        says += f" Buy and hold, at the same costs: {percent(hold, sign=True)}."
    return over_time(
        "equity", "Equity", says, 320.0, *layers, mine,
        span=span, scale=scale, series=series, keys=keys,
        note=_fan_note(assessment), count=5,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Daily:
    """A line with one value a day: its class, name, places and values as multiples of the start."""

    class_: str
    label: str
    close_ms: Ints
    x: Floats
    values: Floats

    def at(self, span: Span) -> Floats:
        """Return the value at each reading; NaN before the first close."""
        row = np.searchsorted(self.close_ms, span.reads, side="right") - 1
        return np.where(row >= 0, self.values[np.maximum(row, 0)], np.nan)


def _daily(path: Path, span: Span, assessment: Assessment | None) -> list[_Daily]:
    if assessment is None:
        return []
    base = assessment.baselines
    lines = (
        ("hold", "buy and hold", base.buy_hold),
        ("matched", "same risk, held", base.vol_matched),
    )
    close_ms = day_closes(path, span, len(base.buy_hold))
    return [
        _Daily(class_, label, close_ms, span.x(close_ms), values)
        for class_, label, values in lines
        if len(values)
    ]


def day_closes(path: Path, span: Span, days: int) -> Ints:
    """Return the (d,) int64 ms at which calendar days end, the last one with the data."""
    first = int(path.time[0]) // DAY_MS
    return np.minimum((first + 1 + np.arange(days, dtype=np.int64)) * DAY_MS, span.end_ms)


def _fan(span: Span, scale: Scale, start: float, assessment: Assessment | None) -> list[str]:
    """The bands of the resampled histories, widest first."""
    if assessment is None or assessment.inference.return_pct is None:
        return []
    fan = assessment.inference.fan * start
    rows = spread(fan.shape[1], DAYS_DRAWN)
    first = span.start_ms // DAY_MS
    x = span.x(np.minimum((first + 1 + rows) * DAY_MS, span.end_ms))
    low, inner_low, _, inner_high, high = (scale(quantile[rows]) for quantile in fan)
    return [band(x, low, high, "fan5"), band(x, inner_low, inner_high, "fan25")]


def _fan_note(assessment: Assessment | None) -> str:
    if assessment is None:
        return "Not assessed: no resampled histories and no baselines to compare with."
    inference = assessment.inference
    if inference.return_pct is None:
        return "Too few days, or too little left, to draw other histories from."
    return (
        f"The bands hold the middle 50 % and {inference.level * 100:g} % of "
        f"{inference.resamples:,} histories drawn from this run's own days, in blocks of "
        f"{inference.block_days:.1f} days on average: the same skill with other luck."
    )


def drawdown(path: Path, span: Span) -> Panel:
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
        series=[Series("drawdown", "drawdown", "%", 2, at_reads(path, curve))],
    )  # fmt: skip


def exposure(path: Path, span: Span) -> Panel:
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
        series=[Series("exposure", "in the market", "%", 1, at_reads(path, share))],
    )  # fmt: skip


def exposure_pct(path: Path) -> Floats:
    """Return (n,) float64: value of what is held at each close, percent of equity; short is < 0."""
    value = np.zeros(len(path.time))
    for j, bars in enumerate(path.bars):
        mine = path.fills[path.fills["product"] == j]
        if len(mine) == 0:
            continue
        moved = np.zeros(len(path.time))
        np.add.at(moved, mine["bar"], mine["side"] * mine["lots"])
        last = np.searchsorted(bars.time, path.time, side="right") - 1
        close = np.where(last >= 0, bars.close[np.maximum(last, 0)], 0)
        value += np.cumsum(moved) * close * bars.product.spec.unit
    return np.asarray(np.divide(value, path.equity, out=np.zeros_like(value), where=path.equity > 0)
                      * 100.0)  # fmt: skip


def rolling_sharpe(path: Path, span: Span) -> Panel:
    """Return the Sharpe ratio of the trailing days."""
    closes = np.append(path.start, daily_closes(path.time, path.equity))
    returns = closes[1:] / closes[:-1] - 1.0
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
        series=[Series("rolling", f"Sharpe of {window} days", "", 2, read)],
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
