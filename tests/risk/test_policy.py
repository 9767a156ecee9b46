"""The policy's fields are the settings, and its limits go by their names."""

from dataclasses import asdict, fields
from math import inf

import pytest

from gpt_trader.config.schema import RiskKeys
from gpt_trader.kernel.bounds import Bounds
from gpt_trader.risk.guards import GUARDS
from gpt_trader.risk.policy import SETTINGS, RiskPolicy, no_policy

HOUR = 3_600_000


def test_each_setting_is_a_field_a_key_and_a_limit_with_one_default():
    keys = RiskKeys()
    for setting in SETTINGS:
        assert getattr(RiskPolicy(), setting.key) == setting.default
        assert getattr(keys, setting.key) == setting.default
        assert RiskKeys.model_fields[setting.key].description == setting.words
    assert [field.name for field in fields(RiskPolicy)] == [one.key for one in SETTINGS]
    assert set(no_policy(HOUR)) == {one.limit for one in SETTINGS} == set(RiskPolicy().limits(HOUR))


def test_every_setting_of_a_row_and_of_the_arithmetic_is_among_them():
    assert {guard.setting for guard in GUARDS if guard.setting} <= set(SETTINGS)
    assert set(Bounds._fields) <= {setting.limit for setting in SETTINGS}


def test_percents_become_ratios_and_intervals_milliseconds():
    limits = RiskPolicy(max_product_pct=40, max_bar_age_intervals=1.5).limits(HOUR)
    assert (limits["max_product"], limits["max_bar_age_ms"]) == (0.4, 5_400_000)
    assert limits["rebalance_band"] == 0.25
    assert no_policy(HOUR)["max_gross"] == inf


def test_a_policy_is_a_value():
    assert RiskPolicy(max_gross_pct=30) == RiskPolicy(max_gross_pct=30.0)
    assert len({RiskPolicy(), RiskPolicy(max_entries_per_day=20)}) == 1
    assert asdict(RiskPolicy())["max_drawdown_pct"] == 15.0
    with pytest.raises(TypeError):
        RiskPolicy(max_moon_phase=1)
