"""Price and volume: against TA-Lib, and VWAP by hand."""

import numpy as np
import pytest
import talib

from gpt_trader.kernel.features import volume
from tests.kernel.features.walk import HOUR, Walk

DAY = 24 * HOUR


def test_obv_equals_talib():
    walk = Walk(400, seed=1)
    np.testing.assert_allclose(
        volume.obv(walk.close, walk.volume), talib.OBV(walk.closes, walk.volume), rtol=1e-12
    )
    same = volume.obv(np.array([5, 5, 6, 4]), np.array([1.0, 2.0, 4.0, 8.0]))
    assert same.tolist() == [1.0, 1.0, 5.0, -3.0]


@pytest.mark.parametrize("period", [2, 3, 14, 55])
def test_mfi_equals_talib(period):
    walk = Walk(400, seed=period)
    columns = (walk.highs, walk.lows, walk.closes, walk.volume)
    np.testing.assert_allclose(
        volume.mfi(*columns, period), talib.MFI(*columns, period), rtol=1e-9, atol=1e-9
    )


def test_mfi_of_little_flow_is_no_other():
    walk = Walk(60, seed=2)
    whole = volume.mfi(walk.highs, walk.lows, walk.closes, walk.volume, 5)
    small = volume.mfi(walk.highs, walk.lows, walk.closes, walk.volume * 2.0**-40, 5)
    np.testing.assert_array_equal(whole, small)
    assert volume.mfi(walk.highs, walk.lows, walk.closes, walk.volume * 0.0, 5)[-1] == 0.0


def test_vwap_by_hand():
    price = np.array([10.0, 20.0, 30.0, 50.0, 70.0])
    traded = np.array([1.0, 1.0, 2.0, 0.0, 4.0])
    anchors = np.array([False, True, False, True, False])
    got = volume.vwap_anchored(price, price, price, traded, anchors)
    np.testing.assert_allclose(got, [np.nan, 20.0, 80 / 3, np.nan, 70.0])
    mixed = volume.vwap_anchored(price + 1, price - 3, price + 2, traded, anchors)
    np.testing.assert_allclose(mixed, got)  # the mean of the three is the price


def test_a_session_begins_at_midnight_and_a_part_of_one_has_none():
    walk = Walk(60, seed=4)
    time = 20 * HOUR + np.arange(60) * HOUR  # four hours of a day, two whole ones, and some
    got = volume.vwap_session(walk.highs, walk.lows, walk.closes, walk.volume, time, DAY)
    assert np.isnan(got[:4]).all()
    typical = (walk.highs + walk.lows + walk.closes) / 3
    for begin, end in ((4, 28), (28, 52), (52, 60)):
        last = slice(begin, end)
        expected = (typical[last] * walk.volume[last]).sum() / walk.volume[last].sum()
        assert got[end - 1] == pytest.approx(expected)
    whole = volume.vwap_session(
        walk.highs, walk.lows, walk.closes, walk.volume, time + 4 * HOUR, DAY
    )
    assert np.isfinite(whole[5])


def test_starts_of_sessions():
    time = np.array([0, HOUR, DAY + HOUR, DAY + 2 * HOUR, 3 * DAY])
    assert volume.session_starts(time, DAY).tolist() == [True, False, True, False, True]
