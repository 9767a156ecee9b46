"""The engines' trades equal those of a plain bar-by-bar loop that shares no code with them."""

import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.data.files.bar_files import load_bars
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel, order_style
from gpt_trader.domain.product import Product
from gpt_trader.strategy.sma_cross import SmaCross
from tests.examples import examples
from tests.reference import naive
from tests.uncounted import backtest

HOUR = 3_600_000
UNITS = Product("UNIT-USD", Decimal(1), Decimal("0.01"), Decimal(1))
SPEC = {"base_increment": "1", "base_min_size": "1", "price_increment": "0.01"}
FOLDER = Path(os.environ.get("GPT_TRADER_TEST_DATA", "../shared/data"))
FILES = {
    "BTC-USD": "BTC-USD_1d_2014-12_2018-08.csv",
    "ETH-USD": "ETH-USD_1m_sample_days.csv.gz",
    "BTC-PERP": "BTC-PERP_1m_2022-01.csv.gz",
}


def check(bars: Bars, engine: str, *, cash: int, taker_bps: int, adverse_bps: int) -> int:
    """Compare a run with the reference; return the number of trades."""
    fills, equity = naive.simulate(
        bars.open.tolist(), bars.close.tolist(),
        Decimal(cash), Decimal(taker_bps), Decimal(adverse_bps),
    )  # fmt: skip
    result = backtest(
        bars,
        SmaCross(fast=naive.FAST, slow=naive.SLOW),
        costs=CostModel(taker_bps=taker_bps, spread_bps=adverse_bps, slippage_bps=0),
        risk=None,
        style=order_style("taker"),
        cash=cash,
        engine=engine,
        self_check=False,
    )
    got = result.fills
    assert got["bar"].tolist() == [f.bar for f in fills]
    assert got["side"].tolist() == [f.side for f in fills]
    assert got["lots"].tolist() == [f.units for f in fills]
    assert got["ticks"].tolist() == [int(f.price / naive.TICK) for f in fills]
    assert got["fee"].tolist() == [int(f.fee / naive.GRAIN) for f in fills]
    np.testing.assert_allclose(result.path.equity, [float(e) for e in equity], rtol=1e-12)
    expected = naive.pair(fills, int(bars.close[-1]))
    time = bars.time.tolist()
    assert len(result.trades) == len(expected)
    for trade, want in zip(result.trades, expected, strict=True):
        assert trade.entry_time == time[want.entry_bar]
        assert trade.exit_time == (None if want.exit_bar is None else time[want.exit_bar])
        assert trade.size == want.units
        assert abs(trade.entry_price - want.entry_price) <= Decimal("0.000001")
        assert trade.exit_price == want.exit_price
        assert trade.fees == want.fees
        assert trade.pnl == want.pnl
    return len(expected)


def walk(seed: int, n: int, start: int, size: int) -> Bars:
    """Closes on a coarse grid, so that averages often tie exactly; opens that gap."""
    rng = np.random.default_rng(seed)
    close = np.maximum(start + np.cumsum(rng.integers(-size, size + 1, n)), 1)
    first = np.maximum(np.roll(close, 1) + rng.integers(-size, size + 1, n), 1)
    first[0] = close[0]
    return Bars(
        UNITS, HOUR, 1_600_000_000_000 // HOUR * HOUR + np.arange(n) * HOUR,
        first, np.maximum(first, close) + 1, np.maximum(np.minimum(first, close) - 1, 1), close,
        np.ones(n), np.zeros(n),
    )  # fmt: skip


@examples(50)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(31, 250),
    market=st.sampled_from([(20_000, 300), (5_000, 3), (300_000, 9_000), (150, 4)]),
    costs=st.sampled_from([(0, 0), (0, 5), (120, 10), (25, 1)]),
    engine=st.sampled_from(["fast", "fast", "replay"]),
)
def test_trades_on_random_data_equal_the_reference(
    seed: int, n: int, market: tuple[int, int], costs: tuple[int, int], engine: str
) -> None:
    bars = walk(seed, n, *market)
    check(bars, engine, cash=10_000, taker_bps=costs[0], adverse_bps=costs[1])


@pytest.mark.parametrize("engine", ["fast", "replay"])
@pytest.mark.parametrize("costs", [(0, 0), (120, 10)], ids=["free", "worst-tier"])
@pytest.mark.parametrize("product_id", FILES)
def test_trades_on_real_files_equal_the_reference(product_id, costs, engine):
    path = FOLDER / FILES[product_id]
    if not path.exists():
        pytest.skip(f"no {path}: set GPT_TRADER_TEST_DATA")
    bars = load_bars(path, product_id=product_id, overrides=SPEC).bars
    bars = bars[:4000] if engine == "replay" else bars
    cash = 10_000 if product_id == "ETH-USD" else 10_000_000
    assert check(bars, engine, cash=cash, taker_bps=costs[0], adverse_bps=costs[1]) > 3
