"""The grid of a search drawn as a heat map, on any background: the ink is the page's own."""

import numpy as np

from gpt_trader.backtest.notebook.drawing import Drawing
from gpt_trader.backtest.report.svg import esc, tag
from gpt_trader.optimize.heatmap import HeatMap

CELL = 26
LABELS = 12  # below the map, at most
ABOVE, BELOW = 18, 44
GOOD, BAD = "rgb(34,150,90)", "rgb(205,60,60)"
INK = {"fill": "currentColor", "fill_opacity": 0.7, "font_size": 11}


def heat(found: HeatMap, title: str) -> Drawing:
    """Draw a map: green above 0 and red below, the deeper the further; the chosen point framed."""
    rows, columns = found.values.shape
    names = ["" if found.y is None else str(value) for value in (found.y or found.x).values][:rows]
    known = np.abs(found.values[~np.isnan(found.values)])
    bound = float(known.max()) if len(known) and known.max() > 0.0 else 1.0
    marks = [
        _cell(found, names, r, c, bound)
        for r in range(rows)
        for c in range(columns)
        if not np.isnan(found.values[r, c])
    ]
    beside = [_text(name, -6, _top(rows, r) + 17, "end") for r, name in enumerate(names)]
    below = rows * CELL + 32
    under = [
        _text(found.x.values[c], c * CELL + CELL // 2, below, "middle")
        for c in range(0, columns, max(1, -(-columns // LABELS)))
    ]
    axes = [_text(found.x.name, 0, below + 18, "start")]
    if found.y is not None:
        axes.append(_text(found.y.name, -6, 12, "end"))
    return Drawing(
        title,
        (),
        "".join([*marks, tag("g", *beside, *under, *axes, **INK)]),
        height_px=rows * CELL + ABOVE + BELOW,
        width_px=columns * CELL,
    )


def _top(rows: int, row: int) -> int:
    """Where a row begins, px from the top; the first one lies lowest."""
    return (rows - 1 - row) * CELL + ABOVE


def _cell(found: HeatMap, names: list[str], r: int, c: int, bound: float) -> str:
    value = float(found.values[r, c])
    at = f"{found.x.name}={found.x.values[c]}"
    at += "" if found.y is None else f" {found.y.name}={names[r]}"
    frame = {"stroke": "currentColor", "stroke_width": 3} if (r, c) == found.chosen else {}
    return tag(
        "rect", tag("title", esc(f"{at}: {value:.2f}")),
        x=c * CELL, y=_top(len(names), r), width=CELL - 2, height=CELL - 2,
        fill=GOOD if value >= 0.0 else BAD,
        fill_opacity=f"{0.08 + 0.92 * abs(value) / bound:.2f}", **frame,
    )  # fmt: skip


def _text(value: object, x: int, y: int, anchor: str) -> str:
    return tag("text", esc(value), x=x, y=y, text_anchor=anchor)
