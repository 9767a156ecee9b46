"""What of a product matters to a session, and when it changes."""

from decimal import Decimal

import pytest

from gpt_trader.broker.coinbase.parse import product
from gpt_trader.broker.exchange.catalog import (
    AGAIN_MS,
    CLOSED_MS,
    REFUSED_MS,
    Catalog,
    Listing,
    changes,
    look_up,
)
from gpt_trader.domain.order import Order, OrderIntent, OrderStatus, OrderType, TimeInForce
from gpt_trader.errors import DataError, Unavailable

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
        ({"post_only": True}, "only orders that rest are taken"),
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


def order(key, product_id, status):
    intent = OrderIntent(key, product_id, 1, OrderType.MARKET, TimeInForce.IOC, 1, 0)
    return Order(intent, status=status)


def test_a_catalog_tells_each_change_once():
    catalog = Catalog({"BTC-USD": Listing("BTC-USD", BTC)})
    assert catalog.take(Listing("BTC-USD", BTC)) == []
    after = BTC._replace(quote_min_size=Decimal(2))
    assert catalog.take(Listing("BTC-USD", after)) == ["BTC-USD quote_min_size: 1 -> 2"]
    assert catalog.take(Listing("BTC-USD", after)) == []


def test_a_refusal_is_an_answer_and_silence_is_none():
    def refuses(product_id):
        raise DataError(f"404 {product_id}")

    found = look_up(refuses, "ETH-USD")
    assert (found.info, found.closed) == (None, "not listed any more: 404 ETH-USD")
    assert look_up({"BTC-USD": BTC}.__getitem__, "BTC-USD").closed == ""

    def says_nothing(_):
        raise Unavailable("503")

    with pytest.raises(Unavailable):
        look_up(says_nothing, "ETH-USD")
    catalog = Catalog({"ETH-USD": found})
    assert catalog.take(Listing("ETH-USD", BTC)) == [], "that it is back is told apart"


def test_each_product_is_asked_about_in_its_own_time():
    closed = BTC._replace(product_id="OFF-USD", closed="trading is disabled")
    names = ["BTC-USD", "OFF-USD", "NEW-USD"]
    listings = (Listing("BTC-USD", BTC), Listing("OFF-USD", closed))
    catalog = Catalog({one.product_id: one for one in listings})
    assert catalog.wanted(names, (), {}, 1) == ["NEW-USD"], "the others were told just now"
    assert catalog.wanted(names, (), {}, CLOSED_MS) == []
    assert catalog.wanted(names, (), {}, CLOSED_MS + 1) == ["OFF-USD", "NEW-USD"]
    assert catalog.wanted(["BTC-USD"], (), {}, AGAIN_MS) == []
    assert catalog.wanted(["BTC-USD"], (), {}, AGAIN_MS + 1) == ["BTC-USD"]


def test_a_refused_order_makes_its_product_be_asked_about():
    names = ["BTC-USD", "ETH-USD"]
    catalog = Catalog({name: Listing(name, BTC._replace(product_id=name)) for name in names})
    old = order("a", "ETH-USD", OrderStatus.REJECTED)
    catalog.wanted(names, (), {"a": old}, 1)
    waits = order("b", "BTC-USD", OrderStatus.SUBMITTED)
    assert catalog.wanted(names, (), {"a": old, "b": waits}, 10_000) == []
    no = order("b", "BTC-USD", OrderStatus.REJECTED)
    assert catalog.wanted(names, (), {"a": old, "b": no}, REFUSED_MS) == [], "not more often"
    assert catalog.wanted(names, (), {"a": old, "b": no}, REFUSED_MS + 1) == ["BTC-USD"]
    catalog.take(Listing("BTC-USD", BTC))
    assert catalog.wanted(names, (), {"a": old, "b": no}, 3 * REFUSED_MS) == [], "once for an order"
