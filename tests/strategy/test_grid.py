"""A bounded grid laid at turns over the range of the last bars."""

import numpy as np

from gpt_trader.strategy.registry import create
from tests.strategies_helpers import bars_of, random_bars

SMALL = {"lookback": 12, "every": 10, "levels": 4}


def test_the_grid_is_the_range_at_each_turn():
    bars = random_bars(400, seed=3, size=20_000)
    said = create("grid", SMALL | {"stop": 0.01}).targets(bars)
    bound, above, held = said.reasons()
    assert np.isnan(said.weight[:20]).all()
    for row in range(20, 400):
        at = row // 10 * 10
        low, high = bars.low[at - 11 : at + 1].min(), bars.high[at - 11 : at + 1].max()
        assert bound.threshold[row] == low * (1.0 - 0.01) * 0.01
        assert above.threshold[row] == high * 0.01
        below = np.clip((high - bars.close[row]) / ((high - low) / 4), 0, 4)
        stopped = (bars.close[at : row + 1] < low * 0.99).any()
        most = 0 if stopped else np.ceil(below)
        least = 0 if stopped else np.floor(below)
        assert least <= held.value[row] <= most
    assert (said.weight[20:] == held.value[20:] / 4).all()
    assert {0.0, 0.25, 0.5, 0.75, 1.0} <= set(said.weight[20:])


def test_it_earns_by_each_turn_of_a_market_that_goes_sideways():
    swing = np.array([100, 110, 120, 110] * 30) * 100
    weight = create("grid", SMALL | {"weight": 0.8}).targets(bars_of(swing)).weight[20:]
    close = swing[20:]
    assert weight[close == 10_000].min() == 0.8
    assert weight[close == 12_000].max() == 0.0


def test_a_fall_through_the_range_sells_all_until_the_next_grid():
    close = np.r_[np.full(11, 1_000), np.linspace(1_000, 900, 11), [800] * 7, [850] * 12].astype(
        int
    )
    weight = create("grid", SMALL | {"stop": 0.05}).targets(bars_of(close)).weight
    assert weight[20] > 0
    assert (weight[22:30] == 0).all()
    assert weight[30] > 0
