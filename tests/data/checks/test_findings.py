"""Known defects are found in data that is otherwise clean, and nothing is found in clean data."""

import json
from dataclasses import replace

import numpy as np
import pytest

from gpt_trader.data.checks.findings import (
    ENDED,
    FUTURE,
    GAPS,
    LEVELS,
    PRINTS,
    SILENT,
    STUCK,
    WICKS,
    judge,
    judge_all,
    of_bars,
    of_columns,
    say_doubts,
)
from gpt_trader.data.files.tables import Columns, Source
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.times import format_time

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
    return Columns(Source(tmp_path / "x.csv"), np.arange(200) * HOUR, values, has_zone=True)


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
    assert all(f.weight == "fault" for f in of_columns(columns))


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


def test_clean_bars_have_no_doubts(bars):
    assert judge(bars).doubts == ()


def scaled(bars, rows, factor, *names):
    """Return bars with some prices of some rows times a factor."""
    columns = {name: getattr(bars, name).copy() for name in names}
    for column in columns.values():
        column[rows] = (column[rows] * factor).astype(np.int64)
    return replace(bars, **columns)


ALL = ("open", "high", "low", "close")


@pytest.mark.parametrize(
    "names, rows, factor, kind, count",
    [
        (("high",), [1000], 10.0, WICKS, 1),
        (("low",), [1000], 0.1, WICKS, 1),
        (("high",), [1000, 1001], 3.0, WICKS, 2),
        (("high", "close"), [1000], 2.0, PRINTS, 1),
        (("low", "close"), [1000], 0.5, PRINTS, 1),
        (("low", "open"), [1000], 0.5, PRINTS, 1),
        (ALL, [1000, 1001], 3.0, PRINTS, 2),
        (ALL, [1000, 1001, 1002], 0.4, PRINTS, 3),
        (ALL, slice(1000, None), 10.0, LEVELS, 1),
        (ALL, slice(1000, None), 0.001, LEVELS, 1),
        (ALL, slice(1000, 2000), 10.0, LEVELS, 2),
    ],
)
def test_prices_that_may_not_be_true(bars, names, rows, factor, kind, count):
    judged = judge(scaled(bars, rows, factor, *names))
    told, found = judged.to_json_dict(), judged.doubts
    assert json.loads(json.dumps(told)) == told
    one = next(f for f in found if f.kind == kind)
    assert (one.rows, one.first_ms) == (count, bars.time[1000])
    assert one.at[0] == 1000
    assert one.weight == "doubt"
    assert one.size == pytest.approx(max(factor, 1 / factor) - 1, rel=0.3)
    assert {f.kind for f in found} <= {kind, WICKS}


@pytest.mark.parametrize("row", [0, 1, 2, -3, -2, -1])
@pytest.mark.parametrize("name, factor", [("high", 10.0), ("low", 0.1)])
def test_a_far_high_or_low_at_either_end(bars, row, name, factor):
    found = judge(scaled(bars, [row], factor, name)).doubts
    assert [(f.kind, f.at.tolist()) for f in found] == [(WICKS, [row % len(bars)])]


@pytest.mark.parametrize("last", [1, 2, 3])
@pytest.mark.parametrize("names, factor", [(("high", "close"), 1.4), (("low", "close"), 0.7)])
def test_a_close_that_is_off_where_no_later_bar_can_come_back(bars, last, names, factor):
    """The last price is what a run ends with."""
    rows = np.arange(len(bars) - last, len(bars))
    moved = scaled(bars, rows[1:], factor, *ALL)
    found = judge(scaled(moved, rows[:1], factor, *names)).doubts
    assert [(f.kind, f.at.tolist()) for f in found if f.kind != WICKS] == [(PRINTS, rows.tolist())]


def test_a_level_reached_within_one_bar(bars):
    """Some sources give each bar the close before as its open."""
    shifted = scaled(bars, slice(1000, None), 10.0, *ALL)
    opens = shifted.open.copy()
    opens[1000] = bars.close[999]
    low = shifted.low.copy()
    low[1000] = opens[1000]
    found = judge(replace(shifted, open=opens, low=low)).doubts
    assert [(f.kind, f.rows) for f in found] == [(LEVELS, 1)]


