from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.data.catalog import (
    check_specs,
    grid_note,
    normalize_id,
    off_grid,
    parse_specs,
    price_increment_for,
    product_for,
    spec_of,
    ticks_of,
)
from gpt_trader.data.increments import known_increments
from gpt_trader.errors import DataError, UsageError


@pytest.mark.parametrize("text", ["BTC-USD", "btc-usd", "BTC/USD", "btc_usd", " Btc:Usd "])
def test_ids_are_normalized(text):
    assert normalize_id(text) == "BTC-USD"


@pytest.mark.parametrize("text", ["", "BTC", "BTCUSD", "BTC-", "-USD", "BTC USD", "BTC--USD"])
def test_ids_without_base_and_quote_are_refused(text):
    with pytest.raises(UsageError, match="expected a product id"):
        normalize_id(text)


def test_lesson_25_usd_usdc_and_perp_are_different_products():
    ids = {product_for(text).product_id for text in ("BTC/USD", "btc-usdc", "BTC-PERP")}
    assert ids == {"BTC-USD", "BTC-USDC", "BTC-PERP"}


def test_perpetuals_are_told_by_their_suffix():
    assert product_for("btc/perp").is_perpetual
    assert product_for("BTC-PERP-INTX").is_perpetual
    assert not product_for("PERP-USD").is_perpetual
    assert not product_for("BTC-USD").is_perpetual


def test_bundled_grids_make_products():
    for product_id in known_increments():
        product = product_for(product_id)
        assert product.product_id == product_id
        assert product.base_min_size >= product.base_increment
        assert product.spec.min_lots >= 1
        assert product.spec.min_units == int(product.quote_min_size * 10**8)


@pytest.mark.parametrize(
    "product_id, base_increment, price_increment",
    [
        ("BTC-USD", "0.00000001", "0.01"),
        ("ADA-USD", "0.00000001", "0.00001"),
        ("SHIB-USD", "1", "0.00000001"),
        ("PEPE-USDC", "1", "0.00000001"),
        ("ETH-BTC", "0.00000001", "0.00001"),
        ("BTC-PERP", "0.0001", "0.1"),
    ],
)
def test_bundled_grids(product_id, base_increment, price_increment):
    product = product_for(product_id)
    assert (product.base_increment, product.price_increment) == (
        Decimal(base_increment),
        Decimal(price_increment),
    )
    assert grid_note(product) is None


@pytest.mark.parametrize(
    "product_id, least",
    [
        ("BTC-USD", "1"), ("BTC-USDT", "1"), ("BTC-PERP", "1"), ("ETH-EUR", "0.84"),
        ("ETH-GBP", "0.72"), ("ETH-BTC", "0.000016"), ("LINK-ETH", "0"), ("NEW-SOL", "0"),
    ],
)  # fmt: skip
def test_the_least_order_is_of_the_quote_currency(product_id, least):
    assert product_for(product_id).quote_min_size == Decimal(least)


def test_a_least_order_that_is_not_known_is_said():
    assert "quote_min_size in ETH is not known" in (grid_note(product_for("LINK-ETH")) or "")
    given = {"quote_min_size": "0.001"}
    assert grid_note(product_for("LINK-ETH", overrides=given), given) is None


@pytest.mark.parametrize(
    "product_id, price, base_increment",
    [
        ("NEW-USD", 65_000.0, "0.0000001"),
        ("NEW-USD", 10.0, "0.001"),
        ("NEW-USD", 0.3, "0.01"),
        ("NEW-USD", 0.00001, "1"),
        ("NEW-BTC", 0.00001, "0.01"),
        ("NEW-BTC", 0.03, "0.000001"),
        ("NEW-SOL", 0.005, "0.0001"),
    ],
)
def test_an_unknown_base_increment_follows_price_and_quote(product_id, price, base_increment):
    product = product_for(product_id, sample_prices=np.array([price / 2, price]))
    assert product.base_increment == Decimal(base_increment)
    assert product.base_min_size == product.base_increment


def test_overrides_win_over_bundled_grid_and_data():
    product = product_for(
        "BTC-USD",
        sample_prices=np.array([1.234]),
        overrides=parse_specs(["base_increment=1,price_increment=0.5,is_perpetual=true"]),
    )
    assert product.base_increment == 1
    assert product.base_min_size == 1
    assert product.price_increment == Decimal("0.5")
    assert product.is_perpetual


def test_bundled_grid_stays_where_it_holds_the_prices():
    product = product_for("BTC-USD", sample_prices=np.array([46319.0, 0.01]))
    assert product.price_increment == Decimal("0.01")
    assert grid_note(product) is None


