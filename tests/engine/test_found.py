"""Orders of ours that this journal did not send: taken over whole, or told as an instance."""

from decimal import Decimal

import pytest

from gpt_trader.domain.order import Fill, Order, OrderIntent, OrderStatus, OrderType, Origin
from gpt_trader.domain.order import TimeInForce as T
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.commands import CancelOrder, SubmitOrder
from gpt_trader.engine.events import InstanceSeen, OrdersFound, PositionFound
from gpt_trader.engine.ids import new_id
from gpt_trader.engine.protect import resting_protection
from gpt_trader.engine.recover import recover
from gpt_trader.engine.state import equity, with_new_orders
from gpt_trader.kernel.codes import (
    FILL_ENTRY,
    FILL_EXIT,
    FILL_STOP,
    HOLD_ORDER_WORKING,
    ORDINAL_BAR,
    TAKER,
)
from gpt_trader.runtime.alerts import alerts_of
from tests.engine_helpers import COIN, HOUR, UNIT, Desk, records_of, sent

COIN_ID = COIN.product_id
BUY, SELL = 1, -1


def live_desk() -> Desk:
    """A desk whose stops rest at the exchange, on a market at 100."""
    desk = Desk()
    object.__setattr__(desk.plan, "rests", (True,))
    desk.bar(10_000)
    return desk


def order(key, side, lots, status, *, kind=OrderType.LIMIT, limit=10_000, stop=0, sent_ms=1):
    is_stop = stop > 0
    reason = FILL_ENTRY if side == BUY else FILL_STOP if is_stop else FILL_EXIT
    return Order(
        OrderIntent(
            client_order_id=key,
            product_id=COIN_ID,
            side=side,
            type=kind,
            tif=T.GTC,
            lots=lots,
            quote=0,
            limit=limit,
            stop=stop,
            reduce_only=side == SELL,
            reason=reason,
            origin=Origin.PROTECTION if is_stop else Origin.ROUTE,
            sent_ms=sent_ms,
        ),
        status=status,
        exchange_id=f"x-{key}",
    )


def stop_order(key, lots, status=OrderStatus.OPEN, stop=9_500):
    kind = OrderType.STOP_LIMIT
    return order(key, SELL, lots, status, kind=kind, limit=stop * 19 // 20, stop=stop)


def fill(made, lots, price, cumulative=None, fees="0"):
    """A fill at `price` quote; value and fees cumulative."""
    total = lots if cumulative is None else cumulative
    return Fill(
        client_order_id=made.client_order_id,
        product_id=COIN_ID,
        side=made.intent.side,
        lots=lots,
        ticks=price * 100,
        fee=int(Decimal(fees) * UNIT),
        liquidity=TAKER,
        reason=made.intent.reason,
        cumulative=total,
        time_ms=1,
        filled_value=str(total * price),
        filled_fees=fees,
    )


def found(desk, orders, fills=(), coins=-1):
    why = "an older journal"
    return desk.send(
        OrdersFound(desk.now(), COIN_ID, "TEST", why, tuple(orders), tuple(fills), coins)
    )


def test_a_purchase_and_its_stop_are_held_paid_for_and_left_to_rest():
    desk = live_desk()
    entry, stop = order("e", BUY, 5, OrderStatus.FILLED), stop_order("s", 5)
    [entry_entry] = found(desk, [entry, stop], [fill(entry, 5, 100, fees="1.25")])
    slot = desk.state.slots[0]
    assert (slot["lots"], slot["average_ticks"], slot["stop_ticks"]) == (5, 10_000, 9_500)
    assert desk.state.cash == 10_000 * UNIT - 501_25 * UNIT // 100
    assert desk.state.ledger == {"USD": "-501.25", "COIN": "5"}
    assert desk.state.fees == 1_25 * UNIT // 100
    assert desk.state.orders["e"].status is OrderStatus.FILLED
    assert desk.state.orders["e"].filled_value == "500"
    assert resting_protection(desk.plan, desk.state, 0).client_order_id == "s"
    assert entry_entry.commands == (), "what rests is right: nothing is sent or cancelled"
    assert "an older journal" in desk.state.frozen[0]
    assert desk.state.marks.entries == 1


@pytest.mark.parametrize("coins, lacking", [(3, 2), (5, 0), (7, 0), (-1, 0)])
def test_a_stop_of_the_coins_that_are_there_stays(coins, lacking):
    desk = live_desk()
    entry = order("e", BUY, 5, OrderStatus.FILLED)
    rests = stop_order("s", min(max(coins, 0) or 5, 5))
    answer = found(desk, [entry, rests], [fill(entry, 5, 100)], coins=coins)
    assert desk.state.lacking == (lacking,)
    assert all(entry.commands == () for entry in answer)


def test_an_exit_and_a_stop_that_worked_elsewhere_leave_nothing():
    desk = live_desk()
    orders = [
        order("e", BUY, 5, OrderStatus.FILLED),
        order("x", SELL, 2, OrderStatus.FILLED),
        stop_order("s", 3, OrderStatus.FILLED),
    ]
    fills = [fill(orders[0], 5, 100), fill(orders[1], 2, 110), fill(orders[2], 3, 95)]
    found(desk, orders, fills)
    assert desk.state.slots["lots"][0] == 0
    assert desk.state.slots["stop_ticks"][0] == 0
    assert desk.state.ledger["COIN"] == "0"
    assert desk.state.ledger["USD"] == str(-500 + 220 + 285)
    assert desk.state.open_orders == ()


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.EXPIRED])
def test_a_stop_that_made_way_for_an_exit_that_did_not_sell_rests_again(status):
    desk = live_desk()
    entry, stop = order("e", BUY, 5, OrderStatus.FILLED), stop_order("s", 5, status)
    failed = order("x", SELL, 5, OrderStatus.EXPIRED)
    tried = order("n", BUY, 5, OrderStatus.CANCELLED)
    answer = found(desk, [entry, stop, failed, tried], [fill(entry, 5, 100)])[0]
    assert desk.state.slots["stop_ticks"][0] == 9_500
    [command] = answer.commands
    assert isinstance(command, SubmitOrder)
    assert (command.order.intent.stop, command.order.intent.lots) == (9_500, 5)


