"""Equity, beside buy and hold, and its drawdown, drawn with the report's own scales."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.notebook.drawing import GAIN, LOSS, Drawing, Key
from gpt_trader.backtest.report.chart import Ticks, TimeSpan, time_axis, value_axis
from gpt_trader.backtest.report.performance import day_closes, span_of
from gpt_trader.backtest.report.scale import LogScale, Scale, reach, thin
from gpt_trader.backtest.report.svg import esc, n1, percent_of, points, tag, view
from gpt_trader.measure.metrics import drawdown_curve_pct
from gpt_trader.measure.path import Path

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
COLUMNS = 250  # of a line: a cell's size is bounded whatever the length of the run
EQUITY_PX, GAP_PX, FALLS_PX, DATES_PX = 190.0, 26.0, 80.0, 26.0
LOG_FROM = 5.0  # greatest over least value
TEXT = {"fill": "currentColor", "fill_opacity": 0.7, "font_size": 12}
HELD = Key("buy and hold", "currentColor", 0.55)


def curves(path: Path, title: str, held: Floats | None) -> Drawing:
    """Draw a run. held: (d,) what holding came to at each day's close, over its start, or None."""
    span = span_of(path)
    rows = thin(path.equity, COLUMNS)
    lines = [("strategy", path.time[rows] + path.interval_ms, path.equity[rows])]
    keys = [Key("strategy", GAIN)]
    if held is not None and len(held):
        days = thin(held, COLUMNS)
        time = np.append(span.start_ms, day_closes(path, span, len(held))[days])
        lines.append((HELD.text, time, path.start * np.append(1.0, held[days])))
        keys.append(HELD)
    scale = _scale(np.concatenate([values for *_, values in lines]))
    drawn = [
        _line(points(span.x(time), scale(values)), key)
        for (_, time, values), key in zip(lines, keys, strict=True)
    ]
    return Drawing(
        title=title,
        keys=(*keys, Key("drawdown", LOSS)),
        body=_axis(value_axis(scale, count=4))
        + view(EQUITY_PX, *reversed(drawn), class_=None)
        + tag("g", _falls(path, span), transform=f"translate(0 {EQUITY_PX + GAP_PX:g})"),
        height_px=EQUITY_PX + GAP_PX + FALLS_PX + DATES_PX,
    )


def _scale(values: Floats) -> Scale | LogScale:
    least, most = float(np.nanmin(values)), float(np.nanmax(values))
    if least > 0.0 and most / least > LOG_FROM:
        margin = (most / least) ** 0.04
        return LogScale(least / margin, most * margin, EQUITY_PX, 0.0)
    return Scale(*reach(values), EQUITY_PX, 0.0)


def _falls(path: Path, span: TimeSpan) -> str:
    """The drawdown as an area that hangs from 0, and the dates below it."""
    curve = -drawdown_curve_pct(path.equity, path.start)
    low = min(float(curve.min()) * 1.06, -1.0)
    scale = Scale(low, 0.0, FALLS_PX, 0.0)
    rows = thin(curve, COLUMNS)
    x = span.x(path.time[rows] + path.interval_ms)
    around = points(np.concatenate([x[:1], x, x[-1:]]),
                    np.concatenate([[0.0], scale(curve[rows]), [0.0]]))  # fmt: skip
    area = tag("path", d=f"{around}Z", fill=LOSS, fill_opacity=0.3, stroke=LOSS, stroke_width=1,
               vector_effect="non-scaling-stroke")  # fmt: skip
    return (
        _axis(value_axis(scale, "%", count=2))
        + view(FALLS_PX, area, class_=None)
        + _dates(span, FALLS_PX)
    )


def _dates(span: TimeSpan, height: float) -> str:
    axis = time_axis(span)
    kept = [at for i, at in enumerate(axis.at) if i not in axis.minor]
    return tag(
        "g",
        *(
            tag("text", esc(label), x=percent_of(x), y=n1(height + 18.0), text_anchor="middle")
            for x, label in kept
        ),
        **TEXT,
    )


def _axis(ticks: Ticks) -> str:
    """Lines across and their labels at the left."""
    return tag(
        "g",
        *(
            tag("line", x1=0, x2="100%", y1=n1(at), y2=n1(at), stroke="currentColor",
                stroke_opacity=0.15)
            + tag("text", esc(label), x=-8, y=n1(at + 4.0), text_anchor="end")
            for at, label in ticks.at
        ),
        **TEXT,
    )  # fmt: skip


def _line(d: str, key: Key) -> str:
    return tag(
        "path", d=d, fill="none", stroke=key.color, stroke_opacity=key.opacity, stroke_width=2,
        stroke_linejoin="round", vector_effect="non-scaling-stroke",
    )  # fmt: skip


def outline(values: Floats, times: Ints, span: TimeSpan, title: str, name: str) -> Drawing:
    """Draw one line over time, of that name. values: (k,) float64 at int64 ms `times`."""
    scale, key = Scale(*reach(values), EQUITY_PX, 0.0), Key(name, GAIN)
    rows = thin(values, COLUMNS)
    line = _line(points(span.x(times[rows]), scale(values[rows])), key)
    body = _axis(value_axis(scale)) + view(EQUITY_PX, line, class_=None) + _dates(span, EQUITY_PX)
    return Drawing(title, (key,), body, EQUITY_PX + DATES_PX)
