"""Strays, wishes and triggered stops: what follows from where everything stands, by time."""

from dataclasses import replace

import pytest

from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.commands import CancelOrder
from gpt_trader.engine.due import due
from gpt_trader.engine.leaving import LONGEST_RETRY_MS, RETRY_MS
from gpt_trader.engine.settle import PASSED
from gpt_trader.engine.state import unknown_orders
from gpt_trader.engine.waiting import waiting
from tests.engine_helpers import HOUR, Desk, commands, commands_of, records_of, sent
from tests.exchange_desk import AtExchange, Protected

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC}


def cancelled(entries):
    return [one.client_order_id for one in commands_of(entries, CancelOrder)]


def exiting(style="taker", **more):
    """Return a desk whose exit has left, and the exit."""
    desk = Protected(style=style, rests=False, **more)
    desk.want(0.0)
    [exit_order] = sent(desk.bar(10_000))
    return desk, exit_order


def test_a_refused_exit_is_tried_again_by_time_not_at_the_next_close():
    desk, exit_order = exiting()
    desk.told(exit_order, OrderStatus.REJECTED, "INSUFFICIENT_FUND")
    waited = 0
    for pause_ms in (5_000, 10_000, 20_000, 40_000, 60_000, 60_000):
        assert not desk.wake(pause_ms - 1)
        [again] = sent(desk.wake(1))
        assert (again.intent.type, again.intent.lots) == (OrderType.MARKET, 20)
        assert again.client_order_id != exit_order.client_order_id
        desk.told(again, OrderStatus.REJECTED, "INSUFFICIENT_FUND")
        waited += pause_ms
    assert waited > LONGEST_RETRY_MS
    assert desk.state.leaving[0].refusals == 7


@pytest.mark.parametrize("back_ms", [0, 1, 18, RETRY_MS - 1])
def test_events_out_of_order_end_no_wait(back_ms):
    """An answer is stamped when it comes, and the turn that takes it in began before."""
    desk = Protected()
    desk.open()
    desk.want(0.0)
    desk.bar(10_000)
    [exit_order] = sent(desk.told(desk.resting, OrderStatus.CANCELLED))
    [stop] = sent(desk.told(exit_order, OrderStatus.REJECTED, "ODD"))
    assert not due(desk.plan, desk.state, desk.now() - back_ms), "its exit, beside the stop"
    assert not sent(desk.told(stop, OrderStatus.REJECTED, "ODD"))
    assert not due(desk.plan, desk.state, desk.now() - back_ms)
    assert due(desk.plan, desk.state, desk.now() - RETRY_MS), "a clock that is set back ends it"
    assert due(desk.plan, desk.state, desk.now() + RETRY_MS)


def test_an_exit_that_ended_unfilled_sells_the_rest():
    desk, exit_order = exiting()
    desk.partly(exit_order, 8)
    desk.time_ms = desk.now() + RETRY_MS
    [again] = sent(desk.told(exit_order, OrderStatus.CANCELLED))
    assert again.intent.lots == 12


def test_a_refused_exit_that_was_to_rest_does_so_until_it_has_waited_too_long():
    desk, exit_order = exiting("maker_first")
    desk.told(exit_order, OrderStatus.REJECTED, "POST_ONLY")
    [again] = sent(desk.wake(RETRY_MS))
    assert (again.intent.type, again.intent.limit) == (OrderType.LIMIT, exit_order.intent.limit)
    assert again.intent.post_only
    assert again.intent.expire_ms % HOUR == 0
    desk.told(again, OrderStatus.REJECTED, "POST_ONLY")
    [crossing] = sent(desk.wake(60_000))
    assert crossing.intent.type is OrderType.MARKET


def test_an_exit_that_must_not_cross_is_left_to_the_next_close():
    desk, exit_order = exiting("maker_only")
    desk.told(exit_order, OrderStatus.REJECTED, "POST_ONLY")
    assert not sent(desk.wake(60_000))


