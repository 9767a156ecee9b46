"""What the session knows of a product beside its slot and the marks."""

from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine.outside import half_spread, outside, readings
from gpt_trader.engine.state import with_new_orders
from gpt_trader.kernel.readings import OF_PRODUCT, Outside
from tests.engine_helpers import HOUR, T0, Desk


def test_what_is_known_is_of_the_product_at_the_time():
    desk = Desk()
    desk.bar(10_000)
    assert outside(desk.plan, desk.state, 0, desk.now()) == Outside(T0, 0, 0, 0, 0, 0)
    assert outside(desk.plan, desk.state, 0, desk.now() + 5).bar_age_ms == 5
    assert outside(desk.plan, desk.state, 0, desk.now() - HOUR).bar_age_ms == 0
    desk.send(ev.HaltRequested(desk.now(), "ann", "why"))
    desk.send(ev.PauseRequested(desk.now(), "ann", paused=True))
    known = outside(desk.plan, desk.state, 0, desk.now())
    assert (known.halt, known.pause) == (1, 1)


def test_an_order_of_unknown_outcome_is_counted():
    desk = Desk()
    desk.bar(10_000)
    desk.place(1, lots=5, limit=9_000, type=OrderType.LIMIT, tif=TimeInForce.GTC)
    order = next(iter(desk.state.orders.values()))
    unknown = order._replace(status=OrderStatus.SUBMIT_UNKNOWN)
    desk.state = with_new_orders(desk.state, unknown)
    assert outside(desk.plan, desk.state, 0, desk.now()).unknown_orders == 1


def test_readings_are_those_that_a_decision_takes():
    desk = Desk()
    desk.bar(10_000)
    known = outside(desk.plan, desk.state, 0, desk.now())
    found = readings(desk.plan, desk.state, 0, known)
    assert found["half_spread_e8"][0] == half_spread(desk.plan, desk.state, 0) == 0
    assert not any(found[name][0] != found[name][0] for name in OF_PRODUCT)
