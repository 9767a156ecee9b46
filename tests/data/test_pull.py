"""Pulling candles: over real HTTP from the stand-in, through the SDK, into a store."""

from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt_trader.broker.coinbase.public import PublicMarket
from gpt_trader.broker.coinbase.rest import Rest
from gpt_trader.broker.exchange.pace import Pace
from gpt_trader.data.checks.quality import digest
from gpt_trader.data.pull import (
    SETTLE_MS,
    align,
    clean,
    coarser,
    pages,
    pull,
    refetch,
    to_bars,
    together,
)
from gpt_trader.data.resample import resample
from gpt_trader.data.store.spans import merge, missing, total_ms
from gpt_trader.data.store.store import Store, read, read_spans
from gpt_trader.domain.product import Product
from gpt_trader.domain.venue import Candle
from gpt_trader.errors import DataError
from tests.emulator import Fault, serve
from tests.emulator.faults import html, too_many
from tests.emulator.market import GENESIS_MS, Market
from tests.emulator.market import Product as Listed
from tests.examples import examples

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BTC = Product("BTC-USD", Decimal("0.00000001"), Decimal("0.01"))
WANTED = (GENESIS_MS + DAY, GENESIS_MS + 3 * DAY)


@pytest.fixture
def exchange():
    with serve() as found:
        yield found


def source(exchange):
    pace = Pace(1e9, lambda: 0.0, lambda _: None)
    rest = Rest(pace, url=exchange.rest_url, sleep=lambda _: None, random=lambda: 0.0)
    return PublicMarket(rest)


def bring(exchange, store, wanted=WANTED, interval_ms=5 * MINUTE, product=BTC, stop=None):
    return pull(
        source(exchange),
        store,
        product,
        interval_ms,
        wanted,
        stop=stop or (lambda: False),
        tell=lambda _: None,
    )


def asked_pages(exchange):
    return [
        (int(r.query["start"][0]), int(r.query["end"][0]))
        for r in exchange.requests
        if r.path.endswith("candles") and r.status == 200
    ]


@pytest.fixture(scope="module")
def perfect(tmp_path_factory):
    """The store after a pull from which nothing kept."""
    store = Store(tmp_path_factory.mktemp("perfect"))
    with serve() as exchange:
        bring(exchange, store)
    return digest(read(store, "BTC-USD", 5 * MINUTE).bars)


