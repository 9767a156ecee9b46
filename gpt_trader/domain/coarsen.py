"""Longer bars from finer ones, and several timeframes side by side without look-ahead."""

from typing import NamedTuple

import numpy as np

from gpt_trader.domain.bars import Bar, Bars, Floats, Ints
from gpt_trader.errors import UsageError


class Coarsened(NamedTuple):
    """Bars of a longer interval.

    bars: those that the finer ones cover from end to end. short_bars: how many of them lack some
    finer bar inside. partial_first: whether a first one, begun before the data, was left out.
    forming: the last one as far as the data goes, None if the data ends where it does; it is to
    be looked at, never traded on.
    """

    bars: Bars
    short_bars: int
    partial_first: bool
    forming: Bar | None


class Coarser(NamedTuple):
    """A longer timeframe as seen from a finer one.

    bars: the whole bars of the longer interval, m of them. at: (n,) int64, for each finer bar the
    row of the newest longer one that has closed by its close, -1 for none.
    """

    bars: Bars
    at: Ints


def coarsen(bars: Bars, interval_ms: int) -> Coarsened:
    """Return bars of a longer interval that begin at whole multiples of it, UTC.

    Open is the first, high the highest, low the lowest, close the last, half spread the last;
    volume and funding are sums. Raises UsageError unless the interval is a longer multiple, and on
    extra columns.
    """
    if interval_ms <= bars.interval_ms or interval_ms % bars.interval_ms:
        raise UsageError(
            f"expected an interval longer than its detail and a multiple of it, were "
            f"{interval_ms // 1000} s and {bars.interval_ms // 1000} s",
            hint="for example --interval 1h --detail 1m",
        )
    if bars.extra:
        raise UsageError(
            f"nobody can tell what longer bars make of the extra columns {', '.join(bars.extra)}",
            hint="leave them out, replace(bars, extra={}), and give the longer bars their own",
        )
    if not len(bars):
        return Coarsened(_joined(bars, interval_ms), 0, partial_first=False, forming=None)
    first = -(-int(bars.time[0]) // interval_ms) * interval_ms
    end = (int(bars.time[-1]) + bars.interval_ms) // interval_ms * interval_ms
    begin, stop = (int(row) for row in np.searchsorted(bars.time, [first, max(first, end)]))
    whole, rest = bars[begin:stop], bars[stop:]
    found = _joined(whole, interval_ms)
    rows = np.diff(np.searchsorted(whole.time, found.time), append=len(whole))
    return Coarsened(
        found,
        short_bars=int((rows < interval_ms // bars.interval_ms).sum()),
        partial_first=begin > 0,
        forming=_joined(rest, interval_ms).bar(0) if len(rest) else None,
    )


def _joined(bars: Bars, interval_ms: int) -> Bars:
    """Join the bars that fall into the same interval."""
    opens = bars.time // interval_ms * interval_ms
    begin = np.flatnonzero(np.diff(opens, prepend=-interval_ms if len(opens) else 0))
    end = np.append(begin[1:], len(opens))[: len(begin)] - 1
    if not len(begin):
        return Bars(bars.product, interval_ms, *_columns(bars[:0]))
    return Bars(
        bars.product,
        interval_ms,
        opens[begin],
        bars.open[begin],
        np.maximum.reduceat(bars.high, begin),
        np.minimum.reduceat(bars.low, begin),
        bars.close[end],
        np.add.reduceat(bars.volume, begin),
        np.add.reduceat(bars.funding_rate, begin),
        None if bars.half_spread_e8 is None else bars.half_spread_e8[end],
    )


def _columns(bars: Bars) -> tuple[Ints, Ints, Ints, Ints, Ints, Floats, Floats]:
    return bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume, bars.funding_rate


def visible(fine: Bars, coarse: Bars) -> Ints:
    """Return (n,) int64: the newest row of `coarse` closed by each fine bar's close, -1: none."""
    closes = coarse.time + coarse.interval_ms
    return np.searchsorted(closes, fine.time + fine.interval_ms, "right").astype(np.int64) - 1


def coarser(bars: Bars, interval_ms: int) -> Coarser:
    """Return a longer timeframe made of a strategy's own bars; what it shows has closed.

    A strategy that looks back k longer bars needs `window(bars.interval_ms, interval_ms, k)`
    finer ones. Raises UsageError unless the interval is a longer multiple.
    """
    longer = coarsen(bars, interval_ms).bars
    return Coarser(longer, visible(bars, longer))


def spread(values: Floats, at: Ints) -> Floats:
    """Return a longer timeframe's (m,) values at each finer bar: (n,), NaN before the first."""
    out = np.full(len(at), np.nan)
    out[at >= 0] = values[at[at >= 0]]
    return out


def window(fine_ms: int, coarse_ms: int, coarse_bars: int) -> int:
    """Return how many finer bars hold that many whole longer ones, wherever the window begins.

    At worst the newest longer bar lacks one finer bar of its end: k whole ones lie before it.
    """
    return (coarse_bars + 1) * (coarse_ms // fine_ms) - 1
