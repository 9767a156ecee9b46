"""Features against TA-Lib, against plain Python, and at the edges."""

from fractions import Fraction

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.kernel.features import averages as features
from gpt_trader.kernel.features import wilder as features_wilder
from gpt_trader.kernel.features import window as features_window
from tests.kernel.features.walk import Walk

# The first closes of TA-Lib's own regression test (TA_SREF_close_daily_ref_0).
TA_CLOSE = np.array([
    91.500, 94.815, 94.375, 95.095, 93.780, 94.625, 92.530, 92.750, 90.315, 92.470, 96.125, 97.250,
    98.500, 89.875, 91.000, 92.815, 89.155, 89.345, 91.625, 89.875, 88.375, 87.625, 84.780, 83.000,
])  # fmt: skip


# name: (ours, TA-Lib's) as functions of a walk and a period
ORACLE = {
    "sma": (lambda w, p: features.sma(w.close, p), lambda w, p: talib.SMA(w.closes, p)),
    "ema": (lambda w, p: features.ema(w.closes, p), lambda w, p: talib.EMA(w.closes, p)),
    "rocp": (
        lambda w, p: features.rate_of_change(w.closes, p),
        lambda w, p: talib.ROCP(w.closes, p),
    ),
    "mom_sign": (
        lambda w, p: features.change_sign(w.close, p),
        lambda w, p: np.sign(talib.MOM(w.closes, p)),
    ),
    "rsi": (lambda w, p: features_wilder.rsi(w.closes, p), lambda w, p: talib.RSI(w.closes, p)),
    "atr": (
        lambda w, p: features_wilder.atr(w.highs, w.lows, w.closes, p),
        lambda w, p: talib.ATR(w.highs, w.lows, w.closes, p),
    ),
    "adx": (
        lambda w, p: features_wilder.adx(w.highs, w.lows, w.closes, p),
        lambda w, p: talib.ADX(w.highs, w.lows, w.closes, p),
    ),
    "std": (
        lambda w, p: features_window.rolling_std(w.closes - 100_000, p),
        lambda w, p: talib.STDDEV(w.closes - 100_000, p),
    ),
    "lower band": (
        lambda w, p: features_window.bollinger(w.close, p, 2.0)[0],
        lambda w, p: talib.BBANDS(w.closes, p, 2.0, 2.0)[2],
    ),
    "upper band": (
        lambda w, p: features_window.bollinger(w.close, p, 2.0)[2],
        lambda w, p: talib.BBANDS(w.closes, p, 2.0, 2.0)[0],
    ),
    "highest": (
        lambda w, p: features_window.highest(w.high, p),
        lambda w, p: talib.MAX(w.highs, p),
    ),
    "lowest": (lambda w, p: features_window.lowest(w.low, p), lambda w, p: talib.MIN(w.lows, p)),
}


@pytest.mark.parametrize("name", ORACLE)
@pytest.mark.parametrize("period", [2, 3, 14, 20, 55])
def test_feature_equals_talib(name, period):
    ours, theirs = ORACLE[name]
    walk = Walk(700, seed=period)
    got, want = ours(walk, period), theirs(walk, period)
    assert np.array_equal(np.isnan(got), np.isnan(want))  # the first valid row is TA-Lib's
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ORACLE)
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_feature_of_few_rows_has_as_many_rows_and_no_value(name, n):
    ours, _ = ORACLE[name]
    got = ours(Walk(n, seed=1), 14)
    assert got.shape == (n,)
    assert np.isnan(got).all()


def test_ema_equals_the_published_example():
    got = features.ema(np.arange(10.0), 3)
    np.testing.assert_array_equal(got, [np.nan, np.nan, 1, 2, 3, 4, 5, 6, 7, 8])


def test_rsi_equals_talibs_own_regression_values():
    got = features_wilder.rsi(TA_CLOSE, 14)
    np.testing.assert_allclose(got[14:17], [49.14, 52.32, 46.07], atol=0.01)


def test_ema_takes_up_after_nan_with_a_new_seed():
    values = np.array([np.nan, 1.0, 2.0, 3.0, np.nan, 10.0, 20.0, 40.0])
    got = features.ema(values, 2)
    want = [np.nan, np.nan, 1.5, 2.5, np.nan, np.nan, 15.0, 15.0 + 25.0 * 2 / 3]
    np.testing.assert_allclose(got, want)


def test_rsi_takes_up_after_nan_with_a_new_seed():
    close = np.concatenate([TA_CLOSE, [np.nan], TA_CLOSE])
    got = features_wilder.rsi(close, 14)
    n = len(TA_CLOSE)
    assert np.isnan(got[n])
    np.testing.assert_array_equal(got[n + 1 :], got[:n])


def test_rolling_std_has_no_value_while_its_window_holds_nan():
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 5.0])
    got = features_window.rolling_std(values, 2)
    np.testing.assert_array_equal(got, [np.nan, 0.5, np.nan, np.nan, 0.5, 0.0])


@given(
    st.lists(st.integers(1, 9_000_000_000), min_size=1, max_size=40),
    st.integers(1, 12),
    st.integers(1, 12),
)
def test_cross_state_is_the_exact_sign(ticks, fast, slow):
    got = features.sma_cross_state(np.array(ticks, np.int64), fast, slow)
    for i in range(len(ticks)):
        if i + 1 < max(fast, slow):
            assert np.isnan(got[i])
            continue
        gap = Fraction(sum(ticks[i + 1 - fast : i + 1]), fast) - Fraction(
            sum(ticks[i + 1 - slow : i + 1]), slow
        )
        assert got[i] == (gap > 0) - (gap < 0)


