"""Limits inside a slot and trailing stops, on bars made by hand: (open, high, low) in ticks."""

from decimal import Decimal
from math import ceil, floor

import pytest

from gpt_trader.domain.product import Product
from gpt_trader.kernel.codes import (
    BUY,
    FILL_ENTRY,
    FILL_EXIT,
    FILL_STOP,
    FILL_TAKE_PROFIT,
    FILL_TRAIL,
    MAKER,
    TAKER,
)
from gpt_trader.kernel.match import (
    LOG_CANCELLED,
    LOG_EXPIRED,
    LOG_FILLED,
    LOG_REJECTED,
    LOG_TRIGGERED,
)
from gpt_trader.kernel.slot import KIND_LIMIT, KIND_NONE, KIND_SIZE, at_close
from tests.kernel.rows import (
    CASH,
    DEAR,
    TENTH,
    TOUCH,
    UNIT,
    flat,
    holding,
    mirrored,
    play,
    working,
)

sides = pytest.mark.parametrize("side", [1, -1])


@sides
def test_a_post_only_limit_is_rejected_when_the_open_crosses_it(side):
    slot = working(flat(), KIND_LIMIT, side, 5, limit=10_000 - side * 100)
    assert play(slot, *mirrored(side, (9_900, 9_900, 9_000))) == ([], [LOG_REJECTED], CASH)
    assert (slot["kind"], slot["attempts"]) == (KIND_NONE, 1)


@sides
def test_a_maker_fills_when_traded_through_or_if_so_set_when_touched(side):
    def enter():
        return working(flat(), KIND_LIMIT, side, 5, limit=10_000 - side * 100)

    touched, through = (mirrored(side, (10_000, 10_000, low)) for low in (9_900, 9_899))
    fill = (side, 5, 10_000 - side * 100, MAKER, FILL_ENTRY)
    missed = enter()
    assert play(missed, *touched) == ([], [LOG_EXPIRED], CASH)
    assert (missed["kind"], missed["attempts"]) == (KIND_NONE, 1)
    assert play(enter(), *touched, costs=TOUCH).fills == [fill]
    assert play(enter(), *through).fills == [fill]


def test_a_maker_pays_the_makers_fee_and_no_slippage():
    slot = working(flat(), KIND_LIMIT, BUY, 5, limit=9_900)
    assert CASH - play(slot, 10_000, 10_000, 9_800, costs=DEAR).cash == 497_475 * UNIT // 1000


def test_a_limit_filled_in_part_expires_with_its_bar():
    slot = working(flat(), KIND_LIMIT, BUY, 5, limit=9_900)
    seen = play(slot, 10_000, 10_000, 9_800, volume=30.0, costs=TENTH)
    assert (seen.fills, seen.log) == ([(BUY, 3, 9_900, MAKER, FILL_ENTRY)], [LOG_EXPIRED])
    assert slot["lots"] == 3


def test_a_limit_does_not_meet_a_bar_that_opens_after_its_time():
    slot = working(flat(), KIND_LIMIT, BUY, 5, limit=9_900, expire_ms=1000)
    assert play(slot, 10_000, 10_000, 9_000, open_ms=1000) == ([], [LOG_EXPIRED], CASH)
    slot = working(flat(), KIND_LIMIT, BUY, 5, limit=9_900, expire_ms=1000)
    assert len(play(slot, 10_000, 10_000, 9_000, open_ms=999).fills) == 1


@sides
def test_no_take_profit_on_the_bar_of_an_entry_inside_it(side):
    slot = working(flat(), KIND_LIMIT, side, 5, limit=10_000 - side * 100, take=0.01)
    bar = mirrored(side, (10_000, 10_500, 9_800))
    assert [fill[4] for fill in play(slot, *bar).fills] == [FILL_ENTRY]
    assert [fill[4] for fill in play(slot, *bar).fills] == [FILL_TAKE_PROFIT]


@sides
def test_a_stop_acts_on_the_bar_of_an_entry_inside_it_at_its_level(side):
    slot = working(flat(), KIND_LIMIT, side, 5, limit=10_000 - side * 1000, stop=0.125)
    stop = 7_875 if side > 0 else 12_375
    seen = play(slot, *mirrored(side, (10_000, 10_500, 7_000)))
    assert [fill[2:] for fill in seen.fills] == [
        (10_000 - side * 1000, MAKER, FILL_ENTRY),
        (stop, TAKER, FILL_STOP),
    ]


@sides
def test_a_take_profit_below_the_open_does_not_save_an_entry_inside_the_bar_from_its_stop(side):
    limit = 10_000 - side * 1000
    slot = working(flat(), KIND_LIMIT, side, 5, limit=limit, stop=0.125, take=0.01)
    seen = play(slot, *mirrored(side, (10_000, 10_000, 7_000)))
    assert [fill[4] for fill in seen.fills] == [FILL_ENTRY, FILL_STOP]


