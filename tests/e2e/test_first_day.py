"""The first day counts, in every number alike: from the money at the start to its close."""

from dataclasses import replace

import numpy as np
import pytest

import gpt_trader as gt
from gpt_trader.domain.costs import order_style
from gpt_trader.measure import metrics
from gpt_trader.measure.path import day_returns
from gpt_trader.optimize.frame import points_frame
from tests.strategies_helpers import bars_of

DAY, HOUR = metrics.DAY_MS, 3_600_000
DAYS = 60
NOON = 12
FREE = gt.CostModel(taker_bps=0, maker_bps=0, spread_bps=0, slippage_bps=0)
ALONE = {"costs": FREE, "risk": None, "trials": False, "style": order_style("taker")}


def fallen_then_rising():
    """Hours from noon on: a fall of 5.5 % until midnight, then days that gain about 0.5 %."""
    gains = 0.005 + 0.004 * np.random.default_rng(1).standard_normal(DAYS - 1)
    days = 3_000_000 * np.cumprod(np.concatenate([[1.0, 0.945], 1.0 + gains]))
    close = np.interp(np.arange(24 * DAYS - NOON), [1, *range(NOON - 1, 24 * DAYS, 24)], days)
    bars = bars_of(close.round().astype(np.int64))
    return replace(
        bars, time=bars.time + 19_723 * DAY + NOON * HOUR, volume=np.full(len(bars), 1e6)
    )


@pytest.fixture(scope="module")
def bars():
    return fallen_then_rising()


@pytest.fixture(scope="module")
def held(bars):
    return gt.backtest(bars, "buy_and_hold", **ALONE)


def test_a_run_that_loses_on_its_first_day_shows_it(held):
    returns, found = day_returns(held.path), held.metrics
    assert len(returns) == DAYS
    assert returns[0] == pytest.approx(-0.055, abs=1e-3)
    assert returns[0] * 100 == pytest.approx(found.worst_day_pct)
    assert metrics.sharpe(returns[1:]) > 20
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * 365**0.5)
    assert found.sharpe < 10
    below = np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2))
    assert found.sortino == pytest.approx(returns.mean() / below * 365**0.5)
    assert found.volatility_pct == pytest.approx(returns.std(ddof=1) * 365**0.5 * 100)
    assert found.cvar_95_pct > 1 > metrics.conditional_value_at_risk_pct(returns[1:])


def test_bars_days_and_months_each_make_the_whole_return(held):
    whole = pytest.approx(1.0 + held.metrics.return_pct / 100)
    assert np.prod(1.0 + day_returns(held.path)) == whole
    assert np.prod(1.0 + held.returns) == whole
    assert np.prod([1.0 + one.return_pct / 100 for one in held.breakdown.months]) == whole


def test_the_replay_has_the_same_numbers(bars):
    strategy = gt.strategies.SmaCross(fast=3, slow=9)
    fast, replay = (gt.backtest(bars, strategy, engine=one, **ALONE) for one in ("fast", "replay"))
    assert fast.metrics == replay.metrics


def test_what_judges_a_run_goes_by_the_same_days(bars):
    found = gt.backtest(bars, "buy_and_hold", assess=True, **ALONE)
    said, ratio = found.assessment, pytest.approx(found.metrics.sharpe)
    assert said.inference.days == said.proof.days == DAYS
    assert said.inference.fan.shape == (5, DAYS)
    assert said.baselines.buy_hold_sharpe == ratio
    assert [one.sharpe for one in said.sensitivity.costs] == [ratio] * 5  # free at any factor


def test_a_search_scores_a_point_as_a_backtest_does(bars):
    grid = {"fast": [3, 6], "slow": [12, 24]}
    search = gt.optimize(bars, gt.strategies.SmaCross, grid, folds=3, **ALONE)
    runs = [gt.backtest(bars, one, **ALONE) for one in search.space.strategies]
    assert search.scores.tolist() == [one.metrics.sharpe for one in runs]
    assert search.other_terms.sharpe == runs[search.chosen].metrics.sharpe
    assert search.luck.days == DAYS
    for fold in search.walk.folds:
        strategy, end = search.space.strategies[fold.point], np.searchsorted(bars.time, fold.end)
        tested = gt.backtest(
            bars[:end], strategy, start_ms=fold.split, close_at_end=True, **ALONE
        ).metrics
        assert fold.out_sharpe is not None
        assert fold.out_sharpe == tested.sharpe
        assert fold.out_return_pct == tested.return_pct
        seen = gt.backtest(bars[: np.searchsorted(bars.time, fold.split)], strategy, **ALONE)
        assert fold.in_sharpe == seen.metrics.sharpe
    first = search.walk.folds[0].split
    cut = bars[: np.searchsorted(bars.time, first)]
    seen = [gt.backtest(cut, one, **ALONE).metrics.sharpe for one in search.space.strategies]
    assert points_frame(search)["in_sample"].tolist() == seen
