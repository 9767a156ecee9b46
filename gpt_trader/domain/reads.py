"""Series that a market strategy reads and does not trade, such as `BTC-USD` or `ETH-USD@1d`."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars, Floats, Ints, read_only
from gpt_trader.domain.equal import equal_by_fields
from gpt_trader.domain.times import format_interval, parse_interval


class ReadName(NamedTuple):
    """A series by its product and its interval, ms; None: that of the grid."""

    product_id: str
    interval_ms: int | None


def read_name(text: str) -> ReadName:
    """Return what `PRODUCT` or `PRODUCT@INTERVAL` names. Raises UsageError on an interval."""
    product_id, at, interval = text.partition("@")
    return ReadName(product_id, parse_interval(interval) if at else None)


def full_name(name: str, interval_ms: int) -> str:
    """Return a name with its interval. interval_ms: what one without it means."""
    product_id, stated_ms = read_name(name)
    return f"{product_id}@{format_interval(stated_ms or interval_ms)}"


@equal_by_fields
@dataclass(frozen=True, slots=True)
class Read:
    """A series as seen from each of n rows of a market's grid.

    bars: its m bars, of an interval of its own. at: (n,) int64, for each row of the grid the newest
    of them that had closed by the row's close, -1: none. is_due: (n,) bool, whether that is the one
    which was due by then; where it is not, its bar is absent.
    """

    bars: Bars
    at: Ints
    is_due: NDArray[np.bool_]

    def __repr__(self) -> str:
        said = f"{format_interval(self.bars.interval_ms)} bars of {self.bars.product.product_id}"
        return f"<{len(self.bars):,} {said}, read at {len(self.at):,} rows>"

    @property
    def close(self) -> Floats:
        """(n,) float64: last price of the bar that was due, quote currency, NaN where absent."""
        return self.spread(self.bars.price.close)

    def spread(self, values: Floats) -> Floats:
        """Return values of its own bars, (m,), at each row: (n,), NaN where its bar is absent."""
        return self._at(values, self.is_due)

    def last(self, values: Floats) -> Floats:
        """Return (m,) values at each row, of its newest bar however old: NaN before the first."""
        return self._at(values, self.at >= 0)

    def _at(self, values: Floats, known: NDArray[np.bool_]) -> Floats:
        out = np.full(len(self.at), np.nan)
        out[known] = values[self.at[known]]
        return out

    def rows(self, begin: int, end: int, back: int | None) -> "Read":
        """Return what rows [begin, end) of the grid see: no bar that closed later.

        back: so many of the newest bars; None: all.
        """
        at = self.at[begin:end]
        last = int(at[-1]) + 1 if len(at) else 0
        first = 0 if back is None else max(last - back, 0)
        moved = np.maximum(at - first, -1) if first else at
        due = self.is_due[begin:end]
        return Read(
            self.bars[first:last], read_only(moved), read_only(due & (moved >= 0) if first else due)
        )

    def copy(self) -> "Read":
        """Return the same in memory of its own."""
        return Read(self.bars.copy(), read_only(self.at.copy()), read_only(self.is_due.copy()))


def read_by(bars: Bars, time: Ints, interval_ms: int) -> Read:
    """Return a series as rows of a grid see it.

    time: (n,) int64 ms, the opens of rows that close interval_ms later.
    """
    closed = time + interval_ms
    at = np.searchsorted(bars.time + bars.interval_ms, closed, "right").astype(np.int64) - 1
    bars = bars[: int(at[-1]) + 1 if len(at) else 0]  # nobody sees what closed later
    due = closed // bars.interval_ms * bars.interval_ms - bars.interval_ms
    is_due = np.zeros(len(time), np.bool_)
    known = at >= 0
    is_due[known] = bars.time[at[known]] == due[known]
    return Read(bars, read_only(at), read_only(is_due))
