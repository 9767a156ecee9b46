"""Binding test: a row of targets uses bars up to and including its own, and nothing later."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.market import EMPTY, market_of
from gpt_trader.strategy.registry import create
from gpt_trader.strategy.sight import Seen, part
from tests.strategies_helpers import (
    NAMES,
    answers,
    bits,
    random_bars,
    random_seen,
    seen_by,
    strategies,
)

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


def with_other_future(seen: Seen, rows: int, seed: int) -> Seen:
    """Keep what had closed by the end of the first rows of what is seen, and replace the rest."""
    if isinstance(seen, Bars):
        return with_future(seen, rows, seed)
    closed = int(seen.time[rows - 1]) + seen.interval_ms

    def other(bars: Bars) -> Bars:
        kept = int(np.searchsorted(bars.time + bars.interval_ms, closed, "right"))
        return with_future(bars, kept, seed) if kept else bars

    series = [other(bars) for bars in seen.bars.values()]
    return market_of(series, {name: other(read.bars) for name, read in seen.reads.items()} or EMPTY)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_last_row_of_a_prefix_equals_that_row_of_the_whole(name, data):
    strategy = data.draw(strategies(name))
    seen = data.draw(seen_by(strategy, N))
    whole = answers(strategy, seen)
    for rows in data.draw(st.lists(st.integers(1, N), min_size=1, max_size=8)):
        prefix = answers(strategy, part(strategy, seen, 0, rows))
        assert bits(prefix, rows - 1) == bits(whole, rows - 1)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_another_future_leaves_every_row_before_it_as_it_was(name, data):
    strategy = data.draw(strategies(name))
    seen = data.draw(seen_by(strategy, N))
    whole = bits(answers(strategy, seen), slice(None))
    rows = data.draw(st.integers(1, N - 1))
    other = with_other_future(seen, rows, data.draw(st.integers(0, 1000)))
    for column, kept in bits(answers(strategy, other), slice(rows)).items():
        assert kept == whole[column][: len(kept)], column


@pytest.mark.parametrize("name", NAMES)
def test_the_default_parameters_are_causal(name):
    strategy = create(name, {})
    seen = random_seen(strategy, strategy.min_bars + 120, seed=5, size=40_000)
    whole = answers(strategy, seen)
    for rows in range(strategy.min_bars - 1, len(seen), 13):
        prefix = answers(strategy, part(strategy, seen, 0, rows + 1))
        assert bits(prefix, rows) == bits(whole, rows)


@pytest.mark.parametrize("name", NAMES)
def test_every_column_has_a_row_for_every_bar(name):
    strategy = create(name, {})
    for n in (0, 1, 2, 60):
        found = answers(strategy, random_seen(strategy, n, seed=1))
        assert {len(one.weight) for one in found} == {n}
        assert {len(part) for part in bits(found, slice(None)).values()} == {8 * n}
