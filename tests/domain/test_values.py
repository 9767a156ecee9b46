"""Costs, bars, targets and decisions as values."""

import math

import numpy as np
import pytest

from gpt_trader.domain.bars import Bar, bars_from_rows, joined
from gpt_trader.domain.costs import CostModel, Leg, OrderStyle, bps_to_e8, order_style
from gpt_trader.domain.decision import Decision, Told
from gpt_trader.domain.targets import Condition, Reading, Targets
from gpt_trader.kernel.codes import ACT_ENTER, ACT_EXIT, HOLD_FLAT, REFUSED_CASH
from tests.engine_helpers import COIN, HOUR


@pytest.mark.parametrize("bps, e8", [(120, 1_200_000), (0.1, 1_000), (0.0001, 1), (7.77, 77_700)])
def test_basis_points_are_exact(bps, e8):
    assert bps_to_e8(bps) == e8


def test_default_costs_are_the_worst_tier():
    costs = CostModel().kernel()
    assert (costs.taker_e8, costs.maker_e8) == (1_200_000, 600_000)
    assert (costs.half_spread_e8, costs.slippage_e8) == (50_000, 50_000)
    assert math.isinf(costs.participation)


@pytest.mark.parametrize("name", ["taker_bps", "maker_bps", "spread_bps", "slippage_bps"])
def test_any_lower_cost_is_below_the_default(name):
    assert not CostModel().below_default
    assert CostModel(**{name: 0.5}).below_default
    assert not CostModel(**{name: 500.0}).below_default


def test_a_style_works_both_legs():
    style = OrderStyle(Leg("taker"), Leg("maker_only", offset_bps=2, ttl_bars=3)).kernel()
    assert style == (0, 0, 1, 2, 20_000, 3)
    assert order_style("maker_first").kernel() == (1, 0, 1, 1, 0, 1)


def test_bars_are_columns_and_rows():
    rows = [Bar("COIN-USD", i * HOUR, 5, 7, 4, 6, 1.5, 0.001) for i in range(3)]
    bars = bars_from_rows(COIN, HOUR, rows)
    assert len(bars) == 3
    assert [bars.bar(i) for i in range(3)] == rows
    assert bars[1:].time.tolist() == [HOUR, 2 * HOUR]
    assert len(bars_from_rows(COIN, HOUR, [])) == 0


def test_bars_keep_their_quotes_where_any_is_known():
    quoting = [Bar("COIN-USD", i * HOUR, 5, 7, 4, 6, 1.5, 0.0, q) for i, q in enumerate([-1, 30])]
    silent = [Bar("COIN-USD", i * HOUR, 5, 7, 4, 6, 1.5) for i in range(2, 4)]
    bars, others = bars_from_rows(COIN, HOUR, quoting), bars_from_rows(COIN, HOUR, silent)
    assert bars.quotes.tolist() == bars[0:2].quotes.tolist() == [-1, 30]
    assert (others.half_spread_e8, others.quotes.tolist()) == (None, [-1, -1])
    both = joined(bars, others)
    assert [both.bar(i) for i in range(4)] == quoting + silent
    assert joined(others, others).half_spread_e8 is None


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


@pytest.mark.parametrize(
    "code, side, action",
    [(HOLD_FLAT, 0, "hold"), (ACT_ENTER, 1, "buy"), (ACT_EXIT, -1, "sell"),
     (REFUSED_CASH, 0, "blocked")],
)  # fmt: skip
def test_a_decisions_action(code, side, action):
    decision = Decision("COIN-USD", 0, 1, code, side, 0.0, 0, Told((), ()))
    assert decision.action == action
    assert decision.name
