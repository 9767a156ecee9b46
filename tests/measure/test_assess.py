"""An assessment of whole runs: sensitivity, baselines and the verdict, through the engine."""

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from math import inf
from statistics import NormalDist
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import CostModel, backtest
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import order_style
from gpt_trader.domain.product import Product
from gpt_trader.domain.targets import Target, Targets
from gpt_trader.measure.assess import Trials
from gpt_trader.measure.baselines import exposure_of, prove_beaten
from gpt_trader.measure.holding import hold_daily
from gpt_trader.measure.sensitivity import FEE_FACTORS
from gpt_trader.risk.policy import RiskPolicy

HOUR = 3_600_000
START = 1_640_995_200_000
BTC = Product("BTC-USD", Decimal("0.00000001"), Decimal("0.01"))
ETH = Product("ETH-USD", Decimal("0.00000001"), Decimal("0.01"))
COSTS = CostModel(taker_bps=40, maker_bps=40, spread_bps=1, slippage_bps=1)
PLAIN = {"costs": COSTS, "risk": None, "style": order_style("taker"), "assess": True}


def walk(product=BTC, n=24 * 40, seed=1, skip=0):
    rng = np.random.default_rng(seed)
    close = 3_000_000 + np.cumsum(rng.integers(-9_000, 9_200, n))
    opens = np.concatenate([[3_000_000], close[:-1]])
    high, low = np.maximum(opens, close) + 2_000, np.minimum(opens, close) - 2_000
    time = START + (skip + np.arange(n, dtype=np.int64)) * HOUR
    return Bars(product, HOUR, time, opens, high, low, close, np.ones(n), np.zeros(n))


@dataclass(frozen=True)
class Above:
    """In while the close is above its average of `bars` bars."""

    name: ClassVar[str] = "above"
    bars: int = 20

    @property
    def min_bars(self):
        return self.bars

    @property
    def warmup(self):
        return self.bars

    def targets(self, bars):
        weight = np.full(len(bars), np.nan)
        if len(bars) >= self.bars:
            windows = np.lib.stride_tricks.sliding_window_view(bars.close, self.bars)
            weight[self.bars - 1 :] = bars.close[self.bars - 1 :] * self.bars > windows.sum(1)
        return Targets(weight, stop=np.full(len(bars), 0.2))


@dataclass(frozen=True)
class LateAbove(Above):
    """The same, a bar late by its own doing."""

    name: ClassVar[str] = "late_above"

    @property
    def warmup(self):
        return self.bars + 1

    def targets(self, bars):
        return super().targets(bars).delayed(1)


@dataclass(frozen=True)
class AboveByBar:
    name: ClassVar[str] = "above_by_bar"
    min_bars: ClassVar[int] = 2
    warmup: ClassVar[int] = 2

    def on_bar(self, view, memory):
        return Target(float(view.close[-1] > view.close[-2])), None


def test_a_library_run_asks_for_none():
    result = backtest(walk(), Above())
    assert result.assessment is None
    assert result.to_json_dict()["assessment"] is None


def test_fees_are_those_of_runs_at_such_fees():
    found = backtest(walk(), Above(), **PLAIN).assessment.sensitivity
    assert tuple(point.factor for point in found.costs) == FEE_FACTORS
    for point in found.costs:
        fees = {"taker_bps": 40 * point.factor, "maker_bps": 40 * point.factor}
        alone = backtest(walk(), Above(), **PLAIN | {"costs": replace(COSTS, **fees)}).metrics
        assert (point.return_pct, point.sharpe) == (
            pytest.approx(alone.return_pct, abs=1e-9),
            pytest.approx(alone.sharpe),
        )
    returns = [point.return_pct for point in found.costs]
    assert returns == sorted(returns, reverse=True)
    assert returns[0] > returns[-1] + 1.0


def test_a_bar_late_is_a_strategy_that_is_a_bar_late():
    found = backtest(walk(), Above(), **PLAIN)
    late = backtest(walk(), LateAbove(), **PLAIN)
    assert found.assessment.sensitivity.delayed_return_pct == late.metrics.return_pct
    assert found.assessment.sensitivity.delayed_sharpe == late.metrics.sharpe
    assert late.metrics.return_pct != found.metrics.return_pct


