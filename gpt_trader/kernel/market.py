"""What a simulation is given: bars, what a strategy wants at them, and under which rules."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.bounds import Bounds
from gpt_trader.kernel.guards import GuardTable
from gpt_trader.kernel.rounding import SpecTable
from gpt_trader.kernel.style import StyleTable

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Market(NamedTuple):
    """Bars of p products on a grid of n rows; a product need not have a bar in each.

    time: (n,) int64 ms, strictly increasing. open_ticks .. close: (n, p) int64 ticks, low and
    high around the others. volume: (n, p) base units. half_spread_e8: NO_QUOTE where a bar quotes
    none. It and funding_rate: (n, p), or (1, p) where all rows are alike. present: (n, p), False
    where a product has no bar. All C-contiguous.
    """

    interval_ms: int
    time: Ints
    open_ticks: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Floats
    half_spread_e8: Ints
    funding_rate: Floats
    present: Bools


class Aims(NamedTuple):
    """What is wanted at each bar's close; see `domain.targets.Targets`.

    weight: (n, p), budgets applied. The rest: (n, p), or (1, p) where all rows are alike.
    """

    weight: Floats
    stop: Floats
    take: Floats
    trail: Floats
    max_bars: Ints


class Rules(NamedTuple):
    """Under which rules products trade. guards: (p, g), see kernel.guards. styles: kernel.style."""

    specs: SpecTable
    bounds: Bounds
    guards: GuardTable
    styles: StyleTable


class Fees(NamedTuple):
    """Fee tiers and what was traded, see kernel.fees; without tiers the rates of costs hold."""

    tiers: Ints
    book: Ints  # moved in place


class Known(NamedTuple):
    """What is found out about a run before it begins."""

    unit: Floats  # (p,) quote of a lot-tick
    funding_rows: Ints  # rows at which funding is paid
    gapless: bool  # every product has a bar in every row
    most_fills: int  # that one row can bring
