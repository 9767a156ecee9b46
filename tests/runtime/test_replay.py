"""Where two values first differ."""

import pytest

from gpt_trader.runtime.replay import ABSENT, first_difference


@pytest.mark.parametrize(
    "old, new, found",
    [
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}}, ("x.b.c", 2, 3)),
        ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 3}], ("x[1].a", 2, 3)),
        ([1], [1, 2], ("x[1]", ABSENT, 2)),
        ([1, 2], [1], ("x[1]", 2, ABSENT)),
        ({"a": 1}, {}, ("x.a", 1, ABSENT)),
        (1, [1], ("x", 1, [1])),
    ],
)
def test_the_first_difference_is_named_with_both_values(old, new, found):
    assert first_difference(old, new, "x") == found