def test_a_stop_of_before_the_last_purchase_is_not_what_is_held_by_now():
    desk = live_desk()
    stop, entry = stop_order("s", 5, OrderStatus.CANCELLED), order("e", BUY, 5, OrderStatus.FILLED)
    [answer] = found(desk, [stop, entry], [fill(entry, 5, 100)])
    assert (desk.state.slots["stop_ticks"][0], answer.commands) == (0, ())


def test_a_stop_that_has_ended_moves_no_level_that_is_known():
    desk = live_desk()
    entry, stop = order("e", BUY, 5, OrderStatus.FILLED), stop_order("s", 5)
    found(desk, [entry, stop], [fill(entry, 5, 100)])
    found(desk, [stop_order("older", 5, OrderStatus.CANCELLED, stop=9_000)])
    assert desk.state.slots["stop_ticks"][0] == 9_500


def test_what_the_journal_knew_goes_on_from_its_watermark():
    desk = live_desk()
    entry, before = order("e", BUY, 5, OrderStatus.FILLED), stop_order("s1", 5)
    found(desk, [entry, before], [fill(entry, 5, 100)])
    more, after = order("e2", BUY, 3, OrderStatus.FILLED), stop_order("s2", 6, stop=9_600)
    gone = before._replace(status=OrderStatus.CANCELLED)
    [told] = found(desk, [gone, more, after], [fill(before, 2, 95), fill(more, 3, 100)])
    assert desk.state.slots["lots"][0] == 6
    assert desk.state.slots["stop_ticks"][0] == 9_600
    assert desk.state.orders["s1"].status is OrderStatus.CANCELLED
    assert desk.state.orders["s1"].filled == 2
    assert [o.client_order_id for o in desk.state.open_orders] == ["s2"]
    assert told.commands == ()


def test_the_same_told_twice_changes_nothing_more():
    desk = live_desk()
    entry, stop = order("e", BUY, 5, OrderStatus.FILLED), stop_order("s", 5)
    found(desk, [entry, stop], [fill(entry, 5, 100)])
    before = desk.state
    found(desk, [entry, stop], [fill(entry, 5, 100)])
    assert repr(desk.state.slots.tolist()) == repr(before.slots.tolist())
    assert (desk.state.cash, desk.state.ledger) == (before.cash, before.ledger)
    assert desk.state.marks.entries == 1


def test_an_entry_that_still_rests_is_cancelled_and_its_money_set_aside():
    desk = live_desk()
    entry = order("e", BUY, 5, OrderStatus.OPEN, limit=9_000)
    told, *_ = found(desk, [entry])
    assert told.commands == (CancelOrder(COIN_ID, "e"),)
    assert rec.CancelTaken("e") in told.records
    after = recover(desk.plan, desk.start, desk.entries[: desk.entries.index(told) + 1])
    assert after.orders["e"].status is OrderStatus.PENDING_CANCEL
    assert after.slots["held_back_units"][0] >= 450 * UNIT


def test_an_entry_that_has_ended_is_not_cancelled():
    desk = live_desk()
    [told] = found(desk, [order("e", BUY, 5, OrderStatus.CANCELLED)])
    assert told.commands == ()
    assert desk.state.open_orders == ()


def test_what_waited_for_how_things_stood_before_is_never_sent():
    desk = live_desk()
    late = [
        order("late exit", SELL, 5, OrderStatus.WAITING)._replace(exchange_id=""),
        order("late entry", BUY, 5, OrderStatus.WAITING)._replace(exchange_id=""),
    ]
    desk.state = with_new_orders(desk.state, *late)
    entry, stop = order("e", BUY, 5, OrderStatus.FILLED), stop_order("s", 5)
    entries = found(desk, [entry, stop], [fill(entry, 5, 100)])
    assert [entry.commands for entry in entries] == [()] * len(entries)
    assert [o.client_order_id for o in desk.state.open_orders] == ["s"]
    assert desk.state.orders["late exit"].status is OrderStatus.REJECTED
    assert resting_protection(desk.plan, desk.state, 0).client_order_id == "s"


