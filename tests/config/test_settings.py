from decimal import Decimal

import pytest

from gpt_trader.config.schema import Interval
from gpt_trader.config.settings import to_settings
from gpt_trader.config.venues import ProfileKeys
from gpt_trader.domain.costs import DEFAULT_COSTS, OrderStyle
from gpt_trader.domain.times import INTERVALS
from gpt_trader.risk.policy import RiskPolicy


def settings(**keys):
    return to_settings(ProfileKeys.model_validate(keys), "x")


def test_defaults_are_those_of_the_domain():
    made = settings()
    assert made.costs == DEFAULT_COSTS
    assert made.risk == RiskPolicy()
    assert made.order_style == OrderStyle()
    assert made.cash == Decimal(10_000)


def test_intervals_are_those_of_the_data():
    assert list(Interval.__args__) == list(INTERVALS)
    for name, length_ms in INTERVALS.items():
        assert settings(interval=name).interval_ms == length_ms


def test_the_short_form_is_one_route_on_all_products():
    made = settings(products=["BTC-USD", "ETH-USD"], strategy="sma_cross", params={"fast": 3})
    (route,) = made.routes
    assert route.products == made.products == ("BTC-USD", "ETH-USD")
    assert (route.strategy, dict(route.params), route.budget) == ("sma_cross", {"fast": 3}, 1.0)


def test_routes_have_their_own_products_budget_and_legs():
    made = settings(
        products=["BTC-USD"],
        order_style={"entry": {"ttl_bars": 2}},
        routes=[
            {"strategy": "hold", "budget_pct": 40},
            {"strategy": "hold", "products": ["ETH-USD"], "exit": {"style": "taker"}},
        ],
    )
    first, second = made.routes
    assert made.products == ("BTC-USD", "ETH-USD")
    assert (first.budget, second.budget) == (0.4, 1.0)
    assert first.order_style == made.order_style
    assert second.order_style.entry.ttl_bars == 2
    assert second.order_style.exit.style == "taker"


def test_settings_cannot_be_changed():
    made = settings(strategy="sma_cross", params={"fast": 3})
    with pytest.raises(TypeError):
        made.routes[0].params["fast"] = 4
    with pytest.raises(AttributeError):
        made.cash = Decimal(1)


@pytest.mark.parametrize(
    "mode, feed, broker, needs",
    [
        ("dev", "synthetic", "paper", False),
        ("paper", "coinbase", "paper", True),
        ("live", "coinbase", "coinbase", True),
    ],
)
def test_needs_venue(mode, feed, broker, needs):
    assert settings(mode=mode, feed=feed, broker=broker).needs_venue is needs