def test_no_exit_is_repeated_just_before_the_bar_closes():
    desk, exit_order = exiting("maker_first")
    desk.plan = replace(desk.plan, exit_timeout_ms=2 * HOUR)
    desk.time_ms = desk.now() + HOUR - 10_000
    desk.told(exit_order, OrderStatus.REJECTED, "POST_ONLY")
    assert not sent(desk.wake(9_500))


def test_an_exit_that_expired_is_decided_about_at_the_close_first():
    desk, exit_order = exiting("maker_first")
    desk.told(exit_order, OrderStatus.OPEN, exchange_id="x")
    desk.time_ms = exit_order.intent.expire_ms
    assert not sent(desk.told(exit_order, OrderStatus.EXPIRED))
    assert sent(desk.wake(RETRY_MS))


def test_a_newer_decision_takes_the_wish_back():
    desk, exit_order = exiting()
    desk.told(exit_order, OrderStatus.REJECTED, "NO")
    desk.want(0.2, stop=0.05)
    desk.bar(10_000)
    assert desk.state.leaving[0].reason == 0
    assert not sent(desk.wake(60_000))


def test_a_reduction_stops_at_its_target():
    desk = Protected(rests=False)
    desk.want(0.1, stop=0.05)
    [less] = sent(desk.bar(10_000))
    assert desk.state.leaving[0].keep == 20 - less.intent.lots
    desk.told(less, OrderStatus.REJECTED, "NO")
    [again] = sent(desk.wake(RETRY_MS))
    assert again.intent.lots == less.intent.lots
    desk.filled(again, again.intent.lots, 10_000)
    assert desk.state.leaving[0].reason == 0


def test_a_wish_survives_a_restart():
    desk, exit_order = exiting()
    desk.told(exit_order, OrderStatus.REJECTED, "NO")
    desk.restart()
    assert [one.intent.lots for one in sent(desk.wake(RETRY_MS))] == [20]


def test_nothing_is_tried_beside_an_exit_of_unknown_outcome():
    desk, exit_order = exiting()
    desk.told(exit_order, OrderStatus.SUBMIT_UNKNOWN)
    for _ in range(30):
        assert not sent(desk.wake(LONGEST_RETRY_MS))


def test_a_stop_refused_because_its_trigger_has_passed_has_triggered():
    desk = Protected(take=0.1)
    [sold] = sent(desk.told(desk.resting, OrderStatus.REJECTED, f"PREVIEW_{PASSED[-1]}: too high"))
    assert (sold.intent.type, sold.intent.lots) == (OrderType.MARKET, 20)
    desk.told(sold, OrderStatus.REJECTED, "NO")
    assert desk.resting is None, "nothing rests for what is to be sold"
    [again] = sent(desk.wake(RETRY_MS))
    assert again.intent.reason == sold.intent.reason
    desk.want(0.2, stop=0.05)
    desk.bar(10_000)
    desk.told(again, OrderStatus.REJECTED, "NO")
    assert sent(desk.wake(RETRY_MS)), "no decision takes a triggered stop back"


@pytest.mark.parametrize("target", [0.0, 0.1])
def test_a_decision_that_sells_less_or_slower_does_not_take_a_triggered_stop_back(target):
    desk = Protected(style="maker_only")
    [sold] = sent(desk.told(desk.resting, OrderStatus.REJECTED, PASSED[-1]))
    desk.told(sold, OrderStatus.REJECTED, "NO")
    desk.want(target, stop=0.05)
    [slow] = sent(desk.bar(10_000))
    assert slow.intent.post_only
    wish = desk.state.leaving[0]
    assert (wish.reason, wish.keep, wish.limit) == (sold.intent.reason, 0, 0)
    assert cancelled(desk.told(slow, OrderStatus.OPEN, exchange_id="x")) == [slow.client_order_id]
    desk.told(slow, OrderStatus.CANCELLED)
    [again] = sent(desk.wake(RETRY_MS))
    assert (again.intent.type, again.intent.lots) == (OrderType.MARKET, 20)


