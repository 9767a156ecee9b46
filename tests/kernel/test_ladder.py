"""How many levels of a grid are bought."""

import numpy as np

from gpt_trader.kernel.ladder import levels_held


def held(close, *, place=None, low=(100.0,), high=(140.0,), levels=4, stop=0.1):
    places = np.zeros(len(close), np.int64) if place is None else np.array(place)
    found = levels_held(np.array(close), places, np.array(low), np.array(high), levels, stop)
    return found.tolist()


def test_a_level_is_bought_at_its_price_and_sold_a_step_higher():
    assert held([120, 111, 110, 119, 120, 121, 130, 129, 140]) == [2, 2, 3, 3, 2, 2, 1, 1, 0]


def test_the_levels_above_the_first_close_are_bought_at_once():
    assert held([101]) == [3]
    assert held([100]) == [4]
    assert held([150, 131, 130]) == [0, 0, 1]


def test_below_the_range_all_is_held_and_below_the_stop_nothing_until_the_next_grid():
    assert held([95, 90, 89, 120]) == [4, 4, 0, 0]
    again = held([95, 89, 120, 120], place=[0, 0, 0, 1], low=(100.0, 80.0), high=(140.0, 160.0))
    assert again == [4, 0, 0, 2]


def test_without_a_grid_or_a_range_nothing_is_held():
    assert np.isnan(held([120], place=[-1])).all()
    assert held([120, 120], low=(120.0,), high=(120.0,)) == [0, 0]
