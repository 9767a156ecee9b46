"""One market given as two is told by how it moves, and two markets are two."""

from dataclasses import replace

import numpy as np
import pytest

from gpt_trader import backtest
from gpt_trader.data.checks.findings import TWIN, judge_all, say_doubts
from gpt_trader.data.checks.twins import MOST, twins
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.strategy.registry import create

HOUR = 3_600_000


def market(n, product_ids=("BTC-USD", "ETH-USD", "SOL-USD")):
    return synthetic_market(seed=4, products=list(product_ids), n_bars=n, interval_ms=HOUR)


def called(bars, product_id, **spec):
    return replace(bars, product=replace(bars.product, product_id=product_id, **spec))


def changed(bars, close):
    """Bars of other closes; opens, highs and lows are where they are allowed to be."""
    ticks = np.rint(close).astype(np.int64)
    high, low = np.maximum(bars.open, ticks), np.minimum(bars.open, ticks)
    return replace(bars, close=ticks, high=np.maximum(high, ticks), low=np.minimum(low, ticks))


def found(series):
    return [(one.later, one.first) for one in twins(series)]


@pytest.mark.parametrize("n", [30, 1_000, 3 * MOST])
def test_three_markets_are_three(n):
    assert found(market(n)) == []
    assert found(market(n)[:1]) == []


@pytest.mark.parametrize("n", [30, 1_000, 3 * MOST])
def test_one_file_as_two_products(n):
    first, second, _ = market(n)
    assert found([first, second, called(first, "DOGE-USD")]) == [(2, 0)]
    part = called(first[n // 3 :], "DOGE-USD")
    assert found([second, part, first]) == [(2, 1)] if n > 30 else True


def test_the_same_market_a_little_off():
    first, second, _ = market(2_000)
    rng = np.random.default_rng(1)
    near = changed(first, first.close * 3.1 * (1.0 + rng.normal(0.0, 2e-4, len(first))))
    assert found([first, second, called(near, "BTC-EUR")]) == [(2, 0)]
    prices = first.close.astype(float)
    prices[700] *= 9.0  # a bad price in one of them hides nothing
    assert found([first, called(changed(first, prices), "BTC-EUR")]) == [(1, 0)]


def test_a_perpetual_and_its_coin_are_two_unless_they_are_one_file():
    spot, *_ = market(2_000)
    basis = np.random.default_rng(2).normal(0.0, 5e-4, len(spot))
    perp = changed(spot, spot.close * (1.0 + basis))
    assert found([spot, called(perp, "BTC-PERP", is_perpetual=True)]) == []
    assert found([spot, called(spot, "BTC-PERP", is_perpetual=True)]) == [(1, 0)]


def test_prices_that_never_move_are_no_market_twice():
    first, second, _ = market(100)
    still = [changed(one, np.full(100, int(one.open[0]))) for one in (first, second)]
    assert found(still) == []


def test_both_are_named_and_no_verdict_is_a_pass():
    first, _, _ = market(400)
    series = [first, called(first, "ETH-USD")]
    judged = judge_all(series)
    assert [f.weight for f in judged[1].findings if f.kind == TWIN] == ["doubt"]
    (said,) = say_doubts(judged)
    assert said == (
        "Bars of ETH-USD are in doubt: closes that move as those of another product "
        "(393, BTC-USD, by a correlation of 1.0000)."
    )
    run = backtest(series, create("sma_cross", {"fast": 2, "slow": 5}), risk=None)
    assert [f.kind for f in run.checks.data[1].findings if f.weight == "doubt"] == [TWIN]
