"""What is wrong with bars is counted, and its first time is named."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.data.checks.quality import STALE_BARS, inspect
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.product import Product

HOUR = 3_600_000
BTC = Product("BTC-USD", Decimal("0.01"), Decimal("0.01"))


def series(n=400, seed=3):
    rng = np.random.default_rng(seed)
    close = 1_000_000 + np.cumsum(rng.integers(-900, 901, n))
    time = np.arange(n, dtype=np.int64) * HOUR
    return Bars(BTC, HOUR, time, close, close + 50, close - 50, close, np.ones(n), np.zeros(n))


def with_close(bars, rows, value):
    close = bars.close.copy()
    close[rows] = value
    return replace(bars, open=close, high=close + 50, low=close - 50, close=close)


def test_clean_bars_have_nothing_wrong():
    found = inspect(series())
    assert (found.product, found.bars, found.gaps, found.missing_bars) == ("BTC-USD", 400, 0, 0)
    assert (found.bad_prints, found.first_bad_print_ms) == (0, None)
    assert (found.stale_bars, found.first_stale_ms, found.zero_volume) == (0, None, 0)


def test_a_print_out_of_line_with_both_neighbors_is_bad():
    bars = series()
    found = inspect(with_close(bars, 123, int(bars.close[122] * 1.2)))
    assert (found.bad_prints, found.first_bad_print_ms) == (1, 123 * HOUR)


def test_a_crash_that_stays_is_no_bad_print():
    bars = series()
    close = bars.close.copy()
    close[200:] //= 2
    assert inspect(replace(bars, close=close, low=close - 50)).bad_prints == 0


def test_bars_that_do_not_move_are_stale_from_a_run_of_some_length():
    bars = series()
    for still, counted in ((STALE_BARS, STALE_BARS), (STALE_BARS - 1, 0)):
        rows = slice(50, 51 + still)  # the first of them still moved
        close = bars.close.copy()
        close[rows] = close[50]
        high, low = close + 50, close - 50
        high[rows] = low[rows] = close[50]
        found = inspect(replace(bars, open=close, high=high, low=low, close=close))
        assert found.stale_bars == counted
        assert found.first_stale_ms == (51 * HOUR if counted else None)


def test_gaps_and_bars_without_trades_are_counted():
    bars = series()
    volume = bars.volume.copy()
    volume[[3, 7]] = 0.0
    time = bars.time.copy()
    time[100:] += 5 * HOUR
    found = inspect(replace(bars, time=time, volume=volume))
    assert (found.gaps, found.missing_bars, found.zero_volume) == (1, 5, 2)


@given(st.integers(1, 60), st.integers(0, 99))
def test_any_length_is_looked_through(n, seed):
    found = inspect(series(n, seed))
    assert found.bars == n
    assert found.bad_prints <= n
