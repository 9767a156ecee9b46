"""What a product's last decision says of the bars to come."""

from math import nan

import numpy as np
import pytest

from gpt_trader.kernel.calm import ALWAYS, CALM, is_calm, note
from gpt_trader.kernel.codes import (
    ACT_ENTER,
    FIRST_REFUSAL,
    HOLD_ENTRY_MISSED,
    HOLD_FLAT,
    HOLD_IN_BAND,
    HOLD_NO_OPINION,
    HOLD_STOPPED_OUT,
)
from gpt_trader.kernel.slot import new_slots
from tests.kernel.rows import NO_LIMITS, bounded, holding

BOUNDS = bounded(NO_LIMITS | {"max_product": 0.5})


def noted(slots, code):
    """Return for how many bars a decision may stand, and what was noted."""
    calms = np.zeros(1, CALM)
    return note(slots[0], code, BOUNDS, calms[0]), calms[0]


@pytest.mark.parametrize(
    "code, bars",
    [
        (HOLD_FLAT, ALWAYS),
        (HOLD_STOPPED_OUT, ALWAYS),
        (HOLD_NO_OPINION, ALWAYS),
        (FIRST_REFUSAL, ALWAYS),
        (HOLD_ENTRY_MISSED, 0),  # the next bar tries again
        (ACT_ENTER, 0),
    ],
)
def test_a_flat_product_stays_calm_where_its_decision_repeats(code, bars):
    assert noted(new_slots(1), code)[0] == bars


def test_a_position_wakes_at_its_levels_and_when_its_time_is_over():
    slot = holding(5, stop=0.1, take=0.1, max_bars=4)
    slot["bars_held"] = 1
    bars, calm = noted(np.array([slot]), HOLD_IN_BAND)
    assert bars == 2
    assert (calm["floor"], calm["ceiling"], calm["noted"]) == (9_000, 11_000, 0.5)
    assert calm["target"] == 0.5


@pytest.mark.parametrize("side", [1, -1])
def test_a_better_close_would_move_a_trail_and_so_it_wakes(side):
    slot = holding(5 * side, trail=0.05)
    slot["weight"] = 0.5 * side
    _, calm = noted(np.array([slot]), HOLD_IN_BAND)
    better = calm["ceiling"] if side > 0 else calm["floor"]
    assert better == 10_000 + side


def test_a_bar_is_calm_inside_the_levels_at_the_same_opinion_or_none():
    assert is_calm(9_001, 10_999, 0.5, 9_000, 11_000, 0.5)
    assert not is_calm(9_000, 10_999, 0.5, 9_000, 11_000, 0.5)
    assert not is_calm(9_001, 11_000, 0.5, 9_000, 11_000, 0.5)
    assert not is_calm(9_001, 10_999, nan, 9_000, 11_000, 0.5)
    assert is_calm(9_001, 10_999, nan, 9_000, 11_000, nan)
