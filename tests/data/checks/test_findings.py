"""Known defects are found in data that is otherwise clean, and nothing is found in clean data."""

from dataclasses import replace

import numpy as np
import pytest

from gpt_trader.data.checks.findings import of_bars, of_columns
from gpt_trader.data.files.tables import Columns
from gpt_trader.data.synthetic import synthetic_market

HOUR = 3_600_000
N = 4000


@pytest.fixture
def columns(tmp_path):
    """A clean file's columns: prices that wander, open is the close before."""
    rng = np.random.default_rng(1)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.001, 200)))
    first = np.append(100.0, close[:-1])
    values = {
        "open": first,
        "high": np.maximum(first, close) + 0.1,
        "low": np.minimum(first, close) - 0.1,
        "close": close,
        "volume": rng.random(200) + 0.1,
    }
    return Columns(tmp_path / "x.csv", b"", np.arange(200) * HOUR, values, has_zone=True)


def kinds(found):
    return {f.kind: (f.rows, f.row) for f in found}


def test_clean_rows_have_no_findings(columns):
    assert of_columns(columns) == []
    assert of_columns(columns, HOUR) == []


@pytest.mark.parametrize(
    "name, value, kind",
    [
        ("open", -1.0, "not a positive number as open"),
        ("close", 0.0, "not a positive number as close"),
        ("high", 1.0, "not high >= low"),
        ("close", 1000.0, "not close between low and high"),
        ("volume", -1.0, "not a number >= 0 as volume"),
        ("low", np.nan, "not a positive number as low"),
    ],
)
def test_an_impossible_row_is_counted_and_named(columns, name, value, kind):
    columns.values[name][[7, 50]] = value
    found = kinds(of_columns(columns))
    assert found[kind] == (2, 8)
    assert all(f.is_fault for f in of_columns(columns))


def test_times_that_are_wrong(columns):
    columns.time[20] = columns.time[3]
    found = kinds(of_columns(columns))
    assert found["duplicate times"] == (1, 21)
    assert found["rows out of order"] == (1, 21)
    columns.time[20] = 20 * HOUR + 60_000
    assert kinds(of_columns(columns)) == {"times off the grid": (1, 21)}


def test_another_interval_than_wanted(columns):
    (found,) = of_columns(columns, 60_000)
    assert found.kind == "bars are 1h apart, wanted 1m"
    columns.time[:] = np.arange(200) * 7 * HOUR
    assert any("7h apart" in f.kind for f in of_columns(columns))


@pytest.fixture(scope="module")
def bars():
    (found,) = synthetic_market(seed=11, products=["BTC-USD"], n_bars=N, interval_ms=HOUR)
    return found


def only(found, words):
    (one,) = [f for f in found if words in f.kind]
    return one


def test_clean_bars_have_no_faults(bars):
    assert not [f for f in of_bars(bars) if f.is_fault or "neighbors" in f.kind]


def test_a_bad_print_and_a_level_that_stayed_are_told_apart(bars):
    close = bars.close.copy()
    close[1000] *= 2
    found = of_bars(replace(bars, close=close))
    assert only(found, "neighbors").rows == 1
    assert only(found, "neighbors").first_ms == bars.time[1000]
    before = sum(f.rows for f in of_bars(bars) if "stayed" in f.kind)
    shifted = bars.close.copy()
    shifted[1000:] *= 2
    found = of_bars(replace(bars, close=shifted))
    assert only(found, "stayed").rows == before + 1
    assert not [f for f in found if "neighbors" in f.kind]


def test_a_market_that_stands_still(bars):
    columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
    for column in columns.values():
        column[2000:2050] = bars.close[1999]
    volume = bars.volume.copy()
    volume[2000:2050] = 0.0
    found = of_bars(replace(bars, **columns, volume=volume))
    assert only(found, "without movement").rows == 50
    silent = sum(f.rows for f in of_bars(bars) if "without trades" in f.kind)
    assert only(found, "without trades").rows == silent + 50


def test_a_volume_in_another_unit_is_a_fault(bars):
    volume = bars.volume.copy()
    volume[2500:] *= bars.close[2500:] * bars.product.tick
    found = only(of_bars(replace(bars, volume=volume)), "quote units")
    assert found.is_fault
    assert found.first_ms == bars.time[2500]


def test_a_volume_spike(bars):
    volume = bars.volume.copy()
    volume[700] = 1e5 * np.median(volume)
    assert only(of_bars(replace(bars, volume=volume)), "volumes over").first_ms == bars.time[700]


def test_few_bars():
    (few,) = synthetic_market(seed=1, products=["BTC-USD"], n_bars=2, interval_ms=HOUR)
    assert of_bars(few) == []
