"""Bars as columns and as rows."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.data.catalog import product_for
from gpt_trader.data.files.bar_files import load_bars
from gpt_trader.domain.bars import Bar, Bars, bars_from_rows, join
from gpt_trader.domain.prices import prices_of
from gpt_trader.domain.product import MAX_TICKS
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.errors import DataError, UsageError
from tests.engine_helpers import COIN, HOUR

YEAR = 1_704_067_200_000  # 2024


def test_bars_are_columns_and_rows():
    rows = [Bar("COIN-USD", i * HOUR, 5, 7, 4, 6, 1.5, 0.001) for i in range(3)]
    bars = bars_from_rows(COIN, HOUR, rows)
    assert len(bars) == 3
    assert [bars.bar(i) for i in range(3)] == rows
    assert bars[1:].time.tolist() == [HOUR, 2 * HOUR]
    assert len(bars_from_rows(COIN, HOUR, [])) == 0


def test_bars_keep_their_quotes_where_any_is_known():
    quoting = [Bar("COIN-USD", i * HOUR, 5, 7, 4, 6, 1.5, 0.0, q) for i, q in enumerate([-1, 30])]
    silent = [Bar("COIN-USD", i * HOUR, 5, 7, 4, 6, 1.5) for i in range(2, 4)]
    bars, others = bars_from_rows(COIN, HOUR, quoting), bars_from_rows(COIN, HOUR, silent)
    assert bars.quotes.tolist() == bars[0:2].quotes.tolist() == [-1, 30]
    assert (others.half_spread_e8, others.quotes.tolist()) == (None, [-1, -1])
    both = join(bars, others)
    assert [both.bar(i) for i in range(4)] == quoting + silent
    assert join(others, others).half_spread_e8 is None


def test_histories_are_equal_by_their_elements():
    rows = [Bar("COIN-USD", i * HOUR, 5, 7, 4, 6, 1.5) for i in range(3)]
    bars = replace(bars_from_rows(COIN, HOUR, rows), extra={"mood": [1.0, np.nan, 2.0]})
    assert bars == bars.copy()
    others = (bars[1:], replace(bars, volume=bars.volume + 1.0), replace(bars, extra={}), None, 5)
    assert not any(bars == one for one in others)
    assert bars in [*others, bars.copy()]
    assert bars.price == bars.copy().price
    assert load_bars(bars.to_pandas()[["open", "high", "low", "close", "volume"]]).bars == others[2]


def test_so_are_targets_and_conditions():
    def made(last: float) -> tuple[Targets, Condition]:
        column = np.array([np.nan, last])
        return Targets(column, stop=0.1), Condition("up", column, column)

    assert made(1.0) == made(1.0)
    assert not any(a == b for a, b in zip(made(1.0), made(0.5), strict=True))
    assert Targets(np.ones(2)) != Targets(np.ones(3))


def columns(n: int = 5, **changes) -> dict:
    rows = np.arange(n)
    return {
        "time": YEAR + rows * HOUR, "open": 10 + rows, "high": 13 + rows, "low": 9 + rows,
        "close": 12 + rows, "volume": np.ones(n), "funding_rate": np.zeros(n),
    } | changes  # fmt: skip


def changed(name: str, row: int, value: float) -> dict:
    column = columns()[name]
    column[row] = value
    return {name: column}


ROW_2 = r"in row 2 of COIN-USD, 2024-01-01T02:00:00\.000Z"


@pytest.mark.parametrize(
    "interval_ms, changes, kind, words",
    [
        (HOUR, {"open": columns()["open"] * 0.01}, TypeError, "ticks.*load_bars.*was float64"),
        (HOUR, {"volume": np.ones(5, int)}, TypeError, "volume as float64, was int64"),
        (HOUR, {"time": [1, 2]}, TypeError, "time as a NumPy array of int64, was <class 'list'>"),
        (HOUR, {"half_spread_e8": np.ones(5)}, TypeError, "1e-8"),
        ("1h", {}, TypeError, "interval_ms to be whole milliseconds, was '1h'"),
        (True, {}, TypeError, "interval_ms to be whole milliseconds"),
        (0, {}, UsageError, "interval_ms above 0"),
        (HOUR, {"volume": np.ones(4)}, DataError, r"one length of COIN-USD, were .*volume \(4,\)"),
        (HOUR, {"time": columns()["time"].reshape(5, 1)}, DataError, "one length"),
        (HOUR, {"time": columns()["time"] // 1000}, DataError, "looks like seconds"),
        (3_600, {"time": columns()["time"] // 1000}, DataError, "looks like seconds"),
        (HOUR, {"time": columns()["time"] * 1000}, DataError, "looks like microseconds"),
        (60_000 + HOUR, {}, DataError, "a time 61m or more after the one before"),
        (HOUR, {"time": columns()["time"][::-1]}, DataError, "found descending times in row 1"),
        (HOUR, changed("time", 2, YEAR + HOUR), DataError, "found the same in row 2"),
        (HOUR, changed("low", 2, 0), DataError, f"low of 1 tick or more, found .* {ROW_2}"),
        (HOUR, changed("low", 2, 13), DataError, f"open between low and high, found .* {ROW_2}"),
        (HOUR, changed("high", 2, 13), DataError, f"close between low and high, found .* {ROW_2}"),
        (HOUR, changed("high", 2, 8), DataError, f"high >= low, found open 12, high 8.* {ROW_2}"),
        (HOUR, changed("high", 2, 10**10), DataError, f"high of at most .* {ROW_2}"),
        (HOUR, changed("volume", 2, np.nan), DataError, f"number >= 0 as volume.* {ROW_2}"),
        (HOUR, changed("volume", 2, -1.0), DataError, f"number >= 0 as volume.* {ROW_2}"),
        (HOUR, changed("funding_rate", 2, np.inf), DataError, f"as funding_rate.* {ROW_2}"),
        (HOUR, {"half_spread_e8": np.full(5, -2)}, DataError, "half_spread_e8 >= 0"),
    ],
)  # fmt: skip
def test_what_no_bars_are_is_refused(interval_ms, changes, kind, words):
    with pytest.raises(kind, match=words):
        Bars(COIN, interval_ms, **columns(**changes))


def test_a_product_is_no_name():
    with pytest.raises(TypeError, match="product to be a Product, was 'COIN-USD'"):
        Bars("COIN-USD", HOUR, **columns())


def test_parts_of_bars_are_bars_and_rows_in_another_order_are_none():
    bars = Bars(COIN, HOUR, **columns())
    assert bars[np.array([0, 3])].time.tolist() == [YEAR, YEAR + 3 * HOUR]
    assert len(bars[1:1]) == 0
    assert not bars[1:].copy().close.flags.writeable
    for rows in (slice(None, None, -1), np.array([3, 0])):
        with pytest.raises(DataError, match="descending"):
            bars[rows]
    with pytest.raises(TypeError, match=r"bars\.bar\(row\)"):
        bars[0]


@given(
    st.lists(st.integers(1, MAX_TICKS), min_size=1, max_size=20),
    st.integers(0, 8), st.integers(1, 10**6),
)  # fmt: skip
def test_prices_are_the_floats_nearest_to_the_exact_ones(ticks, decimals, steps):
    increment = Decimal(steps).scaleb(-decimals)
    found = prices_of(np.array(ticks), increment)
    assert found.tolist() == [float(n * increment) for n in ticks]


def test_prices_stand_beside_the_ticks():
    bars = Bars(product_for("BTC-USD"), HOUR, **columns())
    assert bars.price.open.tolist() == [0.1, 0.11, 0.12, 0.13, 0.14]
    assert bars.price.high[0] == 0.13
    assert bars.price.low[0] == 0.09
    assert bars.price.close.dtype == np.float64


def test_what_a_caller_writes_later_changes_no_bar():
    given = columns()
    for name in ("close", "volume"):  # a view that cannot be written is of memory that can
        given[name] = given[name].view()
        given[name].flags.writeable = False
    bars = Bars(COIN, HOUR, **given)
    before = {name: getattr(bars, name).copy() for name in given}
    for column in given.values():
        (column if column.base is None else column.base)[:] = 1
    for name, column in before.items():
        np.testing.assert_array_equal(getattr(bars, name), column)
    assert Bars(COIN, HOUR, **{name: getattr(bars, name) for name in given}).close is bars.close
