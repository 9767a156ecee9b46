"""The account against the journal: what differs and stays is adopted, what is gone freezes."""

from decimal import Decimal

import pytest

from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine import events as ev
from gpt_trader.engine.protect import resting_protection
from gpt_trader.engine.records import Disarmed, PositionCut
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.journaling import read_entries
from gpt_trader.runtime.session import JOURNAL
from tests.emulator.faults import Fault, html
from tests.emulator.market import GENESIS_MS
from tests.live_helpers import MINUTE, end, live

BEGIN = GENESIS_MS + 40 * 86_400_000 + 7 * MINUTE


def events_of(desk, kind):
    with open_journal(desk.folder / JOURNAL, readonly=True) as journal:
        return [e.event for e in read_entries(journal) if isinstance(e.event, kind)]


def test_a_calm_account_is_looked_at_once_a_minute(tmp_path):
    with live(tmp_path, strategy="sma_cross") as desk:
        session = desk.run(BEGIN + 10 * MINUTE)
        looks = events_of(desk, ev.Reconciled)
        assert 8 <= len(looks) <= 12
        assert all(look.differences == 0 for look in looks)
        assert session.state.reconciled_ms == looks[-1].time_ms


def test_a_deposit_is_adopted_and_is_no_profit(tmp_path):
    with live(tmp_path) as desk:
        desk.run(BEGIN + 2 * MINUTE)
        desk.exchange.books.transfer("USD", "500.000000001")
        session = desk.run(BEGIN + 5 * MINUTE)
        (adopted,) = events_of(desk, ev.Adjusted)
        assert (adopted.kind, adopted.amount) == ("reconciliation", "500.000000001")
        assert session.state.transfers == 500 * 10**8
        assert session.state.frozen == ("", "")
        assert desk.differences(session) == []


def test_an_order_of_somebody_else_at_a_restart_makes_no_money_his(tmp_path):
    """What its hold leaves free is less than all: but the session began with all of it."""
    with live(tmp_path) as desk:
        desk.run(BEGIN + 2 * MINUTE)
        terms = {"base_size": "0.001", "limit_price": "10000.00"}
        order = {"client_order_id": "his", "product_id": "BTC-USD", "side": "BUY"}
        order |= {"order_configuration": {"limit_limit_gtc": terms}}
        desk.exchange.books.create(order, desk.exchange.now_ms)
        session = desk.run(BEGIN + 3 * MINUTE)
        assert not session.plan.is_capped


@pytest.mark.parametrize(
    "page",
    [
        lambda rows: [row | {"available_balance": None} for row in rows],
        lambda rows: [row for row in rows if row["currency"] != "USD"],
        lambda rows: [7 if row["currency"] == "USD" else row for row in rows],
        lambda rows: [],
    ],
    ids=["empty", "missing", "unreadable", "none"],
)
def test_a_wallet_that_is_not_told_is_neither_gone_nor_given_up(tmp_path, page):
    with live(tmp_path) as desk:
        desk.run(BEGIN + 2 * MINUTE)
        before = len(events_of(desk, ev.Reconciled))
        with desk.session() as (session, feed, _):
            desk.exchange.faults.add(Fault("/accounts", times=None, rows=page))
            until_ms = desk.exchange.now_ms + 3 * MINUTE
            for event in feed:
                session.take(event, lambda *_: None)
                if desk.exchange.now_ms > until_ms:
                    break
        assert events_of(desk, ev.Adjusted) == []
        assert session.state.frozen == ("", "")
        assert len(events_of(desk, ev.Reconciled)) == before, "it is no look"


def test_what_is_gone_freezes_its_product(tmp_path):
    with live(tmp_path, **{"params.stop": 0.2}) as desk:
        until_ms = BEGIN
        while True:
            until_ms += MINUTE
            session = desk.run(until_ms)
            if session.state.slots["lots"][0] > 0:
                break
        held = int(session.state.slots["lots"][0])
        desk.exchange.books.transfer("BTC", "-0.3")  # somebody else's: the position is covered
        session = desk.run(until_ms + 2 * MINUTE)
        assert "gone" in session.state.frozen[0]
        assert session.state.frozen[1] == ""
        assert not session.state.halted
        assert session.state.slots["lots"][0] in (0, held), "the coins that are left cover it"
        assert [one for one in desk.differences(session) if "lots" not in one] == []


