"""What wakes a person, and what does not."""

import json
from pathlib import Path

from gpt_trader.broker.exchange.refused_key import KEY, TAKEN
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.observe.notify import INFO, PAGE
from gpt_trader.runtime.alerts import alerts_of
from tests.engine_helpers import Desk, sent
from tests.exchange_desk import AtExchange, Protected

CASE = Path(__file__).parent / "exit_refused_again.json"
LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC}


def told(desk, event):
    before = desk.state
    entries = desk.send(event)
    return [(a.level, a.event) for a in alerts_of(desk.plan, before, desk.state, entries)]


def desk_with_order():
    desk = Desk()
    desk.bar(10_000)
    desk.place(1, lots=2, limit=9_000, **LIMIT)
    return desk, next(iter(desk.state.orders))


def test_a_calm_bar_wakes_nobody():
    desk = Desk()
    before = desk.state
    entries = desk.bar(10_000)
    assert list(alerts_of(desk.plan, before, desk.state, entries)) == []


def test_halts_wake_somebody_once():
    desk = Desk()
    desk.bar(10_000)
    halt = ev.HaltRequested(desk.now(), "ann", "odd")
    assert told(desk, halt) == [(PAGE, "halted")]
    assert told(desk, halt) == []
    assert told(desk, ev.Rearmed(desk.now(), "ann", "seen")) == [(INFO, "rearmed")]
    freeze = ev.PositionFound(desk.now(), "COIN-USD", "t", "odd")
    assert told(desk, freeze) == [(PAGE, "frozen")]
    assert told(desk, ev.Rearmed(desk.now(), "ann", "seen")) == [(INFO, "rearmed")]


def test_orders_that_nobody_knows_wake_somebody():
    desk, key = desk_with_order()
    unknown = ev.OrderUpdated(desk.now(), "COIN-USD", key, OrderStatus.SUBMIT_UNKNOWN)
    assert told(desk, unknown) == [(PAGE, "unknown_order")]
    gone = ev.OrderUpdated(desk.now(), "COIN-USD", key, OrderStatus.REJECTED, "NOT_PLACED")
    assert told(desk, gone) == [(INFO, "rejected")]


def test_money_that_nothing_explains():
    desk = Desk()
    desk.bar(10_000)
    more = ev.Adjusted(desk.now(), "USD", "5", "reconciliation", "RECONCILIATION", "t")
    assert told(desk, more) == [(INFO, "adjusted")]
    less = more._replace(amount="-5")
    assert told(desk, less) == [(PAGE, "adjusted"), (PAGE, "frozen")]
    assert told(desk, more._replace(kind="deposit")) == []
    assert told(desk, ev.Reconciled(desk.now(), 0, 2)) == [(INFO, "differs")]


def test_a_fill_after_the_end():
    desk, key = desk_with_order()
    order = desk.order(key)
    desk.cancel(key)
    before = desk.state
    entries = desk.fill(order, 2, 2, 9_000)
    found = [a.event for a in alerts_of(desk.plan, before, desk.state, entries)]
    assert found == ["late_fill", "frozen"]


def refused_by(answer):
    """What an answer of the exchange's says, as a reason with its words."""
    error = answer["error_response"]
    return f"{error['preview_failure_reason']}: {error['message']}"


def test_an_exit_refused_again_and_again_pages_and_says_what_holds_the_coins():
    case = json.loads(CASE.read_text(encoding="utf-8"))
    words = refused_by(case["answer_to_each_sell"])
    desk = Protected(rests=False)
    desk.send(ev.Reconciled(desk.now(), 1, 0))
    desk.want(0.0)
    [exit_order] = sent(desk.bar(10_000))
    found = []
    for _ in range(8):  # bar after bar: the strategy wants out
        before = desk.state
        entries = desk.told(exit_order, OrderStatus.REJECTED, words)
        found.append(list(alerts_of(desk.plan, before, desk.state, entries)))
        [exit_order] = sent(desk.bar(10_000))
    levels = [[(one.level, one.event) for one in alerts] for alerts in found]
    page = [(PAGE, "cannot_leave")]
    assert levels == [[(INFO, "rejected")], page, [], page, [], [], [], page]
    text = found[1][0].text
    assert "2 exits in a row" in text
    assert words in text
    assert "20 of 20 is free of orders of ours" in text
    assert "1 orders of somebody else are open in the account" in text


