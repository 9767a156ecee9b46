"""How a position is left where the exchange does not take every kind of order."""

import pytest

from gpt_trader.domain.order import NOT_SENT, OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.commands import CancelOrder
from gpt_trader.engine.leaving import RETRY_MS
from gpt_trader.engine.modes import THROUGH_TOUCH
from gpt_trader.engine.protect import needs
from gpt_trader.engine.waiting import UNKNOWN_WAIT_MS, waiting
from tests.engine_helpers import commands, commands_of, records_of, sent
from tests.exchange_desk import Protected

SHUT = "only orders that rest are taken"
MARKET_REFUSED = "UNSUPPORTED_ORDER_CONFIGURATION"


def seen(desk, *, closed="", limit_only=False):
    return desk.send(ev.ProductSeen(desk.now(), "COIN-USD", closed, limit_only))


def later(desk, order, status, code=""):
    """The exchange tells of an order, a little later."""
    desk.time_ms = desk.now() + 100
    return desk.told(order, status, code)


def resting():
    desk = Protected()
    desk.open()
    return desk


def flatten(desk):
    return desk.send(ev.FlattenRequested(desk.now(), "ann", "odd"))


def decided(desk):
    desk.want(0.0)
    return desk.bar(10_000)


def by_hand(desk):
    return desk.place(-1, lots=20)


LEAVE = pytest.mark.parametrize("leave", [flatten, decided, by_hand])


