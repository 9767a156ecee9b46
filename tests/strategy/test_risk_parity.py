"""Weights by risk, against plain formulas."""

import numpy as np
import pytest

from gpt_trader.domain.market import market_of
from gpt_trader.strategy.registry import create
from gpt_trader.strategy.risk_parity import RiskParity
from tests.strategies_helpers import IDS, bars_of, random_bars, with_holes

SIZES = (20_000, 5_000, 60_000)


def series_of(n, keep=1.0):
    return [
        with_holes(random_bars(n, seed=j, size=size), name, j, keep)
        for j, (name, size) in enumerate(zip(IDS, SIZES, strict=True))
    ]


def weights(strategy, market):
    return np.stack([one.weight for one in strategy.targets(market).values()], axis=1)


def test_weights_are_inverse_to_the_volatility_at_the_last_turn():
    market = market_of(series_of(200))
    found = weights(RiskParity(vol_period=30, every=12, gross=0.8), market)
    returns = np.diff(market.close, axis=0) / market.close[:-1]
    assert np.isnan(found[:36]).all()
    for row in range(36, 200):
        at = row // 12 * 12
        share = 1 / returns[at - 30 : at].std(axis=0)
        np.testing.assert_allclose(found[row], 0.8 * share / share.sum(), rtol=1e-9)


def test_with_equal_risk_each_contributes_the_same_share_of_the_variance():
    first, second, third = series_of(400)
    both = bars_of(first.close + second.close - 3_000_000)  # moves with two of them
    market = market_of([with_holes(both, "MIX-USD", 0, 1.0), first, second, third])
    found = weights(RiskParity(vol_period=100, every=50, equal_risk=True), market)
    plain = weights(RiskParity(vol_period=100, every=50), market)
    returns = np.diff(market.close, axis=0) / market.close[:-1]
    for row in (100, 250, 399):
        at = row // 50 * 50
        covariance = np.cov(returns[at - 100 : at].T)
        risk = found[row] * (covariance @ found[row])
        np.testing.assert_allclose(risk, risk.mean(), rtol=1e-9)
        assert found[row].sum() == pytest.approx(1.0)
        assert abs(found[row] - plain[row]).max() > 0.02


def test_single_absent_bars_are_left_out_of_the_volatility():
    market = market_of(series_of(300, keep=0.9))
    found = weights(RiskParity(vol_period=60, every=30), market)
    close = market.close
    row = int(np.flatnonzero(market.time // market.interval_ms % 30 == 0)[-1])
    returns = close[row - 59 : row + 1] / close[row - 60 : row] - 1
    share = np.where(market.present[row], 1 / np.nanstd(returns, axis=0), 0.0)
    np.testing.assert_allclose(found[row], share / share.sum(), rtol=1e-9)


def test_one_that_does_not_move_has_no_bar_or_too_few_weighs_nothing():
    moves, rare, late = series_of(100)
    still = with_holes(bars_of(np.full(100, 700)), "STILL-USD", 0, 1.0)
    kept = np.flatnonzero(np.arange(100) % 30 != 0)
    market = market_of([moves, rare[::3], late[kept], still])
    found = weights(RiskParity(vol_period=20, every=30), market)
    assert found[90].tolist() == [1.0, 0.0, 0.0, 0.0]
    nothing = weights(RiskParity(vol_period=20, every=30), market_of([still]))
    assert nothing[90].tolist() == [0.0]


def test_sums_are_settings_of_their_own():
    assert create("risk_parity", {}).warmup == 540 + 4 * 179 + 1
    assert create("risk_parity", {}).min_bars == 541
