"""Why a run traded, or did not: the decision that its fills came from, made once more."""

import pickle
import sys
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import ClassVar

import cloudpickle
import numpy as np
import pytest

from gpt_trader import backtest as counted
from gpt_trader import indicators
from gpt_trader.backtest import kept
from gpt_trader.backtest.route import Route
from gpt_trader.domain.costs import order_style
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import StrategyError, UsageError
from gpt_trader.strategy.mean_reversion import MeanReversion
from gpt_trader.strategy.of_function import from_function
from gpt_trader.strategy.sma_cross import SmaCross
from tests.backtest.test_result import BTC, ETH, Above, AboveByBar, walk
from tests.backtest.test_universe import market, top
from tests.uncounted import backtest


@cache
def run():
    """Two routes, one product with holes, orders that rest and fill in parts."""
    kept = np.flatnonzero(np.arange(300) % 7 != 3)
    thin = replace(walk(BTC, 300), volume=np.full(300, 0.5))
    routes = [
        Route(SmaCross(3, 9), ("BTC-USD",), 0.6),
        Route(MeanReversion(), ("ETH-USD",), 0.4, order_style("taker")),
    ]
    return backtest([thin, walk(ETH, 300, seed=2)[kept]], routes, self_check=False)


def again(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own


def check_orders(result, most=12):
    """Every order is explained by its id and its fills."""
    orders = result.orders_frame.query("reason in ['ENTRY', 'EXIT', 'REDUCE']")
    fills = result.fills_frame
    assert len(orders) > 3
    for order in orders.iloc[:: max(1, len(orders) // most)].itertuples():
        why = result.why(order.product, order.decided).data
        assert why["order"]["client_order_id"] == order.client_order_id
        assert why["order"]["side"] == order.side == why["action"]
        mine = fills[fills["client_order_id"] == order.client_order_id]
        told = [(float(f["size"]), float(f["price"]), float(f["fee"])) for f in why["fills"]]
        assert told == list(mine[["size", "price", "fee"]].itertuples(index=False, name=None))
        assert why["outcome"] in {"FILLED", "EXPIRED", "CANCELLED"}


def test_orders_are_explained_with_their_fills():
    check_orders(run())


@pytest.mark.parametrize("strategy", [Above(), AboveByBar()])
def test_of_columns_and_of_single_bars_warmed_up(strategy):
    bars = walk(BTC, 200)
    began = int(bars.time[60])
    result = counted(bars, strategy, start_ms=began, self_check=False, trials=False)
    assert result.warmed_up != (0,)
    check_orders(result)


def test_of_a_universe():
    series = market(1)
    terms = {"universe": top(series, 1), "risk": None, "self_check": False}
    check_orders(backtest(series, SmaCross(3, 7), **terms))


def test_every_bar_has_the_decision_that_was_counted():
    result = backtest(walk(BTC, 60), SmaCross(3, 9), self_check=False)
    codes = Counter(
        result.why("BTC-USD", int(time)).data["reasons"][0]["code"] for time in result.path.time
    )
    counted = {code: n for group in result.decisions.values() for code, n in group.items()}
    assert codes.total() == sum(counted.values()) == 60
    assert sorted(codes.values()) == sorted(counted.values())


def test_it_reads_as_the_command_prints_it():
    order = run().orders_frame.iloc[0]
    text = repr(run().why(order["product"], order["decided"].isoformat()))
    for word in ("bar ", "signal", "target", "guard ", "decision", "order", "fill", "outcome"):
        assert f"\n  {word}" in text


def test_a_time_within_a_bar_means_that_bar():
    time = int(run().path.bars[0].time[100])
    inside = run().why("BTC-USD", time + 1_799_999)
    assert inside.data == run().why("BTC-USD", time).data
    assert inside.data == run().why("BTC-USD", np.datetime64(time, "ms")).data
    with pytest.raises(TypeError, match="expected a time"):
        run().why("BTC-USD", np.datetime64("NaT", "ms"))
    hole = np.setdiff1d(run().path.time, run().path.bars[1].time)[5]
    for product, at in (
        ("ETH-USD", int(hole)),
        ("BTC-USD", "2001-01-01"),
        ("BTC-USD", "2101-01-01"),
    ):
        with pytest.raises(UsageError, match=f"no decision on {product}"):
            run().why(product, at)
    with pytest.raises(UsageError, match="SOL-USD is not traded in this run"):
        run().why("SOL-USD", time)
    with pytest.raises(TypeError, match="expected a time"):
        run().why("BTC-USD", 1.5)


def test_a_result_is_read_where_its_strategy_is_not(monkeypatch):
    away = ModuleType("away")
    monkeypatch.setitem(sys.modules, "away", away)
    away.Mine = type("Mine", (SmaCross,), {"__module__": "away"})
    result = backtest(walk(BTC, 60), away.Mine(3, 9), self_check=False)
    first, unasked = again(result), again(result)
    time = int(result.path.time[30])
    assert first.why("BTC-USD", time).data == result.why("BTC-USD", time).data
    del away.Mine
    opened = again(unasked)
    assert opened.run_id == result.run_id
    with pytest.raises(StrategyError, match="not here"):
        opened.why("BTC-USD", time)


def rises(bars):
    return np.concatenate([[0.0], np.diff(bars.close) > 0])


@pytest.fixture
def _without_cloudpickle(monkeypatch):
    for name in kept.BY_VALUE:
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("_without_cloudpickle")
@pytest.mark.parametrize("strategy", [rises, from_function(rises, warmup=2, name="up")])
def test_a_function_is_pickled_by_its_name(strategy):
    result = backtest(walk(BTC, 60), strategy, self_check=False)
    time = int(result.path.time[30])
    assert again(result).why("BTC-USD", time).data == result.why("BTC-USD", time).data


def test_code_that_no_module_has_is_pickled_where_cloudpickle_is_loaded():
    least = 0.0
    result = backtest(
        walk(BTC, 60), lambda bars: np.diff(bars.close, prepend=1e9) > least, self_check=False
    )
    time, packed = int(result.path.time[30]), cloudpickle.dumps(result)
    opened = pickle.loads(packed)  # noqa: S301 - our own
    assert opened.why("BTC-USD", time).data == result.why("BTC-USD", time).data


@pytest.mark.usefixtures("_without_cloudpickle")
def test_a_result_whose_strategy_cannot_be_pickled_is_pickled_without_it():
    class Local(SmaCross):
        """Of no module."""

    result = backtest(walk(BTC, 60), Local(3, 9), self_check=False)
    opened = again(result)
    assert (opened.fills == result.fills).all()
    with pytest.raises(StrategyError, match="pickled without its strategy"):
        opened.why("BTC-USD", int(result.path.time[30]))


@dataclass(frozen=True)
class Unsaid:
    """Holds targets whose conditions cannot be said; they are asked for as they are copied."""

    name, warmup, min_bars = "unsaid", 1, 1
    given: Targets

    def targets(self, bars):
        return Targets(np.where(bars.close > bars.open, 1.0, 0.0))


def test_what_fails_as_it_is_copied_stays_and_stops_no_run():
    held = Targets(np.ones(3), conditions=lambda: 1 / 0)
    result = backtest(walk(BTC, 60), Unsaid(held), self_check=False)
    assert len(result.fills)
    with pytest.raises(ZeroDivisionError):
        pickle.dumps(held)


@dataclass(frozen=True)
class Held:
    """Its rule is in a list, which anybody may change."""

    name: ClassVar[str] = "held"
    min_bars: ClassVar[int] = 5
    warmup: ClassVar[int] = 30
    n: list[int]

    def targets(self, bars):
        mean = indicators.sma(bars.price.close, self.n[0])
        return Targets(np.where(bars.price.close > mean, 1.0, 0.0))


def test_parameters_are_those_of_the_call():
    n, runs = [3], []
    for n[0] in (3, 5, 9):
        runs.append(backtest(walk(BTC, 100), Held(n), self_check=False))
    assert [one.strategy[0].params for one in runs] == [{"n": [3]}, {"n": [5]}, {"n": [9]}]
    assert len({one.run_id for one in runs}) == 3
    for one in runs:
        check_orders(one)


def test_what_decides_otherwise_by_now_is_no_reason():
    n = {"n": 3}

    def rule(bars):
        mean = indicators.sma(bars.price.close, n["n"])
        return np.where(bars.price.close > mean, 1.0, 0.0)

    result = backtest(walk(BTC, 100), rule, self_check=False)
    check_orders(result)
    n["n"] = 9
    with pytest.raises(UsageError, match="decides otherwise now than in this run"):
        result.why("BTC-USD", int(result.path.time[50]))


def test_what_a_result_holds_is_read_only():
    for one in (run().fills, run().path.equity, run().trade_rows, run().decision_counts):
        with pytest.raises(ValueError, match="read-only"):
            one[0] = 0
