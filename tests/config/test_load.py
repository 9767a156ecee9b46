"""Loading: precedence, origins, every key, and every mistake in one pass."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gpt_trader.config.keys import all_keys
from gpt_trader.config.load import load_profile, overrides
from gpt_trader.config.location import ProfileError
from gpt_trader.errors import ConfigError, UsageError

BASE = """\
mode: dev
interval: 1h
products: [BTC-USD]
strategy: sma_cross
params: {fast: 20, slow: 50}
"""
# For every key: what it changes to, and, where a change alone would be impossible, with what.
CHANGES = {
    "extends": "base",
    "description": "other words",
    "mode": "live",
    "feed": "file",
    "broker": "observe",
    "interval": "4h",
    "products": ["ETH-USD"],
    "strategy": "hold",
    "params": {"fast": 21, "slow": 50},
    "routes[].strategy": "hold",
    "routes[].params": {"fast": 5},
    "routes[].products": ["ETH-USD"],
    "routes[].interval": "1d",
    "routes[].budget_pct": 40,
    "routes[].entry": {"style": "taker"},
    "routes[].exit": {"style": "taker"},
    "cash": "123.45",
    "order_style.entry.style": "taker",
    "order_style.entry.offset_bps": 2.5,
    "order_style.entry.ttl_bars": 3,
    "order_style.exit.style": "maker_only",
    "order_style.exit.offset_bps": 2.5,
    "order_style.exit.ttl_bars": 3,
    "costs.taker_bps": 130,
    "costs.maker_bps": 70,
    "costs.spread_bps": 6,
    "costs.slippage_bps": 6,
    "costs.participation": 0.1,
    "costs.touch_fills": True,
    "costs.impact": 1.0,
    "costs.latency_ms": 250,
    "costs.latency_bars": 2,
    "costs.fee_tier": "simulated",
    "costs.region": "eu",
    "risk.max_product_pct": 10,
    "risk.max_gross_pct": 50,
    "risk.max_daily_loss_pct": 1.5,
    "risk.max_drawdown_pct": 7,
    "risk.max_entries_per_day": 4,
    "risk.max_bar_age_intervals": 3,
    "risk.rebalance_band": 0.1,
    "risk.min_size_multiple": 5,
    "risk.max_equity": "20000",
    "risk.bot_watched_stops": "accept",
    "risk.exit_timeout_s": 60,
    "coinbase.ws_url": "ws://127.0.0.1:9",
    "coinbase.ws_user_url": "wss://user.example",
    "coinbase.private_requests_per_s": 3,
    "coinbase.allow_transfer_key": True,
    "data.min_coverage_pct": 50,
    "synthetic.seed": 8,
    "synthetic.bars": 500,
    "run.speed_bars_per_s": 10,
    "alerts.webhook_url": "https://alerts.example/x",
    "alerts.required": True,
    "alerts.heartbeat_url": "https://alive.example/x",
    "alerts.heartbeat_s": 30.0,
    "coinbase.key_file": "/keys/key.json",
    "coinbase.rest_url": "http://127.0.0.1:8080",
    "coinbase.public_requests_per_s": 2,
}
WITH = {
    "mode": {"feed": "coinbase", "broker": "coinbase"},
    "broker": {"mode": "observe", "feed": "coinbase"},
}
# A strategy from outside drops the parameters of the profile: tests/config/test_layers.py
NOT_IN_ENV = {"extends", "params", "strategy"} | {
    key for key in CHANGES if key.startswith("routes")
}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def profile(tmp_path, text=BASE, name="x"):
    path = tmp_path / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def with_key(key, value):
    """The base profile as a mapping, with one key changed (and what it needs)."""
    keys = YAML(typ="safe", pure=True).load(BASE) | WITH.get(key, {})
    if key.startswith("routes[]."):
        keys["routes"] = [{"strategy": "sma_cross", key.removeprefix("routes[]."): value}]
        del keys["strategy"], keys["params"]
    else:
        *sections, last = key.split(".")
        at = keys
        for section in sections:
            at = at.setdefault(section, {})
        at[last] = value
    return json.dumps(keys)  # JSON is YAML


def load(path, env=None, flags=None):
    return load_profile(path, env=env or {}, flags=flags or {})


def problems_of(path, env=None, flags=None):
    with pytest.raises(ProfileError) as caught:
        load(path, env, flags)
    return [str(p) for p in caught.value.problems]


def test_every_documented_key_has_a_change_here():
    assert set(CHANGES) == {key.name for key in all_keys()}


@pytest.mark.parametrize("key", sorted(set(CHANGES) - {"extends"}))
def test_changing_a_key_in_the_profile_changes_the_settings(tmp_path, key):
    same = "routes[].strategy" if key.startswith("routes") else "strategy"
    plain = with_key(same, "sma_cross")
    before = load(profile(tmp_path, plain, "x"))
    after = load(profile(tmp_path, with_key(key, CHANGES[key]), "x"))
    assert after.settings != before.settings


@pytest.mark.parametrize("key", sorted(set(CHANGES) - NOT_IN_ENV))
def test_a_key_means_the_same_in_profile_environment_and_flag(tmp_path, key):
    in_profile = load(profile(tmp_path, with_key(key, CHANGES[key]))).settings
    value = CHANGES[key]
    text = ",".join(value) if isinstance(value, list) else str(value)
    plain = profile(tmp_path)
    rest_env = {f"GPT_TRADER_{k.upper()}": v for k, v in WITH.get(key, {}).items()}
    name = f"GPT_TRADER_{key.upper().replace('.', '__')}"
    by_env = load(plain, env={name: text} | rest_env)
    by_flag = load(plain, flags={key: value} | WITH.get(key, {}))
    assert by_env.settings == in_profile == by_flag.settings
    assert str(by_env.origins[key]) == f"env {name}"
    assert str(by_flag.origins[key]).startswith("flag --")


def test_extends_starts_from_the_other_profile(tmp_path):
    profile(tmp_path, BASE + "cash: 7\ndescription: of the base\n", "base")
    loaded = load(profile(tmp_path, "extends: base\ninterval: 4h\n"))
    assert loaded.settings.interval == "4h"
    assert loaded.settings.cash == 7
    assert loaded.settings.description == ""
    assert str(loaded.origins["cash"]) == "base.yaml:6"
    assert str(loaded.origins["interval"]) == "x.yaml:2"
    assert loaded.settings.profile == "x"


def test_extends_goes_several_levels_deep(tmp_path):
    profile(tmp_path, BASE + "cash: 7\n", "a")
    profile(tmp_path, "extends: a\nrisk: {max_gross_pct: 9}\n", "b")
    settings = load(profile(tmp_path, "extends: b\nrisk: {max_product_pct: 8}\n")).settings
    assert (settings.cash, settings.risk.max_gross_pct, settings.risk.max_product_pct) == (7, 9, 8)


def test_extends_in_a_circle_is_an_error(tmp_path):
    profile(tmp_path, "extends: x\n", "a")
    (problem,) = [p for p in problems_of(profile(tmp_path, "extends: a\n")) if "extend" in p]
    assert problem.startswith("a.yaml:1:10")


def test_flag_beats_environment_beats_profile_beats_default(tmp_path):
    key, name = "risk.max_gross_pct", "GPT_TRADER_RISK__MAX_GROSS_PCT"
    plain, stated = profile(tmp_path), profile(tmp_path, BASE + "risk: {max_gross_pct: 90}\n", "y")
    for path, env, flags, value, origin in [
        (plain, {}, {}, 100.0, "default"),
        (stated, {}, {}, 90.0, "y.yaml:6"),
        (stated, {name: "80"}, {}, 80.0, f"env {name}"),
        (stated, {name: "80"}, {key: 70}, 70.0, "flag --set risk.max_gross_pct"),
    ]:
        loaded = load(path, env, flags)
        assert loaded.settings.risk.max_gross_pct == value
        assert loaded.values[key] == value
        assert str(loaded.origins[key]) == origin


FLAGS = {
    "interval": st.sampled_from(["1m", "4h", "1d"]),
    "cash": st.integers(1, 10**6).map(str),
    "costs.taker_bps": st.floats(0, 1000),
    "costs.maker_bps": st.floats(0, 1000),
    "costs.touch_fills": st.booleans(),
    "risk.max_product_pct": st.floats(0.1, 100),
    "risk.max_entries_per_day": st.integers(0, 100),
    "synthetic.seed": st.integers(0, 1000),
    "params.fast": st.integers(1, 100),
    "order_style.entry.style": st.sampled_from(["taker", "maker_only"]),
}


@given(flags=st.fixed_dictionaries({key: st.none() | value for key, value in FLAGS.items()}))
def test_lesson_6_only_flags_that_were_given_override_the_profile(tmp_path_factory, flags):
    stated = """\
