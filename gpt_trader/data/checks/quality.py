"""What a series of bars is like: gaps, quiet bars, a digest of its content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gpt_trader.domain.bars import Bars, Ints


@dataclass(frozen=True, slots=True)
class Gaps:
    """Places where bars are missing.

    longest_ms: from the bar before the longest gap, at longest_from_ms, to the bar after it;
    both None without gaps.
    """

    count: int
    missing_bars: int
    longest_ms: int | None
    longest_from_ms: int | None


@dataclass(frozen=True, slots=True)
class DataReport:
    """What was loaded. Times are int64 ms UTC, bars named by their open.

    zero_volume: bars without trades. off_grid: prices that were rounded to the product's grid.
    sha256: digest of the bars (see `digest`). notes: what a reader should know, one line each.
    silent: missing bars of which the source said that there were no trades.
    """

    path: Path
    rows: int
    first_ms: int
    last_ms: int
    interval_ms: int
    gaps: Gaps
    zero_volume: int
    off_grid: int
    sha256: str
    notes: tuple[str, ...]
    silent: int = 0

    @property
    def coverage_pct(self) -> float:
        """Share of the bars from first to last that are there, or known to be without trades."""
        return coverage_pct(self.rows, self.gaps, self.silent)


LEAST_COVERAGE_PCT = 90.0  # of a history's bars, for a result on it, where nobody says otherwise


def coverage_pct(bars: int, gaps: Gaps, silent: int = 0) -> float:
    """Return the share of bars that are there or known to be silent, from first to last."""
    return 100.0 * (bars + silent) / (bars + gaps.missing_bars)


def find_gaps(time: Ints, interval_ms: int) -> Gaps:
    """Count the gaps in sorted open times, (n,) int64 ms."""
    steps = np.diff(time)
    wide = np.flatnonzero(steps > interval_ms)
    if not wide.size:
        return Gaps(count=0, missing_bars=0, longest_ms=None, longest_from_ms=None)
    longest = int(wide[steps[wide].argmax()])
    return Gaps(
        count=int(wide.size),
        missing_bars=int((steps[wide] // interval_ms - 1).sum()),
        longest_ms=int(steps[longest]),
        longest_from_ms=int(time[longest]),
    )


def digest(bars: Bars) -> str:
    """Return the SHA-256 of product, grid and columns; the file format does not matter."""
    product = bars.product
    head = f"{product.product_id} {product.price_increment.normalize():f} {bars.interval_ms}\n"
    found = hashlib.sha256(head.encode())
    for prices in (bars.time, bars.open, bars.high, bars.low, bars.close):
        found.update(np.ascontiguousarray(prices, "<i8"))
    for numbers in (bars.volume, bars.funding_rate):
        found.update(np.ascontiguousarray(numbers, "<f8"))
    if bars.half_spread_e8 is not None:
        found.update(np.ascontiguousarray(bars.half_spread_e8, "<i8"))
    for name in sorted(bars.extra):
        found.update(f"extra {name}\n".encode())
        found.update(np.ascontiguousarray(bars.extra[name], "<f8"))
    return found.hexdigest()
