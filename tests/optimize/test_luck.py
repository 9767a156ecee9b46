"""Luck: the published numbers, and each further trial makes the best less surprising."""

from math import sqrt

import numpy as np
import pytest

from gpt_trader.measure.inference import Trials, expected_best_sharpe, infer
from gpt_trader.optimize.luck import luck

RETURNS = np.random.default_rng(8).normal(0.0005, 0.01, (40, 500))

MARKET = np.random.default_rng(9).normal(0.0, 0.03, 500)


def test_the_deflated_sharpe_of_a_point_is_that_of_its_backtest():
    """`infer` counts the others from outside; here they are the other rows of the grid."""
    ratios = RETURNS.mean(axis=1) / RETURNS.std(axis=1, ddof=1)
    others = Trials(sharpes=tuple(np.delete(ratios, 7)), count=39)
    alone = infer(RETURNS[7], trials=others)
    found = luck(RETURNS, 7, Trials(), MARKET)
    assert found.trials == alone.trials == 40
    assert found.dsr == pytest.approx(alone.dsr, rel=1e-9)
    assert found.psr == pytest.approx(alone.psr, rel=1e-9)
    assert found.expected_best_sharpe == pytest.approx(alone.expected_best_sharpe, rel=1e-9)
    assert found.chosen_sharpe == pytest.approx(ratios[7] * sqrt(365), rel=1e-12)
    assert found.best_sharpe == pytest.approx(ratios.max() * sqrt(365), rel=1e-12)


def test_worthless_tries_show_what_is_expected_of_the_best():
    worthless = np.random.default_rng(1).normal(0.0, 0.01, (200, 100, 365))
    best = [luck(one, None, Trials(), None).best_sharpe for one in worthless]
    expected = expected_best_sharpe(100, 1 / 364) * sqrt(365)
    assert np.mean(best) == pytest.approx(expected, rel=0.03)


def test_earlier_trials_count():
    alone, after = (luck(RETURNS, 7, Trials(count=n), MARKET) for n in (0, 10_000))
    assert after.trials == 10_040
    assert after.earlier == 10_000
    assert after.dsr < alone.dsr
    assert after.psr == alone.psr
    uncounted = luck(RETURNS, 7, None, None)
    assert uncounted.note == "earlier trials were not counted"


def test_a_point_that_does_not_move_has_no_probability():
    flat = np.vstack([np.zeros(500), RETURNS[:3]])
    found = luck(flat, 0, Trials(), MARKET)
    assert (found.psr, found.dsr, found.chosen_sharpe) == (None, None, None)
    assert found.trials == 4
    assert (found.chance, found.beyond_market, found.days_needed) == (None, None, None)


def test_two_chances_of_the_chosen_point():
    """Against the market's rise nothing is left of a point that only held a part of it."""
    market = 0.002 + MARKET
    held = 0.5 * market + np.random.default_rng(2).normal(0.0, 0.0001, (5, 500))
    found = luck(np.vstack([held, RETURNS]), 0, Trials(), market)
    assert found.chance > 0.001
    assert found.beyond_market > 0.1
    skilled = RETURNS.copy()
    skilled[7] += 0.003
    found = luck(skilled, 7, Trials(), MARKET)
    assert found.chance <= found.level
    assert found.beyond_market <= found.level
    assert found.days_needed < found.days == 500
    assert luck(skilled, 7, Trials(), None).beyond_market is None
    assert luck(skilled, 7, Trials(), None).days_needed is None


def test_earlier_trials_are_added_to_the_points():
    skilled = RETURNS.copy()
    skilled[7] += 0.0015
    few, many = (luck(skilled, 7, Trials(count=n), MARKET) for n in (0, 1_000))
    assert many.chance > few.chance
    assert many.beyond_market > few.beyond_market


def test_a_record_of_the_length_that_is_said_would_be_proof():
    """The same days again and again: the score grows with the root of their number."""
    weak = RETURNS.copy()
    weak[7] += 0.0005
    found = luck(weak, 7, Trials(), MARKET)
    assert found.chance > found.level
    times = -(-found.days_needed // 500)
    assert times > 1
    longer = luck(np.tile(weak, times), 7, Trials(), np.tile(MARKET, times))
    assert longer.chance <= 0.04
    assert longer.beyond_market <= 0.04


def test_a_point_whose_equity_was_gone_leaves_the_others_judged():
    gone = RETURNS.copy()
    gone[3, 200:] = [-1.0, *[0.0] * 299]
    assert luck(gone, 7, Trials(), MARKET).chance is not None
