"""Protection where bars do not fill stops: it rests at the exchange, or quotes are watched."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from gpt_trader.domain.bars import Bar
from gpt_trader.domain.order import OrderStatus, OrderType, Origin, TimeInForce
from gpt_trader.domain.product import Grid
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.codec import state_from_json, state_text
from gpt_trader.engine.commands import CancelOrder
from gpt_trader.engine.leaving import LONGEST_RETRY_MS, RETRY_MS
from gpt_trader.engine.protect import STUCK_MS, is_sellable, needs, resting_protection
from gpt_trader.engine.state import AS_SENT
from gpt_trader.engine.waiting import UNKNOWN_WAIT_MS, waiting
from gpt_trader.runtime.alerts import alerts_of
from tests.engine_helpers import COIN, Desk, commands, refusal, sent
from tests.exchange_desk import AtExchange, Protected, Silent

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC}


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
    assert not commands(desk.quote(9_400))
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


def test_what_a_wild_bar_makes_look_like_dust_keeps_its_stop_and_can_be_sold():
    desk = Protected()
    desk.open()
    stop, open_ms = desk.resting, desk.state.last_bar_ms[0] + desk.plan.interval_ms
    wild = Bar("COIN-USD", open_ms, 1, 1, 1, 1, 1.0)
    assert not commands(desk.send(ev.BarMissed(desk.now(), wild)))
    assert not commands(desk.wake(60_000))
    assert is_sellable(desk.plan, desk.state, 0)
    desk.send(ev.FlattenRequested(desk.now(), "ann", "odd"))
    [sold] = sent(desk.told(stop, OrderStatus.CANCELLED))
    assert sold.intent.lots == 20


def test_a_stop_stays_where_what_is_held_is_dust():
    desk = Protected()
    desk.open()
    desk.send(ev.ProductSeen(desk.now(), "COIN-USD", "", grid=Grid(least_lots=100)))
    desk.plan = replace(
        desk.plan, products=(replace(desk.plan.products[0], base_min_size=Decimal(100)),)
    )
    assert not is_sellable(desk.plan, desk.state, 0)
    for _ in range(3):
        assert not commands(desk.wake(60_000))
    assert desk.resting.status is OrderStatus.OPEN


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


def test_a_stop_that_does_not_trigger_is_acted_on_like_one_that_is_watched():
    """Its trigger has passed by every quote for five seconds, and the exchange says nothing."""
    desk = Protected()
    desk.open()
    rests = desk.resting
    assert sent(desk.quote(9_450)) == []
    assert sent(desk.quote(9_450, after_ms=STUCK_MS - 1)) == []
    assert desk.resting.status is OrderStatus.OPEN
    made = desk.quote(9_450, after_ms=1)
    assert CancelOrder("COIN-USD", rests.client_order_id) in commands(made)
    assert sent(made) == [], "it waits for the end of the stop"
    made = desk.report(rests.client_order_id, OrderStatus.CANCELLED)
    [order] = sent(made)
    assert (order.intent.side, order.intent.lots, order.intent.type) == (-1, 20, OrderType.MARKET)


def test_a_price_that_comes_back_above_its_stop_counts_anew():
    desk = Protected()
    desk.open()
    desk.quote(9_450)
    assert desk.state.passed_ms[0]
    desk.quote(9_550, after_ms=4_000)
    assert not desk.state.passed_ms[0]
    desk.quote(9_450, after_ms=4_000)
    assert commands(desk.quote(9_450, after_ms=STUCK_MS - 1)) == []


def test_a_stop_that_has_triggered_is_left_to_the_exchange():
    desk = Protected()
    desk.open()
    desk.report(desk.resting.client_order_id, OrderStatus.TRIGGERED)
    desk.quote(9_450)
    assert commands(desk.quote(9_450, after_ms=2 * STUCK_MS)) == []


def edit(desk, order, **terms):
    intent = order.intent._replace(**terms)
    event = ev.OrderEdited(
        desk.now(), "COIN-USD", order.client_order_id, intent.lots, intent.limit, intent.stop
    )
    return desk.send(event)


def test_a_stop_that_its_owner_moved_stays_and_is_the_level_from_then_on():
    desk = Protected()
    desk.open()
    made = edit(desk, desk.resting, stop=9_000, limit=8_550)
    assert commands(made) == []
    assert desk.resting.intent.stop == desk.state.slots["stop_ticks"][0] == 9_000
    assert commands(desk.quote(9_400)) == [], "it has not passed"
    [alert] = alerts_of(desk.plan, desk.state, desk.state, made)
    assert (alert.level, alert.event) == ("page", "edited")
    assert "stop 90" in alert.text


@pytest.mark.parametrize("lots", [12, 30])
def test_a_stop_that_its_owner_cut_or_enlarged_makes_way_for_one_of_what_is_held(lots):
    desk = Protected()
    desk.open()
    rests = desk.resting
    made = edit(desk, rests, lots=lots, stop=9_000, limit=8_550)
    assert commands(made) == [CancelOrder("COIN-USD", rests.client_order_id)]
    assert desk.state.orders[rests.client_order_id].intent.lots == lots
    desk.time_ms = desk.now() + 1
    [order] = sent(desk.report(rests.client_order_id, OrderStatus.CANCELLED))
    assert (order.intent.lots, order.intent.stop) == (20, 9_000)


def cut(desk, lots=12):
    """Let the stop that rests be told with another size; return the commands, and the alerts."""
    made = edit(desk, desk.resting, lots=lots)
    return commands(made), list(alerts_of(desk.plan, desk.state, desk.state, made))


def test_a_stop_that_is_cut_again_and_again_rests_longer_and_longer_and_pages_once():
    """Its position is without one only while the next is placed."""
    desk, levels, waits = Protected(), [], []
    for _ in range(8):
        desk.open()
        rests = desk.resting
        made, alerts = cut(desk)
        levels += [one.level for one in alerts]
        waited_ms = 0
        while not made:
            assert desk.resting.status is OrderStatus.OPEN
            assert waited_ms <= LONGEST_RETRY_MS
            made, waited_ms = commands(desk.wake(1_000)), waited_ms + 1_000
        waits.append(waited_ms)
        assert made == [CancelOrder("COIN-USD", rests.client_order_id)]
        desk.time_ms = desk.now() + 300
        [order] = sent(desk.report(rests.client_order_id, OrderStatus.CANCELLED))
        assert order.intent.lots == 20
    again = state_from_json(desk.plan, json.loads(state_text(desk.state)))
    assert again.resized == desk.state.resized != (AS_SENT,)
    assert waits == [0, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]
    assert levels == ["page", "info", "info", "info"], "once, and the 2nd, 4th, 8th"
    desk.open()
    desk.wake(3 * LONGEST_RETRY_MS)
    assert (bool(cut(desk)[0]), desk.state.resized[0].times) == (True, 1), "it counts anew"


@pytest.mark.parametrize("change", ["larger", "exit"])
def test_a_stop_that_was_cut_makes_way_where_it_does_not_fit(change):
    desk = Protected()
    for _ in range(2):
        desk.open()
        rests = desk.resting
        made, _ = cut(desk, 30 if change == "larger" else 12)
        if desk.resting is None or desk.resting.status is not OrderStatus.OPEN:
            desk.time_ms = desk.now() + 300
            desk.report(rests.client_order_id, OrderStatus.CANCELLED)
    if change == "larger":
        assert made, "it would sell more than is held"
        return
    assert not made
    desk.want(0.0)
    assert CancelOrder("COIN-USD", rests.client_order_id) in commands(desk.bar(10_000))


def test_an_entry_that_its_owner_changed_is_not_what_was_decided_and_is_cancelled():
    desk = AtExchange(style="maker_first")
    desk.want(0.2)
    [entry] = sent(desk.bar(10_000))
    desk.report(entry.client_order_id, OrderStatus.OPEN)
    made = edit(desk, entry, limit=9_000)
    assert commands(made) == [CancelOrder("COIN-USD", entry.client_order_id)]
    desk.report(entry.client_order_id, OrderStatus.CANCELLED)
    assert edit(desk, entry, limit=9_000)[0].records == ()


def by_hand(lots=5):
    """A position of 20 of which an order by hand sells some, beside the stop of the rest."""
    desk = Protected()
    desk.open()
    stop = desk.resting
    desk.wake(1_000)
    desk.place(-1, lots=lots, limit=11_000, **LIMIT)
    made = sent(desk.report(stop.client_order_id, OrderStatus.CANCELLED))
    for one in made:
        desk.report(one.client_order_id, OrderStatus.OPEN)
    [sale] = [one for one in made if one.intent.origin is Origin.OPERATOR]
    return desk, sale


@pytest.mark.parametrize("lots, covered", [(5, 15), (19, 1), (20, None)])
def test_a_stop_covers_what_no_order_by_hand_may_sell(lots, covered):
    desk, _ = by_hand(lots)
    assert (desk.resting and desk.resting.intent.lots) == covered
    assert not commands(desk.wake(LONGEST_RETRY_MS)), "it stays so"


def test_a_part_that_is_sold_by_hand_leaves_the_stop_of_the_rest_as_it_is():
    desk, sale = by_hand()
    stop = desk.resting
    assert not commands(desk.partly(sale, 2, 11_000))
    assert not commands(desk.filled(sale, 5, 11_000))
    assert desk.resting == stop
    assert stop.intent.lots == 15


def test_an_order_by_hand_that_ends_gives_its_coins_back_to_the_stop():
    desk, sale = by_hand()
    desk.wake(1_000)
    [cancel] = commands(desk.told(sale, OrderStatus.CANCELLED))
    assert cancel.client_order_id == desk.resting.client_order_id
    [stop] = sent(desk.report(cancel.client_order_id, OrderStatus.CANCELLED))
    assert stop.intent.lots == 20


def test_a_stop_of_the_rest_that_sold_takes_the_order_by_hand_with_it():
    desk, sale = by_hand()
    stop = desk.resting
    desk.quote(9_400)
    desk.filled(stop, 15, 9_500)
    [cancel] = commands(desk.quote(9_400))
    assert cancel.client_order_id == sale.client_order_id
    [sold] = sent(desk.told(sale, OrderStatus.CANCELLED))
    assert (sold.intent.type, sold.intent.lots) == (OrderType.MARKET, 5)


def test_an_exit_beside_an_order_by_hand_sells_what_that_does_not():
    desk, _ = by_hand()
    stop = desk.resting
    desk.want(0.0)
    [cancel] = commands(desk.bar(10_000))
    assert cancel.client_order_id == stop.client_order_id
    [sold] = sent(desk.report(stop.client_order_id, OrderStatus.CANCELLED))
    assert (sold.intent.type, sold.intent.lots) == (OrderType.MARKET, 15)


@pytest.mark.parametrize("lots, refused", [(4, False), (6, True)])
def test_an_order_by_hand_sells_no_more_than_its_own_coins(lots, refused):
    desk, sale = by_hand()
    entries = desk.amend(sale.client_order_id, lots, 11_000)
    assert (refusal(entries) == "NOT_AMENDABLE") == refused


def lacking(desk, lots):
    return desk.send(ev.CoinsLacking(desk.now(), "COIN-USD", lots))


def test_a_stop_covers_the_coins_that_are_there_once_one_of_all_was_refused():
    desk = Protected()
    desk.told(desk.resting, OrderStatus.REJECTED, "INSUFFICIENT_FUND")
    desk.wake(1_000)
    [stop] = sent(lacking(desk, 8))
    assert (stop.intent.lots, stop.intent.stop) == (12, 9_500)
    desk.told(stop, OrderStatus.OPEN)
    assert not commands(desk.wake(LONGEST_RETRY_MS)), "it stays"


def test_where_no_coins_are_there_nothing_is_sent():
    desk = Protected()
    desk.told(desk.resting, OrderStatus.REJECTED, "INSUFFICIENT_FUND")
    desk.wake(1_000)
    assert not commands(lacking(desk, 20))
    assert not commands(desk.quote(9_000))
    assert not commands(desk.wake(LONGEST_RETRY_MS))


def test_an_exit_sells_the_coins_that_are_there():
    desk = Protected()
    desk.told(desk.resting, OrderStatus.REJECTED, "INSUFFICIENT_FUND")
    desk.wake(1_000)
    [stop] = sent(lacking(desk, 8))
    desk.told(stop, OrderStatus.REJECTED, "SOME_OTHER_REASON")
    [sold] = sent(desk.quote(9_400))
    assert (sold.intent.type, sold.intent.lots) == (OrderType.MARKET, 12)


def test_a_stop_that_rests_stays_though_a_look_misses_its_coins():
    desk = Protected()
    desk.open()
    assert not commands(lacking(desk, 8))
    assert not commands(lacking(desk, 20))


def test_coins_that_are_back_are_covered_again():
    desk = Protected()
    desk.told(desk.resting, OrderStatus.REJECTED, "INSUFFICIENT_FUND")
    desk.wake(1_000)
    [stop] = sent(lacking(desk, 8))
    desk.told(stop, OrderStatus.OPEN)
    desk.wake(1_000)
    [cancel] = commands(lacking(desk, 0))
    assert cancel.client_order_id == stop.client_order_id
    [whole] = sent(desk.told(stop, OrderStatus.CANCELLED))
    assert whole.intent.lots == 20


def test_a_loss_that_is_adopted_lacks_no_more_and_its_stop_stays():
    desk = Protected()
    desk.told(desk.resting, OrderStatus.REJECTED, "INSUFFICIENT_FUND")
    desk.wake(1_000)
    [stop] = sent(lacking(desk, 8))
    desk.told(stop, OrderStatus.OPEN)
    gone = ev.Adjusted(desk.now(), COIN.base_currency, "-8", "reconciliation", "R", "t", "12")
    assert not commands(desk.send(gone))
    assert desk.state.lacking == (0,)
    assert state_text(state_from_json(desk.plan, json.loads(state_text(desk.state))))


def test_what_lacks_is_kept_over_a_start():
    desk = Protected()
    lacking(desk, 8)
    assert state_from_json(desk.plan, json.loads(state_text(desk.state))).lacking == (8,)


def test_an_exit_that_waited_sells_no_more_than_what_is_there():
    desk = Protected()
    desk.open()
    stop = desk.resting
    desk.want(0.0)
    desk.bar(10_000)
    [waits] = waiting(desk.state, "COIN-USD")
    assert waits.intent.lots == 20
    lacking(desk, 8)
    [sold] = sent(desk.told(stop, OrderStatus.CANCELLED))
    assert sold.intent.lots == 12
