"""The policy's fields are the settings, and its limits go by their names."""

from dataclasses import asdict, fields, replace
from math import inf, nan

import pytest

from gpt_trader.config.schema import RiskKeys
from gpt_trader.errors import ConfigError
from gpt_trader.kernel.bounds import Bounds
from gpt_trader.risk.guards import GUARDS
from gpt_trader.risk.policy import SETTINGS, RiskPolicy, no_policy
from gpt_trader.risk.settings import MAX_DRAWDOWN, MAX_GROSS, distinct

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


def test_without_a_policy_a_cap_is_none_and_no_number_that_somebody_could_read():
    assert {s.key for s in SETTINGS if s.is_cap and s.off != inf} == {"max_product_pct"}
    assert no_policy(HOUR) == {one.limit: one.off for one in SETTINGS}


def test_a_policy_is_a_value():
    assert RiskPolicy(max_gross_pct=30) == RiskPolicy(max_gross_pct=30.0)
    assert len({RiskPolicy(), RiskPolicy(max_entries_per_day=20)}) == 1
    assert asdict(RiskPolicy())["max_drawdown_pct"] == 15.0
    with pytest.raises(TypeError):
        RiskPolicy(max_moon_phase=1)


@pytest.mark.parametrize("key", [setting.key for setting in SETTINGS])
@pytest.mark.parametrize("stated", [None, "5", True, nan, -1, -inf, [], 1j])
def test_what_is_no_limit_is_refused_by_its_key(key, stated):
    with pytest.raises(ConfigError, match=rf"{key}: expected a (whole )?number.* found"):
        RiskPolicy(**{key: stated})


@pytest.mark.parametrize("key", [setting.key for setting in SETTINGS if setting.is_whole])
def test_what_is_counted_is_whole(key):
    assert getattr(RiskPolicy(**{key: 4.0}), key) == 4
    with pytest.raises(ConfigError, match=f"{key}: expected a whole number"):
        RiskPolicy(**{key: 1.5})


def test_infinity_is_no_limit_where_more_binds_less():
    for setting in SETTINGS:
        if setting.is_cap:
            assert RiskPolicy(**{setting.key: inf}).limits(HOUR)[setting.limit] == inf
        else:
            with pytest.raises(ConfigError, match=f"{setting.key}: .* finite, found inf"):
                RiskPolicy(**{setting.key: inf})
    assert [s.key for s in SETTINGS if not s.is_cap] == ["rebalance_band", "min_size_multiple"]


def test_what_no_profile_may_state_is_a_policy_by_hand():
    wide = RiskPolicy(max_product_pct=300, max_entries_per_day=10**9, min_size_multiple=1)
    assert wide.limits(HOUR)["max_product"] == 3.0


@pytest.mark.parametrize(
    "same, word", [({"key": "x"}, "limit max_drawdown"), ({"limit": "x"}, "key max_drawdown_pct")]
)
def test_two_settings_never_share_a_key_or_a_limit(same, word):
    with pytest.raises(ValueError, match=word):
        distinct([MAX_DRAWDOWN, MAX_GROSS, replace(MAX_DRAWDOWN, **same)])
    assert distinct([MAX_GROSS, MAX_DRAWDOWN, MAX_GROSS]) == (MAX_GROSS, MAX_DRAWDOWN)
