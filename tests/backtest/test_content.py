"""A history is known by its bars: under another name, cut, longer, or of other intervals."""

from dataclasses import replace

import numpy as np
import pytest

from gpt_trader.backtest.content import MOST, is_same, sketch
from gpt_trader.data.catalog import product_for
from gpt_trader.data.resample import resample
from gpt_trader.data.synthetic import synthetic_market

HOUR, DAY = 3_600_000, 86_400_000


@pytest.fixture(scope="module")
def bars():
    (found,) = synthetic_market(seed=3, products=["BTC-USD"], n_bars=24 * 900, interval_ms=HOUR)
    return found


def test_another_name_or_grid_is_the_same_history(bars):
    other = replace(bars, product=product_for("XBT-EUR", sample_prices=np.array([0.01])))
    assert is_same(sketch(bars), sketch(other))


@pytest.mark.parametrize("first, last", [(0, 60), (400, 440), (850, 900), (100, 899), (0, 3)])
def test_a_part_is_the_same_history(bars, first, last):
    part = bars[np.flatnonzero((bars.time >= bars.time[0] + first * DAY)
                               & (bars.time < bars.time[0] + last * DAY))]  # fmt: skip
    assert is_same(sketch(bars), sketch(part)) == (last - first > 8)  # else no day in common
    assert is_same(sketch(part), sketch(bars)) == (last - first > 8)


def test_longer_bars_are_the_same_history(bars):
    assert is_same(sketch(bars), sketch(resample(bars, DAY)))
    assert is_same(sketch(bars), sketch(resample(bars, 4 * HOUR)))


@pytest.mark.parametrize("factor, noise", [(1.003, 0.0), (1 / 300, 0.0), (1.0, 2e-4)])
def test_another_price_of_it_is_the_same_history(bars, factor, noise):
    near = np.random.default_rng(1).normal(1.0, noise, len(bars))
    parts = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    scaled = {name: np.round(one * factor * near).astype(int) for name, one in parts.items()}
    other = replace(bars, **scaled, product=product_for("BTC-USDT"))
    assert is_same(sketch(bars), sketch(other))
    assert is_same(sketch(bars), sketch(other[24 * 300 : 24 * 500]))
    assert not is_same(sketch(bars[: 24 * 40]), sketch(other[24 * 20 : 24 * 60]))
    old = sketch(bars).rpartition(":")[0]  # as lines of before have it
    assert is_same(old, sketch(bars)) and not is_same(old, sketch(other))  # noqa: PT018


def test_what_never_moves_is_not_all_one_market(bars):
    still = replace(bars, **{n: np.full(len(bars), 100) for n in ("open", "high", "low", "close")})
    other = replace(still, **{n: getattr(still, n) * 2 for n in ("open", "high", "low", "close")})
    assert not is_same(sketch(still), sketch(other))


def test_another_market_is_another_history(bars):
    (eth,) = synthetic_market(seed=3, products=["ETH-USD"], n_bars=24 * 900, interval_ms=HOUR)
    (later,) = synthetic_market(seed=4, products=["BTC-USD"], n_bars=24 * 900, interval_ms=HOUR)
    assert not is_same(sketch(bars), sketch(eth))
    assert not is_same(sketch(bars), sketch(later))


def test_few_wrong_closes_do_not_hide_it(bars):
    close = bars.close.copy()
    close[:: 24 * 7] += 1
    assert is_same(sketch(bars), sketch(replace(bars, close=close)))


def test_a_sketch_is_small(bars):
    assert len(sketch(bars)) <= 4 * MOST + 12
    assert is_same(sketch(bars[:30]), sketch(bars[:30]))


@pytest.mark.parametrize("text", ["", "x", "1:2", "a:b:cc", "::"])
def test_what_is_no_sketch_is_like_nothing(bars, text):
    assert not is_same(text, sketch(bars))
    assert not is_same(text, text)
