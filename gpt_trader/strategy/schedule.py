"""Deciding at some rows of a market only, and what stands between them."""

from typing import NamedTuple

import numpy as np

from gpt_trader.domain.bars import Floats, Ints
from gpt_trader.domain.market import Market
from gpt_trader.domain.prices import prices_of

# A decision whose successor's row is absent stands for so many turns at most, so that a trailing
# window holds it.
TURNS = 4


class Schedule(NamedTuple):
    """The rows at which is decided, and which decision stands at each row.

    rows: (k,) int64. place: (n,) int64 in rows, -1: none.
    """

    rows: Ints
    place: Ints

    def stand(self, values: Floats) -> Floats:
        """Return what was decided, (k,) float64, at each row: (n,), NaN where nothing stands."""
        return np.append(values, np.nan).take(self.place, mode="wrap")


def schedule(time: Ints, interval_ms: int, every: int, first: int) -> Schedule:
    """Return the rows, from row `first` on, whose number since the epoch is a multiple of `every`.

    A row's number is its open time // interval_ms. A decision stands until the next one, but for
    less than TURNS * every bars.
    """
    number = time // interval_ms
    decides = number % every == 0
    decides[:first] = False
    rows = np.flatnonzero(decides)
    place = np.cumsum(decides) - 1
    if len(rows):
        place[number - number[rows].take(place, mode="clip") >= TURNS * every] = -1
    return Schedule(rows, place)


def rows_back(every: int) -> int:
    """Return how many rows after its own one a decision stands at most, turns being absent."""
    return TURNS * (every - 1)


def closes_at(market: Market, rows: Ints) -> Floats:
    """Return closes at k rows, quote currency: (k, p) float64, NaN where there is no bar."""
    out = np.full((len(rows), len(market.bars)), np.nan)
    for j, bars in enumerate(market.bars.values()):
        at = market.row[rows, j]
        known = at >= 0
        out[known, j] = prices_of(bars.close[at[known]], bars.product.price_increment)
    return out
