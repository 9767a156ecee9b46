"""Means of prices are told from prices, whatever the world, the weights and the noise."""

import numpy as np
import pytest

from gpt_trader.data.checks.findings import SMOOTH, judge
from gpt_trader.data.checks.smooth import followed
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.times import DAY_MS, HOUR_MS, MINUTE_MS
from tests.data.checks.test_made import at
from tests.power.worlds import BESIDE, NOISE, UNREAL, World, market

WALK = market(World("walk"), 3)
SOME_DAYS = [w for w in (*NOISE, *BESIDE, *UNREAL) if w.interval_ms == DAY_MS and w.points == 1]


def mean_of(close, k):
    return np.convolve(close, np.full(k, 1.0 / k), "valid")


def decaying(close, share):
    out = close.astype(np.float64)
    for i in range(1, len(out)):
        out[i] = share * out[i] + (1.0 - share) * out[i - 1]
    return out


def of_weeks(close):
    """Lines through every seventh close, each day's off by a little."""
    rows = np.arange(0, len(close), 7)
    line = np.interp(np.arange(rows[-1]), rows, close[rows])
    return line * np.exp(np.random.default_rng(1).normal(0.0, 0.008, len(line)))


def of_hours(close):
    """The mean price of each day of hours that move as the walk does."""
    hours = market(World("hours", interval_ms=HOUR_MS), 3).close
    return hours[: len(hours) // 24 * 24].reshape(-1, 24).mean(axis=1)


@pytest.mark.parametrize(
    "smooth",
    [
        lambda close: mean_of(close, 3),
        lambda close: mean_of(close, 5),
        lambda close: decaying(close, 0.3),
        lambda close: decaying(close, 0.5),
        of_weeks,
        of_hours,
    ],
    ids=["mean of 3", "mean of 5", "EMA 0.3", "EMA 0.5", "weeks", "means of hours"],
)
def test_what_is_a_mean_of_prices_is_found(smooth):
    close = smooth(WALK.close)
    bars = at(WALK[: len(close)], close)
    (found,) = [f for f in judge(bars).doubts if f.kind == SMOOTH]
    assert found.rows == len(bars)
    assert "a correlation of 0." in found.most


@pytest.mark.parametrize("world", SOME_DAYS, ids=lambda world: world.name)
def test_no_market_is_taken_for_one(world):
    for seed in range(10):
        assert followed(market(world, seed).close, DAY_MS) is None


@pytest.mark.parametrize("interval_ms, n", [(DAY_MS, 1_100), (HOUR_MS, 2_000), (MINUTE_MS, 2_000)])
def test_no_synthetic_market_is_taken_for_one(interval_ms, n):
    for seed in range(10):
        for bars in synthetic_market(seed=seed, n_bars=n, interval_ms=interval_ms):
            assert followed(bars.close, interval_ms) is None


def test_too_few_and_still_bars_tell_nothing():
    assert followed(np.array([5, 6, 7]), DAY_MS) is None
    assert followed(np.full(100, 5), DAY_MS) is None
