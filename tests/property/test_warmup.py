"""Binding test: a trailing window of `warmup` bars says what the full history says, bitwise."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gpt_trader.strategy.registry import create
from gpt_trader.strategy.sight import part
from tests.strategies_helpers import NAMES, answers, bits, random_seen, seen_by, strategies, waits

EXTRA = 60  # rows older than the first window: the history that must not matter


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_last_row_of_a_trailing_window_equals_the_full_history(name, data):
    strategy = data.draw(strategies(name))
    need = strategy.warmup
    n = need + EXTRA
    seen = data.draw(seen_by(strategy, n))
    whole = answers(strategy, seen)
    for row in data.draw(st.lists(st.integers(need - 1, n - 1), min_size=1, max_size=4)):
        window = part(strategy, seen, row + 1 - need, row + 1)
        assert bits(answers(strategy, window), need - 1) == bits(whole, row)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kinds", [("walk",), ("walk", "flat"), ("crash", "trend", "zigzag")])
@pytest.mark.parametrize("keep", [1.0, 0.8])
def test_the_default_parameters_forget_what_they_say_they_forget(name, kinds, keep):
    strategy = create(name, {})
    need = strategy.warmup
    seen = random_seen(strategy, need + 400, seed=11, keep=keep, kinds=kinds, size=9_000)
    whole = answers(strategy, seen)
    for row in range(need - 1, len(seen), 57):
        window = part(strategy, seen, row + 1 - need, row + 1)
        assert bits(answers(strategy, window), need - 1) == bits(whole, row)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_there_is_no_opinion_before_min_bars_and_one_from_then_on(name, data):
    """One that decides at turns may wait for its next one, which its window holds."""
    strategy = data.draw(strategies(name))
    assume("@1d" not in str(strategy))  # of days there may be none
    first = strategy.min_bars - 1
    latest = strategy.warmup - 1 if waits(strategy) else first
    assert strategy.min_bars <= strategy.warmup
    seen = data.draw(seen_by(strategy, latest + 20, keeps=(1.0,)))
    for said in answers(strategy, seen):
        assert np.isnan(said.weight[:first]).all()
        # hold never has one, an ensemble of hold neither, accumulate none when it is done
        if name not in {"hold", "ensemble", "accumulate"}:
            assert np.isfinite(said.weight[latest:]).all()
            assert (np.abs(said.weight[latest:]) <= 1).all()
