"""On the time axis: which guards refused entries, and where bars are missing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.report.chart import (
    PagePart,
    Ticks,
    TimeSpan,
    empty,
    figure,
    plot,
    time_axis,
)
from gpt_trader.backtest.report.scale import WIDE
from gpt_trader.backtest.report.svg import n1, tag, view
from gpt_trader.backtest.report.words import day, name, percent, plural
from gpt_trader.domain.bars import Bars
from gpt_trader.measure.path import Path
from gpt_trader.risk.guards import decision_name

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
ROW = 30.0
PRODUCTS = 12
GRAIN = 4  # places a view's unit: nearer marks are one


def guards(
    path: Path, span: TimeSpan, refusals: Ints, counts: Ints, halted_ms: int | None
) -> PagePart:
    """Return a row a guard with a tick wherever it began to refuse an entry.

    refusals: (k, 3) int64 grid row, product, code at which a run of one refusal begins.
    counts: (N_CODES,) int64 refusals by code, of all bars. halted_ms: when the drawdown limit
    ended entries for good, or None.
    """
    key, title = "guards", "Guards"
    codes = [int(c) for c in np.unique(refusals[:, 2])] if len(refusals) else []
    codes.sort(key=lambda c: -int(counts[c]))
    if not codes:
        return empty(key, title, "No guard refused an entry.")
    rows = []
    for i, code in enumerate(codes):
        at = refusals[refusals[:, 2] == code, 0]
        rows.append(_ticks(span.x(path.time[at] + path.interval_ms), i, "guard"))
    height = ROW * len(codes)
    halt = ""
    if halted_ms is not None:
        place = n1(float(span.x(halted_ms)))
        halt = tag("path", d=f"M{place} 0V{height:g}", class_="line halt")
    first = codes[0]
    says = (
        f"{plural(int(counts[codes].sum()), 'entry', 'entries')} refused, most of them by "
        f"{name(decision_name(first))} ({int(counts[first]):,})."
    )
    if halted_ms is not None:
        says += f" The drawdown limit ended entries on {day(halted_ms)}."
    labels = Ticks(tuple((ROW * (i + 0.5), _guard_name(code)) for i, code in enumerate(codes)))
    drawn = plot(
        key, height, f"{title}. {says}", view(height, *rows, halt), x=time_axis(span), y=labels
    )
    note = "A tick is where a guard began to refuse; it may have gone on for many bars."
    return PagePart(figure(key, title, says, drawn, note=note, more="rows"))


def _guard_name(code: int) -> str:
    return name(decision_name(code))


def gaps(bars: Sequence[Bars], span: TimeSpan) -> PagePart:
    """Return a strip a product: where there are bars, and where they are missing."""
    key, title = "gaps", "Data"
    drawn_bars = bars[:PRODUCTS]
    layers, missing, present = [], 0, 0
    for i, one in enumerate(drawn_bars):
        steps = np.diff(one.time)
        wide = np.flatnonzero(steps > one.interval_ms)
        missing += int((steps[wide] // one.interval_ms - 1).sum())
        present += len(one)
        x0 = float(span.x(int(one.time[0])))
        x1 = float(span.x(int(one.time[-1]) + one.interval_ms))
        middle = n1(ROW * (i + 0.5))
        layers.append(tag("path", d=f"M{n1(x0)} {middle}H{n1(x1)}", class_="line strip"))
        begins = span.x(one.time[wide] + one.interval_ms)
        layers.append(_holes(begins, span.x(one.time[wide + 1]), i))
    height = ROW * len(drawn_bars)
    share = missing / (missing + present) * 100.0
    says = (
        f"{plural(missing, 'bar')} of {missing + present:,} missing ({percent(share, 2)})."
        if missing
        else f"Every one of {present:,} bars is there."
    )
    rows = Ticks(tuple((ROW * (i + 0.5), b.product.product_id) for i, b in enumerate(drawn_bars)))
    drawn = plot(key, height, f"{title}. {says}", view(height, *layers), x=time_axis(span), y=rows)
    note = "Marks cut the strip where bars are missing; a short gap is drawn wider than it is."
    if len(bars) > PRODUCTS:
        note += f" {plural(len(bars) - PRODUCTS, 'more product')} not drawn."
    return PagePart(figure(key, title, says, drawn, note=note, more="rows"))


def _holes(begin: Floats, end: Floats, row: int) -> str:
    """Return marks over the gaps; those at one place are one."""
    top, bottom = ROW * row + 7.0, ROW * (row + 1) - 7.0
    spans = dict.fromkeys(
        (round(a * GRAIN) / GRAIN, round(max(b, a + 1.5) * GRAIN) / GRAIN)
        for a, b in zip(begin.tolist(), end.tolist(), strict=True)
    )
    boxes = [f"M{a:g} {n1(top)}H{min(b, WIDE):g}V{n1(bottom)}H{a:g}Z" for a, b in spans]
    return tag("path", d="".join(boxes), class_="bar gap") if boxes else ""


def _ticks(x: Floats, row: int, class_: str) -> str:
    """Return upright ticks in a row; those at one place are one."""
    top, bottom = ROW * row + 8.0, ROW * (row + 1) - 8.0
    places = np.unique(np.round(x * GRAIN / 2) / GRAIN * 2)
    path = "".join(f"M{p:g} {n1(top)}V{n1(bottom)}" for p in places.tolist())
    return tag("path", d=path, class_=f"line {class_}")
