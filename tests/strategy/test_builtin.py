"""What each built-in strategy says, against plain Python, and lessons 3 and 4."""

import numpy as np
import pytest
import talib

from gpt_trader.errors import UsageError
from gpt_trader.strategy.base import params_of
from gpt_trader.strategy.registry import create
from gpt_trader.strategy.sight import part
from tests.strategies_helpers import NAMES, answers, bars_of, random_bars, random_seen, waits


def labels(targets):
    return [condition.label for condition in targets.reasons()]


def small(name):
    """A strategy whose windows fit into short tests."""
    settings = {
        "sma_cross": {"fast": 3, "slow": 7},
        "ema_trend": {"fast": 3, "slow": 7, "vol_period": 5},
        "mean_reversion": {"rsi_period": 3, "band_period": 8, "band_width": 1, "max_hold": 6},
        "breakout": {"entry": 8, "exit": 4, "patience": 12, "atr_period": 3},
        "momentum": {"short": 2, "medium": 4, "long": 8, "vol_period": 6},
        "ensemble": {"members": "sma_cross,buy_and_hold"},
        "rank_momentum": {"lookback": 6, "top": 2, "every": 3, "target_vol": 0.4, "vol_period": 5},
        "regime_trend": {"strategy": "sma_cross", "fast": 2, "slow": 5},
        "risk_parity": {"vol_period": 8, "every": 3, "equal_risk": True},
        "pair_reversion": {"lookback": 9, "entry": 1, "max_hold": 7},
        "accumulate": {"start": "1970-01-02", "every": 20, "periods": 13},
        "grid": {"lookback": 8, "every": 10, "levels": 4},
    }
    return create(name, settings.get(name, {}))


# ------------------------------------------------------------------------------ lessons


@pytest.mark.parametrize("name", NAMES)
def test_lesson_03_a_missed_bar_cannot_lose_a_position(name):
    """Targets are states: looking at every third bar only ends in the same state."""
    strategy = small(name)
    seen = random_seen(strategy, 300, seed=2)
    whole = answers(strategy, seen)
    for row in range(299, 200, -3):  # a bot that wakes up rarely, and never at the same bar
        woken = answers(strategy, part(strategy, seen, 0, row + 1))
        last, then = ([one.weight[at] for one in said] for said, at in ((woken, -1), (whole, row)))
        np.testing.assert_array_equal(last, then)


def test_lesson_03_a_cross_counts_for_as_long_as_it_lasts():
    close = np.array([100] * 10 + [101 + 2 * i for i in range(10)])
    weight = create("sma_cross", {"fast": 2, "slow": 5}).targets(bars_of(close)).weight
    assert (weight[4:10] == 0).all()
    assert (weight[10:] == 1).all()  # not only at bar 10, where the lines cross


@pytest.mark.parametrize("name", ["mean_reversion", "breakout"])
def test_lesson_03_an_entry_signal_is_remembered_after_it_has_gone(name):
    strategy = small(name)
    targets = strategy.targets(random_bars(2_000, seed=4))
    entry_age = targets.reasons()[-1].value
    held = targets.weight > 0
    assert (held & (entry_age == 0)).any()
    assert (held & (entry_age > 2)).any()


@pytest.mark.parametrize("name", NAMES)
def test_lesson_04_every_hold_names_condition_value_threshold_and_missing_bars(name):
    strategy = small(name)
    latest = strategy.warmup if waits(strategy) else strategy.min_bars
    seen = random_seen(strategy, latest + 150, seed=6)
    for targets in answers(strategy, seen):
        assert targets.reasons()
        for row in range(len(seen)):
            target = targets.row(row)
            for reading in target.readings:
                assert reading.label
                assert reading.op in {">", "<"}
                if row + 1 >= latest:
                    assert np.isfinite([reading.value, reading.threshold]).all(), reading
            if row + 1 < strategy.min_bars:
                assert np.isnan(target.weight)


def test_lesson_04_the_readings_explain_the_weight():
    bars = random_bars(400, seed=9)
    targets = create("sma_cross", {"fast": 5, "slow": 20}).targets(bars)
    for row in range(19, len(bars)):
        target = targets.row(row)
        assert target.readings[0].label == "SMA(5) > SMA(20)"
        assert target.readings[0].holds == (target.weight > 0)
    # in prices of the quote currency, not in ticks
    value = np.mean(bars.close[-5:]) * 0.01
    assert targets.row(399).readings[0].value == pytest.approx(value)


# --------------------------------------------------------------------- each strategy alone


def test_sma_cross_is_out_on_an_exact_tie():
    weight = create("sma_cross", {"fast": 1, "slow": 2}).targets(bars_of([5, 5, 6, 6])).weight
    assert weight[1:].tolist() == [0.0, 1.0, 0.0]


