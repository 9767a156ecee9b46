"""The live market as events: on time where it can be, honest where it cannot."""

from dataclasses import replace
from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.catalog import CLOSED_MS
from gpt_trader.domain.order import OrderStatus
from gpt_trader.domain.product import Product as Traded
from gpt_trader.domain.venue import Touch
from gpt_trader.engine.events import (
    BarClosed,
    BarMissed,
    HistoryLoaded,
    Noted,
    OrderUpdated,
    ProductSeen,
    Quoted,
    Ticked,
)
from gpt_trader.engine.records import BarCorrected
from gpt_trader.errors import AuthError, Unavailable
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.journaling import read_entries
from gpt_trader.runtime.live.bars import DEADLINE_MS, bar_of, differs
from gpt_trader.runtime.live.quotes import quote_of
from gpt_trader.runtime.session import JOURNAL
from tests.emulator.faults import Fault, html
from tests.emulator.market import GENESIS_MS, Market, Product
from tests.live_helpers import BUSY, MINUTE, end, live

BEGIN = GENESIS_MS + 40 * 86_400_000 + 7 * MINUTE
COIN = Traded("COIN-USD", Decimal(1), Decimal("0.01"))


def events(desk, *kinds):
    with open_journal(desk.folder / JOURNAL, readonly=True) as journal:
        return [e.event for e in read_entries(journal) if isinstance(e.event, kinds)]


@pytest.mark.parametrize("streams", [False, True])
def test_a_product_without_a_trade_is_not_waited_for_beyond_the_deadline(streams, tmp_path):
    quiet = ((BEGIN + 2 * MINUTE, BEGIN + 3 * MINUTE),)
    products = (BUSY.products[0], replace(BUSY.products[1], silent=quiet))
    with live(tmp_path, replace(BUSY, products=products)) as desk:
        session = desk.run(BEGIN + 5 * MINUTE + 1000, streams=streams)
        [tick] = events(desk, Ticked)
        late_ms = tick.time_ms - (BEGIN + 3 * MINUTE)
        assert DEADLINE_MS <= late_ms < DEADLINE_MS + 2_000
        assert session.state.cycles == 6
        bars = [e.bar for e in events(desk, BarClosed)]
        absent = [bar for bar in bars if bar.open_ms == BEGIN + 2 * MINUTE]
        assert [bar.product_id for bar in absent] == ["BTC-USD"]


def test_what_closed_while_nobody_looked_enters_the_window_and_decides_nothing(tmp_path):
    with live(tmp_path) as desk:
        desk.run(BEGIN + 2 * MINUTE)
        desk.wait(10 * 60)
        session = desk.run(BEGIN + 13 * MINUTE)
        missed = events(desk, BarMissed)
        assert len(missed) == 2 * 9
        assert len(events(desk, HistoryLoaded)) == 2
        opens = [bar.open_ms for bar in session.state.windows[0].rows]
        assert opens == list(range(opens[0], opens[-1] + MINUTE, MINUTE))
        assert session.state.cycles < 8
        assert desk.differences(session) == []


def test_a_candle_that_differs_later_is_a_correction(tmp_path):
    def higher(rows):
        return [row | {"high": str(Decimal(row["high"]) + 5)} for row in rows]

    with live(tmp_path) as desk:
        desk.run(BEGIN)
        desk.exchange.faults.add(Fault("/candles", skip=4, times=None, rows=higher))
        session = desk.run(BEGIN + 6 * MINUTE, streams=True)
        with open_journal(desk.folder / JOURNAL, readonly=True) as journal:
            corrected = [
                entry.event
                for entry in read_entries(journal)
                for record in entry.records
                if isinstance(record, BarCorrected)
            ]
        assert corrected
        assert session.state.cycles == 7


def test_polls_that_fail_are_counted_and_the_loop_goes_on(tmp_path):
    with live(tmp_path) as desk, desk.session() as (session, feed, _):
        begin = iter(feed)
        for event in begin:
            session.take(event, lambda *_: None)
            if session.state.cycles:
                break
        desk.exchange.faults.add(html(502, path="/product_book", times=None))
        end(feed, lambda: desk.exchange.now_ms >= BEGIN + 3 * MINUTE)
        for event in begin:
            session.take(event, lambda *_: None)
        assert feed.polls.failures > 3
        assert "502" in feed.polls.problem
        assert session.state.cycles > 1, "bars still come"


