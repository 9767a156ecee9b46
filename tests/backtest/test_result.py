"""The result of a run as JSON, frames and trades; the library's front door."""

import json
import os
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path as FilePath
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import CostModel, Route, backtest, load_bars
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import order_style
from gpt_trader.domain.product import Product
from gpt_trader.domain.targets import Target, Targets
from gpt_trader.errors import ConfigError, StrategyError, UsageError, ValidationGateError
from gpt_trader.kernel.simulate import _run

HOUR = 3_600_000
START = 1_640_995_200_000
BTC = Product("BTC-USD", Decimal("0.00000001"), Decimal("0.01"))
ETH = Product("ETH-USD", Decimal("0.00000001"), Decimal("0.01"))
FREE = CostModel(taker_bps=0, maker_bps=0, spread_bps=0, slippage_bps=0)


def walk(product=BTC, n=400, seed=1):
    rng = np.random.default_rng(seed)
    close = 3_000_000 + np.cumsum(rng.integers(-9_000, 9_100, n))
    opens = np.concatenate([[3_000_000], close[:-1]])
    high, low = np.maximum(opens, close) + 2_000, np.minimum(opens, close) - 2_000
    time = START + np.arange(n, dtype=np.int64) * HOUR
    return Bars(product, HOUR, time, opens, high, low, close, np.ones(n), np.zeros(n))


@dataclass(frozen=True)
class Above:
    """In while the close is above its average of `bars` bars."""

    name: ClassVar[str] = "above"
    bars: int = 20

    @property
    def min_bars(self):
        return self.bars

    @property
    def warmup(self):
        return self.bars

    def targets(self, bars):
        weight = np.full(len(bars), np.nan)
        if len(bars) >= self.bars:
            windows = np.lib.stride_tricks.sliding_window_view(bars.close, self.bars)
            weight[self.bars - 1 :] = bars.close[self.bars - 1 :] * self.bars > windows.sum(1)
        return Targets(weight)


@dataclass(frozen=True)
class AboveByBar:
    """The same rule, one bar at a time."""

    name: ClassVar[str] = "above_by_bar"
    bars: int = 20
    min_bars: ClassVar[int] = 20
    warmup: ClassVar[int] = 20

    def on_bar(self, view, memory):
        seen = (memory or 0) + 1
        last = view.close[-self.bars :]
        return Target(float(last[-1] * self.bars > last.sum())), seen


@dataclass(frozen=True)
class Frozen(Above):
    """The same rule, in weights that nobody can write."""

    def targets(self, bars):
        found = super().targets(bars)
        found.weight.flags.writeable = False
        return found


@dataclass(frozen=True)
class Peeks(Above):
    name: ClassVar[str] = "peeks"

    def targets(self, bars):
        weight = np.zeros(len(bars))
        weight[:-1] = bars.close[1:] > bars.close[:-1]
        return Targets(weight)


def test_the_json_has_the_promised_shape():
    result = backtest(walk(), Above(), label="synthetic")
    data = result.to_json_dict()
    assert json.loads(json.dumps(data)) == data
    assert {"run_id", "data", "strategy", "costs", "result", "checks", "timing"} <= set(data)
    assert data["label"] == "synthetic"
    (used,) = data["data"]
    assert used["product"] == "BTC-USD"
    assert (used["interval"], used["bars"], used["gaps"]) == ("1h", 400, 0)
    assert used["first"] == "2022-01-01T00:00:00.000Z"
    assert used["last"] == "2022-01-17T15:00:00.000Z"
    (strategy,) = data["strategy"]
    assert (strategy["name"], strategy["params"]) == ("above", {"bars": 20})
    assert data["costs"]["label"] is None
    numbers = data["result"]
    assert numbers["start_equity"] == "10000.00"
    assert isinstance(numbers["final_equity"], str)
    assert isinstance(numbers["fees_paid"], str)
    assert isinstance(numbers["return_pct"], float)
    assert data["checks"]["lookahead"]["ok"] is True
    assert data["checks"]["warmup"] == {"bars": 20, "ok": True}
    timing = {"load_s", "features_s", "simulate_s", "total_s", "bars_per_s"}
    assert timing <= set(data["timing"])
    assert sum(sum(group.values()) for group in data["decisions"].values()) == 400
    assert sum(month["trades"] for month in data["breakdown"]["months"]) == numbers["trades"]
    assert isinstance(data["breakdown"]["products"][0]["pnl"], str)
    assert data["breakdown"]["drawdowns"][0]["depth_pct"] == numbers["max_drawdown_pct"]
    assert data["excursions"]["worst_mae_pct"] >= data["excursions"]["median_mae_pct"] >= 0.0


def test_the_account_adds_up():
    both = [walk(), walk(ETH, seed=2)]
    result = backtest(both, Above(), costs=FREE, risk=None, style=order_style("taker"))
    gained = sum((trade.pnl for trade in result.trades), Decimal(0))
    assert result.metrics.trades > 5
    assert float(gained) == pytest.approx(float(result.metrics.net_pnl), abs=1e-4)
    assert result.metrics.fees_paid == 0
    frame = result.to_pandas()
    assert frame["equity"].iloc[-1] == pytest.approx(float(result.metrics.final_equity))
    assert str(frame.index.tz) == "UTC"
    assert list(frame.columns) == ["equity", "drawdown_pct", "close_time"]
    assert frame["drawdown_pct"].max() == pytest.approx(result.metrics.max_drawdown_pct)


