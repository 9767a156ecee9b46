"""What is left of a run whose orders are filled some time after the bar that decided them.

A whole bar is no latency of a bot that answers within seconds: an honest edge that is spent
within a day is not false. What no latency leaves is a gain that is made at once, at the very price
that decided: a bounce between bid and ask, or a close that nobody could trade at.

The bar of a fill tells both apart. A price that drifts evenly from the open O to the close C is, on
average, at the middle M of high and low half way; one that jumps right after the open has made all
of it by then. So 2 (M - O) - (C - O) is what was made at once, and 2 (C - M) what was made evenly:
for a Brownian motion with drift the first has a mean of 0, as the path run backwards from the
close, and turned round, has the same law. What is lost by filling a share s of the bar later is the
first and s of the second.

A limit that rests below the open (of a buy) is filled when the price comes to it, nobody knows when
in the bar. A price that knows nothing ends, on average, where the limit is, so that C - L, from the
limit to the close, has a mean of 0; a print that no market had was back at once, and made all of
it. The farther the limit lies from the open, in usual ranges of a bar, the more of its fill is
told so, all of it from one range on; and no limit is filled at a better price for being late.

A protection rests at the exchange and is not late. But what it sells inside a bar, at its level L,
is told as a limit is: L - C has a mean of 0 wherever L lies, and is the whole gain of a
take-profit that only a print filled, or of a stop that its bar jumped over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars
from gpt_trader.kernel.codes import (
    FILL_STOP,
    FILL_TAKE_PROFIT,
    FILL_TRAIL,
    MAKER,
    ORDINAL_BAR,
)
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.measure.path import Path
from gpt_trader.measure.trades import grids

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LATENCY_MS = 60_000  # slower than a bot is that runs: the length of the shortest bars
MUST_KEEP = 0.5  # of its growth, for a run that does not live from the price that decided
RANGE_PER_MOVE = 2.0  # of a walk's bars, high - low to |close - open|, which bad prints leave alone
MOST_KEPT = 3.0  # times its growth: no run is made so much better by being slow


@dataclass(frozen=True, slots=True)
class Late:
    """A run filled `latency_ms` later, at the prices that its bars lead to expect.

    return_pct: percent. kept: share of the growth (in logarithms) that is left, None of none.
    at_once_pct: of equity, the sum over all fills of what each gained right after it, before any
    bot could answer; below 0 it lost. bar_ms: length of the bars that told it. protected_pct: of
    equity, the sum of what take-profits and stops gained by levels that their bars left again, or
    jumped over; never below 0.
    """

    latency_ms: int
    bar_ms: int
    return_pct: float
    kept: float | None
    at_once_pct: float
    protected_pct: float = 0.0


def fill_late(path: Path, detail: Sequence[Bars] = ()) -> Late | None:
    """Return a run filled LATENCY_MS later; None if no order of its strategy was filled.

    detail: finer bars, one series a product, which tell it better; none: its own. Only what a
    strategy's targets did is late: a protection rests at the exchange, but loses what it gained
    at prices that were no market's.
    """
    fills = path.fills
    bars = tuple(detail) or path.bars
    bar_ms = bars[0].interval_ms
    share = min(1.0, LATENCY_MS / bar_ms)
    decided = np.flatnonzero((fills["ordinal"] == ORDINAL_BAR) & (fills["cause"] < fills["bar"]))
    if not len(decided) or path.equity[-1] <= 0.0:
        return None
    at_once, evenly = _gains(path, bars, fills[decided])
    protected = sum(
        max(_protected(path, bars, fills[np.isin(fills["reason"], kinds)]), 0.0)
        for kinds in ((FILL_TAKE_PROFIT,), (FILL_STOP, FILL_TRAIL))
    )
    grown = log(float(path.equity[-1]) / path.start)
    left = grown - at_once - share * evenly - protected
    kept = left / grown if grown > 0.0 else None
    told = (at_once * 100.0, protected * 100.0)
    return Late(LATENCY_MS, bar_ms, expm1(left) * 100.0, kept, *told)


def _gains(path: Path, bars: Sequence[Bars], fills: NDArray[np.void]) -> tuple[float, float]:
    """Return the sums of what fills gained at once, and evenly over their bars, of equity."""
    taken = rested = evenly = 0.0
    for p, one in enumerate(bars):
        mine = fills[fills["product"] == p]
        held = _held(path, one, mine)
        told = _moves(one, _rows(path, one, mine, mine["ticks"]), mine)
        rests = mine["liquidity"] == MAKER
        taken += float(np.sum((held * told.at_once)[~rests]))
        rested += float(np.sum((held * told.at_once)[rests]))
        evenly += float(np.sum(held * told.evenly))
    return taken + max(rested, 0.0), evenly


def _protected(path: Path, bars: Sequence[Bars], fills: NDArray[np.void]) -> float:
    """Return the sum of what protections gained by where their bars closed, of equity.

    Of those that filled inside a bar: at an open beyond the level no print was beyond it alone.
    """
    gained = 0.0
    for p, one in enumerate(bars):
        mine = fills[fills["product"] == p]
        level = mine["base"]  # a stop's own price is worse, by what it paid
        rows = _rows(path, one, mine, level)
        is_inside = np.where(
            mine["liquidity"] == MAKER,
            mine["side"] * (one.open[rows] - level) > 0,
            mine["side"] * (one.open[rows] - level) < 0,
        )
        back = _held(path, one, mine) * (one.close[rows] - level)
        gained += float(np.sum(back[is_inside]))
    return gained


def _held(path: Path, bars: Bars, fills: NDArray[np.void]) -> Floats:
    """Return (m,) float64: what a tick of a product's fills is of equity; sales below 0."""
    before = np.concatenate([[path.start], path.equity])[fills["bar"]]
    num, den = grids([bars.product])
    a_tick = fills["side"] * fills["lots"] * (num[0] / den[0] / UNITS_PER_QUOTE)
    return np.asarray(a_tick / np.maximum(before, 1.0 / UNITS_PER_QUOTE))


