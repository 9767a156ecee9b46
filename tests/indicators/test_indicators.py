"""Indicators of Series, arrays and lists of floats or ticks."""

import inspect
import pydoc
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gpt_trader import indicators, synthetic_market
from gpt_trader.errors import DataError, UsageError
from gpt_trader.kernel.features import averages, oscillators, wilder
from gpt_trader.strategy.indicators_page import MODULES, offered

HOUR = 3_600_000
[BARS] = synthetic_market(seed=5, products=["BTC-USD"], n_bars=160, interval_ms=HOUR)
INDEX = pd.DatetimeIndex(pd.to_datetime(BARS.time, unit="ms", utc=True))
SETTINGS: dict[str, Any] = {
    "period": 9, "fast": 5, "slow": 9, "signal": 4, "slow_k": 3, "slow_d": 3, "atr_period": 5,
    "conversion": 4, "base": 6, "span": 9, "left": 2, "right": 2, "limit": 5, "grid": 64.0,
    "target": 0.02, "cap": 1.0, "width": 2.0, "factor": 3.0, "step": 0.02, "most": 0.2,
    "session_ms": 24 * HOUR,
}  # fmt: skip
COLUMNS = {
    "open_": BARS.price.open, "high": BARS.price.high, "low": BARS.price.low,
    "volume": BARS.volume, "time": BARS.time, "market": BARS.price.open,
    "anchors": np.arange(len(BARS)) % 20 == 0, "flags": np.arange(len(BARS)) % 7 == 0,
    "volatility": BARS.volume / BARS.volume.sum(),
}  # fmt: skip
LEFT_OUT = {"true_range_at", "weighted_sum"}  # of one row; of weights that are no column
TICKS = {"sma", "sma_cross_state", "bollinger"}  # in whole numbers where these are given


def column(name: str) -> np.ndarray:
    return COLUMNS.get(name, BARS.price.close)


def answers(found: Any) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else (found,)


FEATURES = {
    name: found for module in MODULES for name, found in offered(module) if name not in LEFT_OUT
}


def test_every_feature_of_the_kernel_is_offered():
    assert set(indicators.__all__) == set(FEATURES)


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_a_series_keeps_its_index_and_its_numbers_are_the_features(name: str):
    public: Callable[..., Any] = vars(indicators)[name]
    names = list(inspect.signature(public).parameters)
    given = [SETTINGS[one] if one in SETTINGS else column(one) for one in names]
    as_series = [
        pd.Series(one, index=INDEX) if isinstance(one, np.ndarray) else one for one in given
    ]
    plain, kept = answers(public(*given)), answers(public(*as_series))
    assert public.__doc__.startswith(inspect.getdoc(FEATURES[name]))
    for array, series in zip(plain, kept, strict=True):
        assert isinstance(array, np.ndarray)
        assert series.index.equals(INDEX)
        np.testing.assert_array_equal(series.to_numpy(), array)
    if name not in TICKS:
        for array, own in zip(plain, answers(FEATURES[name](*given)), strict=True):
            np.testing.assert_array_equal(array, own)


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_help_says_what_each_argument_is_and_what_nan_does(name: str):
    public = vars(indicators)[name]
    names = list(inspect.signature(public).parameters)
    said = pydoc.plain(pydoc.render_doc(public))
    assert max(map(len, said.splitlines()[3:])) <= 100
    told = re.findall(
        r"^ +([\w, ]+): (?:\(n,\), Series of|a whole number|a finite number)", said, re.MULTILINE
    )
    assert ", ".join(told).split(", ") == names
    given = [SETTINGS[one] if one in SETTINGS else column(one) for one in names]
    given[0] = np.where(np.arange(len(BARS)) == 80, np.nan, given[0])
    if "a later one is answered as is said above" in " ".join(said.split()):
        assert len(answers(public(*given))[0]) == len(BARS)
    else:
        with pytest.raises(DataError, match="NaN in row 80"):
            public(*given)


def test_ticks_are_averaged_in_whole_numbers_and_prices_as_they_are():
    assert (indicators.sma(BARS.close, 9) == averages.sma(BARS.close, 9))[8:].all()
    np.testing.assert_allclose(
        indicators.sma(BARS.price.close, 9), averages.sma(BARS.close, 9) * 0.01, rtol=1e-12
    )
    state = averages.sma_cross_state(BARS.close, 5, 9)
    np.testing.assert_array_equal(indicators.sma_cross_state(BARS.price.close, 5, 9), state)
    ticks, prices = (indicators.bollinger(one, 9, 2.0) for one in (BARS.close, BARS.price.close))
    for one, other in zip(ticks, prices, strict=True):
        np.testing.assert_allclose(one * 0.01, other, rtol=1e-9)


