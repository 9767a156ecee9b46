"""Rounding against exact fractions, on the grids that products can have."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, inf, nan

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gpt_trader.domain.product import MAX_TICKS, Product
from gpt_trader.kernel.rounding import (
    BPS,
    MAX_LOTS,
    RATE_SCALE,
    VALUE_LIMIT,
    adverse_ticks,
    buy_cost,
    fee_up,
    fits,
    level_ticks_down,
    level_ticks_up,
    lots_for_quote,
    lots_of_base,
    lots_of_value,
    near_ticks,
    notional_down,
    notional_up,
    spec_at,
    spec_table,
    units_down,
    units_floor,
)
from tests.kernel.rows import COIN, PERP

LIMIT = int(VALUE_LIMIT)
HAIR = Fraction(1, 10**15)
rates = st.integers(0, RATE_SCALE // 10)
ticks_of_any = st.integers(1, MAX_TICKS)
lots_of_any = st.integers(0, 10**15)


@st.composite
def specs(draw):
    lot = Decimal(draw(st.sampled_from([1, 2, 5, 25]))).scaleb(-draw(st.integers(0, 8)))
    tick = Decimal(draw(st.sampled_from([1, 2, 5, 25]))).scaleb(-draw(st.integers(0, 8)))
    return Product("ANY-USD", lot, tick).spec


def exact(lots, ticks, spec):
    return Fraction(lots * ticks * spec.value_num, spec.value_den)


@given(specs(), lots_of_any, ticks_of_any)
def test_costs_round_up_and_proceeds_down_exactly(spec, lots, ticks):
    assume(fits(lots, ticks, spec))
    assert notional_down(lots, ticks, spec) == floor(exact(lots, ticks, spec))
    assert notional_up(lots, ticks, spec) == ceil(exact(lots, ticks, spec))


@given(specs(), lots_of_any, ticks_of_any)
def test_fits_guards_what_int64_holds(spec, lots, ticks):
    value = exact(lots, ticks, spec)
    if fits(lots, ticks, spec):
        assert value < LIMIT * (1 + HAIR) < 2**63
    else:
        assert value >= LIMIT * (1 - HAIR)


def test_fits_at_the_limit_and_one_step_below():
    thousand = COIN._replace(value_num=1000)
    most = LIMIT // 1000
    assert not fits(most, 1, thousand)
    assert fits(most - 1, 1, thousand)
    assert not fits(-most, 1, thousand)
    assert not fits(MAX_LOTS, 1, COIN._replace(value_num=1))
    assert fits(MAX_LOTS - 1, 1, COIN._replace(value_num=1))


def test_more_lots_than_can_be_counted_are_named_not_guessed():
    dust = Product("TINY-USD", Decimal("1e-8"), Decimal("1e-8")).spec
    assert lots_for_quote(10**14, 1, 0, dust) == MAX_LOTS


def test_a_product_of_lots_and_ticks_beyond_int64_is_still_exact():
    fine = Product("XLM-USD", Decimal("1e-8"), Decimal("1e-6")).spec
    lots, ticks = 10**9 * 10**8, 100_003  # a billion XLM at 0.100003
    assert lots * ticks > 2**63
    assert notional_down(lots, ticks, fine) == 100_003_000 * 10**8


@given(st.integers(0, LIMIT), rates)
def test_fees_round_up_once(notional, rate_e8):
    assert fee_up(notional, rate_e8) == ceil(Fraction(notional * rate_e8, RATE_SCALE))


@given(specs(), ticks_of_any, rates, st.integers(-10, 10**17))
def test_lots_for_quote_is_the_most_that_the_quote_pays(spec, ticks, rate_e8, quote):
    per_lot = exact(1, ticks, spec)
    assume(per_lot >= Fraction(1, 100))
    assume(quote / per_lot < 10**15)
    lots = lots_for_quote(quote, ticks, rate_e8, spec)
    assert lots >= 0
    assert lots == 0 or buy_cost(lots, ticks, rate_e8, spec) <= quote
    if fits(lots + 1, ticks, spec):
        assert buy_cost(lots + 1, ticks, rate_e8, spec) > quote


def test_lots_for_quote_by_hand():
    assert buy_cost(9, 10_020, 100 * BPS, COIN) == 91_081_800_000  # 901.80 and 9.018
    assert lots_for_quote(91_081_800_000, 10_020, 100 * BPS, COIN) == 9
    assert lots_for_quote(91_081_799_999, 10_020, 100 * BPS, COIN) == 8
    assert lots_for_quote(10**12, 0, 0, COIN) == 0


@given(specs(), ticks_of_any, st.floats(0, 1e12))
def test_lots_of_value_round_down(spec, ticks, value):
    lots = lots_of_value(value, ticks, spec)
    exactly = Fraction(value) * 10**8 / exact(1, ticks, spec)
    if exactly < LIMIT * (1 - HAIR):
        assert exactly * (1 - HAIR) - 1 <= lots <= exactly * (1 + HAIR)
    else:
        assert lots <= LIMIT


@pytest.mark.parametrize("value, lots", [(nan, 0), (-1.0, 0), (0.0, 0), (2.99, 2), (inf, LIMIT)])
def test_lots_of_value_by_hand(value, lots):
    assert lots_of_value(value, 100, COIN) == lots


def test_what_int64_cannot_hold_is_clamped():
    assert lots_of_base(inf, COIN) == LIMIT
    assert lots_of_base(3.9, COIN) == 3
    assert units_down(inf) == LIMIT
    assert units_down(4e10) == LIMIT
    assert units_down(1.999999999) == 199_999_999


def test_units_floor_goes_against_us_on_both_sides():
    assert units_floor(1.5e-8) == 1
    assert units_floor(-1.5e-8) == -2


@given(ticks_of_any, st.integers(0, RATE_SCALE))
def test_adverse_prices_go_against_us_and_near_prices_away(ticks, e8):
    up = ceil(Fraction(ticks * (RATE_SCALE + e8), RATE_SCALE))
    down = max(floor(Fraction(ticks * (RATE_SCALE - e8), RATE_SCALE)), 1)
    assert (adverse_ticks(ticks, 1, e8), adverse_ticks(ticks, -1, e8)) == (up, down)
    assert (near_ticks(ticks, 1, e8), near_ticks(ticks, -1, e8)) == (down, up)


@pytest.mark.parametrize("level, down, up", [(-3.0, 1, 1), (0.2, 1, 1), (5.0, 5, 5), (5.1, 5, 6)])
def test_levels_are_at_least_a_tick(level, down, up):
    assert level_ticks_down(level) == down
    assert level_ticks_up(level) == up


@given(st.lists(specs(), min_size=1, max_size=3))
def test_a_table_of_specs_gives_them_back(some):
    table = spec_table([*some, PERP])
    assert [tuple(spec_at(table, j)) for j in range(len(some) + 1)] == [*map(tuple, some), PERP]
