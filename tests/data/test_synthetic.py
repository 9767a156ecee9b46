import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt_trader.data.checks.quality import digest, find_gaps
from gpt_trader.data.files.bar_files import load_bars
from gpt_trader.data.synthetic import DEMO_SEED, SYNTHETIC_NOTE, synthetic_market
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.times import DAY_MS, HOUR_MS, MINUTE_MS
from gpt_trader.errors import DataError

REAL = Path(os.environ.get("GPT_TRADER_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
BTC = ("BTC-USD",)
# The ranges of docs/synthetic-market.md: medians over seeds 1000 to 1019.
SEEDS = range(1000, 1020)
RANGES = {
    "daily": (BTC, 1300, DAY_MS, (0.030, 0.045), (4.0, 16.0), (0.38, 0.54)),
    "hourly": (BTC, 2000, HOUR_MS, (0.0055, 0.0095), (3.5, 12.0), (0.36, 0.54)),
}


class MarketStatistics(NamedTuple):
    """How a market behaves, from log returns over adjacent bars.

    volatility: standard deviation of a bar's return. excess_kurtosis: 0 for a normal law.
    volume_correlation: Spearman, |return| against volume over its centered 61-bar median.
    clustering: Spearman, |return| against the next bar's.
    """

    volatility: float
    excess_kurtosis: float
    volume_correlation: float
    clustering: float


def market_statistics(bars: Bars) -> MarketStatistics:
    """Measure one product's bars (at least a few hundred); gaps are left out."""
    adjacent = np.diff(bars.time, prepend=0) == bars.interval_ms
    close = np.log(bars.close)
    moves = pd.Series(np.diff(close, prepend=close[0])).where(adjacent)
    scores = moves - moves.mean()
    size = moves.abs()
    volume = pd.Series(bars.volume)
    relative = volume / volume.rolling(61, center=True, min_periods=20).median()
    return MarketStatistics(
        volatility=float(moves.std()),
        excess_kurtosis=float((scores**4).mean() / (scores**2).mean() ** 2 - 3),
        volume_correlation=float(size.rank().corr(relative.rank())),
        clustering=float(size.rank().corr(size.shift().rank())),
    )


def market(seed=DEMO_SEED, n=500, interval_ms=HOUR_MS, **more):
    return synthetic_market(seed=seed, n_bars=n, interval_ms=interval_ms, **more)


def digests(series):
    return [digest(bars) for bars in series]


def to_days(bars):
    """Daily bars of intraday ones, by plain loops over the days present."""
    day = bars.time // DAY_MS
    starts = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    ends = np.append(starts[1:], len(day)) - 1
    return Bars(
        bars.product,
        DAY_MS,
        day[starts] * DAY_MS,
        bars.open[starts],
        np.maximum.reduceat(bars.high, starts),
        np.minimum.reduceat(bars.low, starts),
        bars.close[ends],
        np.add.reduceat(bars.volume, starts),
        np.add.reduceat(bars.funding_rate, starts),
    )


def test_same_seed_same_market_and_other_seed_another():
    assert digests(market(1)) == digests(market(1))
    assert not set(digests(market(1))) & set(digests(market(2)))


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_every_process_draws_the_same_market(hash_seed):
    code = (
        "from gpt_trader.data.synthetic import *\n"
        "from gpt_trader.data.checks.quality import digest\n"
        "for b in synthetic_market(seed=7, n_bars=500, interval_ms=3600000): print(digest(b))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert out.split() == digests(market(7))


@settings(max_examples=25)
@given(
    st.integers(0, 2**32),
    st.integers(1, 300),
    st.sampled_from([MINUTE_MS, HOUR_MS, 4 * HOUR_MS, DAY_MS]),
)
def test_bars_are_well_formed(seed, n, interval_ms):
    ids = ("BTC-USD", "DOGE-USD", "ETH-PERP", "NEW-USDC")
    for bars in market(seed, n, interval_ms, products=ids):
        assert len(bars) <= n
        assert bars.time[0] % DAY_MS == 0
        assert (np.diff(bars.time) % interval_ms == 0).all()
        assert (np.diff(bars.time) > 0).all()
        assert (bars.low >= 1).all()
        assert (bars.low <= np.minimum(bars.open, bars.close)).all()
        assert (bars.high >= np.maximum(bars.open, bars.close)).all()
        assert (bars.volume > 0).all()
        assert np.isfinite(bars.volume).all()
        assert bars.funding_rate.any() == bars.product.is_perpetual


@given(st.integers(0, 1000), st.integers(1, 400), st.integers(1, 400))
@settings(max_examples=20)
def test_a_longer_market_begins_with_the_shorter(seed, n, more):
    for short, long in zip(market(seed, n), market(seed, n + more), strict=True):
        assert digest(long[: len(short)]) == digest(short)


def test_a_path_does_not_depend_on_the_other_products():
    alone = market(products=("SOL-USD",))
    assert digests(alone) == digests(market())[2:]


def test_books_of_one_base_currency_share_a_path():
    usd, usdc = market(products=("BTC-USD", "BTC-USDC"))
    assert usd.close.tolist() == usdc.close.tolist()
    assert usd.product != usdc.product


def test_no_bars_is_an_error():
    with pytest.raises(DataError):
        market(n=0)


def test_the_label_says_what_it_is():
    assert SYNTHETIC_NOTE == "synthetic: says nothing about profit"
    assert DEMO_SEED == 7


@pytest.mark.parametrize("kind", list(RANGES))
def test_statistics_are_in_the_documented_ranges(kind):
    products, n, interval_ms, *ranges = RANGES[kind]
    found = [
        market_statistics(market(seed, n, interval_ms, products=products)[0]) for seed in SEEDS
    ]
    for median, (low, high) in zip(np.median(found, axis=0), ranges, strict=False):
        assert low <= median <= high
    assert 0.08 <= np.median(found, axis=0)[3] <= 0.3


def test_hourly_bars_make_days_like_daily_bars():
    found = [market_statistics(to_days(market(seed, 24 * 500, products=BTC)[0])) for seed in SEEDS]
    volatility, kurtosis, volume, _ = np.median(found, axis=0)
    assert 0.030 <= volatility <= 0.045
    assert 2.5 <= kurtosis <= 10
    assert 0.28 <= volume <= 0.5


def test_products_move_together_but_not_alike():
    for seed in SEEDS:
        series = market(seed, 1000, 4 * HOUR_MS)
        shared = set.intersection(*(set(bars.time.tolist()) for bars in series))
        rows = [np.isin(bars.time, list(shared)) for bars in series]
        moves = [np.diff(np.log(bars.close[own])) for bars, own in zip(series, rows, strict=True)]
        correlation = np.corrcoef(moves)[np.triu_indices(3, 1)]
        assert ((correlation > 0.4) & (correlation < 0.85)).all()


def test_holding_is_as_likely_to_lose_as_to_win():
    ends = [[bars.close[-1] > bars.open[0] for bars in market(s, 1000)] for s in range(1000, 1200)]
    assert 0.4 <= np.mean(ends) <= 0.6


def test_opens_leave_the_last_close_and_some_bars_are_missing():
    series = [market(seed, 2000, products=BTC)[0] for seed in SEEDS]
    leaps = np.mean([(bars.open[1:] != bars.close[:-1]).mean() for bars in series])
    assert 0.3 <= leaps <= 0.7
    missing = sum(find_gaps(bars.time, HOUR_MS).missing_bars for bars in series)
    assert 20 <= missing <= 200
    assert all(bars.time[0] == series[0].time[0] for bars in series)


REAL_FILES = {
    "BTC-USD_1d_2014-12_2018-08.csv": ("BTC-USD", 0.0449, 0.427),
    "BTC-PERP_1m_2022-01.csv.gz": ("BTC-PERP", 0.00099, 0.317),
    "BTC-USD_1m_sample_days.csv.gz": ("BTC-USD", 0.0011, 0.340),
    "ETH-USD_1m_sample_days.csv.gz": ("ETH-USD", 0.0019, 0.344),
}


@pytest.mark.parametrize("name", list(REAL_FILES))
def test_real_files_measure_as_documented(name):
    if not (REAL / name).exists():
        pytest.skip(f"{REAL / name} is not here")
    product_id, volatility, volume = REAL_FILES[name]
    found = market_statistics(load_bars(REAL / name, product_id=product_id).bars)
    assert found.volatility == pytest.approx(volatility, rel=0.05)
    assert found.volume_correlation == pytest.approx(volume, abs=0.01)
