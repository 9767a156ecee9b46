"""A grid that takes away what prices do is refused, with the argument that states another."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from gpt_trader import load_bars
from gpt_trader.errors import DataError

N = 400


def cheap(scale: float, moves: float = 0.004) -> pd.DataFrame:
    """Return a coin's hours at prices near `scale`, of as many digits as float64 has."""
    rng = np.random.default_rng(4)
    close = scale * np.exp(np.cumsum(rng.normal(0.0, moves, N)))
    opens = np.r_[close[0], close[:-1]]
    return pd.DataFrame({
        "time": pd.date_range("2024-01-01", periods=N, freq="h", tz="UTC"), "open": opens,
        "high": np.maximum(opens, close) * 1.001, "low": np.minimum(opens, close) * 0.999,
        "close": close, "volume": 1e6,
    })  # fmt: skip


@pytest.mark.parametrize("scale, product_id", [(0.02, "BTC-USD"), (3e-8, "TINY-USD")])
def test_a_grid_on_which_most_moves_are_lost_is_refused(scale: float, product_id: str):
    with pytest.raises(DataError, match=r"increment that .* moves by: once rounded to") as caught:
        load_bars(cheap(scale), product_id=product_id)
    assert 'overrides={"price_increment": "..."}' in caught.value.__notes__[0]


def test_a_finer_grid_that_is_stated_holds_them():
    finer = {"price_increment": "0.000001"}
    bars = load_bars(cheap(0.02), product_id="BTC-USD", overrides=finer).bars
    assert len(np.unique(bars.close)) > 0.9 * N


def test_a_coarse_grid_that_is_stated_is_meant():
    coarse = {"price_increment": "0.01"}
    loaded = load_bars(cheap(0.02), product_id="BTC-USD", overrides=coarse)
    assert len(np.unique(loaded.bars.close)) < 5
    assert loaded.report.off_grid > N


def test_a_coin_of_many_digits_has_the_finest_grid():
    loaded = load_bars(cheap(0.00001234), product_id="SHIB-USD")
    assert loaded.bars.product.price_increment == Decimal("0.00000001")
    assert len(np.unique(loaded.bars.close)) > 100


@pytest.mark.parametrize("product_id", ["USDT-USD", "BTC-USD"])
def test_a_price_that_stands_still_but_for_errors_of_float32_is_none_of_them(product_id: str):
    still = cheap(1.0, moves=0.0)
    noise = 1.0 + np.random.default_rng(1).normal(0.0, 5e-8, N)
    still[["open", "high", "low", "close"]] = np.repeat(noise[:, None], 4, axis=1)
    assert set(load_bars(still, product_id=product_id).bars.close.tolist()) in ({100}, {100_000})
