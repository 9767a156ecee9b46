"""A strategy of single products asked within a market: as alone, or without an opinion."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from gpt_trader.domain.market import market_of
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.strategy.answers import ask_targets
from gpt_trader.strategy.each import ask_each, window_rows
from gpt_trader.strategy.ema_trend import EmaTrend
from gpt_trader.strategy.mean_reversion import MeanReversion
from gpt_trader.strategy.sma_cross import SmaCross
from tests.strategies_helpers import bars_of, bits, random_bars, with_holes

CROSS = SmaCross(3, 7)


def pair(n, keep):
    whole = random_bars(n, seed=1)
    return whole, with_holes(random_bars(n, seed=2), "ETH-USD", 3, keep)


@pytest.mark.parametrize("strategy", [CROSS, EmaTrend(2, 5, vol_period=5), MeanReversion()])
def test_products_that_are_always_there_are_asked_as_alone(strategy):
    series = pair(400, 1.0)
    found = ask_each(strategy, market_of(series))
    alone = [ask_targets(strategy, bars) for bars in series]
    assert bits(found, slice(None)) == bits(alone, slice(None))


def test_single_absent_bars_change_no_opinion():
    whole, sparse = pair(400, 0.9)
    market = market_of([whole, sparse])
    said = ask_each(MeanReversion(), market)[1]
    alone = ask_targets(MeanReversion(), sparse)
    there = market.row[:, 1] >= 0
    assert bits([said.rows(there)], slice(None)) == bits([alone], slice(None))
    assert np.isnan(said.weight[~there]).all()
    assert (said.max_bars[~there] == 0).all()
    assert all(np.isnan(one.value[~there]).all() for one in said.reasons())


def test_a_product_begins_anew_after_so_many_absent_rows_as_it_needs_bars():
    whole, other = pair(100, 1.0)
    for absent, anew in ((CROSS.min_bars - 1, False), (CROSS.min_bars, True)):
        kept = np.r_[0:50, 50 + absent : 100]
        said = ask_each(CROSS, market_of([whole, other[kept]]))[1].weight
        first = 50 + absent
        assert np.isnan(said[first : first + CROSS.min_bars - 1]).all() == anew
        assert not np.isnan(said[first + CROSS.min_bars - 1 :]).any()


def test_one_that_is_absent_too_often_has_an_opinion_until_the_window_ends_only():
    strategy = EmaTrend(1, 2, vol_period=2)
    whole, other = pair(300, 1.0)
    said = ask_each(strategy, market_of([whole, other[::3]]))[1]
    known = np.flatnonzero(~np.isnan(said.weight))
    last = (window_rows(strategy) - strategy.min_bars - 1) // 3 * 3
    assert known.tolist() == list(range(6, last + 1, 3))
    assert np.isnan(said.reasons()[0].value[last + 1 :]).all()


def test_a_product_without_bars_has_no_opinion():
    whole, other = pair(20, 1.0)
    (_, said) = ask_each(CROSS, market_of([whole, other[:0]]))
    assert len(said.weight) == 20
    assert np.isnan(said.weight).all()


@dataclass(frozen=True)
class Early:
    name = "early"
    min_bars = 3
    warmup = 3

    def targets(self, bars):
        n = len(bars)
        return Targets(
            np.ones(n), stop=0.1, conditions=lambda: (Condition("1 > 0", np.ones(n), np.zeros(n)),)
        )


def test_opinions_before_min_bars_are_taken_away_at_each_beginning():
    whole = bars_of(np.arange(1, 13))
    other = replace(whole, product=replace(whole.product, product_id="ETH-USD"))
    market = market_of([whole, other[np.r_[0:4, 8:12]]])
    said = ask_each(Early(), market)[1]
    assert np.flatnonzero(said.weight == 1.0).tolist() == [2, 3, 10, 11]
    assert said.reasons()[0].value[[0, 1, 8]].tolist() == [1.0] * 3
    assert (said.stop[[0, 11]] == 0.1).all()
