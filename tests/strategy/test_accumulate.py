"""A fixed sum a period: against a savings account in plain Python, and what is traded."""

import numpy as np
import pytest

from gpt_trader import backtest
from gpt_trader.domain.costs import CostModel, order_style
from gpt_trader.domain.market import market_of
from gpt_trader.errors import UsageError
from gpt_trader.kernel.codes import BUY
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.registry import create
from tests.strategies_helpers import IDS, random_bars, with_holes

DAY_HOURS = 24
SMALL = {"start": "1970-01-02", "every": 20, "periods": 10}


def series_of(n, keep=1.0):
    return [
        with_holes(random_bars(n, seed=j, size=30_000), name, j, keep) for j, name in enumerate(IDS)
    ]


def naive(market, more):
    """Three savings plans of 10 sums of 1, from the second day on."""
    close = market.close
    found = np.full(close.shape, np.nan)
    coins, cash, paid, price = ([v] * 3 for v in (0.0, 10.0, 0.0, np.nan))
    given = [0, 0, 0]
    for i, time in enumerate(market.time):
        period = (time // market.interval_ms - DAY_HOURS) // 20
        for j in range(3):
            if np.isnan(close[i, j]):
                continue
            price[j] = close[i, j]
            while period >= 0 and given[j] < min(period + 1, 10):
                due = min(period + 1, 10) - given[j]
                given[j] += due
                cheap = coins[j] > 0 and price[j] < paid[j] / coins[j]
                part = min(due * (1 + more * cheap), cash[j])
                coins[j] += part / price[j]
                cash[j] -= part
                paid[j] += part
        if 0 <= period < 10:
            worth = [c * p if c else 0.0 for c, p in zip(coins, price, strict=True)]
            found[i] = np.array(worth) / (sum(worth) + sum(cash))
    return found


@pytest.mark.parametrize("keep", [1.0, 0.7])
@pytest.mark.parametrize("more", [0.0, 0.5])
def test_weights_are_those_of_savings_plans(keep, more):
    market = market_of(series_of(300, keep))
    found = create("accumulate", SMALL | {"more": more}).targets(market)
    want = naive(market, more)
    for j, product_id in enumerate(IDS):
        np.testing.assert_allclose(found[product_id].weight, want[:, j], rtol=1e-9)
    assert np.nanmax(want.sum(axis=1)) == pytest.approx(1.0)


def test_there_is_no_opinion_before_the_start_and_after_the_last_period():
    market = market_of(series_of(300))
    weight = create("accumulate", SMALL).targets(market)["BTC-USD"].weight
    known = np.flatnonzero(~np.isnan(weight))
    assert known[[0, -1]].tolist() == [24, 24 + 200 - 1]
    assert weight[24] == pytest.approx(1 / 30)


def test_only_the_sums_are_traded_where_the_band_is_narrow_enough():
    [bars] = series_of(300)[:1]
    policy = RiskPolicy(
        max_product_pct=100, rebalance_band=0.02, max_drawdown_pct=99, max_daily_loss_pct=99
    )
    free = CostModel(taker_bps=0, maker_bps=0, spread_bps=0, slippage_bps=0)
    result = backtest(
        bars, create("accumulate", SMALL), risk=policy, costs=free, style=order_style("taker"),
        trials=False,
    )  # fmt: skip
    assert (result.fills["side"] == BUY).all()
    assert (result.fills["bar"] - 25).tolist() == [20 * k for k in range(10)]
    spent = result.fills["lots"] * result.fills["ticks"]
    np.testing.assert_allclose(spent[:-1], spent[:-1].mean(), rtol=0.02)


@pytest.mark.parametrize("start", ["soon", "2020-13-01", "1969-12-31", ""])
def test_a_start_that_is_no_day_is_refused(start):
    with pytest.raises(UsageError, match="1969-12-31" if start.startswith("19") else "time"):
        create("accumulate", {"start": start})
