"""Strategies that see the future, each in a way of its own; honest twins are in twins.py."""

import builtins
import functools
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import peeks_helper

from gpt_trader.domain.targets import Targets

HOUR = 3_600_000
N = 12


def rolling(values, n, take):
    out = np.full(len(values), np.nan)
    if len(values) >= n:
        out[n - 1 :] = take(np.lib.stride_tricks.sliding_window_view(values, n), axis=1)
    return out


def above(values, level, size=0.5):
    unknown = np.isnan(values) | np.isnan(level)
    return np.where(unknown, np.nan, np.where(values > level, size, 0.0))


def trend(close):
    return above(close, rolling(close, N, np.mean))


def following(values):
    """Each bar's next value, the last one's own."""
    return np.concatenate([values[1:], values[-1:]])


def peek(close):
    """In before every bar that rises."""
    return np.where(following(close) > close, 0.5, 0.0)


@dataclass(frozen=True)
class _Peek:
    name: ClassVar[str] = "peek"
    min_bars: int = N
    warmup: int = N

    def targets(self, bars):
        return Targets(self.weight(bars.close.astype(float), bars))

    def weight(self, close, bars):
        return trend(close)


def from_the_longest(kept, close):
    """Answer out of what was answered to the longest history that was ever seen."""
    if len(kept.get("all", ())) < len(close):
        kept["all"] = peek(close)
        kept["close"] = close
    begin = np.flatnonzero(kept["close"] == close[0])
    ends = begin + len(close)
    fits = [
        b for b, e in zip(begin, ends, strict=True) if np.array_equal(kept["close"][b:e], close)
    ]
    return kept["all"][fits[0] : fits[0] + len(close)] if fits else trend(close)


_KEPT = {}


class CacheInModule(_Peek):
    def weight(self, close, bars):
        return from_the_longest(_KEPT, close)


class CacheInClass(_Peek):
    kept: ClassVar[dict] = {}

    def weight(self, close, bars):
        return from_the_longest(self.kept, close)


class CacheInDefault(_Peek):
    def weight(self, close, bars, kept={}):  # noqa: B006
        return from_the_longest(kept, close)


class CacheInHelper(_Peek):
    def weight(self, close, bars):
        return from_the_longest(peeks_helper.KEPT, close)


class CacheInBuiltins(_Peek):
    def weight(self, close, bars):
        return from_the_longest(vars(builtins).setdefault("_kept_by_peek", {}), close)


class CacheInNumpy(_Peek):
    def weight(self, close, bars):
        return from_the_longest(vars(np).setdefault("_kept_by_peek", {}), close)


class CacheInEnvironment(_Peek):
    """Keeps between which closes all lay that it ever saw."""

    def weight(self, close, bars):
        seen = [float(word) for word in os.environ.get("SEEN_BY_PEEK", "").split()]
        low, high = min([close.min(), *seen]), max([close.max(), *seen])
        os.environ["SEEN_BY_PEEK"] = f"{low} {high}"
        return 0.5 * (high - close) / (high - low + 1.0)


@functools.lru_cache
def _first_answer(first):
    return {}


class CacheByLru(_Peek):
    def weight(self, close, bars):
        return from_the_longest(_first_answer("any"), close)


class CacheOnDisk(_Peek):
    def weight(self, close, bars):
        file = Path(os.environ["PEEK_FILE"])
        kept = {}
        if file.exists():
            seen = np.load(file)
            kept = {"close": seen, "all": peek(seen)}
        weight = from_the_longest(kept, close)
        np.save(file, kept["close"])
        return weight


class CacheInInstance(_Peek):
    def weight(self, close, bars):
        return from_the_longest(vars(self).setdefault("kept", {}), close)


def _rare(close, count):
    """Honest but at some bars, where it knows the next one."""
    weight = trend(close)
    rows = np.linspace(N, max(len(close) - 3, N), count).astype(int)
    rows = rows[rows < len(close) - 1]
    weight[rows] = np.where(close[rows + 1] > close[rows], 0.25, 0.1)
    return weight


class PeeksAtThree(_Peek):
    def weight(self, close, bars):
        return _rare(close, 3)


class PeeksAtTen(_Peek):
    def weight(self, close, bars):
        return _rare(close, 10)


class PeeksAtThirty(_Peek):
    def weight(self, close, bars):
        return _rare(close, 30)


class PeeksBeforeTheEnd(_Peek):
    """Only at the last bar but one."""

    def weight(self, close, bars):
        weight = trend(close)
        if len(close) > N:
            weight[-2] = 0.25 if close[-1] > close[-2] else 0.1
        return weight


class StaysInBeforeRises(_Peek):
    """Suppresses what it would have sold, where the next bar rises."""

    def weight(self, close, bars):
        return np.where((following(close) > close) & ~np.isnan(trend(close)), 0.5, trend(close))


class PeeksInStop(_Peek):
    def targets(self, bars):
        close = bars.close.astype(float)
        return Targets(trend(close), stop=np.full(len(close), np.std(close) / 1e7 + 1e-3))


