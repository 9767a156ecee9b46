"""Cross-sectional momentum against plain Python."""

from dataclasses import replace

import numpy as np
import pytest

from gpt_trader.domain.market import market_of
from gpt_trader.errors import ConfigError, UsageError
from gpt_trader.strategy.asked import ask_all
from gpt_trader.strategy.rank_momentum import RankMomentum, ranks
from gpt_trader.strategy.registry import create
from gpt_trader.strategy.schedule import TURNS
from gpt_trader.strategy.sight import part
from tests.strategies_helpers import BTC, HOUR_MS, bars_of, random_bars, with_holes

NAMES = ("ETH-USD", "BTC-USD", "SOL-USD", "ADA-USD")


def series_of(n, keep=1.0, size=60_000):
    return [
        with_holes(random_bars(n, seed=j, size=size), name, j, keep) for j, name in enumerate(NAMES)
    ]


def naive(market, lookback, top, every, benchmark=""):
    """What the issue says, row by row."""
    close, number = market.close, market.time // market.interval_ms
    found, decided, at = np.full(close.shape, np.nan), None, None
    for i in range(len(market)):
        if number[i] % every == 0 and i >= lookback:
            rose = {
                product_id: close[i, j] / close[i - lookback, j] - 1.0
                for j, product_id in enumerate(market.products)
            }
            ranked = sorted((-r, product_id) for product_id, r in rose.items() if np.isfinite(r))
            chosen = [product_id for r, product_id in ranked[:top] if -r > 0]
            if benchmark and not rose[benchmark] > 0:
                chosen = []
            decided = [1 / top if product_id in chosen else 0.0 for product_id in market.products]
            at = number[i]
        if decided is not None and number[i] - at < TURNS * every:
            found[i] = decided
    return found


@pytest.mark.parametrize("keep", [1.0, 0.9, 0.5])
@pytest.mark.parametrize("benchmark", ["", "BTC-USD"])
@pytest.mark.parametrize("lookback, top, every", [(7, 2, 5), (1, 1, 1), (24, 3, 11)])
def test_weights_are_those_of_plain_python(keep, benchmark, lookback, top, every):
    market = market_of(series_of(400, keep))
    strategy = RankMomentum(lookback, top, every, benchmark=benchmark)
    found = strategy.targets(market)
    want = naive(market, lookback, top, every, benchmark)
    for j, product_id in enumerate(market.products):
        np.testing.assert_array_equal(found[product_id].weight, want[:, j])
    assert {0.0, 1 / top} <= set(want[~np.isnan(want)])


def test_equal_returns_are_ranked_by_product_and_the_unknown_not_at_all():
    values = np.array([[0.1, 0.1, np.nan, 0.2], [-1.0, 0.0, 0.0, np.nan]])
    np.testing.assert_array_equal(ranks(values, NAMES), [[3, 2, np.nan, 1], [3, 1, 2, np.nan]])


def test_each_weight_is_scaled_as_that_of_ema_trend():
    series = series_of(700)
    settings = {"lookback": 5, "top": 2, "every": 4, "vol_period": 10}
    plain = ask_all([create("rank_momentum", settings)] * 4, series)
    scaled = ask_all([create("rank_momentum", settings | {"target_vol": 0.4})] * 4, series)
    always = {"fast": 1, "slow": 2, "target_vol": 0.4, "vol_period": 10}
    smaller = 0
    for j, bars in enumerate(series):
        size = create("ema_trend", always).targets(bars).reasons()[1].value
        for i in range(20, 700):
            at = i - int(bars.time[i] // HOUR_MS) % 4
            assert scaled[j].weight[i] == plain[j].weight[at] * size[at]
            smaller += 0 < scaled[j].weight[i] < plain[j].weight[at]
    assert smaller > 100


def test_a_product_whose_volatility_is_not_known_yet_weighs_nothing():
    old, young = series_of(60)[:2]
    strategy = RankMomentum(3, 2, 1, target_vol=5.0, vol_period=10)
    found = strategy.targets(market_of([old, young[40:]]))["BTC-USD"]
    rose = found.reasons()[0].value > 0
    assert rose[43:50].any()
    assert (found.weight[43:50] == 0).all()
    assert (found.weight[50:][rose[50:]] > 0).all()


def test_a_benchmark_that_is_not_traded_decides_by_its_own_bars():
    coins, days = series_of(600)[:1], bars_of(np.repeat([100, 90, 120], [8, 8, 9]))
    days = replace(
        days,
        product=replace(BTC, product_id="IDX-USD"),
        time=days.time * 24,
        interval_ms=24 * HOUR_MS,
    )
    strategy = RankMomentum(lookback=24, top=1, every=24, benchmark="IDX-USD@1d")
    (with_index,) = ask_all([strategy], coins, {"IDX-USD@1d": days})
    led = with_index.reasons()[2].value
    assert led[24 * 17 + 23 :][:1].tolist() == [120 / 90 - 1.0]
    assert (with_index.weight[led > 0] >= 0).all()
    assert (with_index.weight[~(led > 0)][50:] == 0).all()
    with pytest.raises(ConfigError, match="of which there are no bars"):
        ask_all([strategy], coins)
    with pytest.raises(ConfigError, match="no bars of the benchmark"):
        strategy.targets(market_of(coins))


def test_a_benchmark_of_shorter_bars_is_refused():
    coins = series_of(60)[:1]
    minutes = random_bars(60, seed=1, interval_ms=60_000)
    with pytest.raises(ConfigError, match="1h or longer, found 1m"):
        RankMomentum(5, benchmark="X-USD").targets(market_of(coins, {"X-USD": minutes}))


@pytest.mark.parametrize("benchmark", ["BTC", "BTC-USD@soon"])
def test_a_benchmark_that_is_no_series_is_refused(benchmark):
    with pytest.raises(UsageError):
        create("rank_momentum", {"benchmark": benchmark})


def test_the_window_holds_the_oldest_ranking_that_may_stand():
    strategy = RankMomentum(lookback=7, top=2, every=6, benchmark="BTC-USD")
    kept = [hour for hour in range(90) if hour % 6 or hour < 66]
    market = market_of([bars[np.array(kept)] for bars in series_of(90)])
    row = kept.index(60 + 6 * TURNS - 1)

    def said(rows):
        seen = part(strategy, market, row + 1 - rows, row + 1)
        return [one.weight[-1] for one in strategy.targets(seen).values()]

    assert said(strategy.warmup) == [one.weight[row] for one in strategy.targets(market).values()]
    assert sum(said(strategy.warmup)) > 0
    assert np.isnan(said(strategy.warmup - 1)).all()


def test_conditions_say_what_was_decided_by_and_stand_as_the_weights_do():
    market = market_of(series_of(100))
    found = RankMomentum(6, 2, 5, benchmark="BTC-USD").targets(market)
    for said in found.values():
        labels = [one.label for one in said.reasons()]
        assert labels == [
            "return over 6 bars > 0",
            "rank by return < 3",
            "BTC-USD return over 6 bars > 0",
        ]
        for row in range(40, 100):
            target = said.row(row)
            assert all(one.holds for one in target.readings) == (target.weight > 0)
