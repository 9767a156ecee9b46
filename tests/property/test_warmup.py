"""Binding test: a trailing window of `warmup` bars says what the full history says, bitwise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt_trader.strategy.registry import create
from tests.strategies_helpers import NAMES, bits, markets, random_bars, strategies

EXTRA = 60  # rows older than the first window: the history that must not matter


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_last_row_of_a_trailing_window_equals_the_full_history(name, data):
    strategy = data.draw(strategies(name))
    need = strategy.warmup
    n = need + EXTRA
    bars = data.draw(markets(n))
    whole = strategy.targets(bars)
    for row in data.draw(st.lists(st.integers(need - 1, n - 1), min_size=1, max_size=4)):
        window = bars[row + 1 - need : row + 1]
        assert bits(strategy.targets(window), need - 1) == bits(whole, row)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kinds", [("walk",), ("walk", "flat"), ("crash", "trend", "zigzag")])
def test_the_default_parameters_forget_what_they_say_they_forget(name, kinds):
    strategy = create(name, {})
    need = strategy.warmup
    bars = random_bars(need + 400, seed=11, kinds=kinds, size=9_000)
    whole = strategy.targets(bars)
    for row in range(need - 1, len(bars), 57):
        window = strategy.targets(bars[row + 1 - need : row + 1])
        assert bits(window, need - 1) == bits(whole, row)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_there_is_no_opinion_before_min_bars_and_one_from_then_on(name, data):
    strategy = data.draw(strategies(name))
    bars = data.draw(markets(strategy.min_bars + 20))
    weight = strategy.targets(bars).weight
    first = strategy.min_bars - 1
    assert strategy.min_bars <= strategy.warmup
    assert np.isnan(weight[:first]).all()
    if name not in {"hold", "ensemble"}:  # hold never has one; an ensemble of hold neither
        assert np.isfinite(weight[first:]).all()
        assert (np.abs(weight[first:]) <= 1).all()
