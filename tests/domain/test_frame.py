"""A history as a frame: UTC, prices exact, nothing lost."""

import sys
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.frame import prices, sizes
from gpt_trader.domain.product import Product
from gpt_trader.errors import UsageError
from gpt_trader.kernel.slippage import NO_QUOTE

TIME = 1_640_995_200_000 + np.arange(4, dtype=np.int64) * 3_600_000
BTC = Product("BTC-USD", Decimal("0.00000001"), Decimal("0.01"))
TICKS = np.array([4_600_001, 4_600_007, 4_599_999, 4_600_003])
BARS = Bars(
    BTC, 3_600_000, TIME, TICKS, TICKS + 9, TICKS - 9, TICKS + 1, np.arange(4.0), np.zeros(4)
)


def test_a_row_a_bar():
    frame = BARS.to_pandas()
    assert list(frame) == ["open", "high", "low", "close", "volume"]
    assert set(map(str, frame.dtypes)) == {"float64"}
    assert frame["close"].tolist() == [46000.02, 46000.08, 46000.0, 46000.04]
    assert frame.index.name == "time"
    assert frame.index[0] == pd.Timestamp("2022-01-01", tz="UTC")
    assert frame.attrs["product_id"] == "BTC-USD"
    assert frame.attrs["grid"]["price_increment"] == "0.01"
    frame["volume"] = 7.0  # a frame of one's own
    assert BARS.volume.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_funding_and_spreads_where_they_are_known():
    quoted = np.array([NO_QUOTE, 5_000, 0, 12_345])
    frame = replace(BARS, funding_rate=np.full(4, 1e-5), half_spread_e8=quoted).to_pandas()
    assert list(frame)[5:] == ["funding_rate", "half_spread_bps"]
    assert frame["half_spread_bps"].isna().tolist() == [True, False, False, False]
    assert frame["half_spread_bps"].tolist()[1:] == [0.5, 0.0, 1.2345]


def test_polars():
    pl = pytest.importorskip("polars")
    frame = BARS.to_polars()
    assert frame.columns == ["time", "open", "high", "low", "close", "volume"]
    assert frame.schema["time"] == pl.Datetime("ms", "UTC")
    assert frame["close"].to_list() == BARS.to_pandas()["close"].tolist()


def test_without_polars_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(UsageError, match="polars is not installed") as caught:
        BARS.to_polars()
    assert caught.value.hint == "pip install polars"


@given(st.integers(1, 9 * 10**9), st.sampled_from(["0.01", "0.00000001", "0.25", "0.5", "10"]))
def test_a_price_is_the_float_nearest_to_it(ticks, increment):
    product = Product("X-USD", Decimal(increment), Decimal(increment))
    exact = float(ticks * Decimal(increment))
    assert prices(product, np.array([ticks])).tolist() == [exact]
    assert sizes(product, np.array([ticks])).tolist() == [exact]
