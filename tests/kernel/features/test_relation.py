"""Scores, betas and correlations, against TA-Lib and NumPy."""

import numpy as np
import pytest
import talib

from gpt_trader.kernel.features.relation import rolling_beta, rolling_correlation, zscore
from tests.kernel.features.walk import Walk


@pytest.mark.parametrize("period", [2, 5, 30])
def test_equal_talib(period):
    walk = Walk(300, seed=period)
    np.testing.assert_allclose(
        rolling_beta(walk.closes, walk.other, period),
        talib.BETA(walk.other, walk.closes, period), rtol=1e-6, atol=1e-9,
    )  # fmt: skip
    np.testing.assert_allclose(
        rolling_correlation(walk.closes - 1e5, walk.other - 5e4, period),
        talib.CORREL(walk.closes - 1e5, walk.other - 5e4, period), rtol=1e-6, atol=1e-6,
    )  # fmt: skip


def test_zscore_is_away_from_the_mean_in_deviations():
    values = Walk(60, seed=1).closes
    got = zscore(values, 10)
    for i in (9, 30, 59):
        part = values[i - 9 : i + 1]
        assert got[i] == pytest.approx((values[i] - part.mean()) / part.std())
    assert np.isnan(got[:9]).all()


def test_beta_and_correlation_by_numpy():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=40), rng.normal(size=40)
    assert rolling_correlation(a, b, 40)[-1] == pytest.approx(np.corrcoef(a, b)[0, 1])
    market = 100.0 * np.cumprod(1.0 + 0.01 * a)
    own = 50.0 * np.cumprod(1.0 + 0.02 * a)
    assert rolling_beta(own, market, 20)[-1] == pytest.approx(2.0)
    assert rolling_correlation(a, -3.0 * a, 20)[-1] == pytest.approx(-1.0)


@pytest.mark.parametrize("level", [0.1, 1e-9, 12_345.678])
def test_what_does_not_vary_is_0(level):
    flat, moving = np.full(30, level), np.arange(1.0, 31.0)
    assert zscore(flat, 7)[-1] == 0.0
    assert rolling_correlation(flat, moving, 7)[-1] == 0.0
    assert rolling_beta(moving, flat, 7)[-1] == 0.0


def test_nan_in_a_window_has_no_value():
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 7.0])
    assert np.isnan(zscore(values, 2)).tolist() == [True, False, True, True, False, False]
    found = rolling_correlation(values, np.arange(6.0), 2)
    assert np.isnan(found).tolist() == [True, False, True, True, False, False]
