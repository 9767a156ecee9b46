"""A product's rows: what is forgotten when, and where the levels lie."""

from math import isnan, nan

import numpy as np
import pytest

from gpt_trader.kernel.codes import FILL_ENTRY, FILL_EXIT, FILL_STOP, FILL_TRAIL
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.kernel.slots import (
    ATTEMPTS,
    AVERAGE,
    BARS_HELD,
    CAUSE,
    HALF_SPREAD,
    KIND,
    KIND_LIMIT,
    KIND_NONE,
    LAST_CLOSE,
    LATCH,
    LEFT,
    LOTS,
    MAX_BARS,
    NEXT_MAX_BARS,
    NEXT_STOP,
    PEAK,
    REASON,
    RESERVE,
    STOP,
    STOP_REASON,
    STOP_TICKS,
    TAKE,
    TAKE_TICKS,
    TRAIL,
    WEIGHT,
    at_close,
    clear_protection,
    clear_working,
    count_unfilled,
    is_due,
    new_slots,
)
from tests.kernel.rows import flat, holding, working


def test_new_rows_are_flat_and_without_opinion():
    si, sf = new_slots(3)
    assert not si[:, :HALF_SPREAD].any()
    assert (si[:, HALF_SPREAD] == NO_QUOTE).all()
    assert (sf[:, [AVERAGE, PEAK]] == 0.0).all()
    rest = [c for c in range(sf.shape[1]) if c not in {AVERAGE, PEAK}]
    assert np.isnan(sf[:, rest]).all()
    assert len(new_slots(0)[0]) == 0


def test_clearing_the_order_keeps_the_position_and_its_protection():
    si, sf = working(holding(5, stop=0.1), KIND_LIMIT, 1, 3, limit=9_900, stop=0.2, max_bars=4)
    si[RESERVE], si[ATTEMPTS] = 77, 2
    clear_working(si, sf)
    assert (si[KIND], si[LEFT], si[RESERVE], si[NEXT_MAX_BARS]) == (KIND_NONE, 0, 0, 0)
    assert isnan(sf[NEXT_STOP])
    assert (si[LOTS], si[STOP_TICKS], sf[STOP], si[ATTEMPTS], si[CAUSE]) == (5, 9_000, 0.1, 2, 4)


def test_clearing_the_protection_keeps_the_latch_and_the_opinion():
    si, sf = holding(5, stop=0.1, take=0.1, trail=0.1, max_bars=4)
    sf[LATCH] = 0.5
    clear_protection(si, sf)
    assert np.isnan(sf[[STOP, TAKE, TRAIL]]).all()
    assert not si[[STOP_TICKS, TAKE_TICKS, BARS_HELD, MAX_BARS]].any()
    assert (sf[PEAK], sf[LATCH], sf[WEIGHT]) == (0.0, 0.5, 0.5)


def test_unfilled_orders_count_upward_for_entries_and_downward_for_exits():
    si, _ = flat()
    seen = []
    for reason in (FILL_ENTRY, FILL_ENTRY, FILL_EXIT, FILL_EXIT, FILL_ENTRY):
        si[REASON] = reason
        count_unfilled(si)
        seen.append(int(si[ATTEMPTS]))
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
    si, _ = holding(lots, stop=stop, take=take, trail=trail)
    assert tuple(si[[STOP_TICKS, TAKE_TICKS, STOP_REASON]]) == levels


@pytest.mark.parametrize("side", [1, -1])
def test_a_trail_follows_better_closes_only(side):
    si, sf = holding(5 * side, trail=0.05)
    triggers = []
    for moved in (0, 300, 299, -100, 500):
        at_close(si, sf, 10_000 + side * moved)
        triggers.append(side * (int(si[STOP_TICKS]) - 10_000))
    assert triggers == [-500, -200, -200, -200, 0]
    assert (si[BARS_HELD], si[LAST_CLOSE]) == (5, 10_000 + side * 500)


def test_a_flat_product_only_notes_its_close():
    si, sf = flat()
    at_close(si, sf, 123)
    assert (si[LAST_CLOSE], si[BARS_HELD], sf[PEAK]) == (123, 0, 0.0)


@pytest.mark.parametrize("most, held, due", [(0, 99, False), (3, 2, False), (3, 3, True)])
def test_a_holding_time_is_over_at_its_last_bar(most, held, due):
    assert is_due(most, held) == due
