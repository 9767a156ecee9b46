"""Parameters: from text to typed values, within their ranges."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader.errors import UsageError
from gpt_trader.strategy.base import param, params_of
from gpt_trader.strategy.params import check_ranges, coerce, range_of
from gpt_trader.strategy.registry import create
from gpt_trader.strategy.sma_cross import SmaCross


@dataclass(frozen=True)
class Sample:
    name: ClassVar[str] = "sample"
    count: int = param(3, 1, 9, doc="some number")
    least: float = param(0.5, 0.1, doc="bounded below")
    most: float = param(0.5, None, 2.0, doc="bounded above")
    loud: bool = param(False, doc="or not")
    word: str = param("a", doc="text")


@pytest.mark.parametrize(
    "key, given, typed",
    [
        ("count", "4", 4),
        ("count", " 4 ", 4),
        ("count", 4, 4),
        ("count", 4.0, 4),
        ("least", "1e-1", 0.1),
        ("least", 1, 1.0),
        ("loud", "TRUE", True),
        ("loud", "off", False),
        ("loud", True, True),
        ("loud", 0, False),
        ("word", "b", "b"),
        ("word", 5, "5"),
    ],
)
def test_a_value_becomes_the_type_of_its_parameter(key, given, typed):
    got = coerce(Sample, {key: given})[key]
    assert got == typed
    assert type(got) is type(typed)


@pytest.mark.parametrize(
    "key, given",
    [
        ("count", "4.5"),
        ("count", 4.5),
        ("count", "four"),
        ("count", True),
        ("count", ""),
        ("least", "nan"),
        ("least", "inf"),
        ("least", float("nan")),
        ("least", False),
        ("loud", "maybe"),
        ("loud", 2),
        ("count", np.arange(3)),
        ("count", [1, 2]),
        ("least", {"a": 1.0}),
        ("word", np.arange(3)),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(key, given):
    with pytest.raises(UsageError, match=f"expected {key} of sample to be") as refused:
        coerce(Sample, {key: given})
    assert refused.value.hint.startswith(f"{key}: ")


def test_an_unknown_parameter_names_the_nearest():
    with pytest.raises(UsageError, match="sma_cross has no parameter 'fats'") as refused:
        create("sma_cross", {"fats": "10"})
    assert refused.value.hint == "did you mean fast?"


def test_an_unknown_parameter_like_no_other_lists_them():
    with pytest.raises(UsageError) as refused:
        create("sma_cross", {"zzz": "10"})
    assert refused.value.hint == "its parameters: fast, slow, weight"
    with pytest.raises(UsageError) as refused:
        create("hold", {"zzz": "10"})
    assert refused.value.hint == "its parameters: none"


@pytest.mark.parametrize("given", [0, 2001, -5])
def test_a_value_out_of_range_names_the_range(given):
    with pytest.raises(UsageError, match=f"fast of sma_cross in 1 to 2000, was {given}"):
        create("sma_cross", {"fast": given})


@pytest.mark.parametrize("given", [1, 9])
def test_the_ends_of_a_range_are_allowed(given):
    check_ranges(Sample(count=given))


@pytest.mark.parametrize(
    "made, said",
    [
        (Sample(least=0.05), "0.1 and up"),
        (Sample(most=2.5), "up to 2.0"),
        (Sample(least=float("nan")), "0.1 and up"),
        (Sample(count=4.0), "a whole number"),
        (Sample(count=True), "a whole number"),
        (Sample(loud=1), "true or false"),
        (Sample(word=1), "text"),
    ],
)
def test_a_wrong_value_is_refused_however_it_came_in(made, said):
    with pytest.raises(UsageError, match=said):
        check_ranges(made)


def test_a_whole_number_will_do_for_a_number():
    check_ranges(Sample(least=1))


def test_a_strategy_made_by_hand_is_checked_too():
    with pytest.raises(UsageError, match="weight of sma_cross in"):
        SmaCross(weight=1.5)


def test_ranges_in_words():
    shown = [range_of(p) for p in params_of(Sample)]
    assert shown == ["1 to 9", "0.1 and up", "up to 2.0", "true or false", ""]