def test_a_position_is_never_larger_than_the_coins(tmp_path):
    with live(tmp_path) as desk, desk.session() as (session, feed, _):
        for event in feed:
            session.take(event, lambda *_: None)
            if session.state.slots["lots"][0] > 0:
                break
        held = int(session.state.slots["lots"][0])
        half = session.plan.products[0].size(held // 2)
        gone = ev.Adjusted(
            session.time_ms(), "BTC", "-0.5", "reconciliation", "RECONCILIATION", "t", str(half)
        )
        entries = []
        session.take(gone, lambda _, more: entries.extend(more))
        assert PositionCut(0, held // 2) in entries[0].records
        assert session.state.slots["lots"][0] == held // 2
        assert session.state.frozen[0]


@pytest.mark.parametrize(
    "fault",
    [
        html(503, path="/accounts", times=None),
        Fault("/orders/historical/batch", times=None, rows=lambda rows: [*rows, 7]),
    ],
    ids=["not answered", "answered in part"],
)
def test_nothing_is_entered_before_the_account_was_looked_at(tmp_path, fault):
    with live(tmp_path) as desk:
        desk.run(BEGIN)
        with desk.session() as (session, feed, _):
            desk.exchange.faults.add(fault)
            end(feed, lambda: desk.exchange.now_ms >= BEGIN + 8 * MINUTE)
            for event in feed:
                session.take(event, lambda *_: None)
            assert session.state.reconciled_ms == 0
        assert desk.exchange.books.orders == {}
        with open_journal(desk.folder / JOURNAL, readonly=True) as journal:
            assert any(
                record == Disarmed() for entry in read_entries(journal) for record in entry.records
            )


def test_foreign_orders_are_counted_and_left_alone(tmp_path):
    with live(tmp_path) as desk:
        body = {
            "client_order_id": "by hand",
            "product_id": "BTC-USD",
            "side": "BUY",
            "order_configuration": {
                "limit_limit_gtc": {"base_size": "0.001", "limit_price": "20000.00"}
            },
        }
        order = desk.exchange.books.create(body, desk.exchange.now_ms)
        session = desk.run(BEGIN + 3 * MINUTE)
        assert session.state.foreign_orders == 1
        assert order.status == "OPEN"
        assert Decimal(order.filled) == 0


def test_a_capped_session_does_not_trade_what_its_owner_deposits(tmp_path):
    with live(tmp_path, risk__max_equity="50", **{"order_style.entry.style": "taker"}) as desk:
        desk.run(BEGIN + 2 * MINUTE)
        desk.exchange.books.transfer("USD", "20000")
        session = desk.run(BEGIN + 5 * MINUTE)
        assert [Decimal(event.amount) for event in events_of(desk, ev.Adjusted)] == [20_000]
        assert session.state.transfers == 0
        assert session.state.cash <= 50 * 10**8
        bought = [fill for fill in desk.exchange.books.fills if fill.order.side == "BUY"]
        assert all(fill.size * fill.price <= 50 for fill in bought)
        desk.exchange.books.transfer("USD", "-25000")
        session = desk.run(BEGIN + 7 * MINUTE)
        assert session.state.transfers == 0, "the session's part is still there"
        assert session.state.frozen == ("", ""), "nothing of the session's is gone"
        assert [one for one in desk.differences(session) if "lots" not in one] == []


@pytest.mark.parametrize("part", [Decimal("0.3"), Decimal("0.9")])
def test_whoever_cancels_a_stop_and_takes_a_part_of_the_coins_leaves_the_rest_a_stop(
    tmp_path, part
):
    with live(tmp_path, **{"params.stop": 0.2}) as desk, desk.session() as (session, feed, _):
        product, books = session.plan.products[0], desk.exchange.books
        taken_ms, covered_ms = 0, 0
        for event in feed:
            session.take(event, lambda *_: None)
            stop = resting_protection(session.plan, session.state, 0)
            is_open = stop is not None and stop.status is OrderStatus.OPEN
            if is_open and not taken_ms:
                held, taken_ms = int(session.state.slots["lots"][0]), session.time_ms()
                books.cancel(stop.exchange_id, desk.exchange.now_ms)
                there = books.available("BTC")
                own = product.size(int(held * part))
                books.transfer("BTC", f"-{there - product.size(held) + own}")
            elif is_open and stop.intent.sent_ms > taken_ms:
                covered_ms = session.time_ms()
                break
            if taken_ms and session.time_ms() > taken_ms + 2 * MINUTE:
                break
        assert 0 < covered_ms - taken_ms <= 10_000, covered_ms - taken_ms
        assert stop.intent.lots == held - int(held * part)
