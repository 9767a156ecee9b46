"""Buy and hold, where it cannot be bought: undefined, never 0."""

from dataclasses import replace
from decimal import Decimal

import numpy as np

from gpt_trader import CostModel
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.measure.baselines import baselines
from gpt_trader.measure.holding import buy_all, buy_and_hold
from gpt_trader.measure.path import Listed, Path
from tests.strategies_helpers import random_bars

COSTS = CostModel()
CASH = 10_000 * 10**8


def test_what_costs_more_than_the_cash_cannot_be_bought():
    bars = random_bars(50, 1)
    dear = replace(bars, product=bars.product.with_spec(base_min_size=Decimal(10**9)))
    terms = {"start_units": CASH, "close_at_end": True}
    assert buy_all([Listed(bars)], COSTS, **terms) is not None
    assert buy_all([Listed(bars), Listed(dear)], COSTS, **terms) is None
    assert buy_and_hold([Listed(dear)], COSTS, **terms) is None


def test_baselines_that_cannot_be_bought_are_undefined():
    bars = random_bars(50, 1)
    dear = replace(bars, product=bars.product.with_spec(base_min_size=Decimal(10**9)))
    none, flat = np.empty(0, FILL_DTYPE), np.full(50, 1e4)
    path = Path((dear,), bars.interval_ms, bars.time, flat, none, CASH, (None,))
    found = baselines(path, COSTS, close_at_end=False)
    assert found.buy_hold_return_pct is found.vol_matched_return_pct is found.beaten is None
    assert len(found.buy_hold) == len(found.vol_matched) == 0