def test_only_what_is_filled_from_now_on_is_booked_of_what_was_booked_elsewhere():
    desk = live_desk()
    partly = stop_order("s", 5)._replace(filled=2, filled_value="190", filled_fees="0.1")
    desk.send(PositionFound(desk.now(), COIN_ID, "TEST", "lost", 3, 10_000, partly))
    assert desk.state.ledger == {}
    desk.send(ev.FillReceived(desk.now(), fill(partly, 1, 95, cumulative=3, fees="0.2")))
    assert desk.state.slots["lots"][0] == 2
    assert desk.state.ledger == {"USD": "94.9", "COIN": "-1"}


def test_nothing_is_entered_until_a_person_rearms():
    desk = live_desk()
    found(desk, [order("e", BUY, 5, OrderStatus.CANCELLED)])
    desk.want(0.2)
    entries = desk.bar(10_000)
    assert not any(isinstance(c, SubmitOrder) for entry in entries for c in entry.commands)
    desk.send(ev.Rearmed(desk.now(), "ann", "looked"))
    entries = desk.bar(10_000)
    assert any(isinstance(c, SubmitOrder) for entry in entries for c in entry.commands)


def test_recovery_takes_over_the_same():
    desk = live_desk()
    entry, stop = order("e", BUY, 5, OrderStatus.FILLED), stop_order("s", 5)
    found(desk, [entry, stop], [fill(entry, 5, 100, fees="1.25")])
    again = recover(desk.plan, desk.start, desk.entries)
    assert repr(again.slots.tolist()) == repr(desk.state.slots.tolist())
    assert (again.cash, again.ledger, again.orders) == (
        desk.state.cash,
        desk.state.ledger,
        desk.state.orders,
    )


@pytest.mark.parametrize("keys, words", [(("k",), "order k is"), (("k", "l", "m"), "2 more")])
def test_a_second_instance_halts_and_pages(keys, words):
    desk = live_desk()
    before = desk.state
    entries = desk.send(InstanceSeen(desk.now(), keys))
    assert desk.state.halted
    assert words in desk.state.switch_reason
    told = list(alerts_of(desk.plan, before, desk.state, entries))
    assert {(one.level, one.event) for one in told} >= {("page", "second_instance")}


def test_a_bar_whose_order_was_taken_over_is_not_decided_to_be_sent_again():
    desk = live_desk()
    after_ms = desk.state.last_bar_ms[0] + HOUR
    key = new_id(desk.plan, COIN_ID, after_ms, ORDINAL_BAR)
    found(desk, [order(key, BUY, 5, OrderStatus.CANCELLED)])
    desk.send(ev.Reconciled(desk.now(), 0, 0))
    desk.send(ev.Rearmed(desk.now(), "ann", "looked"))
    desk.want(0.2)
    made = desk.bar(10_000)
    assert not sent(made)
    assert desk.state.orders[key].exchange_id == f"x-{key}"
    [decided] = records_of(made, rec.Decided)
    assert decided.decision.code == HOLD_ORDER_WORKING
    assert decided.decision.why
    assert [one.intent.side for one in sent(desk.bar(10_000))] == [BUY], "the next one is"


def test_a_stop_that_had_ended_and_lives_is_known_again_and_moves_no_level():
    desk = live_desk()
    entry, new = order("e", BUY, 5, OrderStatus.FILLED), stop_order("new", 5)
    found(desk, [entry, new], [fill(entry, 5, 100)])
    levels = desk.state.slots["stop_ticks"][0]
    old = stop_order("old", 5, OrderStatus.CANCELLED, stop=9_000)
    desk.state = with_new_orders(desk.state, old)
    made = found(desk, [old._replace(status=OrderStatus.OPEN)])
    assert made[0].commands == (CancelOrder(COIN_ID, "old"),), "one stop is kept"
    assert desk.state.orders["new"].status is OrderStatus.OPEN
    assert desk.state.slots["stop_ticks"][0] == levels
    assert desk.state.frozen[0]


@pytest.mark.parametrize("price_ticks, worth", [(12_000, 600), (0, 500)])
def test_what_is_taken_over_is_brought_in_at_its_value_and_moves_every_mark(price_ticks, worth):
    desk = Desk()
    before = desk.state.marks
    lost = PositionFound(desk.now(), COIN_ID, "t", "lost", 5, 10_000, price_ticks=price_ticks)
    desk.send(lost)
    after = desk.state
    assert after.transfers == worth * UNIT
    assert after.cash == 10_000 * UNIT, "its money was spent before this session was"
    assert equity(desk.plan, after) == 10_000 + worth
    assert after.marks.equity == before.equity + worth
    assert after.marks.high == before.high + worth
    assert after.marks.day_start == before.day_start + worth
