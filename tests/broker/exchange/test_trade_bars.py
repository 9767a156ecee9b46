"""Bars made of trades: whole ones only, each once, whatever the order of the trades."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.broker.coinbase.symbols import book_id
from gpt_trader.broker.exchange.trade_bars import GRACE_MS, Print, TradeBars
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.product import MAX_TICKS
from tests.engine_helpers import COIN

MINUTE = 60_000
T = 1_790_000_000_000 // MINUTE * MINUTE


def trade(at_ms, price, size=1.0, number=None):
    name = str(number if number is not None else f"{at_ms}-{price}")
    return Print(name, "COIN-USD", T + at_ms, Decimal(price) / 100, size)


def bars(*, since=T - 1):
    made = TradeBars({"COIN-USD": COIN}, MINUTE)
    made.begin_whole(since)
    return made


def test_a_bar_closes_a_moment_after_its_end():
    made = bars()
    for one in (trade(0, 100), trade(30_000, 120), trade(40_000, 90), trade(59_999, 110)):
        made.add(one)
    assert made.close(T + MINUTE + GRACE_MS - 1) == []
    assert made.close(T + MINUTE + GRACE_MS) == [Bar("COIN-USD", T, 100, 120, 90, 110, 4.0)]
    assert made.close(T + MINUTE + GRACE_MS + 1) == []


def test_a_bar_that_was_not_seen_wholly_is_not_given():
    late = bars(since=T + 1)
    late.add(trade(2, 100))
    assert late.close(T + 2 * MINUTE) == []
    broken = bars()
    broken.add(trade(2, 100))
    broken.break_off()
    assert broken.close(T + 2 * MINUTE) == []
    broken.begin_whole(T + 2 * MINUTE)
    broken.add(trade(2 * MINUTE, 100))
    assert len(broken.close(T + 4 * MINUTE)) == 1


@pytest.mark.parametrize("price", [MAX_TICKS + 1, 0])
def test_a_bar_with_a_price_that_cannot_be_counted_is_left_to_the_candle(price):
    made = bars()
    made.add(trade(0, 100))
    made.add(trade(1, price))
    assert made.close(T + MINUTE + GRACE_MS) == []


def test_a_trade_after_its_bar_was_given_is_counted_and_changes_nothing():
    made = bars()
    made.add(trade(1, 100))
    made.close(T + 2 * MINUTE)
    made.add(trade(2, 500))
    assert made.late == 1
    assert made.close(T + 3 * MINUTE) == []


def test_another_product_is_nobodys():
    made = bars()
    made.add(trade(1, 100)._replace(product_id="X-USD"))
    assert made.close(T + 2 * MINUTE) == []


@given(
    st.lists(
        st.tuples(st.integers(0, MINUTE - 1), st.integers(1, 500)), min_size=1, max_size=20,
        unique_by=lambda one: one[0],
    ),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_order_and_repetition_do_not_matter(trades, rng):
    told = [trade(at, price, number=i) for i, (at, price) in enumerate(trades)]
    shuffled = told + rng.choices(told, k=5)
    rng.shuffle(shuffled)
    made = bars()
    for one in shuffled:
        made.add(one)
    [bar] = made.close(T + 2 * MINUTE)
    by_time = sorted(trades)
    prices = [price for _, price in trades]
    assert (bar.open, bar.close) == (by_time[0][1], by_time[-1][1])
    assert (bar.high, bar.low, bar.volume) == (max(prices), min(prices), len(trades))


@pytest.mark.parametrize(
    "product, book",
    [("BTC-USD", "BTC-USD"), ("BTC-USDC", "BTC-USD"), ("USDT-USDC", "USDT-USDC")],
)
def test_usdc_products_are_told_on_the_book_in_dollars(product, book):
    assert book_id(product) == book