def test_a_jump_across_missing_bars(bars):
    there = np.flatnonzero((np.arange(N) < 1000) | (np.arange(N) >= 1500))
    there = there[there < len(bars)]
    assert judge(bars[there]).doubts == ()
    found = judge(scaled(bars, slice(1500, None), 3.0, *ALL)[there]).doubts
    assert [(f.kind, f.rows) for f in found] == [(GAPS, 1)]


def test_a_crash_within_a_bar_is_a_market(bars):
    """A third lost in an hour, by trading, is no other unit."""
    crashed = scaled(bars, slice(1001, None), 0.67, *ALL)
    close, low = crashed.close.copy(), crashed.low.copy()
    close[1000] = crashed.open[1001]
    low[1000] = min(low[1000], close[1000])
    assert judge(replace(crashed, close=close, low=low)).doubts == ()


@pytest.mark.parametrize("repeats, weight", [(2, None), (3, "note"), (60, "doubt")])
def test_a_feed_that_repeats_a_bar(bars, repeats, weight):
    columns = {name: getattr(bars, name).copy() for name in (*ALL, "volume")}
    for column in columns.values():
        column[1001 : 1001 + repeats] = column[1000]
    found = [f for f in judge(replace(bars, **columns)).findings if f.kind == STUCK]
    assert [(f.rows, f.weight) for f in found] == ([] if weight is None else [(repeats, weight)])


@pytest.mark.parametrize("share, weight", [(0.04, "note"), (0.06, "doubt")])
def test_bars_without_trades_are_a_doubt_where_they_are_many(bars, share, weight):
    volume = bars.volume.copy()
    volume[: int(share * len(bars))] = 0.0
    found = [f for f in judge(replace(bars, volume=volume)).findings if f.kind == SILENT]
    assert [f.weight for f in found] == [weight]


def test_a_series_that_ends_before_the_others(bars):
    whole, early = judge_all([bars, bars[:3000]])
    assert ENDED not in {f.kind for f in whole.findings}
    (one,) = [f for f in early.findings if f.kind == ENDED]
    assert one.rows == (bars.time[-1] - bars.time[2999]) // HOUR


def test_missing_bars_are_said_from_a_twentieth_on(bars):
    assert list(say_doubts([judge(bars)])) == []
    (said,) = say_doubts([judge(bars[np.flatnonzero(np.arange(len(bars)) % 10 > 0)])])
    assert said.endswith("bars of BTC-USD are missing.")


def test_what_is_in_doubt_is_said_with_its_size(bars):
    (said,) = say_doubts([judge(scaled(bars, [1000], 10.0, "high"))])
    at = format_time(int(bars.time[1000]))[:16]
    assert said.startswith(
        "Bars of BTC-USD are in doubt: highs or lows far from all around them (1"
    )
    assert said.endswith(f", first {at}).")


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
    assert found.weight == "fault"
    assert found.first_ms == bars.time[2500]


def test_a_volume_spike(bars):
    volume = bars.volume.copy()
    volume[700] = 1e5 * np.median(volume)
    assert only(of_bars(replace(bars, volume=volume)), "volumes over").first_ms == bars.time[700]


def test_few_bars():
    (few,) = synthetic_market(seed=1, products=["BTC-USD"], n_bars=2, interval_ms=HOUR)
    assert of_bars(few) == []


def test_bars_that_close_after_now_are_a_doubt(bars):
    closed_ms = int(bars.time[-3])
    (found,) = judge(bars, now_ms=closed_ms).doubts
    assert (found.kind, found.rows, found.first_ms) == (FUTURE, 3, closed_ms)
    assert judge(bars, now_ms=int(bars.time[-1]) + HOUR).doubts == ()
    assert FUTURE in next(iter(say_doubts(judge_all([bars], now_ms=0))))
