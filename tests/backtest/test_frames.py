"""A run's frames say what the command's files say, to the last digit."""

from dataclasses import replace
from functools import cache
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from gpt_trader.app.backtest import Files, write_files
from gpt_trader.domain.costs import order_style
from gpt_trader.strategy.mean_reversion import MeanReversion
from gpt_trader.strategy.sma_cross import SmaCross
from tests.backtest.test_result import BTC, ETH, walk
from tests.uncounted import backtest

NUMBERS = {
    "size", "price", "fee", "entry_price", "exit_price", "fees", "pnl", "return_pct", "equity",
    "drawdown_pct",
}  # fmt: skip


@cache
def run():
    """Two products, one of them with holes, and a position that is open at the end."""
    kept = np.flatnonzero(np.arange(600) % 7 != 3)
    both = [walk(BTC, 600), walk(ETH, 600, seed=2)[kept]]
    return backtest(both, SmaCross(fast=3, slow=9), risk=None, self_check=False)


def _read(path):
    """A file with its numbers as Python reads them."""
    file = pd.read_csv(path, dtype="str", keep_default_na=False)
    for name in NUMBERS & set(file):
        file[name] = [float(cell or "nan") for cell in file[name]]
    return file


def written(tmp_path, **asked):
    """The files as a frame of text reads them."""
    files = {name: tmp_path / f"{name}.csv" for name in asked or ("trades", "fills", "equity")}
    assert write_files(run(), Files(**files)) is None
    return {name: _read(path) for name, path in files.items()}


def as_text(times):
    return [
        "" if one is pd.NaT else f"{one.isoformat(timespec='milliseconds')[:-6]}Z" for one in times
    ]


def test_frames_are_the_files(tmp_path):
    files = written(tmp_path)
    for name, frame in (
        ("fills", run().fills_frame),
        ("trades", run().trades_frame),
        ("equity", run().to_pandas().reset_index()),
    ):
        file = files[name]
        assert list(frame) == list(file)
        assert len(frame) == len(file) > 20
        for column in frame:
            if str(frame[column].dtype).startswith("datetime64[ms, UTC"):
                assert as_text(frame[column]) == list(file[column])
            elif column in NUMBERS:  # no tolerance: bit by bit
                assert frame[column].dtype == "float64"
                np.testing.assert_array_equal(frame[column], file[column])
            else:
                assert list(frame[column].fillna("").map(str)) == list(file[column])


def test_an_open_trade_has_no_exit():
    frame = run().trades_frame
    is_open = frame["exit_time"].isna()
    assert is_open.sum() == run().metrics.open_trades == 1
    assert frame["exit_price"].isna().equals(is_open)
    assert frame["exit_reason"].isna().equals(is_open)
    assert frame["pnl"].sum() == pytest.approx(float(run().metrics.net_pnl))


def test_equity_and_its_returns():
    result = run()
    assert result.equity.name == "equity"
    assert str(result.equity.index.dtype) == "datetime64[ms, UTC]"
    np.testing.assert_allclose(result.equity, result.path.equity, rtol=0, atol=1e-8)
    grown = (1.0 + result.returns).prod() * result.path.start
    assert grown == pytest.approx(float(result.metrics.final_equity))
    changed = result.equity
    changed.iloc[:] = 0.0  # a frame of one's own
    assert result.equity.iloc[-1] > 0.0


def test_returns_without_equity_are_undefined():
    path = run().path
    gone = path.equity.copy()
    gone[300:] = 0.0
    found = replace(run(), path=replace(path, equity=gone)).returns
    assert found.iloc[300] == -1.0
    assert found.iloc[301:].isna().all()


def test_positions_are_those_of_the_fills():
    result = run()
    held, share = result.positions, result.weights
    assert list(held) == list(share) == [b.product.product_id for b in result.path.bars]
    fills = result.fills_frame
    for name in held:
        mine = fills[fills["product"] == name]
        moved = mine["size"].where(mine["side"] == "buy", -mine["size"])
        asof = moved.cumsum().groupby(mine["time"]).last()
        expected = asof.reindex(held.index, method="ffill").fillna(0.0)
        np.testing.assert_allclose(held[name], expected, atol=1e-12)
    close = result.path.bars[0].to_pandas()["close"]
    worth = held["BTC-USD"] * close.reindex(held.index, method="ffill")
    np.testing.assert_allclose(share["BTC-USD"], worth / result.equity, atol=1e-9)
    assert share.to_numpy().max() > 0.1


def test_orders_join_their_fills():
    style = order_style("maker_first")
    result = backtest(
        replace(walk(BTC, 600), volume=np.full(600, 0.02)), MeanReversion(), style=style,
        costs=replace(run().terms.costs, participation=0.1), self_check=False,
    )  # fmt: skip
    orders, fills = result.orders_frame, result.fills_frame
    assert orders["client_order_id"].is_unique
    assert orders["fills"].sum() == len(fills) > len(orders) > 0
    assert orders["fee"].sum() == pytest.approx(fills["fee"].sum())
    assert (orders["decided"] < orders["filled"]).all()
    assert (orders["filled"] <= orders["filled_until"]).all()
    worth = (fills["size"] * fills["price"]).groupby(fills["client_order_id"]).sum()
    np.testing.assert_allclose(
        (orders["size"] * orders["price"]).to_numpy(), worth[orders["client_order_id"]].to_numpy()
    )


def test_a_run_without_fills_has_frames_of_the_same_columns():
    none = backtest(walk(BTC, 60), SmaCross(fast=20, slow=50), self_check=False)
    assert len(none.fills) == 0
    for name in ("fills_frame", "trades_frame", "orders_frame"):
        empty, full = getattr(none, name), getattr(run(), name)
        assert len(empty) == 0
        assert dict(empty.dtypes) == dict(full.dtypes), name
    assert not none.positions.to_numpy().any()


def test_numbers_as_a_series():
    numbers = run().metrics.to_series()
    assert numbers.dtype == "float64"
    assert numbers["final_equity"] == float(run().metrics.final_equity)
    assert numbers.isna().sum() == sum(
        getattr(run().metrics, name) is None for name in numbers.index
    )
    assert pd.read_csv(StringIO(numbers.to_csv()), index_col=0).shape == (len(numbers), 1)