def test_a_reduction_that_leaves_dust_to_sell_leaves_the_stop_alone():
    desk = Protected()
    desk.open()
    desk.want(0.1, stop=0.05)
    desk.bar(10_000)
    desk.told(desk.resting, OrderStatus.CANCELLED)
    [less] = sent(desk.wake(0)) or [one for one in desk.state.open_orders if not one.intent.stop]
    [product] = desk.plan.products
    least = replace(product, base_min_size=2 * product.base_increment)
    desk.plan = replace(desk.plan, products=(least,))
    desk.filled(less, less.intent.lots - 1, 10_000)
    for _ in range(5):
        assert not cancelled(desk.wake(LONGEST_RETRY_MS))
    assert desk.resting is not None


@pytest.mark.parametrize(
    "code", ["RATE_LIMITED", "PREVIEW_INVALID_STOP_PRICE", f"PREVIEW_{PASSED[1]}"]
)
def test_a_stop_refused_for_anything_else_is_sent_again(code):
    desk = Protected()
    assert not sent(desk.told(desk.resting, OrderStatus.REJECTED, code))
    [again] = sent(desk.wake(RETRY_MS))
    assert again.intent.stop == 9_500


def test_a_stop_that_was_refused_twice_over_does_not_sell_beside_its_exit():
    desk = Protected()
    stop = desk.resting
    code = f"PREVIEW_{PASSED[-1]}"
    [sold] = sent(desk.told(stop, OrderStatus.REJECTED, code))
    assert not sent(desk.told(stop, OrderStatus.REJECTED, code))
    assert desk.order(sold.client_order_id).status is OrderStatus.SUBMITTED


@pytest.mark.parametrize("stopped", ["halted", "paused", "frozen"])
def test_an_entry_found_alive_when_entries_have_stopped_is_cancelled(stopped):
    desk = AtExchange(style="maker_first")
    desk.want(0.2, stop=0.05)
    [entry] = sent(desk.bar(10_000))
    desk.told(entry, OrderStatus.SUBMIT_UNKNOWN)
    event = {
        "halted": ev.HaltRequested(desk.now(), "ann", "x"),
        "paused": ev.PauseRequested(desk.now(), "ann", True),
        "frozen": ev.PositionFound(desk.now(), "COIN-USD", "t", "odd"),
    }[stopped]
    desk.send(event)
    assert desk.order(entry.client_order_id).status is OrderStatus.SUBMIT_UNKNOWN
    alive = desk.told(entry, OrderStatus.OPEN, exchange_id="x")
    assert cancelled(alive) == [entry.client_order_id]
    assert not cancelled(desk.told(entry, OrderStatus.OPEN, exchange_id="x")), "once"


def test_an_entry_that_a_later_decision_replaced_is_cancelled_when_found_alive():
    desk = AtExchange(style="maker_first")
    desk.want(0.2, stop=0.05)
    [entry] = sent(desk.bar(10_000))
    desk.told(entry, OrderStatus.SUBMIT_UNKNOWN)
    desk.want(0.0)
    desk.bar(10_000)
    desk.send(ev.Woken(desk.now() + 10_000))
    assert cancelled(desk.told(entry, OrderStatus.OPEN, exchange_id="x")) == [entry.client_order_id]


def test_a_stop_found_alive_while_an_exit_waits_for_it_is_cancelled():
    desk = Protected()
    stop = desk.resting
    desk.told(stop, OrderStatus.SUBMIT_UNKNOWN)
    desk.want(0.0)
    assert not commands(desk.bar(10_000)), "what may not be there cannot be cancelled"
    assert cancelled(desk.told(stop, OrderStatus.OPEN, exchange_id="x")) == [stop.client_order_id]


