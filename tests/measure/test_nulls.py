"""A strategy among its own targets at other times: who knows stands out, who guesses does not."""

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import CostModel, backtest
from gpt_trader.domain.costs import order_style
from gpt_trader.domain.targets import Targets
from gpt_trader.measure import nulls
from gpt_trader.measure.assess import Trials
from gpt_trader.measure.nulls import as_normal, first_opinion, flipped, lag_shares, p_value, rolled
from tests.strategies_helpers import random_bars

PLAIN = {
    "costs": CostModel(5, 5, 1, 1), "risk": None, "style": order_style("taker"), "assess": True,
    "trials": Trials(),
}  # fmt: skip


@dataclass(frozen=True)
class Volume:
    """In while the volume is high: what it knows is what the test puts into the volume."""

    name: ClassVar[str] = "volume"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1
    level: float = 1.5

    def targets(self, bars):
        return Targets((bars.volume > self.level).astype(np.float64))


def told(seed, share):
    """Return bars whose volume says 2 before a rise, in a share of them; else a coin's word."""
    bars = random_bars(900, seed)
    rng = np.random.default_rng(seed)
    rises = np.concatenate([bars.close[1:] > bars.close[:-1], [False]])
    known = np.repeat(rng.random(300) < share, 3)
    coin = np.repeat(rng.random(300) < 0.5, 3)
    return replace(bars, volume=np.where(np.where(known, rises, coin), 2.0, 1.0))


@pytest.mark.compiled
def test_who_knows_stands_out_and_who_guesses_does_not():
    knows = backtest(told(1, 0.9), Volume(), **PLAIN, nulls=39).assessment.nulls
    assert (knows.count, knows.as_good) == (39, 0)
    assert knows.p_value < 1e-4
    assert knows.resolution == pytest.approx(1 / 40)
    assert knows.flipped_sharpe < knows.mean
    guesses = [
        backtest(told(seed, 0.0), Volume(), **PLAIN, nulls=39).assessment.nulls
        for seed in range(2, 8)
    ]
    assert 0.2 < np.mean([one.p_value for one in guesses]) < 0.8


def test_holding_is_not_told_apart_from_itself():
    found = backtest(random_bars(400, 3), Volume(level=-1.0), **PLAIN, nulls=19).assessment
    assert found.nulls.as_good == found.nulls.count
    assert found.nulls.p_value == 1.0
    assert found.verdict.word != "PASS"


def test_the_same_run_has_the_same_nulls():
    one, two = (
        backtest(told(1, 0.3)[:200], Volume(), **PLAIN, nulls=19).assessment.nulls for _ in range(2)
    )
    assert one == two


@pytest.mark.compiled
def test_how_many_are_run(monkeypatch):
    monkeypatch.setattr(nulls, "BUDGET_BARS", 900 * 25)
    found = backtest(told(1, 0.3), Volume(), **PLAIN).assessment.nulls
    assert (found.count, found.shuffled) == (25, 1)
    monkeypatch.setattr(nulls, "BUDGET_BARS", 900)
    found = backtest(told(1, 0.3), Volume(), **PLAIN).assessment.nulls
    assert (found.count, found.shuffled, found.shuffled_as_good) == (19, 0, 0)


def test_how_many_are_run_is_the_same_where_nothing_is_compiled():
    code = "from gpt_trader.measure.nulls import BUDGET_BARS; print(BUDGET_BARS)"
    env = dict(os.environ) | {"NUMBA_DISABLE_JIT": "1"}
    said = subprocess.run([sys.executable, "-c", code], check=True, env=env, capture_output=True)
    assert int(said.stdout) == 6_000_000


def test_a_short_history_has_no_other_times():
    assert backtest(told(1, 0.3)[:18], Volume(), **PLAIN).assessment.nulls is None


def test_lags_keep_away_from_the_targets_own_time():
    shares = lag_shares(1_000, 10, 100, 0)
    lags = np.rint(shares * 1_000)
    assert len(np.unique(lags)) == 100
    assert (lags.min(), lags.max()) >= (50, 900)
    assert lags.max() <= 950
    assert np.allclose(np.sort(lags), lags)
    assert np.diff(lags).max() < 20
    slow = np.rint(lag_shares(1_000, 200, 100, 0) * 1_000)
    assert slow.min() >= 200
    assert slow.max() <= 800
    assert np.rint(lag_shares(1_000, 900, 100, 0) * 1_000).min() >= 250
    assert len(lag_shares(30, 1, 100, 0)) == 27
    assert len(lag_shares(1, 1, 100, 0)) == 0


def test_targets_act_later_and_the_last_come_first():
    nan = np.nan
    targets = Targets(
        np.array([nan, nan, 0.0, 1.0, nan, 0.5]),
        stop=np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        max_bars=np.arange(6),
    )
    found = rolled(targets, 0.25)
    assert np.array_equal(found.weight, [nan, nan, 0.5, 0.0, 1.0, nan], equal_nan=True)
    assert np.array_equal(found.stop, [0.1, 0.2, 0.6, 0.3, 0.4, 0.5])
    assert np.array_equal(found.max_bars, [0, 1, 5, 2, 3, 4])
    assert found.trail is None
    silent = Targets(np.full(3, nan))
    assert first_opinion(silent) == 3
    assert np.isnan(rolled(silent, 0.5).weight).all()


def test_targets_turned_round():
    assert list(flipped(Targets(np.array([0.0, 0.5, 0.25]))).weight) == [0.5, 0.0, 0.25]
    assert list(flipped(Targets(np.array([-1.0, 0.5, 0.0]))).weight) == [1.0, -0.5, 0.0]
    assert np.isnan(flipped(Targets(np.full(2, np.nan))).weight).all()


def test_the_chance_of_a_null():
    assert p_value(2.0, 4, 99, mean=0.0, deviation=1.0) == 0.05
    assert p_value(1.0, 0, 19, mean=0.0, deviation=1.0) == 0.05  # the tail says more
    far = p_value(5.0, 0, 19, mean=0.0, deviation=1.0)
    assert 1e-5 < far < 1e-3  # Student's t with 18 degrees: 4.88 in units of its own error
    assert p_value(5.0, 0, 19, mean=0.0, deviation=0.0) == 0.05


def test_students_tail():
    """Against tables: 2.552 leaves 1 % at 18 degrees, 3.610 leaves 0.1 %."""
    tails = [1 - NormalDist().cdf(as_normal(t, 18)) for t in (2.552, 3.610)]
    assert tails == pytest.approx([0.01, 0.001], rel=0.01)


def test_no_count_that_is_asked_for_betters_the_chance():
    for seed in range(2, 6):
        bars = told(seed, 0.2)
        usual = backtest(bars, Volume(), **PLAIN).assessment
        for count in (19, 31, 100):
            asked = backtest(bars, Volume(), **PLAIN, nulls=count).assessment
            assert asked.nulls.count == count
            assert asked.nulls.p_value >= usual.nulls.p_value
            assert asked.proof.timing >= usual.proof.timing