def test_a_pull_stores_what_the_market_did(exchange, tmp_path):
    store = Store(tmp_path)
    found = bring(exchange, store)
    bars = read(store, "BTC-USD", 5 * MINUTE).bars
    tape = exchange.market.tape(exchange.market.product("BTC-USD"), *WANTED)
    assert found.added == len(bars) == len(set(tape.time // (5 * MINUTE)))
    assert bars.volume.sum() == pytest.approx(tape.size.sum() / 1e8)
    assert (bars.high.max(), bars.low.min()) == (tape.price.max(), tape.price.min())
    assert (bars.open[0], bars.close[-1]) == (tape.price[0], tape.price[-1])
    assert read_spans(store, "BTC-USD", 5 * MINUTE) == (WANTED,)
    assert found.pages == 2


@pytest.mark.parametrize(
    "faults",
    [
        [too_many(path="candles", times=2)],
        [html(502, path="candles", skip=1, times=3)],
        [html(200, path="candles")],
        [Fault(path="candles", status=500, body='{"error": "INTERNAL"}')],
        [Fault(path="candles", cut="before", times=2)],
        [Fault(path="candles", cut="middle")],
        [Fault(path="candles", status=200, body='{"candles": [{"start')],
        [Fault(path="candles", status=200, body="null")],
        [Fault(path="candles", status=200, body="{}")],
        [Fault(path="candles", status=200, body='{"candles": null}')],
        [Fault(path="candles", rows=lambda rows: rows + rows[:40])],
        [Fault(path="candles", rows=lambda rows: rows[100:] + rows[:100])],
        [Fault(path="candles", rows=lambda rows: [{"start": "1"} | rows[0], *rows[1:]])],
        [Fault(path="candles", rows=lambda rows: rows[:50] + rows[90:])],  # a hole, once
        [Fault(path="candles", rows=lambda rows: [*rows, rows[0] | {"close": "1", "low": "1"}])],
    ],
)
def test_no_fault_changes_what_is_stored(exchange, tmp_path, perfect, faults):
    exchange.faults.add(*faults)
    store = Store(tmp_path)
    bring(exchange, store)
    bring(exchange, store)  # what was refused is asked for again
    assert digest(read(store, "BTC-USD", 5 * MINUTE).bars) == perfect


def test_what_was_answered_is_not_asked_again(exchange, tmp_path):
    store = Store(tmp_path)
    bring(exchange, store)
    before = len(exchange.requests)
    assert bring(exchange, store).pages == 0
    assert len(exchange.requests) == before
    bring(exchange, store, (WANTED[0], WANTED[1] + HOUR))
    (page,) = asked_pages(exchange)[-1:]
    assert page == (WANTED[1] // 1000, (WANTED[1] + HOUR - 5 * MINUTE) // 1000)


def test_an_interrupted_pull_goes_on_where_it_was(exchange, tmp_path, perfect):
    store = Store(tmp_path)
    answers = iter([False, True])
    assert bring(exchange, store, stop=lambda: next(answers)).interrupted
    assert total_ms(read_spans(store, "BTC-USD", 5 * MINUTE)) == 349 * 5 * MINUTE
    assert not bring(exchange, store).interrupted
    assert digest(read(store, "BTC-USD", 5 * MINUTE).bars) == perfect
    seen = asked_pages(exchange)
    assert len(seen) == len(set(seen)) == 2


def test_the_open_bar_is_not_taken(exchange, tmp_path):
    exchange.now_ms = WANTED[0] + 2 * HOUR + 30_000
    wanted = align((WANTED[0], WANTED[1]), HOUR, exchange.now_ms)
    assert wanted == (WANTED[0], WANTED[0] + 2 * HOUR)
    store = Store(tmp_path)
    bring(exchange, store, wanted, HOUR)
    assert len(read(store, "BTC-USD", HOUR).bars) == 2
    early = WANTED[0] + 2 * HOUR + SETTLE_MS - 1
    assert align((WANTED[0], WANTED[1]), HOUR, early) == (WANTED[0], WANTED[0] + HOUR)


def test_years_before_the_first_trade_are_not_asked_minute_by_minute(tmp_path):
    listed = GENESIS_MS + 30 * DAY
    with serve(Market((Listed("NEW-USD", listed_ms=listed + 5 * HOUR),))) as exchange:
        store = Store(tmp_path)
        new = Product("NEW-USD", Decimal("0.00000001"), Decimal("0.01"))
        bring(exchange, store, (GENESIS_MS - 700 * DAY, listed + 2 * DAY), HOUR, new)
        assert len(exchange.requests) < 10
        assert read_spans(store, "NEW-USD", HOUR) == ((GENESIS_MS - 700 * DAY, listed + 2 * DAY),)
        assert read(store, "NEW-USD", HOUR).bars.time[0] == listed + 5 * HOUR


def test_contradictions_that_stay_are_an_error(exchange, tmp_path):
    twice = Fault(
        path="candles", times=None, rows=lambda rows: [*rows, rows[0] | {"volume": "0.5"}]
    )
    exchange.faults.add(twice)
    with pytest.raises(DataError, match="two different 5m bars at 2024-"):
        bring(exchange, Store(tmp_path))


def test_an_impossible_row_is_left_out_and_asked_for_again_later(exchange, tmp_path, perfect):
    bad = Fault(path="candles", rows=lambda rows: [rows[0] | {"high": "0.01"}, *rows[1:]])
    exchange.faults.add(bad)
    store = Store(tmp_path)
    found = bring(exchange, store)
    assert len(found.refused) == 1
    (hole,) = missing(WANTED, read_spans(store, "BTC-USD", 5 * MINUTE))
    assert hole == (found.refused[0], found.refused[0] + 5 * MINUTE)
    bring(exchange, store)
    assert digest(read(store, "BTC-USD", 5 * MINUTE).bars) == perfect


def test_an_outage_is_asked_about_twice_and_believed(tmp_path):
    down = (WANTED[0] + HOUR, WANTED[0] + 5 * HOUR)
    with serve(Market(outages=(down,))) as exchange:
        found = bring(exchange, Store(tmp_path))
        assert found.confirmed == 1
        assert len(asked_pages(exchange)) == 3


def test_unknown_products_are_refused(exchange, tmp_path):
    with pytest.raises(DataError, match="404 Product NO-USD not supported"):
        bring(
            exchange,
            Store(tmp_path),
            product=Product("NO-USD", BTC.base_increment, BTC.price_increment),
        )


def test_an_interval_that_is_refused_is_made_of_a_finer_one(exchange, tmp_path):
    exchange.refused_granularities.add("FOUR_HOUR")
    store = Store(tmp_path)
    made = coarser(source(exchange), 4 * HOUR, HOUR)
    pull(made, store, BTC, 4 * HOUR, WANTED, stop=lambda: False, tell=lambda _: None)
    bring(exchange, store, interval_ms=HOUR)
    fine = read(store, "BTC-USD", HOUR).bars
    long, again = read(store, "BTC-USD", 4 * HOUR).bars, resample(fine, 4 * HOUR)
    assert long.close.tolist() == again.close.tolist()
    assert long.volume == pytest.approx(again.volume)


SPAN = st.tuples(st.integers(0, 3000), st.integers(0, 3000)).map(lambda s: (min(s), max(s)))


@given(SPAN, st.lists(SPAN, max_size=4))
def test_pages_cover_just_what_is_missing(wanted, have):
    wanted, have = (wanted[0] * 60, wanted[1] * 60), [(a * 60, b * 60) for a, b in have]
    found = pages(wanted, have, 60, 349)
    assert total_ms(found) == total_ms(missing(wanted, have)) == sum(b - a for a, b in found)
    assert all((b - a) // 60 <= 349 for a, b in found)
    assert found == sorted(found)


@given(st.lists(SPAN, max_size=6))
def test_holes_asked_for_together_fit_a_page_and_are_all_there(holes):
    holes = [(a * 60, b * 60) for a, b in holes]
    groups = together(holes, 60, 349)
    assert merge(hole for group in groups for hole in group) == merge(holes)
    assert all((group[-1][1] - group[0][0]) // 60 <= 349 for group in groups)
    assert all(a[-1][1] <= b[0][0] for a, b in pairwise(groups))


def test_only_the_holes_are_written(exchange, tmp_path):
    store = Store(tmp_path)
    holes = [(WANTED[0], WANTED[0] + HOUR), (WANTED[0] + 3 * HOUR, WANTED[0] + 4 * HOUR)]
    found = refetch(
        source(exchange), store, BTC, 5 * MINUTE, holes, stop=lambda: False, tell=lambda _: None
    )
    assert (found.pages, found.added) == (1, 24)
    stored = read(store, "BTC-USD", 5 * MINUTE)
    assert stored.asked == tuple(holes)
    assert all(any(a <= at < b for a, b in holes) for at in stored.bars.time)


NUMBER = st.integers(-2, 6).map(Decimal)
ROW = st.builds(Candle, st.integers(-2, 12).map(lambda n: n * 30), *[NUMBER] * 5)


@examples(80)
@given(st.lists(ROW, max_size=8))
def test_only_possible_rows_of_the_page_stay(rows):
    found = clean(rows, (0, 300), 60)
    assert [r.open_ms for r in found.rows] == sorted({r.open_ms for r in found.rows})
    for row in found.rows:
        assert 0 <= row.open_ms < 300
        assert row.open_ms % 60 == 0
        assert 0 < row.low <= min(row.open, row.close) <= max(row.open, row.close) <= row.high
    possible = {r.open_ms for r in found.rows} | set(found.refused)
    assert possible == {r.open_ms for r in rows if r.open_ms in (0, 60, 120, 180, 240)}


def test_finer_prices_than_the_product_says_stay_exact():
    rows = [Candle(0, *[Decimal("0.00012345")] * 4, Decimal(1))]
    bars = to_bars(rows, BTC, 60_000)
    assert bars.product.price(int(bars.close[0])) == Decimal("0.00012345")


PASSING = [
    too_many(path="candles"),
    html(502, path="candles"),
    Fault(path="candles", cut="before"),
    Fault(path="candles", cut="middle", skip=1),
    Fault(path="candles", rows=lambda rows: rows + rows[:40]),
    Fault(path="candles", skip=1, rows=lambda rows: rows[50:] + rows[:50]),
    Fault(path="candles", rows=lambda rows: [rows[0] | {"high": "0.01"}, *rows[1:]]),
]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(PASSING), max_size=5), st.lists(st.integers(0, 2), max_size=4))
def test_any_faults_and_ends_come_to_the_same_store(perfect, faults, ends):
    with serve() as exchange, TemporaryDirectory() as folder:
        exchange.faults.add(*faults)
        store = Store(Path(folder))
        for length in (*ends, 9, 9, 9, 9, 9, 9):  # a refused row costs one more run
            left = iter([False] * length)
            bring(exchange, store, stop=lambda left=left: next(left, True))
        assert digest(read(store, "BTC-USD", 5 * MINUTE).bars) == perfect
        before = len(exchange.requests)
        assert bring(exchange, store).pages == 0
        assert len(exchange.requests) == before


@pytest.mark.parametrize("per_s, refused", [(5.0, False), (40.0, True)])
def test_the_pace_keeps_within_the_limit_and_finds_back_to_it(tmp_path, perfect, per_s, refused):
    now = [0.0]

    def sleep(seconds):
        now[0] += seconds

    with serve() as exchange:
        exchange.most_per_s, exchange.clock = 10, lambda: now[0]
        pace = Pace(per_s, lambda: now[0], sleep)
        rest = Rest(pace, url=exchange.rest_url, sleep=sleep, random=lambda: 0.5)
        market, store = PublicMarket(rest), Store(tmp_path)
        for _ in range(20):
            market.now_ms()
        pull(market, store, BTC, 5 * MINUTE, WANTED, stop=lambda: False, tell=lambda _: None)
        assert (429 in {r.status for r in exchange.requests}) is refused
    assert digest(read(store, "BTC-USD", 5 * MINUTE).bars) == perfect
