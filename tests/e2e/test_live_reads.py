"""A live session that reads series which it does not trade: journaled, waited for, replayed."""

import math

import pytest

from gpt_trader.engine.events import SeriesTold, Ticked
from gpt_trader.engine.records import CycleEnded, Decided
from gpt_trader.runtime.session import read_header
from tests.e2e.test_live import agrees, entries, replays
from tests.emulator.market import Market, Product
from tests.flip import FLIP
from tests.live_helpers import MINUTE, live
from tests.reading import READING

MARKET = Market(
    (
        Product("BTC-USD", price=4_000_000, trades_per_day=30_000),
        Product("ETH-USD", price=250_000, trades_per_day=30_000),
        Product("SOL-USD", price=15_000, trades_per_day=30_000),
    )
)


@pytest.fixture
def desk(tmp_path):
    with live(tmp_path, MARKET, strategy=READING) as desk:
        yield desk


def decided(desk):
    """Of each decision its time, product, weight and what was read by then."""
    return [
        (record.decision.bar_ms, record.decision.product_id, record.decision.weight, record)
        for entry in entries(desk)
        for record in entry.records
        if isinstance(record, Decided)
    ]


def ticks(desk):
    return [entry for entry in entries(desk) if isinstance(entry.event, Ticked)]


def readings(record):
    return {one.detail: one.value for one in record.decision.why.told().reasons}


def test_each_cycle_waits_for_what_is_read_and_decides_with_it(desk):
    begin = desk.exchange.now_ms
    session = desk.run(begin + 14 * MINUTE)
    agrees(desk, session)
    assert session.state.cycles == 15
    assert not ticks(desk)
    assert sorted(session.state.reads) == ["BTC-USD@5m", "SOL-USD@1m"]
    assert [one.name for one in read_header(desk.folder).reads] == ["SOL-USD@1m", "BTC-USD@5m"]
    assert len(desk.exchange.books.fills) > 5
    for bar_ms, _, _, record in decided(desk):
        for label, name, length in (
            ("SOL-USD close > 0", "SOL-USD", MINUTE),
            ("BTC-USD 5m close > 0", "BTC-USD", 5 * MINUTE),
        ):
            due = (bar_ms + MINUTE) // length * length - length
            [product] = [one for one in MARKET.products if one.product_id == name]
            [candle] = MARKET.candles(product, length, due, due + length)
            assert readings(record)[label] == float(candle["close"])
    replays(desk)


def test_it_goes_on_after_a_restart_with_what_it_had_read(desk):
    begin = desk.exchange.now_ms
    desk.run(begin + 6 * MINUTE)
    told = sum(isinstance(entry.event, SeriesTold) for entry in entries(desk))
    desk.wait(120)
    session = desk.run(begin + 14 * MINUTE)
    agrees(desk, session)
    assert sum(isinstance(entry.event, SeriesTold) for entry in entries(desk)) > told
    opens = [bar.open_ms for bar in session.state.reads["SOL-USD@1m"].rows]
    assert opens == sorted(set(opens))
    assert opens[-1] == session.state.cycle_ms
    replays(desk)


def test_without_its_candles_it_decides_at_the_deadline_and_has_no_opinion(desk, monkeypatch):
    begin = desk.exchange.now_ms
    desk.run(begin + 3 * MINUTE)
    before = len(decided(desk))
    whole = Market.candles

    def lacking(market, product, *asked):
        return [] if product.product_id == "SOL-USD" else whole(market, product, *asked)

    monkeypatch.setattr(Market, "candles", lacking)
    session = desk.run(begin + 9 * MINUTE)
    late = decided(desk)[before:]
    assert len(late) >= 8
    assert all(math.isnan(weight) for _, _, weight, _ in late)
    assert len(ticks(desk)) >= 4
    ended = [
        entry.event.time_ms - record.cycle_ms - MINUTE
        for entry in entries(desk)
        for record in entry.records
        if isinstance(record, CycleEnded)
    ]
    assert max(ended[-3:]) <= 11_000
    agrees(desk, session)


def test_a_route_of_longer_bars_decides_at_their_closes(tmp_path):
    routes = [
        {"strategy": FLIP, "products": ["BTC-USD"], "interval": "5m", "budget_pct": 50},
        {"strategy": FLIP, "products": ["ETH-USD"], "budget_pct": 50},
    ]
    with live(tmp_path, MARKET, strategy=None, routes=routes) as desk:
        begin = desk.exchange.now_ms
        session = desk.run(begin + 32 * MINUTE)
        agrees(desk, session)
        assert [read.name for read in session.plan.reads] == ["BTC-USD@5m"]
        closes: dict[str, list[int]] = {"BTC-USD": [], "ETH-USD": []}
        for bar_ms, product_id, weight, _ in decided(desk):
            if not math.isnan(weight):
                closes[product_id].append(bar_ms + MINUTE)
        assert len(closes["BTC-USD"]) >= 6
        assert {ms % (5 * MINUTE) for ms in closes["BTC-USD"]} == {0}
        assert len(closes["ETH-USD"]) >= 30
        assert not ticks(desk)
        replays(desk)


ROUTES = [
    {"strategy": FLIP, "products": ["BTC-USD"], "interval": "5m", "budget_pct": 50},
    {"strategy": FLIP, "products": ["ETH-USD"], "budget_pct": 50},
]


def slow_decisions(desk):
    """The closes at which the route of longer bars had an opinion, in minutes past its own."""
    return [
        (bar_ms + MINUTE) % (5 * MINUTE) // MINUTE
        for bar_ms, product_id, weight, _ in decided(desk)
        if product_id == "BTC-USD" and not math.isnan(weight)
    ]


def test_a_longer_bar_that_is_told_late_is_decided_then(tmp_path, monkeypatch):
    """Each is told a minute and a half after its close: the deadline has passed by then."""
    with live(tmp_path, MARKET, strategy=None, routes=ROUTES) as desk:
        whole = Market.candles

        def late(market, product, interval_ms, start_ms, end_ms):
            if interval_ms == 5 * MINUTE:
                end_ms = min(end_ms, desk.exchange.now_ms - 5 * MINUTE - 90_000)
            return whole(market, product, interval_ms, start_ms, end_ms)

        monkeypatch.setattr(Market, "candles", late)
        desk.run(desk.exchange.now_ms + 22 * MINUTE)
        assert len(slow_decisions(desk)) >= 3
        assert set(slow_decisions(desk)) <= {1, 2, 3}
        replays(desk)


def test_what_closed_while_nobody_ran_is_decided_at_the_next_close(tmp_path):
    with live(tmp_path, MARKET, strategy=None, routes=ROUTES) as desk:
        desk.run(desk.exchange.now_ms + 11 * MINUTE)
        before = len(slow_decisions(desk))
        past_ms = (desk.exchange.now_ms // (5 * MINUTE) + 1) * 5 * MINUTE + 130_000
        desk.wait((past_ms - desk.exchange.now_ms) / 1000)
        desk.run(desk.exchange.now_ms)
        assert slow_decisions(desk)[before:] == [2]
