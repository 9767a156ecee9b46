"""Places, ticks and thinning."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.backtest.report.scale import DAY_MS, LogScale, Scale, reach, thin, ticks, time_ticks

HOUR = 3_600_000
NEW_YEAR = 1_704_067_200_000  # 2024-01-01


@given(st.integers(1, 3000), st.integers(1, 100), st.integers(0, 2**31))
def test_thinning_keeps_the_ends_and_the_extremes(n, columns, seed):
    values = np.random.default_rng(seed).normal(size=n)
    rows = thin(values, columns)
    assert len(rows) <= max(2 * columns + 2, 1)
    assert {0, n - 1} <= set(rows.tolist())
    assert (np.diff(rows) > 0).all()
    if columns > 2:
        inner = values[n // columns + 1 : n - n // columns - 1]
        if len(inner):
            assert values[rows].max() >= inner.max()
            assert values[rows].min() <= inner.min()


def test_a_spike_of_one_bar_survives():
    values = np.zeros(1_000_000)
    values[654_321] = 5.0
    assert 654_321 in thin(values, 1000)


def test_thinning_passes_over_nan():
    values = np.full(100, np.nan)
    values[57] = 1.0
    assert 57 in thin(values, 10)


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9))
def test_ticks_are_round_and_within(low, width):
    found = ticks(low, low + width)
    slack = 1e-6 * (abs(low) + width)
    assert 1 <= len(found) <= 7 or width < 1e-9 * abs(low)
    assert all(low - slack <= t <= low + width + slack for t in found)


def test_ticks_by_hand():
    assert ticks(0.0, 10.0, 5) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    assert ticks(-0.3, 0.26, 4) == [-0.2, 0.0, 0.2]


@pytest.mark.parametrize(
    "days,labels",
    [
        (366, ["2024", "Mar", "May", "Jul", "Sep", "Nov"]),
        (1, ["1 Jan", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]),
        (30, ["2 Jan", "6 Jan", "10 Jan", "14 Jan", "18 Jan", "22 Jan", "26 Jan", "30 Jan"]),
        (3 * 366, ["2024", "Jul", "2025", "Jul", "2026", "Jul", "2027"]),
    ],
)
def test_time_ticks_stand_on_the_calendar(days, labels):
    found = time_ticks(NEW_YEAR, NEW_YEAR + days * DAY_MS - HOUR)
    assert [label for _, label in found] == labels


@given(st.lists(st.floats(-1e12, 1e12), max_size=20), st.booleans())
def test_a_range_is_never_empty(values, zero):
    low, high = reach(values, zero=zero)
    assert low < high
    if zero:
        assert low <= 0.0 <= high


def test_a_scale_maps_ends_to_ends():
    scale = Scale(10.0, 20.0, 100.0, 0.0)
    assert scale.at(10.0) == 100.0
    assert scale.at(20.0) == 0.0
    assert scale.at(15.0) == 50.0


def test_a_log_scale_gives_equal_ratios_equal_lengths():
    scale = LogScale(1.0, 100.0, 200.0, 0.0)
    assert scale.at(1.0) == 200.0
    assert scale.at(10.0) == pytest.approx(100.0)
    assert scale.at(100.0) == 0.0
    np.testing.assert_allclose(scale(np.array([1.0, 10.0, 100.0])), [200.0, 100.0, 0.0], atol=1e-9)


def test_log_ticks_are_round_and_never_too_few():
    assert LogScale(900.0, 60_000.0, 1.0, 0.0).ticks(5) == [
        1000.0, 2000.0, 5000.0, 10_000.0, 20_000.0, 50_000.0,
    ]  # fmt: skip
    assert LogScale(0.5, 2e6, 1.0, 0.0).ticks(4) == [10.0**k for k in range(7)]
    assert len(LogScale(21.0, 49.0, 1.0, 0.0).ticks(4)) > 1
