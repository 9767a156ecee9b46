"""A window is a value: bars appended behind it, by one or by several, never change it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.domain.bars import Bar, bars_from_rows
from gpt_trader.engine.window import SPARE_ROWS, Window, window_of
from tests.engine_helpers import COIN, HOUR

COLUMNS = ("time", "open", "high", "low", "close", "volume", "funding_rate", "quotes")


def bar(i: int) -> Bar:
    return Bar("COIN-USD", i * HOUR, 10 + i, 30 + i, 1 + i, 20 + i, float(i), i / 8)


def assert_holds(window: Window, numbers: list[int]) -> None:
    """The window's rows and columns are the bars of these numbers."""
    assert window.rows == [bar(i) for i in numbers]
    expected = bars_from_rows(COIN, HOUR, window.rows)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(window.bars, name), getattr(expected, name))


@given(keep=st.integers(1, 5), asked=st.lists(st.booleans(), min_size=1, max_size=40))
def test_a_window_keeps_its_newest_bars_and_is_cut_when_twice_as_long(keep, asked):
    window = window_of(COIN, HOUR, [bar(0)])
    numbers = [0]
    for i, look in enumerate(asked, 1):
        window = window.appended(bar(i), keep)
        numbers.append(i)
        if len(numbers) >= 2 * keep:
            numbers = numbers[-keep:]
        if look:
            assert_holds(window, numbers)
    assert_holds(window, numbers)


@given(look=st.booleans())
def test_two_futures_of_one_window_do_not_meet(look):
    past = window_of(COIN, HOUR, [bar(0), bar(1)])
    if look:
        assert len(past.bars) == 2
    one, other = past.appended(bar(2), 8), past.appended(bar(7), 8)
    one = one.appended(bar(3), 8)
    assert_holds(one, [0, 1, 2, 3])
    assert_holds(other, [0, 1, 7])
    assert_holds(past, [0, 1])


def test_a_full_block_is_left_to_its_windows():
    window = old = window_of(COIN, HOUR, [bar(0)])
    seen = window.bars
    for i in range(1, 3 * SPARE_ROWS):
        window = window.appended(bar(i), 3)
        if i == 4:
            old, seen = window, window.bars
    assert_holds(old, [0, 1, 2, 3, 4])
    assert seen.close.tolist() == [20, 21, 22, 23, 24]
    assert window.rows[-1] == bar(3 * SPARE_ROWS - 1)
