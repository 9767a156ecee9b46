"""Pulling trades: windows until nothing is cut, over real HTTP from the stand-in."""

import pytest

from gpt_trader.broker.coinbase.public import PublicMarket
from gpt_trader.broker.coinbase.rest import Rest
from gpt_trader.broker.exchange.pace import Pace
from gpt_trader.data.store.store import Store
from gpt_trader.data.trades.pull_trades import may_be_cut, pull_trades, settle
from gpt_trader.data.trades.trade_store import read_trade_spans, read_trades
from gpt_trader.errors import Unavailable
from tests.emulator import Fault, serve
from tests.emulator.market import GENESIS_MS, Market, Product

SECOND, HOUR = 1000, 3_600_000
WANTED = (GENESIS_MS + HOUR, GENESIS_MS + 5 * HOUR)
BUSY = Market((Product("BTC-USD", trades_per_day=60_000),))


@pytest.fixture
def exchange():
    with serve(BUSY) as found:
        yield found


def bring(exchange, store, wanted=WANTED, stop=lambda: False):
    pace = Pace(1e9, lambda: 0.0, lambda _: None)
    rest = Rest(pace, url=exchange.rest_url, sleep=lambda _: None, random=lambda: 0.0)
    source = PublicMarket(rest)
    return pull_trades(source, store, "BTC-USD", wanted, stop=stop, tell=lambda _: None)


def tape_of(exchange, span):
    return exchange.market.tape(exchange.market.product("BTC-USD"), *span)


def test_every_trade_is_stored_once(exchange, tmp_path):
    store = Store(tmp_path)
    found = bring(exchange, store)
    tape = tape_of(exchange, WANTED)
    stored = read_trades(store, "BTC-USD")
    assert found.added == len(stored.trades) == len(tape.time) > 5_000
    assert sorted(t.time_ms for t in stored.trades) == tape.time.tolist()
    assert sum(int(t.size.scaleb(8)) for t in stored.trades) == tape.size.sum()
    assert read_trade_spans(store, "BTC-USD") == (WANTED,)
    assert found.incomplete == ()
    assert found.requests < 30  # of about 340 trades or more


def test_what_was_answered_is_not_asked_again(exchange, tmp_path):
    store = Store(tmp_path)
    bring(exchange, store)
    assert bring(exchange, store).requests == 0


def test_an_interrupted_pull_keeps_what_came_and_goes_on(exchange, tmp_path):
    store = Store(tmp_path)
    answers = iter([False] * 4 + [True])
    assert bring(exchange, store, stop=lambda: next(answers)).interrupted
    ((start, end),) = read_trade_spans(store, "BTC-USD")
    assert start == WANTED[0] < end < WANTED[1]
    bring(exchange, store)
    assert len(read_trades(store, "BTC-USD").trades) == len(tape_of(exchange, WANTED).time)


def test_a_dead_connection_keeps_what_came(exchange, tmp_path):
    exchange.faults.add(Fault(path="ticker", skip=3, times=None, cut="before"))
    store = Store(tmp_path)
    with pytest.raises(Unavailable):
        bring(exchange, store)
    assert read_trade_spans(store, "BTC-USD")


def test_a_second_with_more_trades_than_are_told_is_named_and_not_believed(exchange, tmp_path):
    exchange.faults.add(Fault(path="ticker", times=None, rows=lambda rows: (rows * 1000)[:1000]))
    store = Store(tmp_path)
    first, second = (int(ms) // SECOND * SECOND for ms in tape_of(exchange, WANTED).time[[0, 9]])
    found = bring(exchange, store, (first, second + SECOND))
    assert found.incomplete[0] == (first, first + SECOND)
    assert found.incomplete[-1] == (second, second + SECOND)
    believed = read_trade_spans(store, "BTC-USD")  # what is silent is never full
    assert not any(start <= first < end or start <= second < end for start, end in believed)


def test_a_venue_that_stops_at_a_hundred_loses_nothing(exchange, tmp_path):
    exchange.faults.add(Fault(path="ticker", times=None, rows=lambda rows: rows[:100]))
    store = Store(tmp_path)
    wanted = (WANTED[0], WANTED[0] + HOUR)
    assert bring(exchange, store, wanted).incomplete == ()
    assert len(read_trades(store, "BTC-USD").trades) == len(tape_of(exchange, wanted).time)


def test_only_whole_settled_seconds_are_asked_for():
    assert settle((1, 5_999), 10**9) == (1_000, 5_000)
    assert settle((0, 10**9), 60_500) == (0, 50_000)
    assert settle((10**9, 2 * 10**9), 60_500) == (10**9, 10**9)


def test_full_answers_are_suspect():
    assert [n for n in (0, 99, 100, 101, 999, 1000) if may_be_cut(n, (1000, 100))] == [100, 1000]
