"""A chart: a figure with its title, what it says, axes, layers of marks, and what it reads out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.report.scale import WIDE, LogScale, Scale, time_ticks
from gpt_trader.backtest.report.svg import esc, n1, percent_of, tag, view
from gpt_trader.backtest.report.words import compact

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
PHONE_TICKS = 4  # labels of a time axis that fit a phone
LABEL_PX = 15.0  # least distance between two labels at the ends of lines


@dataclass(frozen=True, slots=True)
class Readout:
    """What a chart reads out under the crosshair: values, (k,) float64, at the reading times."""

    name: str
    label: str
    unit: str
    places: int
    values: Floats


@dataclass(frozen=True, slots=True)
class PagePart:
    """A finished part of the page and what it reads out."""

    html: str
    series: tuple[Readout, ...] = ()


@dataclass(frozen=True, slots=True)
class LineName:
    """A line's name: its class in the style, its text, and where it ends, px from the top."""

    class_: str
    text: str
    end: float | None = None


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """The time axis that charts over time share; int64 ms UTC, end after start.

    reads: (k,) int64 ms, the instants at which the crosshair reads, increasing.
    """

    start_ms: int
    end_ms: int
    reads: Ints

    def x(self, time_ms: Ints | int) -> Floats:
        """Return places across the view."""
        return Scale(float(self.start_ms), float(self.end_ms), 0.0, WIDE)(
            np.asarray(time_ms, np.float64)
        )


@dataclass(frozen=True, slots=True)
class Ticks:
    """Ticks of an axis: (place, label); minor labels are left out on a phone."""

    at: tuple[tuple[float, str], ...]
    minor: frozenset[int] = field(default_factory=frozenset)


def value_axis(scale: Scale | LogScale, unit: str = "", count: int = 4) -> Ticks:
    """Return the round values of a scale; the last of them carries the unit."""
    values = scale.ticks(count)
    labels = [compact(v) for v in values]
    if labels and unit:
        labels[-1] += f" {unit}"
    return Ticks(tuple((scale.at(v), label) for v, label in zip(values, labels, strict=True)))


