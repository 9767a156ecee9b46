"""What an exchange's broker does where the contract of all brokers ends: doubt, and proof."""

from dataclasses import replace
from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.refused_key import KEY, TAKEN
from gpt_trader.broker.simulated.observe import ObserveBroker
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine.commands import AmendOrder, CancelOrder
from gpt_trader.errors import AuthError
from tests.broker.test_contract import CoinbaseDesk
from tests.emulator import serve
from tests.emulator.faults import Fault, html
from tests.emulator.market import Market, Product
from tests.engine_helpers import HOUR, T0, Desk, sent

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC, "lots": 10, "limit": 9_000}
POST = {"path": "/orders", "method": "POST"}


@pytest.fixture
def desk(tmp_path):
    coin = Product("COIN-USD", price=10_000, trades_per_day=0, base_increment="1")
    with serve(Market((coin,)), now_ms=T0 - HOUR) as exchange:
        exchange.books.transfer("USD", 10_000)
        found = CoinbaseDesk(exchange, tmp_path)
        found.bar(10_000)
        yield found


def report_of(entries):
    return [e.event for e in entries if isinstance(e.event, ev.OrderUpdated)]


def events_of(entries, kind):
    return [e.event for e in entries if isinstance(e.event, kind)]


def lost(desk, *, refuses):
    """Place an order whose answer is lost; return it, unknown."""
    desk.exchange.faults.add(Fault(**POST, cut="before", refuses=refuses))
    [order] = sent(desk.place(1, **LIMIT))
    assert desk.order(order.client_order_id).status is OrderStatus.SUBMIT_UNKNOWN
    return order.client_order_id


def test_an_order_that_never_arrived_is_given_up_only_with_proof(desk):
    key, found = lost(desk, refuses=True), []
    while not desk.order(key).status.is_final:
        found += events_of(desk.turn(), ev.Absent)
        assert desk.passed_ms < 135_000, "as soon as it is proven"
    assert desk.order(key).status is OrderStatus.REJECTED
    assert desk.passed_ms > 120_000
    assert len(found) >= 10
    assert {absent.against for absent in found} == {""}


@pytest.mark.parametrize("left_ms, is_sent", [(5_100, False), (7_000, True)])
def test_an_entry_is_not_sent_at_its_own_end(desk, left_ms, is_sent):
    ends = {"tif": TimeInForce.GTD, "expire_ms": desk.now() + left_ms}
    [order] = sent(made := desk.place(1, **(LIMIT | ends)))
    codes = [one.code for one in report_of([*made, *desk.turn()])]
    assert ("NOT_SENT: late" in codes) is not is_sent
    assert (order.client_order_id in desk.exchange.books.by_client) is is_sent


def test_half_a_history_proves_no_absence(desk):
    key = lost(desk, refuses=False)
    half = Fault("/historical/batch", times=None, rows=lambda rows: [7 for _ in rows])
    desk.exchange.faults.add(half)
    found = [one for _ in range(200) for one in events_of(desk.turn(), ev.Absent)]
    assert found == []
    assert desk.order(key).status is OrderStatus.SUBMIT_UNKNOWN


def test_a_deposit_of_coins_is_no_fill(desk):
    key = lost(desk, refuses=True)
    desk.exchange.books.transfer("COIN", 7)
    found = [one for _ in range(5) for one in events_of(desk.turn(3_000), ev.Absent)]
    assert [absent.against for absent in found] == [""] * len(found)
    assert found
    assert not desk.order(key).status.is_final


def test_an_order_that_appears_late_is_taken_and_never_sent_again(desk):
    desk.exchange.books.hidden_ms = 60_000
    key = lost(desk, refuses=False)
    desk.turn(3_000)
    assert desk.order(key).status is OrderStatus.SUBMIT_UNKNOWN
    desk.exchange.now_ms += 60_000
    desk.turn(3_000)
    assert desk.order(key).status is OrderStatus.OPEN
    assert desk.order(key).exchange_id
    assert desk.exchange.books.replays == []


def test_what_was_not_sent_ends_as_not_sent(desk):
    desk.exchange.faults.add(Fault(**POST, status=429, body="{}", refuses=True))
    entries = desk.place(1, **LIMIT)
    [report] = [e.event for e in entries if isinstance(e.event, ev.OrderUpdated)]
    assert (report.status, report.code) == (OrderStatus.REJECTED, "NOT_SENT: RATE_LIMITED")


