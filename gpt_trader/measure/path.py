"""What a run left behind, whichever engine ran it: its bars, equity and fills."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.measure.metrics import Daily, daily, daily_returns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.void]


class Listed(NamedTuple):
    """A product's bars in one of its listings. is_delisted: that ended before the run did."""

    bars: Bars
    is_delisted: bool = False


@equal_by_fields
@dataclass(frozen=True, slots=True)
class Path:
    """What a run left behind.

    bars: one a product, in the order of the fills' product index. time: (n,) int64 ms, the grid's
    bar opens. equity: (n,) float64 quote at the closes. fills: (m,) FILL_DTYPE. stops: the stop
    columns that were asked for, one a product, aligned with its bars; None for a product without
    one; empty: not known. listed: what could be held when, one a listing, a
    product's in order; empty: all, always.
    """

    bars: tuple[Bars, ...]
    interval_ms: int
    time: Ints = field(repr=False)
    equity: Floats = field(repr=False)
    fills: Rows = field(repr=False)
    start_units: int
    stops: tuple[Floats | None, ...] = field(default=(), repr=False)
    listed: tuple[Listed, ...] = ()

    @property
    def holdable(self) -> tuple[Listed, ...]:
        """What could be held when, one a listing."""
        return self.listed or tuple(Listed(bars) for bars in self.bars)

    @property
    def start(self) -> float:
        """Equity before the first bar, quote."""
        return self.start_units / UNITS_PER_QUOTE

    @property
    def last_ticks(self) -> Ints:
        """Each product's last close, (p,) int64 ticks."""
        return np.array([b.close[-1] for b in self.bars], np.int64)

    def rows(self, product: int, grid_rows: Ints) -> Ints:
        """Return the rows of a product's own newest bars at rows of the grid."""
        own = self.bars[product].time
        if len(own) == len(self.time):
            return grid_rows
        return np.asarray(np.searchsorted(own, self.time[grid_rows], side="right") - 1)

    @property
    def elapsed_ms(self) -> int:
        """Time from the first bar's open to the last one's close."""
        return int(self.time[-1]) + self.interval_ms - int(self.time[0])


def daily_equity(path: Path) -> Daily:
    """Return the equity at the close of each calendar day of a run."""
    return daily(path.time, path.equity)


def day_returns(path: Path) -> Floats:
    """Return (d,) float64: what each calendar day of a run made: `metrics.daily_returns`."""
    return daily_returns(path.time, path.equity, path.start)
