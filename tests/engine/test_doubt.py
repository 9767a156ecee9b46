"""An order that whole looks do not find: it proves nothing yet, and leaves no position bare."""

import pytest

from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.state import DOUBT_LOOKS, is_doubtful
from tests.engine.test_protect import Protected
from tests.engine_helpers import commands, records_of, sent

LOOK_MS = 3_000


def look(desk, key, *, times, against=""):
    """Look so often for an order, in vain; return what follows, and what is due then."""
    made = []
    for _ in range(times):
        desk.time_ms = desk.now() + LOOK_MS
        made += desk.send(ev.Absent(desk.time_ms, "COIN-USD", key, against))
        made += desk.wake(0)
    return made


def unknown_stop():
    desk = Protected()
    stop = desk.resting
    desk.report(stop.client_order_id, OrderStatus.SUBMIT_UNKNOWN)
    return desk, stop.client_order_id


def test_a_stop_that_is_hardly_there_is_replaced_and_still_looked_for():
    desk, key = unknown_stop()
    assert not sent(look(desk, key, times=DOUBT_LOOKS - 1))
    [new] = sent(look(desk, key, times=1))
    assert (new.intent.lots, new.intent.stop) == (20, 9_500)
    assert desk.order(key).status is OrderStatus.SUBMIT_UNKNOWN
    [refused] = records_of(desk.place(1, lots=5), rec.OrderRefused)
    assert refused.reason.code == "UNKNOWN_ORDER", "it is no proof: nothing is entered"


def test_looks_that_something_contradicts_cast_no_doubt():
    desk, key = unknown_stop()
    assert not sent(look(desk, key, times=9, against="its coins are on hold"))
    assert not is_doubtful(desk.state, desk.order(key))


def test_a_stop_that_is_found_alive_after_all_leaves_one_of_both():
    desk, key = unknown_stop()
    [new] = sent(look(desk, key, times=DOUBT_LOOKS))
    desk.report(new.client_order_id, OrderStatus.OPEN)
    [cancel] = commands(desk.report(key, OrderStatus.OPEN))
    assert cancel.client_order_id in (key, new.client_order_id)
    desk.report(cancel.client_order_id, OrderStatus.CANCELLED)
    assert not commands(desk.wake(60_000))


def test_a_passed_stop_sells_once_its_unknown_order_is_hardly_there():
    desk, key = unknown_stop()
    assert not sent(desk.quote(9_400)), "its coins are promised"
    made = look(desk, key, times=DOUBT_LOOKS)
    made += desk.quote(9_400)
    [exit_order] = [order for order in sent(made) if not order.intent.stop]
    assert exit_order.intent.lots == 20


@pytest.mark.parametrize("is_flattened", [False, True])
def test_a_stop_called_back_before_its_answer_was_lost_delays_no_exit_for_longer(is_flattened):
    desk = Protected()
    key = desk.resting.client_order_id
    if is_flattened:
        desk.send(ev.FlattenRequested(desk.now(), "ann", "x"))
    else:
        desk.quote(8_900)
    desk.report(key, OrderStatus.SUBMIT_UNKNOWN)
    [exit_order] = sent(look(desk, key, times=DOUBT_LOOKS))
    assert exit_order.intent.lots == 20
    [cancel] = commands(desk.report(key, OrderStatus.OPEN))
    assert cancel.client_order_id == key, "it is there after all, and nobody wants it"


def test_beside_an_exit_that_is_hardly_there_a_stop_rests_and_no_second_exit_leaves():
    desk = Protected()
    desk.open()
    desk.want(0.0)
    desk.bar(10_000)
    [exit_order] = sent(desk.report(desk.resting.client_order_id, OrderStatus.CANCELLED))
    desk.report(exit_order.client_order_id, OrderStatus.SUBMIT_UNKNOWN)
    [stop] = sent(look(desk, exit_order.client_order_id, times=DOUBT_LOOKS))
    assert stop.intent.stop == 9_500
    desk.report(stop.client_order_id, OrderStatus.OPEN)
    assert not sent(look(desk, exit_order.client_order_id, times=3))
    [cancel] = commands(desk.filled(exit_order, 20, 9_900))
    assert cancel.client_order_id == stop.client_order_id


def test_no_third_stop_is_sent_while_two_are_of_unknown_outcome():
    desk, key = unknown_stop()
    [second] = sent(look(desk, key, times=DOUBT_LOOKS))
    desk.report(second.client_order_id, OrderStatus.SUBMIT_UNKNOWN)
    for _ in range(DOUBT_LOOKS):
        assert not sent(look(desk, second.client_order_id, times=1))
    assert is_doubtful(desk.state, desk.order(second.client_order_id)), "else it would be for that"
    assert [order.intent.stop for order in sent(desk.quote(9_400))] == [0], "quotes are watched"
