"""What may be taken of what somebody says of an order, and what is remembered of it."""

from decimal import Decimal

import pytest

from gpt_trader.broker.coinbase.account import parse_order
from gpt_trader.broker.exchange.hearsay import DENIALS, DENIED_MS, Hearsay
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine.events import OrderUpdated
from tests.engine_helpers import COIN, Desk, sent

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC, "lots": 10, "limit": 9_000}


@pytest.fixture
def order():
    """An order that was sent and has no name yet."""
    desk = Desk()
    desk.bar(10_000)
    [one] = sent(desk.place(1, **LIMIT))
    return one


def row(order, **said):
    told = {
        "order_id": "x1",
        "client_order_id": order.client_order_id,
        "product_id": "COIN-USD",
        "side": "BUY",
        "status": "OPEN",
        "filled_size": "0",
        "filled_value": "0",
        "total_fees": "0",
    }
    return parse_order(told | said)


def test_a_row_that_contradicts_itself_is_a_reason_to_ask_and_no_more(order):
    heard = Hearsay()
    found = heard.hear(COIN, order, row(order, filled_size="5", filled_value="0"), 1_000)
    assert found == [
        OrderUpdated(1_000, "COIN-USD", order.client_order_id, OrderStatus.OPEN, exchange_id="x1")
    ]
    assert heard.get(order.client_order_id).lots == 5


def test_one_that_is_no_news_of_an_order_that_has_ended_is_none(order):
    heard = Hearsay()
    ended = order._replace(status=OrderStatus.FILLED, filled=10, exchange_id="x1")
    assert heard.hear(COIN, ended, row(order, filled_size="5", filled_value="0"), 1_000) == []
    assert len(heard) == 0


def test_only_orders_that_are_kept_are_remembered(order):
    heard, other = Hearsay(), order._replace(exchange_id="x9")
    heard.hear(COIN, other, row(order), 1_000)
    assert heard.renamed == {order.client_order_id: "x1"}
    heard.keep({order.client_order_id})
    assert len(heard) == len(heard.renamed) == 1
    heard.keep(())
    assert len(heard) == len(heard.renamed) == 0


def test_what_nobody_says_is_not_refuted(order):
    heard = Hearsay()
    heard.refute(order.client_order_id, 1_000)
    assert len(heard) == 0
    heard.wait(order, 5, 1_000)
    heard.refute(order.client_order_id, 2_000)
    assert heard.get(order.client_order_id).refuted_ms == 2_000


def test_what_is_said_again_is_denied_from_anew_and_stays_refuted(order):
    heard, key = Hearsay(), order.client_order_id
    named = order._replace(exchange_id="x1", status=OrderStatus.OPEN)
    filled = row(order, filled_size="5", filled_value=str(Decimal(5) * 90))
    heard.hear(COIN, named, filled, 1_000)
    heard.refute(key, 1_500)
    for _ in range(DENIALS - 1):
        assert not heard.settle(named, 0, 2_000, has_ended=False)
    heard.hear(COIN, named, filled, 3_000)
    assert heard.get(key)[2:] == (1_000, 3_000, 0, 1_500, 0)
    for _ in range(DENIALS - 1):
        assert not heard.settle(named, 0, 3_000 + DENIED_MS, has_ended=False)
    assert heard.settle(named, 0, 3_000 + DENIED_MS, has_ended=False), "nobody says it again"
    assert len(heard) == 0
