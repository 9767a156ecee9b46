"""What a crossing fill pays, computed by hand. The bar: 9,800 to 10,200, so sigma is 2.402245 %."""

from math import log, sqrt

import pytest

from gpt_trader.kernel.codes import BUY, FILL_ENTRY, FILL_STOP, SELL, TAKER
from gpt_trader.kernel.rounding import BPS
from gpt_trader.kernel.slippage import (
    NO_QUOTE,
    PARKINSON,
    Drift,
    bar_drift,
    cross_value,
    quoted,
    taker_ticks,
    volatility,
)
from gpt_trader.kernel.slot import KIND_LIMIT, KIND_SIZE, KIND_VALUE
from tests.kernel.rows import COIN, DEAR, FREE, HOUR, UNIT, flat, holding, play, working

HIGH, LOW = 10_200, 9_800
SIGMA = 0.04 * 0.6005612043932249
WHOLE = FREE._replace(impact=1.0)
LATE = FREE._replace(latency_ms=HOUR // 4)


def test_the_range_measures_volatility_as_parkinson_does():
    assert pytest.approx(1 / sqrt(4 * log(2)), rel=1e-15) == PARKINSON
    assert volatility(HIGH, LOW) == pytest.approx(SIGMA, rel=1e-14)
    assert volatility(10_000, 10_000) == 0.0
    exact = log(13_000 / 10_000) / sqrt(4 * log(2))
    assert volatility(13_000, 10_000) == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize(
    "lots, volume, share",
    [(25, 100.0, 0.25), (1, 100.0, 0.01), (100, 100.0, 1.0), (400, 100.0, 1.0), (1, 0.0, 1.0)],
)
@pytest.mark.parametrize("side", [BUY, SELL])
def test_impact_is_the_square_root_of_the_share_of_volume(side, lots, volume, share):
    drift = bar_drift(HIGH, LOW, volume, HOUR, COIN, WHOLE)
    moved = 10_000 * SIGMA * sqrt(share)
    expected = -(-(10_000 + moved) // 1) if side > 0 else (10_000 - moved) // 1
    assert taker_ticks(10_000, side, lots, drift, WHOLE) == expected


def test_latency_is_the_walk_of_its_share_of_the_bar():
    drift = bar_drift(HIGH, LOW, 1.0, HOUR, COIN, LATE)
    assert drift.latency == pytest.approx(SIGMA / 2)
    assert taker_ticks(10_000, BUY, 5, drift, LATE) == 10_121  # 120.11, up
    assert taker_ticks(10_000, SELL, 5, drift, LATE) == 9_879


def test_all_that_moves_a_price_adds_up_and_is_rounded_once():
    costs = DEAR._replace(impact=0.5, latency_ms=HOUR // 100)
    drift = bar_drift(HIGH, LOW, 100.0, HOUR, COIN, costs)
    rate = 0.002 + SIGMA * (0.5 * 0.5 + 0.1)
    assert taker_ticks(10_000, BUY, 25, drift, costs) == int(10_000 * (1 + rate)) + 1
    assert taker_ticks(10_000, SELL, 25, drift, costs) == int(10_000 * (1 - rate))


def test_impact_and_latency_at_most_double_a_price_and_leave_one_tick():
    drift = Drift(0.9, 5.0, 1.0)
    assert taker_ticks(10_000, BUY, 5, drift, FREE) == 20_000
    assert taker_ticks(10_000, SELL, 5, drift, FREE) == 1


def test_without_them_nothing_is_computed():
    assert bar_drift(HIGH, LOW, 0.0, HOUR, COIN, DEAR) == (0.0, 0.0, 0.0)


def test_an_order_by_value_pays_the_impact_of_the_lots_it_would_have_had():
    drift = bar_drift(HIGH, LOW, 100.0, HOUR, COIN, WHOLE)
    # 2,501 buys 25 at 100: a quarter of the volume, 1.201 % up: 101.21, which buys 24
    assert cross_value(2_501 * UNIT, BUY, 10**6, 10_000, drift, 0, COIN, WHOLE) == (24, 10_121)
    # no more than 4 fit into the bar: their impact is 0.480 %
    assert cross_value(2_501 * UNIT, BUY, 4, 10_000, drift, 0, COIN, WHOLE) == (24, 10_049)


def test_a_quoted_half_spread_stands_in_for_the_assumed_one():
    assert quoted(DEAR, NO_QUOTE) == DEAR
    assert quoted(DEAR, 0) == DEAR._replace(half_spread_e8=0)
    assert quoted(DEAR, 30 * BPS) == DEAR._replace(half_spread_e8=30 * BPS)


@pytest.mark.parametrize(
    "slot, fill",
    [
        (working(flat(), KIND_SIZE, BUY, 25), (BUY, 25, 10_121, TAKER, FILL_ENTRY)),
        (working(flat(), KIND_VALUE, BUY, 2_501 * UNIT), (BUY, 24, 10_121, TAKER, FILL_ENTRY)),
        (holding(25, stop=0.01), (SELL, 25, 9_781, TAKER, FILL_STOP)),  # 9,900 less 1.2011 %
    ],
)
def test_every_crossing_fill_pays_the_impact(slot, fill):
    assert play(slot, 10_000, HIGH, LOW, volume=100.0, costs=WHOLE).fills == [fill]


def test_a_resting_fill_pays_none():
    slot = working(flat(), KIND_LIMIT, BUY, 25, limit=9_900)
    [fill] = play(slot, 10_000, HIGH, LOW, volume=100.0, costs=WHOLE).fills
    assert fill[2] == 9_900
