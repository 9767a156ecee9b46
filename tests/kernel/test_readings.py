"""What a decision reads: every product reading is taken, each order's too, and nothing else is."""

from math import isnan, nan

import numpy as np
import pytest

from gpt_trader.kernel.marks import new_marks
from gpt_trader.kernel.readings import (
    OF_ORDER,
    OF_PRODUCT,
    UNATTENDED,
    Outside,
    no_readings,
    read_order,
    read_product,
    unattended,
)
from gpt_trader.kernel.rounding import spec_table
from tests.kernel.rows import CASH, COIN, UNIT, slots_at

SPECS = spec_table([COIN])


OUTSIDE = Outside(7, 1, 2, 3, 4, 5)


def taken(*, equity=10_000.0, lots=0, cash=CASH, close=10_000, outside=OUTSIDE):
    readings, slots = no_readings(), slots_at(close)
    slots["lots"] = lots
    free = read_product(readings, slots, 0, cash, new_marks(equity), outside, 250, SPECS)
    return readings, free


def test_nothing_is_read_before_it_is_taken():
    readings = no_readings()
    assert all(isnan(readings[name][0]) for name in OF_PRODUCT + OF_ORDER)
    assert (readings["zero"][0], readings["one"][0]) == (0.0, 1.0)
    assert np.isnan(readings["values"][0]).sum() == len(OF_PRODUCT + OF_ORDER)


def test_each_reading_of_a_product_is_taken_and_none_of_an_order():
    readings, free = taken(lots=10)
    assert not any(isnan(readings[name][0]) for name in OF_PRODUCT)
    assert all(isnan(readings[name][0]) for name in OF_ORDER)
    names = ("bar_ms", "halt", "pause", "unknown_orders", "bar_age_ms", "unreconciled")
    assert [readings[name][0] for name in names] == [7, 1, 2, 3, 4, 5]
    assert (readings["product_share"][0], readings["gross_used"][0]) == (0.1, 1_000.0)
    assert (free, readings["free_cash"][0]) == (CASH, 10_000.0)
    read_order(readings, 500 * UNIT, 1.0, 0.0, 0.0)
    assert not any(isnan(readings[name][0]) for name in OF_ORDER)
    assert readings["product_share_after"][0] == 0.15


def test_where_nobody_attends_what_comes_from_outside_is_nothing_but_the_bar():
    readings, _ = taken(outside=unattended(7))
    assert [readings[name][0] for name in UNATTENDED] == [0.0] * (len(Outside._fields) - 1)
    assert readings["bar_ms"][0] == 7


@pytest.mark.parametrize("equity", [nan, 0.0, -1.0])
def test_shares_of_no_equity_are_no_numbers(equity):
    readings, _ = taken(equity=equity, lots=10)
    assert isnan(readings["product_share"][0])
    assert isnan(readings["gross_share"][0])
    assert not readings["least_input"][0] > 0.0


def test_a_price_that_is_missing_is_the_least_input():
    readings, _ = taken(close=0)
    assert readings["least_input"][0] == 0.0


def test_cash_that_is_promised_twice_is_not_spendable():
    readings, free = taken(cash=-5 * UNIT)
    assert (free, readings["free_cash"][0], readings["spendable"][0]) == (-5 * UNIT, -5.0, 0.0)
