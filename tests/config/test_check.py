from typing import get_args

import pytest

from gpt_trader.config.check import conflicts, feeds_and_brokers_of
from gpt_trader.config.venues import ProfileKeys
from gpt_trader.config.words import Broker, Feed, Mode

GOOD = {"strategy": "hold", "products": ["BTC-USD"]}
LIVE = {"mode": "live", "feed": "coinbase", "broker": "coinbase"}


def messages(**keys):
    return [c.message for c in conflicts(ProfileKeys.model_validate(GOOD | keys), named=True)]


def route(**keys):
    return {"strategy": "hold"} | keys


def test_a_good_profile_has_no_conflict():
    assert messages() == []


@pytest.mark.parametrize("mode", get_args(Mode))
@pytest.mark.parametrize("feed", get_args(Feed))
@pytest.mark.parametrize("broker", get_args(Broker))
def test_a_mode_takes_only_its_own_feeds_and_brokers(mode, feed, broker):
    feeds, brokers = feeds_and_brokers_of(mode)
    found = messages(mode=mode, feed=feed, broker=broker)
    is_split = mode == "live" and feed != broker
    assert len(found) == (feed not in feeds) + (broker not in brokers) + is_split


def test_only_live_sends_orders_to_coinbase():
    assert [mode for mode in get_args(Mode) if "coinbase" in feeds_and_brokers_of(mode)[1]] == [
        "live"
    ]


def test_a_live_profile_that_requires_alerts_needs_an_address():
    alerts = {"required": True}
    assert "webhook_url" in messages(**LIVE, alerts=alerts)[0]
    assert messages(**LIVE, alerts=alerts | {"webhook_url": "https://a.example/x"}) == []
    assert messages(alerts=alerts) == []


def test_a_named_profile_says_what_to_trade():
    empty = ProfileKeys()
    assert len(list(conflicts(empty, named=True))) == 2
    assert list(conflicts(empty, named=False)) == []


def test_two_routes_on_one_product_are_refused_with_the_way_out():
    keys = ProfileKeys.model_validate(
        {"products": ["BTC-USD"], "routes": [route(budget_pct=50), route(budget_pct=50)]}
    )
    (conflict,) = conflicts(keys, named=True)
    assert conflict.message == "two routes trade BTC-USD"
    assert "ensemble" in conflict.hint


def test_a_route_has_bars_that_are_made_of_the_profiles():
    routes = [route(products=["BTC-USD"], interval="4h")]
    assert messages(strategy=None, routes=routes, interval="1h") == []
    (said,) = messages(strategy=None, routes=routes, interval="6h")
    assert said == "a route's interval is 4h, which is no multiple of 6h"


def test_budgets_sum_to_at_most_all():
    routes = [route(products=["BTC-USD"], budget_pct=60), route(products=["ETH-USD"])]
    assert messages(strategy=None, routes=routes) == ["the routes' budgets sum to 160 %"]
    routes[1]["budget_pct"] = 40
    assert messages(strategy=None, routes=routes) == []


def test_short_and_long_form_exclude_each_other():
    assert messages(routes=[route(products=["ETH-USD"])]) == ["strategy and routes are both stated"]
    assert (
        "without a strategy"
        in messages(strategy=None, params={"fast": 1}, routes=[route(products=["ETH-USD"])])[0]
    )


def test_a_product_is_listed_once_and_in_one_quote_currency():
    assert messages(products=["BTC-USD", "btc/usd"]) == ["BTC-USD is listed twice"]
    assert messages(products=["BTC-USD", "ETH-USDC"]) == ["products are quoted in USD and USDC"]


def test_cash_stays_within_max_equity():
    assert messages(cash="50", risk={"max_equity": "50"}) == []
    assert messages(cash="50.01", risk={"max_equity": "50"}) == [
        "cash 50.01 is more than risk.max_equity 50"
    ]


@pytest.mark.parametrize("name", ["taker_bps", "maker_bps"])
def test_a_tier_and_a_stated_fee_exclude_each_other(name):
    assert messages(costs={"fee_tier": "simulated"}) == messages(costs={name: 5}) == []
    [said] = messages(costs={"fee_tier": "vip_1", name: 5})
    assert said == f"costs.fee_tier vip_1 sets the fees, and so does costs.{name}"
