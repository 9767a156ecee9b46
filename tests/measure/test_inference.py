"""Statistics of a run against published and independently computed numbers."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.measure.inference import (
    FAN_QUANTILES,
    Range,
    Trials,
    block_days,
    expected_best_sharpe,
    infer,
    min_track_record,
    probabilistic_sharpe,
    sorted_quantiles,
    trials_variance,
)
from gpt_trader.measure.metrics import moments

NORMAL = {"skew": 0.0, "kurtosis": 3.0}
HEDGE_FUNDS = {"skew": -2.448, "kurtosis": 10.164}  # Bailey and Lopez de Prado (2012), monthly


def run(returns, **options):
    given_options = {"trials": Trials(), "resamples": 200} | options
    return infer(np.asarray(returns, np.float64), **given_options)


def noise(n=400, mean=0.001, seed=1):
    return np.random.default_rng(seed).normal(mean, 0.02, n)


def test_probabilistic_sharpe_as_published():
    assert probabilistic_sharpe(0.458, 24, **NORMAL) == pytest.approx(0.9817, abs=2e-4)
    assert probabilistic_sharpe(0.458, 24, **HEDGE_FUNDS) == pytest.approx(0.9134, abs=2e-4)


def test_deflated_sharpe_as_published():
    best = expected_best_sharpe(100, 0.5 / 250)
    assert best == pytest.approx(0.1131720, abs=1e-7)
    dsr = probabilistic_sharpe(2.5 / sqrt(250), 1250, skew=-3.0, kurtosis=10.0, benchmark=best)
    assert dsr == pytest.approx(0.9003968344, abs=1e-9)


def test_expected_best_by_the_formula():
    assert expected_best_sharpe(100, 1.0) == pytest.approx(2.5306028932016846, abs=1e-13)
    assert expected_best_sharpe(10, 1.0) == pytest.approx(1.5746, abs=5e-5)
    assert expected_best_sharpe(1, 1.0) == 0.0
    assert expected_best_sharpe(10, 4.0) == pytest.approx(2 * 1.5746, abs=1e-4)


def test_expected_best_is_near_a_simulation():
    best = np.random.default_rng(1).normal(size=(20_000, 50)).max(axis=1).mean()
    assert expected_best_sharpe(50, 1.0) == pytest.approx(best, rel=0.02)


@given(st.floats(0.01, 0.5), st.floats(-2.0, 2.0), st.floats(0.1, 20.0))
def test_a_track_record_of_the_least_length_is_just_enough(sharpe, skew, extra):
    shape = {"skew": skew, "kurtosis": 1.0 + skew**2 + extra}
    needed = min_track_record(sharpe, **shape)
    assert probabilistic_sharpe(sharpe, int(needed) + 1, **shape) >= 0.95
    if needed > 3.0:
        assert probabilistic_sharpe(sharpe, int(needed) - 1, **shape) < 0.95


def test_min_track_record_as_published():
    # monthly Sharpe ratio .5 of normal returns: 1 + (1 + .125) (1.6449 / .5)^2
    assert min_track_record(0.5, **NORMAL) == pytest.approx(13.1749, abs=1e-3)
    assert min_track_record(0.0, **NORMAL) is None
    assert min_track_record(-0.1, **NORMAL) is None


def test_without_variance_there_is_no_probability():
    assert probabilistic_sharpe(1.0, 10, skew=2.0, kurtosis=5.0) is None  # 1 - 2 + 1


def test_moments_are_raw():
    skew, kurtosis = moments(np.random.default_rng(1).normal(size=200_000))
    assert (skew, kurtosis) == (pytest.approx(0.0, abs=0.03), pytest.approx(3.0, abs=0.05))
    assert moments(np.array([0.0, 0.0, 0.0, 4.0])) == (
        pytest.approx(2 / sqrt(3)),
        pytest.approx(7 / 3),
    )


def test_variance_of_trials_has_a_floor():
    assert trials_variance([0.1], 101) == 0.01
    assert trials_variance([0.1, 0.1001], 101) == 0.01
    assert trials_variance([-1.0, 0.0, 1.0], 101) == pytest.approx(1.0)


def test_block_days_grow_slowly():
    assert block_days(0) == 1.0
    assert block_days(1_000) == pytest.approx(10.0)


def test_sorted_quantiles_are_those_of_numpy():
    rows = np.sort(np.random.default_rng(1).normal(size=(4, 33)), axis=1)
    ours = sorted_quantiles(rows, FAN_QUANTILES)
    np.testing.assert_allclose(ours, np.quantile(rows, FAN_QUANTILES, axis=1), rtol=1e-13)
    assert sorted_quantiles(rows, (1.0,)).tolist() == [rows[:, -1].tolist()]


def test_a_run_in_full():
    returns = noise()
    found = run(returns)
    daily = returns.mean() / returns.std(ddof=1)
    skew, kurtosis = moments(returns)
    assert found.days == 400
    assert found.fan.shape == (5, 400)
    assert (np.diff(found.fan, axis=0) >= 0.0).all()
    assert found.return_pct == Range(
        pytest.approx((found.fan[0, -1] - 1) * 100), pytest.approx((found.fan[-1, -1] - 1) * 100)
    )
    assert found.sharpe.low < daily * sqrt(365) < found.sharpe.high
    assert found.psr == pytest.approx(
        probabilistic_sharpe(daily, 400, skew=skew, kurtosis=kurtosis), rel=1e-12
    )
    assert found.dsr == found.psr  # one trial
    assert (found.trials, found.trials_note, found.expected_best_sharpe) == (1, None, 0.0)


def test_the_start_is_the_first_peak_and_every_day_may_come_first():
    found = run([-0.1] * 12)
    assert found.fan[:, 0] == pytest.approx(0.9)
    assert found.max_drawdown_pct.low == pytest.approx((1.0 - 0.9**12) * 100.0)
    mixed = run([-0.1] + [0.01] * 11)
    assert set(mixed.fan[:, 0]) == {0.9, 1.01}


def test_trials_deflate():
    returns = noise(mean=0.002)
    few, many = (run(returns, trials=Trials((0.01,) * k, k)) for k in (3, 300))
    assert few.psr == many.psr
    assert few.dsr > many.dsr
    assert (few.trials, many.trials) == (4, 301)
    assert many.expected_best_sharpe > few.expected_best_sharpe > 0.0


def test_nobody_counted():
    found = run(noise(), trials=None)
    assert found.psr is not None
    assert (found.dsr, found.expected_best_sharpe) == (None, None)
    assert (found.trials, found.trials_note) == (1, "trials were not counted")


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, -0.01, 0.02], [-1.0] + [0.0] * 20])
def test_too_little_is_undefined(returns):
    found = run(returns)
    assert (found.return_pct, found.sharpe, found.max_drawdown_pct, found.psr) == (None,) * 4
    assert found.fan.shape == (5, len(returns))
    assert np.isnan(found.fan).all()


def test_never_in_the_market():
    found = run(np.zeros(50))
    assert found.return_pct == Range(0.0, 0.0)
    assert found.max_drawdown_pct == Range(0.0, 0.0)
    assert (found.sharpe, found.psr, found.dsr, found.min_track_record_days) == (None,) * 4


def test_the_same_seed_says_the_same():
    assert run(noise()).fan.tobytes() == run(noise()).fan.tobytes()
    assert run(noise(), seed=1).fan.tobytes() != run(noise(), seed=2).fan.tobytes()
