"""Orders that have ended: the last ones are kept."""

from dataclasses import replace

from gpt_trader.domain.order import Order, OrderStatus, OrderType, TimeInForce
from gpt_trader.engine.ids import new_id
from gpt_trader.engine.orders import with_orders
from gpt_trader.engine.state import FINAL_ORDERS_KEPT
from gpt_trader.kernel.codes import ORDINAL_BAR
from tests.engine_helpers import COIN, HOUR, Desk, sent

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


def test_many_orders_of_one_product_leave_those_of_bars_to_come_of_another():
    """By it a bar is known to have had its order, which would be sent again."""
    gold = replace(COIN, product_id="GOLD-USD")
    desk = Desk(COIN, gold)
    for j in range(2):
        desk.bar(10_000, j=j)
    [rests] = sent(desk.place(1, **LIMIT))
    bar_ms = desk.state.cycle_ms + HOUR
    came = {
        open_ms: rests.intent._replace(
            client_order_id=new_id(desk.plan, "COIN-USD", open_ms, ORDINAL_BAR),
            product_id="COIN-USD",
            sent_ms=open_ms + HOUR + 700,
        )
        for open_ms in (bar_ms - HOUR, bar_ms, bar_ms + HOUR)
    }
    state = desk.state
    for intent in came.values():
        state = with_orders(desk.plan, state, Order(intent, status=OrderStatus.FILLED))
    for name in ("COIN-USD", "GOLD-USD"):
        for k in range(FINAL_ORDERS_KEPT + 10):
            other = rests.intent._replace(client_order_id=f"{name} {k}", product_id=name)
            state = with_orders(desk.plan, state, Order(other, status=OrderStatus.FILLED))
    kept = [open_ms for open_ms, one in came.items() if one.client_order_id in state.orders]
    assert kept == [bar_ms, bar_ms + HOUR]
    assert "GOLD-USD 5" not in state.orders
    decided = state._replace(cycle_ms=bar_ms + HOUR)
    last = Order(rests.intent._replace(client_order_id="last"), status=OrderStatus.FILLED)
    assert not {one.client_order_id for one in came.values()} & {
        *with_orders(desk.plan, decided, last).orders
    }
