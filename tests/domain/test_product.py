"""A product's grid, its exactness and its bounds."""

from decimal import Decimal

import pytest

from gpt_trader.domain.product import Product
from gpt_trader.errors import DataError

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
