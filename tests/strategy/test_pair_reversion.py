"""A pair by its spread, against a state machine."""

import numpy as np
import pytest

from gpt_trader.domain.market import market_of
from gpt_trader.errors import ConfigError, UsageError
from gpt_trader.strategy.registry import create
from tests.strategies_helpers import IDS, bars_of, random_bars, with_holes

SMALL = {"lookback": 20, "entry": 1.5, "max_hold": 12}


def series_of(n, keep=1.0):
    return [
        with_holes(random_bars(n, seed=j, size=30_000), name, j, keep) for j, name in enumerate(IDS)
    ]


def naive(market, a, b, long_only):
    """Plain Python: rows that the pair's weights are, NaN where there is no opinion."""
    close = market.close
    spread = np.log(close[:, a] / close[:, b])
    found = np.full((len(market), 2), np.nan)
    state, age = 0, 0
    for i in range(len(market)):
        age += 1
        window = spread[max(i - 19, 0) : i + 1]
        window = window[~np.isnan(window)]
        known = i >= 19 and len(window) >= 10 and not np.isnan(spread[i])
        z = (spread[i] - window.mean()) / window.std() if known else np.nan
        if abs(z) > 1.5:
            state, age = (1 if z < 0 else -1), 0
        elif state * z > 0 or age >= 12:
            state = 0
        if known:
            middle, tilt = (0.5, 0.5) if long_only else (0.0, 0.5)
            found[i] = middle + state * tilt, middle - state * tilt
    return found


@pytest.mark.parametrize("keep", [1.0, 0.85])
@pytest.mark.parametrize("long_only", [True, False])
def test_weights_are_those_of_a_state_machine(keep, long_only):
    market = market_of(series_of(900, keep))
    settings = SMALL | {"long_only": long_only}
    found = create("pair_reversion", settings).targets(market)
    want = naive(market, 0, 1, long_only)
    for j, product_id in enumerate(IDS[:2]):
        np.testing.assert_allclose(found[product_id].weight, want[:, j])
    assert {1.0, 0.5, 0.0} <= set(want[:, 0]) or not long_only
    known = ~np.isnan(want[:, 0])
    assert (found["SOL-USD"].weight[known] == 0).all()
    named = {"first": "BTC-USD", "second": "ETH-USD"}
    other = create("pair_reversion", settings | named).targets(market)
    for product_id in IDS:
        np.testing.assert_array_equal(other[product_id].weight, found[product_id].weight)


def test_a_spread_that_does_not_move_makes_neither_cheap():
    close = random_bars(100, seed=1).close
    pair = [
        with_holes(bars_of(close * k), name, 0, 1.0) for k, name in ((1, "A-USD"), (3, "B-USD"))
    ]
    found = create("pair_reversion", SMALL).targets(market_of(pair))
    assert set(found["A-USD"].weight[19:]) == {0.5}


def test_in_a_route_of_one_product_nothing_is_of_a_pair():
    found = create("pair_reversion", SMALL).targets(market_of(series_of(50)[:1]))
    assert (found["ETH-USD"].weight[19:] == 0).all()


def test_conditions_say_how_far_away_the_spread_is():
    market = market_of(series_of(300))
    found = create("pair_reversion", SMALL).targets(market)
    for product_id in IDS[:2]:
        score, held = found[product_id].reasons()
        assert score.label == "distance from the mean spread(20) < -1.5"
        assert held.label == "weight > 0"
        assert (found[product_id].weight[score.value < score.threshold] == 1.0).all()


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"entry": 1, "exit": 1}, "exit < entry"),
        ({"first": "BTC-USD"}, "two products in pair_reversion, or none"),
        ({"first": "BTC-USD", "second": "BTC-USD"}, "two products"),
    ],
)
def test_an_impossible_pair_is_refused(settings, said):
    with pytest.raises(UsageError, match=said):
        create("pair_reversion", settings)


def test_a_product_that_is_not_traded_is_refused():
    strategy = create("pair_reversion", {"first": "BTC-USD", "second": "ADA-USD"})
    with pytest.raises(ConfigError, match="ADA-USD, which its route does not trade"):
        strategy.targets(market_of(series_of(50)))
