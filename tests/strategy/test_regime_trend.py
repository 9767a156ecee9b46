"""A strategy that acts only while a benchmark's trend is up."""

import numpy as np
import pytest

from gpt_trader.domain.coarsen import coarsen
from gpt_trader.domain.market import market_of
from gpt_trader.errors import UsageError
from gpt_trader.strategy.asked import ask_all
from gpt_trader.strategy.ema_trend import EmaTrend
from gpt_trader.strategy.registry import create
from gpt_trader.strategy.sight import reads_of, sees_market
from tests.strategies_helpers import IDS, random_bars, with_holes

SERIES = [with_holes(random_bars(700, seed=j), name, j, 1.0) for j, name in enumerate(IDS)]
DAY_MS = 24 * 3_600_000


def of(**settings):
    return create("regime_trend", {"fast": 3, "slow": 8} | settings)


def state(bars, fast, slow):
    """Whether a benchmark's trend is up, as ema_trend sees it."""
    averages = EmaTrend(fast, slow).targets(bars).reasons()[0]
    return averages.value > averages.threshold


def test_it_says_what_its_strategy_says_while_the_benchmark_rises_and_0_else():
    found = ask_all([of()] * 3, SERIES)
    alone = [EmaTrend().targets(bars) for bars in SERIES]
    up = state(SERIES[1], 3, 8)
    first = of().min_bars - 1
    for said, own in zip(found, alone, strict=True):
        assert np.isnan(said.weight[:first]).all()
        want = np.where(up, own.weight, 0.0)
        np.testing.assert_array_equal(said.weight[first:], want[first:])
        assert said.reasons()[0].label == "BTC-USD EMA(3) > EMA(8)"
        assert [one.label for one in said.reasons()[1:]] == [one.label for one in own.reasons()]
    assert any((one.weight[first:] > 0).any() for one in found)


def test_a_benchmark_may_be_read_and_have_longer_bars():
    days = coarsen(SERIES[1], DAY_MS).bars
    coins = [SERIES[0], SERIES[2]]
    strategy = of(strategy="buy_and_hold", benchmark="BTC-USD@1d")
    read = ask_all([strategy] * 2, coins, {"BTC-USD@1d": days})
    up = state(days, 3, 8)
    for hour in range(8 * 24, 700, 24):
        assert (read[0].weight[hour - 1 : hour + 23] == up[hour // 24 - 1]).all()
    made = ask_all([strategy] * 3, SERIES)
    np.testing.assert_array_equal(made[0].weight, read[0].weight)


def test_there_is_no_opinion_where_the_benchmark_is_absent():
    kept = np.r_[0:300, 310:700]
    found = ask_all([of(strategy="buy_and_hold")] * 2, [SERIES[0], SERIES[1][kept]])[0].weight
    assert np.isnan(found[300:310]).all()
    assert np.isfinite(found[310:]).all()


def test_it_keeps_the_stops_of_its_strategy():
    (said,) = ask_all([of(strategy="mean_reversion")], SERIES[1:2])
    assert (said.stop[100:] == 0.1).all()
    assert (said.max_bars[100:] > 0).all()


def test_what_it_reads_and_sees_is_known_before_it_runs():
    assert sees_market(of())
    assert reads_of(of(benchmark="X-USD@1d")) == {"X-USD@1d": 241}
    assert of().targets(market_of(SERIES)).keys() == set(IDS)


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"fast": 8}, "fast < slow"),
        ({"benchmark": "BTC"}, "benchmark of regime_trend to be a product"),
        ({"strategy": "rank_momentum"}, "to see one product"),
        ({"strategy": "regime_trend"}, "to see one product"),
        ({"strategy": "ema_tred"}, "unknown strategy"),
    ],
)
def test_what_it_cannot_use_is_refused(settings, said):
    with pytest.raises(UsageError, match=said):
        of(**settings)


def test_a_strategy_that_decides_bar_by_bar_is_refused(tmp_path):
    path = tmp_path / "slow.py"
    path.write_text(
        "from dataclasses import dataclass\n"
        "@dataclass(frozen=True)\n"
        "class Slow:\n"
        "    name = 'slow'\n"
        "    min_bars = warmup = 1\n"
        "    def on_bar(self, view, memory):\n"
        "        return None, memory\n"
    )
    with pytest.raises(UsageError, match="has on_bar"):
        of(strategy=f"{path}:Slow")
