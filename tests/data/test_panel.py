import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.data.catalog import product_for
from gpt_trader.data.panel import build_panel
from gpt_trader.domain.bars import Bars
from gpt_trader.errors import DataError

HOUR = 3_600_000


def bars_at(product_id, hours, *, interval_ms=HOUR, shift_ms=0):
    time = np.array(sorted(hours), np.int64) * interval_ms + shift_ms
    close = np.arange(len(time), dtype=np.int64) + 100
    rate = 1e-6 if product_id.endswith("-PERP") else 0.0
    return Bars(
        product_for(product_id),
        interval_ms,
        time,
        close,
        close + 2,
        close - 2,
        close + 1,
        close * 0.5,
        close * rate,
    )


def test_one_product_is_not_copied():
    bars = bars_at("BTC-USD", range(5))
    panel = build_panel([bars])
    assert panel.close.shape == (5, 1)
    assert np.shares_memory(panel.close, bars.close)
    assert np.shares_memory(panel.volume, bars.volume)
    assert panel.time is bars.time
    assert panel.present.all()
    assert panel.row.tolist() == [[0, 1, 2, 3, 4]]


@given(st.lists(st.sets(st.integers(0, 40), min_size=1), min_size=1, max_size=3))
def test_every_bar_is_at_its_time_and_nothing_else(hours):
    ids = ("BTC-USD", "ETH-USD", "BTC-PERP")
    series = [bars_at(i, h) for i, h in zip(ids, hours, strict=False)]
    panel = build_panel(series)
    assert panel.time.tolist() == sorted({t * HOUR for h in hours for t in h})
    columns = ("open", "high", "low", "close", "volume", "funding_rate")
    for name in columns:
        column = getattr(panel, name)
        assert column.shape == (len(panel), len(series))
        assert column.flags.c_contiguous
    assert panel.present.flags.c_contiguous
    for j, bars in enumerate(series):
        for i, time in enumerate(panel.time):
            own = panel.row[j, i]
            assert panel.present[i, j] == (own >= 0) == (time in bars.time)
            for name in columns:
                expected = getattr(bars, name)[own] if own >= 0 else 0
                assert getattr(panel, name)[i, j] == expected
            if own >= 0:
                assert bars.time[own] == time


@pytest.mark.parametrize(
    "series, reason",
    [
        ([], "at least one bar"),
        ([bars_at("BTC-USD", [])], "at least one bar"),
        ([bars_at("BTC-USD", [1]), bars_at("BTC-USD", [1])], "BTC-USD twice"),
        ([bars_at("BTC-USD", [1]), bars_at("ETH-USD", [1], interval_ms=60_000)], "one interval"),
        ([bars_at("BTC-USD", [1]), bars_at("ETH-USD", [1], shift_ms=60_000)], "boundaries"),
    ],
)
def test_bars_that_do_not_fit_together_are_refused(series, reason):
    with pytest.raises(DataError, match=reason):
        build_panel(series)
