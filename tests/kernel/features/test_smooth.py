"""Moving averages with less lag, against TA-Lib and against sums by hand."""

from math import isqrt

import numpy as np
import pytest
import talib

from gpt_trader.kernel.features import smooth
from tests.kernel.features.walk import Walk

ORACLE = {
    "wma": (smooth.wma, talib.WMA),
    "dema": (smooth.dema, talib.DEMA),
    "tema": (smooth.tema, talib.TEMA),
}


@pytest.mark.parametrize("name", ORACLE)
@pytest.mark.parametrize("period", [2, 3, 14, 20, 55])
def test_equals_talib(name, period):
    ours, theirs = ORACLE[name]
    closes = Walk(700, seed=period).closes
    np.testing.assert_allclose(ours(closes, period), theirs(closes, period), rtol=1e-9)


def test_wma_of_ticks_is_that_of_floats():
    walk = Walk(50, seed=2)
    assert smooth.wma(walk.close, 7).tobytes() == smooth.wma(walk.closes, 7).tobytes()
    assert smooth.wma(np.array([1, 2, 6]), 3)[-1] == pytest.approx((6 * 3 + 2 * 2 + 1) / 6)


@pytest.mark.parametrize("period", [2, 9, 16, 55])
def test_hma_is_made_of_three_weighted_averages(period):
    closes = Walk(300, seed=period).closes
    raw = 2 * smooth.wma(closes, period // 2) - talib.WMA(closes, period)
    last = isqrt(period)
    weights = np.arange(1, last + 1)
    got = smooth.hma(closes, period)
    for i in (period + last - 2, 150, 299):
        assert got[i] == pytest.approx(raw[i - last + 1 : i + 1] @ weights / weights.sum())
    assert np.isnan(got[: period + last - 2]).all()
    assert np.isfinite(got[period + last - 2 :]).all()


def test_hma_of_a_line_lags_less_than_a_bar():
    line = np.arange(100.0)
    got = smooth.hma(line, 16)
    assert got[-1] == pytest.approx(99.0 - 2 / 3)  # ahead by 1/3, then 1 behind
    assert smooth.wma(line, 16)[-1] == pytest.approx(94.0)
