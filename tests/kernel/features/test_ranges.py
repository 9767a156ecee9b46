"""Volatility from returns and from ranges, by hand and against what made the prices."""

import numpy as np
import pytest

from gpt_trader.kernel.features.ranges import garman_klass, realized_volatility


def test_realized_volatility_is_the_root_of_the_mean_square():
    moves = np.array([0.01, -0.02, 0.03])
    close = 100.0 * np.exp(np.concatenate([[0.0], np.cumsum(moves)]))
    got = realized_volatility(close, 3)
    assert np.isnan(got[:3]).all()
    assert got[3] == pytest.approx(np.sqrt((moves**2).mean()))


def test_garman_klass_by_hand():
    u, c = np.log(1.1), np.log(1.05)
    got = garman_klass(np.full(2, 100.0), np.full(2, 108.9), np.full(2, 99.0),
                       np.full(2, 105.0), 2)  # fmt: skip
    assert got[-1] == pytest.approx(np.sqrt(u * u / 2 - (2 * np.log(2) - 1) * c * c))
    flat = np.full(5, 7.0)
    assert garman_klass(flat, flat, flat, flat, 3)[-1] == 0.0


def test_both_find_the_volatility_of_a_random_walk():
    rng = np.random.default_rng(3)
    steps = rng.normal(0.0, 0.001, (4_000, 400))  # of each bar, many small ones
    path = np.exp(np.cumsum(steps.ravel())).reshape(steps.shape)
    opens = np.concatenate([[1.0], path[:-1, -1]])
    high, low = np.maximum(path.max(axis=1), opens), np.minimum(path.min(axis=1), opens)
    true = 0.001 * np.sqrt(400)
    assert realized_volatility(path[:, -1], 3_000)[-1] == pytest.approx(true, rel=0.03)
    assert garman_klass(opens, high, low, path[:, -1], 3_000)[-1] == pytest.approx(true, rel=0.05)