@LEAVE
def test_where_no_market_order_is_taken_an_exit_is_a_limit_through_the_bid(leave):
    desk = resting()
    stop = desk.resting
    seen(desk, limit_only=True)
    leave(desk)
    assert not sent(desk.told(stop, OrderStatus.CANCELLED)), "it waits for a price of now"
    desk.restart()
    assert needs(desk.plan, desk.state, ev.Quoted(desk.now(), "COIN-USD", 9_990, 9_991))
    [order] = sent(desk.quote(9_990, after_ms=100))
    found = order.intent
    assert (found.type, found.tif) == (OrderType.LIMIT, TimeInForce.IOC)
    assert (found.lots, found.limit) == (20, 9_990 - 9_990 // THROUGH_TOUCH)
    assert desk.order(order.client_order_id).intent == found
    desk.filled(order, 20, 9_980)
    assert desk.lots() == 0
    assert not needs(desk.plan, desk.state, ev.Quoted(desk.now(), "COIN-USD", 9_990, 9_991))


def test_a_stop_that_is_watched_is_sold_by_a_limit_at_once():
    desk = Protected(rests=False)
    seen(desk, limit_only=True)
    [order] = sent(desk.quote(9_400))
    assert (order.intent.type, order.intent.limit) == (OrderType.LIMIT, 9_400 - 94)


def test_without_a_quote_the_stop_comes_back():
    desk = resting()
    stop = desk.resting
    seen(desk, limit_only=True)
    desk.place(-1, lots=20)
    desk.told(stop, OrderStatus.CANCELLED)
    [ended] = records_of(desk.wake(UNKNOWN_WAIT_MS), rec.OrderEnded)
    assert ended.code == f"{NOT_SENT}: no quote says what a limit order could sell at"
    [again] = sent(desk.wake(1))
    assert again.intent.stop == 9_500


@LEAVE
def test_an_exit_that_is_refused_has_its_stop_back_at_once_and_is_tried_by_a_limit(leave):
    desk = resting()
    stop = desk.resting
    leave(desk)
    [exit_order] = sent(desk.told(stop, OrderStatus.CANCELLED))
    assert exit_order.intent.type is OrderType.MARKET
    [again] = sent(later(desk, exit_order, OrderStatus.REJECTED, MARKET_REFUSED))
    assert again.intent.stop == 9_500
    desk.told(again, OrderStatus.OPEN)
    if leave is by_hand:
        return  # it is told, and not tried again
    assert not commands(desk.wake(RETRY_MS - 1))
    [cancel] = commands(desk.wake(1))
    assert cancel.client_order_id == again.client_order_id
    desk.told(again, OrderStatus.CANCELLED)
    [order] = sent(desk.quote(9_990, after_ms=100))
    assert order.intent.type is OrderType.LIMIT


def test_refused_for_long_it_is_tried_more_rarely():
    desk = resting()
    flatten(desk)
    pauses = []
    for _ in range(6):
        [exit_order] = sent(desk.told(desk.resting, OrderStatus.CANCELLED))
        later(desk, exit_order, OrderStatus.REJECTED, "ODD")
        desk.open()
        waited = 0
        while not commands(desk.wake(1_000)):
            waited += 1
        pauses.append(waited + 1)
    assert pauses == [5, 10, 20, 40, 60, 60]


@LEAVE
def test_a_stop_is_not_cancelled_for_an_exit_that_no_order_can_be(leave):
    desk = resting()
    stop = desk.resting
    seen(desk, closed=SHUT)
    made = leave(desk)
    assert not commands(made)
    assert not waiting(desk.state, "COIN-USD")
    for _ in range(30):
        assert not commands(desk.wake(RETRY_MS))
    assert desk.resting.client_order_id == stop.client_order_id
    made = seen(desk)
    if leave is by_hand:
        [ended] = records_of(desk.entries, rec.OrderEnded)
        assert ended.code.startswith(f"{NOT_SENT}: {SHUT}")
        return
    [cancel] = commands_of(made or desk.wake(60_000), CancelOrder)
    assert cancel.client_order_id == stop.client_order_id


def test_nor_for_a_price_that_has_run_away_or_a_stop_that_has_moved():
    desk = resting()
    seen(desk, closed=SHUT)
    assert not commands(desk.quote(1_000))
    desk.state.slots.flags.writeable = True
    desk.state.slots["stop_ticks"][0] = 9_600
    assert not commands(desk.wake(RETRY_MS))
    assert not commands(desk.bar(10_000))


def test_with_nothing_that_rests_an_exit_is_tried_whatever_was_said():
    desk = Protected(rests=False)
    seen(desk, closed=SHUT)
    [order] = sent(desk.quote(9_400))
    assert order.intent.type is OrderType.MARKET


def test_a_mode_is_no_news_twice_and_outlives_the_process():
    desk = resting()
    assert records_of(seen(desk, limit_only=True), rec.ProductClosed) == [
        rec.ProductClosed(0, "", limit_only=True)
    ]
    assert records_of(seen(desk, limit_only=True), rec.ProductClosed) == []
    desk.restart()
    assert desk.state.limit_only == (True,)
    seen(desk)
    assert desk.state.limit_only == (False,)


UNPROVEN = "nothing would prove that it has ended: the wallets are not told"


def proof(desk, lost):
    return desk.send(ev.ProofSeen(desk.now(), "COIN-USD", lost))


@LEAVE
def test_a_stop_whose_end_would_not_be_proven_stays_and_the_exit_follows_once_it_would(leave):
    desk = resting()
    assert records_of(proof(desk, UNPROVEN), rec.ProofLost) == [rec.ProofLost(0, UNPROVEN)]
    assert records_of(proof(desk, UNPROVEN), rec.ProofLost) == []
    desk.restart()
    assert not commands_of(leave(desk), CancelOrder)
    assert not commands_of(desk.wake(RETRY_MS), CancelOrder)
    assert desk.resting.status is OrderStatus.OPEN
    if leave is decided:
        assert desk.state.leaving[0].why.startswith(f"{NOT_SENT}: {UNPROVEN}")
    if leave is by_hand:
        return  # who asked for it was told, and asks again
    found = proof(desk, "") + desk.wake(RETRY_MS)
    assert commands_of(found, CancelOrder)
    assert sent(desk.told(desk.resting, OrderStatus.CANCELLED))


def test_a_stop_that_is_being_cancelled_when_proof_is_lost_is_waited_for():
    desk = resting()
    stop = desk.resting
    assert commands_of(decided(desk), CancelOrder)
    proof(desk, UNPROVEN)
    desk.wake(RETRY_MS)
    assert waiting(desk.state, "COIN-USD"), "its coins may be free any moment"
    assert sent(desk.told(stop, OrderStatus.CANCELLED))


def test_a_stop_that_would_sell_more_than_is_held_makes_way_though_nothing_proves_its_end():
    desk = resting()
    proof(desk, UNPROVEN)
    lost = ev.Adjusted(desk.now(), "COIN", "-5", "reconciliation", "t", "t", total="15")
    found = desk.send(lost) + desk.wake(RETRY_MS)
    assert desk.lots() == 15
    assert commands_of(found, CancelOrder)
