"""Luck: the published numbers, and each further trial makes the best less surprising."""

from math import sqrt

import numpy as np
import pytest

from gpt_trader.measure.inference import Trials, expected_best_sharpe, infer
from gpt_trader.measure.metrics import DAY_MS
from gpt_trader.optimize.luck import luck

RETURNS = np.random.default_rng(8).normal(0.0005, 0.01, (40, 500))


def test_the_deflated_sharpe_of_a_point_is_that_of_its_backtest():
    """`infer` counts the others from outside; here they are the other rows of the grid."""
    ratios = RETURNS.mean(axis=1) / RETURNS.std(axis=1, ddof=1)
    others = Trials(sharpes=tuple(np.delete(ratios, 7)), count=39)
    equity = np.concatenate([[1.0], np.cumprod(1.0 + RETURNS[7])])
    time = np.arange(len(equity), dtype=np.int64) * DAY_MS
    alone = infer(time, equity, start=1.0, trials=others)
    found = luck(RETURNS, 7, Trials())
    assert found.trials == alone.trials == 40
    assert found.dsr == pytest.approx(alone.dsr, rel=1e-9)
    assert found.psr == pytest.approx(alone.psr, rel=1e-9)
    assert found.expected_best_sharpe == pytest.approx(alone.expected_best_sharpe, rel=1e-9)
    assert found.chosen_sharpe == pytest.approx(ratios[7] * sqrt(365), rel=1e-12)
    assert found.best_sharpe == pytest.approx(ratios.max() * sqrt(365), rel=1e-12)


def test_worthless_tries_show_what_is_expected_of_the_best():
    worthless = np.random.default_rng(1).normal(0.0, 0.01, (200, 100, 365))
    best = [luck(one, None, Trials()).best_sharpe for one in worthless]
    expected = expected_best_sharpe(100, 1 / 364) * sqrt(365)
    assert np.mean(best) == pytest.approx(expected, rel=0.03)


def test_earlier_trials_count():
    alone, after = (luck(RETURNS, 7, Trials(count=n)) for n in (0, 10_000))
    assert after.trials == 10_040
    assert after.earlier == 10_000
    assert after.dsr < alone.dsr
    assert after.psr == alone.psr
    uncounted = luck(RETURNS, 7, None)
    assert uncounted.note == "earlier trials were not counted"


def test_a_point_that_does_not_move_has_no_probability():
    flat = np.vstack([np.zeros(500), RETURNS[:3]])
    found = luck(flat, 0, Trials())
    assert (found.psr, found.dsr, found.chosen_sharpe) == (None, None, None)
    assert found.trials == 4
