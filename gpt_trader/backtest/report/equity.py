"""Equity against chance and against holding, on a linear and on a log scale."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.report.chart import (
    LineName,
    PagePart,
    Readout,
    TimeSpan,
    over_time,
    switch,
)
from gpt_trader.backtest.report.performance import COLUMNS, at_reads, day_closes
from gpt_trader.backtest.report.scale import DAY_MS, LogScale, Scale, reach, spread, thin
from gpt_trader.backtest.report.svg import band, line, tag
from gpt_trader.backtest.report.words import number, percent
from gpt_trader.measure.assess import Assessment
from gpt_trader.measure.path import Path

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DAYS_DRAWN = 400
EQUITY_PX = 320.0
LOG_OFFERED = 1.5  # greatest over least value from which a log scale looks different
LOG_FIRST = 5.0  # and from which it is the one shown


def equity(path: Path, span: TimeSpan, assessment: Assessment | None) -> PagePart:
    """Return equity with the fan of resampled histories, beside what holding would have given.

    Drawn on a linear and on a log scale where the range makes a difference, one of them shown.
    """
    daily = _daily(path, span, assessment)
    fan = [] if assessment is None else [assessment.inference.fan[0], assessment.inference.fan[4]]
    values = np.concatenate([path.equity, *(path.start * v for v in fan),
                             *(path.start * d.values for d in daily)])  # fmt: skip
    linear = Scale(*reach(values), EQUITY_PX, 0.0)
    least, most = float(np.nanmin(values)), float(np.nanmax(values))
    if least <= 0.0 or most / least < LOG_OFFERED:
        return _equity("equity", path, span, linear, daily, assessment)
    margin = (most / least) ** 0.04
    choices: list[tuple[str, Scale | LogScale]] = [
        ("Linear scale", linear),
        ("Log scale", LogScale(least / margin, most * margin, EQUITY_PX, 0.0)),
    ]
    if most / least > LOG_FIRST:
        choices.reverse()
    keys = ("equity", "equity-other")
    drawn = [
        _equity(key, path, span, scale, daily, assessment)
        for key, (_, scale) in zip(keys, choices, strict=True)
    ]
    buttons = [(text, key) for key, (text, _) in zip(keys, choices, strict=True)]
    parts = (switch("Scale of equity", buttons), *(panel.html for panel in drawn))
    return PagePart(tag("div", *parts, class_="scales"), drawn[0].series)


def _equity(
    key: str,
    path: Path,
    span: TimeSpan,
    scale: Scale | LogScale,
    daily: list["_Daily"],
    assessment: Assessment | None,
) -> PagePart:
    """Return the chart of equity on one scale."""
    start, final = path.start, float(path.equity[-1])
    rows = thin(path.equity, COLUMNS)
    mine = line(span.x(path.time[rows] + path.interval_ms), scale(path.equity[rows]), "mine")
    layers = [*_fan(span, scale, start, assessment)]
    layers += [line(d.x, scale(start * d.values), d.class_) for d in daily]
    keys = [LineName("mine", "strategy", scale.at(final))]
    keys += [LineName(d.class_, d.label, scale.at(start * float(d.values[-1]))) for d in daily]
    if layers and assessment is not None:
        keys.append(LineName("fan5", f"{assessment.inference.level:.0%} of resampled histories"))
    series = [Readout("equity", "strategy", "", 2, at_reads(path, path.equity))]
    series += [Readout(d.class_, d.label, "", 2, start * d.at(span)) for d in daily]
    says = (
        f"{number(start)} became {number(final)}, {percent((final / start - 1) * 100, sign=True)}."
    )
    if assessment is not None:
        hold = assessment.baselines.buy_hold_return_pct
        says += f" Buy and hold, at the same costs: {percent(hold, sign=True)}."
    return over_time(
        key, "Equity", says, EQUITY_PX, *layers, mine,
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

    def at(self, span: TimeSpan) -> Floats:
        """Return the value at each reading; NaN before the first close."""
        row = np.searchsorted(self.close_ms, span.reads, side="right") - 1
        return np.where(row >= 0, self.values[np.maximum(row, 0)], np.nan)


def _daily(path: Path, span: TimeSpan, assessment: Assessment | None) -> list[_Daily]:
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


def _fan(
    span: TimeSpan, scale: Scale | LogScale, start: float, assessment: Assessment | None
) -> list[str]:
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
