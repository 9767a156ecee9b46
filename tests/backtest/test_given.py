"""What a backtest and a search are given: bars of any kind."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gpt_trader import backtest, load_bars, optimize, strategies, synthetic_market
from gpt_trader.data.files.export import write_file

HOUR = 3_600_000
NAIVE = "times without a zone are read as UTC"
BARS = synthetic_market(seed=7, products=["BTC-USD", "ETH-USD"], n_bars=500, interval_ms=HOUR)
BTC, ETH = (one.to_pandas() for one in BARS)
SMA = strategies.SmaCross(5, 20)


def upper(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns=str.title)


def written(folder: Path) -> Path:
    path = folder / "BTC-USD_1h.csv"
    write_file(path, BARS[0])
    return path


ONE = {
    "bars": lambda _: BARS[0],
    "a list of bars": lambda _: [BARS[0]],
    "loaded": lambda _: load_bars(BTC),
    "a frame": lambda _: BTC,
    "polars": lambda _: BARS[0].to_polars(),
    "a list of a frame": lambda _: [BTC],
    "a dict": lambda _: {"BTC-USD": upper(BTC)},
    "a dict of bars": lambda _: {"BTC-USD": BARS[0]},
    "a file": written,
    "its name": lambda folder: str(written(folder)),
    "rows": lambda _: BTC.reset_index().astype({"time": "int64"}).to_numpy().tolist(),
}
TWO = {
    "bars": lambda: BARS,
    "frames": lambda: [BTC, ETH],
    "a frame and bars": lambda: [BTC, BARS[1]],
    "a dict": lambda: {"eth-usd": ETH, "BTC-USD": BTC.tz_localize(None)},
    "two levels": lambda: pd.concat({"BTC-USD": upper(BTC), "ETH-USD": upper(ETH)}, axis=1),
}


@pytest.mark.parametrize("kind", ONE)
def test_one_product_is_one_run_however_it_is_given(kind, tmp_path):
    told = {"product_id": "BTC-USD"} if kind in {"polars", "rows"} else {}
    found = backtest(ONE[kind](tmp_path), SMA, state_dir=tmp_path, **told)
    assert found.run_id == backtest(BARS[0], SMA, state_dir=tmp_path).run_id


@pytest.mark.parametrize("kind", TWO)
def test_two_products_are_one_run_however_they_are_given(kind, tmp_path):
    found = backtest(TWO[kind](), SMA, state_dir=tmp_path, min_coverage_pct=50)
    assert [one.product_id for one in found.products] == ["BTC-USD", "ETH-USD"]
    usual = backtest(BARS, SMA, state_dir=tmp_path, min_coverage_pct=50)
    assert found.metrics == usual.metrics
    assert (NAIVE in found.notes) == (kind == "a dict")


@pytest.mark.parametrize("cash", [5_000, 5_000.0, np.int64(5_000), np.float64(5_000.0)])
def test_cash_is_money_whatever_number_it_is(cash, tmp_path):
    usual = backtest(BARS[0], SMA, cash=Decimal(5_000), state_dir=tmp_path)
    assert backtest(BARS[0], SMA, cash=cash, state_dir=tmp_path).run_id == usual.run_id


def test_a_search_takes_a_frame_and_a_name(tmp_path):
    grid = {"fast": range(5, 11, 5), "slow": [20, 30]}
    found = optimize(BTC, "sma_cross", grid, folds=2, trials=False, state_dir=tmp_path)
    usual = optimize(BARS[0], strategies.SmaCross, grid, folds=2, trials=False, state_dir=tmp_path)
    assert found.closes.tolist() == usual.closes.tolist()
    assert found.search_id == usual.search_id