def test_what_is_to_be_cancelled_without_an_id_is_cancelled_once_it_is_found(desk):
    key = lost(desk, refuses=False)
    desk.cancel(key)
    assert desk.exchange.books.by_client[key].status == "OPEN"
    desk.settle()
    assert desk.order(key).status is OrderStatus.CANCELLED


def test_a_cancel_that_is_lost_is_asked_for_again(desk):
    [order] = sent(desk.place(1, **LIMIT))
    fault = html(502, path="/batch_cancel", method="POST", refuses=True, times=3)
    desk.exchange.faults.add(fault)
    desk.cancel(order.client_order_id)
    desk.settle()
    assert desk.order(order.client_order_id).status is OrderStatus.CANCELLED


def test_a_key_whose_right_to_trade_was_taken_is_named_until_it_may_again(desk):
    [order] = sent(desk.place(1, **LIMIT))
    keys = desk.exchange.keys.known
    name = next(iter(keys))
    keys[name] = replace(keys[name], can_trade=False)
    made = desk.cancel(order.client_order_id)
    assert events_of(made, ev.Noted) == [], "one refusal may be a hiccup"
    for _ in range(12):
        made += desk.turn()
    [note] = events_of(made, ev.Noted)
    assert (note.about, "403" in note.text) == (KEY, True)
    keys[name] = replace(keys[name], can_trade=True)
    made = [*desk.settle()]
    assert [one.text for one in events_of(made, ev.Noted)] == [TAKEN]
    assert desk.order(order.client_order_id).status is OrderStatus.CANCELLED


def test_a_known_client_id_is_looked_up_not_rejected(desk):
    refused = (
        '{"success": false, "error_response": {"error": "DUPLICATE_CLIENT_ORDER_ID", '
        '"new_order_failure_reason": "DUPLICATE_CLIENT_ORDER_ID"}}'
    )
    desk.exchange.faults.add(Fault(**POST, status=200, body=refused))
    [order] = sent(desk.place(1, **LIMIT))
    assert desk.order(order.client_order_id).status is OrderStatus.SUBMIT_UNKNOWN
    desk.turn(3_000)
    assert desk.order(order.client_order_id).status is OrderStatus.OPEN


@pytest.mark.parametrize("carried_out", [True, False])
def test_an_edit_without_an_answer_is_what_the_exchange_shows(carried_out, desk):
    [order] = sent(desk.place(1, **LIMIT))
    fault = html(502, path="/orders/edit", method="POST", refuses=not carried_out)
    desk.exchange.faults.add(fault)
    desk.amend(order.client_order_id, 7, 8_500)
    desk.settle()
    known = desk.order(order.client_order_id)
    assert (known.intent.lots, known.intent.limit) == ((7, 8_500) if carried_out else (10, 9_000))
    assert known.amendment.lots == 0


def test_a_refused_edit_leaves_the_order_as_it_was(desk):
    [order] = sent(desk.place(1, **LIMIT))
    refused = '{"success": false, "errors": [{"edit_failure_reason": "INVALID_EDITED_PRICE"}]}'
    desk.exchange.faults.add(Fault("/orders/edit", status=200, body=refused, refuses=True))
    command = AmendOrder("COIN-USD", order.client_order_id, 7, 8_500)
    [event] = desk.broker.execute(desk.plan, desk.state, [command], desk.now())
    assert (event.lots, event.limit) == (10, 9_000)
    desk.exchange.faults.add(
        html(502, path="/orders/edit", method="POST"), html(502, path="/historical", times=9)
    )
    assert desk.broker.execute(desk.plan, desk.state, [command], desk.now()) == []


def test_nobodys_order_says_nothing_and_neither_does_silence(desk):
    desk.place(1, **LIMIT)
    desk.exchange.faults.add(html(502, path="/historical", times=None))
    before = desk.state.orders
    desk.settle()
    assert desk.state.orders == before
    missed = ev.BarMissed(0, ev.Bar("COIN-USD", 0, 1, 1, 1, 1, 1.0))
    assert desk.broker.on_bar(desk.plan, desk.state, missed) == []
    quote = ev.Quoted(0, "COIN-USD", 1, 2)
    assert desk.broker.on_quote(desk.plan, desk.state, quote) == []


