"""Which product a file holds, and which of its bars are asked for."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from gpt_trader.app.history import Period, cut, parse_data, parse_period
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.product import Product
from gpt_trader.errors import DataError, UsageError


def test_the_product_is_named_by_the_flag_the_file_or_the_profile():
    files = parse_data(["btc/usd=x.csv", "some/dir/ETH-USD_1m_2022.csv.gz", "SOL-USD.parquet"], [])
    assert files == {
        "BTC-USD": Path("x.csv"),
        "ETH-USD": Path("some/dir/ETH-USD_1m_2022.csv.gz"),
        "SOL-USD": Path("SOL-USD.parquet"),
    }
    assert parse_data(["bars.csv"], ["BTC-USD"]) == {"BTC-USD": Path("bars.csv")}
    with pytest.raises(UsageError, match="which product"):
        parse_data(["bars.csv"], ["BTC-USD", "ETH-USD"])


def test_an_equals_sign_in_a_path_is_part_of_it():
    assert parse_data(["run=3/BTC-USD_1d.csv"], []) == {"BTC-USD": Path("run=3/BTC-USD_1d.csv")}


@pytest.mark.parametrize(
    "text, words",
    [
        ("BTC-USD=", "expected --data PRODUCT=FILE, was 'BTC-USD='"),
        ("=", "expected --data PRODUCT=FILE, was '='"),
        ("=bars.csv", "expected --data PRODUCT=FILE"),
        ("", "expected --data PRODUCT=FILE, was ''"),
        ("lower=csv/x.csv", "expected a product before =, was 'lower'"),
    ],
)
def test_data_of_another_shape_is_told_what_is_expected(text, words):
    with pytest.raises(UsageError, match=words) as caught:
        parse_data([text], [])
    assert caught.value.hint == "for example --data BTC-USD=bars.csv"


def test_periods():
    assert parse_period(None, None) == Period(None, None)
    assert parse_period("1970-01-02", "1970-01-03") == Period(86_400_000, 172_800_000)
    with pytest.raises(UsageError, match="expected --from before --to"):
        parse_period("2022-01-01", "2022-01-01")


def test_cut_keeps_the_bars_of_a_period():
    ones = np.ones(5, np.int64)
    product = Product("BTC-USD", Decimal("0.01"), Decimal("0.01"))
    time = np.arange(5, dtype=np.int64) * 10
    bars = Bars(product, 10, time, ones, ones, ones, ones, np.ones(5), np.zeros(5))
    assert cut(bars, Period(10, 30)).time.tolist() == [10, 20]
    assert len(cut(bars, Period(None, None))) == 5
    with pytest.raises(DataError, match="in the period"):
        cut(bars, Period(50, None))
