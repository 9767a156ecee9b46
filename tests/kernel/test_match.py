"""Every rule of the bar protocol on bars made by hand: (open, high, low) in ticks.

Positions are 5 lots at 10,000 unless said otherwise; `side` mirrors a rule for shorts.
"""

from math import isnan

import pytest

from gpt_trader.kernel.codes import (
    BUY,
    FILL_ENTRY,
    FILL_EXIT,
    FILL_MAX_BARS,
    FILL_OPERATOR,
    FILL_REDUCE,
    FILL_STOP,
    FILL_TAKE_PROFIT,
    MAKER,
    SELL,
    TAKER,
)
from gpt_trader.kernel.match import (
    LOG_CANCELLED,
    LOG_FILLED,
    LOG_TRIGGERED,
    after_fill,
)
from gpt_trader.kernel.slot import KIND_LIMIT, KIND_NONE, KIND_SIZE, KIND_VALUE
from tests.kernel.rows import (
    CASH,
    COIN,
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


# ------------------------------------------------------------------ market orders


@pytest.mark.parametrize("side, ticks, cash", [(BUY, 10_020, -50_601), (SELL, 9_980, 49_401)])
def test_a_market_order_fills_at_the_open_moved_by_spread_and_slippage(side, ticks, cash):
    slot = working(flat(), KIND_SIZE, side, 5)
    seen = play(slot, 10_000, 10_001, 9_999, costs=DEAR)
    assert seen.fills == [(side, 5, ticks, TAKER, FILL_ENTRY)]
    assert seen.log == [LOG_FILLED]
    assert seen.cash - CASH == cash * UNIT // 100  # 501 and 5.01 of fee; 499 less 4.99
    assert (slot["lots"], slot["kind"], slot["average_ticks"]) == (5 * side, KIND_NONE, ticks)


def test_an_order_by_value_spends_it_fees_included():
    slot = working(flat(), KIND_VALUE, BUY, 1000 * UNIT)
    seen = play(slot, 10_000, 10_000, 10_000, costs=DEAR)
    assert seen.fills == [(BUY, 9, 10_020, TAKER, FILL_ENTRY)]  # 1000 / (100.20 * 1.01) = 9.9
    assert CASH - seen.cash == 91_081_800_000
    assert slot["kind"] == KIND_NONE


def test_an_order_by_value_too_small_at_the_open_is_cancelled():
    slot = working(flat(), KIND_VALUE, BUY, 1000 * UNIT)
    least = COIN._replace(min_lots=10)
    assert play(slot, 10_001, 10_001, 10_001, spec=least) == ([], [LOG_CANCELLED], CASH)
    assert slot["kind"] == KIND_NONE


@sides
def test_a_reducing_order_is_clamped_to_the_position(side):
    slot = working(holding(3 * side), KIND_SIZE, -side, 5, reason=FILL_EXIT)
    assert play(slot, 10_000, 10_000, 10_000).fills == [(-side, 3, 10_000, TAKER, FILL_EXIT)]
    nothing_held = working(flat(), KIND_SIZE, -side, 5, reason=FILL_EXIT)
    assert play(nothing_held, 10_000, 10_000, 10_000) == ([], [LOG_CANCELLED], CASH)


def test_a_reduction_keeps_average_and_levels():
    slot = working(holding(5, stop=0.1), KIND_SIZE, SELL, 2, reason=FILL_REDUCE)
    play(slot, 10_500, 10_500, 10_500)
    assert (slot["lots"], slot["average_ticks"], slot["stop_ticks"]) == (3, 10_000, 9_000)


# ------------------------------------------------------------------ participation


def test_a_bar_gives_a_share_of_its_volume_and_the_next_open_the_rest():
    slot = working(flat(), KIND_SIZE, BUY, 5)
    first = play(slot, 10_000, 10_000, 10_000, volume=39.0, costs=TENTH)
    assert (first.fills, first.log) == ([(BUY, 3, 10_000, TAKER, FILL_ENTRY)], [])
    assert slot["left_lots"] == 2
    assert play(slot, 10_100, 10_100, 10_100, volume=0.0, costs=TENTH).fills == []
    last = play(slot, 10_200, 10_200, 10_200, costs=TENTH)
    assert (last.fills, last.log) == ([(BUY, 2, 10_200, TAKER, FILL_ENTRY)], [LOG_FILLED])
    assert slot["average_ticks"] == 10_080


def test_what_an_order_by_value_has_left_stays_reserved():
    slot = working(flat(), KIND_VALUE, BUY, 1000 * UNIT)
    play(slot, 10_000, 10_000, 10_000, volume=30.0, costs=TENTH)
    assert slot["left_units"] == slot["reserve_units"] == 700 * UNIT
    assert play(slot, 20_000, 20_000, 20_000).fills == [(BUY, 3, 20_000, TAKER, FILL_ENTRY)]


@sides
def test_the_rest_of_a_stop_fills_at_the_next_open(side):
    slot = holding(5 * side, stop=0.1)
    bar = mirrored(side, (9_500, 9_500, 8_900))
    first = play(slot, *bar, volume=30.0, costs=TENTH)
    assert first.fills == [(-side, 3, 10_000 - side * 1000, TAKER, FILL_STOP)]
    assert first.log == [LOG_TRIGGERED]
    assert (slot["left_lots"], slot["ordinal"]) == (2, 1)
    last = play(slot, *mirrored(side, (9_900, 9_900, 8_900)), costs=TENTH)
    assert last.fills == [(-side, 2, 10_000 - side * 100, TAKER, FILL_STOP)]
    assert slot["lots"] == 0


def test_a_stop_on_a_bar_without_volume_waits_as_a_market_order():
    slot = holding(5, stop=0.1)
    assert play(slot, 9_500, 9_500, 8_900, volume=0.0, costs=TENTH).log == [LOG_TRIGGERED]
    assert play(slot, 9_800, 9_800, 9_800).fills == [(SELL, 5, 9_800, TAKER, FILL_STOP)]


def test_a_take_profit_filled_in_part_protects_the_rest():
    slot = holding(5, take=0.1, stop=0.1)
    play(slot, 10_900, 11_100, 10_900, volume=30.0, costs=TENTH)
    assert (slot["lots"], slot["take_ticks"], slot["stop_ticks"]) == (2, 11_000, 9_000)
    assert isnan(slot["latch"])
    assert play(slot, 10_900, 11_100, 10_900).fills[0][:3] == (SELL, 2, 11_000)


def test_the_fills_of_one_bar_share_its_volume():
    slot = working(flat(), KIND_SIZE, BUY, 2, stop=0.1)
    seen = play(slot, 10_000, 10_000, 8_900, volume=30.0, costs=TENTH)
    assert [fill[:2] for fill in seen.fills] == [(BUY, 2), (SELL, 1)]


# ------------------------------------------------------------------ stops and take-profits


@pytest.mark.parametrize("side, ticks", [(1, 8_483), (-1, 11_523)])
def test_a_stop_that_the_open_passed_fills_at_the_open(side, ticks):
    slot = holding(5 * side, stop=0.1)
    seen = play(slot, *mirrored(side, (8_500, 9_900, 8_400)), costs=DEAR)
    assert seen.fills == [(-side, 5, ticks, TAKER, FILL_STOP)]


@pytest.mark.parametrize("side, ticks", [(1, 8_982), (-1, 11_022)])
def test_a_stop_inside_the_bar_fills_at_its_level(side, ticks):
    slot = holding(5 * side, stop=0.1)
    seen = play(slot, *mirrored(side, (9_500, 9_900, 8_400)), costs=DEAR)
    assert seen.fills == [(-side, 5, ticks, TAKER, FILL_STOP)]
    assert seen.log == [LOG_TRIGGERED, LOG_FILLED]


@sides
def test_a_stop_acts_when_touched(side):
    slot = holding(5 * side, stop=0.1)
    assert play(slot, *mirrored(side, (9_500, 9_500, 9_001))) == ([], [], CASH)
    assert len(play(slot, *mirrored(side, (9_500, 9_500, 9_000))).fills) == 1


@sides
def test_the_stop_comes_before_the_take_profit(side):
    slot = holding(5 * side, stop=0.1, take=0.1)
    seen = play(slot, *mirrored(side, (10_000, 12_000, 8_000)))
    assert seen.fills == [(-side, 5, 10_000 - side * 1000, TAKER, FILL_STOP)]


@sides
def test_a_take_profit_that_the_open_passed_fills_at_its_own_price(side):
    slot = holding(5 * side, stop=0.1, take=0.1)
    seen = play(slot, *mirrored(side, (12_000, 12_000, 8_000)), costs=DEAR)  # before the stop
    assert seen.fills == [(-side, 5, 10_000 + side * 1000, MAKER, FILL_TAKE_PROFIT)]
    assert seen.log == [LOG_FILLED]


@sides
def test_a_take_profit_inside_the_bar_must_be_traded_through(side):
    slot = holding(5 * side, take=0.1)
    touched = mirrored(side, (10_500, 11_000, 10_500))
    assert play(slot, *touched).fills == []
    through = mirrored(side, (10_500, 11_001, 10_500))
    fill = (-side, 5, 10_000 + side * 1000, MAKER, FILL_TAKE_PROFIT)
    assert play(slot, *through).fills == [fill]
    assert play(holding(5 * side, take=0.1), *touched, costs=TOUCH).fills == [fill]


@sides
def test_a_protective_exit_latches_the_weight(side):
    slot = holding(5 * side, stop=0.1)
    play(slot, *mirrored(side, (9_500, 9_500, 8_900)))
    assert slot["latch"] == slot["weight"] == 0.5 * side
    assert slot["stop_ticks"] == 0


@pytest.mark.parametrize("reason, latched", [(FILL_EXIT, False), (FILL_MAX_BARS, True)])
def test_a_holding_time_latches_and_a_decided_exit_does_not(reason, latched):
    slot = working(holding(5), KIND_SIZE, SELL, 5, reason=reason)
    play(slot, 10_000, 10_000, 10_000)
    assert isnan(slot["latch"]) != latched


def test_an_operators_purchase_moves_the_levels_with_the_average():
    slot = holding(5, stop=0.1)
    after_fill(slot, BUY, 5, 11_000, FILL_OPERATOR, DEAR)
    assert (slot["average_ticks"], slot["stop_ticks"]) == (10_500, 9_450)


@sides
def test_a_stop_after_an_add_inside_the_bar_never_fills_beyond_the_adds_price(side):
    slot = working(
        holding(side * 300, stop=0.2), KIND_LIMIT, side, 633, limit=10_000 - side * 500, stop=0.01
    )
    seen = play(slot, *mirrored(side, (9_510, 9_520, 9_440)))
    assert [fill[:3] for fill in seen.fills] == [
        (side, 633, 10_000 - side * 500),
        (-side, 933, 10_000 - side * 500),
    ]


@sides
def test_a_take_profit_that_the_open_only_touches_does_not_fill(side):
    slot = holding(side * 5, stop=0.05, take=0.05)
    seen = play(slot, *mirrored(side, (10_500, 10_500, 9_400)))
    assert [fill[4] for fill in seen.fills] == [FILL_STOP]
    slot = holding(side * 5, stop=0.05, take=0.05)
    seen = play(slot, *mirrored(side, (10_500, 10_500, 9_400)), costs=TOUCH)
    assert [fill[4] for fill in seen.fills] == [FILL_TAKE_PROFIT]
