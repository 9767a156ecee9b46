"""Orders that wait for coins that others hold: what leaves when, and what never does."""

from dataclasses import replace

import pytest

from gpt_trader.domain.order import NOT_SENT, OrderStatus, OrderType, Origin, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.commands import CancelOrder, SubmitOrder
from gpt_trader.engine.state import with_new_orders
from gpt_trader.engine.waiting import (
    ENTRY_WAIT_MS,
    UNKNOWN_WAIT_MS,
    free_lots,
    hold_back,
    promised,
    waiting,
    waits_for,
)
from tests.engine_helpers import HOUR, Desk, commands, records_of, refusal, sent
from tests.exchange_desk import AtExchange, Protected

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC}


def leaving(style="taker"):
    """Return a desk whose exit waits for its stop to end, the stop, and the exit."""
    desk = Protected(style=style)
    desk.open()
    stop = desk.resting
    desk.want(0.0)
    desk.bar(10_000)
    [waits] = waiting(desk.state, "COIN-USD")
    return desk, stop, waits


def cancelled(entries):
    return [one.client_order_id for one in commands(entries) if isinstance(one, CancelOrder)]


def ended(entries):
    """Why orders ended that were never sent."""
    return [one.code for one in records_of(entries, rec.OrderEnded)]


@pytest.mark.parametrize("stops", ["latched", "unreconciled", "frozen"])
def test_an_entry_that_waits_does_not_leave_once_entries_are_stopped(stops):
    desk, first, waits = replacing()
    match stops:
        case "latched":
            desk.state = desk.state._replace(marks=desk.state.marks._replace(day_halted=1))
        case "unreconciled":
            desk.plan = replace(desk.plan, max_unreconciled_ms=1)
        case "frozen":
            desk.state = desk.state._replace(frozen=("odd",))
    made = desk.told(first, OrderStatus.CANCELLED)
    assert not sent(made)
    assert ended(made) == [f"{NOT_SENT}: entries are stopped"]
    assert desk.order(waits.client_order_id).status is OrderStatus.REJECTED


def unknown_order(desk, like):
    """Know an order of an operator, as if its answer was lost."""
    intent = like.intent._replace(client_order_id="by-hand", origin=Origin.OPERATOR, lots=1)
    order = like._replace(intent=intent, status=OrderStatus.SUBMITTED, exchange_id="")
    desk.state = with_new_orders(desk.state, order)
    return order


def test_an_entry_that_waits_does_not_leave_beside_an_order_of_unknown_outcome():
    desk, first, waits = replacing()
    other = unknown_order(desk, first)
    desk.told(other, OrderStatus.SUBMIT_UNKNOWN)
    assert not sent(desk.told(first, OrderStatus.CANCELLED))
    [left] = sent(desk.told(other, OrderStatus.CANCELLED))
    assert left.client_order_id == waits.client_order_id


@pytest.mark.parametrize(
    "status", [OrderStatus.SUBMITTED, OrderStatus.SUBMIT_UNKNOWN, OrderStatus.OPEN]
)
def test_coins_that_an_order_may_sell_are_promised_whatever_is_known_of_it(status):
    desk = Protected()
    if status is not OrderStatus.SUBMITTED:
        desk.report(desk.resting.client_order_id, status)
    assert promised(desk.state, "COIN-USD", -1) == 20
    assert free_lots(desk.plan, desk.state, 0) == 0


def test_an_order_that_waits_promises_nothing():
    desk, _stop, waits = leaving()
    assert promised(desk.state, "COIN-USD", -1) == 20, "the stop's, once"
    assert desk.order(waits.client_order_id).status is OrderStatus.WAITING
    assert waits_for(desk.state, waits) == [_stop.client_order_id]


def test_an_amendment_under_way_promises_the_larger_size():
    desk = Protected(rests=False)
    [sale] = sent(desk.place(-1, lots=5, limit=11_000, **LIMIT))
    desk.told(sale, OrderStatus.OPEN, exchange_id="x")
    desk.amend(sale.client_order_id, 9, 11_000)
    assert promised(desk.state, "COIN-USD", -1) == 9


