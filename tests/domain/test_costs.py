"""Costs and order styles."""

import math

import pytest

from gpt_trader.domain.costs import CostModel, Leg, OrderStyle, bps_to_e8, order_style


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
