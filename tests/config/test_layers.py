import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.config.layers import Given, env_layer, flag_layer, merge, nest, secret_problems

KEYS = ["cash", "mode", "risk.max_gross_pct", "risk.max_product_pct", "params.fast", "strategy"]
FLAGS = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["a", "b", None]))


def test_env_layer_reads_nested_keys_and_names_the_variable():
    layer, problems = env_layer(
        {"GPT_TRADER_RISK__MAX_GROSS_PCT": "50", "GPT_TRADER_CASH": "7", "HOME": "/root"}
    )
    assert problems == []
    assert layer.values == {("risk", "max_gross_pct"): "50", ("cash",): "7"}
    assert str(layer.origins[("cash",)]) == "env GPT_TRADER_CASH"


def test_env_layer_leaves_out_empty_and_reserved_variables():
    names = ("PROFILE", "STATE_DIR", "CACHE_DIR", "DATA_DIR", "DEBUG")
    env = {f"GPT_TRADER_{name}": "x" for name in names} | {"GPT_TRADER_CASH": ""}
    layer, problems = env_layer(env)
    assert layer.values == {}
    assert problems == []


LOSS = "did you mean GPT_TRADER_RISK__MAX_DAILY_LOSS_PCT?"


@pytest.mark.parametrize(
    "name, hint",
    [
        ("GPT_TRADER_RISK_MAX_DAILY_LOSS_PCT", LOSS),
        ("GPT_TRADER_MAX_DAILY_LOSS_PCT", LOSS),
        ("gpt_trader_risk__max_daily_loss_pct", LOSS),
        ("GPT_TRADER_risk__max_daily_loss_pct", LOSS),
        ("Gpt_Trader_RISK__MAX_DAILY_LOSS_PCT", LOSS),
        ("GPT_TRADER_MAXDAILYLOSS_PCT", LOSS),
        ("GPT_TRADER_PRODUCT", "did you mean GPT_TRADER_PRODUCTS?"),
        ("GPT_TRADER_STATEDIR", "did you mean GPT_TRADER_STATE_DIR?"),
        ("gpt_trader_state_dir", "did you mean GPT_TRADER_STATE_DIR?"),
        ("GPT_TRADER_STYLE", "did you mean GPT_TRADER_ORDER_STYLE__ENTRY__STYLE or "),
        ("GPT_TRADER_UNRELATED_TOOL", "names are GPT_TRADER_SECTION__KEY"),
        ("GPT_TRADER_", "names are GPT_TRADER_SECTION__KEY"),
    ],
)
def test_every_name_of_the_prefix_is_a_key_or_an_error(name, hint):
    layer, problems = env_layer({name: "1"})
    assert layer.values == {}
    [problem] = problems
    assert str(problem.origin) == f"env {name}"
    assert problem.hint.startswith(hint)


def test_another_prefix_is_nobodys():
    assert env_layer({"GPT_TRADERS_CASH": "1", "_GPT_TRADER_COMPLETE": "1"}) == env_layer({})


def test_env_layer_refuses_what_only_a_file_can_state():
    _, problems = env_layer({"GPT_TRADER_ROUTES": "[]", "GPT_TRADER_EXTENDS": "spot"})
    assert len(problems) == 2


def test_flag_layer_names_the_flag():
    layer = flag_layer(
        {
            "costs.taker_bps": 1,
            "risk.max_gross_pct": 2,
            "params.fast": Given(3, "--set fast"),
            "cash": None,
        }
    )
    assert {str(o) for o in layer.origins.values()} == {
        "flag --taker-bps",
        "flag --set risk.max_gross_pct",
        "flag --set fast",
    }


@given(low=FLAGS, high=FLAGS)
def test_a_higher_layer_covers_exactly_what_it_states(low, high):
    low.pop("strategy", None)  # a strategy takes its parameters along: tested below
    high.pop("strategy", None)
    merged = merge(flag_layer(low), flag_layer(high))
    for key in KEYS:
        stated = high.get(key) if high.get(key) is not None else low.get(key)
        assert merged.values.get(tuple(key.split("."))) == stated


def test_another_strategy_drops_the_parameters_below_and_the_same_one_keeps_them():
    low = flag_layer({"strategy": "ema_trend", "params.fast": 3})
    other = merge(low, flag_layer({"strategy": "sma_cross", "params.slow": 9}))
    assert nest(other.values) == {"strategy": "sma_cross", "params": {"slow": 9}}
    same = merge(low, flag_layer({"strategy": "ema_trend", "params.slow": 9}))
    assert nest(same.values)["params"] == {"fast": 3, "slow": 9}


def test_strategy_and_routes_replace_each_other():
    routes = flag_layer({})
    routes.values[("routes", 0, "strategy")] = "hold"
    short = flag_layer({"strategy": "ema_trend", "params.fast": 3})
    assert nest(merge(short, routes).values) == {"routes": [{"strategy": "hold"}]}
    assert nest(merge(routes, short).values) == {"strategy": "ema_trend", "params": {"fast": 3}}


def test_a_list_replaces_a_list_as_a_whole():
    low, high = flag_layer({}), flag_layer({})
    for i, product in enumerate("abc"):
        low.values[("products", i)] = product
    high.values[("products", 0)] = "z"
    assert nest(merge(low, high).values) == {"products": ["z"]}


def test_nested_builds_lists_of_uneven_items():
    values = {
        ("routes", 0, "params", "fast"): 1,
        ("routes", 1, "strategy"): "b",
        ("routes", 10, "strategy"): "k",
    }
    assert nest(values)["routes"][:2] == [{"params": {"fast": 1}}, {"strategy": "b"}]


def test_nested_leaves_out_a_key_below_a_scalar():
    assert nest({("risk",): 3, ("risk", "x"): 4}) == {"risk": 3}


def test_secrets_are_reported_by_key_only():
    layer, _ = env_layer({"GPT_TRADER_COINBASE__API_SECRET": "hunter2"})
    (problem,) = secret_problems(layer)
    assert "hunter2" not in problem.block()
    assert "COINBASE_API_SECRET" in problem.hint