def test_a_key_that_stays_refused_ends_the_run(tmp_path):
    with live(tmp_path) as desk:
        desk.run(BEGIN + 3 * MINUTE + 3_000)
        refused = Fault(status=401, body="Unauthorized\n", times=None, path="/orders/historical")
        desk.exchange.faults.add(refused)
        with pytest.raises(AuthError):
            desk.run(BEGIN + 30 * MINUTE)
        assert desk.exchange.now_ms < BEGIN + 10 * MINUTE


def test_nothing_is_decided_without_the_exchange(tmp_path):
    with live(tmp_path) as desk:
        desk.exchange.faults.add(html(503, path="/candles", times=None))
        with pytest.raises(Unavailable):
            desk.run(BEGIN + MINUTE)
        assert desk.exchange.books.orders == {}


def test_a_product_that_is_gone_does_not_stop_the_others(tmp_path):
    with live(tmp_path) as desk:
        desk.run(BEGIN + 2 * MINUTE)
        gone = {"times": None, "status": 404, "body": "{}"}
        desk.exchange.faults.add(
            Fault("/product_book?product_id=ETH", **gone), Fault("/ETH-USD/candles", **gone, skip=1)
        )
        session = desk.run(BEGIN + 6 * MINUTE)
        assert session.state.last_bar_ms[0] > session.state.last_bar_ms[1]
        assert desk.differences(session) == []


def test_quotes_and_candles_off_the_grid():
    touch = Touch("COIN-USD", 0, Decimal("99.995"), Decimal("100.001"))
    assert quote_of(touch, COIN, 5) == Quoted(5, "COIN-USD", 9_999, 10_001)
    from gpt_trader.domain.venue import Candle

    prices = [Decimal(text) for text in ("1.005", "1.015", "0.001", "1.0149")]
    bar = bar_of(Candle(0, *prices, Decimal(2)), COIN)
    assert (bar.open, bar.high, bar.low, bar.close) == (100, 102, 1, 101)
    assert differs(bar, bar._replace(low=2))
    assert not differs(bar, bar._replace(volume=9.0))


def test_a_market_of_one_quiet_product(tmp_path):
    market = Market((Product("BTC-USD", trades_per_day=300),))
    with live(tmp_path, market, products="BTC-USD") as desk:
        session = desk.run(BEGIN + 20 * MINUTE)
        assert 0 < session.state.cycles < 21
        assert desk.differences(session) == []


def test_a_refused_order_tells_of_a_product_that_is_closed_and_it_opens_by_itself(tmp_path):
    with live(tmp_path, **{"order_style.entry.style": "taker", "params.bars": 1}) as desk:
        flags = desk.exchange.books.rules["BTC-USD"].flags
        closed_ms, opened_ms = BEGIN + 3 * MINUTE, BEGIN + 6 * MINUTE
        wait = desk.wait

        def waits(seconds):
            wait(seconds)
            is_closed = closed_ms <= desk.exchange.now_ms < opened_ms
            flags.update({"cancel_only"}) if is_closed else flags.clear()

        desk.wait = waits
        session = desk.run(opened_ms + 2 * MINUTE)
        closed, opened = events(desk, ProductSeen)
        refused = [
            e
            for e in events(desk, OrderUpdated)
            if e.product_id == "BTC-USD"
            and e.status is OrderStatus.REJECTED
            and e.time_ms >= closed_ms
        ]
        assert 0 <= closed.time_ms - refused[0].time_ms < 10_000
        assert closed.closed == "orders can only be cancelled"
        assert 0 <= opened.time_ms - opened_ms < CLOSED_MS + 10_000
        assert session.state.closed == ("", "")
        texts = [noted.text for noted in events(desk, Noted)]
        assert texts == [
            "BTC-USD flags: none -> cancel_only",
            "BTC-USD flags: cancel_only -> none",
        ]
        agreed = desk.differences(session)
        assert agreed == []
