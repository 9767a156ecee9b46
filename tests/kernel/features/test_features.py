"""What holds for every feature: no row knows a later one, and it forgets what it says it does."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

from gpt_trader.kernel import features
from gpt_trader.kernel.features import (
    averages,
    bands,
    oscillators,
    pivots,
    ranges,
    relation,
    sar,
    smooth,
    volume,
    wilder,
    window,
)
from tests.kernel.features.walk import Walk

DAY = 86_400_000
# each feature on a walk, and how many rows decide a row (None: more than a window)
CALLS = {
    "settle": (lambda w: averages.settle(w.closes / 7, 4.0), 1),
    "ago": (lambda w: averages.ago(w.closes, 3), 4),
    "sma": (lambda w: averages.sma(w.close, 5), 5),
    "sma_cross_state": (lambda w: averages.sma_cross_state(w.close, 3, 7), 7),
    "ema": (lambda w: averages.ema(w.closes, 5), None),
    "simple_returns": (lambda w: averages.simple_returns(w.closes), 2),
    "log_returns": (lambda w: averages.log_returns(w.closes), 2),
    "rate_of_change": (lambda w: averages.rate_of_change(w.closes, 5), 6),
    "change_sign": (lambda w: averages.change_sign(w.close, 5), 6),
    "ewm_volatility": (lambda w: averages.ewm_volatility(w.closes, 5), None),
    "volatility_weight": (lambda w: averages.volatility_weight(w.volume, 9.0, 1.0), 1),
    "wilder_moves": (lambda w: wilder.wilder_moves(w.closes, 5), None),
    "rsi": (lambda w: wilder.rsi(w.closes, 5), None),
    "atr": (lambda w: wilder.atr(w.highs, w.lows, w.closes, 5), None),
    "adx": (lambda w: wilder.adx(w.highs, w.lows, w.closes, 5), None),
    "weighted_sum": (lambda w: window.weighted_sum(w.closes, np.array([3.0, -1.0, 2.0])), 3),
    "rolling_sum": (lambda w: window.rolling_sum(w.closes, 5), 5),
    "rolling_mean": (lambda w: window.rolling_mean(w.closes, 5), 5),
    "rolling_std": (lambda w: window.rolling_std(w.closes, 5), 5),
    "rolling_volatility": (lambda w: window.rolling_volatility(w.closes, 5), 6),
    "bollinger": (lambda w: window.bollinger(w.close, 5, 2.0), 5),
    "rows_since_highest": (lambda w: window.rows_since_highest(w.high, 5), 5),
    "highest": (lambda w: window.highest(w.high, 5), 5),
    "lowest": (lambda w: window.lowest(w.lows, 5), 5),
    "since": (lambda w: window.since(w.flags, 5), 5),
    "wma": (lambda w: smooth.wma(w.close, 5), 5),
    "hma": (lambda w: smooth.hma(w.closes, 9), 11),
    "dema": (lambda w: smooth.dema(w.closes, 4), None),
    "tema": (lambda w: smooth.tema(w.closes, 4), None),
    "macd": (lambda w: oscillators.macd(w.closes, 3, 6, 4), None),
    "stochastic": (lambda w: oscillators.stochastic(w.highs, w.lows, w.closes, 5, 3, 2), 8),
    "williams_r": (lambda w: oscillators.williams_r(w.highs, w.lows, w.closes, 5), 5),
    "cci": (lambda w: oscillators.cci(w.highs, w.lows, w.closes, 5), 5),
    "aroon": (lambda w: oscillators.aroon(w.high, w.low, 5), 6),
    "obv": (lambda w: volume.obv(w.close, w.volume), None),
    "mfi": (lambda w: volume.mfi(w.highs, w.lows, w.closes, w.volume, 5), 6),
    "vwap_anchored": (
        lambda w: volume.vwap_anchored(w.highs, w.lows, w.closes, w.volume, w.flags),
        None,
    ),
    "session_starts": (lambda w: volume.session_starts(w.time, DAY), None),
    "vwap_session": (
        lambda w: volume.vwap_session(w.highs, w.lows, w.closes, w.volume, w.time, DAY),
        24,
    ),
    "keltner": (lambda w: bands.keltner(w.highs, w.lows, w.closes, 5, 4, 2.0), None),
    "supertrend": (lambda w: bands.supertrend(w.highs, w.lows, w.closes, 5, 2.0), None),
    "ichimoku": (lambda w: bands.ichimoku(w.highs, w.lows, 3, 5, 8), 13),
    "parabolic_sar": (lambda w: sar.parabolic_sar(w.highs, w.lows, 0.02, 0.2), None),
    "pivot_highs": (lambda w: pivots.pivot_highs(w.highs, 3, 2), 6),
    "pivot_lows": (lambda w: pivots.pivot_lows(w.low, 3, 2), 6),
    "latest": (lambda w: pivots.latest(np.where(w.flags, w.closes, np.nan)), None),
    "realized_volatility": (lambda w: ranges.realized_volatility(w.closes, 5), 6),
    "garman_klass": (lambda w: ranges.garman_klass(w.opens, w.highs, w.lows, w.closes, 5), 5),
    "zscore": (lambda w: relation.zscore(w.closes, 5), 5),
    "rolling_beta": (lambda w: relation.rolling_beta(w.closes, w.other, 5), 6),
    "rolling_correlation": (lambda w: relation.rolling_correlation(w.closes, w.other, 5), 5),
}
SCALARS = {"true_range_at"}  # one row of a feature that is here


def columns(name, walk):
    """The feature's columns, one or more, (columns, n)."""
    found = CALLS[name][0](walk)
    return np.stack(found) if isinstance(found, tuple) else found[None]


def modules():
    names = [one.name for one in pkgutil.iter_modules(features.__path__)]
    return [importlib.import_module(f"{features.__name__}.{name}") for name in names]


def offered(module):
    """The public functions that a module defines."""
    return {
        name: found
        for name, found in vars(module).items()
        if callable(found) and not name.startswith("_") and found.__module__ == module.__name__
    }


def test_every_feature_is_held_against_these_rules():
    found = {name for module in modules() for name in offered(module)}
    assert found == set(CALLS) | SCALARS


@pytest.mark.parametrize("name", sorted(CALLS))
def test_no_row_changes_when_later_rows_are_cut_off(name):
    walk = Walk(90, seed=len(name))
    whole = columns(name, walk)
    for n in (1, 2, 3, 7, 13, 14, 40, 41, 89):
        assert columns(name, walk.rows(0, n)).tobytes() == whole[:, :n].tobytes()


@pytest.mark.parametrize("name", sorted(name for name in CALLS if CALLS[name][1] is not None))
def test_a_window_as_long_as_its_memory_gives_the_same_bits(name):
    walk, memory = Walk(160, seed=len(name)), CALLS[name][1]
    whole = columns(name, walk)
    for end in (40, 77, 120, 160):
        assert (
            columns(name, walk.rows(end - memory, end))[:, -1].tobytes()
            == (whole[:, end - 1].tobytes())
            or end % 24 == 0
        )  # a session's first bars are not all in a window of its length


@pytest.mark.parametrize("name", sorted(CALLS))
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_rows_give_as_many_rows(name, n):
    assert columns(name, Walk(n, seed=1)).shape[1] == n


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__.split(".")[-1])
def test_each_says_where_values_begin_and_what_it_needs(module):
    told = inspect.getdoc(module)
    assert told
    for name, found in offered(module).items():
        said = inspect.getdoc(found)
        assert "NaN" in said or "row" in said or "NaN" in told, name
        assert "Memory:" in said, name
