"""Longer bars from finer ones, computed by hand."""

import numpy as np
import pytest

from gpt_trader.data.resample import check_detail, resample
from gpt_trader.domain.bars import Bar, bars_from_rows
from gpt_trader.errors import DataError, UsageError
from tests.engine_helpers import COIN, HOUR

DAY = 24 * HOUR


def hours(*at, quotes=(-1,)):
    rows = [
        Bar("COIN-USD", t * HOUR, 100 + t, 110 + t, 90 + t, 105 + t, 1.0 + t, 0.001,
            quotes[i % len(quotes)])
        for i, t in enumerate(at)
    ]  # fmt: skip
    return bars_from_rows(COIN, HOUR, rows)


def test_a_longer_bar_has_the_exact_prices_and_the_sums():
    bars = resample(hours(0, 1, 2, 3, 4, 5, 6, 7, quotes=(10, 20, 30, -1, 50)), 4 * HOUR)
    assert [bars.bar(i) for i in range(len(bars))] == [
        Bar("COIN-USD", 0, 100, 113, 90, 108, 10.0, 0.004, -1),
        Bar("COIN-USD", 4 * HOUR, 104, 117, 94, 112, 26.0, 0.004, 30),
    ]
    assert bars.interval_ms == 4 * HOUR


def test_bars_that_the_data_does_not_cover_are_left_out_and_gaps_are_not():
    bars = resample(hours(2, 3, 4, 6, 7, 8, 9), 4 * HOUR)
    assert bars.time.tolist() == [4 * HOUR]
    assert (bars.volume.tolist(), bars.low.tolist()) == ([5.0 + 7.0 + 8.0], [94])
    with pytest.raises(DataError, match="no whole bar"):
        resample(hours(1, 2, 3), 4 * HOUR)


@pytest.mark.parametrize("interval_ms", [HOUR, HOUR // 2, 3 * HOUR // 2])
def test_an_interval_is_a_longer_multiple(interval_ms):
    with pytest.raises(UsageError, match="longer than its detail"):
        resample(hours(0, 1, 2), interval_ms)


def test_detail_adds_up_to_its_bars():
    fine = hours(*range(12))
    bars = resample(fine, 4 * HOUR)
    check_detail([bars], ())
    check_detail([bars], [fine])
    check_detail([bars[1:2]], [fine])
    other = bars_from_rows(COIN, 4 * HOUR, [bars.bar(0)._replace(high=200)])
    with pytest.raises(DataError, match="does not add up to its bars: high"):
        check_detail([other], [fine])
    with pytest.raises(DataError, match="same products"):
        check_detail([bars], [fine, fine])
    assert np.array_equal(bars.quotes, [-1, -1, -1])
