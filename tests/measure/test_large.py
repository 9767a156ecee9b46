"""Money beyond what 64 bits hold: sums are exact, and no number depends on the size of a run."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader import CostModel, backtest
from gpt_trader.domain.costs import order_style
from gpt_trader.measure.holding import buy_all
from gpt_trader.measure.metrics import exact_sum, profit_factor
from gpt_trader.measure.path import Listed
from gpt_trader.measure.size import too_large
from gpt_trader.strategy.sma_cross import SmaCross
from tests.strategies_helpers import random_bars

INT64 = st.integers(-(2**63), 2**63 - 1)
RATIOS = (
    "return_pct", "turnover", "turnover_per_year", "maker_share_pct", "profit_factor", "sqn",
    "expectancy_pct", "cost_per_round_trip_bps", "cost_per_round_trip_taker_bps",
    "cost_per_round_trip_maker_bps", "fees_per_year_pct", "fees_per_year_taker_pct",
    "fees_per_year_maker_pct",
)  # fmt: skip


@given(st.lists(INT64, max_size=50))
def test_sums_are_exact(values):
    assert exact_sum(np.array(values, np.int64)) == sum(values)


def test_money_won_and_lost_is_counted_beyond_64_bits():
    billions = 10**9 * 10**8
    profits = np.array([40, 40, 40, -20, -20, -20], np.int64) * billions
    assert profit_factor(profits) == 2.0


def run(cash):
    bars = random_bars(2_000, 3)
    bars = replace(bars, volume=np.full(len(bars), 1e9))
    costs = CostModel(taker_bps=1.0, maker_bps=1.0, spread_bps=1.0, slippage_bps=1.0)
    strategy, style = SmaCross(fast=2, slow=4), order_style("maker_first")
    terms = {"costs": costs, "style": style, "risk": None, "self_check": False}
    return backtest(bars, strategy, cash=cash, **terms), costs


def test_no_number_of_a_run_depends_on_its_size():
    small, _ = run(1e7)
    large, costs = run(1e9)
    traded = large.metrics.turnover * float(np.mean(large.path.equity))
    assert traded > 2**63 / 10**8
    for name in RATIOS:
        assert getattr(large.metrics, name) == pytest.approx(
            getattr(small.metrics, name), rel=1e-4
        ), name
    for mine, theirs in zip(large.breakdown.sides, small.breakdown.sides, strict=True):
        assert float(mine.pnl) == pytest.approx(100 * float(theirs.pnl), rel=1e-4)
    assert list(too_large(large.path, costs)) == []


def test_what_grows_beyond_what_can_be_counted_is_no_baseline():
    bars = random_bars(50, 1)
    rise = np.where(np.arange(50) < 2, 1, 100)
    grown = replace(
        bars,
        **{name: getattr(bars, name)[0] * rise for name in ("open", "high", "low", "close")},
    )
    terms = {"close_at_end": True}
    (held,) = buy_all([Listed(grown)], CostModel(), start_units=10**7 * 10**8, **terms)
    assert held.left > 9 * 10**8 * 10**8
    assert buy_all([Listed(grown)], CostModel(), start_units=10**9 * 10**8, **terms) is None
