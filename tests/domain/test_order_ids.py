"""Client ids: the same for the same intent, of version 8, and told from a stranger's."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gpt_trader.domain.order_ids import (
    BARE,
    BODY,
    MARKED,
    client_order_id,
    is_ours,
    mark,
    order_id,
)
from gpt_trader.kernel.codes import ORDINAL_BAR, ORDINAL_QUOTE
from tests.order_ids_helpers import hashed

PORTFOLIO = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
WORDS = some.text(max_size=40)
MADE = some.builds(order_id, some.just(PORTFOLIO), WORDS, WORDS, some.integers(0, 9))


def test_an_id_never_changes():
    assert order_id("p", "BTC-USD", "operator:1", 0) == "907e96a5-0ad0-8394-9e33-c5e6be3480cc"
    bare = order_id("p", "BTC-USD", "operator:1", 0, BARE)
    assert bare == "907e96a5-0ad0-9394-1e33-c5e61abaaf99"


@given(MADE)
def test_an_id_has_the_layout_of_version_8(key):
    read = uuid.UUID(key)
    assert str(read) == key
    assert (read.version, read.variant) == (8, uuid.RFC_4122)


@given(WORDS, WORDS, WORDS, some.integers(0, 9))
def test_an_id_is_ours_in_its_own_portfolio_alone(portfolio, product_id, cause, ordinal):
    key = order_id(portfolio, product_id, cause, ordinal)
    assert is_ours(key, portfolio)
    assert not is_ours(key, portfolio + "x")
    assert not is_ours(key.upper(), portfolio) or key.upper() == key
    assert hashed(key) == hashed(order_id(portfolio, product_id, cause, ordinal, BARE))


@given(MADE, some.integers(0, 127))
def test_an_id_with_one_bit_changed_is_not_ours(key, bit):
    other = uuid.UUID(int=uuid.UUID(key).int ^ (1 << bit))
    assert not is_ours(str(other), PORTFOLIO)


@given(some.one_of(WORDS, some.uuids().map(str), some.uuids(version=4).map(str)))
def test_what_others_call_their_orders_is_not_ours(key):
    assert not is_ours(key, PORTFOLIO)


@given(MADE)
def test_the_mark_alone_is_not_enough(key):
    for place, other in ((14, "4"), (19, "c"), (8, "_")):
        assert not is_ours(key[:place] + other + key[place + 1 :], PORTFOLIO)
    assert not is_ours(key + "0", PORTFOLIO)
    assert not is_ours(key[:-1], PORTFOLIO)
    assert not is_ours("", PORTFOLIO)


@pytest.mark.parametrize("place, digit", [(14, "4"), (19, "c")])
def test_version_and_variant_are_asked_for_even_under_a_right_mark(place, digit):
    body = order_id(PORTFOLIO, "BTC-USD", "c", 0)[:BODY]
    forged = body[:place] + digit + body[place + 1 :]
    assert not is_ours(forged + mark(PORTFOLIO, forged), PORTFOLIO)


def test_many_ids_differ_also_without_their_marks():
    keys = {order_id(PORTFOLIO, "BTC-USD", f"bar:1m:{i}", i % 3) for i in range(20_000)}
    assert len(keys) == len(set(map(hashed, keys))) == 20_000
    assert len({key[-8:] for key in keys}) > 19_900, "marks are spread over 32 bits"


def test_a_quotes_order_does_not_depend_on_the_interval():
    one, other = (client_order_id("p", "BTC-USD", i, 5, ORDINAL_QUOTE) for i in ("1h", "4h"))
    assert one == other == order_id("p", "BTC-USD", "quote:5", 0)
    assert client_order_id("p", "BTC-USD", "1h", 5, ORDINAL_BAR) != client_order_id(
        "p", "BTC-USD", "4h", 5, ORDINAL_BAR
    )


def test_both_forms_are_made_on_request():
    made = [client_order_id("p", "BTC-USD", "1h", 5, 0, form) for form in (BARE, MARKED)]
    assert [is_ours(key, "p") for key in made] == [False, True]
    assert made[1] == client_order_id("p", "BTC-USD", "1h", 5, 0)
