"""What an exchange's broker does where the contract of all brokers ends: doubt, and proof."""

from dataclasses import replace

import pytest

from gpt_trader.broker.exchange.broker import ABSENT_MS, LOOKS, NOT_PLACED
from gpt_trader.broker.simulated.observe import ObserveBroker
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine.commands import AmendOrder, Approved, CancelOrder, SubmitOrder
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


def look(desk, after_ms=0):
    events = desk.broker.reconcile(desk.plan, desk.state, desk.now() + after_ms)
    for event in events:
        desk.send(event)
    return events


def test_an_order_that_never_arrived_is_given_up_only_with_proof(desk):
    desk.exchange.faults.add(Fault(**POST, cut="before", refuses=True))
    [order] = sent(desk.place(1, **LIMIT))
    key = order.client_order_id
    assert desk.order(key).status is OrderStatus.SUBMIT_UNKNOWN
    for i in range(LOOKS - 1):
        assert not look(desk, i)
    assert not look(desk, ABSENT_MS - 1), "often enough, and not long enough"
    [ended] = look(desk, ABSENT_MS)
    assert (ended.status, ended.code) == (OrderStatus.REJECTED, NOT_PLACED)


def test_half_a_history_proves_no_absence(desk):
    desk.exchange.faults.add(Fault(**POST, cut="before"))
    [order] = sent(desk.place(1, **LIMIT))
    half = Fault("/historical/batch", times=None, rows=lambda rows: [7 for _ in rows])
    desk.exchange.faults.add(half)
    for i in range(LOOKS + 2):
        assert not look(desk, i * ABSENT_MS)
    assert desk.order(order.client_order_id).status is OrderStatus.SUBMIT_UNKNOWN


def test_while_coins_move_an_absence_proves_nothing(desk):
    desk.exchange.faults.add(Fault(**POST, cut="before", refuses=True))
    desk.place(1, **LIMIT)
    for i in range(LOOKS + 2):
        desk.exchange.books.transfer("COIN", 1)
        assert not look(desk, i * ABSENT_MS)


def test_an_order_that_appears_late_is_taken_and_never_sent_again(desk):
    desk.exchange.books.hidden_ms = 60_000
    desk.exchange.faults.add(Fault(**POST, cut="before"))
    [order] = sent(desk.place(1, **LIMIT))
    assert not look(desk)
    desk.exchange.now_ms += 60_000
    look(desk)
    assert desk.order(order.client_order_id).status is OrderStatus.OPEN
    assert desk.order(order.client_order_id).exchange_id
    assert desk.exchange.books.replays == []


def test_what_was_not_sent_ends_as_not_sent(desk):
    desk.exchange.faults.add(Fault(**POST, status=429, body="{}", refuses=True))
    entries = desk.place(1, **LIMIT)
    [report] = [e.event for e in entries if isinstance(e.event, ev.OrderUpdated)]
    assert (report.status, report.code) == (OrderStatus.REJECTED, "NOT_SENT: RATE_LIMITED")


def test_what_follows_a_cancel_that_is_not_seen_is_not_sent(desk):
    [order] = sent(desk.place(1, **LIMIT))
    known = desk.order(order.client_order_id)
    after = known._replace(intent=known.intent._replace(client_order_id="another"), exchange_id="")
    commands = [CancelOrder("COIN-USD", known.client_order_id), SubmitOrder(Approved(after))]
    desk.exchange.faults.add(html(502, path="/batch_cancel", method="POST"))
    found = desk.broker.execute(desk.plan, desk.state, commands, desk.now())
    assert [(e.client_order_id, e.code) for e in found] == [("another", "NOT_SENT")]
    assert "another" not in desk.exchange.books.by_client


def test_a_cancel_without_an_id_looks_the_order_up_first(desk):
    desk.exchange.faults.add(Fault(**POST, cut="before"))
    [order] = sent(desk.place(1, **LIMIT))
    command = CancelOrder("COIN-USD", order.client_order_id)
    [ended] = desk.broker.execute(desk.plan, desk.state, [command], desk.now())
    assert ended.status is OrderStatus.CANCELLED
    desk.send(ended)
    desk.exchange.faults.add(Fault(**POST, cut="before", refuses=True))
    [gone] = sent(desk.place(1, **(LIMIT | {"limit": 8_000})))
    command = CancelOrder("COIN-USD", gone.client_order_id)
    assert desk.broker.execute(desk.plan, desk.state, [command], desk.now()) == []


def test_a_known_client_id_is_looked_up_not_rejected(desk):
    refused = (
        '{"success": false, "error_response": {"error": "DUPLICATE_CLIENT_ORDER_ID", '
        '"new_order_failure_reason": "DUPLICATE_CLIENT_ORDER_ID"}}'
    )
    desk.exchange.faults.add(Fault(**POST, status=200, body=refused))
    [order] = sent(desk.place(1, **LIMIT))
    assert desk.order(order.client_order_id).status is OrderStatus.SUBMIT_UNKNOWN
    look(desk)
    assert desk.order(order.client_order_id).status is OrderStatus.OPEN


@pytest.mark.parametrize("carried_out", [True, False])
def test_an_edit_without_an_answer_is_what_the_exchange_shows(carried_out, desk):
    [order] = sent(desk.place(1, **LIMIT))
    fault = html(502, path="/orders/edit", method="POST", refuses=not carried_out)
    desk.exchange.faults.add(fault)
    desk.amend(order.client_order_id, 7, 8_500)
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
    assert look(desk) == []
    missed = ev.BarMissed(0, ev.Bar("COIN-USD", 0, 1, 1, 1, 1, 1.0))
    assert desk.broker.on_bar(desk.plan, desk.state, missed) == []
    quote = ev.Quoted(0, "COIN-USD", 1, 2)
    assert desk.broker.on_quote(desk.plan, desk.state, quote) == []


def test_unknown_orders_wait_while_totals_cannot_be_read(desk):
    desk.exchange.faults.add(Fault(**POST, cut="before", refuses=True))
    desk.place(1, **LIMIT)
    desk.exchange.faults.add(html(502, path="/accounts", times=None))
    for i in range(LOOKS + 1):
        assert not look(desk, i * ABSENT_MS)


def test_a_refused_key_is_an_error_only_if_nothing_can_be_seen(desk):
    desk.place(1, **LIMIT)
    refused = Fault("/historical", status=401, body="Unauthorized\n", times=None)
    desk.exchange.faults.add(refused)
    with pytest.raises(AuthError):
        look(desk)


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
    private = desk.broker._account
    remote = private.order(desk.order(order.client_order_id).exchange_id)
    stranger = remote._replace(client_order_id="theirs")
    assert desk.broker.on_order(desk.plan, desk.state, stranger, 5) == []
    assert desk.broker.on_order(desk.plan, desk.state, remote._replace(life=OrderStatus.FILLED), 5)
