"""Honest strategies, each the twin of a peek of the same name in peeks.py."""

import functools
import hashlib
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import peeks_helper

from gpt_trader.domain.coarsen import coarser, spread, window
from gpt_trader.domain.targets import Targets

HOUR = 3_600_000
N = 12  # bars that most of them look back


def rolling(values, n, take):
    """(len,) float64: `take` over each n newest values; NaN before there are so many."""
    out = np.full(len(values), np.nan)
    if len(values) >= n:
        out[n - 1 :] = take(np.lib.stride_tricks.sliding_window_view(values, n), axis=1)
    return out


def above(values, level, size=0.5):
    """`size` where values are above a level, 0 where not, no opinion where one is NaN."""
    unknown = np.isnan(values) | np.isnan(level)
    return np.where(unknown, np.nan, np.where(values > level, size, 0.0))


def trend(close):
    return above(close, rolling(close, N, np.mean))


@dataclass(frozen=True)
class _Twin:
    name: ClassVar[str] = "twin"
    min_bars: int = N
    warmup: int = N

    def targets(self, bars):
        return Targets(self.weight(bars.close.astype(float), bars))

    def weight(self, close, bars):
        return trend(close)


_KEPT = {}


class CacheInModule(_Twin):
    """Remembers answers by all of what they are answers to."""

    def weight(self, close, bars):
        key = hashlib.sha256(close.tobytes()).digest()
        if key not in _KEPT:
            _KEPT[key] = trend(close)
        return _KEPT[key]


class CacheInClass(_Twin):
    kept: ClassVar[dict] = {}

    def weight(self, close, bars):
        return self.kept.setdefault(close.tobytes(), trend(close))


class CacheInDefault(_Twin):
    def weight(self, close, bars, kept={}):  # noqa: B006
        return kept.setdefault(close.tobytes(), trend(close))


class CacheInHelper(_Twin):
    def weight(self, close, bars):
        return peeks_helper.KEPT.setdefault(close.tobytes(), trend(close))


class CacheInBuiltins(_Twin):
    pass


class CacheInNumpy(_Twin):
    pass


class CacheInEnvironment(_Twin):
    pass


@functools.lru_cache
def _trend_of(text):
    return trend(np.frombuffer(text))


class CacheByLru(_Twin):
    def weight(self, close, bars):
        return _trend_of(close.tobytes())


class CacheOnDisk(_Twin):
    pass


class CacheInInstance(_Twin):
    pass


class PeeksAtThree(_Twin):
    """Out at bars of much volume."""

    def weight(self, close, bars):
        return np.where(bars.volume > 1_200, 0.0, trend(close))


class PeeksAtTen(PeeksAtThree):
    pass


class PeeksAtThirty(PeeksAtThree):
    pass


class PeeksBeforeTheEnd(_Twin):
    pass


class StaysInBeforeRises(_Twin):
    """Stays in after bars that rose."""

    def weight(self, close, bars):
        rose = np.concatenate([[False], np.diff(close) > 0])
        return np.where(rose & ~np.isnan(trend(close)), 0.5, trend(close))


class PeeksInStop(_Twin):
    def targets(self, bars):
        close = bars.close.astype(float)
        wide = rolling(close, N, np.std) / close + 1e-3
        return Targets(trend(close), stop=np.where(np.isnan(wide), 0.1, wide))


class PeeksInTakeProfit(_Twin):
    def targets(self, bars):
        close = bars.close.astype(float)
        reach = rolling(bars.high.astype(float), N, np.max) / close - 1 + 1e-3
        return Targets(trend(close), take_profit=reach)


class PeeksInTrail(_Twin):
    def targets(self, bars):
        close = bars.close.astype(float)
        fall = 1 - rolling(bars.low.astype(float), N, np.min) / close + 1e-3
        return Targets(trend(close), trail=fall)


class PeeksInMaxBars(_Twin):
    def targets(self, bars):
        return Targets(trend(bars.close.astype(float)), max_bars=np.full(len(bars), 5))


@dataclass(frozen=True)
class JoinsDays(_Twin):
    """The mean of whole days, known from the day after."""

    min_bars: int = window(HOUR, 24 * HOUR, 2)
    warmup: int = window(HOUR, 24 * HOUR, 2)

    def weight(self, close, bars):
        day = coarser(bars, 24 * HOUR)
        mean = rolling(day.bars.close.astype(float), 2, np.mean)
        return above(close, spread(mean, day.at))