class _Moves(NamedTuple):
    """How prices moved after fills, in their bars: (m,) float64 ticks."""

    at_once: Floats
    evenly: Floats


def _moves(bars: Bars, rows: Ints, fills: NDArray[np.void]) -> _Moves:
    side, ticks = fills["side"], fills["ticks"]
    opens, close = bars.open[rows], bars.close[rows]
    middle = _middle(side, opens, bars.high[rows], bars.low[rows], close)
    usual = max(float(np.median(np.abs(bars.close - bars.open))) * RANGE_PER_MOVE, 1.0)
    rests = fills["liquidity"] == MAKER
    off = np.where(rests, opens - ticks, 0)  # how far the limit was better than the open, signed
    depth = np.clip(side * off / usual, 0.0, 1.0)
    at_once = (1.0 - depth) * (2.0 * middle - opens - close) + depth * (close - ticks)
    evenly = (1.0 - depth) * (2.0 * (close - middle) + off)
    return _Moves(at_once, evenly)


def _rows(path: Path, bars: Bars, fills: NDArray[np.void], level: Ints) -> Ints:
    """Return the bars of fills, (m,) int64: of finer ones the first that reached a limit or stop.

    level: (m,) int64 ticks, of each fill; a limit is traded through, a stop touched.
    """
    begin = bars.time.searchsorted(path.time[fills["bar"]]).clip(max=len(bars) - 1)
    if bars.interval_ms >= path.interval_ms:
        return np.asarray(begin)
    end = bars.time.searchsorted(path.time[fills["bar"]] + path.interval_ms)
    rows = begin.copy()
    rests = fills["liquidity"] == MAKER
    stops = np.isin(fills["reason"], (FILL_STOP, FILL_TRAIL))
    for k in np.flatnonzero(rests | stops).tolist():
        part, ticks = slice(begin[k], end[k]), level[k]
        falls = (fills["side"][k] > 0) == rests[k]
        reached = bars.low[part] < ticks + stops[k] if falls else bars.high[part] > ticks - stops[k]
        rows[k] += int(reached.argmax()) if reached.any() else 0
    return np.asarray(rows)


def _middle(side: Ints, opens: Ints, high: Ints, low: Ints, close: Ints) -> Floats:
    """Return (m,) float64 ticks: the middles of bars, what may be no market's price left out.

    A buy at an open below all that followed may have been at a price that nobody could have: such
    an open must not pull the middle to itself, and the close stands in its place. Of bars that
    truly begin at their low as many, by the symmetry above, end at their high: there the open
    stands in the close's place, and both cancel.
    """
    is_buy = side > 0
    near, far = np.where(is_buy, low, high), np.where(is_buy, high, low)
    near, far = np.where(near == opens, close, near), np.where(far == close, opens, far)
    return np.asarray((near + far) / 2.0)
