"""From values to places: linear scales, round ticks, calendar ticks, thinning."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.report.words import MONTHS, day

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
WIDE = 1000.0  # units across a view, whatever its width on the page


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map of [low, high] to [start, stop]; start > stop turns it upside down."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, values: Floats | float) -> Floats:
        """Return places, the shape of `values`."""
        share = (np.asarray(values, np.float64) - self.low) / (self.high - self.low)
        return np.asarray(self.start + share * (self.stop - self.start))

    def at(self, value: float) -> float:
        """Return the place of one value."""
        return float(self(value))

    def ticks(self, count: int) -> list[float]:
        """Return round values within the range, about `count` of them."""
        return ticks(self.low, self.high, count)


@dataclass(frozen=True, slots=True)
class LogScale:
    """A logarithmic map of [low, high], both above 0, to [start, stop]."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, values: Floats | float) -> Floats:
        """Return places, the shape of `values`, which are above 0."""
        share = np.log(np.asarray(values, np.float64) / self.low) / np.log(self.high / self.low)
        return np.asarray(self.start + share * (self.stop - self.start))

    def at(self, value: float) -> float:
        """Return the place of one value."""
        return float(self(value))

    def ticks(self, count: int) -> list[float]:
        """Return 1, 2 and 5 times powers of ten; the powers alone where those are too many."""
        first, last = (int(np.floor(np.log10(v))) for v in (self.low, self.high))
        for steps in ((1.0, 2.0, 5.0), (1.0,)):
            found = [m * 10.0**k for k in range(first, last + 1) for m in steps]
            found = [v for v in found if self.low <= v <= self.high]
            if len(found) <= 2 * count:
                break
        return found if len(found) > 1 else ticks(self.low, self.high, count)


def reach(
    *series: Floats | Sequence[float], zero: bool = False, pad: float = 0.06
) -> tuple[float, float]:
    """Return (low, high) over the finite values with a margin of `pad`; never an empty range.

    zero: 0 is within, and is the end where all values lie on one side of it.
    """
    values = np.concatenate([np.asarray(s, np.float64).ravel() for s in series] or [np.zeros(1)])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    margin = (high - low) * pad
    if margin <= abs(high) * 1e-9:
        margin = max(abs(high) * 0.05, 0.5)
    below = 0.0 if zero and low == 0.0 and high > 0.0 else margin
    above = 0.0 if zero and high == 0.0 and low < 0.0 else margin
    return low - below, high + above


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round values (1, 2, 2.5 or 5 times a power of ten) within [low, high]."""
    step = (high - low) / max(count, 1)
    power = 10.0 ** np.floor(np.log10(step))
    nice = next(float(m * power) for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= step * 0.999)
    first, last = int(np.ceil(low / nice - 1e-9)), int(np.floor(high / nice + 1e-9))
    return [round(i * nice, 12) for i in range(first, last + 1)]


def time_ticks(start_ms: int, end_ms: int, count: int = 8) -> list[tuple[int, str]]:
    """Return (int64 ms, label) at calendar boundaries within [start, end], at most `count`."""
    span_days = (end_ms - start_ms) / DAY_MS
    if span_days > 45:
        return _month_ticks(start_ms, end_ms, count)
    for step_h in (1, 2, 3, 6, 12, 24, 48, 96, 168, 336):
        step = step_h * HOUR_MS
        if (end_ms - start_ms) / step <= count or step_h == 336:
            break
    times = range(-(-start_ms // step) * step, end_ms + 1, step)
    return [(t, _short_label(t, step)) for t in times]


def _short_label(time_ms: int, step: int) -> str:
    clock = f"{time_ms // HOUR_MS % 24:02d}:00"
    date = day(time_ms).rsplit(" ", 1)[0]
    return date if step >= DAY_MS or time_ms % DAY_MS == 0 else clock


def _month_ticks(start_ms: int, end_ms: int, count: int) -> list[tuple[int, str]]:
    first, last = (int(np.datetime64(t, "ms").astype("datetime64[M]").astype(np.int64))
                   for t in (start_ms, end_ms))  # fmt: skip
    sizes = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)
    step = next((s for s in sizes if (last - first + 1) / s <= count), sizes[-1])
    found = []
    for index in range(-(-first // step) * step, last + 1, step):
        at = int(np.datetime64(index, "M").astype("datetime64[ms]").astype(np.int64))
        if start_ms <= at <= end_ms:
            year, month = 1970 + index // 12, index % 12
            found.append((at, str(year) if month == 0 else MONTHS[month]))
    if found and not any(label.isdigit() for _, label in found):
        at, label = found[0]
        found[0] = (at, f"{label} {np.datetime64(at, 'ms').astype('datetime64[Y]')}")
    return found


def thin(values: Floats, columns: int) -> Ints:
    """Return sorted rows of `values`, (n,), at most 2 x columns: each column's least and greatest.

    A column is an equal share of the rows, so that a spike of one bar survives. NaN is passed
    over; the first and the last row are kept.
    """
    n = len(values)
    if n <= 2 * columns:
        return np.arange(n, dtype=np.int64)
    starts = np.arange(columns) * n // columns
    finite = np.isfinite(values)
    low = _extreme_rows(np.where(finite, values, np.inf), starts)
    high = _extreme_rows(np.where(finite, -values, np.inf), starts)
    rows = np.concatenate([low, high])
    rows[0], rows[-1] = 0, n - 1
    return np.unique(rows)


def _extreme_rows(values: Floats, starts: Ints) -> Ints:
    """Return each column's first row at which it is least."""
    lengths = np.diff(np.append(starts, len(values)))
    least = np.repeat(np.minimum.reduceat(values, starts), lengths)
    hits = np.flatnonzero(values == least)
    column = np.repeat(np.arange(len(starts)), lengths)[hits]
    first = np.concatenate([[True], column[1:] != column[:-1]])
    return np.asarray(hits[first])


def spread(n: int, count: int) -> Ints:
    """Return at most `count` rows of n, evenly spread, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, count)).round().astype(np.int64))