def test_a_triggered_stop_makes_way_for_an_exit_that_waits():
    desk = Protected()
    desk.open()
    stop = desk.resting
    desk.told(stop, OrderStatus.TRIGGERED, exchange_id="x")
    desk.want(0.0)
    assert cancelled(desk.bar(10_000)) == [stop.client_order_id]


def test_a_sale_found_alive_makes_way_for_a_passed_stop():
    desk = Protected(rests=False)
    [sale] = sent(desk.place(-1, lots=8, limit=11_000, **LIMIT))
    desk.told(sale, OrderStatus.SUBMIT_UNKNOWN)
    desk.quote(9_400)
    assert cancelled(desk.told(sale, OrderStatus.OPEN, exchange_id="x")) == [sale.client_order_id]
    [sold] = sent(desk.told(sale, OrderStatus.CANCELLED))
    assert sold.intent.lots == 20


def test_an_order_asked_to_end_before_its_answer_is_asked_again_when_it_is_found():
    desk = AtExchange(style="maker_first")
    desk.want(0.2, stop=0.05)
    [entry] = sent(desk.bar(10_000))
    desk.send(ev.HaltRequested(desk.now(), "ann", "x"))
    desk.told(entry, OrderStatus.SUBMIT_UNKNOWN)
    assert desk.order(entry.client_order_id).status is OrderStatus.SUBMIT_UNKNOWN
    assert cancelled(desk.told(entry, OrderStatus.OPEN, exchange_id="x")) == [entry.client_order_id]


@pytest.mark.parametrize("is_lost", [False, True])
def test_an_entry_asked_to_end_before_its_answer_still_counts_as_unknown(is_lost):
    desk = AtExchange(style="maker_first")
    desk.want(0.2, stop=0.05)
    [entry] = sent(desk.bar(10_000))
    desk.send(ev.HaltRequested(desk.now() + 1, "ann", "x"))
    if is_lost:
        desk.told(entry, OrderStatus.SUBMIT_UNKNOWN)
    assert unknown_orders(desk.state, desk.now() + 1) == 1
    desk.send(ev.Rearmed(desk.now() + 2, "ann", "x"))
    assert desk.state.halted


def test_what_is_to_be_flattened_is_sold_until_nothing_is_left():
    desk = Protected(rests=False)
    [sold] = sent(desk.send(ev.FlattenRequested(desk.now(), "ann", "x")))
    assert not sent(desk.send(ev.FlattenRequested(desk.now() + 1, "ann", "x"))), "one is under way"
    desk.told(sold, OrderStatus.REJECTED, "NO")
    assert not sent(desk.wake(RETRY_MS - 1))
    [again] = sent(desk.wake(1))
    desk.filled(again, 20, 10_000)
    assert not desk.wake(HOUR)


def test_a_flattening_takes_the_place_of_a_resting_exit():
    desk, exit_order = exiting("maker_first")
    desk.told(exit_order, OrderStatus.OPEN, exchange_id="x")
    entries = desk.send(ev.FlattenRequested(desk.now(), "ann", "x"))
    assert cancelled(entries) == [exit_order.client_order_id]
    [sold] = sent(desk.told(exit_order, OrderStatus.CANCELLED))
    assert sold.intent.type is OrderType.MARKET


def test_two_stops_of_one_position_become_one():
    desk = Protected()
    desk.open()
    stop = desk.resting
    other = stop._replace(
        intent=stop.intent._replace(client_order_id="another"), status=OrderStatus.OPEN
    )
    orders = {**desk.state.orders, "another": other}
    desk.state = desk.state._replace(orders=orders, open_orders=(*desk.state.open_orders, other))
    assert cancelled(desk.send(ev.Woken(desk.now()))) == ["another"]


