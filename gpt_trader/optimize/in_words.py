"""A search in a few lines of text: the verdict, out of sample, and the best points."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gpt_trader.backtest.report.words import number, percent
from gpt_trader.domain.text import printable, shown
from gpt_trader.domain.times import format_time
from gpt_trader.observe.spark import sparkline
from gpt_trader.optimize.space import named

if TYPE_CHECKING:
    from gpt_trader.optimize.search import Search

TOP = 5


def text(search: "Search") -> str:
    """Return a search's `repr`: at most 25 lines of 100 columns."""
    return shown(_lines(search))


def _lines(search: "Search") -> Iterator[str]:
    walk, luck = search.walk, search.luck
    yield f"Search {search.search_id[:16]}"
    yield from heading(search)
    if search.label:
        yield search.label
    yield from search.verdict.lines()
    yield ""
    yield (
        f"out of sample   {percent(walk.return_pct)} in {len(walk.returns):,} days, Sharpe "
        f"{number(walk.sharpe)} (in sample {number(walk.in_sharpe)}), buy and hold "
        f"{percent(walk.buy_hold_return_pct)}"
    )
    yield f"equity          {sparkline(np.cumprod(1.0 + walk.returns))}"
    yield (
        f"luck            of {luck.trials:,} worthless tries the best is expected to show a Sharpe "
        f"of {number(luck.expected_best_sharpe)}; the best here {number(luck.best_sharpe)}"
    )
    best = search.best_first[:TOP]
    yield f"{search.objective}, with neighbors, of the {len(best)} best points in sample:"
    for i in best:
        chosen = "  chosen" if i == search.chosen else ""
        yield (
            f"  {named(search.space, i):<40}{number(search.scores[i]):>10}"
            f"{number(search.plateau[i]):>10}{chosen}"
        )


def heading(search: "Search") -> Iterator[str]:
    """Say what was searched on what, in two lines."""
    space, used = search.space, search.data
    axes = " x ".join(f"{axis.name} {len(axis.values)}" for axis in space.axes)
    fixed = "".join(f", {name}={value}" for name, value in search.fixed.items())
    yield printable(f"{search.strategy}: {axes}{fixed} on {', '.join(d.product for d in used)}")
    first, last = min(d.first for d in used), max(d.last for d in used)
    points = f"{len(space.points):,} points"
    points += f", {space.impossible:,} impossible" if space.impossible else ""
    points += f", {len(search.failed):,} failed" if search.failed else ""
    yield (
        f"{points}, {sum(d.bars for d in used):,} bars of {used[0].interval}, "
        f"{format_time(first)[:10]} to {format_time(last)[:10]}"
    )