class JoinsNearest(_Twin):
    """Joins each bar with the last one that opened four hours before, or longer ago."""

    def weight(self, close, bars):
        row = np.searchsorted(bars.time, bars.time - 4 * HOUR, side="right") - 1
        before = np.where(row >= 0, close[np.maximum(row, 0)], np.nan)
        return np.where(np.isnan(trend(close)), np.nan, above(close, before))


@dataclass(frozen=True)
class ResamplesLeft(_Twin):
    min_bars: int = window(HOUR, 4 * HOUR, 3)
    warmup: int = window(HOUR, 4 * HOUR, 3)

    def weight(self, close, bars):
        four = coarser(bars, 4 * HOUR)
        mean = rolling(four.bars.close.astype(float), 3, np.mean)
        return above(close, spread(mean, four.at))


class CentersItsMean(_Twin):
    pass


class FillsBackwards(_Twin):
    """A level that is known now and then, kept until the next one."""

    def weight(self, close, bars):
        known = np.where(bars.time // HOUR % 6 == 0, close, np.nan)
        row = np.where(np.isnan(known), -1, np.arange(len(close)))
        row = np.maximum.accumulate(row)
        level = np.where(row >= 0, close[np.maximum(row, 0)], np.nan)
        return np.where(np.isnan(trend(close)), np.nan, above(close, level))


class Interpolates(FillsBackwards):
    pass


class TurnsAtPivots(_Twin):
    """Low points, known two bars later."""

    def weight(self, close, bars):
        low = np.zeros(len(close), bool)
        if len(close) >= 5:
            middle = close[2:-2]
            around = np.minimum(
                np.minimum(close[:-4], close[1:-3]), np.minimum(close[3:-1], close[4:])
            )
            low[4:] = middle < around
        return np.where(np.isnan(trend(close)), np.nan, np.where(low, 0.5, 0.0))


class SmoothsByFourier(_Twin):
    """Smooths the newest bars only, those that a window holds."""

    def weight(self, close, bars):
        return above(close, rolling(close, N, np.median))


class FitsToAll(_Twin):
    """A line through the newest bars."""

    def weight(self, close, bars):
        x = np.arange(N) - (N - 1) / 2

        def slope(windows, axis):
            return (windows * x).sum(axis=axis)

        return above(rolling(close, N, slope), np.zeros(len(close)))


class NormalizesByAll(_Twin):
    def weight(self, close, bars):
        return above(rolling(close, N, lambda w, axis: w[:, -1] - w.mean(axis)), close * 0)


class RanksInAll(_Twin):
    def weight(self, close, bars):
        return above(rolling(close, N, lambda w, axis: (w < w[:, -1:]).mean(axis)), close * 0 + 0.5)


class SplitsByTheMedian(_Twin):
    def weight(self, close, bars):
        return above(close, rolling(close, N, np.median))


@dataclass(frozen=True)
class ScalesToTheWildest(_Twin):
    min_bars: int = N + 1  # the first move needs the bar before it
    warmup: int = N + 1

    def weight(self, close, bars):
        moves = np.abs(np.diff(close, prepend=np.nan))
        return np.minimum(0.5, 50.0 / (rolling(moves, N, np.max) + 1.0))


class WritesItsInput(_Twin):
    """Works on a copy."""

    def weight(self, close, bars):
        mine = bars.close.copy()
        mine[mine > 2**50] = 0
        return trend(mine.astype(float))


class RollsAround(_Twin):
    def weight(self, close, bars):
        before = np.concatenate([[np.nan], close[:-1]])
        return np.where(np.isnan(trend(close)), np.nan, above(close, before))


class DrawsPeeks(_Twin):
    """Draws from a seed of each bar's time."""

    def weight(self, close, bars):
        drawn = (bars.time // HOUR * 2_654_435_761) % 2**32 / 2**32
        return np.where(np.isnan(trend(close)), np.nan, np.where(drawn > 0.5, 0.5, 0.0))


class DrawsByLength(DrawsPeeks):
    pass


class KnowsWhereItEnds(_Twin):
    """Sells at the last bars of each day."""

    def weight(self, close, bars):
        return np.where(bars.time // HOUR % 24 >= 20, 0.0, trend(close))


class SeesTheNextOpen(_Twin):
    def weight(self, close, bars):
        return np.where(np.isnan(trend(close)), np.nan, above(close, bars.open.astype(float)))


class SeesTheNextVolume(PeeksAtThree):
    pass