interval: 2h
products: [BTC-USD]
strategy: sma_cross
params: {fast: 7, slow: 900}
cash: 77
costs: {taker_bps: 333, maker_bps: 222, touch_fills: true}
risk: {max_product_pct: 11, max_entries_per_day: 3}
synthetic: {seed: 99}
order_style: {entry: {style: taker}}
"""
    path = profile(tmp_path_factory.mktemp("p"), stated)
    without, loaded = load(path), load(path, flags=flags)
    for key in without.values:
        if flags.get(key) is None:
            assert loaded.values[key] == without.values[key]
            assert loaded.origins[key] == without.origins[key]
        else:
            wanted = Decimal(flags[key]) if key == "cash" else flags[key]
            assert loaded.values[key] == wanted
            assert str(loaded.origins[key]).startswith("flag --")


def test_lesson_10_all_mistakes_are_named_at_once_with_place_and_nearest_key(tmp_path):
    text = """\
mode: lvie
risk:
  max_daly_loss_pct: 3
  max_gross_pct: 500
  max_entries_per_day: true
rsk: {a: 1}
products: [BTC-USD, "!"]
strategy: sma_cross
params: {fast: [1]}
cash: 1
cash: 2
"""
    env = {"GPT_TRADER_RISK__MAX_GROS_PCT": "1"}
    with pytest.raises(ProfileError) as caught:
        load(profile(tmp_path, text), env, {"costs.taker_bps": "lots"})
    assert caught.value.exit_code == 3
    assert caught.value.where == "x.yaml:1:7"
    hints = {p.origin.place: p.hint for p in caught.value.problems}
    assert hints == {
        "x.yaml:1:7": "did you mean live?",
        "x.yaml:3:3": "did you mean max_daily_loss_pct?",
        "x.yaml:4:18": "",
        "x.yaml:5:24": "",
        "x.yaml:6:1": "did you mean risk?",
        "x.yaml:7:21": "",
        "x.yaml:9:10": "",
        "x.yaml:11:1": "keep one of the two",
        "env GPT_TRADER_RISK__MAX_GROS_PCT": "did you mean max_gross_pct?",
        "flag --taker-bps": "",
    }
    assert "    max_daly_loss_pct: 3\n    ^" in caught.value.details[1]


@pytest.mark.parametrize(
    "key, bad",
    [
        ("risk.max_product_pct", 0),
        ("risk.max_product_pct", 100.01),
        ("risk.max_drawdown_pct", -1),
        ("risk.max_entries_per_day", 1.5),
        ("risk.min_size_multiple", 1),
        ("risk.rebalance_band", 1),
        ("risk.max_gross_pct", "nan"),
        ("costs.taker_bps", -1),
        ("costs.participation", 0),
        ("order_style.entry.ttl_bars", 5),
        ("order_style.entry.ttl_bars", 0),
        ("synthetic.seed", -1),
        ("cash", 0),
        ("cash", "inf"),
        ("interval", "3h"),
        ("alerts.webhook_url", "http://example.com"),
        ("alerts.webhook_url", "https://user:pass@example.com"),
        ("alerts.webhook_url", "http://192.168.0.1"),
        ("alerts.webhook_url", "http://127.0.0.1.example.com"),
        ("alerts.webhook_url", "file:///etc/passwd"),
        ("risk", 3),
        ("risk", None),
        ("routes", "none"),
        ("products", 3),
    ],
)
def test_a_value_out_of_range_or_of_a_wrong_type_is_refused_at_its_place(tmp_path, key, bad):
    (problem,) = problems_of(profile(tmp_path, with_key(key, bad)))
    assert problem.startswith("x.yaml:1:")
    assert key.partition(".")[0] in problem


def test_a_wrong_value_is_misuse_in_a_flag_and_configuration_elsewhere(tmp_path):
    with pytest.raises(UsageError, match=r"flag --participation: .* was 2") as caught:
        load(profile(tmp_path), flags={"costs.participation": 2})
    assert caught.value.exit_code == 2
    with pytest.raises(ProfileError):
        load(profile(tmp_path), {"GPT_TRADER_COSTS__PARTICIPATION": "2"})
    with pytest.raises(ProfileError):
        load(profile(tmp_path, with_key("costs.participation", 2)))


@pytest.mark.parametrize("limit", [0.01, 100])
def test_a_value_at_its_bound_is_taken(tmp_path, limit):
    loaded = load(profile(tmp_path), flags={"risk.max_product_pct": limit})
    assert loaded.settings.risk.max_product_pct == limit


def test_a_mistake_in_a_route_is_named_with_the_route(tmp_path):
    text = "products: [BTC-USD]\nroutes:\n- strategy: hold\n  budget: 3\n- params: {}\n"
    found = problems_of(profile(tmp_path, text))
    assert "x.yaml:4:3: unknown key routes[0].budget" in found


def test_an_impossible_combination_is_named_at_the_key_that_was_stated(tmp_path):
    assert problems_of(profile(tmp_path, BASE + "broker: coinbase\n")) == [
        "x.yaml:6:1: mode dev cannot have broker coinbase"
    ]


def test_a_profile_that_trades_nothing_is_refused(tmp_path):
    assert len(problems_of(profile(tmp_path, "mode: dev\n"))) == 2


def test_without_a_profile_the_defaults_hold_and_nothing_need_be_traded():
    settings = load(None).settings
    assert (settings.profile, settings.products, settings.routes) == ("", (), ())
    assert settings.cash == 10_000
    settings = load(None, flags={"strategy": "hold", "products": ["btc-usd"]}).settings
    assert settings.routes[0].products == settings.products == ("BTC-USD",)


def test_a_secret_in_a_profile_is_refused_and_not_shown(tmp_path):
    text = BASE + "coinbase: {api_secret: hunter2}\nnonsense: 1\n"
    with pytest.raises(ProfileError) as caught:
        load(profile(tmp_path, text))
    said = "\n".join((caught.value.message, caught.value.hint, *caught.value.details))
    assert "hunter2" not in said
    assert "looks like a secret" in said


def test_the_address_for_alerts_is_in_no_repr(tmp_path):
    address = "https://alerts.example/hunter2"
    flags = {"alerts.webhook_url": address, "alerts.heartbeat_url": address}
    assert "hunter2" not in repr(load(profile(tmp_path), flags=flags).settings)


@pytest.mark.parametrize("ref", ["nope", "nope.yaml"])
def test_a_missing_profile_is_a_config_error(ref):
    with pytest.raises(ConfigError):
        load(ref)


def test_overrides_tell_parameters_from_keys():
    flags = overrides(["fast=20", "risk.max_gross_pct=5", "cash=7", "params.cash=1", "a=b=c"])
    assert {key: given.value for key, given in flags.items()} == {
        "params.fast": "20",
        "risk.max_gross_pct": "5",
        "cash": "7",
        "params.cash": "1",
        "params.a": "b=c",
    }


@pytest.mark.parametrize("text", ["fast", "=3", " =3", ""])
def test_overrides_refuse_another_shape(text):
    with pytest.raises(UsageError):
        overrides([text])


def test_a_key_file_lies_beside_the_profile_that_names_it(tmp_path, monkeypatch):
    below = tmp_path / "below"
    below.mkdir()
    profile(below, BASE + "coinbase: {key_file: keys/key.json}\n", "base")
    path = profile(tmp_path, "extends: below/base.yaml\n")
    monkeypatch.chdir("/")
    assert load(path).settings.access.key_file == str(below / "keys" / "key.json")
    monkeypatch.setenv("HOME", str(tmp_path))
    path = profile(tmp_path, BASE + "coinbase: {key_file: ~/key.json}\n")
    assert load(path).settings.access.key_file == str(tmp_path / "key.json")
    env = {"GPT_TRADER_COINBASE__KEY_FILE": "here.json"}
    assert load(path, env).settings.access.key_file == "here.json"


def test_a_profile_says_what_file_it_is(tmp_path):
    found = load(profile(tmp_path)).settings.file
    assert found.path == str(tmp_path / "x.yaml")
    assert len(found.sha256) == 64
    assert load(None).settings.file.path == ""
