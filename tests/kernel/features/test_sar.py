"""Parabolic SAR against TA-Lib."""

import numpy as np
import pytest
import talib

from gpt_trader.kernel.features.sar import parabolic_sar
from tests.kernel.features.walk import Walk


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("step, most", [(0.02, 0.2), (0.1, 0.15), (0.5, 0.4)])
def test_equals_talib(seed, step, most):
    walk = Walk(400, seed=seed)
    got = parabolic_sar(walk.highs, walk.lows, step, most)
    np.testing.assert_allclose(got, talib.SAR(walk.highs, walk.lows, step, most), rtol=1e-12)


def test_begins_short_where_the_low_fell_further():
    high, low = np.array([10.0, 9.8, 9.5]), np.array([9.0, 8.0, 7.5])
    got = parabolic_sar(high, low, 0.02, 0.2)
    np.testing.assert_allclose(got, talib.SAR(high, low, 0.02, 0.2))
    assert got[1] == 10.0
    assert np.isnan(parabolic_sar(high[:1], low[:1], 0.02, 0.2)).all()
