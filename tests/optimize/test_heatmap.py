"""Heat maps: cells stand where their parameters are, the best of what is left over."""

import numpy as np

from gpt_trader.optimize.heatmap import heat_map
from gpt_trader.optimize.space import Axis, make_space
from gpt_trader.strategy.sma_cross import SmaCross

FAST, SLOW = Axis("fast", (2, 4, 6)), Axis("slow", (5, 10))


def test_rows_are_the_second_parameter_and_columns_the_first():
    space = make_space(SmaCross, [FAST, SLOW])
    scores = np.array([1.0, 2.0, 3.0, 4.0, np.nan, 6.0])
    found = heat_map(space, scores, 3)
    np.testing.assert_array_equal(found.values, [[1.0, 3.0, np.nan], [2.0, 4.0, 6.0]])
    assert (found.x.name, found.y.name, found.over, found.chosen) == ("fast", "slow", (), (1, 1))


def test_one_parameter_is_one_row():
    space = make_space(SmaCross, [FAST], {"slow": 50})
    found = heat_map(space, np.array([1.0, 2.0, 3.0]), 2)
    assert found.y is None
    assert found.values.tolist() == [[1.0, 2.0, 3.0]]
    assert found.chosen == (0, 2)


def test_of_further_parameters_the_best_is_shown():
    space = make_space(SmaCross, [FAST, SLOW, Axis("weight", (0.5, 1.0))])
    scores = np.arange(12.0)
    scores[::2] = np.nan
    scores[[8, 9]] = np.nan
    found = heat_map(space, scores, 7)
    np.testing.assert_array_equal(found.values, [[1.0, 5.0, np.nan], [3.0, 7.0, 11.0]])
    assert found.over == ("weight",)
    assert found.chosen == (1, 1)


def test_fewer_than_two_scores_say_nothing():
    space = make_space(SmaCross, [FAST, SLOW])
    scores = np.full(6, np.nan)
    assert not heat_map(space, scores, None).says_something
    scores[3] = 1.0
    assert not heat_map(space, scores, 3).says_something
    scores[0] = 1.0
    assert heat_map(space, scores, 3).says_something