def time_axis(span: TimeSpan) -> Ticks:
    """Return the calendar's boundaries; those too many for a phone are minor."""
    found = time_ticks(span.start_ms, span.end_ms)
    every = -(-len(found) // PHONE_TICKS)
    return Ticks(
        tuple((float(span.x(at)), label) for at, label in found),
        frozenset(i for i in range(len(found)) if i % every),
    )


def figure(
    key: str, title: str, says: str, *body: str, note: str = "", read: bool = False, more: str = ""
) -> str:
    """Return a part of the page. says, note: plain text. body: markup. more: further classes."""
    output = tag("output", class_="read", id=f"{key}-read") if read else ""
    caption = tag("figcaption", tag("h3", esc(title)), tag("p", esc(says), class_="says"), output)
    below = tag("p", esc(note), class_="note") if note else ""
    return tag("figure", caption, *body, below, id=key, class_=f"panel {more}".strip())


def empty(key: str, title: str, why: str) -> PagePart:
    """Return a part that has nothing to draw and says why."""
    return PagePart(figure(key, title, "", tag("p", esc(why), class_="empty"), more="void"))


def plot(
    key: str,
    height: float,
    describes: str,
    *layers: str,
    x: Ticks,
    y: Ticks,
    zero: float | None = None,
    over: str = "",
) -> str:
    """Return the drawing of one chart.

    describes: the drawing in words, for those who do not see it. layers: markup in places of the
    view. zero: px of the line of zero. over: further markup on top of the drawing.
    """
    grid = [
        tag("line", x1=0, x2="100%", y1=n1(at), y2=n1(at))
        + tag("text", esc(label), x=-8, y=n1(at + 4.0), class_="y")
        for at, label in y.at
    ]
    dates = [
        tag("line", x1=percent_of(at), x2=percent_of(at), y1=n1(height), y2=n1(height + 5.0))
        + tag(
            "text",
            esc(label),
            x=percent_of(at),
            y=n1(height + 19.0),
            class_="x minor" if i in x.minor else "x",
        )
        for i, (at, label) in enumerate(x.at)
    ]
    base = [] if zero is None else [tag("line", x1=0, x2="100%", y1=n1(zero), y2=n1(zero))]
    drawing = tag(
        "svg",
        tag("title", esc(describes), id=f"{key}-words"),
        tag("g", *grid, class_="grid"),
        tag("g", *dates, class_="grid ends"),
        *layers,
        tag("g", *base, class_="zero"),
        role="img",
        aria_labelledby=f"{key}-words",
        width="100%",
        height=f"{height + 26.0:g}",
        class_="chart",
    )
    return tag("div", drawing, over, class_="plot")


def over_time(  # noqa: PLR0913 - a chart's parts, most of them optional
    key: str,
    title: str,
    says: str,
    height: float,
    *layers: str,
    span: TimeSpan,
    scale: Scale | LogScale,
    unit: str = "",
    series: Sequence[Readout] = (),
    keys: Sequence[LineName] = (),
    marks: str = "",
    note: str = "",
    more: str = "",
    fills: str | None = None,
    count: int = 4,
) -> PagePart:
    """Return a chart over time. layers: stretched geometry; marks: symbols and text on top.

    fills: name of the list of fills that the crosshair reads out as well.
    """
    zero = scale.at(0.0) if scale.low <= 0.0 <= scale.high else None
    over = tag(
        "div",
        tag("i"),
        class_="cross",
        role="slider",
        tabindex=0,
        aria_label=f"{title}: read values with the arrow keys",
        aria_valuemin=0,
        aria_valuemax=max(len(span.reads) - 1, 0),
        aria_valuenow=0,
        data_series=" ".join(s.name for s in series),
        data_read=f"{key}-read",
        data_fills=fills,
        data_height=f"{height:g}",
    )
    drawn = plot(
        key,
        height,
        f"{title}. {says}",
        view(height, *layers),
        tag("g", *end_labels(keys, height), class_="names"),
        marks,
        x=time_axis(span),
        y=value_axis(scale, unit, count),
        zero=zero,
        over=over,
    )
    body = figure(key, title, says, legend(keys), drawn, note=note, read=True, more=more)
    return PagePart(body, tuple(series))


def end_labels(keys: Sequence[LineName], height: float) -> list[str]:
    """Return the names of lines at their right ends, pushed apart where they would meet."""
    ends = sorted((k.end, k.class_, k.text) for k in keys if k.end is not None)
    places: list[float] = []
    for end, _, _ in ends:
        places.append(max(end, places[-1] + LABEL_PX) if places else end)
    lift = max(0.0, places[-1] - height) if places else 0.0
    return [
        tag("text", esc(text), x="100%", dx=8, y=n1(at - lift + 4.0), class_=f"end {class_}")
        for at, (_, class_, text) in zip(places, ends, strict=True)
    ]


def switch(label: str, choices: Sequence[tuple[str, str]]) -> str:
    """Return buttons that choose which part is shown, the first one at first.

    choices: (text, id of the part). Without the script they are hidden and all parts shown.
    """
    buttons = [
        tag(
            "button",
            esc(text),
            type="button",
            data_shows=key,
            aria_pressed="true" if i == 0 else "false",
        )
        for i, (text, key) in enumerate(choices)
    ]
    return tag("div", *buttons, class_="switch", role="group", aria_label=label, hidden="")


def legend(keys: Sequence[LineName]) -> str:
    """Return the keys as text with a sample of each line; nothing without keys."""
    if not keys:
        return ""
    items = [tag("li", swatch(k.class_), esc(k.text)) for k in keys]
    return tag("ul", *items, class_="keys")


def swatch(class_: str) -> str:
    """Return a sample of a line or an area as the style draws it."""
    kind = "area" if class_.startswith("fan") else "line"
    shape = "M0 2H22V10H0Z" if kind == "area" else "M0 6H22"
    path = tag("path", d=shape, class_=f"{kind} {class_}")
    return tag("svg", path, width=22, height=12, aria_hidden="true")
