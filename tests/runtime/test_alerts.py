"""What wakes a person, and what does not."""

from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.observe.notify import INFO, PAGE
from gpt_trader.runtime.alerts import alerts_of
from tests.engine_helpers import Desk

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC}


def told(desk, event):
    before = desk.state
    entries = desk.send(event)
    return [(a.level, a.event) for a in alerts_of(desk.plan, before, desk.state, entries)]


def desk_with_order():
    desk = Desk()
    desk.bar(10_000)
    desk.place(1, lots=2, limit=9_000, **LIMIT)
    return desk, next(iter(desk.state.orders))


def test_a_calm_bar_wakes_nobody():
    desk = Desk()
    before = desk.state
    entries = desk.bar(10_000)
    assert list(alerts_of(desk.plan, before, desk.state, entries)) == []


def test_halts_wake_somebody_once():
    desk = Desk()
    desk.bar(10_000)
    halt = ev.HaltRequested(desk.now(), "ann", "odd")
    assert told(desk, halt) == [(PAGE, "halted")]
    assert told(desk, halt) == []
    assert told(desk, ev.Rearmed(desk.now(), "ann", "seen")) == [(INFO, "rearmed")]
    freeze = ev.PositionFound(desk.now(), "COIN-USD", "t", "odd")
    assert told(desk, freeze) == [(PAGE, "frozen")]
    assert told(desk, ev.Rearmed(desk.now(), "ann", "seen")) == [(INFO, "rearmed")]


def test_orders_that_nobody_knows_wake_somebody():
    desk, key = desk_with_order()
    unknown = ev.OrderUpdated(desk.now(), "COIN-USD", key, OrderStatus.SUBMIT_UNKNOWN)
    assert told(desk, unknown) == [(PAGE, "unknown_order")]
    gone = ev.OrderUpdated(desk.now(), "COIN-USD", key, OrderStatus.REJECTED, "NOT_PLACED")
    assert told(desk, gone) == [(INFO, "rejected")]


def test_money_that_nothing_explains():
    desk = Desk()
    desk.bar(10_000)
    more = ev.Adjusted(desk.now(), "USD", "5", "reconciliation", "RECONCILIATION", "t")
    assert told(desk, more) == [(INFO, "adjusted")]
    less = more._replace(amount="-5")
    assert told(desk, less) == [(PAGE, "adjusted"), (PAGE, "frozen")]
    assert told(desk, more._replace(kind="deposit")) == []
    assert told(desk, ev.Reconciled(desk.now(), 0, 2)) == [(INFO, "differs")]


def test_a_fill_after_the_end():
    desk, key = desk_with_order()
    order = desk.order(key)
    desk.cancel(key)
    before = desk.state
    entries = desk.fill(order, 2, 2, 9_000)
    found = [a.event for a in alerts_of(desk.plan, before, desk.state, entries)]
    assert found == ["late_fill", "frozen"]
