"""What the exchange says of an order, however often and in whatever order it says it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.broker.coinbase.account import parse_order, parse_user_order
from gpt_trader.broker.exchange.reports import edited, reports
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine.events import FillReceived, OrderUpdated
from tests.engine_helpers import COIN, UNIT, Desk, sent

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC, "lots": 10, "limit": 9_000}


def row(order, *, size="0", value="0", fees="0", status="OPEN", **more):
    return {
        "order_id": "x1",
        "client_order_id": order.client_order_id,
        "product_id": "COIN-USD",
        "side": "BUY" if order.intent.side > 0 else "SELL",
        "status": status,
        "filled_size": size,
        "filled_value": value,
        "total_fees": fees,
        **more,
    }


def told(desk, order, **said):
    """Send what the exchange says through the engine; return the events."""
    known = desk.state.orders[order.client_order_id]
    events = reports(COIN, known, parse_order(row(order, **said)), desk.now())
    for event in events:
        desk.send(event)
    return events


@pytest.fixture
def desk():
    desk = Desk()
    desk.bar(10_000)
    return desk


def test_fills_are_booked_exactly_and_cash_for_decisions_is_rounded_down(desk):
    [order] = sent(desk.place(1, **LIMIT))
    told(desk, order, size="3", value="269.9999999999", fees="1.61999999999994")
    moved = Decimal("269.9999999999") + Decimal("1.61999999999994")
    assert desk.state.ledger == {"USD": str(-moved), "COIN": "3"}
    assert desk.state.cash == 10_000 * UNIT - 27_162_000_000
    assert desk.order(order.client_order_id).filled == 3


def test_fees_that_follow_later_are_booked_and_older_rows_are_not(desk):
    [order] = sent(desk.place(1, **LIMIT))
    told(desk, order, size="10", value="900", fees="0", status="FILLED")
    told(desk, order, size="10", value="900", fees="5.4", status="FILLED")
    assert desk.state.ledger["USD"] == "-905.4"
    assert desk.state.fees == 540_000_000
    assert not told(desk, order, size="10", value="900", fees="2", status="FILLED")
    assert not told(desk, order, size="4", value="360", fees="2", status="FILLED")
    assert desk.state.ledger["COIN"] == "10"
    assert not desk.state.halted


def test_a_size_without_a_value_is_not_read(desk):
    [order] = sent(desk.place(1, **LIMIT))
    assert not told(desk, order, size="10", value="", status="FILLED")
    assert told(desk, order, size="10", value="900", fees="5", status="FILLED")


def test_an_unknown_status_proves_nothing(desk):
    [order] = sent(desk.place(1, **LIMIT))
    assert parse_order(row(order, status="FROZEN")).life is None
    assert not told(desk, order, status="FROZEN")
    assert desk.order(order.client_order_id).status is OrderStatus.OPEN


def test_the_exchanges_own_id_is_kept(desk):
    [order] = sent(desk.place(1, **LIMIT))
    told(desk, order)
    assert desk.order(order.client_order_id).exchange_id == "x1"
    assert not told(desk, order), "said once is enough"


@pytest.mark.parametrize(
    "said, ends",
    [
        ("FILLED", "FILLED"),
        ("CANCELLED", "CANCELLED"),
        ("EXPIRED", "EXPIRED"),
        ("FAILED", "REJECTED"),
    ],
)
def test_ends(said, ends, desk):
    [order] = sent(desk.place(1, **LIMIT))
    told(desk, order, status=said, size="10", value="900", fees="1")
    assert desk.order(order.client_order_id).status.value == ends
    assert desk.order(order.client_order_id).filled == 10


def test_a_fill_after_the_end_is_booked_and_freezes_its_product(desk):
    [order] = sent(desk.place(1, **LIMIT))
    told(desk, order, status="CANCELLED")
    told(desk, order, status="CANCELLED", size="2", value="180", fees="1")
    assert desk.state.ledger == {"USD": "-181", "COIN": "2"}
    assert order.client_order_id in desk.state.frozen[0]


@given(
    st.lists(st.integers(0, 10), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_rows_in_any_order_and_number_come_to_the_same(sizes, rng):
    rows = [(n, n * 90 + n * n, n * 3) for n in sorted({*sizes, 10})]
    shuffled = rows + rng.choices(rows, k=5)
    rng.shuffle(shuffled)
    desk = Desk()
    desk.bar(10_000)
    [order] = sent(desk.place(1, **LIMIT))
    for n, value, fees in shuffled:
        told(desk, order, size=str(n), value=str(value), fees=str(fees))
    told(desk, order, size="10", value="1000", fees="30", status="FILLED")
    assert desk.state.ledger == {"USD": "-1030", "COIN": "10"}
    assert desk.state.cash == 10_000 * UNIT - 1_030 * UNIT


def test_both_channels_say_the_same():
    desk = Desk()
    desk.bar(10_000)
    [order] = sent(desk.place(1, **LIMIT))
    rest = parse_order(row(order, size="3", value="270", fees="1"))
    user = parse_user_order(
        {
            "order_id": "x1",
            "client_order_id": order.client_order_id,
            "product_id": "COIN-USD",
            "order_side": "BUY",
            "order_type": "Limit",
            "status": "OPEN",
            "cumulative_quantity": "3",
            "filled_value": "270",
            "total_fees": "1",
            "leaves_quantity": "7",
            "limit_price": "90",
        }
    )
    one, other = (reports(COIN, order, remote, 5) for remote in (rest, user))
    assert one == other
    assert [type(event) for event in one] == [FillReceived, OrderUpdated]


@pytest.mark.parametrize("left, lots", [("9", 9), ("10", 10), ("4", 4)])
def test_the_stream_tells_the_size_that_an_owner_gave_an_order(left, lots):
    desk = Desk()
    desk.bar(10_000)
    [sent_order] = sent(desk.place(1, **LIMIT))
    desk.report(sent_order.client_order_id, OrderStatus.OPEN)
    order = desk.order(sent_order.client_order_id)
    frame = {
        "order_id": "x1",
        "client_order_id": order.client_order_id,
        "product_id": "COIN-USD",
        "order_side": "BUY",
        "order_type": "Limit",
        "status": "OPEN",
        "cumulative_quantity": "0",
        "leaves_quantity": left,
        "limit_price": "90",
    }
    found = edited(COIN, order, parse_user_order(frame), 5)
    assert [one.lots for one in found] == ([] if lots == 10 else [lots])
    ended = parse_user_order(frame | {"status": "CANCELLED", "leaves_quantity": "0"})
    assert ended.base_size is None


def test_the_history_corrects_the_id_that_an_answer_gave(desk):
    [order] = sent(desk.place(1, **LIMIT))
    told(desk, order, order_id="same")
    [named] = told(desk, order)
    assert (named.status, named.exchange_id) == (OrderStatus.OPEN, "x1")
    assert desk.state.orders[order.client_order_id].exchange_id == "x1"
    assert told(desk, order) == []


def test_more_than_an_orders_own_size_is_no_report(desk):
    [order] = sent(desk.place(1, **LIMIT))
    terms = {"order_configuration": {"limit_limit_gtc": {"base_size": "10"}}}
    assert told(desk, order, size="11", value="990", fees="1", status="FILLED", **terms) == []
    assert told(desk, order, size="10", value="900", fees="1", status="FILLED", **terms)
