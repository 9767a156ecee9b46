"""The judgement of a record is that of a backtest, and never a PASS."""

import json

import numpy as np
import pytest

from gpt_trader import CostModel, backtest
from gpt_trader.measure.assess import Trials
from gpt_trader.measure.metrics import sharpe
from gpt_trader.measure.record import judge_record
from gpt_trader.strategy.registry import create
from tests.strategies_helpers import bars_of, random_bars

DAY = 86_400_000
COSTS = CostModel()


def curve(drift, n=900, seed=1, sigma=0.01):
    moves = np.random.default_rng(seed).normal(drift, sigma, n)
    return np.arange(n, dtype=np.int64) * DAY, 1_000.0 * np.cumprod(1.0 + moves)


def test_it_says_of_a_backtest_s_equity_what_the_backtest_says():
    bars = random_bars(24 * 200, 3, size=20_000)
    result = backtest(
        bars, create("sma_cross", {}), costs=COSTS, risk=None, assess=True, trials=Trials(count=4)
    )
    path, said = result.path, result.assessment
    found = judge_record(path.time, path.equity, path.start, trials=5, bars=[bars], costs=COSTS)
    assert found.numbers.return_pct == result.metrics.return_pct
    assert found.numbers.sharpe == result.metrics.sharpe
    assert found.numbers.max_drawdown_pct == result.metrics.max_drawdown_pct
    assert found.inference.psr == said.inference.psr
    assert found.inference.sharpe == said.inference.sharpe
    assert found.luck == said.proof.luck
    assert found.trimmed == said.robustness.trimmed
    assert found.baselines.buy_hold_return_pct == said.baselines.buy_hold_return_pct
    assert found.baselines.vol_matched_return_pct == said.baselines.vol_matched_return_pct


def test_a_fine_record_is_proven_by_nobody():
    time, equity = curve(0.002)
    found = judge_record(time, equity, 1_000.0, trials=1, costs=COSTS)
    assert found.luck < 0.001
    assert found.verdict.word == "NOT PROVEN"
    assert found.verdict.kinds == ("untested data",)
    told = found.to_json_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["baselines"] is None


@pytest.mark.parametrize(
    "time, expected",
    [
        ([0, DAY, 2 * DAY], [0.1, -0.2]),  # the first day is over when it begins
        ([0, DAY // 2, DAY], [0.1, -0.2]),
        ([0, 3 * DAY, 4 * DAY], [0.0, 0.0, 0.1, -0.2]),
        ([DAY // 2, DAY - 1, 2 * DAY], [0.1, 0.0, -0.2]),
    ],
)
def test_a_curve_without_a_start_begins_with_its_first_value(time, expected):
    time, equity = np.array(time), np.array([100.0, 110.0, 88.0])
    found = judge_record(time, equity, None, trials=1, costs=COSTS).numbers
    assert (found.start_equity, found.days) == (100.0, len(expected))
    assert found.sharpe == pytest.approx(sharpe(np.array(expected)))
    assert found.return_pct == pytest.approx(-12.0)
    year = (0.88 ** (365 * DAY / (time[-1] - time[0])) - 1.0) * 100.0
    assert found.cagr_pct == pytest.approx(year)
    stated = judge_record(time, equity, 100.0, trials=1, costs=COSTS).numbers
    assert stated.days == (time[-1] // DAY) + 1  # whole days, the first among them


@pytest.mark.parametrize(
    "drift, trials, kind, words",
    [
        (0.0008, 1, "too short", "luck alone makes such a Sharpe ratio in 900 days"),
        (0.0011, 200, "below luck", "for the best of 200 trials"),
        (0.0011, None, "untested data", "state it with --trials"),
    ],
)
def test_its_doubts_are_told_by_kind(drift, trials, kind, words):
    time, equity = curve(drift)
    found = judge_record(time, equity, 1_000.0, trials=trials, costs=COSTS).verdict
    assert found.word == "NOT PROVEN"
    assert kind in found.kinds
    assert any(words in reason for reason in found.reasons)


def test_less_than_holding_at_its_risk_is_below_luck():
    """In for the first half of a market that rises to its end, and out for the rest."""
    n = 600
    close = (1e6 * np.cumprod(1.0 + np.random.default_rng(2).normal(0.004, 0.02, n))).astype(int)
    bars = bars_of(close, interval_ms=DAY)
    equity = np.where(np.arange(n) < n // 2, close, close[n // 2]) / 1_000.0
    terms = {"trials": 1, "costs": CostModel(0, 0, 0, 0)}
    found = judge_record(bars.time, equity, float(equity[0]), bars=[bars], **terms)
    assert found.baselines.vol_matched_return_pct > found.numbers.return_pct
    assert any("Buy and hold at the same risk made" in reason for reason in found.verdict.reasons)
    assert "below luck" in found.verdict.kinds


def test_a_loss_is_a_loss_and_a_few_days_say_nothing():
    time, equity = curve(-0.002)
    assert judge_record(time, equity, 1_000.0, trials=1, costs=COSTS).verdict.word == "LOSES"
    short = judge_record(time[:4], equity[::-1][:4].copy(), 1.0, trials=1, costs=COSTS)
    assert short.luck is None
    assert "too short" in short.verdict.kinds
