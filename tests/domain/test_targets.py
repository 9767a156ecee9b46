"""Targets: columns, rows, and what a delay makes of them."""

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from gpt_trader import synthetic_market
from gpt_trader.domain.targets import Condition, Reading, Targets
from gpt_trader.strategy.asked import ask_all
from gpt_trader.strategy.registry import builtin_names, create


def test_delayed_targets_say_the_same_later():
    targets = Targets(
        np.array([0.5, 1.0, 0.0]), stop=np.array([0.1, 0.2, 0.3]), max_bars=np.array([3, 4, 5])
    )
    assert targets.delayed(0) is targets
    late = targets.delayed(2)
    np.testing.assert_array_equal(late.weight, [math.nan, math.nan, 0.5])
    np.testing.assert_array_equal(late.stop, [math.nan, math.nan, 0.1])
    assert late.take_profit is None
    assert late.max_bars.tolist() == [0, 0, 3]
    assert np.isnan(targets.delayed(5).weight).all()


def test_a_row_of_targets_fills_in_what_is_not_stated():
    condition = Condition("a < b", np.array([1.0, math.nan]), np.array([2.0, 2.0]), "<")
    targets = Targets(
        np.array([0.5, 1.0]), stop=np.array([0.1, 0.2]), max_bars=np.array([3, 4]),
        conditions=(condition,),
    )  # fmt: skip
    row = targets.row(0)
    assert (row.weight, row.stop, row.max_bars) == (0.5, 0.1, 3)
    assert math.isnan(row.take_profit)
    assert row.readings == (Reading("a < b", 1.0, "<", 2.0),)
    assert row.readings[0].holds
    assert not targets.row(1).readings[0].holds, "what is not known does not hold"
    assert Targets(np.array([0.5])).row(0).max_bars == 0
    assert Reading("", 2.0, ">", 1.0).holds


@pytest.mark.parametrize("name", builtin_names())
def test_those_of_a_built_in_strategy_are_pickled_with_their_conditions(name):
    (targets,) = ask_all([create(name, {})], synthetic_market(products=["BTC-USD"], n_bars=900))
    again = pickle.loads(pickle.dumps(targets))  # noqa: S301
    assert again.reasons() == targets.reasons()
    assert np.array_equal(again.weight, targets.weight, equal_nan=True)
    readings = targets.row(850).readings
    assert pickle.loads(pickle.dumps(readings)) == readings  # noqa: S301


def test_a_number_stands_for_a_whole_column():
    targets = Targets(np.zeros(3), stop=0.05, take_profit=1, trail=np.float64(0.1), max_bars=4)
    for name, expected in (("stop", 0.05), ("take_profit", 1), ("trail", 0.1), ("max_bars", 4)):
        assert getattr(targets, name).tolist() == [expected] * 3, name
    assert targets.max_bars is not None
    assert targets.max_bars.dtype == np.int64
    assert replace(targets, weight=np.ones(3)).stop is targets.stop
    assert Targets(np.zeros(3)).stop is None