def test_break_even_is_the_cost_that_eats_the_gross_profit():
    free = CostModel(0, 0, 0, 0)
    result = backtest(walk(seed=0), Above(50), **PLAIN | {"costs": free})
    assert result.metrics.return_pct > 0.0
    break_even = result.assessment.sensitivity.break_even_bps
    costing = CostModel(break_even, break_even, 0, 0)
    again = backtest(walk(seed=0), Above(50), **PLAIN | {"costs": costing})
    assert abs(again.metrics.return_pct) < 0.05 * result.metrics.return_pct


def test_dearer_fees_are_those_of_a_run_at_such_fees():
    found = backtest(walk(), Above(), **PLAIN, nulls=19).assessment.sensitivity.dearer
    alone = backtest(
        walk(), Above(), **PLAIN | {"costs": replace(COSTS, taker_bps=80, maker_bps=60)}
    )
    assert (found.taker_bps, found.maker_bps) == (80, 60)
    assert found.return_pct == alone.metrics.return_pct


def test_what_halted_it_is_told_with_and_without():
    """A fall of 30 % on one day ends a run with the default limits; without them it goes on."""
    bars = walk(n=24 * 60, seed=2)
    fall = np.where(np.arange(len(bars)) > 24 * 20, 0.7, 1.0)
    prices = {
        name: (getattr(bars, name) * fall).astype(np.int64)
        for name in ("open", "high", "low", "close")
    }
    terms = PLAIN | {"risk": RiskPolicy(max_product_pct=100.0)}
    halted = backtest(replace(bars, **prices), Above(), **terms, nulls=19)
    free = replace(terms["risk"], max_drawdown_pct=inf, max_daily_loss_pct=inf)
    alone = backtest(replace(bars, **prices), Above(), **terms | {"risk": free}, nulls=19)
    assert halted.halts.drawdown is not None
    unhalted = halted.assessment.sensitivity.unhalted
    assert (unhalted.return_pct, unhalted.sharpe) == (
        alone.metrics.return_pct,
        alone.metrics.sharpe,
    )
    assert unhalted.return_pct != halted.metrics.return_pct
    assert alone.assessment.sensitivity.unhalted is None


def test_a_strategy_asked_bar_by_bar_is_not_repeated():
    found = backtest(walk(n=300), AboveByBar(), **PLAIN).assessment
    assert found.sensitivity.costs == ()
    assert (found.sensitivity.dearer, found.nulls, found.proof.timing) == (None, None, None)
    assert found.sensitivity.delayed_return_pct is None
    assert found.sensitivity.break_even_bps is not None


@pytest.mark.parametrize("close_at_end", [False, True])
def test_daily_buy_and_hold_ends_where_the_number_says(close_at_end):
    series = [walk(), walk(ETH, seed=2, skip=30)]
    result = backtest(series, Above(), **PLAIN, close_at_end=close_at_end)
    found = result.assessment.baselines
    assert found.buy_hold_return_pct == pytest.approx(result.metrics.buy_hold_return_pct, abs=1e-9)
    assert len(found.buy_hold) == len(found.vol_matched) == result.assessment.inference.days


def test_daily_buy_and_hold_by_hand():
    """10,000 in two products: ETH is bought on the second day, at its second bar."""
    series = (walk(), walk(ETH, seed=2, skip=30))
    result = backtest(series, Above(), **PLAIN)
    held = hold_daily(
        result.path.holdable, CostModel(0, 0, 0, 0), result.path.time[::24] // (24 * HOUR),
        start_units=result.path.start_units, close_at_end=False,
    ) * 10_000  # fmt: skip
    btc, eth = series
    share = 5_000 / (btc.open[1] / 100)
    assert held[0] == pytest.approx(5_000 + share * btc.close[23] / 100)
    other = 5_000 / (eth.open[1] / 100)
    expected = share * btc.close[47] / 100 + other * eth.close[47 - 30] / 100
    assert held[1] == pytest.approx(expected)


