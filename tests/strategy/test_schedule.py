"""Rows at which is decided, and what stands between them."""

import numpy as np

from gpt_trader.strategy.schedule import TURNS, rows_back, schedule

HOUR = 3_600_000


def test_is_decided_at_multiples_since_the_epoch_and_stands_until_the_next():
    turns = schedule(np.arange(4, 14) * HOUR, HOUR, 5, 0)
    assert turns.rows.tolist() == [1, 6]  # the hours 5 and 10
    assert turns.place.tolist() == [-1, 0, 0, 0, 0, 0, 1, 1, 1, 1]
    np.testing.assert_array_equal(
        turns.stand(np.array([0.1, 0.2])), [np.nan] + [0.1] * 5 + [0.2] * 4
    )


def test_nothing_is_decided_before_the_first_row_that_may():
    assert schedule(np.arange(10) * HOUR, HOUR, 3, 4).rows.tolist() == [6, 9]
    none = schedule(np.arange(10) * HOUR, HOUR, 3, 10)
    assert np.isnan(none.stand(np.empty(0))).all()
    assert schedule(np.empty(0, np.int64), HOUR, 3, 0).stand(np.empty(0)).tolist() == []


def test_a_decision_whose_successors_are_absent_ends_after_some_turns():
    hours = np.array([h for h in range(40) if h == 0 or h % 3])
    turns = schedule(hours * HOUR, HOUR, 3, 0)
    stands = hours[turns.place == 0]
    assert stands.tolist() == [h for h in hours if h < 3 * TURNS]
    assert len(stands) - 1 == rows_back(3)


def test_the_oldest_decision_that_stands_is_as_far_back_as_said():
    hours = np.delete(np.arange(60), [12, 24, 36])
    turns = schedule(hours * HOUR, HOUR, 12, 0)
    assert np.flatnonzero(turns.place == 0)[-1] == rows_back(12)
    assert turns.place[rows_back(12) + 1] == 1
