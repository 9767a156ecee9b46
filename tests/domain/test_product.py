"""A product's grid, its exactness and its bounds."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest

from gpt_trader.domain.product import MAX_TICKS, Product, quotes_of
from gpt_trader.errors import DataError
from gpt_trader.kernel.rounding import UNBOUNDED

BTC = Product("BTC-USD", Decimal("0.00000001"), Decimal("0.01"), Decimal("0.000016"), Decimal(1))


def test_prices_and_sizes_are_exact():
    assert BTC.price(4_123_457) == Decimal("41234.57")
    assert BTC.size(3) == Decimal("0.00000003")
    assert (BTC.tick, BTC.lot) == (0.01, 1e-8)


def test_the_spec_is_the_grid_in_units():
    spec = BTC.spec
    assert (spec.value_num, spec.value_den) == (1, 100)  # a lot at a tick is 0.01 units of 1e-8
    assert spec.unit == 1e-10
    assert (spec.min_lots, spec.min_units, spec.is_perp) == (1600, 10**8, 0)


def test_a_minimum_between_lots_is_rounded_up():
    assert BTC.with_spec(base_min_size=Decimal("0.000000011")).spec.min_lots == 2
    assert BTC.with_spec(base_min_size=Decimal(0)).spec.min_lots == 1


@pytest.mark.parametrize(
    "change, words",
    [
        ({"base_increment": Decimal(0)}, "base_increment of BTC-USD > 0"),
        ({"price_increment": Decimal(-1)}, "price_increment of BTC-USD > 0"),
        ({"price_increment": Decimal("NaN")}, "price_increment"),
        ({"base_min_size": Decimal(-1)}, "base_min_size of BTC-USD >= 0"),
        ({"quote_min_size": Decimal("Infinity")}, "quote_min_size"),
        ({"base_increment": Decimal("1e-12"), "price_increment": Decimal("1e-8")}, "too fine"),
    ],
)
def test_a_bad_grid_is_named(change, words):
    with pytest.raises(DataError, match=words):
        BTC.with_spec(**change)


def test_an_order_by_value_spends_whole_steps_of_its_own():
    coarse = Product(
        "DOGE-USD", Decimal("0.1"), Decimal("0.00001"), quote_increment=Decimal("0.01")
    )
    assert coarse.spent(1_234_567_000) == Decimal("12.34")
    assert coarse.with_spec(quote_increment=Decimal(0)).spent(1_234_567_000) == Decimal("12.34567")


def test_the_largest_sizes_are_rounded_down_and_none_is_no_bound():
    large = BTC.with_spec(base_max_size=Decimal("3400.000000009"), quote_max_size=Decimal("1.5e8"))
    assert (large.spec.max_lots, large.spec.max_units) == (340_000_000_000, 15 * 10**15)
    assert (BTC.spec.max_lots, BTC.spec.max_units) == (UNBOUNDED, UNBOUNDED)
    endless = BTC.with_spec(quote_max_size=Decimal("1e15"))
    assert endless.spec.max_units == UNBOUNDED


@pytest.mark.parametrize("name", ["quote_increment", "base_max_size", "quote_max_size"])
def test_what_is_no_size_is_refused(name):
    with pytest.raises(DataError, match=name):
        BTC.with_spec(**{name: Decimal(-1)})


def test_a_price_that_cannot_be_counted_is_no_ticks():
    assert BTC.ticks(Decimal("1.239"), ROUND_FLOOR) == 123
    assert BTC.ticks(Decimal("1.231"), ROUND_CEILING) == 124
    most = BTC.price(MAX_TICKS)
    assert BTC.ticks(most, ROUND_FLOOR) == MAX_TICKS
    assert BTC.ticks(most + 1, ROUND_FLOOR) is None
    assert BTC.ticks(-most - 1, ROUND_FLOOR) is None


@pytest.mark.parametrize(
    "product_ids, quotes",
    [
        (["BTC-USD", "ETH-USD"], ["USD"]),
        (["BTC-USD", "ETH-USDC"], ["USD", "USDC"]),
        (["BTC-USD", "ETH-BTC"], ["BTC", "USD"]),
        (["BTC-PERP", "ETH-USD"], ["USD"]),
        (["BTC-PERP-INTX", "ETH-USDC"], ["USDC"]),
        (["BTC-PERP", "ETH-EUR"], ["EUR", "USD"]),
    ],
)
def test_the_currencies_that_an_account_needs(product_ids, quotes):
    assert quotes_of(product_ids) == quotes