def test_exposure_makes_it_as_volatile():
    market = np.random.default_rng(1).normal(0.0, 0.03, 500)
    own = np.random.default_rng(2).normal(0.0, 0.01, 500)
    share = exposure_of(own, market)
    assert share == pytest.approx(1 / 3, rel=0.15)
    assert np.std(share * market) == pytest.approx(np.std(own))
    assert exposure_of(market, own) == 1.0  # capped: no borrowing
    assert exposure_of(own, np.zeros(500)) == 0.0


def test_the_json_has_every_number_and_no_series():
    result = backtest(walk(), Above(), **PLAIN, trials=Trials((0.01, 0.02), 2))
    found = result.assessment.to_json_dict()
    assert json.loads(json.dumps(found)) == found == result.to_json_dict()["assessment"]
    assert found["verdict"] in {"LOSES", "NOT PROVEN", "PASS"}
    assert found["reasons"]
    assert found["inference"]["trials"] == 3
    assert set(found["inference"]["return_pct"]) == {"low", "high"}
    assert [p["factor"] for p in found["sensitivity"]["costs"]] == list(FEE_FACTORS)
    assert "fan" not in found["inference"]
    assert "buy_hold" not in found["baselines"]


def test_the_first_trial_is_one_trial():
    result = backtest(walk(), Above(), **PLAIN, trials=Trials())
    assert f" 1 trial, {result.assessment.proof.days} days" in str(result.assessment)


def test_what_beats_holding_by_more_than_luck():
    """Against the formula of the probabilistic Sharpe ratio, written out from standard scores."""
    rng = np.random.default_rng(3)
    market, own = rng.normal(0.002, 0.03, 800), rng.normal(0.0, 0.005, 800)
    drift = market + own
    skilled = drift + 0.001
    beyond = skilled - market
    ratio = beyond.mean() / beyond.std(ddof=1)
    z = (beyond - beyond.mean()) / beyond.std()
    error = np.sqrt(1 - (z**3).mean() * ratio + ((z**4).mean() - 1) / 4 * ratio**2)
    expected = NormalDist().cdf((ratio - 0.03) * np.sqrt(len(beyond) - 1) / error)
    assert prove_beaten(skilled, market, 0.03) == pytest.approx(expected)
    assert prove_beaten(skilled, market, 0.0) > 0.99
    assert prove_beaten(drift, market, 0.0) < 0.95
    assert prove_beaten(skilled, skilled, 0.0) is None
    assert prove_beaten(skilled[:9], market[:9], 0.0) is None
    assert prove_beaten(np.append(skilled, -1.0), np.append(market, 0.1), 0.0) is None, "gone"


@dataclass(frozen=True)
class Coin:
    """In or out for 20 days at a time, by the toss of a coin."""

    seed: int
    name: ClassVar[str] = "coin"
    min_bars: int = 1
    warmup: int = 1

    def targets(self, bars):
        tosses = np.random.default_rng(self.seed).integers(0, 2, 200)
        return Targets(tosses[(bars.time - START) // (20 * 24 * HOUR)].astype(np.float64))


def test_a_coin_does_not_pass_because_the_market_rose():
    """Most have a Sharpe ratio surely above 0, by the market's drift; some led by chance."""
    rng = np.random.default_rng(7)
    close = (10_000_000 * np.cumprod(1.0 + rng.normal(0.0025, 0.02, 1_400))).astype(np.int64)
    time = START + np.arange(1_400, dtype=np.int64) * 24 * HOUR
    volume = np.full(1_400, 1e6)
    bars = Bars(BTC, 24 * HOUR, time, close, close, close, close, volume, np.zeros(1_400))
    cheap = PLAIN | {"costs": CostModel(5, 5, 1, 1)}
    found = [backtest(bars, Coin(seed), **cheap, trials=Trials()).assessment for seed in range(12)]
    assert sum(one.inference.psr > 0.95 for one in found) >= 6
    assert [one.verdict.word for one in found].count("PASS") == 0
    assert sum(one.proof.timing < 0.5 for one in found) >= 2
    assert all(one.proof.timing > 0.03 for one in found)
    leads = [one for one in found if one.baselines.beaten > 0.5]
    assert len(leads) >= 2
    assert all(one.baselines.beaten < 0.95 for one in leads)