def test_without_an_exchange_nothing_waits():
    desk = Desk()
    desk.bar(10_000)
    desk.want(0.2)
    [entry] = sent(desk.bar(10_000))
    assert hold_back(desk.plan, desk.state, entry) is entry


def test_what_was_filled_meanwhile_is_not_sold_again():
    desk, stop, waits = leaving()
    entries = desk.filled(stop, 20, 9_500)
    assert not sent(entries)
    assert ended(entries) == [f"{NOT_SENT}: nothing is held that it could sell"]
    assert desk.order(waits.client_order_id).status is OrderStatus.REJECTED
    assert desk.lots() == 0


def test_an_exit_is_cut_to_what_is_held_when_it_leaves():
    desk, stop, waits = leaving()
    desk.partly(stop, 8)
    [exit_order] = sent(desk.report(stop.client_order_id, OrderStatus.CANCELLED))
    assert (exit_order.client_order_id, exit_order.intent.lots) == (waits.client_order_id, 12)
    assert exit_order.intent.sent_ms == desk.now()
    assert desk.state.slots["left_lots"][0] == 12


def test_a_fill_told_after_the_cancel_leaves_the_rest_to_be_sold_and_no_more():
    desk, stop, _ = leaving()
    [exit_order] = sent(desk.report(stop.client_order_id, OrderStatus.CANCELLED))
    [again] = sent(desk.told(exit_order, OrderStatus.REJECTED, "NO"))
    desk.partly(stop, 8)  # against the report of its end: booked, and the product is frozen
    assert desk.lots() == 12
    assert desk.state.frozen[0]
    assert cancelled(desk.told(again, OrderStatus.OPEN, exchange_id="y")) == [again.client_order_id]
    assert not sent(desk.wake(5_000))
    [last] = sent(desk.told(again, OrderStatus.CANCELLED))
    assert last.intent.lots == 12


def test_an_exit_waits_a_bounded_time_for_what_is_unknown_then_takes_what_is_free():
    desk = Protected(rests=False)
    [sale] = sent(desk.place(-1, lots=8, limit=11_000, **LIMIT))
    desk.told(sale, OrderStatus.SUBMIT_UNKNOWN)
    assert not sent(desk.quote(9_400)), "the stop has passed, and yet"
    assert not sent(desk.wake(UNKNOWN_WAIT_MS - 1))
    [sold] = sent(desk.wake(1))
    assert (sold.intent.lots, sold.intent.type) == (12, OrderType.MARKET)


def test_a_sale_that_nobody_calls_back_keeps_its_coins_at_once():
    desk = Protected(rests=False)
    [sale] = sent(desk.place(-1, lots=8, limit=11_000, **LIMIT))
    desk.told(sale, OrderStatus.OPEN, exchange_id="x")
    desk.want(0.0)
    [exit_order] = sent(desk.bar(10_000))
    assert exit_order.intent.lots == 12, "there is nothing to wait for"


def test_where_all_is_promised_to_an_operator_the_exit_ends_and_is_tried_again():
    desk = Protected(rests=False)
    [sale] = sent(desk.place(-1, lots=20, limit=11_000, **LIMIT))
    desk.told(sale, OrderStatus.OPEN, exchange_id="x")
    desk.want(0.0)
    entries = desk.bar(10_000)
    assert ended(entries) == [f"{NOT_SENT}: all that is held is promised to other orders"]
    desk.told(sale, OrderStatus.CANCELLED)
    assert [one.intent.lots for one in sent(desk.wake(5_000))] == [20]


def test_an_operators_sale_makes_the_stop_give_way_first_and_a_stop_of_the_rest_follows():
    desk = Protected()
    desk.open()
    stop = desk.resting
    desk.wake(1_000)
    [cancel] = commands(desk.place(-1, lots=5, limit=11_000, **LIMIT))
    assert cancel.client_order_id == stop.client_order_id
    rest, sale = sent(desk.report(stop.client_order_id, OrderStatus.CANCELLED))
    assert (rest.intent.lots, rest.intent.stop) == (15, stop.intent.stop)
    assert (sale.intent.lots, sale.intent.origin) == (5, Origin.OPERATOR)


