"""Tiers by the volume of 720 hours, recomputed at each full hour."""

import numpy as np
import pytest

from gpt_trader.kernel.codes import FILL_ENTRY, FILL_EXIT, FILL_STOP
from gpt_trader.kernel.fees import (
    HOUR_MS,
    MAKER_RATE,
    TAKER_RATE,
    VOLUME,
    VOLUME_UNIT,
    count_volume,
    new_fee_book,
    rated,
    roll_fees,
    tier_table,
)
from gpt_trader.kernel.rounding import BPS
from tests.kernel.rows import FREE
from tests.kernel.test_simulate import run

WEEK = 168 * HOUR_MS
# below 100 units of volume 1 % and 0.5 %, from there 0.5 % and 0.2 %; after a week 2 % and 1 %
TIERS = (
    (-(2**62), 0, 100 * BPS, 50 * BPS),
    (-(2**62), 100, 50 * BPS, 20 * BPS),
    (WEEK, 0, 200 * BPS, 100 * BPS),
)


def book_at(hour):
    table = tier_table(TIERS)
    book = new_fee_book(table)
    roll_fees(book, table, hour * HOUR_MS)
    return table, book


def rates(book):
    return (int(book[TAKER_RATE]) // BPS, int(book[MAKER_RATE]) // BPS)


def test_a_new_account_pays_the_first_rates():
    assert rates(book_at(0)[1]) == (100, 50)
    assert rates(book_at(168)[1]) == (200, 100)


def test_volume_lowers_the_rates_from_the_next_full_hour_on():
    table, book = book_at(10)
    count_volume(book, 99 * VOLUME_UNIT)
    count_volume(book, VOLUME_UNIT + VOLUME_UNIT - 1)  # rounded down
    roll_fees(book, table, 11 * HOUR_MS - 1)
    assert rates(book) == (100, 50)
    roll_fees(book, table, 11 * HOUR_MS)
    assert rates(book) == (50, 20)


def test_volume_counts_for_720_hours_after_its_own():
    table = tier_table(TIERS[:2])
    book = new_fee_book(table)
    roll_fees(book, table, 10 * HOUR_MS)
    count_volume(book, 100 * VOLUME_UNIT)
    roll_fees(book, table, 730 * HOUR_MS)
    assert rates(book) == (50, 20)
    roll_fees(book, table, 731 * HOUR_MS)
    assert (rates(book), book[VOLUME]) == ((100, 50), 0)


def test_it_does_not_matter_in_how_many_steps_a_book_is_rolled():
    table, book = book_at(3)
    for hour in (3, 5, 400, 719, 1_100):
        roll_fees(book, table, hour * HOUR_MS)
        count_volume(book, hour * VOLUME_UNIT)
    at_once, by_hour = book.copy(), book.copy()
    roll_fees(at_once, table, 1_200 * HOUR_MS)
    for hour in range(1_100, 1_201):
        roll_fees(by_hour, table, hour * HOUR_MS)
    np.testing.assert_array_equal(at_once, by_hour)
    assert at_once[VOLUME] == 719 + 1_100
    before = at_once.copy()
    roll_fees(at_once, table, 5 * HOUR_MS)  # never back
    np.testing.assert_array_equal(at_once, before)
    roll_fees(at_once, table, 10_000 * HOUR_MS)
    assert at_once[VOLUME] == 0


def test_without_tiers_the_costs_stay():
    assert rated(FREE, new_fee_book(tier_table(()))) == FREE
    assert rated(FREE, book_at(0)[1]) == FREE._replace(taker_e8=100 * BPS, maker_e8=50 * BPS)


def bps(fills):
    """Return each fill's reason and its fee in bps of its value, prices of 100 and 1 base a lot."""
    return [
        (int(f["reason"]), round(float(f["fee"]) / float(f["lots"] * f["ticks"] * 10**6) * 10_000))
        for f in fills
    ]


@pytest.mark.parametrize(
    "weight, expected",
    [
        # 40 lots of 100 at bar 1 are 4,000: enough from the hour of bar 2 on, which is the
        # hour in which the order of bar 1 is placed
        ([0.4, 0.0, 0.4, 0.4], [(FILL_ENTRY, 100), (FILL_EXIT, 50), (FILL_ENTRY, 50)]),
        ([0.4, 0.4, 0.0, 0.0], [(FILL_ENTRY, 100), (FILL_EXIT, 50)]),
    ],
)
def test_an_order_pays_the_rates_at_its_placement(weight, expected):
    table = ((0, 0, 100 * BPS, 50 * BPS), (0, 3_000 * 10**4, 50 * BPS, 20 * BPS))
    fills, *_ = run([[10_000]] * 4, weight, fee_tiers=table)
    assert bps(fills) == expected


def test_a_protection_pays_the_rates_at_its_entrys_fill():
    table = ((0, 0, 100 * BPS, 50 * BPS), (0, 3_000 * 10**4, 50 * BPS, 20 * BPS))
    prices = [[10_000], [10_000], [10_000], [8_000]]
    fills, *_ = run(prices, [0.4] * 4, fee_tiers=table, stop=0.1)
    assert bps(fills) == [(FILL_ENTRY, 100), (FILL_STOP, 100)]


def test_an_order_keeps_its_rates_when_the_schedule_changes_before_it_fills():
    table = ((0, 0, 100 * BPS, 50 * BPS), (2 * HOUR_MS, 0, 300 * BPS, 50 * BPS))
    shown = [[1], [0], [0], [1], [1], [1]]  # placed at the end of hour 0, filled in hour 3
    weight = [0.4, 0.4, 0.4, 0.0, 0.0, 0.0]
    fills, *_ = run([[10_000]] * 6, weight, fee_tiers=table, present=shown)
    assert bps(fills) == [(FILL_ENTRY, 100), (FILL_EXIT, 300)]