def test_data_finer_than_the_bundled_grid_rules_and_is_noted():
    product = product_for("BTC-USD", sample_prices=np.array([46319.0, 0.125]))
    assert product.price_increment == Decimal("0.001")
    assert "price_increment 0.001 from the data" in (grid_note(product) or "")


def test_bundled_grid_stays_where_no_decimal_grid_holds_the_prices():
    product = product_for("BTC-USD", sample_prices=np.array([100 / 3]))
    assert product.price_increment == Decimal("0.01")


def test_unknown_product_takes_its_grid_from_the_data():
    product = product_for("new-usd", sample_prices=np.array([0.0000123, 0.000012]))
    assert product.price_increment == Decimal("0.0000001")
    assert product.base_increment == 1
    assert "not in the bundled grids" in (grid_note(product) or "")
    assert grid_note(product, {"base_increment": "1", "price_increment": "1"}) is None


def test_inferred_grid_keeps_ticks_countable():
    prices = np.array([80_000_000.123456])
    increment = price_increment_for(prices)
    assert increment == Decimal("0.01")
    assert off_grid(prices, ticks_of(prices, increment), increment).all()


@given(
    st.lists(st.integers(1, 9 * 10**9), min_size=1, max_size=20),
    st.sampled_from(["0.00000001", "0.00001", "0.01", "0.05", "0.25", "0.1", "1", "5", "1E+2"]),
)
def test_ticks_survive_text_and_float(ticks, increment):
    prices = np.array([float(str(n * Decimal(increment))) for n in ticks])
    found = ticks_of(prices, Decimal(increment))
    assert found.astype(np.int64).tolist() == ticks
    assert not off_grid(prices, found, Decimal(increment)).any()


@given(st.integers(0, 8), st.lists(st.integers(1, 9 * 10**9), min_size=1, max_size=20))
def test_inferred_grid_holds_the_prices_and_is_the_coarsest(decimals, ticks):
    unit = Decimal(1).scaleb(-decimals)
    prices = np.array([float(n * unit) for n in ticks])
    increment = price_increment_for(prices)
    assert not off_grid(prices, ticks_of(prices, increment), increment).any()
    coarsest = min(max(-(n * unit).normalize().as_tuple().exponent, 0) for n in ticks)
    assert increment <= Decimal(1).scaleb(-coarsest)
    assert increment >= unit


def test_spec_is_parsed():
    assert parse_specs([" base_increment = 1 , quote_min_size=10,"]) == {
        "base_increment": "1",
        "quote_min_size": "10",
    }
    assert parse_specs([]) == parse_specs([""]) == {}


def test_a_spec_of_one_product_wins_over_that_of_all():
    specs = parse_specs(["base_increment=1,quote_min_size=5", " shib/usd:base_increment=10,"])
    assert spec_of(specs, "SHIB-USD") == {"base_increment": "10", "quote_min_size": "5"}
    assert spec_of(specs, "BTC-USD") == {"base_increment": "1", "quote_min_size": "5"}
    check_specs(specs, ["BTC-USD", "SHIB-USD"])


def test_a_spec_names_one_product_that_is_there():
    with pytest.raises(UsageError, match="expected one product"):
        parse_specs(["BTC-USD:base_increment=1,ETH-USD:base_increment=1"])
    with pytest.raises(UsageError, match="names ETH-USD, of which no file") as caught:
        check_specs(parse_specs(["ETH-USD:base_increment=1"]), ["BTC-USD"])
    assert caught.value.hint == "files are of BTC-USD"


@pytest.mark.parametrize(
    "text",
    [
        "base_increment",
        "base_increment=x",
        "base_increment=",
        "base_increment=0",
        "price_increment=-1",
        "base_min_size=-1",
        "price_increment=nan",
        "quote_min_size=inf",
        "is_perpetual=perhaps",
    ],
)
def test_spec_refuses_bad_values(text):
    with pytest.raises(UsageError):
        parse_specs([text])


def test_spec_names_the_nearest_key():
    with pytest.raises(UsageError, match="'base_incremnt'") as caught:
        parse_specs(["base_incremnt=1"])
    assert "did you mean base_increment?" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        parse_specs(["quote_increment=0.01"])  # the exchange's word, and near to another one
    assert "did you mean price_increment?" in caught.value.hint


def test_overrides_are_checked_without_parse_spec_too():
    with pytest.raises(UsageError):
        product_for("BTC-USD", overrides={"tick": "1"})


def test_impossible_grid_is_a_data_error():
    with pytest.raises(DataError):
        product_for("BTC-USD", overrides={"base_increment": "1e-12", "price_increment": "1e-12"})


def test_a_spec_beyond_counting_is_refused():
    with pytest.raises(UsageError, match="expected base_min_size up to 1,000,000"):
        parse_specs(["base_min_size=1e20"])
