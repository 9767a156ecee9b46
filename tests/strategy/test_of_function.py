"""A function of bars as a strategy."""

import copy
import pickle
from functools import partial
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from gpt_trader import Bars, Route, Targets, backtest, indicators, strategies, synthetic_market
from gpt_trader.errors import StrategyError, UsageError, ValidationGateError
from gpt_trader.strategy.of_function import WHOLE

HOUR = 3_600_000
[BARS] = synthetic_market(seed=7, products=["BTC-USD"], n_bars=400, interval_ms=HOUR)


def above(bars: Bars) -> np.ndarray:
    return np.where(bars.close > indicators.sma(bars.close, 20), 1.0, 0.0)


def below(bars: Bars) -> Targets:
    return Targets(np.where(bars.close < indicators.sma(bars.close, 20), 1.0, 0.0), stop=None)


def later(bars: Bars) -> pd.Series:
    return (pd.Series(bars.close).shift(-1) > pd.Series(bars.close)).astype(float)


def made(limit: float):
    def rule(bars: Bars) -> np.ndarray:
        return np.where(bars.price.close > limit, 1.0, 0.0)

    return rule


@pytest.fixture
def run(tmp_path: Path):
    return lambda strategy, **more: backtest(BARS, strategy, state_dir=tmp_path, **more)


def test_a_function_is_a_strategy_by_its_name(run):
    result = run(above)
    assert result.strategy[0].name == "above"
    assert result.metrics.trades > 5
    assert result.checks.lookahead_ok
    assert result.checks.warmup_ok is None  # nobody said how far it looks back
    assert result.checks.warmup_bars == len(BARS)
    assert any("above is a function without a warm-up" in note for note in result.notes)


def test_what_is_declared_is_checked(run):
    declared = run(strategies.from_function(above, min_bars=20, warmup=20))
    assert (declared.checks.warmup_ok, declared.checks.warmup_bars) == (True, 20)
    assert declared.notes == ()
    with pytest.raises(ValidationGateError, match="above declares 19 bars"):
        run(strategies.from_function(above, min_bars=20, warmup=19))


@pytest.mark.parametrize("how", [pickle, cloudpickle])
def test_it_is_pickled_as_its_function_is(how):
    own = strategies.from_function(above, min_bars=20, warmup=30, name="over")
    again = pickle.loads(how.dumps(own))  # noqa: S301
    assert (again.name, again.min_bars, again.warmup) == ("over", 20, 30)
    assert np.array_equal(again.targets(BARS).weight, above(BARS))
    assert copy.deepcopy(own).targets(BARS) == own.targets(BARS)
    local = strategies.from_function(made(3.0))
    assert pickle.loads(cloudpickle.dumps(local)).warmup == WHOLE  # noqa: S301


def test_other_code_is_another_run_and_the_same_is_the_same(run):
    assert run(above).run_id == run(above).run_id
    assert run(above).run_id != run(below).run_id
    ledger = [run(made(limit)).run_id for limit in (58_000.0, 60_000.0, 58_000.0)]
    assert ledger[0] == ledger[2] != ledger[1]


def test_one_that_looks_ahead_is_found(run):
    with pytest.raises(ValidationGateError, match="look-ahead: later changes weight"):
        run(later)


def test_its_line_is_told(run):
    with pytest.raises(StrategyError, match="gave 1 rows of weight") as caught:
        run(lambda _: [0.5], self_check=False)
    assert str(caught.value.where).startswith(__file__)
    with pytest.raises(StrategyError, match="a value of type NoneType, expected Targets"):
        run(lambda _: None, self_check=False)


def test_who_wants_a_market_and_is_shown_bars_is_told_how_to_ask_for_one(run):
    def rule(mkt):
        return {one: np.ones(len(mkt)) for one in mkt.products}

    for checked in (True, False):
        with pytest.raises(
            StrategyError, match="rule was shown Bars, not a Market: no products"
        ) as caught:
            run(rule, self_check=checked)
        assert caught.value.hint == "name its argument market, or annotate it gt.Market"
        assert str(caught.value.where).startswith(__file__)
    with pytest.raises(AttributeError, match="clsoe"):
        run(lambda bars: bars.clsoe, self_check=False)


@pytest.mark.parametrize(
    "made, kind", [(pd.DataFrame, "DataFrame"), (np.asarray, "ndarray"), (Targets, "Targets")]
)
def test_a_market_is_answered_by_product_and_what_came_instead_is_named(run, made, kind):
    def rule(market):
        return made(np.ones((len(market), 1)))

    with pytest.raises(StrategyError, match=f"a value of type {kind}, expected targets by product"):
        run(rule)


def test_routes_and_names_take_functions_too(run):
    assert Route(above).strategy.warmup == WHOLE
    assert run([Route(above)]).run_id == run(above).run_id
    assert run("sma_cross").run_id == run(strategies.SmaCross()).run_id


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: strategies.from_function(3), "a function of bars, was 3"),
        (lambda: strategies.from_function(above, warmup=2.0), "warmup as a whole number"),
        (lambda: strategies.from_function(above, min_bars="1"), "min_bars as a whole number"),
    ],
)
def test_what_is_no_function_is_refused(call, words):
    with pytest.raises(TypeError, match=words):
        call()


class Remembers:
    def __call__(self, bars: Bars) -> np.ndarray:
        return np.zeros(len(bars))


@pytest.mark.parametrize("given", [Remembers(), partial(Remembers())])
def test_an_object_that_is_called_may_remember_and_is_refused(given):
    with pytest.raises(UsageError, match="it may keep what it has seen"):
        strategies.from_function(given)


@pytest.mark.parametrize(
    "moved",
    [
        lambda found: found.shift(5, freq="1h"),
        lambda found: found[::-1],
        lambda found: found.set_axis(found.index + pd.Timedelta("1D")),
        lambda found: found.set_axis([f"{i}" for i in range(len(found))]),
    ],
)
def test_a_series_of_other_times_is_refused(run, moved):
    def rule(bars: Bars) -> pd.Series:
        closes = bars.to_pandas().close
        return moved((closes > closes.rolling(20).mean()).astype(float))

    with pytest.raises(StrategyError, match="weight as a Series of other times"):
        run(rule)


def test_a_series_of_the_bars_times_or_rows_is_taken(run):
    def by_time(bars: Bars) -> pd.Series:
        closes = bars.to_pandas().close
        return (closes > closes.rolling(20).mean()).astype(float)

    def by_row(bars: Bars) -> pd.Series:
        return by_time(bars).reset_index(drop=True)

    assert (run(by_time).fills == run(by_row).fills).all()
