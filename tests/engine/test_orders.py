"""Orders that have ended: the last ones are kept."""

from dataclasses import replace

from gpt_trader.domain.order import Order, OrderStatus, OrderType, TimeInForce
from gpt_trader.engine.orders import with_orders
from gpt_trader.engine.state import FINAL_ORDERS_KEPT, NEWEST_KEPT
from tests.engine_helpers import COIN, Desk, sent

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC, "lots": 10, "limit": 9_000}


def test_an_order_that_rested_longest_is_still_known_once_it_has_ended():
    """What is dropped is what ended first: of the others something may still be told."""
    desk = Desk()
    desk.bar(10_000)
    [rests] = sent(desk.place(1, **LIMIT))
    state = desk.state
    for k in range(FINAL_ORDERS_KEPT + 10):
        intent = rests.intent._replace(client_order_id=f"order {k}")
        one = rests._replace(intent=intent)
        state = with_orders(desk.plan, state, one)
        state = with_orders(desk.plan, state, one._replace(status=OrderStatus.FILLED))
    assert [one.client_order_id for one in state.open_orders] == [rests.client_order_id]
    state = with_orders(desk.plan, state, rests._replace(status=OrderStatus.CANCELLED))
    assert len(state.orders) == FINAL_ORDERS_KEPT
    assert list(state.orders)[-2:] == [f"order {FINAL_ORDERS_KEPT + 9}", rests.client_order_id]
    assert not state.open_orders


def test_many_orders_of_one_product_leave_the_newest_of_another():
    """By it a bar is known to have had its order, which would be sent again."""
    gold = replace(COIN, product_id="GOLD-USD")
    desk = Desk(COIN, gold)
    desk.bar(10_000)
    [rests] = sent(desk.place(1, **LIMIT))
    mine = rests.intent._replace(client_order_id="mine", product_id="COIN-USD")
    state = with_orders(desk.plan, desk.state, Order(mine, status=OrderStatus.FILLED))
    for k in range(FINAL_ORDERS_KEPT + 10):
        other = mine._replace(client_order_id=f"order {k}", product_id="GOLD-USD")
        state = with_orders(desk.plan, state, Order(other, status=OrderStatus.FILLED))
    assert "mine" in state.orders
    assert "order 5" not in state.orders
    assert len(state.orders) - len(state.open_orders) <= FINAL_ORDERS_KEPT + NEWEST_KEPT
