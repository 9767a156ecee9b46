"""Protection where bars do not fill stops: it rests at the exchange, or quotes are watched."""

from dataclasses import replace
from decimal import Decimal

import pytest

from gpt_trader.domain.order import OrderStatus, OrderType, Origin
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.protect import RETRY_MS, needs, resting_protection
from gpt_trader.engine.waiting import UNKNOWN_WAIT_MS, waiting
from tests.engine_helpers import COIN, Desk, commands, sent
from tests.exchange_desk import Protected, Silent


def test_a_filled_entry_is_followed_by_its_stop_at_the_exchange():
    desk = Protected()
    stop = desk.resting
    found = stop.intent
    assert (found.type, found.side) == (OrderType.STOP_LIMIT, -1)
    assert (found.lots, found.stop, found.limit) == (20, 9_500, 9_500 - 9_500 // 20)
    assert found.reduce_only
    assert [order.client_order_id for order in sent(desk.entries)][-1] == stop.client_order_id


def test_with_a_take_profit_both_rest_as_one_bracket():
    bracket = Protected(take=0.1).resting
    found = bracket.intent
    assert (found.type, found.stop, found.limit) == (OrderType.BRACKET, 9_500, 11_000)


def test_a_stop_that_moves_is_replaced_once_the_old_one_has_ended():
    desk = Protected()
    desk.open()
    old = desk.resting
    desk.place(1, lots=5)
    entries = desk.filled(sent(desk.entries)[-1], 5, 11_000)
    [cancel] = commands(entries)
    assert cancel.client_order_id == old.client_order_id
    [new] = sent(desk.report(old.client_order_id, OrderStatus.CANCELLED))
    assert (new.intent.lots, new.intent.stop) == (25, 9_690)


def test_an_exit_waits_until_the_protection_has_ended():
    desk = Protected()
    desk.open()
    stop = desk.resting
    desk.want(0.0)
    [cancel] = commands(desk.bar(10_000))
    assert cancel.client_order_id == stop.client_order_id
    [waits] = waiting(desk.state, "COIN-USD")
    assert not commands(desk.quote(9_990, after_ms=1_000))
    [exit_order] = sent(desk.report(stop.client_order_id, OrderStatus.CANCELLED))
    assert exit_order.client_order_id == waits.client_order_id
    assert exit_order.intent.origin is Origin.ROUTE
    assert desk.order(exit_order.client_order_id).status is OrderStatus.SUBMITTED


def test_an_exit_that_rests_too_long_is_given_up_and_crosses():
    desk = Protected(style="maker_first")
    desk.open()
    stop = desk.resting
    desk.want(0.0)
    desk.bar(10_000)
    [exit_order] = sent(desk.report(stop.client_order_id, OrderStatus.CANCELLED))
    desk.report(exit_order.client_order_id, OrderStatus.OPEN)
    assert desk.resting is None
    assert not commands(desk.wake(59_000))
    [cancel] = commands(desk.wake(2_000))
    assert cancel.client_order_id == exit_order.client_order_id
    [crossing] = sent(desk.report(exit_order.client_order_id, OrderStatus.CANCELLED))
    assert (crossing.intent.type, crossing.intent.lots) == (OrderType.MARKET, 20)


@pytest.mark.parametrize("bid, sells", [(9_501, False), (9_500, True), (9_400, True)])
def test_where_none_rests_a_quote_at_the_stop_sells(bid, sells):
    desk = Protected(rests=False)
    assert desk.resting is None
    orders = sent(desk.quote(bid))
    assert bool(orders) == sells
    if sells:
        assert (orders[0].intent.type, orders[0].intent.lots, orders[0].intent.origin) == (
            OrderType.MARKET,
            20,
            Origin.PROTECTION,
        )


def test_what_rests_is_left_to_the_exchange_until_the_price_runs_away_from_it():
    desk = Protected()
    desk.open()
    assert not desk.quote(9_400)
    stop = desk.resting
    [cancel] = commands(desk.quote(stop.intent.limit - 1))
    assert cancel.client_order_id == stop.client_order_id
    [sold] = sent(desk.report(stop.client_order_id, OrderStatus.CANCELLED))
    assert (sold.intent.type, sold.intent.lots) == (OrderType.MARKET, 20)


def test_a_protection_that_may_exist_keeps_its_coins_from_an_exit():
    desk = Protected()
    stop = desk.resting
    desk.report(stop.client_order_id, OrderStatus.SUBMIT_UNKNOWN)
    assert not sent(desk.quote(9_500))
    for _ in range(20):
        assert not sent(desk.wake(UNKNOWN_WAIT_MS)), "all of it is promised, however long"
    [sold] = sent(desk.report(stop.client_order_id, OrderStatus.REJECTED))
    assert sold.intent.lots == 20


def test_a_take_profit_that_nobody_holds_is_sold_at_its_price_or_better():
    desk = Protected(rests=False, take=0.1)
    assert not desk.quote(10_999)
    [order] = sent(desk.quote(11_000))
    assert (order.intent.type, order.intent.limit) == (OrderType.LIMIT, 11_000)


def test_a_refused_protection_is_sent_again_but_not_at_once():
    desk = Protected()
    refused = desk.resting
    entries = desk.report(refused.client_order_id, OrderStatus.REJECTED)
    assert not sent(entries)
    assert not desk.quote(9_900, after_ms=RETRY_MS - 1)
    desk.time_ms += 1
    assert sent(desk.send(ev.Woken(desk.time_ms)))
    assert desk.resting.client_order_id != refused.client_order_id


def test_a_quote_is_tried_again_only_after_a_while():
    desk = Protected(rests=False)
    [order] = sent(desk.quote(9_400))
    desk.report(order.client_order_id, OrderStatus.REJECTED)
    assert not sent(desk.quote(9_400, after_ms=RETRY_MS - 1))
    [again] = sent(desk.quote(9_400, after_ms=1))
    assert again.client_order_id != order.client_order_id


def test_a_late_fill_of_a_cancelled_entry_brings_its_own_stop():
    desk = Desk(style="maker_first")
    desk.plan = replace(desk.plan, rests=(True,))
    desk.broker = Silent()
    desk.bar(10_000)
    desk.want(0.2, stop=0.05)
    [entry] = sent(desk.bar(10_000))
    desk.send(ev.PauseRequested(desk.now(), "ann", True))
    desk.report(entry.client_order_id, OrderStatus.CANCELLED)
    assert desk.state.slots["lots"][0] == 0
    fill = ev.Fill(
        entry.client_order_id, "COIN-USD", 1, 4, 10_000, 0, 0, entry.intent.reason, 4,
        desk.now(), 0, "400", "1",
    )  # fmt: skip
    entries = desk.send(ev.FillReceived(desk.now(), fill))
    assert (desk.state.slots["lots"][0], desk.state.slots["stop_ticks"][0]) == (4, 9_500)
    assert sent(entries)[-1].intent.stop == 9_500
    assert any(isinstance(r, rec.FillBooked) and r.is_late for e in entries for r in e.records)


def test_dust_is_not_protected():
    desk = Protected()
    desk.open()
    desk.filled(desk.resting, 20, 9_500)
    assert desk.state.slots["lots"][0] == 0
    assert desk.resting is None
    quote = ev.Quoted(desk.now() + RETRY_MS, "COIN-USD", 1, 2)
    assert not needs(desk.plan, desk.state, quote)


def test_a_broker_that_fills_stops_itself_is_not_helped():
    desk = Protected(rests=False)
    desk.plan = replace(desk.plan, rests=())
    assert not needs(desk.plan, desk.state, ev.Quoted(desk.now() + 10**6, "COIN-USD", 1, 2))


def test_exact_money_from_outside_is_no_profit():
    desk = Desk()
    desk.bar(10_000)
    desk.send(ev.Adjusted(desk.now(), "USD", "0.000000005", "reward", "ann", ""))
    desk.send(ev.Adjusted(desk.now(), "USD", "0.000000006", "reward", "ann", ""))
    desk.send(ev.Adjusted(desk.now(), "COIN", "3", "deposit", "ann", ""))
    assert desk.state.ledger == {"USD": "0.000000011", "COIN": "3"}
    assert desk.state.cash == desk.start.cash + 1
    assert desk.state.slots["lots"][0] == 0
    assert desk.state.transfers == 1


def test_what_one_order_cannot_sell_is_sold_in_parts():
    most = COIN.with_spec(base_max_size=Decimal(8))
    desk = Protected(rests=False)
    desk.plan = replace(desk.plan, products=(most,))
    [stopped] = sent(desk.quote(9_400))
    assert stopped.intent.lots == 8
    desk.filled(stopped, 8, 9_400)
    [again] = sent(desk.quote(9_400))
    assert again.intent.lots == 8
    desk = Protected()
    whole = resting_protection(desk.plan, desk.state, 0)
    desk.report(whole.client_order_id, OrderStatus.REJECTED)
    desk.plan = replace(desk.plan, products=(most,))
    desk.wake(RETRY_MS)
    assert resting_protection(desk.plan, desk.state, 0).intent.lots == 8
