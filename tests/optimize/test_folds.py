"""Folds: tests follow one another to the end, and no choice reaches into its test."""

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gpt_trader.errors import UsageError
from gpt_trader.optimize.folds import MIN_TEST_DAYS, make_folds


@given(st.integers(10, 4000), st.integers(1, 40))
def test_folds_never_overlap_and_cover_the_days_after_the_first_choice(days, count):
    assume(days // (count + 1) >= MIN_TEST_DAYS)
    folds = make_folds(days, count)
    assert len(folds) == count
    assert folds[-1].end == days
    assert all(before.end == after.split for before, after in pairwise(folds))
    assert len({fold.end - fold.split for fold in folds}) == 1
    assert folds[0].split >= folds[0].end - folds[0].split >= MIN_TEST_DAYS


@pytest.mark.parametrize("days, count, said", [(100, 0, "1 or more"), (29, 5, "4 days a test")])
def test_folds_that_are_too_short_are_refused(days, count, said):
    with pytest.raises(UsageError, match=said):
        make_folds(days, count)
