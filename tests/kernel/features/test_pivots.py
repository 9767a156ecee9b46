"""Pivots: known when confirmed, and not before."""

import numpy as np
import pytest

from gpt_trader.kernel.features.pivots import latest, pivot_highs, pivot_lows


def test_a_pivot_is_known_once_the_rows_after_it_are_there():
    high = np.array([1, 2, 5, 3, 4, 2, 6, 1])
    got = pivot_highs(high, 2, 2)
    assert np.flatnonzero(np.isfinite(got)).tolist() == [4]
    assert got[4] == 5.0  # the high of row 2
    assert pivot_lows(-high, 2, 2)[4] == -5.0
    np.testing.assert_array_equal(latest(got), [np.nan] * 4 + [5.0] * 4)


def test_the_first_of_equal_ones_counts():
    got = pivot_highs(np.array([1, 5, 5, 1, 1]), 1, 2)
    assert np.flatnonzero(np.isfinite(got)).tolist() == [3]
    assert np.isnan(pivot_highs(np.full(20, 7.0), 2, 2)).all()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("left, right", [(1, 1), (2, 3), (5, 0), (0, 4)])
def test_equals_the_slow_way(seed, left, right):
    high = np.random.default_rng(seed).integers(0, 9, 80)
    got = pivot_highs(high, left, right)
    for i in range(80):
        at = i - right
        stands = (
            at >= left
            and all(high[at] > high[at - k] for k in range(1, left + 1))
            and all(high[at] >= high[at + k] for k in range(1, right + 1))
        )
        assert (got[i] == high[at]) if stands else np.isnan(got[i])


def test_latest_keeps_nan_before_the_first():
    values = np.array([np.nan, 3.0, np.nan, np.nan, 4.0])
    np.testing.assert_array_equal(latest(values), [np.nan, 3.0, 3.0, 3.0, 4.0])
