"""Documents of the exchange: exact, tolerant, and never a traceback."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.broker.coinbase import parse
from gpt_trader.domain.venue import Trade
from gpt_trader.errors import Unavailable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=10,
)
FIELDS = ("start", "low", "high", "open", "close", "volume", "trade_id", "price", "size", "time",
          "side", "product_id", "price_increment", "base_increment", "status")  # fmt: skip
ROW = st.dictionaries(st.sampled_from(FIELDS), JSON) | JSON


@given(st.lists(ROW, max_size=5) | JSON)
def test_nothing_that_is_sent_breaks_the_reader(rows):
    for name, read in (
        ("candles", parse.candles),
        ("trades", parse.trades),
        ("products", parse.products),
    ):
        if not isinstance(rows, list):
            with pytest.raises(Unavailable, match=f"without {name}"):
                read({name: rows})
            continue
        found = read({name: rows})
        assert len(found.rows) + found.rejected == len(rows)
    parse.time_ms({"epochMillis": rows})


CANDLE = {"start": "60", "low": "1", "high": "3", "open": "2", "close": "2", "volume": "0.1"}


def test_a_bad_row_is_counted_and_the_others_stay():
    rows = [CANDLE, CANDLE | {"low": ""}, CANDLE | {"start": "60.5"}, "x", CANDLE | {"start": 120}]
    found = parse.candles({"candles": rows, "more": 1})
    assert [row.open_ms for row in found.rows] == [60_000, 120_000]
    assert found.rejected == 3


def test_trades_keep_the_order_of_the_page_and_the_makers_side():
    row = {"trade_id": 7, "price": "1.50", "size": "2", "time": "2024-01-01T00:00:00.001999Z"}
    naive = row | {"time": "2024-01-01T00:00:00", "side": "SELL", "trade_id": "6"}
    found = parse.trades({"trades": [row, naive, row | {"time": "soon"}, row | {"time": 5}]})
    assert found == (
        [
            Trade("7", 1_704_067_200_001, Decimal("1.50"), Decimal(2), ""),
            Trade("6", 1_704_067_200_000, Decimal("1.50"), Decimal(2), "SELL"),
        ],
        2,
    )


def test_a_product_says_what_it_says():
    found = parse.product(
        {
            "product_id": "BTC-USD",
            "quote_increment": "0.01",
            "base_increment": "0.00000001",
            "price": "",
            "volume_24h": 5,
            "status": None,
            "cancel_only": True,
            "post_only": "true",
            "a_new_field": {},
        }
    )
    assert found is not None
    assert (found.quote_increment, found.price, found.volume_24h) == (
        Decimal("0.01"),
        None,
        Decimal(5),
    )
    assert found.price_increment is None, "the step of values is not that of prices"
    assert (found.flags, found.status) == (("cancel_only",), "")
    assert parse.product({"product_id": ""}) is None
