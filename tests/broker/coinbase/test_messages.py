"""The stream's messages: whatever is odd in them, what can be read is read."""

import json

import pytest

from gpt_trader.broker.coinbase import messages
from gpt_trader.broker.exchange.arrivals import Arrivals
from gpt_trader.broker.exchange.link import Link
from gpt_trader.broker.exchange.trade_bars import TradeBars
from gpt_trader.broker.simulated.paper import PaperBroker
from gpt_trader.engine.events import Quoted
from gpt_trader.errors import Unavailable
from tests.engine_helpers import COIN, Desk

MINUTE = 60_000


def frame(channel, event, sequence=0):
    found = {"channel": channel, "sequence_num": sequence, "events": [event]}
    return messages.read(json.dumps(found))


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', '{"type": "error", "message": "no"}'])
def test_what_is_no_message_ends_the_connection(text):
    with pytest.raises(Unavailable):
        messages.read(text)


def test_missing_parts_are_absent_and_unknown_ones_are_passed_over():
    found = messages.read('{"channel": "new", "sequence_num": "7", "events": {}}')
    assert (found.channel, found.sequence, found.events) == ("new", None, [])
    odd = {"tickers": [7, {"product_id": "A-USD"}, {"best_bid": "1", "best_ask": "2"}]}
    assert list(messages.tickers(frame("ticker", odd))) == []
    assert list(messages.tickers(frame("ticker", {"tickers": None}))) == []
    bad = [{"price": "1"}, {"time": "x", "price": "1", "size": "1", "product_id": "A-USD"}]
    assert list(messages.prints(frame("market_trades", {"trades": bad}))) == []


WHOLE = {
    "order_id": "o",
    "client_order_id": "c",
    "product_id": "COIN-USD",
    "order_side": "BUY",
    "status": "OPEN",
    "cumulative_quantity": "1",
    "filled_value": "9",
    "total_fees": "0.1",
}


@pytest.mark.parametrize(
    "row, is_kept",
    [
        (None, False),
        ({"order_id": "o"}, False),
        (WHOLE | {"order_side": "UNKNOWN_ORDER_SIDE"}, False),
        (WHOLE | {"filled_value": None}, True),
        (WHOLE | {"total_fees": ""}, True),
        (WHOLE | {"cumulative_quantity": "NaN"}, True),
        (WHOLE | {"client_order_id": None}, True),
        (WHOLE | {"status": "SOMETHING_NEW"}, True),
    ],
)
def test_a_report_that_cannot_be_read_is_no_silence(row, is_kept):
    made = link()
    for rows, is_unread in (([WHOLE], False), ([], False), ([WHOLE, row], True)):
        told = frame("user", {"orders": rows})
        made.put(told)
        assert (messages.read_news(told).is_unread, made.missed_reports()) == (is_unread, is_unread)
    assert len(messages.read_news(frame("user", {"orders": [WHOLE, row]})).orders) == 1 + is_kept


@pytest.mark.parametrize("event", [None, 5, {}, {"orders": None}, {"orders": {}}])
def test_a_message_of_reports_without_any_is_no_silence(event):
    told = messages.read_news(frame("user", event))
    assert (told.is_unread, told.orders) == (True, [])


def test_a_message_of_reports_without_events_ends_the_connection():
    with pytest.raises(Unavailable, match="report"):
        messages.read('{"channel": "user", "sequence_num": 1, "events": null}')


def link():
    return Link(
        [COIN],
        MINUTE,
        broker=PaperBroker(),
        dialect=messages.DIALECT,
        sign=None,
        urls=(None, None),
        now_ms=lambda: 5,
        clock=lambda: 0.0,
        random=lambda: 0.0,
    )


@pytest.mark.parametrize(
    "bid, ask, told",
    [
        ("99.99", "100.01", (9_999, 10_001)),
        ("99.999", "100.001", (9_999, 10_001)),
        ("100.01", "99.99", None),
        ("0", "1", None),
        ("much", "more", None),
        ("NaN", "NaN", None),
        ("99.99", "NaN", None),
        ("99.99", "Infinity", None),
        ("-Infinity", "1", None),
        ("1e400", "1e401", None),
        ("1e30", "2e30", None),
        ("99.99", "1e14", None),
        ("", "1", None),
    ],
)
def test_a_quote_is_whole_ticks_or_none(bid, ask, told):
    made = link()
    row = {"product_id": "COIN-USD", "best_bid": bid, "best_ask": ask}
    other = row | {"product_id": "ELSE-USD"}
    made.put(frame("ticker", {"tickers": [row, other]}))
    desk = Desk()
    found = list(made.events(desk.plan, lambda: desk.state, 7))
    assert found == ([] if told is None else [Quoted(7, "COIN-USD", *told)])
    assert list(made.events(desk.plan, lambda: desk.state, 8)) == []


def test_without_an_account_there_is_one_connection_and_nothing_runs_until_it_is_started():
    made = link()
    assert [one.name for one in made.stream.connections] == ["market"]
    assert not made.is_up()
    made.put(frame("user", {"orders": []}))
    assert made.missed_reports() is False
    made.stream.stop()


def test_arrivals_keep_the_newest_quote_and_every_report():
    bars = TradeBars({"COIN-USD": COIN}, MINUTE)
    rung = []
    box = Arrivals(bars, lambda: 0, lambda: rung.append(1))
    box.begin_whole()
    put = lambda told: box.put(messages.read_news(told))  # noqa: E731
    for bid in ("1", "2", "3"):
        row = {"product_id": "COIN-USD", "best_bid": bid, "best_ask": "9"}
        put(frame("ticker", {"tickers": [row]}))
    order = {"order_id": "o", "product_id": "COIN-USD", "order_side": "BUY"}
    for _ in range(3):
        put(frame("user", {"orders": [order, order]}))
    assert len(rung) == 6
    found = box.take()
    assert (found.quotes, len(found.orders)) == ({"COIN-USD": ("3", "9")}, 6)
    assert box.take().orders == []
    trade = {
        "trade_id": "1",
        "product_id": "COIN-USD",
        "time": "1970-01-01T00:00:01Z",
        "price": "1.00",
        "size": "2",
    }
    put(frame("market_trades", {"trades": [trade]}))
    put(frame("heartbeats", {}))
    [bar] = box.close_bars(2 * MINUTE)
    assert (bar.close, bar.volume) == (100, 2.0)
    assert len(rung) == 6, "a bar closes on the clock"
    box.break_off()
    assert len(rung) == 7