def test_sma_cross_says_its_own_weight():
    targets = create("sma_cross", {"fast": 1, "slow": 2, "weight": 0.3}).targets(bars_of([5, 6]))
    assert targets.weight[1] == 0.3


def test_ema_trend_is_sized_by_volatility():
    bars = random_bars(600, seed=1, size=60_000)
    strategy = create("ema_trend", {"fast": 5, "slow": 20, "vol_period": 10, "stop": 0.08})
    targets = strategy.targets(bars)
    close = bars.close.astype(float)
    returns = np.concatenate([[np.nan], close[1:] / close[:-1] - 1])
    variance = talib.EMA(returns[1:] ** 2, 10)
    year = np.sqrt(np.concatenate([[np.nan], variance]) * 24 * 365)
    size = np.minimum(0.4 / year, 1.0)
    want = np.where(talib.EMA(close, 5) > talib.EMA(close, 20), size, 0.0)
    np.testing.assert_allclose(targets.weight[19:], want[19:], rtol=1e-6)
    assert len(set(targets.weight[19:])) > 100
    assert (targets.stop[19:] == 0.08).all()
    assert create("ema_trend", {}).targets(bars).stop is None


def test_the_same_market_in_bars_of_four_hours_is_taken_for_half_as_wild():
    hourly = random_bars(600, seed=1, size=60_000)
    slower = random_bars(600, seed=1, size=60_000, interval_ms=4 * 3_600_000)
    strategy = create("ema_trend", {"fast": 5, "slow": 20, "vol_period": 10})
    at_1h, at_4h = strategy.targets(hourly).weight[30:], strategy.targets(slower).weight[30:]
    free = (at_1h > 0) & (at_4h < 1)
    assert free.any()
    np.testing.assert_allclose(at_4h[free], 2 * at_1h[free], rtol=1e-12)


def test_mean_reversion_equals_a_state_machine():
    bars = random_bars(3_000, seed=3)
    strategy = small("mean_reversion")
    got = strategy.targets(bars)
    close = bars.close.astype(float)
    rsi = talib.RSI(close, 3)
    _, middle, lower = talib.BBANDS(close, 8, 1.0, 1.0)
    held, age, seen = False, 0, 0
    for i in range(len(bars)):
        age += 1
        if rsi[i] < 30 and close[i] < lower[i]:
            held, age = True, 0
        elif rsi[i] > 50 or close[i] > middle[i] or age >= 6:
            held = False
        if i >= strategy.min_bars - 1:
            assert got.weight[i] == float(held), i
            seen += held
    assert seen > 100
    assert (got.max_bars == 6).all()
    assert got.stop[-1] == 0.10
    assert got.take_profit is None


def test_mean_reversion_stays_out_of_a_market_that_does_not_move():
    weight = small("mean_reversion").targets(bars_of(np.full(50, 700))).weight
    assert (weight[7:] == 0).all()


def test_breakout_equals_a_state_machine():
    bars = random_bars(3_000, seed=3)
    strategy = small("breakout")
    got = strategy.targets(bars)
    held, age, seen = False, 0, 0
    for i in range(8, len(bars)):
        age += 1
        if bars.close[i] > max(bars.high[i - 8 : i]):
            held, age = True, 0
        elif bars.close[i] < min(bars.low[i - 4 : i]) or age >= 12:
            held = False
        assert got.weight[i] == float(held), i
        seen += held
    assert seen > 100
    high, low, close = (part.astype(float) for part in (bars.high, bars.low, bars.close))
    want = 2.0 * talib.ATR(high, low, close, 3) / close
    np.testing.assert_allclose(got.stop[8:], np.clip(want[8:], 0.001, 0.9), rtol=1e-6)
    assert create("breakout", {"stop_atr": 0}).targets(bars).stop is None


@pytest.mark.parametrize("long_only", [True, False])
def test_momentum_is_the_mean_of_signs(long_only):
    bars = random_bars(300, seed=7)
    settings = {"short": 2, "medium": 4, "long": 8, "target_vol": 0, "long_only": long_only}
    weight = create("momentum", settings | {"max_weight": 0.9}).targets(bars).weight
    close = bars.close
    for i in range(8, 300):
        score = sum(int(np.sign(close[i] - close[i - h])) for h in (2, 4, 8)) / 3
        assert weight[i] == pytest.approx(0.9 * (max(score, 0) if long_only else score))
    assert (weight[8:] < 0).any() != long_only


def test_hold_never_has_an_opinion_and_buy_and_hold_always_the_same():
    bars = random_bars(10, seed=1)
    assert np.isnan(create("hold", {}).targets(bars).weight).all()
    assert (create("buy_and_hold", {}).targets(bars).weight == 1).all()


# ----------------------------------------------------------------------------- ensemble


