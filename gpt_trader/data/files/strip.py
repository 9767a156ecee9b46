"""A history's coverage as a strip: for a line of a terminal, and as a picture."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from gpt_trader.data.checks.gaps import DOWNLOAD, OUTAGE, SILENT, Gap
from gpt_trader.domain.bars import Ints
from gpt_trader.domain.times import format_time

FULL = 0.999
SHADES = ((FULL, "█"), (0.9, "▓"), (0.5, "▒"), (0.0, "░"))
MARKS = {OUTAGE: "x", DOWNLOAD: "?", SILENT: "·"}  # where most of a cell is missing
LEGEND = "█ all there  ▓ 90 %  ▒ 50 %  ░ less  x venue outage  ? never downloaded  · no trades"
COLORS = {OUTAGE: "#d1495b", DOWNLOAD: "#e0a030", SILENT: "#9aa5b1"}
THERE = "#2a7f62"
WIDTH, HEIGHT, LEFT, TOP = 960, 120, 20, 40


class Cell(NamedTuple):
    """A part of the time. covered: share of its bars that are there; missing: share by kind."""

    start_ms: int
    covered: float
    missing: dict[str, float]


def cells(time: Ints, interval_ms: int, gaps: Sequence[Gap], width: int) -> list[Cell]:
    """Cut the time from the first to the last bar into at most `width` parts of whole bars."""
    buckets = int(time[-1] - time[0]) // interval_ms + 1
    count = min(width, buckets)
    edges = np.linspace(0, buckets, count + 1).astype(np.int64) * interval_ms + int(time[0])
    there = np.diff(np.searchsorted(time, edges))
    sizes = np.diff(edges) // interval_ms
    missing = {kind: _by_cell(gaps, kind, edges, interval_ms) for kind in MARKS}
    return [
        Cell(
            int(edges[i]),
            float(there[i] / sizes[i]),
            {kind: float(bars[i] / sizes[i]) for kind, bars in missing.items() if bars[i]},
        )
        for i in range(count)
    ]


def _by_cell(gaps: Sequence[Gap], kind: str, edges: Ints, interval_ms: int) -> Ints:
    """Return how many bars of a kind each cell misses."""
    found = np.zeros(len(edges) - 1, np.int64)
    for gap in gaps:
        if gap.kind != kind:
            continue
        first = int(np.searchsorted(edges, gap.start_ms, "right")) - 1
        last = int(np.searchsorted(edges, gap.end_ms, "left"))
        for i in range(first, last):
            inside = min(gap.end_ms, int(edges[i + 1])) - max(gap.start_ms, int(edges[i]))
            found[i] += inside // interval_ms
    return found


def line(strip: Sequence[Cell]) -> str:
    """Return a strip as one character a cell; see LEGEND."""
    return "".join(_character(cell) for cell in strip)


def _character(cell: Cell) -> str:
    if cell.covered < 0.5 and cell.missing:
        return MARKS[max(cell.missing, key=lambda kind: cell.missing[kind])]
    return next(mark for least, mark in SHADES if cell.covered >= least)


def svg(title: str, strip: Sequence[Cell], end_ms: int) -> str:
    """Return a strip as a picture: bars stacked by what is there and what is missing, and why."""
    step = (WIDTH - 2 * LEFT) / len(strip)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 60}" role="img">',
        "<style>text { font: 13px system-ui, sans-serif }</style>",
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT + 60}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" fill="#1b1f24">{escape(title)}</text>',
    ]
    for i, cell in enumerate(strip):
        bottom = float(TOP + 60)
        for share, color in [(cell.covered, THERE)] + [
            (share, COLORS[kind]) for kind, share in cell.missing.items()
        ]:
            height = 60 * share
            bottom -= height
            parts.append(
                f'<rect x="{LEFT + i * step:.2f}" y="{bottom:.2f}" width="{step + 0.05:.2f}" '
                f'height="{height:.2f}" fill="{color}"/>'
            )
    for at, place, anchor in (
        (strip[0].start_ms, LEFT, "start"),
        ((strip[0].start_ms + end_ms) // 2, WIDTH // 2, "middle"),
        (end_ms, WIDTH - LEFT, "end"),
    ):
        parts.append(
            f'<text x="{place}" y="{TOP + 80}" text-anchor="{anchor}" fill="#57606a">'
            f"{format_time(at)[:10]}</text>"
        )
    x = LEFT
    for name, color in (("there", THERE), *COLORS.items()):
        parts.append(f'<rect x="{x}" y="{TOP + 98}" width="12" height="12" fill="{color}"/>')
        parts.append(f'<text x="{x + 18}" y="{TOP + 109}" fill="#1b1f24">{name}</text>')
        x += 40 + 8 * len(name)
    return "\n".join([*parts, "</svg>\n"])