def test_both_engines_give_the_same_run():
    fast = backtest(walk(), Above())
    slow = backtest(walk(), Above(), engine="replay")
    by_bar = backtest(walk(), AboveByBar())
    assert len(fast.fills) > 4
    assert (fast.fills == slow.fills).all()
    assert (fast.fills == by_bar.fills).all()
    assert fast.run_id == slow.run_id
    assert (fast.terms.engine, by_bar.terms.engine) == ("fast", "replay")
    assert by_bar.checks.lookahead_ok is None
    with pytest.raises(UsageError, match="decides bar by bar"):
        backtest(walk(), AboveByBar(), engine="fast")


@pytest.mark.compiled
def test_weights_that_cannot_be_written_compile_nothing_once_more():
    backtest(walk(), Above())
    backtest(walk(), Frozen(), self_check=False)
    assert len(_run.signatures) == 1


def test_the_run_id_follows_the_content():
    first = backtest(walk(), Above())
    assert backtest(walk(), Above()).run_id == first.run_id
    assert backtest(walk(), Above(bars=21)).run_id != first.run_id
    assert backtest(walk(seed=2), Above()).run_id != first.run_id
    assert backtest(walk(), Above(), cash=9_999).run_id != first.run_id


def test_costs_below_the_worst_tier_are_labeled():
    label = backtest(walk(), Above(), costs=FREE).costs_label
    assert label is not None
    assert label.startswith("lower than the worst tier: taker 0 < 120 bps, maker 0 < 60 bps")
    assert backtest(walk(), Above(), costs=CostModel(taker_bps=200)).costs_label is None


def test_a_peeking_strategy_does_not_pass():
    with pytest.raises(ValidationGateError, match="look-ahead"):
        backtest(walk(), Peeks())
    unchecked = backtest(walk(), Peeks(), self_check=False).to_json_dict()["checks"]
    assert (unchecked["lookahead"]["sampled"], unchecked["lookahead"]["ok"]) == (0, None)


def test_close_at_end_leaves_no_open_trade():
    bars = walk()
    kept = backtest(bars, Above(bars=2), costs=FREE, risk=None)
    sold = backtest(bars, Above(bars=2), costs=FREE, risk=None, close_at_end=True)
    assert sold.metrics.open_trades == 0
    assert sold.metrics.trades == kept.metrics.trades + kept.metrics.open_trades


def test_routes_split_products():
    series = [walk(), walk(ETH, seed=2)]
    routes = [
        Route(Above(), ("BTC-USD",), budget=0.5),
        Route(Above(bars=50), ("ETH-USD",), budget=0.5, style=order_style("taker")),
    ]
    result = backtest(series, routes)
    used = result.to_json_dict()["strategy"]
    assert [(s["params"]["bars"], s["products"]) for s in used] == [
        (20, ["BTC-USD"]),
        (50, ["ETH-USD"]),
    ]
    assert used[0]["budget"] == 0.5
    with pytest.raises(ConfigError, match="two routes trade BTC-USD"):
        backtest(series, [routes[0], Route(Above(), budget=0.5)])
    with pytest.raises(ConfigError, match="budgets sum to 150 %"):
        backtest(series, [routes[0], Route(Above(), ("ETH-USD",))])
    with pytest.raises(ConfigError, match="no route trades ETH-USD"):
        backtest(series, routes[:1])
    with pytest.raises(ConfigError, match="no bars"):
        backtest(series[0], routes)


def test_bad_arguments_are_named():
    with pytest.raises(UsageError, match="expected cash above 0"):
        backtest(walk(), Above(), cash=0)

    @dataclass(frozen=True)
    class Short(Above):
        def targets(self, bars):
            return Targets(np.zeros(3))

    with pytest.raises(StrategyError, match=r"gave 3 rows of weight for \d+ bars"):
        backtest(walk(), Short())


def test_loaded_bars_bring_their_notes(tmp_path):
    lines = ["time,open,high,low,close,volume"]
    lines += [f"2022-01-{d:02d},100,110,90,{100 + d % 3},5" for d in range(1, 29)]
    file = tmp_path / "x.csv"
    file.write_text("\n".join(lines))
    loaded = load_bars(file, product_id="BTC-USD")
    result = backtest(loaded, Above(bars=3))
    assert result.data[0].sha256 == loaded.report.sha256
    assert result.notes == loaded.report.notes
    assert result.data[0].sha256 == backtest(loaded.bars, Above(bars=3)).data[0].sha256


def test_real_daily_bars_with_gaps():
    folder = FilePath(os.environ.get("GPT_TRADER_TEST_DATA", "../shared/data"))
    file = folder / "BTC-USD_1d_2014-12_2018-08.csv"
    if not file.exists():
        pytest.skip("no real data here")
    result = backtest(load_bars(file, product_id="BTC-USD"), Above(), costs=FREE, risk=None)
    slow = backtest(
        load_bars(file, product_id="BTC-USD"), Above(), costs=FREE, risk=None, engine="replay"
    )
    assert (result.fills == slow.fills).all()
    assert result.data[0].gaps == 8
    assert result.metrics.trades > 20


def test_replacing_a_field_keeps_a_result_usable():
    result = replace(backtest(walk(), Above()), label="synthetic")
    assert result.to_json_dict()["label"] == "synthetic"
