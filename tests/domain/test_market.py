"""The panel of market strategies: what is absent is absent, and what is later is not there."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.coarsen import coarsen
from gpt_trader.domain.market import last, market_of
from gpt_trader.domain.product import Product
from gpt_trader.errors import DataError

HOUR = 3_600_000
DAY = 24 * HOUR


def bars(product_id, rows, *, interval_ms=HOUR, start=100):
    """Bars at some rows of a grid that begins at the epoch; the close of row i is start + i."""
    rows = np.asarray(rows, np.int64)
    close = start + rows
    return Bars(
        Product(product_id, Decimal("0.01"), Decimal("0.5")), interval_ms, rows * interval_ms,
        close, close, close, close, np.ones(len(rows)), np.zeros(len(rows)),
    )  # fmt: skip


BTC = bars("BTC-USD", range(48))
ETH = bars("ETH-USD", [3, 4, 6, 40], start=900)
MARKET = market_of([BTC, ETH], {"ETH-USD": ETH, "BTC-USD@1d": coarsen(BTC, DAY).bars})


def test_columns_are_prices_and_nan_where_a_product_has_no_bar():
    close = MARKET.close
    assert close.shape == (48, 2)
    assert close[:3, 0].tolist() == [50.0, 50.5, 51.0]
    assert np.flatnonzero(np.isfinite(close[:, 1])).tolist() == [3, 4, 6, 40]
    assert close[6, 1] == 453.0
    assert MARKET.present[:, 1].tolist() == np.isfinite(MARKET.volume[:, 1]).tolist()
    assert MARKET.products == ("BTC-USD", "ETH-USD")


def test_the_grid_is_what_any_product_has():
    found = market_of([bars("A-USD", [0, 5]), bars("B-USD", [2, 5, 9])])
    assert (found.time // HOUR).tolist() == [0, 2, 5, 9]
    assert found.row.tolist() == [[0, -1], [-1, 0], [1, 1], [-1, 2]]


@pytest.mark.parametrize("begin, end", [(0, 48), (0, 1), (2, 5), (5, 6), (7, 41), (41, 48)])
def test_a_part_is_what_its_rows_show(begin, end):
    part = MARKET[begin:end]
    for name in ("open", "high", "low", "close", "volume", "funding_rate", "present"):
        np.testing.assert_array_equal(getattr(part, name), getattr(MARKET, name)[begin:end])
    for product_id, own in part.bars.items():
        whole = MARKET.bars[product_id]
        inside = (whole.time >= begin * HOUR) & (whole.time < end * HOUR)
        assert own.time.tolist() == whole.time[inside].tolist()
    assert part == MARKET.copy()[begin:end]


def test_what_is_read_shows_nothing_that_closed_later():
    daily = MARKET.reads["BTC-USD@1d"]
    assert daily.at.tolist() == [-1] * 23 + [0] * 24 + [1]
    assert daily.close[22:25].tolist() == pytest.approx([np.nan, 61.5, 61.5], nan_ok=True)
    part = MARKET[10:40].reads["BTC-USD@1d"]
    assert len(part.bars) == 1
    assert len(MARKET[0:23].reads["BTC-USD@1d"].bars) == 0
    assert part.at.tolist() == daily.at[10:40].tolist()


def test_a_bar_that_is_missing_is_not_the_one_before():
    read = MARKET.reads["ETH-USD"]
    assert np.flatnonzero(np.isfinite(read.close)).tolist() == [3, 4, 6, 40]
    assert read.last(read.bars.price.close)[5] == 452.0
    assert np.isnan(read.last(read.bars.price.close)[2])


def test_a_window_of_what_is_read_is_cut_in_front():
    part = MARKET.part(10, 48, {"BTC-USD@1d": 1, "ETH-USD": 2})
    assert part.reads["BTC-USD@1d"].at.tolist() == [-1] * 37 + [0]
    assert len(part.reads["ETH-USD"].bars) == 2
    assert np.isnan(part.reads["BTC-USD@1d"].close[:37]).all()


def test_what_was_last_stands_where_it_is_asked_for():
    values = np.array([[np.nan, 1.0], [2.0, np.nan], [np.nan, 3.0]])
    np.testing.assert_array_equal(last(values), [[np.nan, 1.0], [2.0, 1.0], [2.0, 3.0]])


def test_nobody_writes_into_it():
    with pytest.raises(ValueError, match="read-only"):
        MARKET.time[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        MARKET.row[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        MARKET[3:9].row[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        MARKET.reads["ETH-USD"].at[0] = 1


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match="at least one product"):
        market_of([])
    with pytest.raises(DataError, match="BTC-USD twice"):
        market_of([BTC, BTC])
    with pytest.raises(DataError, match="one interval"):
        market_of([BTC, replace(ETH, interval_ms=HOUR // 2)])
    with pytest.raises(TypeError, match="slice of rows"):
        MARKET[3]
    with pytest.raises(KeyError, match="no SOL-USD in this market; it has BTC-USD, ETH-USD"):
        MARKET.bars["SOL-USD"]


def test_it_says_what_it_is():
    assert repr(MARKET) == (
        "<Market of BTC-USD, ETH-USD: 48 rows of 1h, 1970-01-01T00:00Z to 1970-01-02T23:00Z>"
    )
