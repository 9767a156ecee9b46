"""The fee schedule as rows of the kernel's table."""

import pytest

from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.fees import tier_rows
from gpt_trader.domain.schedules import ADVANCED, ALWAYS_MS, CHANGED_MS, RATES, TIERS
from gpt_trader.kernel.rounding import BPS


def in_bps(rows):
    """Return (from, least volume in quote, taker, maker) of each row."""
    return [(at, least // 10_000, taker / BPS, maker / BPS) for at, least, taker, maker in rows]


def test_the_worst_tier_has_no_rows():
    assert tier_rows(ADVANCED, "worst", "us") == ()
    assert CostModel().fee_tiers == ()


def test_the_simulated_tier_follows_both_schedules():
    assert in_bps(tier_rows(ADVANCED, "simulated", "us")) == [
        (ALWAYS_MS, 0, 120, 60),
        (ALWAYS_MS, 10_000, 40, 25),
        (ALWAYS_MS, 50_000, 25, 15),
        (ALWAYS_MS, 100_000, 20, 10),
        (CHANGED_MS, 0, 90, 50),
        (CHANGED_MS, 1_000_000_000, 2, 0),
    ]


@pytest.mark.parametrize(
    "tier, region, before, after",
    [
        ("intro", "us", (120, 60), (90, 50)),
        ("advanced_1", "us", (40, 25), (90, 50)),  # its new rates are unknown: the worse stand
        ("advanced_3", "eu", (20, 10), (50, 25)),
        ("vip_7", "other", (20, 10), (10, 9)),
        ("vip_8", "us", (20, 10), (2, 0)),
    ],
)
def test_a_named_tier_stays_at_its_volume(tier, region, before, after):
    assert in_bps(tier_rows(ADVANCED, tier, region)) == [
        (ALWAYS_MS, 0, *before),
        (CHANGED_MS, 0, *after),
    ]
    costs = CostModel(fee_tier=tier, region=region)
    assert (costs.kernel().taker_e8, costs.kernel().maker_e8) == (after[0] * BPS, after[1] * BPS)
    assert costs.below_default()


def test_rates_only_fall_with_volume_and_rows_are_in_order():
    for schedules in RATES.values():
        for _, rates in schedules:
            assert [r.least for r in rates] == sorted(r.least for r in rates)
            assert rates[0].least == 0
            for name in ("maker_bps", "taker_bps"):
                values = [getattr(rate, name) for rate in rates]
                assert values == sorted(values, reverse=True)
    assert list(TIERS.values()) == sorted(TIERS.values())


def test_scaling_multiplies_every_fee():
    assert CostModel().scaled(0.5).kernel().taker_e8 == 60 * BPS
    tiers = CostModel(fee_tier="simulated").scaled(0.5).scaled(4).fee_tiers
    assert in_bps(tiers)[:2] == [(ALWAYS_MS, 0, 240, 120), (ALWAYS_MS, 10_000, 80, 50)]
