"""Bars from trades: the venue's own, and what differs named."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.data.pull import to_bars
from gpt_trader.data.trades.trade_bars import (
    BarDifference,
    Compared,
    both,
    candles_of,
    compare,
    whole,
)
from gpt_trader.domain.product import Product
from gpt_trader.domain.venue import Trade
from tests.emulator.market import GENESIS_MS, Market

MINUTE, HOUR = 60_000, 3_600_000
BTC = Product("BTC-USD", Decimal("0.00000001"), Decimal("0.01"))
DAY = (GENESIS_MS, GENESIS_MS + 24 * HOUR)


def trade(name, time_ms, price="1", size="1"):
    return Trade(str(name), time_ms, Decimal(price), Decimal(size), "BUY")


def test_a_bar_holds_first_highest_lowest_last_and_the_exact_sum():
    tape = [
        trade(3, 59_999, "4", "0.00000001"),
        trade(1, 0, "2", "0.1"),
        trade(2, 30_000, "9", "0.2"),
        trade(2, 30_000, "9", "0.2"),  # answered twice
        trade(4, 120_000, "5"),
    ]
    first, second = candles_of(tape, MINUTE)
    assert first == (0, *map(Decimal, ("2", "9", "2", "4", "0.30000001")))
    assert second.open_ms == 120_000


def test_within_a_millisecond_ids_tell_the_order():
    found = candles_of([trade(10, 5, "7"), trade(9, 5, "3"), trade(11, 5, "5")], MINUTE)
    assert (found[0].open, found[0].close) == (Decimal(3), Decimal(5))


def test_trades_of_a_market_give_its_candles():
    market = Market()
    product = market.product("BTC-USD")
    tape = market.tape(product, *DAY)
    trades = [
        Trade(str(i), int(tape.time[i]), Decimal(int(tape.price[i])) / 100, size, "BUY")
        for i, size in enumerate(Decimal(int(s)).scaleb(-8) for s in tape.size)
    ]
    for interval_ms in (MINUTE, HOUR):
        theirs = [
            (int(row["start"]) * 1000, *(Decimal(row[n]) for n in ("open", "high", "low", "close")))
            for row in market.candles(product, interval_ms, *DAY)
        ]
        ours = candles_of(trades, interval_ms)
        assert [candle[:5] for candle in ours] == theirs
        assert sum(candle.volume for candle in ours) == Decimal(int(tape.size.sum())).scaleb(-8)


def test_what_differs_is_named():
    tape = [trade(i, i * MINUTE, str(10 + i)) for i in range(5)]
    made = to_bars(candles_of(tape, MINUTE), BTC, MINUTE)
    span = [(0, 5 * MINUTE)]
    assert compare(made, made, span) == Compared(5, ())
    high = made.high.copy()
    high[2] += 1
    other = replace(made, high=high)[1:]
    assert compare(made, other, span).differences == (
        BarDifference(0, "bar", Decimal(10), None),
        BarDifference(2 * MINUTE, "high", Decimal(12), Decimal("12.01")),
    )
    assert compare(made, other, [(3 * MINUTE, 5 * MINUTE)]) == Compared(2, ())


def test_only_whole_bars_of_a_span_count():
    assert whole([(1, 3 * MINUTE + 1), (5 * MINUTE, 6 * MINUTE)], MINUTE) == (
        (MINUTE, 3 * MINUTE),
        (5 * MINUTE, 6 * MINUTE),
    )
    assert whole([(1, MINUTE)], MINUTE) == ()


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=4)


@given(SPANS, SPANS)
def test_both_is_the_time_in_each(a, b):
    def members(spans):
        return {ms for start, end in spans for ms in range(start, end)}

    assert members(both(a, b)) == members(a) & members(b)