def test_an_operator_sells_nothing_that_an_exit_is_selling():
    desk, stop, _ = leaving()
    assert refusal(desk.place(-1, lots=5)) == "NOTHING_TO_SELL"
    desk.report(stop.client_order_id, OrderStatus.CANCELLED)
    assert refusal(desk.place(-1, lots=5)) == "NOTHING_TO_SELL"


def test_an_operators_order_that_waits_is_cancelled_without_a_request():
    desk = Protected()
    desk.open()
    desk.place(-1, lots=5, limit=11_000, **LIMIT)
    [waits] = waiting(desk.state, "COIN-USD")
    assert not commands(desk.cancel(waits.client_order_id))
    assert desk.order(waits.client_order_id).status is OrderStatus.CANCELLED


def replacing():
    """Return a desk with an entry that may still fill and one that waits to take its place."""
    desk = AtExchange(style="maker_first")
    desk.want(0.2, stop=0.05)
    [first] = sent(desk.bar(10_000))
    desk.told(first, OrderStatus.OPEN, exchange_id="x")
    desk.send(ev.PauseRequested(desk.now(), "ann", True))
    desk.bar(10_000)  # a cycle calls it back, and empties its place
    desk.wake(10_000)
    desk.send(ev.PauseRequested(desk.now(), "ann", False))
    desk.bar(10_000)
    desk.wake(10_000)
    [waits] = waiting(desk.state, "COIN-USD")
    return desk, first, waits


def test_an_entry_waits_for_the_one_it_replaces():
    desk, first, waits = replacing()
    [sent_now] = sent(desk.report(first.client_order_id, OrderStatus.CANCELLED))
    assert sent_now.client_order_id == waits.client_order_id
    assert not sent_now.intent.reduce_only


def test_an_entry_is_not_sent_once_it_has_waited_for_long():
    desk, _, waits = replacing()
    late_ms = waits.intent.sent_ms + ENTRY_WAIT_MS - desk.now()
    assert not desk.wake(late_ms - 1)
    entries = desk.wake(1)
    assert ended(entries) == [f"{NOT_SENT}: it waited for too long"]
    assert desk.state.slots["kind"][0] == 0


def test_an_entry_is_not_sent_if_what_it_replaces_was_filled():
    desk, first, _ = replacing()
    entries = desk.partly(first, 3)
    assert ended(entries) == [f"{NOT_SENT}: what it was to replace was filled"]
    assert not any(not one.intent.reduce_only for one in sent(entries))


def test_an_entry_that_waits_is_called_back_without_a_request():
    desk, _, waits = replacing()
    entries = desk.send(ev.HaltRequested(desk.now(), "ann", "x"))
    assert waits.client_order_id not in cancelled(entries)
    assert desk.order(waits.client_order_id).status is OrderStatus.CANCELLED
    assert desk.state.slots["kind"][0] == 0


def test_a_resting_exit_is_not_sent_just_before_its_own_end():
    desk, stop, waits = leaving("maker_first")
    desk.time_ms = waits.intent.expire_ms - 500
    entries = desk.report(stop.client_order_id, OrderStatus.CANCELLED)
    assert ended(entries) == [f"{NOT_SENT}: its end is near"]
    assert waits.client_order_id not in {one.client_order_id for one in sent(entries)}


def test_a_wait_survives_a_restart_and_needs_no_proof():
    desk, stop, waits = leaving()
    desk.restart()
    absent = ev.Absent(desk.now(), "COIN-USD", waits.client_order_id)
    assert desk.send(absent)[0].records == ()
    [exit_order] = sent(desk.report(stop.client_order_id, OrderStatus.CANCELLED))
    assert exit_order.client_order_id == waits.client_order_id


def test_a_clock_that_runs_back_lets_no_more_leave_than_is_free():
    desk, _, _ = leaving()
    desk.time_ms = 0
    made = desk.send(ev.Woken(desk.now() - 2 * HOUR))
    assert not [one for one in commands(made) if isinstance(one, SubmitOrder)]
