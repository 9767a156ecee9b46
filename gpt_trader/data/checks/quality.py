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
    return found.hexdigest()


FAR = 20.0  # moves are far beyond the usual from so many median moves on
BACK = 0.25  # most of a far move that may remain after the next one, to be a bad print
STALE_BARS = 12  # bars without any movement in a row, from which on they count
SAMPLED = 50_000  # moves that the median is taken of


@dataclass(frozen=True, slots=True)
class Quality:
    """What is wrong with one product's bars. Times are int64 ms UTC, None where there is none.

    bad_prints: closes out of line with both neighbors. stale_bars: bars of runs of at least
    STALE_BARS in which no price moved. zero_volume: bars without trades.
    """

    product: str
    bars: int
    gaps: int
    missing_bars: int
    bad_prints: int
    first_bad_print_ms: int | None
    stale_bars: int
    first_stale_ms: int | None
    zero_volume: int


def inspect(bars: Bars) -> Quality:
    """Look through one product's bars; linear in their number.

    A bad print is a close that lies FAR median moves from the one before it, with a next close
    that takes all but a quarter of the move back.
    """
    gaps = find_gaps(bars.time, bars.interval_ms)
    bad, stale = _bad_prints(bars.close), _stale(bars)
    return Quality(
        product=bars.product.product_id,
        bars=len(bars),
        gaps=gaps.count,
        missing_bars=gaps.missing_bars,
        bad_prints=len(bad),
        first_bad_print_ms=int(bars.time[bad[0]]) if len(bad) else None,
        stale_bars=len(stale),
        first_stale_ms=int(bars.time[stale[0]]) if len(stale) else None,
        zero_volume=int(np.count_nonzero(bars.volume == 0.0)),
    )


def find_far(close: Ints) -> Ints:
    """Return the rows after which the close moves by FAR times the median move or more.

    The last move is left out: what follows it is not known.
    """
    size = np.abs(np.diff(close) / close[:-1])
    if len(size) < 2:
        return np.empty(0, np.int64)
    usual = float(np.median(size[:: len(size) // SAMPLED + 1]))
    return np.flatnonzero(size[:-1] > FAR * max(usual, 1e-9))


def _bad_prints(close: Ints) -> Ints:
    """Return the rows whose close is out of line with both neighbors."""
    far = find_far(close)
    before, after = close[far], close[far + 2]
    left = np.abs(after - before)
    return far[left < BACK * np.abs(close[far + 1] - before)] + 1


def _stale(bars: Bars) -> Ints:
    """Return the rows of long runs in which no price moved."""
    still = np.zeros(len(bars), np.bool_)
    still[1:] = (bars.high[1:] == bars.low[1:]) & (bars.close[1:] == bars.close[:-1])
    edges = np.flatnonzero(np.diff(still, prepend=False, append=False))
    begins, ends = edges[::2], edges[1::2]
    kept = np.zeros(len(bars) + 1, np.int64)
    long = ends - begins >= STALE_BARS
    np.add.at(kept, begins[long], 1)
    np.add.at(kept, ends[long], -1)
    return np.flatnonzero(np.cumsum(kept[:-1]))
