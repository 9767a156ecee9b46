"""A search as a notebook's cell: verdict, out of sample, and the map of its grid."""

from typing import TYPE_CHECKING

import numpy as np

from gpt_trader.backtest.notebook.cell import SOFT, cell, clip, numbers, verdict
from gpt_trader.backtest.notebook.curves import outline
from gpt_trader.backtest.notebook.drawing import Drawing
from gpt_trader.backtest.report.chart import TimeSpan
from gpt_trader.backtest.report.svg import esc, tag
from gpt_trader.backtest.report.words import number, percent
from gpt_trader.measure.metrics import DAY_MS
from gpt_trader.optimize.heat import heat
from gpt_trader.optimize.heatmap import NO_MAP
from gpt_trader.optimize.in_words import heading

if TYPE_CHECKING:
    from gpt_trader.optimize.search import Search

CELLS_SHOWN = 160  # of a map in a cell, which holds more than the map


def html(search: "Search") -> str:
    """Return a search as HTML of at most 40 kB."""
    title, facts = heading(search)
    return cell(
        title,
        [facts],
        verdict(search.verdict),
        numbers(_tiles(search)),
        out_of_sample(search).markup(),
        _map(search),
        *(tag("div", esc(clip(said)), style=SOFT) for said in _labels(search)),
    )


def plot(search: "Search") -> Drawing:
    """Return the map of the grid's first two parameters, or why there is none to draw."""
    found = search.map
    over = f", the best over {', '.join(found.over)}" if found.over else ""
    return heat(found, f"{search.strategy}: {search.objective} in sample{over}", search.objective)


def out_of_sample(search: "Search") -> Drawing:
    """Draw what the tests grew to, joined; 1 at the first test's beginning."""
    folds = search.walk.folds
    grown = np.concatenate([[1.0], np.cumprod(1.0 + search.walk.returns)])
    time = folds[0].split + np.arange(len(grown), dtype=np.int64) * DAY_MS
    span = TimeSpan(int(time[0]), int(time[-1]), time)
    return outline(grown, time, span, "Growth out of sample", "out of sample")


def _map(search: "Search") -> str:
    found = search.map
    if not found.says_something:
        return tag("div", esc(f"{NO_MAP[:1].upper()}{NO_MAP[1:]}."), style=SOFT)
    drawn = plot(search)
    said = f"{drawn.title}; the framed point is the chosen one"
    if found.values.size > CELLS_SHOWN:
        said = f"A map of {found.values.size:,} cells: .plot() draws it"
        return tag("div", esc(said), style=SOFT)
    return tag("div", esc(said), style=f"margin-top:14px;{SOFT}") + drawn.markup()


def _labels(search: "Search") -> list[str]:
    return [said for said in (search.label, *search.notes[:4]) if said]


def _tiles(search: "Search") -> list[tuple[str, ...]]:
    walk, luck = search.walk, search.luck
    return [
        (
            "Out of sample",
            percent(walk.return_pct, 1, sign=True),
            f"{len(walk.returns):,} days in {len(walk.folds)} tests",
            f"buy and hold {percent(walk.buy_hold_return_pct, 1, sign=True)}",
        ),
        ("Sharpe ratio", number(walk.sharpe), f"in sample {number(walk.in_sharpe)}"),
        ("Deepest drawdown", percent(-walk.max_drawdown_pct, 1)),
        (
            "Best by luck",
            number(luck.expected_best_sharpe),
            f"of {luck.trials:,} tries",
            f"here {number(luck.best_sharpe)}",
        ),
        (
            "Overfitting",
            "–" if search.overfit is None else f"{100.0 * search.overfit.pbo:.0f} %",
            "probability",
        ),
    ]
