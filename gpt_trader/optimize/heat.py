"""The grid of a search drawn as a heat map, on any background: the ink is the page's own."""

import numpy as np

from gpt_trader.backtest.notebook.drawing import Drawing
from gpt_trader.backtest.report.svg import esc, tag
from gpt_trader.backtest.report.words import number
from gpt_trader.optimize.heatmap import Floats, HeatMap

MOST = 24  # values of a parameter that are shown
LARGEST, SMALLEST, ACROSS = 26, 16, 384  # a cell, px; as large as a map of this width allows
CELLS_ROOM = 32_000  # characters: what the cells take, or they go without what they tell on hover
LABELS, LABEL_SIGNS = 12, 9  # below the map, at most, and how long one is
NARROWEST = 300  # px: what is said below the map has room
ABOVE, LINE = 18, 16
GOOD, BAD = "rgb(34,150,90)", "rgb(205,60,60)"
INK = {"fill": "currentColor", "fill_opacity": 0.7, "font_size": 11}


def heat(found: HeatMap, title: str, measured: str) -> Drawing:
    """Draw a map: green above 0 and red below, the deeper the further; the chosen point framed.

    Of more than 24 values of a parameter 1 in 2, in 3 ... is shown, the chosen one among them.
    measured: what the cells' values are.
    """
    at = (None, None) if found.chosen is None else found.chosen
    rows, columns = (_kept(n, one) for n, one in zip(found.values.shape, at, strict=True))
    x = [str(found.x.values[c]) for c in columns]
    y = [""] if found.y is None else [str(found.y.values[r]) for r in rows]
    px = min(LARGEST, max(SMALLEST, ACROSS // len(columns)))
    low = len(rows) * px + ABOVE
    labels = [_text(name, -6, _top(len(y), r, px) + px - 8, "end") for r, name in enumerate(y)]
    labels += [
        _text(x[c], c * px + px // 2, low + 14, "middle")
        for c in range(0, len(x), max(1, -(-len(x) // LABELS)))
    ]
    if found.y is not None:
        labels.append(tag("text", esc(found.y.name), x=-6, y=12, text_anchor="end"))
    below = [esc(found.x.name), _scale(found, measured), *_thinned(found, rows, columns)]
    labels += [tag("text", said, x=0, y=low + 32 + LINE * n) for n, said in enumerate(below)]
    frame = ""
    if found.chosen is not None:
        row, column = found.chosen
        frame = _frame(columns.index(column) * px, _top(len(y), rows.index(row), px), px)
    cells = _cells(found, found.values[np.ix_(rows, columns)], (y, x), px)
    return Drawing(
        title,
        (),
        "".join([cells, frame, tag("g", *labels, **INK)]),
        height_px=low + 24 + LINE * len(below),
        width_px=max(NARROWEST, len(columns) * px),
    )


def _kept(n: int, chosen: int | None) -> range:
    """Which of n values are shown."""
    step = -(-n // MOST)
    return range((chosen or 0) % step, n, step)


def _top(rows: int, row: int, px: int) -> int:
    """Where a row begins, px from the top; the first one lies lowest."""
    return (rows - 1 - row) * px + ABOVE


def _cells(found: HeatMap, values: Floats, names: tuple[list[str], list[str]], px: int) -> str:
    """Draw the cells, in two groups: what is the same in all of them is said once."""
    bound, (y, x) = _bound(found), names
    drawn: dict[str, list[tuple[str, str]]] = {GOOD: [], BAD: []}
    for (r, c), value in np.ndenumerate(values):
        if np.isnan(value):
            continue
        told = f"{found.x.name}={x[c]}"
        told += "" if found.y is None else f" {found.y.name}={y[r]}"
        side = px - 2
        path = f"M{c * px} {_top(len(y), r, px)}h{side}v{side}h-{side}z"
        title = tag("title", esc(f"{told}: {value:.2f}"))
        opacity = _opacity(value, bound)
        drawn[_color(value)].append((f'<path d="{path}" fill-opacity="{opacity}">', title))
    total = sum(len(start) + len(title) for pairs in drawn.values() for start, title in pairs)
    if total > CELLS_ROOM:
        drawn = {color: [(start, "") for start, _ in pairs] for color, pairs in drawn.items()}
    return "".join(
        tag("g", *(f"{start}{title}</path>" for start, title in pairs), fill=color)
        for color, pairs in drawn.items()
    )


def _bound(found: HeatMap) -> float:
    """The value, above or below 0, that has the full color."""
    known = np.abs(found.values[~np.isnan(found.values)])
    return float(known.max()) if len(known) and known.max() > 0.0 else 1.0


def _color(value: float) -> str:
    return GOOD if value >= 0.0 else BAD


def _opacity(value: float, bound: float) -> str:
    return f"{0.08 + 0.92 * abs(value) / bound:.2f}"


def _frame(x: int, y: int, px: int) -> str:
    return tag(
        "rect", x=x, y=y, width=px - 2, height=px - 2,
        fill="none", stroke="currentColor", stroke_width=3,
    )  # fmt: skip


def _scale(found: HeatMap, measured: str) -> str:
    """Say what is measured, and the lowest and the highest of it in their colors."""
    known = found.values[~np.isnan(found.values)]
    if not len(known):
        return esc(measured)
    ends = [
        tag("tspan", "■", fill=_color(end), fill_opacity=_opacity(end, _bound(found)))
        + f" {number(end)} {name}"
        for end, name in ((float(known.min()), "lowest"), (float(known.max()), "highest"))
    ]
    return f"{esc(measured)}: {'  '.join(ends)}"


def _thinned(found: HeatMap, rows: range, columns: range) -> list[str]:
    return [
        esc(f"{axis.name}: of {len(axis.values):,} values 1 in {kept.step} is shown")
        for axis, kept in ((found.x, columns), (found.y, rows))
        if axis is not None and kept.step > 1
    ]


def _text(value: str, x: int, y: int, anchor: str) -> str:
    short = value if len(value) <= LABEL_SIGNS else f"{value[: LABEL_SIGNS - 1]}…"
    return tag("text", esc(short), x=x, y=y, text_anchor=anchor)