@pytest.mark.parametrize("path", ["/accounts", "/fills", "/historical/batch"])
def test_half_a_look_is_none(path, desk):
    key = lost(desk, refuses=True)
    desk.exchange.faults.add(html(502, path=path, times=None))
    for _ in range(200):
        assert not events_of(desk.turn(), ev.Absent)
    assert desk.order(key).status is OrderStatus.SUBMIT_UNKNOWN


def test_a_key_that_stays_refused_is_an_error(desk):
    refused = Fault("/accounts", status=401, body="Unauthorized\n", times=None)
    desk.exchange.faults.add(refused)
    for _ in range(60):
        desk.turn()
    with pytest.raises(AuthError):
        desk.settle()


def test_an_observer_ends_cancels_and_edits_too():
    desk = Desk()
    broker = ObserveBroker()
    commands = [CancelOrder("COIN-USD", "a"), AmendOrder("COIN-USD", "b", 1, 1)]
    found = broker.execute(desk.plan, desk.state, commands, 5)
    assert [event.client_order_id for event in found] == ["a", "b"]
    bar = ev.BarClosed(0, ev.Bar("COIN-USD", 0, 1, 1, 1, 1, 1.0))
    assert broker.on_bar(replace(desk.plan), desk.state, bar) == []


def test_an_order_of_somebody_else_is_not_ours(desk):
    [order] = sent(desk.place(1, **LIMIT))
    private = desk.broker.account
    remote = private.order(desk.order(order.client_order_id).exchange_id)
    stranger = remote._replace(client_order_id="theirs")
    assert desk.broker.on_order(desk.plan, desk.state, stranger, 5) == []
    desk.broker.on_order(desk.plan, desk.state, remote._replace(life=OrderStatus.FILLED), 5)
    assert desk.broker.hearsay.get(order.client_order_id)
    assert not desk.broker.hearsay.get("theirs")


def test_that_an_order_ended_short_is_looked_at_before_it_is_believed(desk):
    """A fill may be told after the cancel: its coins would be sold a second time."""
    [order] = sent(desk.place(1, **LIMIT))
    known = desk.order(order.client_order_id)
    remote = desk.broker.account.order(known.exchange_id)
    ended = remote._replace(life=OrderStatus.CANCELLED)
    desk.exchange.trade("COIN-USD", Decimal(89), Decimal(4), desk.exchange.now_ms)
    for event in desk.broker.on_order(desk.plan, desk.state, ended, desk.now()):
        desk.send(event)
    assert not desk.order(order.client_order_id).status.is_final
    assert desk.broker.hearsay
    desk.exchange.books.cancel(known.exchange_id, desk.exchange.now_ms)
    desk.turn(1_000)
    desk.turn(0)
    assert desk.order(order.client_order_id).status.is_final
    assert desk.order(order.client_order_id).filled == 4
    assert not desk.broker.hearsay


def test_an_end_that_is_told_before_the_answer_names_the_order(desk):
    desk.exchange.faults.add(Fault(**POST, cut="before"))
    [order] = sent(desk.place(1, **LIMIT))
    there = desk.exchange.books.by_client[order.client_order_id]
    remote = desk.broker.account.order(there.order_id)._replace(life=OrderStatus.EXPIRED)
    [report] = desk.broker.on_order(desk.plan, desk.state, remote, desk.now())
    assert (report.status, report.exchange_id) == (OrderStatus.OPEN, there.order_id)


def test_what_the_exchange_allows_no_more_waits_a_moment(desk):
    [first] = sent(desk.place(1, **LIMIT))
    desk.exchange.private_left = 0
    desk.turn()
    [second] = sent(desk.place(1, **(LIMIT | {"lots": 3})))
    assert desk.broker.is_idle, "it was answered"
    [third] = sent(desk.place(1, **(LIMIT | {"lots": 2})))
    assert third.client_order_id not in desk.exchange.books.by_client
    assert second.client_order_id in desk.exchange.books.by_client
    desk.turn()
    assert third.client_order_id in desk.exchange.books.by_client
    assert first.client_order_id in desk.exchange.books.by_client
