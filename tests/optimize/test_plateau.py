"""Plateaus: the median of a point and its neighbors decides, never a lone peak."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.optimize.plateau import choose, plateau_scores


def by_hand(scores, shape):
    """The rule as it is written, point by point."""
    grid = scores.reshape(shape)
    out = np.full(shape, np.nan)
    for at in np.ndindex(*shape):
        if np.isnan(grid[at]):
            continue
        near = [
            grid[other]
            for other in np.ndindex(*shape)
            if max(abs(a - b) for a, b in zip(at, other, strict=True)) <= 1
        ]
        out[at] = np.median([v for v in near if not np.isnan(v)])
    return out.ravel()


@given(st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_plateau_scores_are_the_rule_point_by_point(dims, seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 5, dims).tolist())
    scores = rng.normal(size=int(np.prod(shape)))
    scores[rng.random(len(scores)) < 0.3] = np.nan
    np.testing.assert_array_equal(plateau_scores(scores, shape), by_hand(scores, shape))


def test_a_plateau_is_chosen_before_a_higher_spike():
    grid = np.zeros((7, 7))
    grid[1, 1] = 9.0  # a spike
    grid[4:7, 4:7] = 2.0
    grid[5, 5] = 2.5
    assert choose(grid.ravel(), grid.shape) == 5 * 7 + 5


def test_equal_plateaus_go_to_the_higher_score_then_to_the_first():
    assert choose(np.array([1.0, 1.0, 1.0]), (3,)) == 0
    assert choose(np.array([1.0, 1.0, 3.0, 1.0, 1.0]), (5,)) == 2


@pytest.mark.parametrize("shape", [(2,), (1, 2)])
def test_nothing_is_chosen_where_nothing_has_a_score(shape):
    assert choose(np.full(2, np.nan), shape) is None
    assert choose(np.array([np.nan, -1.0]), shape) == 1
