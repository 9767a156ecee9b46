"""What of a product matters to a session, and when it changes."""

from decimal import Decimal

import pytest

from gpt_trader.broker.coinbase.parse import product
from gpt_trader.broker.exchange.catalog import Catalog, changes

ROW = {
    "product_id": "BTC-USD",
    "status": "online",
    "base_increment": "0.00000001",
    "price_increment": "0.01",
    "base_min_size": "0.00000001",
    "quote_min_size": "1",
    "price": "65000",
}
BTC = product(ROW)


@pytest.mark.parametrize(
    "changed, why",
    [
        ({}, ""),
        ({"limit_only": True}, ""),
        ({"post_only": True}, ""),
        ({"status": ""}, ""),
        ({"status": "delisted"}, "it is delisted"),
        ({"cancel_only": True}, "orders can only be cancelled"),
        ({"trading_disabled": True}, "trading is disabled"),
        ({"is_disabled": True}, "it is disabled"),
        ({"auction_mode": True}, "an auction is on"),
        ({"view_only": True}, "this account may only look at it"),
        ({"new_flag": True}, ""),
    ],
)
def test_when_a_product_takes_no_order(changed, why):
    assert product(ROW | changed).closed == why


def test_changes_that_matter_are_told_and_prices_are_not():
    changed = {"quote_increment": "0.1", "base_max_size": "7", "quote_max_size": "9"}
    assert changes(BTC, product(ROW | changed)) == [
        "BTC-USD quote_increment: None -> 0.1",
        "BTC-USD base_max_size: None -> 7",
        "BTC-USD quote_max_size: None -> 9",
    ]
    after = product(ROW | {"price": "1", "quote_min_size": "5", "cancel_only": True})
    assert changes(BTC, after) == [
        "BTC-USD quote_min_size: 1 -> 5",
        "BTC-USD flags: none -> cancel_only",
    ]
    assert changes(BTC, product(ROW | {"price": "2"})) == []


def test_a_catalog_tells_each_change_once():
    rows = {"BTC-USD": BTC}
    catalog = Catalog(rows.__getitem__, [BTC])
    assert catalog.news() == []
    rows["BTC-USD"] = BTC._replace(quote_min_size=Decimal(2))
    assert catalog.news() == [("BTC-USD", "BTC-USD quote_min_size: 1 -> 2")]
    assert catalog.news() == []