@sides
def test_an_entry_at_the_open_may_meet_its_take_profit_in_the_same_bar(side):
    slot = working(flat(), KIND_SIZE, side, 5, take=0.01)
    seen = play(slot, *mirrored(side, (10_000, 10_500, 10_000)))
    assert [fill[4] for fill in seen.fills] == [FILL_ENTRY, FILL_TAKE_PROFIT]


@sides
@pytest.mark.parametrize("below, entered", [(0, True), (1, False)])
def test_an_addition_fills_before_the_stop_unless_it_lies_beyond(side, below, entered):
    limit = 10_000 - side * (1000 + below)
    slot = working(holding(5 * side, stop=0.1), KIND_LIMIT, side, 5, limit=limit)
    seen = play(slot, *mirrored(side, (10_000, 10_000, 8_000)))
    assert (seen.fills[0][4] == FILL_ENTRY) == entered
    assert (LOG_CANCELLED in seen.log) != entered
    assert (slot["kind"], slot["ordinal"]) == (KIND_NONE, 0)


def test_a_take_profit_cancels_a_resting_addition():
    slot = working(holding(5, take=0.1), KIND_LIMIT, BUY, 5, limit=9_900)
    seen = play(slot, 10_000, 11_500, 9_950)
    assert seen.log == [LOG_CANCELLED, LOG_FILLED]
    assert (slot["lots"], slot["kind"]) == (0, KIND_NONE)


@sides
def test_the_stop_is_watched_while_an_exit_rests(side):
    rest = {"limit": 10_000 + side * 500, "reason": FILL_EXIT}
    slot = working(holding(5 * side, stop=0.1, take=0.1), KIND_LIMIT, -side, 5, **rest)
    seen = play(slot, *mirrored(side, (10_000, 10_600, 8_900)))
    assert [fill[4] for fill in seen.fills] == [FILL_STOP]
    assert seen.log == [LOG_CANCELLED, LOG_TRIGGERED, LOG_FILLED]


@sides
def test_an_exit_limit_fills_as_maker_and_the_take_profit_rests_meanwhile(side):
    def leave(away):
        rest = {"limit": 10_000 + side * away, "reason": FILL_EXIT}
        return working(holding(5 * side, take=0.1), KIND_LIMIT, -side, 5, **rest)

    bar = mirrored(side, (10_000, 11_500, 9_990))
    assert play(leave(500), *bar).fills == [(-side, 5, 10_000 + side * 500, MAKER, FILL_EXIT)]
    high = leave(2000)
    assert play(high, *bar) == ([], [LOG_EXPIRED], CASH)
    assert high["attempts"] == -1


# ------------------------------------------------------------------ trailing stops


@sides
@pytest.mark.parametrize(
    "tick, entry",
    [("1e-8", 1_000), ("1e-6", 10), ("0.01", 100), ("0.0001", 10_000), ("0.01", 10_000_000)],
)
def test_lesson_13_a_trail_works_at_any_price_in_continuous_prices(side, tick, entry):
    """At 0.00001, 1 and 100,000: it moves by a fraction of the entry, not by whole quote."""
    spec = Product("ANY-USD", Decimal(1), Decimal(tick), is_perpetual=True).spec
    slot = holding(5 * side, entry, trail=0.03)
    peak = entry * 12 // 10 if side > 0 else entry * 8 // 10
    level = peak - side * Decimal("0.03") * entry
    trigger = floor(level) if side > 0 else ceil(level)
    back = trigger + side, max(trigger + side, peak), min(trigger + side, peak)

    assert play(slot, peak, peak, peak, spec=spec).fills == []
    before = int(slot["stop_ticks"])
    at_close(slot, peak)
    assert side * slot["stop_ticks"] > side * before  # from the next bar on
    assert play(slot, *back, spec=spec).fills == []  # a tick from the trigger
    first, high, low = back
    reached = (first, high, trigger) if side > 0 else (first, trigger, low)
    seen = play(slot, *reached, spec=spec)
    assert seen.fills == [(-side, 5, trigger, TAKER, FILL_TRAIL)]


@sides
def test_a_trail_does_not_act_on_the_bar_that_moves_it(side):
    slot = holding(5 * side, trail=0.05)
    assert play(slot, *mirrored(side, (10_000, 12_000, 10_000))).fills == []
    at_close(slot, 10_000 + side * 1000)
    seen = play(slot, *mirrored(side, (10_900, 10_900, 10_500)))
    assert seen.fills == [(-side, 5, 10_000 + side * 500, TAKER, FILL_TRAIL)]
