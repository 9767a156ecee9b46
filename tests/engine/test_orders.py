"""Orders that have ended: the last ones are kept."""

from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine.orders import with_orders
from gpt_trader.engine.state import FINAL_ORDERS_KEPT
from tests.engine_helpers import Desk, sent

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