def test_what_an_operator_lets_rest_is_named_where_it_holds_the_coins():
    desk = Protected(rests=False)
    [sale] = sent(desk.place(-1, lots=20, limit=11_000, **LIMIT))
    desk.told(sale, OrderStatus.OPEN, exchange_id="x")
    desk.want(0.0)
    desk.bar(10_000)
    before = desk.state
    entries = desk.wake(5_000)
    [alert] = alerts_of(desk.plan, before, desk.state, entries)
    assert (alert.level, alert.event) == (PAGE, "cannot_leave")
    assert f"the rest is promised to {sale.client_order_id}" in alert.text
    assert "0 of 20 is free" in alert.text


def test_an_exit_that_is_taken_ends_the_row():
    desk = Protected(rests=False)
    desk.want(0.0)
    [exit_order] = sent(desk.bar(10_000))
    desk.told(exit_order, OrderStatus.REJECTED, "NO")
    [again] = sent(desk.wake(5_000))
    desk.told(again, OrderStatus.OPEN, exchange_id="x")
    assert desk.state.leaving[0].refusals == 0


def test_a_refused_stop_wakes_somebody_at_once():
    desk = Protected()
    refused = ev.OrderUpdated(
        desk.now(), "COIN-USD", desk.resting.client_order_id, OrderStatus.REJECTED, "NO"
    )
    assert told(desk, refused) == [(PAGE, "rejected")]


def test_stops_that_nobody_answers_have_one_cause_and_are_said_not_to_rest():
    """One was sent every few seconds, and each woke somebody, for its id was another one."""
    pages = []
    for _ in range(2):
        desk = Protected()
        key = desk.resting.client_order_id
        unknown = ev.OrderUpdated(desk.now(), "COIN-USD", key, OrderStatus.SUBMIT_UNKNOWN)
        before = desk.state
        [page] = alerts_of(desk.plan, before, desk.state, desk.send(unknown))
        pages.append(page)
        assert "no stop is known to rest" in page.text
        refused = ev.OrderUpdated(desk.now(), "COIN-USD", key, OrderStatus.REJECTED, "NO")
        [page] = alerts_of(desk.plan, before, desk.state, desk.send(refused))
        assert page.text.endswith("was not taken: NO; no stop is known to rest, quotes are watched")
    assert pages[0].cause
    assert pages[0].cause == pages[1].cause


def test_an_order_that_looks_do_not_find_wakes_somebody_once():
    desk = AtExchange()
    desk.want(0.2, stop=0.05)
    [entry] = sent(desk.bar(10_000))
    absent = ev.Absent(desk.now(), "COIN-USD", entry.client_order_id)
    assert told(desk, absent) == [(PAGE, "unknown_order")]
    assert told(desk, absent._replace(time_ms=desk.now() + 1)) == []
    for _ in range(9):
        desk.time_ms = desk.now() + 14_000
        last = told(desk, absent._replace(time_ms=desk.now()))
    assert last == [(INFO, "rejected")]


def test_an_exit_that_nobody_misses_wakes_nobody():
    desk = Protected()
    desk.open()
    stop = desk.resting
    desk.want(0.0)
    desk.bar(10_000)
    before = desk.state
    entries = desk.filled(stop, 20, 9_500)
    assert list(alerts_of(desk.plan, before, desk.state, entries)) == []


def test_a_key_that_may_not_trade_any_more_pages():
    desk = Desk()
    assert told(desk, ev.Noted(1, KEY, "403 Forbidden")) == [(PAGE, "key")]
    assert told(desk, ev.Noted(2, KEY, TAKEN)) == [(INFO, "key")]
