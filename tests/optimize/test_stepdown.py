"""Resampling all points at once: against other forms, and on noise."""

from statistics import NormalDist

import numpy as np
import pytest

from gpt_trader.optimize import stepdown
from gpt_trader.optimize.stepdown import RESAMPLES, beyond, resample_days

LEVEL = 0.05


def points(seed, k, n=400, shared=0.0):
    rng = np.random.default_rng(seed)
    common = rng.normal(0.0, 0.02, (1, n))
    return np.sqrt(shared) * common + np.sqrt(1.0 - shared) * rng.normal(0.0, 0.02, (k, n))


def adjust(rows, level):
    return stepdown.adjust(rows, resample_days(rows.shape[1]), level)


def exactly(rows, score):
    """Move each row so that its t statistic is `score`."""
    n = rows.shape[1]
    return (
        rows
        - rows.mean(axis=1, keepdims=True)
        + (score * rows.std(axis=1, ddof=1, keepdims=True) / np.sqrt(n))
    )


def test_one_point_is_a_t_test():
    for score in (0.5, 1.5, 2.5):
        found = adjust(exactly(points(1, 1), score), LEVEL)
        assert found.score[0] == pytest.approx(score, rel=1e-9)
        assert found.p_value[0] == pytest.approx(1 - NormalDist().cdf(score), abs=0.03)
    assert found.critical[0] == pytest.approx(1.645, abs=0.3)


def test_independent_points_cost_what_sidak_says_and_copies_nothing():
    apart = exactly(points(2, 50), 0.0)
    apart[:1] = exactly(apart[:1], 3.0)
    alone = 1 - NormalDist().cdf(3.0)
    found = adjust(apart, LEVEL)
    assert found.p_value[0] == pytest.approx(1 - (1 - alone) ** 50, abs=0.03)
    alike = exactly(points(2, 1).repeat(50, axis=0) + 1e-6 * points(3, 50), 3.0)
    assert adjust(alike, LEVEL).p_value[0] == pytest.approx(alone, abs=0.005)
    assert adjust(alike, LEVEL).critical[0] < found.critical[0] - 1.0


def test_stepping_down():
    """A point is held against those that are no better: the best one's excellence costs nothing."""
    rows = exactly(points(4, 3), 0.0)
    rows[0] = exactly(rows[:1], 6.0)[0]
    rows[1] = exactly(rows[1:2], 2.2)[0]
    found = adjust(rows, LEVEL)
    assert found.p_value[0] == 1 / (RESAMPLES + 1)
    pair = adjust(rows[1:], LEVEL)
    assert found.p_value[1] == pair.p_value[0]
    assert found.p_value[2] == pair.p_value[1] > found.p_value[1] > found.p_value[0]


def test_a_chance_is_at_most_the_level_from_the_critical_score_on():
    rows = points(5, 20)
    best = int(adjust(rows, LEVEL).score.argmax())
    critical = adjust(rows, LEVEL).critical[best]
    for factor, is_proof in ((0.999, False), (1.001, True)):
        other = rows.copy()
        other[best] = exactly(rows[best : best + 1], critical * factor)[0]
        assert bool(adjust(other, LEVEL).p_value[best] <= LEVEL) is is_proof


@pytest.mark.compiled
def test_noise_is_called_proven_as_often_as_was_asked_for():
    days = resample_days(250)
    for shared in (0.0, 0.9):
        found = [
            stepdown.adjust(points(s, 20, 250, shared), days, LEVEL).p_value.min()
            for s in range(200)
        ]
        assert 0.01 <= np.mean(np.array(found) <= LEVEL) <= 0.1


def test_each_resample_draws_as_many_days():
    counts = resample_days(200)
    assert counts.shape == (RESAMPLES, 200)
    assert (counts.sum(axis=1) == 200).all()
    assert counts.mean(axis=0) == pytest.approx(1.0, abs=0.5)
    assert np.array_equal(counts, resample_days(200))
    assert not np.array_equal(counts, resample_days(200, seed=1))


def test_what_does_not_move_has_no_chance():
    rows = np.vstack([np.zeros(300), points(1, 2, 300)])
    found = adjust(rows, LEVEL)
    assert found.p_value[0] == 1.0
    assert np.isnan(found.score[0])
    assert np.isnan(found.critical[0])
    assert (adjust(rows[:1], LEVEL).p_value == 1.0).all()


def test_beyond_the_market_is_the_rest_of_a_regression():
    rng = np.random.default_rng(3)
    market = rng.normal(0.001, 0.03, 500)
    rows = np.vstack([0.4 * market, 0.4 * market + 0.002, rng.normal(0.0, 0.01, 500)])
    found = beyond(rows, market)
    assert found[0] == pytest.approx(0.0, abs=1e-15)
    assert found[1] == pytest.approx(0.002, abs=1e-15)
    line = np.polyfit(market, rows[2], 1)
    assert found[2] == pytest.approx(rows[2] - line[0] * market)
    assert np.array_equal(beyond(rows, np.zeros(500)), rows)
