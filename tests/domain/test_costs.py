"""Costs and order styles."""

import math

import pytest

from gpt_trader.domain.costs import (
    CostModel,
    Leg,
    OrderStyle,
    bps_to_e8,
    order_style,
    say_currency,
)
from gpt_trader.domain.schedules import CHANGED_MS
from gpt_trader.errors import UsageError
from gpt_trader.kernel.rounding import BPS


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
    assert not CostModel().below_default()
    worst = getattr(CostModel(), name)
    assert CostModel(**{name: 0.5}).below_default() == {name.removesuffix("_bps"): (0.5, worst)}
    assert not CostModel(**{name: 500.0}).below_default()


def test_a_tier_is_below_the_default_only_while_its_rates_are():
    first, change = CostModel(fee_tier="intro"), CHANGED_MS
    assert not first.below_default(0, change - 1)
    assert first.below_default(0, change) == {"taker": (90.0, 120.0), "maker": (50.0, 60.0)}
    assert first.below_default(change) == first.below_default()
    assert CostModel(fee_tier="vip_1").below_default(0, 1)["taker"] == (20.0, 120.0)
    assert CostModel(fee_tier="simulated").below_default(0, 1)["maker"] == (10.0, 60.0)


def test_a_style_works_both_legs():
    style = OrderStyle(Leg("taker"), Leg("maker_only", offset_bps=2, ttl_bars=3)).kernel()
    assert style == (0, 0, 1, 2, 20_000, 3)
    assert order_style("maker_first").kernel() == (1, 0, 1, 1, 0, 1)


def test_a_schedule_in_dollars_is_said_where_it_meets_another_currency():
    tiers = CostModel(fee_tier="simulated")
    assert "volume in BTC is taken as if it were in dollars" in (say_currency(tiers, "BTC") or "")
    assert say_currency(tiers, "USDC") is say_currency(CostModel(), "BTC") is None


def test_a_tier_and_a_stated_fee_exclude_each_other():
    with pytest.raises(UsageError, match="fee_tier vip_1 sets the fees"):
        CostModel(fee_tier="vip_1", maker_bps=5)


def test_dearer_fees_are_doubled_up_to_the_worst_tier():
    assert CostModel(40, 25).dearer() == CostModel(80, 50)
    assert CostModel(100, 25).dearer() == CostModel(120, 50)
    assert CostModel().dearer() == CostModel()
    assert CostModel(200, 10).dearer() == CostModel(200, 20)
    assert CostModel(0.001, 0.0).dearer() == CostModel(2, 0)  # what no tier undercuts
    tier = CostModel(fee_tier="intro").dearer()
    assert (tier.fee_tier, tier.taker_bps, tier.maker_bps) == ("worst", 120, 60)
    assert tier.dearer() == tier


@pytest.mark.parametrize("tier", ["intro", "advanced_1", "vip_1", "vip_8", "simulated"])
def test_dearer_fees_are_never_below_what_a_tier_has_charged(tier):
    costs = CostModel(fee_tier=tier)
    dearer = costs.dearer()
    assert dearer.taker_bps * BPS >= max(taker for _, _, taker, _ in costs.fee_tiers)
    assert dearer.maker_bps * BPS >= max(maker for _, _, _, maker in costs.fee_tiers)
    assert (CostModel(fee_tier="vip_8").dearer().taker_bps) == 40.0  # it was 20, and is 2
