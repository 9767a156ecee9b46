"""What a strategy answers is checked, and named by the first bar that is wrong."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from gpt_trader.domain.targets import Condition, Target, Targets
from gpt_trader.errors import StrategyError
from gpt_trader.strategy.answers import (
    MEMORY_BYTES,
    ask_on_bar,
    ask_targets,
)
from gpt_trader.strategy.asked import without_early_opinions
from tests.strategies_helpers import random_bars

BARS = random_bars(20, seed=1)
ONES = np.ones(20)


@dataclass(frozen=True)
class Says:
    """Answers what it is given."""

    name: ClassVar[str] = "says"
    min_bars: ClassVar[int] = 8
    warmup: ClassVar[int] = 6
    answer: Any

    def targets(self, bars):
        return self.answer

    def on_bar(self, view, memory):
        return self.answer(view, memory)


def at(row, value, others=0.5):
    column = np.full(20, others)
    column[row] = value
    return column


@pytest.mark.parametrize(
    "targets, said",
    [
        (Targets(at(3, 1.01)), "weight 1.01 for the .* bar at 1970-01-01T03"),
        (Targets(at(3, -np.inf)), "weight -inf .* within -1 and 1"),
        (Targets(ONES, stop=at(4, 0.0)), "stop 0 .* bar at 1970-01-01T04.* above 0 and below 1"),
        (Targets(ONES, trail=at(4, 1.0)), "trail 1 "),
        (Targets(ONES, take_profit=at(4, -0.1)), "take_profit -0.1 "),
        (Targets(ONES, max_bars=at(4, -1, 3)), "max_bars -1 .* 0 or more"),
        (Targets(ONES, stop=np.ones(3)), "3 rows of stop for 20 bars"),
        (Targets(ONES, conditions=("x",)), "expected a Condition"),
        (Targets(ONES, conditions=(Condition("x", ONES[1:], ONES),)), "19 rows of value of x"),
    ],
)
def test_a_value_out_of_range_is_refused(targets, said):
    with pytest.raises(StrategyError, match=said) as refused:
        ask_targets(Says(targets), BARS)
    assert refused.value.where.startswith(__file__)


ALIGNED, LATER = (pd.Series(ONES, index=pd.RangeIndex(i, 20 + i)) for i in (0, 1))


@pytest.mark.parametrize(
    "value, threshold, said", [(LATER, ONES, "value of up"), (ONES, LATER, "threshold of up")]
)
def test_a_condition_of_other_times_is_refused(value, threshold, said):
    wrong = (Condition("up", value, threshold),)
    with pytest.raises(StrategyError, match=f"gave {said} as a Series of other times"):
        ask_targets(Says(Targets(ONES, conditions=wrong)), BARS)
    late = ask_targets(Says(Targets(ONES, conditions=lambda: wrong)), BARS)
    with pytest.raises(StrategyError, match=f"gave {said} as a Series of other times"):
        late.reasons()
    right = (Condition("up", ALIGNED, ALIGNED.set_axis(BARS.time)),)
    assert len(ask_targets(Says(Targets(ONES, conditions=right)), BARS).reasons()) == 1


def test_protection_counts_only_where_something_is_held():
    weight = np.where(np.arange(20) < 10, np.nan, 0.5)
    ask_targets(Says(Targets(weight, stop=np.where(np.arange(20) < 10, 0.0, 0.1))), BARS)
    ask_targets(Says(Targets(ONES, take_profit=at(4, 5.0), stop=at(3, np.nan))), BARS)


def test_only_the_newest_row_is_checked_where_only_it_counts():
    ask_targets(Says(Targets(at(3, 7.0))), BARS, newest_only=True)
    with pytest.raises(StrategyError, match="bar at 1970-01-01T19"):
        ask_targets(Says(Targets(at(19, 7.0))), BARS, newest_only=True)


def test_columns_become_numbers():
    found = ask_targets(Says(Targets([True] * 20, max_bars=[3] * 20)), BARS)
    assert (found.weight.dtype, found.max_bars.dtype) == (np.float64, np.int64)


def test_opinions_before_min_bars_are_none():
    weight = without_early_opinions(Targets(ONES), 8).weight
    assert np.isnan(weight).tolist() == [True] * 7 + [False] * 13
    assert ONES.all()


def test_a_bar_strategy_is_asked_from_min_bars_on_with_warmup_bars():
    views = []

    def answer(view, memory):
        views.append((len(view), memory))
        return Target(0.5), {"n": (1, 2)}

    says = Says(answer)
    assert ask_on_bar(says, BARS[:7], 7, None) == (None, None)
    assert views == []
    assert ask_on_bar(says, BARS[:8], 8, None)[1] == {"n": [1, 2]}
    assert views == [(6, None)]


@pytest.mark.parametrize("memory", [{1, 2}, float("nan"), "\ud800", np.int64(1), {(1,): 2}])
def test_a_memory_that_is_not_json_is_refused(memory):
    with pytest.raises(StrategyError, match="memory that is not JSON"):
        ask_on_bar(Says(lambda *_: (None, memory)), BARS, 20, None)


def test_reasons_left_for_later_are_computed_once_and_then_checked():
    asked = []

    def later():
        asked.append(1)
        return (Condition("x", ONES[1:] if len(asked) > 1 else ONES, ONES),)

    found = ask_targets(Says(Targets(ONES, conditions=later)), BARS)
    assert asked == []
    assert [found.row(i).readings[0].label for i in range(3)] == ["x"] * 3
    assert asked == [1]
    wrong = ask_targets(Says(Targets(ONES, conditions=later)), BARS)
    with pytest.raises(StrategyError, match="19 rows of value of x"):
        list(wrong.row(0).readings)


def test_a_memory_that_grows_without_end_is_refused_with_its_size():
    def keeps(size):
        text = "x" * (size - 2)  # and its quotation marks
        return ask_on_bar(Says(lambda *_: (None, text)), BARS, 20, None)

    assert len(keeps(MEMORY_BYTES)[1]) == MEMORY_BYTES - 2
    with pytest.raises(StrategyError, match="a memory of 16,385 bytes, expected at most 16,384"):
        keeps(MEMORY_BYTES + 1)