def test_a_stop_is_placed_for_no_coins_that_an_order_of_unknown_outcome_may_sell():
    desk = Protected()
    stop = desk.resting
    desk.told(stop, OrderStatus.REJECTED, "NO")
    [sale] = sent(desk.place(-1, lots=8, limit=11_000, **LIMIT))
    desk.told(sale, OrderStatus.SUBMIT_UNKNOWN)
    assert [one.intent.lots for one in sent(desk.wake(HOUR // 2))] == [12]


def test_what_spot_holds_below_zero_is_frozen_and_left_to_a_person():
    desk = Protected()
    desk.open()
    stop = desk.resting
    fill = ev.Fill(
        stop.client_order_id, "COIN-USD", -1, 23, 9_500, 0, 1, stop.intent.reason, 23,
        desk.now(), 0, "2185", "0",
    )  # fmt: skip
    desk.send(ev.FillReceived(desk.now(), fill))
    assert desk.lots() == -3
    assert "more were sold than were held" in desk.state.frozen[0]
    assert not sent(desk.wake(HOUR // 2))
    assert not sent(desk.quote(1))


def test_one_time_makes_one_order():
    desk, exit_order = exiting()
    desk.told(exit_order, OrderStatus.REJECTED, "NO")
    [again] = sent(desk.wake(RETRY_MS))
    desk.told(again, OrderStatus.REJECTED, "NO")
    desk.time_ms -= RETRY_MS
    assert not sent(desk.send(ev.Woken(again.intent.sent_ms)))


def test_nothing_is_due_in_a_simulation_nor_when_all_is_well():
    desk = Desk()
    desk.bar(10_000)
    assert not due(desk.plan, desk.state, desk.now() + HOUR)
    desk = Protected()
    desk.open()
    assert not due(desk.plan, desk.state, desk.now() + HOUR)


def test_waking_does_something_exactly_when_it_is_due():
    desk, exit_order = exiting()
    desk.told(exit_order, OrderStatus.REJECTED, "NO")
    for after_ms in (0, RETRY_MS - 1, RETRY_MS, HOUR):
        now_ms = desk.now() + after_ms
        before = desk.state
        made = desk.send(ev.Woken(now_ms))
        assert bool(made[0].records) == due(desk.plan, before, now_ms)
        desk.state = before


def test_a_taken_back_stop_makes_room_at_once():
    desk = Protected()
    desk.open()
    old = desk.resting
    [bought] = sent(desk.place(1, lots=5))
    desk.filled(bought, 5, 11_000)
    [new] = sent(desk.report(old.client_order_id, OrderStatus.CANCELLED))
    assert new.intent.lots == 25
    desk.told(new, OrderStatus.OPEN, exchange_id="y")
    assert not sent(desk.told(new, OrderStatus.CANCELLED)), "nobody asked for it: not at once"
    assert sent(desk.wake(RETRY_MS))


def test_the_waiting_exit_of_a_product_ends_with_its_position():
    desk = Protected()
    desk.open()
    stop = desk.resting
    desk.want(0.0)
    desk.bar(10_000)
    desk.filled(stop, 20, 9_500)
    assert waiting(desk.state, "COIN-USD") == []
    assert desk.state.leaving[0].reason == 0
    assert records_of(desk.entries, rec.ExitRepeated) == []


@pytest.mark.parametrize("target", [0.0, 0.2])
def test_what_spot_holds_below_zero_is_never_bought_back(target):
    """More was sold than was bought: the coins were somebody else's, and so is the answer."""
    desk = Protected()
    stop = desk.resting
    desk.filled(stop, 50, 9_500)
    assert desk.state.slots["lots"][0] == -30
    desk.send(ev.Rearmed(desk.now(), "ann", "looked"))
    desk.want(target, stop=0.05)
    for _ in range(3):
        assert not sent(desk.bar(10_000))
        assert not sent(desk.wake(LONGEST_RETRY_MS))
    assert not sent(desk.send(ev.FlattenRequested(desk.now(), "ann", "x")))
