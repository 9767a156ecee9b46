"""Absence is a journaled fact: looks and the time that they covered, across restarts."""

import pytest

from gpt_trader.domain.order import NOT_PLACED, OrderStatus
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.commands import CancelOrder
from gpt_trader.engine.orders import ABSENCE_GAP_MS
from gpt_trader.engine.reports import ABSENT_LOOKS, ABSENT_MS
from gpt_trader.engine.state import DOUBT_LOOKS, Absence
from tests.engine_helpers import commands_of, records_of, sent
from tests.exchange_desk import AtExchange, Protected

GAP_MS = ABSENT_MS // (ABSENT_LOOKS - 1) + 1


def unanswered():
    """Return a desk with an entry that nobody has answered, and the entry."""
    desk = AtExchange()
    desk.want(0.2, stop=0.05)
    [entry] = sent(desk.bar(10_000))
    return desk, entry


def miss(desk, order, after_ms=GAP_MS, against=""):
    """A whole look does not find an order."""
    desk.time_ms = desk.now() + after_ms
    return desk.send(ev.Absent(desk.now(), "COIN-USD", order.client_order_id, against))


def status(desk, order):
    return desk.order(order.client_order_id).status


def test_ten_looks_that_cover_two_minutes_are_proof():
    desk, entry = unanswered()
    for _ in range(ABSENT_LOOKS - 1):
        miss(desk, entry)
        assert status(desk, entry) is OrderStatus.SUBMIT_UNKNOWN
    entries = miss(desk, entry)
    assert status(desk, entry) is OrderStatus.REJECTED
    assert [one.code for one in records_of(entries, rec.OrderEnded)] == [NOT_PLACED]
    assert desk.state.absences == {}
    assert desk.state.slots["kind"][0] == 0
    assert desk.state.slots["held_back_units"][0] == 0


def test_ten_looks_in_too_short_a_time_are_none():
    desk, entry = unanswered()
    for _ in range(3 * ABSENT_LOOKS):
        miss(desk, entry, 1_000)
    assert status(desk, entry) is OrderStatus.SUBMIT_UNKNOWN


def test_two_minutes_without_enough_looks_are_none():
    desk, entry = unanswered()
    for _ in range(ABSENT_LOOKS - 1):
        miss(desk, entry, ABSENCE_GAP_MS)
    assert status(desk, entry) is OrderStatus.SUBMIT_UNKNOWN


@pytest.mark.parametrize("step_ms", [-3_600_000, ABSENCE_GAP_MS + 1, 86_400_000])
def test_a_clock_that_was_set_and_a_night_without_a_process_cover_nothing(step_ms):
    desk, entry = unanswered()
    key = entry.client_order_id
    looked_ms = desk.now()
    desk.send(ev.Absent(looked_ms, "COIN-USD", key))
    desk.send(ev.Absent(looked_ms + step_ms, "COIN-USD", key))
    assert desk.state.absences[key] == Absence(2, 0, looked_ms + step_ms)


def test_what_contradicts_it_begins_the_count_anew():
    desk, entry = unanswered()
    for _ in range(ABSENT_LOOKS - 1):
        miss(desk, entry)
    miss(desk, entry, against="a fill of an unknown order")
    assert desk.state.absences[entry.client_order_id].looks == 0
    for _ in range(ABSENT_LOOKS - 1):
        miss(desk, entry)
        assert status(desk, entry) is OrderStatus.SUBMIT_UNKNOWN
    miss(desk, entry)
    assert status(desk, entry) is OrderStatus.REJECTED


def test_the_count_survives_a_restart():
    desk, entry = unanswered()
    for _ in range(ABSENT_LOOKS):
        desk.restart()
        miss(desk, entry)
    assert status(desk, entry) is OrderStatus.REJECTED


def test_an_order_that_triggered_or_filled_is_never_absent():
    desk, entry = unanswered()
    miss(desk, entry)
    desk.told(entry, OrderStatus.TRIGGERED, exchange_id="x")
    assert desk.state.absences == {}
    for _ in range(2 * ABSENT_LOOKS):
        assert miss(desk, entry)[0].records == ()
    assert status(desk, entry) is OrderStatus.TRIGGERED
    desk, entry = unanswered()
    desk.told(entry, OrderStatus.OPEN, exchange_id="x")
    desk.partly(entry, 5)
    assert miss(desk, entry)[0].records == ()


@pytest.mark.parametrize("found", [OrderStatus.OPEN, OrderStatus.PENDING_CANCEL])
def test_an_id_that_an_answer_gave_is_no_proof_that_there_is_an_order(found):
    desk, entry = unanswered()
    desk.told(entry, found, exchange_id="x")
    miss(desk, entry)
    assert status(desk, entry) is OrderStatus.SUBMIT_UNKNOWN
    wanted = found is OrderStatus.OPEN
    assert (entry.client_order_id not in desk.state.unwanted) is wanted
    desk.restart()
    for _ in range(ABSENT_LOOKS - 1):
        miss(desk, entry)
    assert status(desk, entry) is OrderStatus.REJECTED
    assert desk.order(entry.client_order_id).exchange_id == "", "what appears under it is news"


def test_one_that_is_shown_after_all_is_open_again_and_what_was_to_end_is_cancelled():
    desk, entry = unanswered()
    desk.told(entry, OrderStatus.PENDING_CANCEL, exchange_id="x")
    miss(desk, entry)
    found = desk.told(entry, OrderStatus.OPEN, exchange_id="x")
    assert commands_of(found, CancelOrder)
    assert desk.state.absences == {}


def test_a_fill_ends_an_absence():
    desk, entry = unanswered()
    miss(desk, entry)
    desk.partly(entry, 5)
    assert desk.state.absences == {}


def test_one_that_was_to_be_cancelled_before_it_was_known_may_be_absent():
    desk, entry = unanswered()
    desk.send(ev.HaltRequested(desk.now(), "ann", "x"))
    assert status(desk, entry) is OrderStatus.SUBMITTED, "nobody has said that it is there"
    for _ in range(ABSENT_LOOKS):
        miss(desk, entry)
    assert status(desk, entry) is OrderStatus.REJECTED


def test_an_order_that_nobody_knows_is_nobodys_absence():
    desk, _ = unanswered()
    assert desk.send(ev.Absent(desk.now(), "COIN-USD", "odd"))[0].records == ()


def test_another_stop_is_placed_once_the_first_is_hardly_there():
    desk = Protected()
    stop = desk.resting
    made = [sent(miss(desk, stop)) for _ in range(ABSENT_LOOKS)]
    [again] = [order for orders in made for order in orders]
    assert made.index([again]) == DOUBT_LOOKS - 1
    assert again.intent.stop == stop.intent.stop
    assert again.client_order_id != stop.client_order_id
    assert status(desk, stop) is OrderStatus.REJECTED


def test_one_found_against_all_proof_is_watched_and_cancelled():
    desk, entry = unanswered()
    for _ in range(ABSENT_LOOKS):
        miss(desk, entry)
    desk.told(entry, OrderStatus.OPEN, exchange_id="x")
    assert status(desk, entry) is OrderStatus.PENDING_CANCEL
    assert desk.state.frozen[0]
