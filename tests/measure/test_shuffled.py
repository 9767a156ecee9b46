"""Bars in another order: the same moves, none of their order."""

from dataclasses import replace

import numpy as np

from gpt_trader.measure.shuffled import block_bars, shuffle
from tests.strategies_helpers import random_bars


def numbered(rows, seed):
    """Return bars whose volume is the number of the row."""
    return replace(random_bars(rows, seed), volume=np.arange(rows, dtype=np.float64))


def moves(bars):
    before = np.concatenate([bars.open[:1], bars.close[:-1]])
    return bars.close / before


def test_the_moves_are_the_same_in_another_order():
    bars = numbered(1_000, 1)
    (other,) = shuffle([bars], seed=3)
    assert np.array_equal(other.time, bars.time)
    assert abs(other.close[-1] / bars.close[-1] - 1.0) < 1e-6
    assert not np.array_equal(other.close, bars.close)
    assert np.allclose(np.sort(moves(other)), np.sort(moves(bars)), rtol=1e-4)
    assert sorted(other.volume) == sorted(bars.volume)
    assert (other.high >= np.maximum(other.open, other.close)).all()
    assert (other.low <= np.minimum(other.open, other.close)).all()
    assert (other.low >= 1).all()


def test_blocks_stay_whole():
    assert block_bars(1_000) == 10
    assert block_bars(1) == 1
    (other,) = shuffle([numbered(1_000, 1)], seed=3)
    assert 0.9 <= np.mean(np.diff(other.volume) == 1.0) < 0.95


def test_a_seed_gives_one_order_and_products_share_it():
    one, two = numbered(300, 1), numbered(300, 2)
    a, b = shuffle([one, two], seed=3)
    again, _ = shuffle([one, two], seed=3)
    assert again.close.tobytes() == a.close.tobytes()
    assert np.array_equal(b.volume, a.volume)
    (other,) = shuffle([one], seed=4)
    assert other.close.tobytes() != a.close.tobytes()


def test_a_single_bar_stays():
    bars = random_bars(300, 1)[:1]
    (other,) = shuffle([bars], seed=1)
    assert other.close.tobytes() == bars.close.tobytes()
