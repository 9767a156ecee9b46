"""Keltner, Supertrend, Ichimoku: against TA-Lib's parts and against plain Python."""

import numpy as np
import pytest
import talib

from gpt_trader.kernel.features import bands
from tests.kernel.features.walk import Walk


def test_keltner_is_an_ema_and_true_ranges():
    walk = Walk(300, seed=1)
    lower, middle, upper = bands.keltner(walk.highs, walk.lows, walk.closes, 20, 10, 2.0)
    reach = 2 * talib.ATR(walk.highs, walk.lows, walk.closes, 10)
    mean = talib.EMA(walk.closes, 20)
    np.testing.assert_allclose(middle, mean, rtol=1e-12)
    np.testing.assert_allclose(lower, mean - reach, rtol=1e-12)
    np.testing.assert_allclose(upper, mean + reach, rtol=1e-12)


def slow_supertrend(walk, period, factor):
    """The rules as TradingView states them, over TA-Lib's true ranges."""
    reach = factor * talib.ATR(walk.highs, walk.lows, walk.closes, period)
    out, lower, upper, before = [(np.nan, np.nan)] * period, [], [], None
    for i in range(period, len(walk.closes)):
        middle = (walk.highs[i] + walk.lows[i]) / 2
        low, up = middle - reach[i], middle + reach[i]
        if lower:
            was = walk.closes[i - 1]
            low = low if low > lower[-1] or was < lower[-1] else lower[-1]
            up = up if up < upper[-1] or was > upper[-1] else upper[-1]
        if before is None or before == upper[-1]:
            direction = 1 if walk.closes[i] > up else -1
        else:
            direction = -1 if walk.closes[i] < low else 1
        lower.append(low)
        upper.append(up)
        before = low if direction > 0 else up
        out.append((before, direction))
    return np.array(out).T


@pytest.mark.parametrize("period, factor", [(2, 1.0), (10, 3.0), (14, 0.5)])
def test_supertrend_follows_the_rules(period, factor):
    walk = Walk(500, seed=period)
    got = bands.supertrend(walk.highs, walk.lows, walk.closes, period, factor)
    line, direction = slow_supertrend(walk, period, factor)
    np.testing.assert_allclose(got[0], line, rtol=1e-12)
    np.testing.assert_array_equal(got[1], direction)
    assert {-1.0, 1.0} <= set(got[1].tolist())


def test_ichimoku_shows_a_cloud_of_the_past():
    walk = Walk(200, seed=3)
    fast, slow, lead_a, lead_b = bands.ichimoku(walk.highs, walk.lows, 9, 26, 52)

    def middle(i, rows):
        part = slice(i - rows + 1, i + 1)
        return (walk.highs[part].max() + walk.lows[part].min()) / 2

    for i in (80, 150, 199):
        assert fast[i] == middle(i, 9)
        assert slow[i] == middle(i, 26)
        assert lead_a[i] == (middle(i - 26, 9) + middle(i - 26, 26)) / 2
        assert lead_b[i] == middle(i - 26, 52)
    firsts = [int(np.isfinite(column).argmax()) for column in (fast, slow, lead_a, lead_b)]
    assert firsts == [8, 25, 51, 77]
