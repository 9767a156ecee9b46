"""Every guard on entries at its limit and one step beyond."""

from math import inf, nan

import pytest

from gpt_trader.kernel.codes import (
    REFUSED_DAILY_LOSS,
    REFUSED_DRAWDOWN,
    REFUSED_ENTRIES,
    REFUSED_HALTED,
    REFUSED_PAUSED,
    REFUSED_STALE_BAR,
    REFUSED_UNKNOWN_ORDER,
    REFUSED_UNRECONCILED,
)
from gpt_trader.kernel.guards import NOWHERE, refuses_entry, said
from gpt_trader.kernel.marks import (
    DAY_MS,
    count_entry,
    drawdown_ratio,
    loss_ratio,
    mark,
    new_marks,
)
from gpt_trader.kernel.readings import Outside, no_readings, read_product, unattended
from gpt_trader.kernel.rounding import spec_table
from tests.kernel.rows import CASH, NO_LIMITS, PERP, bounded, guarded, slots_at

NOBODY = unattended(0)
LOSS = NO_LIMITS | {"max_daily_loss": 0.25}
DRAWDOWN = NO_LIMITS | {"max_drawdown": 0.25}
FRESH = new_marks(1000.0)


def asked(marks, limits, outside=NOBODY):
    """Return the code of the first guard that refuses an entry and what it says; 0: none."""
    readings, guards = no_readings(), guarded(limits)
    read_product(readings, slots_at(10_000), 0, CASH, marks, outside, 0, spec_table([PERP]))
    k = refuses_entry(guards, 0, readings)
    return (0, ()) if k == NOWHERE else (guards[0, k]["code"], said(guards[0, k], readings))


def marked(limits, *path, start_ms=0, step_ms=0):
    """Return the marks after equities at bars `step_ms` apart."""
    marks = FRESH
    for i, equity in enumerate(path):
        marks = mark(marks, start_ms + i * step_ms, equity, bounded(limits))
    return marks


@pytest.mark.parametrize("equity, halted", [(750.01, 0), (750.0, 1), (749.99, 1)])
def test_the_daily_loss_halts_when_reached(equity, halted):
    marks = marked(LOSS, 1000.0, equity)
    assert (marks.day_halted, marks.halted) == (halted, 0)
    assert asked(marks, LOSS)[0] == (REFUSED_DAILY_LOSS if halted else 0)


@pytest.mark.parametrize("equity, halted", [(1500.01, 0), (1500.0, 1), (1499.99, 1)])
def test_the_drawdown_halts_when_reached(equity, halted):
    marks = marked(DRAWDOWN, 2000.0, equity)
    assert (marks.day_halted, marks.halted) == (0, halted)
    assert asked(marks, DRAWDOWN)[0] == (REFUSED_DRAWDOWN if halted else 0)


def test_the_daily_loss_stays_until_the_utc_day_ends():
    at_night = {"start_ms": DAY_MS - 3, "step_ms": 1}
    assert marked(LOSS, 1000.0, 700.0, 1000.0, **at_night).day_halted == 1
    next_day = marked(LOSS, 1000.0, 700.0, 1000.0, 1000.0, **at_night)
    assert (next_day.day, next_day.day_halted, next_day.day_start) == (1, 0, 1000.0)


def test_a_day_starts_with_the_equity_of_the_last_close_before_it():
    marks = marked(LOSS, 1000.0, 800.0, start_ms=DAY_MS - 1, step_ms=1)
    assert (marks.day_start, marks.day_halted) == (1000.0, 0)
    assert marked(LOSS, 1000.0, 750.0, start_ms=DAY_MS - 1, step_ms=1).day_halted == 1
    slow = marked(LOSS, 1000.0, 800.0, 640.0, step_ms=DAY_MS)  # 20 % each day
    assert (slow.day_start, slow.day_halted) == (800.0, 0)


def test_days_before_1970_have_boundaries_too():
    assert mark(FRESH, -1, 1000.0, bounded(LOSS)).day == -1
    assert mark(FRESH, -DAY_MS - 1, 1000.0, bounded(LOSS)).day == -2


def test_the_drawdown_latches_beyond_the_day_and_a_recovery():
    assert marked(DRAWDOWN, 2000.0, 1000.0, 5000.0, step_ms=DAY_MS).halted == 1


@pytest.mark.parametrize("equity", [nan, -inf])
def test_an_equity_that_is_not_a_number_halts(equity):
    limits = NO_LIMITS | {"max_daily_loss": 0.25, "max_drawdown": 0.25}
    marks = marked(limits, 1000.0, equity)
    assert (marks.day_halted, marks.halted) == (1, 1)
    assert mark(marks, 0, 1000.0, bounded(limits)).halted == 1


def test_an_equity_that_is_not_a_number_halts_without_limits_too():
    assert marked(NO_LIMITS, 1000.0, nan).halted == 1


def test_entries_are_counted_by_day():
    limits = NO_LIMITS | {"max_entries": 2}
    marks = count_entry(marked(limits, 1000.0))
    assert asked(marks, limits)[0] == 0
    marks = count_entry(marks)
    assert asked(marks, limits) == (REFUSED_ENTRIES, (2.0, 2.0))
    assert mark(marks, DAY_MS - 1, 1000.0, bounded(limits)).entries == 2
    assert mark(marks, DAY_MS, 1000.0, bounded(limits)).entries == 0


def test_a_bar_may_be_as_old_as_its_limit():
    limits = NO_LIMITS | {"max_bar_age_ms": 5000}
    assert asked(FRESH, limits, NOBODY._replace(bar_age_ms=5000))[0] == 0
    late = NOBODY._replace(bar_age_ms=5001)
    assert asked(FRESH, limits, late) == (REFUSED_STALE_BAR, (5001.0, 5000.0))


@pytest.mark.parametrize(
    "outside, code",
    [
        (Outside(0, 1, 1, 1, 0, 1), REFUSED_HALTED),
        (Outside(0, 0, 1, 1, 0, 1), REFUSED_PAUSED),
        (Outside(0, 0, 0, 2, 0, 1), REFUSED_UNKNOWN_ORDER),
        (Outside(0, 0, 0, 0, 0, 1), REFUSED_UNRECONCILED),
    ],
)
def test_the_latches_refuse_the_gravest_first(outside, code):
    assert asked(FRESH, NO_LIMITS, outside) == (code, (1.0, 0.0))
    assert asked(FRESH, NO_LIMITS)[0] == 0


def test_a_refusal_says_what_was_read_and_its_limit():
    marks = marked(LOSS, 2000.0, 1500.0, step_ms=DAY_MS)
    assert (loss_ratio(marks), drawdown_ratio(marks)) == (0.25, 0.25)
    assert asked(marks, LOSS) == (REFUSED_DAILY_LOSS, (0.25, 0.25))
    assert asked(marked(DRAWDOWN, 2000.0, 1500.0), DRAWDOWN) == (REFUSED_DRAWDOWN, (0.25, 0.25))
