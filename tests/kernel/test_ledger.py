"""Booking against a ledger kept in decimals and fractions."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, isclose, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.domain.product import Product
from gpt_trader.kernel.ledger import average_after, cash_after, funding, quote, short_hold, value
from gpt_trader.kernel.rounding import fee_up
from tests.kernel.rows import COIN, PERP, UNIT

FINE = Product("FINE-USD", Decimal("1e-8"), Decimal("0.001")).spec  # a lot-tick is 1/1000 unit
trades = st.tuples(
    st.sampled_from([1, -1]), st.integers(1, 10**9), st.integers(1, 10**7), st.integers(0, 10**6)
)


@given(st.lists(trades, max_size=12))
def test_cash_agrees_with_a_ledger_of_fractions(fills):
    cash, expected = 10**15, Fraction(10**15)
    for side, lots, ticks, rate_e8 in fills:
        worth = Fraction(lots * ticks, 1000)
        notional = ceil(worth) if side > 0 else floor(worth)
        fee = fee_up(notional, rate_e8)
        cash = cash_after(cash, side, lots, ticks, fee, FINE)
        expected -= side * notional + ceil(Fraction(notional * rate_e8, 10**8))
        assert cash == expected


def test_cash_by_hand():
    bought = cash_after(1000 * UNIT, 1, 3, 10_000, 3 * UNIT, COIN)
    assert Decimal(bought) / UNIT == Decimal(1000) - 300 - 3
    assert Decimal(cash_after(bought, -1, 3, 9_999, 0, COIN)) / UNIT == Decimal("996.97")
    assert cash_after(0, 1, 1, 1, 0, FINE) == -1  # a cost rounds up
    assert cash_after(0, -1, 1, 1, 0, FINE) == 0  # proceeds round down


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**8)), min_size=1, max_size=9))
@pytest.mark.parametrize("side", [1, -1])
def test_the_average_is_weighted_by_size_and_survives_a_reduction(side, fills):
    held, average, spent = 0, 0.0, 0
    for lots, ticks in fills:
        average = average_after(held, average, side, lots, ticks)
        held += side * lots
        spent += lots * ticks
    assert held == side * sum(lots for lots, _ in fills)
    assert isclose(average, Fraction(spent, abs(held)), rel_tol=1e-12)
    if abs(held) > 1:
        assert average_after(held, average, -side, abs(held) - 1, 77) == average
    assert average_after(held, average, -side, abs(held), 77) == 0.0


def test_value_is_signed():
    assert value(-3, 10_000, PERP) == -300.0
    assert value(0, 10_000, COIN) == 0.0
    assert quote(150_000_000) == 1.5


@pytest.mark.parametrize(
    "lots, rate, units",
    [
        (3, 0.01, -3 * UNIT),  # a long pays a positive rate
        (-3, 0.01, 3 * UNIT),
        (3, -0.01, 3 * UNIT),
        (-3, -0.01, -3 * UNIT),
        (3, 5e-12, -1),  # 0.15 units: paid in full, received not at all
        (-3, 5e-12, 0),
        (0, 0.01, 0),
        (3, 0.0, 0),
        (3, nan, 0),
    ],
)
def test_funding_sign_and_rounding(lots, rate, units):
    assert funding(lots, 10_000, rate, PERP) == units


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**7), st.floats(-0.01, 0.01))
def test_what_longs_pay_in_funding_shorts_never_get_more_of(lots, ticks, rate):
    both = funding(lots, ticks, rate, PERP) + funding(-lots, ticks, rate, PERP)
    assert -1 <= both <= 0


def test_a_short_holds_back_twice_its_entry_cost():
    assert short_hold(-5, 10_000.0, PERP) == 1000 * UNIT
    assert short_hold(-5, 10_000.3, PERP) == 2 * 5 * 10_001 * UNIT // 100  # the tick above
    assert short_hold(5, 10_000.0, PERP) == 0
    assert short_hold(0, 0.0, PERP) == 0
