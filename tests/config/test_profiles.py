"""The profiles that ship."""

from decimal import Decimal

import pytest

from gpt_trader.config.find import find_shipped
from gpt_trader.config.load import load_profile
from gpt_trader.config.location import ProfileError
from gpt_trader.domain.costs import DEFAULT_COSTS, OrderStyle
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.registry import create

NAMES = ("dev", "spot", "paper", "observe", "canary", "prod")
TEN = ("BTC", "ETH", "XRP", "SOL", "LTC", "ADA", "DOGE", "BCH", "AVAX", "LINK")
SINK = {"GPT_TRADER_ALERTS__WEBHOOK_URL": "https://alerts.example/x"}


def settings(name):
    return load_profile(str(find_shipped() / f"{name}.yaml"), env=SINK).settings


def test_exactly_these_profiles_ship():
    assert {file.stem for file in find_shipped().glob("*")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_loads_and_its_strategies_exist(name):
    made = settings(name)
    assert made.description
    for route in made.routes:
        create(route.strategy, route.params)


@pytest.mark.parametrize("name", NAMES)
def test_no_shipped_profile_flatters_its_costs_or_loosens_a_default_limit(name):
    made = settings(name)
    assert not made.costs.below_default()
    assert made.risk == RiskPolicy()
    assert made.order_style == OrderStyle()


def test_dev_needs_nothing():
    dev = settings("dev")
    assert (dev.mode, dev.feed, dev.broker) == ("dev", "synthetic", "paper")
    assert not dev.needs_venue
    assert dev.products == ("BTC-USD", "ETH-USD", "SOL-USD")
    assert (dev.synthetic.seed, dev.cash) == (7, Decimal(10_000))
    assert dev.costs == DEFAULT_COSTS  # no cap on participation


def test_spot_is_the_base_of_all_others():
    spot = settings("spot")
    assert (spot.mode, spot.interval, spot.products) == ("live", "4h", ("BTC-USD", "ETH-USD"))
    assert spot.costs.participation == 0.1
    for name in ("paper", "observe", "canary", "prod"):
        made = settings(name)
        assert (made.interval, made.routes[0].strategy) == ("4h", "ema_trend")
        assert (made.costs, made.feed) == (spot.costs, "coinbase")


def test_only_live_profiles_can_send_orders():
    brokers = {name: settings(name).broker for name in NAMES}
    assert [name for name in NAMES if brokers[name] == "coinbase"] == ["spot", "canary", "prod"]
    assert brokers["observe"] == "observe"


def test_canary_uses_at_most_fifty():
    canary = settings("canary")
    assert canary.max_equity == canary.cash == Decimal(50)


def test_prod_trades_ten_products_and_needs_an_alert_sink():
    assert settings("prod").products == tuple(f"{base}-USD" for base in TEN)
    with pytest.raises(ProfileError, match="webhook_url"):
        load_profile(str(find_shipped() / "prod.yaml"), env={})