def test_cross_state_decides_a_tie_that_floats_miss():
    total = 0.0
    for price in (0.3, 0.2, 0.1, 0.1, 0.2, 0.3):
        total += price
    assert total / 6 != (0.1 + 0.2 + 0.3) / 3
    state = features.sma_cross_state(np.array([3, 2, 1, 1, 2, 3, 4], np.int64), 3, 6)
    assert state[5:].tolist() == [0.0, 1.0]


@given(st.lists(st.integers(-5, 5), max_size=40), st.integers(1, 12))
def test_highest_and_lowest_equal_the_slow_way(ticks, period):
    column = np.array(ticks, np.int64)
    top = features_window.highest(column, period)
    floor = features_window.lowest(column, period)
    for i in range(len(ticks)):
        window = ticks[max(i + 1 - period, 0) : i + 1]
        if len(window) < period:
            assert np.isnan(top[i])
            assert np.isnan(floor[i])
        else:
            assert (top[i], floor[i]) == (max(window), min(window))


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 12))
def test_since_counts_bars_up_to_its_limit(flags, limit):
    got = features_window.since(np.array(flags, np.bool_), limit)
    for i in range(len(flags)):
        ages = [age for age in range(limit) if age <= i and flags[i - age]]
        assert got[i] == (ages[0] if ages else limit)


@pytest.mark.parametrize("n", [300, 600])
@pytest.mark.parametrize("period", [2, 20, 300])
def test_windowed_features_have_no_memory(n, period):
    walk = Walk(n, seed=3)
    for whole, tail in (
        (features.sma(walk.close, period), features.sma(walk.close[-period:], period)),
        (
            features_window.rolling_std(walk.closes, period),
            features_window.rolling_std(walk.closes[-period:], period),
        ),
        (
            features_window.bollinger(walk.close, period, 2.0)[0],
            features_window.bollinger(walk.close[-period:], period, 2.0)[0],
        ),
    ):
        assert whole[-1] == tail[-1]


def test_flat_prices_have_no_deviation_and_no_movement():
    flat = np.full(200, 12_345_678_901, np.int64)
    lower, middle, upper = features_window.bollinger(flat, 20, 2.0)
    assert lower[-1] == middle[-1] == upper[-1] == 12_345_678_901
    prices = flat.astype(np.float64)
    assert features_wilder.rsi(prices, 14)[-1] == 0.0  # as TA-Lib
    assert features_wilder.atr(prices, prices, prices, 14)[-1] == 0.0
    assert features_wilder.adx(prices, prices, prices, 14)[-1] == 0.0
    assert features.ewm_volatility(prices, 10)[-1] == 0.0
    assert features_window.rolling_volatility(prices, 10)[-1] == 0.0


def test_adx_keeps_its_value_while_nothing_moves():
    walk = Walk(60, seed=8)
    n = 400  # long enough for the ranges to shrink below TA-Lib's zero
    high, low, close = (
        np.concatenate([part, np.full(n, part[-1])])
        for part in (walk.closes + 3, walk.closes + 3, walk.closes + 3)
    )
    got = features_wilder.adx(high, low, close, 2)
    want = talib.ADX(high, low, close, 2)
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)
    assert got[-1] == got[-2]


def test_adx_is_zero_without_a_directional_move():
    n = 40  # every bar reaches equally far: a range, and no direction
    high, low, close = np.full(n, 12.0), np.full(n, 8.0), np.full(n, 10.0)
    got = features_wilder.adx(high, low, close, 5)
    np.testing.assert_array_equal(got, talib.ADX(high, low, close, 5))
    assert got[-1] == 0.0


def test_returns_are_from_close_to_close():
    prices = np.array([100.0, 110.0, 99.0])
    np.testing.assert_allclose(features.simple_returns(prices), [np.nan, 0.1, -0.1])
    np.testing.assert_allclose(features.log_returns(prices), [np.nan, np.log(1.1), np.log(0.9)])
    np.testing.assert_array_equal(features.ago(prices, 2), [np.nan, np.nan, 100.0])


def test_volatilities_equal_the_slow_way():
    prices = Walk(80, seed=5).closes
    returns = prices[1:] / prices[:-1] - 1
    rolling = features_window.rolling_volatility(prices, 10)
    np.testing.assert_allclose(rolling[-1], returns[-10:].std(), rtol=1e-12)
    assert np.isnan(rolling[:10]).all()
    variance = (returns[:10] ** 2).mean()
    for square in returns[10:] ** 2:
        variance += 2 / 11 * (square - variance)
    weighted = features.ewm_volatility(prices, 10)
    np.testing.assert_allclose(weighted[-1], np.sqrt(variance), rtol=1e-12)
    assert np.isnan(weighted[:10]).all()


def test_volatility_weight_is_target_over_volatility_up_to_the_cap():
    got = features.volatility_weight(np.array([np.nan, 0.0, 0.1, 0.4, 0.8]), 0.4, 1.0)
    np.testing.assert_allclose(got, [np.nan, 1.0, 1.0, 1.0, 0.5])


def test_settle_rounds_to_the_grid_and_keeps_nan():
    got = features.settle(np.array([np.nan, 0.3, -0.3, 7.0 + 1e-9]), 4.0)
    np.testing.assert_array_equal(got, [np.nan, 0.25, -0.25, 7.0])
