"""Longer timeframes against a plain resampler and pandas, and their causality."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader import backtest
from gpt_trader.domain.bars import Bar, bars_from_rows
from gpt_trader.domain.coarsen import coarsen, coarser, spread, visible, window
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import UsageError
from gpt_trader.kernel.features.averages import sma
from tests.engine_helpers import COIN

MINUTE = 60_000
RATIO = 4


@st.composite
def series(draw, least=1, most=60):
    """Bars of a minute at random minutes of an hour or so, prices and volumes whole numbers."""
    first = draw(st.integers(0, 9))
    gaps = draw(st.lists(st.sampled_from([1, 1, 1, 2, 6]), min_size=least, max_size=most))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    rows = []
    for minute in first + np.cumsum(gaps):
        low, opened, close, high = sorted(rng.integers(50, 150, 4).tolist())
        volume = float(rng.integers(0, 9))
        rows.append(Bar("COIN-USD", int(minute) * MINUTE, opened, high, low, close, volume))
    return bars_from_rows(COIN, MINUTE, rows)


def bars_at(*minutes):
    rows = [Bar("COIN-USD", t * MINUTE, 100, 101, 99, 100, 1.0) for t in minutes]
    return bars_from_rows(COIN, MINUTE, rows)


def same(one, other):
    columns = ("time", "open", "high", "low", "close", "volume", "funding_rate", "quotes")
    assert len(one) == len(other)
    assert [c for c in columns if getattr(one, c).tolist() != getattr(other, c).tolist()] == []


@given(series())
def test_bars_are_those_of_a_plain_resampler(fine):
    length = RATIO * MINUTE
    groups = {}
    for i in range(len(fine)):
        groups.setdefault(fine.time.item(i) // length * length, []).append(fine.bar(i))
    end = fine.time.item(-1) + MINUTE
    whole = {t: g for t, g in groups.items() if t >= fine.time[0] and t + length <= end}
    found = coarsen(fine, length)
    expected = [
        Bar("COIN-USD", t, g[0].open, max(b.high for b in g), min(b.low for b in g),
            g[-1].close, sum(b.volume for b in g))
        for t, g in whole.items()
    ]  # fmt: skip
    assert [found.bars.bar(i) for i in range(len(found.bars))] == expected
    assert found.short_bars == sum(len(g) < RATIO for g in whole.values())
    assert found.partial_first == (fine.time[0] % length != 0)
    last = max(groups)
    forms = last + length > end and last >= fine.time[0] // length * length + found.partial_first
    if forms:
        assert found.forming.close == groups[last][-1].close
        assert found.forming.open_ms == last


@given(series(least=20))
def test_bars_are_those_of_pandas(fine):
    table = pd.DataFrame(
        {"open": fine.open, "high": fine.high, "low": fine.low, "close": fine.close,
         "volume": fine.volume},
        index=pd.to_datetime(fine.time, unit="ms", utc=True),
    )  # fmt: skip
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    expected = table.resample(f"{RATIO}min").agg(rules).dropna()
    found = coarsen(fine, RATIO * MINUTE).bars
    mine = pd.to_datetime(found.time, unit="ms", utc=True)
    for name in rules:
        assert getattr(found, name).tolist() == expected.loc[mine, name].tolist()


@given(series())
def test_two_steps_are_one_where_the_first_step_is_whole(fine):
    half, length = coarsen(fine, 2 * MINUTE), RATIO * MINUTE
    if len(half.bars) and not half.partial_first and half.forming is None:
        same(coarsen(half.bars, length).bars, coarsen(fine, length).bars)


@given(series(), st.integers(1, 60))
def test_what_comes_later_never_changes_a_row(fine, cut):
    (long, at), part = coarser(fine, RATIO * MINUTE), coarser(fine[:cut], RATIO * MINUTE)
    assert part.at.tolist() == at[:cut].tolist()
    same(part.bars, long[: len(part.bars)])
    seen = at >= 0
    assert (long.time[at[seen]] + long.interval_ms <= fine.time[seen] + MINUTE).all()
    later = np.append(long.time + long.interval_ms, 2**62)[at + 1]
    assert (later > fine.time + MINUTE).all()


@given(series(least=16), st.integers(1, 3))
def test_a_trailing_window_ends_in_the_same_longer_bars(fine, wanted):
    for end in range(1, len(fine) + 1):
        begin = max(end - window(MINUTE, RATIO * MINUTE, wanted), 0)
        long = coarser(fine[:end], RATIO * MINUTE).bars
        short = coarser(fine[begin:end], RATIO * MINUTE).bars
        kept = min(wanted, len(long))
        same(short[len(short) - kept :], long[len(long) - kept :])


def test_a_window_one_bar_shorter_is_too_short():
    fine, n = bars_at(*range(11)), window(MINUTE, RATIO * MINUTE, 1)
    assert n == 7
    assert len(coarsen(fine[11 - n :], RATIO * MINUTE).bars) == 1
    assert len(coarsen(fine[12 - n :], RATIO * MINUTE).bars) == 0


def test_a_longer_bar_shows_at_its_close_and_its_values_with_it():
    fine = bars_at(*range(1, 13))
    found = coarser(fine, RATIO * MINUTE)
    assert found.at.tolist() == [-1] * 6 + [0] * 4 + [1] + [1]
    assert visible(fine, found.bars).dtype == np.int64
    assert np.isnan(spread(np.array([5.0, 6.0]), found.at)[:6]).all()
    assert spread(np.array([5.0, 6.0]), found.at)[6:].tolist() == [5.0] * 4 + [6.0] * 2


def test_no_bars_and_too_few_make_none():
    for fine in (bars_at(1, 2)[:0], bars_at(1, 2), bars_at(1, 2, 4)):
        found = coarser(fine, RATIO * MINUTE)
        assert (len(found.bars), found.at.tolist()) == (0, [-1] * len(fine))


@pytest.mark.parametrize("interval_ms", [MINUTE, MINUTE // 2, 3 * MINUTE // 2])
def test_an_interval_is_a_longer_multiple(interval_ms):
    with pytest.raises(UsageError, match="longer than its detail"):
        coarser(bars_at(1, 2, 3), interval_ms)


@dataclass(frozen=True)
class AboveTheHour:
    """In while the close is above the mean close of the last hours."""

    name: ClassVar[str] = "above_the_hour"
    hours: int = 3

    @property
    def min_bars(self):
        return window(15 * MINUTE, 60 * MINUTE, self.hours)

    warmup = min_bars

    def targets(self, bars):
        hour = coarser(bars, 60 * MINUTE)
        mean = spread(sma(hour.bars.close, self.hours), hour.at)
        return Targets(np.where(np.isnan(mean), np.nan, np.where(bars.close > mean, 1.0, 0.0)))


def test_a_strategy_of_two_timeframes_passes_the_checks():
    closes = 10_000 + np.cumsum(np.random.default_rng(3).integers(-40, 41, 600))
    rows = [
        Bar("COIN-USD", i * 15 * MINUTE, c, c + 9, c - 9, c, 5.0)
        for i, c in enumerate(closes.tolist())
    ]
    result = backtest(bars_from_rows(COIN, 15 * MINUTE, rows), AboveTheHour())
    assert result.checks.lookahead_ok
    assert result.checks.warmup_ok
    assert len(result.fills) > 5