@pytest.mark.parametrize(
    "given",
    [
        BARS.close.tolist(),
        tuple(BARS.close.tolist()),
        BARS.close,
        BARS.close.astype(np.float32 if BARS.close.max() < 2**24 else np.float64),
        pd.Series(BARS.close).astype("Int64"),
        pd.Series(BARS.close, dtype=object),
    ],
    ids=["list", "tuple", "ticks", "floats", "nullable", "objects"],
)
def test_whatever_holds_the_numbers_they_are_the_same(given: Any):
    expected = wilder.rsi(BARS.close.astype(float), 14)
    np.testing.assert_array_equal(np.asarray(indicators.rsi(given, 14)), expected)


def test_an_indicator_of_an_indicator_begins_where_that_one_does():
    rsi = indicators.rsi(BARS.close, 14)
    k = indicators.highest(rsi, 5)
    assert np.isnan(k[:18]).all()
    np.testing.assert_array_equal(k[18:], [rsi[i - 4 : i + 1].max() for i in range(18, len(k))])
    assert np.isnan(indicators.highest([np.nan] * 3, 2)).all()
    line, *_ = indicators.macd(rsi, 5, 9, 4)
    np.testing.assert_array_equal(line[14:], oscillators.macd(rsi[14:], 5, 9, 4)[0])


def test_what_no_column_is_is_refused():
    close = BARS.close
    gap = close.astype(float)
    gap[40] = np.nan
    series = pd.Series(close, index=INDEX)
    for call, kind, words in (
        (lambda: indicators.highest(gap, 5), DataError, "NaN in row 40"),
        (lambda: indicators.rsi(close, 0), UsageError, "period of 1 or more"),
        (lambda: indicators.rsi(close, 14.0), TypeError, "period as a whole number"),
        (lambda: indicators.rsi("close", 14), TypeError, "close as numbers"),
        (lambda: indicators.rsi(["a", "b"], 14), TypeError, "close as numbers"),
        (lambda: indicators.rsi(close.reshape(-1, 2), 14), TypeError, "2 dimensions"),
        (lambda: indicators.atr(close, close, close[1:], 14), DataError, "one length"),
        (lambda: indicators.obv(series, series.shift(1, freq="h")), DataError, "one index"),
        (lambda: indicators.settle(close, np.inf), UsageError, "finite"),
        (lambda: indicators.settle(close, "1"), TypeError, "grid as a number"),
        (lambda: indicators.rsi(close), TypeError, "period"),
    ):
        with pytest.raises(kind, match=words):
            call()


@pytest.mark.parametrize(
    "call, names",
    [
        (lambda t, p: indicators.atr(t.high, t.low, p.close, 14), "high and close"),
        (lambda t, p: indicators.atr(p.high, p.low, t.close, 14), "close and high"),
        (
            lambda t, p: indicators.garman_klass(
                t.open, *map(pd.Series, (p.high, p.low, p.close)), 9
            ),
            "open_ and high",
        ),
        (
            lambda t, p: indicators.mfi(t.high, t.low, indicators.sma(p.close, 5), BARS.volume, 14),
            "high and close",
        ),
    ],
)
def test_ticks_beside_prices_are_refused(call, names):
    with pytest.raises(UsageError, match=f"{names} in one unit, were ticks and prices") as caught:
        call(BARS, BARS.price)
    assert "bars.price." in caught.value.hint


def test_whole_prices_beside_others_are_prices():
    high, low = BARS.high.tolist(), (BARS.low - 0.5).tolist()
    expected = wilder.atr(BARS.high.astype(float), BARS.low - 0.5, BARS.close.astype(float), 9)
    np.testing.assert_array_equal(indicators.atr(high, low, BARS.close, 9), expected)


def test_times_may_be_moments():
    flags = indicators.session_starts(BARS.time, 24 * HOUR)
    for given in (pd.Series(INDEX), BARS.time.astype("datetime64[ms]")):
        np.testing.assert_array_equal(
            np.asarray(indicators.session_starts(given, 24 * HOUR)), flags
        )


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda c: indicators.macd(c, 26, 12, 9), "expected fast < slow, was fast=26 slow=12"),
        (lambda c: indicators.sma_cross_state(c, 5, 5), "expected fast < slow, was fast=5 slow=5"),
        (lambda c: indicators.ichimoku(c, c, 52, 26, 9), "conversion < base, was conversion=52"),
        (lambda c: indicators.ichimoku(c, c, 9, 26, 25), "base < span, was base=26 span=25"),
    ],
)
def test_periods_out_of_order_are_refused(call, words):
    with pytest.raises(UsageError, match=words):
        call(BARS.price.close)
