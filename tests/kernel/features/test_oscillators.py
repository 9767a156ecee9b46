"""Oscillators against TA-Lib, and where nothing moves."""

import numpy as np
import pytest
import talib

from gpt_trader.kernel.features import oscillators
from tests.kernel.features.walk import Walk

ORACLE = {
    "macd": (
        lambda w, p: oscillators.macd(w.closes, p, 2 * p + 1, p + 2),
        lambda w, p: talib.MACD(w.closes, p, 2 * p + 1, p + 2),
    ),
    "stochastic": (
        lambda w, p: oscillators.stochastic(w.highs, w.lows, w.closes, p, 3, 4),
        lambda w, p: talib.STOCH(w.highs, w.lows, w.closes, p, 3, 0, 4, 0),
    ),
    "fast stochastic": (
        lambda w, p: oscillators.stochastic(w.highs, w.lows, w.closes, p, 1, 3),
        lambda w, p: talib.STOCHF(w.highs, w.lows, w.closes, p, 3, 0),
    ),
    "williams_r": (
        lambda w, p: [oscillators.williams_r(w.highs, w.lows, w.closes, p)],
        lambda w, p: [talib.WILLR(w.highs, w.lows, w.closes, p)],
    ),
    "cci": (
        lambda w, p: [oscillators.cci(w.highs, w.lows, w.closes, p)],
        lambda w, p: [talib.CCI(w.highs, w.lows, w.closes, p)],
    ),
    "aroon": (
        lambda w, p: oscillators.aroon(w.high, w.low, p),
        lambda w, p: talib.AROON(w.highs, w.lows, p),
    ),
}


@pytest.mark.parametrize("name", ORACLE)
@pytest.mark.parametrize("period", [2, 3, 14, 20, 55])
def test_equals_talib(name, period):
    walk = Walk(700, seed=period)
    for got, want in zip(*(side(walk, period) for side in ORACLE[name]), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_aroon_takes_the_newest_of_equal_extremes(seed):
    rng = np.random.default_rng(seed)
    high, low = rng.integers(5, 8, 60), rng.integers(1, 4, 60)
    got = oscillators.aroon(high, low, 6)
    want = talib.AROON(high.astype(float), low.astype(float), 6)
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_where_nothing_moves_they_are_0():
    flat = np.full(80, 123.4)
    assert oscillators.williams_r(flat, flat, flat, 14)[-1] == 0.0
    assert oscillators.cci(flat, flat, flat, 14)[-1] == pytest.approx(0.0, abs=100.0)
    for column in oscillators.stochastic(flat, flat, flat, 14, 3, 3):
        assert column[-1] == 0.0
    for column in oscillators.macd(flat, 12, 26, 9):
        assert column[-1] == pytest.approx(0.0, abs=1e-12)
