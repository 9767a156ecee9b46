"""Fixed weights, and the band in which the account lets them be."""

import numpy as np
import pytest

from gpt_trader import backtest
from gpt_trader.domain.costs import order_style
from gpt_trader.domain.market import market_of
from gpt_trader.errors import ConfigError, UsageError
from gpt_trader.kernel.codes import SELL
from gpt_trader.risk.policy import RiskPolicy
from gpt_trader.strategy.rebalance import Rebalance
from gpt_trader.strategy.registry import create
from tests.strategies_helpers import IDS, bars_of, random_bars, with_holes

SERIES = [with_holes(random_bars(30, seed=j), name, j, 0.8) for j, name in enumerate(IDS)]
WEIGHTS = "ETH-USD=0.3, BTC-USD=0.6"


def test_each_product_has_its_share_at_every_bar_and_one_that_is_not_named_none():
    found = create("rebalance", {"weights": WEIGHTS}).targets(market_of(SERIES))
    for product_id, share in (("ETH-USD", 0.3), ("BTC-USD", 0.6), ("SOL-USD", 0.0)):
        assert set(found[product_id].weight) == {share}
        assert found[product_id].row(0).readings[0].holds == (share > 0)


def test_without_weights_all_are_equal():
    found = create("rebalance", {}).targets(market_of(SERIES))
    assert {float(one.weight[0]) for one in found.values()} == {1 / 3}


def test_a_share_of_what_is_not_traded_is_refused():
    with pytest.raises(ConfigError, match="BTC-USD, which its route does not trade"):
        create("rebalance", {"weights": WEIGHTS}).targets(market_of(SERIES[:1]))


@pytest.mark.parametrize(
    "weights",
    ["BTC-USD", "BTC-USD=x", "BTC-USD=nan", "BTC=0.5", "BTC-USD=-0.1", "BTC-USD=0.1,BTC-USD=0.2"],
)
def test_what_is_no_list_of_weights_is_refused(weights):
    with pytest.raises(UsageError, match="PRODUCT=SHARE"):
        create("rebalance", {"weights": weights})


def test_weights_above_all_of_the_equity_are_refused():
    with pytest.raises(UsageError, match=r"at most 1, was 1\.2"):
        create("rebalance", {"weights": "BTC-USD=0.6,ETH-USD=0.6"})


@pytest.mark.parametrize("band, sales", [(0.25, 0), (0.1, 1)])
def test_the_band_of_the_account_decides_when_is_traded(band, sales):
    risen = bars_of(np.repeat([1_000_000, 1_400_000], [20, 20]))
    still = with_holes(bars_of(np.full(40, 1_000_000)), "ETH-USD", 1, 1.0)
    policy = RiskPolicy(max_product_pct=100, rebalance_band=band)
    strategy, taker = Rebalance("BTC-USD=0.5,ETH-USD=0.4"), order_style("taker")
    result = backtest([risen, still], strategy, risk=policy, style=taker, trials=False)
    sold = result.fills[result.fills["side"] == SELL]
    assert len(sold) == sales  # 0.5 * 1.4 / 1.2 = 0.583, a seventh above 0.5
    assert len(result.fills) == 2 + 2 * sales
