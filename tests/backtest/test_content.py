"""A history is known by its bars: under another name, cut, longer, or of other intervals."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gpt_trader.backtest.content import MOST, is_continued, is_same, sketch
from gpt_trader.data.catalog import product_for
from gpt_trader.data.files.bar_files import load_bars
from gpt_trader.data.resample import resample
from gpt_trader.data.synthetic import synthetic_market

HOUR, DAY = 3_600_000, 86_400_000
REAL = Path(os.environ.get("GPT_TRADER_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))


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


@pytest.mark.parametrize("factor, noise", [(1.003, 0.0), (1 / 300, 0.0), (1.0, 2e-4), (1.0, 2e-3)])
def test_another_price_of_it_is_the_same_history(bars, factor, noise):
    other = near(bars, factor, noise)
    assert is_same(sketch(bars), sketch(other))
    assert is_same(sketch(bars), sketch(other[24 * 300 : 24 * 500]))
    assert is_same(sketch(resample(bars, DAY)), sketch(other))
    assert is_same(sketch(bars[: 24 * 40]), sketch(other[24 * 10 : 24 * 60]))
    assert not is_same(sketch(bars[: 24 * 40]), sketch(other[24 * 38 : 24 * 60]))


def near(bars, factor, noise, product="BTC-USDT"):
    """Return bars at so many times the price, and by so much off it by chance."""
    off = np.random.default_rng(1).normal(1.0, noise, len(bars))
    close = np.round(bars.close * factor * off).astype(int)
    return replace(
        bars, open=close, high=close, low=close, close=close, product=product_for(product)
    )


def test_a_sketch_of_before_is_known_by_its_closes(bars):
    old = "19728:8:kUNqmaiiA3MuXE/IbEpJwflBGdeMKmbJTMBML2mDL4rLUUA/kxC6:yQ"
    end_ms = int(bars.time[-1])
    assert is_same(old, sketch(bars)) and is_continued(old, sketch(bars), end_ms=end_ms)  # noqa: PT018
    other = sketch(near(bars, 0.5, 0.0))
    assert not is_same(old, other) and not is_continued(old, other, end_ms=end_ms)  # noqa: PT018


@pytest.mark.parametrize("correlation", [0.5, 0.9])
def test_a_coin_that_goes_much_alike_is_another(bars, correlation):
    days = resample(bars, DAY)
    moves = np.diff(np.log(days.close), prepend=np.log(days.close[0]))
    rng = np.random.default_rng(2)
    alike = 0
    for first in range(0, 840, 21):
        part = days[first : first + 60]
        mine = moves[first : first + len(part)]
        own = (1 - correlation**2) ** 0.5 * rng.permutation(mine)
        close = np.round(1e5 * np.exp(np.cumsum(correlation * mine + own))).astype(int)
        other = replace(part, open=close, high=close, low=close, close=close)
        alike += is_same(sketch(part), sketch(other))
        assert is_same(sketch(part), sketch(near(part, 1.0, 2e-3)))
    assert alike == 0


@pytest.mark.skipif(not REAL.is_dir(), reason="no real market data here")
def test_real_coins_are_told_apart_and_one_is_known_from_elsewhere():
    days = load_bars(REAL / "BTC-USD_1d_2014-12_2018-08.csv", product_id="BTC-USD").bars
    month = load_bars(REAL / "BTC-PERP_1m_2022-01.csv.gz", product_id="BTC-PERP").bars
    btc, eth = (
        load_bars(REAL / f"{name}_1m_sample_days.csv.gz", product_id=name).bars
        for name in ("BTC-USD", "ETH-USD")
    )
    assert not is_same(sketch(btc), sketch(eth))
    for one in (days, month, month[: 1440 * 12], btc, eth):
        assert is_same(sketch(one), sketch(near(one, 1.0, 2e-3)))
        assert is_same(sketch(one), sketch(near(one, 0.5, 2e-3)))
    assert not is_same(sketch(days), sketch(near(days, 1.0, 2e-2)))


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
    assert len(sketch(bars)) <= 4 * MOST + 60
    assert is_same(sketch(bars[:30]), sketch(bars[:30]))


@pytest.mark.parametrize("text", ["", "x", "1:2", "a:b:cc", "::", "3h:", "3h:1:2:.:"])
def test_what_is_no_sketch_is_like_nothing(bars, text):
    assert not is_same(text, sketch(bars))
    assert not is_same(text, text)
