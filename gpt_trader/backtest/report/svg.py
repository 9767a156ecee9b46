"""Markup as text: tags, escaped text, and paths from arrays.

Geometry lies in a view of 1,000 units across that is stretched to the width of the page; text and
marks are placed in percent of that width, so that they keep their size on any screen.
"""

from collections.abc import Sequence
from html import escape
from math import isnan

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.report.scale import WIDE

Floats = NDArray[np.float64]


def esc(text: object) -> str:
    """Return text that is safe between tags and in quotes."""
    return escape(str(text), quote=True)


def tag(name: str, *inside: str, **attributes: object) -> str:
    """Return an element. inside: markup. Attributes are escaped; None leaves one out.

    `class_` is class, and an underscore in a name is a dash: stroke_width, data_unit.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{esc(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{shown}>{''.join(inside)}</{name}>"


def n1(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def percent_of(x: float) -> str:
    """Return a place of the view, 0 to WIDE, in percent."""
    return f"{x / WIDE * 100:.3f}".rstrip("0").rstrip(".") + "%"


def points(x: Floats, y: Floats) -> str:
    """Return the commands of a line through (x, y), lifted where y is NaN."""
    out: list[str] = []
    pen = "M"
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if isnan(b):
            pen = "M"
            continue
        out.append(f"{pen}{n1(a)} {n1(b)}")
        pen = "L" if pen == "M" else " "
    return "".join(out)


def line(x: Floats, y: Floats, class_: str) -> str:
    """Return a line through places (x, y)."""
    return tag("path", d=points(x, y), class_=f"line {class_}")


def steps(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the corners of a step line that holds each y until the next x."""
    return np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]


def band(x: Floats, low: Floats, high: Floats, class_: str) -> str:
    """Return the area between two lines; rows where either is NaN are left out."""
    kept = np.isfinite(low) & np.isfinite(high)
    x, low, high = x[kept], low[kept], high[kept]
    if len(x) == 0:
        return ""
    around = points(np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]]))
    return tag("path", d=f"{around}Z", class_=f"area {class_}")


def mark(symbol: str, class_: str, x: float, y: float, says: str | None = None) -> str:
    """Return a symbol of the page at a place of the view; says: its tooltip."""
    title = "" if says is None else tag("title", esc(says))
    return tag("use", title, href=f"#{symbol}", x=percent_of(x), y=n1(y), class_=class_)


def view(height: float, *inside: str, class_: str | None = "view") -> str:
    """Return geometry that is stretched across the chart. class_: None without a style sheet."""
    return tag(
        "svg",
        *inside,
        class_=class_,
        overflow="visible",
        viewBox=f"0 0 {WIDE:.0f} {height:g}",
        width="100%",
        height=f"{height:g}",
        preserveAspectRatio="none",
    )


def rows(cells: Sequence[Sequence[str]], head: str = "td") -> str:
    """Return table rows of markup; the first cell of a row heads it."""
    return "".join(
        tag("tr", tag("th", row[0], scope="row"), *(tag(head, cell) for cell in row[1:]))
        for row in cells
    )
