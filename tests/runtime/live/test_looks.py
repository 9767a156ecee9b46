"""Whatever is unknown is asked for every few seconds; what a single cycle waits for."""

from decimal import Decimal

import pytest

from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.runtime.live.assemble import Carriers
from gpt_trader.runtime.live.feed import Clock, LiveFeed
from gpt_trader.runtime.live.polls import Polls
from gpt_trader.runtime.live.reconcile import CALM_MS
from tests.broker.slow import Slow
from tests.broker.test_contract import TinyDesk, without_answers
from tests.broker.tiny.venue import TinyMarket
from tests.engine_helpers import sent

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC, "lots": 10, "limit": 9_000}


@pytest.fixture
def desk():
    made = TinyDesk()
    made.bar(10_000)
    return made


def turn(desk, after_ms, *, is_up):
    """Let time pass; return the events that a turn hands over."""
    desk.passed_ms += after_ms
    return [
        event
        for event in desk.upkeep.turn(desk.time(), is_up=is_up)
        if desk.send(event) is not None
    ]


def test_a_calm_account_is_looked_at_once_a_minute(desk):
    assert turn(desk, 0, is_up=True)
    assert not turn(desk, CALM_MS - 1, is_up=True)
    assert [type(event) for event in turn(desk, 1, is_up=True)] == [ev.Reconciled]


@pytest.mark.parametrize("is_up", [False, True])
def test_what_nobody_has_answered_is_asked_for_soon_even_if_the_stream_is_up(is_up, desk):
    turn(desk, 0, is_up=is_up)
    with without_answers(desk):
        [order] = sent(desk.place(1, **LIMIT))
    key = order.client_order_id
    assert not desk.upkeep.is_settled
    assert desk.order(key).status is OrderStatus.SUBMITTED
    turn(desk, 100, is_up=is_up)
    assert desk.order(key).status is OrderStatus.OPEN
    assert desk.upkeep.is_settled


def test_what_may_have_been_missed_is_due_at_once(desk):
    turn(desk, 0, is_up=True)
    [order] = sent(desk.place(1, **LIMIT))
    turn(desk, 1_000, is_up=True)
    desk.exchange.trade(Decimal(89))
    turn(desk, 1_000, is_up=True)
    assert desk.order(order.client_order_id).filled == 0, "the stream would have said so"
    desk.upkeep.account.looks.again()
    turn(desk, 0, is_up=True)
    assert desk.order(order.client_order_id).status is OrderStatus.FILLED


@pytest.mark.parametrize("looks", [1, 6])
def test_a_single_cycle_waits_for_the_answer_to_what_it_sent(looks):
    desk = TinyDesk(Slow(looks), Carriers(Slow(looks), Slow(looks)))
    desk.bar(10_000)
    [order] = sent(desk.place(1, **LIMIT))
    waited = []

    def wait(seconds):
        waited.append(seconds)
        desk.passed_ms += int(seconds * 1000)

    polls = Polls(desk.time)
    upkeep = desk.upkeep
    feed = LiveFeed(
        desk.plan,
        lambda: desk.state,
        TinyMarket(desk.exchange),
        upkeep.readers[1],
        upkeep,
        polls,
        Clock(desk.time, wait, lambda: False, lambda: desk.time() / 1000),
        once=True,
    )
    seen = [event for event in feed if desk.send(event) is not None]
    assert desk.order(order.client_order_id).status is OrderStatus.OPEN
    assert len(waited) >= looks - 1
    assert any(isinstance(event, ev.Quoted) for event in seen)
    assert not feed.is_unseen
