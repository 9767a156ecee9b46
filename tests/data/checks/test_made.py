"""Bars that were made of others are found, whatever made them; a market is left alone."""

from dataclasses import replace

import numpy as np
import pytest

from gpt_trader.data.checks.findings import MIDWAY, REPEATED, judge
from gpt_trader.data.checks.made import ALL_UP_TO, midway, repeated
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.times import DAY_MS, HOUR_MS, MINUTE_MS
from tests.power.worlds import World, market

WALK = market(World("walk", drift=0.4), 3)


def at(bars, close):
    """Return bars with other closes, each of which opens at the one before."""
    close = np.rint(close).astype(np.int64)
    opens = np.concatenate([bars.open[:1], close[:-1]])
    high, low = np.maximum(opens, close) + 50, np.minimum(opens, close) - 50
    return replace(bars, open=opens, close=close, high=high, low=np.maximum(low, 1))


def doubts(bars):
    return {f.kind: f.rows for f in judge(bars).doubts if f.kind in {MIDWAY, REPEATED}}


def every_second(close, mean):
    out = close.astype(np.float64)
    out[1:-1:2] = mean(out[:-2:2], out[2::2])
    return out


def lines(close, bars, apart):
    out = close.astype(np.float64)
    for k in range(apart, len(out) - bars - 1, apart):
        out[k : k + bars] = np.interp(np.arange(bars), [-1, bars], out[[k - 1, k + bars]])
    return out


@pytest.mark.parametrize(
    "made, least",
    [
        (every_second(WALK.close, lambda a, b: (a + b) / 2), 540),
        (every_second(WALK.close, lambda a, b: (a + b) // 2), 540),
        (every_second(WALK.close, lambda a, b: np.sqrt(a * b)), 300),
        (lines(WALK.close, 1, 20), 50),
        (lines(WALK.close, 12, 200), 55),
    ],
)
def test_closes_that_know_the_next_one(made, least):
    bars = at(WALK, made)
    assert doubts(bars)[MIDWAY] >= least
    assert set(np.flatnonzero(bars.close != WALK.close)) >= set(midway(bars)[:3])


def test_few_lines_are_a_note():
    (hours,) = synthetic_market(seed=4, products=["BTC-USD"], n_bars=6_000, interval_ms=HOUR_MS)
    found = judge(at(hours, lines(hours.close, 20, 2_000))).findings
    assert [f.weight for f in found if f.kind == MIDWAY] == ["note"]


def again(close, first, bars, to, scale=1.0):
    out = close.astype(np.float64)
    out[to : to + bars] = out[first : first + bars] * scale
    return out


@pytest.mark.parametrize("scale", [1.0, 0.37, 4.2])
@pytest.mark.parametrize("bars, to", [(365, 365), (365, 700), (40, 900)])
def test_a_stretch_that_comes_again(bars, to, scale):
    made = at(WALK, again(WALK.close, 0, bars, to, scale))
    rows = repeated(made)
    assert doubts(made) == {REPEATED: len(rows)}
    assert rows[0] == pytest.approx(to, abs=1)
    assert len(rows) == pytest.approx(bars, abs=2)


def test_a_stretch_of_very_many_bars():
    bars = market(World("minutes", days=100, interval_ms=MINUTE_MS), 1)
    assert len(bars) > ALL_UP_TO
    rows = repeated(at(bars, again(bars.close, 5_000, 2_000, 120_000)))
    assert (rows[0], rows[-1], len(rows)) == (pytest.approx(120_000, abs=1), 121_999, len(rows))
    assert not len(repeated(bars)) + len(midway(bars))


@pytest.mark.parametrize("interval_ms", [DAY_MS, HOUR_MS, MINUTE_MS])
def test_a_market_is_not_made_of_itself(interval_ms):
    for bars in synthetic_market(
        seed=9, products=["BTC-USD", "DOGE-USD", "ADA-USD"], n_bars=3_000, interval_ms=interval_ms
    ):
        assert len(midway(bars)) == len(repeated(bars)) == 0


def test_prices_in_steps_of_a_few_ticks_tell_nothing():
    rng = np.random.default_rng(2)
    bounce = at(WALK, 5_000 + np.cumsum(rng.choice([-1, 0, 1], len(WALK))))
    coarse = at(WALK, 5_000_000 + 100 * np.cumsum(rng.choice([-1, 0, 1], len(WALK))))
    assert doubts(bounce) == doubts(coarse) == {}


@pytest.mark.parametrize("n", [1, 2, 3, 24, 26])
def test_a_short_history(n):
    assert len(midway(WALK[:n])) == len(repeated(WALK[:n])) == 0
