"""Objectives: the numbers of the backtest, for many points at once."""

import numpy as np
import pytest

from gpt_trader.measure import metrics
from gpt_trader.optimize.objective import OBJECTIVES, scores

START = 1000.0


def paths(k=6, days=40):
    steps = np.random.default_rng(4).normal(0.001, 0.02, (k, days))
    return START * np.cumprod(1.0 + steps, axis=1)


def test_scores_are_those_of_the_backtest():
    closes = paths()
    time = np.arange(closes.shape[1], dtype=np.int64) * metrics.DAY_MS
    for row, sharpe, gain, calmar in zip(
        closes, *(scores(closes, START, wanted) for wanted in OBJECTIVES), strict=True
    ):
        assert sharpe == metrics.sharpe(metrics.daily_returns(time, row, START))
        assert gain * 100 == pytest.approx(metrics.return_pct(START, row[-1]), rel=1e-12)
        growth = metrics.cagr_pct(START, row[-1], len(time) * metrics.DAY_MS)
        fall = metrics.drawdown_of(row, time, metrics.DAY_MS, start=START)
        assert calmar == pytest.approx(metrics.calmar(growth, fall.max_pct), rel=1e-9)


@pytest.mark.parametrize("wanted", OBJECTIVES)
def test_a_point_that_never_moved_has_no_score(wanted):
    closes = np.vstack([np.full(10, START), paths(1, 10)])
    assert np.isnan(scores(closes, START, wanted)).tolist() == [True, False]


def test_undefined_numbers_are_no_scores():
    rising = START * 1.01 ** np.arange(1.0, 5.0)[None]
    assert np.isnan(scores(rising[:, :1], START, "sharpe")).all()
    assert np.isnan(scores(rising, START, "calmar")).all(), "no drawdown"
