"""The same strategy filled ever less kindly, and on bars that begin elsewhere."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import CostModel, backtest
from gpt_trader.backtest.rungs import begun_at, open_at_close
from gpt_trader.data.resample import resample
from gpt_trader.domain.costs import order_style
from gpt_trader.domain.targets import Targets
from tests.strategies_helpers import random_bars

HOUR = 3_600_000
FREE = CostModel(0, 0, 0, 0)


@dataclass(frozen=True)
class Up:
    """In after a bar that rose."""

    name: ClassVar[str] = "up"
    min_bars: int = 2
    warmup: int = 2

    def targets(self, bars):
        rose = np.concatenate([[False], np.diff(bars.close) > 0])
        return Targets(np.where(rose, 1.0, 0.0))


def market(n=24 * 60, seed=2, interval_ms=HOUR):
    return random_bars(n, seed, size=30_000, interval_ms=interval_ms)


def robustness(bars, **terms):
    terms = {"risk": None, "style": order_style("taker"), "assess": True} | terms
    return backtest(bars, Up(), **terms)


def test_the_ladder_is_the_same_strategy_at_other_fills():
    bars = market()
    found = robustness(bars)
    ladder = {rung.filled: rung for rung in found.assessment.robustness.ladder}
    assert list(ladder) == [
        "at the deciding close", "at the next open", "with its fees", "as run", "one bar late",
    ]  # fmt: skip
    at_open = robustness(bars, costs=FREE).metrics
    assert ladder["at the next open"].return_pct == at_open.return_pct
    fees = robustness(bars, costs=CostModel(spread_bps=0, slippage_bps=0)).metrics
    assert ladder["with its fees"].sharpe == fees.sharpe
    assert ladder["as run"].sharpe == found.metrics.sharpe
    at_close = robustness(open_at_close(bars), costs=FREE).metrics
    assert ladder["at the deciding close"].return_pct == at_close.return_pct
    late = robustness(bars, costs=CostModel(latency_bars=1)).metrics
    assert ladder["one bar late"].return_pct == late.return_pct
    made = [rung.return_pct for rung in ladder.values()]
    assert made[1] > made[2] > made[3]


def test_a_close_that_nobody_could_trade_at_shows_between_the_first_two_rungs():
    bars = market()
    gap = np.where(np.arange(len(bars)) % 2 == 1, 20_000, 0)
    close = bars.close - gap  # every other close is a dip that the next open gives back
    dips = replace(bars, close=close, low=np.minimum(bars.low, close))
    found = robustness(dips, costs=FREE).assessment.robustness.ladder
    assert found[0].return_pct != found[1].return_pct
    assert open_at_close(dips).open[1:].tolist() == dips.close[:-1].tolist()


def test_orders_in_a_style_latency_and_quotes_are_on_the_last_rung_only():
    bars = replace(market(600), half_spread_e8=np.full(600, 400_000))
    costs = CostModel(impact=1.0, latency_bars=2, participation=0.5)
    found = robustness(bars, costs=costs, style=order_style("maker_first"))
    plain = robustness(market(600), costs=CostModel())
    for got, want in zip(
        found.assessment.robustness.ladder[:3], plain.assessment.robustness.ladder[:3], strict=True
    ):
        assert got == want


def test_phases_are_the_strategy_on_bars_that_begin_elsewhere():
    fine = market(24 * 40)
    four = resample(fine, 4 * HOUR)
    found = robustness(four, detail=[fine]).assessment.robustness.phases
    assert found.count == 4
    sharpes = [
        robustness(begun_at(fine, 4 * HOUR, start * HOUR)).metrics.sharpe for start in range(4)
    ]
    assert (found.sharpe_low, found.sharpe_high) == (min(sharpes), max(sharpes))
    assert found.sharpe_median == pytest.approx(np.median(sharpes))
    assert robustness(four).assessment.robustness.phases is None


def test_a_day_of_minutes_has_at_most_24_starts():
    fine = market(24 * 60 * 3, interval_ms=60_000)
    day = resample(fine, 2 * HOUR)
    assert robustness(day, detail=[fine]).assessment.robustness.phases.count == 24


@pytest.mark.parametrize("offset", [0, 1, 5])
def test_bars_begin_so_much_later(offset):
    fine = market(100)
    found = begun_at(fine, 6 * HOUR, offset * HOUR)
    assert set((found.time % (6 * HOUR)).tolist()) == {offset * HOUR}
    first = int(np.flatnonzero(fine.time == found.time[0])[0])
    assert found.open[0] == fine.open[first]
    assert found.close[0] == fine.close[first + 5]
