"""Binding test: a row of targets uses bars up to and including its own, and nothing later."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt_trader.domain.bars import Bars
from tests.strategies_helpers import NAMES, bits, markets, random_bars, strategies

N = 90


def with_future(bars: Bars, rows: int, seed: int) -> Bars:
    """Keep the first rows and replace all later ones by another market."""
    other = random_bars(len(bars), seed, start=int(bars.close[-1]) // 3 + 7, size=11)

    def spliced(word: str) -> np.ndarray:
        return np.concatenate([getattr(bars, word)[:rows], getattr(other, word)[rows:]])

    prices = {word: spliced(word) for word in ("open", "high", "low", "close")}
    return Bars(
        bars.product,
        bars.interval_ms,
        bars.time,
        **prices,
        volume=spliced("volume") * 3,
        funding_rate=spliced("funding_rate") + 0.1 * (np.arange(len(bars)) >= rows),
    )


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_last_row_of_a_prefix_equals_that_row_of_the_whole(name, data):
    strategy = data.draw(strategies(name))
    bars = data.draw(markets(N))
    whole = strategy.targets(bars)
    for rows in data.draw(st.lists(st.integers(1, N), min_size=1, max_size=8)):
        prefix = strategy.targets(bars[:rows])
        assert bits(prefix, rows - 1) == bits(whole, rows - 1)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_another_future_leaves_every_row_before_it_as_it_was(name, data):
    strategy = data.draw(strategies(name))
    bars = data.draw(markets(N))
    whole = bits(strategy.targets(bars), slice(None))
    rows = data.draw(st.integers(1, N - 1))
    changed = strategy.targets(with_future(bars, rows, data.draw(st.integers(0, 1000))))
    for column, kept in bits(changed, slice(rows)).items():
        assert kept == whole[column][: len(kept)], column


@pytest.mark.parametrize("name", NAMES)
def test_the_default_parameters_are_causal(name):
    from gpt_trader.strategy.registry import create

    strategy = create(name, {})
    bars = random_bars(strategy.min_bars + 120, seed=5, size=40_000)
    whole = strategy.targets(bars)
    for rows in range(strategy.min_bars - 1, len(bars), 13):
        assert bits(strategy.targets(bars[: rows + 1]), rows) == bits(whole, rows)


@pytest.mark.parametrize("name", NAMES)
def test_every_column_has_a_row_for_every_bar(name):
    from gpt_trader.strategy.registry import create

    for n in (0, 1, 2, 60):
        targets = create(name, {}).targets(random_bars(n, seed=1))
        assert len(targets.weight) == n
        assert {len(part) for part in bits(targets, slice(None)).values()} == {8 * n}