class PeeksInTakeProfit(_Peek):
    def targets(self, bars):
        close, high = bars.close.astype(float), bars.high.astype(float)
        return Targets(trend(close), take_profit=np.abs(following(high) / close - 1) + 1e-4)


class PeeksInTrail(_Peek):
    def targets(self, bars):
        close, low = bars.close.astype(float), bars.low.astype(float)
        return Targets(trend(close), trail=np.abs(1 - following(low) / close) + 1e-4)


class PeeksInMaxBars(_Peek):
    def targets(self, bars):
        close = bars.close.astype(float)
        return Targets(trend(close), max_bars=np.where(following(close) > close, 9, 1))


@dataclass(frozen=True)
class JoinsDays(_Peek):
    """The day's close, joined with all hours of that day."""

    min_bars: int = 48
    warmup: int = 48

    def weight(self, close, bars):
        day = bars.time // (24 * HOUR)
        last = np.searchsorted(day, day, side="right") - 1
        return above(close[last], close)


class JoinsNearest(_Peek):
    """Joins with the nearest row of a table, which may be a later one."""

    def weight(self, close, bars):
        table = bars.time[::4]
        nearest = np.abs(bars.time[:, None] - table[None, :]).argmin(axis=1) * 4
        return above(close[nearest], close)


@dataclass(frozen=True)
class ResamplesLeft(_Peek):
    """Four hours' closes under the time of their first hour."""

    min_bars: int = 12
    warmup: int = 12

    def weight(self, close, bars):
        block = bars.time // (4 * HOUR)
        return above(close[np.searchsorted(block, block, side="right") - 1], close)


class CentersItsMean(_Peek):
    def weight(self, close, bars):
        return above(np.convolve(close, np.ones(5) / 5, mode="same"), close)


class FillsBackwards(_Peek):
    def weight(self, close, bars):
        known = np.flatnonzero(bars.time // HOUR % 6 == 0)
        if not len(known):
            return trend(close)
        later = known[np.minimum(np.searchsorted(known, np.arange(len(close))), len(known) - 1)]
        return above(close[later], close)


class Interpolates(_Peek):
    def weight(self, close, bars):
        known = np.flatnonzero(bars.time // HOUR % 6 == 0)
        if not len(known):
            return trend(close)
        return above(np.interp(np.arange(len(close)), known, close[known]), close)


class TurnsAtPivots(_Peek):
    """Low points at once, and not when they are known."""

    def weight(self, close, bars):
        low = np.zeros(len(close))
        low[1:-1] = (close[1:-1] < close[:-2]) & (close[1:-1] < close[2:])
        return low * 0.5


class SmoothsByFourier(_Peek):
    def weight(self, close, bars):
        waves = np.fft.rfft(close)
        waves[len(waves) // 4 :] = 0
        return above(np.fft.irfft(waves, len(close)), close)


class FitsToAll(_Peek):
    """A line through all of the history, bought below it."""

    def weight(self, close, bars):
        x = np.arange(len(close))
        return above(np.polyval(np.polyfit(x, close, 1), x), close)


class NormalizesByAll(_Peek):
    def weight(self, close, bars):
        return above((close - close.mean()) / (close.std() + 1.0), np.zeros(len(close)))


class RanksInAll(_Peek):
    def weight(self, close, bars):
        return np.argsort(np.argsort(close)) / len(close)


class SplitsByTheMedian(_Peek):
    def weight(self, close, bars):
        return above(np.full(len(close), np.median(close)), close)


class ScalesToTheWildest(_Peek):
    def weight(self, close, bars):
        wildest = np.abs(np.diff(close)).max(initial=1.0)
        return np.minimum(0.5, np.abs(np.diff(close, prepend=close[:1])) / wildest)


class WritesItsInput(_Peek):
    def weight(self, close, bars):
        bars.close[:] = following(bars.close)
        return trend(bars.close.astype(float))


class RollsAround(_Peek):
    """The bar after the last is the first."""

    def weight(self, close, bars):
        return above(np.roll(close, -1), close)


class DrawsPeeks(_Peek):
    """Knows the next bar at some rows, others each time."""

    def weight(self, close, bars):
        drawn = np.random.default_rng(time.time_ns()).random(len(close)) < 0.05
        return np.where(drawn, peek(close) + 0.01, trend(close))


class DrawsByLength(_Peek):
    def weight(self, close, bars):
        return np.random.default_rng(len(close)).random(len(close))


class KnowsWhereItEnds(_Peek):
    """Sells at the last ten bars there are."""

    def weight(self, close, bars):
        weight = trend(close)
        weight[-10:] = 0.1
        return weight


class SeesTheNextOpen(_Peek):
    def weight(self, close, bars):
        return above(following(bars.open.astype(float)), close)


class SeesTheNextVolume(_Peek):
    def weight(self, close, bars):
        return np.where(following(bars.volume) > 1_000, 0.0, trend(close))