def test_ensemble_trades_what_enough_members_agree_on():
    bars = random_bars(300, seed=2)
    cross = create("sma_cross", {}).targets(bars).weight
    half = create("ensemble", {"members": "sma_cross,buy_and_hold"}).targets(bars).weight
    # one of two is not above one half; both are
    np.testing.assert_array_equal(half[49:], np.where(cross[49:] > 0, 1.0, 0.0))
    settings = {"members": "sma_cross, buy_and_hold", "votes": "1,3"}
    more = create("ensemble", settings).targets(bars).weight
    np.testing.assert_array_equal(more[49:], np.where(cross[49:] > 0, 1.0, 0.75))


def test_ensemble_goes_short_with_its_members(tmp_path):
    path = tmp_path / "short.py"
    path.write_text(
        "from dataclasses import dataclass\n"
        "import numpy as np\n"
        "from gpt_trader.domain.targets import Targets\n"
        "@dataclass(frozen=True)\n"
        "class Short:\n"
        "    name = 'short'\n"
        "    min_bars = warmup = 1\n"
        "    def targets(self, bars):\n"
        "        return Targets(np.full(len(bars), -0.5))\n"
    )
    bars = random_bars(3, seed=2)
    weight = create("ensemble", {"members": f"{path}:Short"}).targets(bars).weight
    assert (weight == -0.5).all()


def test_ensemble_has_no_opinion_when_all_abstain():
    weight = create("ensemble", {"members": "hold,hold"}).targets(random_bars(9, seed=1)).weight
    assert np.isnan(weight).all()


def test_an_abstention_counts_against_both_sides():
    bars = random_bars(9, seed=1)
    two = create("ensemble", {"members": "hold,buy_and_hold"}).targets(bars).weight
    assert (two == 0).all()
    three = create("ensemble", {"members": "hold,buy_and_hold,buy_and_hold"}).targets(bars)
    np.testing.assert_allclose(three.weight, 2 / 3)


def test_ensemble_shows_the_conditions_of_its_members():
    shown = labels(create("ensemble", {"members": "sma_cross"}).targets(random_bars(60, seed=1)))
    assert shown == ["share of votes long > 0.5", "sma_cross: SMA(20) > SMA(50)"]


def test_where_a_member_sees_the_market_the_others_are_asked_about_each_product():
    together = create("ensemble", {"members": "rank_momentum,sma_cross", "min_confidence": 0.0})
    seen = random_seen(together, 400, seed=3)
    ranked, voted = (answers(one, seen) for one in (create("rank_momentum", {}), together))
    assert together.min_bars == 169
    for j, bars in enumerate(seen.bars.values()):
        cross = create("sma_cross", {}).targets(bars).weight
        known = ~np.isnan(ranked[j].weight)
        want = np.where(known, ranked[j].weight, 0.0) / 2 + cross / 2
        np.testing.assert_array_equal(voted[j].weight[168:], want[168:])
        assert known.any()
        assert labels(voted[j])[1:3] == [
            "rank_momentum: return over 168 bars > 0",
            "rank_momentum: rank by return < 4",
        ]


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"members": " "}, "at least one member"),
        ({"members": "sma_cross,ensemble"}, "other strategies"),
        ({"members": "sma_cros"}, "unknown strategy"),
        ({"members": "sma_cross,momentum", "votes": "1"}, "as many votes as members"),
        ({"members": "sma_cross", "votes": "one"}, "expected numbers in votes"),
        ({"members": "sma_cross", "votes": "0"}, "votes of ensemble > 0"),
        ({"members": "sma_cross", "votes": "inf"}, "votes of ensemble > 0"),
    ],
)  # fmt: skip
def test_ensemble_refuses_members_it_cannot_use(settings, said):
    with pytest.raises(UsageError, match=said):
        create("ensemble", settings)


# --------------------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    "name, settings, said",
    [
        ("sma_cross", {"fast": 50, "slow": 20}, "fast < slow"),
        ("sma_cross", {"fast": 20, "slow": 20}, "fast < slow"),
        ("ema_trend", {"fast": 128}, "fast < slow"),
        ("momentum", {"short": 84}, "short < medium < long"),
        ("mean_reversion", {"oversold": 45, "exit_rsi": 40}, "oversold <= exit_rsi"),
    ],
)
def test_an_impossible_combination_is_refused_with_a_hint(name, settings, said):
    with pytest.raises(UsageError, match=said) as refused:
        create(name, settings)
    assert "--set" in refused.value.hint


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_documented_and_its_default_in_range(name):
    for param in params_of(type(create(name, {}))):
        assert param.doc
        if isinstance(param.default, int | float) and not isinstance(param.default, bool):
            assert param.low <= param.default <= param.high


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_names_its_formula_and_source(name):
    text = type(create(name, {})).__doc__
    assert "Source:" in text
    assert "weight" in text or "Entry signal" in text
