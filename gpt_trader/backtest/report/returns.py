"""Returns by the calendar and by size: the months as a table, the days as a histogram."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.report.chart import PagePart, Ticks, empty, figure, plot, value_axis
from gpt_trader.backtest.report.scale import WIDE, Scale, ticks
from gpt_trader.backtest.report.svg import esc, n1, percent_of, tag, view
from gpt_trader.backtest.report.words import DASH, MONTHS, compact, number, percent, plural
from gpt_trader.measure.metrics import by_period
from gpt_trader.measure.path import Path, daily_equity, day_returns

Floats = NDArray[np.float64]
HEIGHT = 220.0
LEAST_DAYS = 5
MOST_BINS = 41
YEARS = 40
SHADES = (1.0, 3.0, 6.0, 12.0)  # percent at which a month's shade deepens


def months(path: Path) -> PagePart:
    """Return a table of months, a row a year, shaded by return."""
    found = by_period(daily_equity(path), path.start, "month")
    month = found.begin.astype("datetime64[M]").astype(np.int64)  # since 1970
    returns = found.returns * 100.0
    by_month = dict(zip(month.tolist(), returns.tolist(), strict=True))
    years = sorted({1970 + m // 12 for m in by_month})
    head = tag("tr", *(tag("th", m, scope="col") for m in ("Year", *MONTHS, "All")))
    body = []
    for year in years[-YEARS:]:
        cells = [by_month.get((year - 1970) * 12 + i) for i in range(12)]
        whole = (np.prod([1.0 + c / 100.0 for c in cells if c is not None]) - 1.0) * 100.0
        body.append(
            tag("tr", tag("th", str(year), scope="row"), *map(_cell, cells), _cell(float(whole)))
        )
    best = int(np.argmax(returns))
    worst = int(np.argmin(returns))
    says = (
        f"{np.mean(returns > 0) * 100:.0f} % of {plural(len(returns), 'month')} gained. "
        f"Best {_month(month[best])} {percent(returns[best], 1, sign=True)}, "
        f"worst {_month(month[worst])} {percent(returns[worst], 1, sign=True)}."
    )
    note = "Percent. The first and the last month may be part of one."
    if len(years) > YEARS:
        note += f" The last {YEARS} years of {len(years)}."
    table = tag("table", tag("thead", head), tag("tbody", *body), class_="months")
    return PagePart(figure("months", "Months", says, table, note=note))


def _month(index: int) -> str:
    return f"{MONTHS[index % 12]} {1970 + index // 12}"


def _cell(value: float | None) -> str:
    if value is None:
        return tag("td", tag("span", DASH, class_="sr"), class_="none")
    depth = sum(abs(value) >= limit for limit in SHADES) + 1 if abs(value) >= 0.05 else 0
    shade = f"{'up' if value > 0 else 'down'}{depth}" if depth else "even"
    return tag("td", number(value, 1, sign=True), class_=shade)


def distribution(path: Path) -> PagePart:
    """Return a histogram of daily returns, with their mean and the fifth percentile."""
    returns = day_returns(path) * 100.0
    key, title = "daily", "Daily returns"
    if len(returns) < LEAST_DAYS:
        return empty(key, title, f"{plural(len(returns), 'day')} of data: too few to draw.")
    if not returns.any():
        return empty(key, title, "Equity never moved: every day returned 0.")
    moved = returns[returns != 0.0]
    edges = bins(moved)
    counts, _ = np.histogram(np.clip(moved, edges[0], edges[-1]), edges)
    x = Scale(float(edges[0]), float(edges[-1]), 0.0, WIDE)
    y = Scale(0.0, float(counts.max()) * 1.12, HEIGHT, 0.0)
    bars = [
        tag(
            "path",
            d=f"M{n1(x.at(a) + 1)} {HEIGHT:g}V{n1(y.at(float(c)))}H{n1(x.at(b) - 1)}V{HEIGHT:g}Z",
            class_="bar loss" if b <= 1e-12 else "bar mine",
        )
        for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True)
        if c
    ]
    mean, tail = float(returns.mean()), float(np.quantile(returns, 0.05))
    says = (
        f"An average day returned {percent(mean, 3, sign=True)}; "
        f"one day in twenty was worse than {percent(tail, sign=True)}."
    )
    labels = Ticks(tuple((x.at(v), compact(v) + " %") for v in ticks(x.low, x.high, 6)))
    drawn = plot(
        key, HEIGHT, f"{title}. {says}", view(HEIGHT, *bars),
        upright(x.at(tail), HEIGHT, "5 % worst", below=24.0),
        upright(x.at(mean), HEIGHT, "mean", below=8.0),
        x=Ticks(labels.at, frozenset(range(1, len(labels.at), 2))),
        y=value_axis(y, "days", 3), zero=HEIGHT,
    )  # fmt: skip
    flat = len(returns) - len(moved)
    note = f"{plural(flat, 'day')} on which equity did not move are not drawn." if flat else ""
    return PagePart(figure(key, title, says, drawn, note=note))


def bins(returns: Floats) -> Floats:
    """Return edges of equal bins, one at 0, that hold all but the farthest percent of values.

    What lies beyond the ends is counted in the end bins. Width: D. Freedman and P. Diaconis, "On
    the histogram as a density estimator" (1981), widened to at most MOST_BINS bins.
    """
    low, high = np.quantile(returns, [0.005, 0.995])
    quarter, three = np.quantile(returns, [0.25, 0.75])
    width = 2.0 * float(three - quarter) / len(returns) ** (1 / 3)
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    width = max(width, (high - low) / (MOST_BINS - 1), 1e-9)
    return np.asarray(np.arange(np.floor(low / width), np.ceil(high / width) + 1.0) * width)


def upright(place: float, height: float, says: str, *, below: float, class_: str = "") -> str:
    """Return a labeled upright line; below: px of its label from the top."""
    left = place > WIDE * 0.4
    return tag(
        "g",
        tag("line", x1=percent_of(place), x2=percent_of(place), y1=0, y2=n1(height)),
        tag(
            "text", esc(says), x=percent_of(place), dx=-6 if left else 6, y=n1(below + 4.0),
            class_="note-left" if left else "note-right",
        ),
        class_=f"upright {class_}".strip(),
    )  # fmt: skip
