"""What the engine calls bar by bar: each number arrives under its own name."""

from collections.abc import Callable
from inspect import signature

import pytest

from gpt_trader.kernel.entries import Terms, decide_product, mark_account, read_entry
from gpt_trader.kernel.marks import Marks
from gpt_trader.kernel.readings import Outside


@pytest.mark.parametrize(
    "entry, taken",
    [
        (mark_account, Marks._fields),
        (read_entry, Marks._fields + Outside._fields),
        (decide_product, Marks._fields + Outside._fields + Terms._fields),
    ],
)
def test_values_passed_by_place_have_the_names_of_their_fields_in_order(
    entry: Callable[..., object], taken: tuple[str, ...]
) -> None:
    assert tuple(signature(entry).parameters)[-len(taken) :] == taken
