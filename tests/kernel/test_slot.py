"""A product's rows: what is forgotten when, and where the levels lie."""

from math import isnan, nan

import numpy as np
import pytest

from gpt_trader.kernel.codes import FILL_ENTRY, FILL_EXIT, FILL_STOP, FILL_TRAIL
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.kernel.slot import (
    KIND_LIMIT,
    KIND_NONE,
    SLOT,
    at_close,
    clear_protection,
    clear_working,
    copy_slots,
    count_unfilled,
    is_due,
    new_slots,
)
from tests.kernel.rows import flat, holding, told, working


def test_new_rows_are_flat_and_without_opinion():
    slots = new_slots(3)
    assert (slots["half_spread_e8"] == NO_QUOTE).all()
    for name in (
        "stop",
        "take",
        "trail",
        "next_stop",
        "next_take",
        "next_trail",
        "latch",
        "weight",
    ):
        assert np.isnan(slots[name]).all(), name
        slots[name] = 0.0
    slots["half_spread_e8"] = 0
    assert slots.tobytes() == bytes(3 * SLOT.itemsize), "everything else is zero"
    assert len(new_slots(0)) == 0


def test_a_copy_is_its_own():
    slots = new_slots(2)
    copy = copy_slots(slots)
    assert (copy.dtype, copy.tobytes()) == (SLOT, slots.tobytes())
    assert copy.flags.aligned
    copy["lots"][1] = 7
    assert slots["lots"].tolist() == [0, 0]


def test_clearing_the_order_keeps_the_position_and_its_protection():
    slot = working(holding(5, stop=0.1), KIND_LIMIT, 1, 3, limit=9_900, stop=0.2, max_bars=4)
    slot["reserve_units"], slot["attempts"] = 77, 2
    clear_working(slot)
    assert told(slot, "kind", "left_lots", "reserve_units", "next_max_bars") == (KIND_NONE, 0, 0, 0)
    assert isnan(slot["next_stop"])
    assert told(slot, "lots", "stop_ticks", "stop", "attempts", "cause") == (5, 9_000, 0.1, 2, 4)


def test_clearing_the_protection_keeps_the_latch_and_the_opinion():
    slot = holding(5, stop=0.1, take=0.1, trail=0.1, max_bars=4)
    slot["latch"] = 0.5
    clear_protection(slot)
    assert all(map(isnan, told(slot, "stop", "take", "trail")))
    assert not any(told(slot, "stop_ticks", "take_ticks", "bars_held", "max_bars"))
    assert (slot["peak_ticks"], slot["latch"], slot["weight"]) == (0.0, 0.5, 0.5)


def test_unfilled_orders_count_upward_for_entries_and_downward_for_exits():
    slot = flat()
    seen = []
    for reason in (FILL_ENTRY, FILL_ENTRY, FILL_EXIT, FILL_EXIT, FILL_ENTRY):
        slot["reason"] = reason
        count_unfilled(slot)
        seen.append(int(slot["attempts"]))
    assert seen == [1, 2, -1, -2, 1]


@pytest.mark.parametrize(
    "lots, stop, take, trail, levels",
    [
        (5, 0.1, 0.1, nan, (9_000, 11_000, FILL_STOP)),
        (-5, 0.1, 0.1, nan, (11_000, 9_000, FILL_STOP)),
        (5, 0.1, nan, 0.05, (9_500, 0, FILL_TRAIL)),  # the nearer of the two
        (-5, 0.1, nan, 0.05, (10_500, 0, FILL_TRAIL)),
        (5, 0.05, nan, 0.1, (9_500, 0, FILL_STOP)),
        (-5, 0.05, nan, 0.1, (10_500, 0, FILL_STOP)),
        (5, 0.1, nan, 0.1, (9_000, 0, FILL_STOP)),  # a tie is the stop's
        (5, nan, nan, nan, (0, 0, FILL_STOP)),
        (5, 0.12345, 0.12345, nan, (8_765, 11_235, FILL_STOP)),  # 8,765.5 and 11,234.5
        (-5, 0.12345, 0.12345, nan, (11_235, 8_765, FILL_STOP)),
        (5, 1.5, nan, nan, (1, 0, FILL_STOP)),  # below zero: a tick
    ],
)
def test_levels_of_a_position(lots, stop, take, trail, levels):
    slot = holding(lots, stop=stop, take=take, trail=trail)
    assert told(slot, "stop_ticks", "take_ticks", "stop_reason") == levels


@pytest.mark.parametrize("side", [1, -1])
def test_a_trail_follows_better_closes_only(side):
    slot = holding(5 * side, trail=0.05)
    triggers = []
    for moved in (0, 300, 299, -100, 500):
        at_close(slot, 10_000 + side * moved)
        triggers.append(side * (int(slot["stop_ticks"]) - 10_000))
    assert triggers == [-500, -200, -200, -200, 0]
    assert (slot["bars_held"], slot["close_ticks"]) == (5, 10_000 + side * 500)


def test_a_flat_product_only_notes_its_close():
    slot = flat()
    at_close(slot, 123)
    assert (slot["close_ticks"], slot["bars_held"], slot["peak_ticks"]) == (123, 0, 0.0)


@pytest.mark.parametrize("most, held, due", [(0, 99, False), (3, 2, False), (3, 3, True)])
def test_a_holding_time_is_over_at_its_last_bar(most, held, due):
    assert is_due(most, held) == due
