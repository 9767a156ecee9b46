"""Paper orders on live quotes: at the side they take, and never better than the market was."""

import pytest

from gpt_trader.broker.simulated.observe import OBSERVED, ObserveBroker
from gpt_trader.broker.simulated.quotes import QuotePaper
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from tests.engine_helpers import HOUR, Desk, fills_of, sent

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC, "lots": 10, "limit": 9_900}


class QuoteDesk(Desk):
    """A desk whose orders meet quotes."""

    def __init__(self, **more):
        self.time_ms = 0
        super().__init__(**more)
        self.broker = QuotePaper()
        self.bar(10_000)

    def now(self):
        return max(super().now(), self.time_ms)

    def quote(self, bid, ask, *, after_ms=1_000):
        self.time_ms = self.now() + after_ms
        return self.send(ev.Quoted(self.time_ms, "COIN-USD", bid, ask))


@pytest.mark.parametrize("side, price", [(1, 10_010), (-1, 9_990)])
def test_a_market_order_fills_at_the_side_that_it_takes(side, price):
    desk = QuoteDesk()
    if side < 0:
        desk.place(1, lots=10)
        desk.quote(10_000, 10_001)
    desk.place(side, lots=10)
    [fill] = fills_of(desk.quote(9_990, 10_010))
    assert (fill.side, fill.ticks, fill.cumulative) == (side, price, 10)
    assert not fills_of(desk.quote(9_990, 10_010)), "once"


def test_a_routes_order_fills_at_the_next_quote_and_brings_its_stop():
    desk = QuoteDesk()
    desk.want(0.2, stop=0.05)
    desk.bar(10_000)
    [fill] = fills_of(desk.quote(9_999, 10_001))
    assert fill.ticks == 10_001
    assert not fills_of(desk.quote(9_600, 9_620))
    [stopped] = fills_of(desk.quote(9_500, 9_520))
    assert (stopped.side, stopped.ticks) == (-1, 9_500)
    assert desk.state.slots["lots"][0] == 0


def test_a_resting_order_fills_only_when_the_other_side_passes_it():
    desk = QuoteDesk()
    desk.place(1, **LIMIT)
    assert not fills_of(desk.quote(9_950, 9_960))
    assert not fills_of(desk.quote(9_900, 9_910, after_ms=10_000)), "touched is not passed"
    [fill] = fills_of(desk.quote(9_880, 9_890))
    assert fill.ticks == 9_900


def test_post_only_is_judged_by_the_newest_quote_and_then_it_rests():
    desk = QuoteDesk()
    desk.quote(9_880, 9_890)
    [order] = sent(desk.place(1, **LIMIT, post_only=True))
    assert desk.order(order.client_order_id).status is OrderStatus.REJECTED
    desk.quote(9_950, 9_960)
    [order] = sent(desk.place(1, **LIMIT, post_only=True))
    assert desk.order(order.client_order_id).status is OrderStatus.OPEN
    [fill] = fills_of(desk.quote(9_880, 9_890, after_ms=10_000))
    assert fill.ticks == 9_900


def test_a_quote_does_not_end_a_routes_order_its_bar_does():
    desk = QuoteDesk(style="maker_first")
    desk.quote(9_999, 10_001)
    desk.want(0.2)
    [order] = sent(desk.bar(10_000))
    for _ in range(3):
        desk.quote(10_099, 10_101)
    assert desk.order(order.client_order_id).status is OrderStatus.OPEN
    desk.want(0.0)
    desk.bar(10_100, low=10_050, high=10_200)
    assert desk.order(order.client_order_id).status is OrderStatus.EXPIRED


def test_a_bar_tells_what_nobody_saw():
    desk = QuoteDesk()
    desk.quote(9_999, 10_001)
    desk.want(0.2, stop=0.05)
    desk.bar(10_000)
    desk.quote(9_999, 10_001)
    desk.bar(10_000)
    fills = fills_of(desk.bar(9_800, low=9_400))
    assert [(fill.side, fill.ticks) for fill in fills] == [(-1, 9_500)]


def test_what_began_inside_a_bar_is_not_judged_by_all_of_it():
    desk = QuoteDesk()
    desk.want(0.2, stop=0.05)
    desk.bar(10_000)
    desk.time_ms = desk.now() + HOUR // 2  # the order is older than that; the next is not
    desk.place(1, **(LIMIT | {"lots": 5}))
    assert not fills_of(desk.bar(10_000, low=9_000)), "its low may be older than the order"


def test_a_missed_bar_fills_and_decides_nothing():
    desk = QuoteDesk()
    desk.quote(9_999, 10_001)
    desk.place(1, **LIMIT)
    last = desk.state.last_bar_ms[0]
    missed = ev.BarMissed(
        last + 2 * HOUR, ev.Bar("COIN-USD", last + HOUR, 10_000, 10_010, 9_800, 9_990, 5.0)
    )
    cycles = desk.state.cycles
    assert fills_of(desk.send(missed))
    assert (desk.state.cycles, desk.state.last_bar_ms[0]) == (cycles, last + HOUR)
    assert desk.broker.on_bar(desk.plan, desk.state, missed) == []


def test_observing_ends_every_order_unsent():
    desk = Desk()
    desk.broker = ObserveBroker()
    desk.bar(10_000)
    desk.want(0.2)
    entries = desk.bar(10_000)
    assert sent(entries)
    [ended] = [e.event for e in entries if isinstance(e.event, ev.OrderUpdated)]
    assert (ended.status, ended.code) == (OrderStatus.CANCELLED, OBSERVED)
    assert not desk.state.open_orders
    desk.broker.execute = lambda *_: []  # a crash before the answer
    [order] = sent(desk.place(1, **LIMIT))
    desk.broker = ObserveBroker()
    for event in desk.broker.reconcile(desk.plan, desk.state, desk.now()):
        desk.send(event)
    assert desk.order(order.client_order_id).status is OrderStatus.CANCELLED
    quote = ev.Quoted(desk.now(), "COIN-USD", 1, 2)
    assert desk.broker.on_quote(desk.plan, desk.state, quote) == []
