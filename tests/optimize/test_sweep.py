"""The sweep: each point is the backtest of its parameters, in any number of threads."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from gpt_trader import backtest
from gpt_trader.domain.costs import DEFAULT_COSTS, CostModel, OrderStyle
from gpt_trader.domain.targets import Targets
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.measure.metrics import DAY_MS, daily
from gpt_trader.optimize.space import Axis, make_space
from gpt_trader.optimize.sweep import SearchTerms, closes_between, day_rows, sweep
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.breakout import Breakout
from gpt_trader.strategy.ema_trend import EmaTrend
from gpt_trader.strategy.sma_cross import SmaCross
from tests.strategies_helpers import random_bars

CASH = 10_000 * UNITS_PER_QUOTE
TERMS = (CASH, DEFAULT_COSTS, RiskPolicy(), OrderStyle())
BARS = random_bars(800, seed=3)


@dataclass(frozen=True)
class From:
    """A strategy without an opinion before a time."""

    name: ClassVar[str] = "from"
    strategy: Any
    start_ms: int

    @property
    def min_bars(self):
        return self.strategy.min_bars

    @property
    def warmup(self):
        return self.strategy.warmup

    def targets(self, bars):
        found = self.strategy.targets(bars)
        return Targets(np.where(bars.time < self.start_ms, np.nan, found.weight))


def ignore(i, row):
    """Keep nothing."""


@pytest.mark.parametrize(
    "space",
    [
        make_space(SmaCross, [Axis("fast", (3, 9, 30)), Axis("slow", (9, 20))]),
        make_space(Breakout, [Axis("entry", (5, 10))], {"exit": 4, "atr_period": 5}),
        make_space(EmaTrend, [Axis("fast", (3, 5))], {"slow": 12, "vol_period": 9}),
    ],
    ids=lambda space: type(space.strategies[0]).name,
)
def test_a_point_is_the_backtest_of_its_parameters(space):
    terms = SearchTerms((BARS,), *TERMS)
    closes = sweep(terms, space.strategies, known={}, done=ignore, failed=ignore, threads=2)
    for row, strategy in zip(closes, space.strategies, strict=True):
        if strategy is None:
            assert np.isnan(row).all()
            continue
        path = backtest(BARS, strategy, self_check=False).path
        assert row.tobytes() == daily(path.time, path.equity).equity.tobytes()


@pytest.mark.parametrize(
    "costs", [CostModel(fee_tier="vip_8"), CostModel(fee_tier="simulated", region="eu")]
)
def test_a_point_pays_the_fees_of_the_schedule(costs):
    """Both before and after the schedule changes: it is the backtest's, not one flat rate."""
    terms = SearchTerms((BARS,), CASH, costs, *TERMS[2:])
    (row,) = sweep(terms, [SmaCross(3, 9)], known={}, done=ignore, failed=ignore, threads=1)
    path = backtest(BARS, SmaCross(3, 9), costs=costs, self_check=False).path
    assert row.tobytes() == daily(path.time, path.equity).equity.tobytes()


def test_threads_change_no_bit_and_everything_done_is_told():
    space = make_space(SmaCross, [Axis("fast", tuple(range(2, 12))), Axis("slow", (12, 20, 40))])
    terms = SearchTerms((BARS,), *TERMS)
    told = {}
    one = sweep(terms, space.strategies, known={}, done=told.__setitem__, failed=ignore, threads=1)
    assert sorted(told) == list(range(30))
    known = {i: told.pop(i) for i in range(0, 30, 2)}
    again = {}
    many = sweep(
        terms, space.strategies, known=known, done=again.__setitem__, failed=ignore, threads=4
    )
    assert one.tobytes() == many.tobytes()
    assert sorted(again) == sorted(told)


def test_days_without_bars_repeat_the_last_one_and_begin_with_none():
    time = np.array([1, 2, 5, 5.5]) * DAY_MS
    assert day_rows(time.astype(np.int64), 0, 7).tolist() == [-1, 0, 1, 1, 1, 3, 3]


@pytest.mark.parametrize("latency_bars", [0, 2])
def test_a_stretch_sees_no_later_bar_and_trades_no_earlier_one(latency_bars):
    costs = CostModel(latency_bars=latency_bars)
    terms = SearchTerms((BARS,), CASH, costs, RiskPolicy(), OrderStyle())
    start = terms.first_day + 10
    args = (SmaCross(3, 9), start * DAY_MS, (start + 12) * DAY_MS)
    found = closes_between(terms, *args)
    assert len(found) == 12
    end = int(np.searchsorted(BARS.time, (start + 12) * DAY_MS))
    cut = replace(terms, series=(BARS[:end],))
    assert closes_between(cut, *args).tobytes() == found.tobytes()
    late = start * DAY_MS - latency_bars * BARS.interval_ms  # what it says, it does later
    whole = backtest(
        BARS[:end], From(SmaCross(3, 9), late), costs=costs, self_check=False, close_at_end=True
    )
    path = whole.path
    assert found.tobytes() == daily(path.time, path.equity).equity[10:].tobytes()
    assert len(np.unique(found)) > 6


def test_a_stretch_without_bars_stays_as_it_was():
    terms = SearchTerms((BARS,), *TERMS)
    later = (terms.first_day + 1000) * DAY_MS
    closes = closes_between(terms, SmaCross(3, 9), later, later + 3 * DAY_MS)
    assert closes.tolist() == [10_000.0] * 3
