"""The gate for numbers from outside."""

from decimal import Decimal

import pytest

from gpt_trader.domain.number import read_decimal


@pytest.mark.parametrize(
    "text", ["1.10", "0", "-3", "1e3", "1E-8", "999999999999999", "0.00000001"]
)
def test_a_number_is_as_it_was_written(text):
    found, written = read_decimal(f" {text} "), Decimal(text)
    assert found is not None
    assert found.as_tuple() == written.as_tuple()


def test_json_numbers_are_numbers_too():
    assert (str(read_decimal(5)), str(read_decimal(0.1))) == ("5", "0.1")


@pytest.mark.parametrize(
    "nothing",
    [
        "", None, True, "NaN", "sNaN", "Infinity", "-inf", "1e99", "1e30", "1e400", "1e1000000",
        "-1e99", "1e-999999", "0e-999999", "0." + "0" * 99, "x", [], {}, "1,5",
        float("nan"), float("inf"),
    ],
)  # fmt: skip
def test_what_is_no_number_of_a_market_is_none(nothing):
    assert read_decimal(nothing) is None


def test_a_whole_number_of_thousands_of_digits_is_none():
    assert read_decimal(10**5000) is None
