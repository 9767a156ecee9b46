"""What a start asks: each product alone; what is not told of one keeps nobody from the others."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from gpt_trader.errors import AuthError, DataError, RateLimited, Unavailable
from gpt_trader.runtime.live.opening import find_products, read_account
from tests.broker.tiny.exchange import Exchange
from tests.broker.tiny.venue import TinyAccount, row
from tests.engine_helpers import COIN, GOLD
from tests.runtime.live.test_news import COIN as LISTED

SAYS_NOTHING = [Unavailable("503"), RateLimited("429", retry_after_s=1.0)]
REFUSES = DataError("404")


def asking(**answers):
    """Return what answers or raises, by product."""

    def ask(product_id):
        found = answers[product_id.partition("-")[0]]
        if isinstance(found, Exception):
            raise found
        return found

    return ask


def test_a_product_that_is_gone_is_as_it_was_and_the_other_as_it_is():
    finer = LISTED._replace(price_increment=Decimal("0.001"))
    [coin, gold] = find_products(
        asking(COIN=finer, GOLD=REFUSES), ["COIN-USD", "GOLD-USD"], [COIN, GOLD]
    )
    assert coin[0].price_increment == Decimal("0.001")
    assert coin[1].closed == ""
    assert gold == (GOLD, gold[1])
    assert "not listed any more" in gold[1].closed


@pytest.mark.parametrize("failure", SAYS_NOTHING)
def test_of_a_known_product_nothing_has_to_be_told(failure):
    assert find_products(asking(COIN=failure), ["COIN-USD"], [COIN]) == [(COIN, None)]
    no_grid = LISTED._replace(base_increment=None)
    assert find_products(asking(COIN=no_grid), ["COIN-USD"], [COIN]) == [(COIN, None)]


@pytest.mark.parametrize("failure", [REFUSES, *SAYS_NOTHING])
def test_a_new_product_has_to_be_told(failure):
    with pytest.raises(type(failure)):
        find_products(asking(COIN=failure), ["COIN-USD"], [GOLD])


@dataclass
class Picky(TinyAccount):
    """An account that answers about the stops of one product, and fails about another."""

    answers: object = None

    def takes_stops(self, product):
        return self.answers(product.product_id)


def rests(known, **answers):
    account = Picky(Exchange(wallets={"USD": Decimal(5)}), False, asking(**answers))
    venue = row(account.exchange)
    return read_account(venue, account, "tiny", [COIN, GOLD], known).rests


@pytest.mark.parametrize("failure", [REFUSES, *SAYS_NOTHING])
def test_where_a_stop_may_rest_is_as_it_was_where_that_is_not_told(failure):
    before = {"COIN-USD": False, "GOLD-USD": True}
    assert rests(before, COIN=True, GOLD=failure) == (True, True)
    assert rests(before, COIN=failure, GOLD=None) == (False, True)
    assert rests({}, COIN=None, GOLD=False) == (False, False)
    with pytest.raises(type(failure)):
        rests({"COIN-USD": True}, COIN=True, GOLD=failure)


def test_a_refused_key_is_no_answer_about_a_product():
    with pytest.raises(AuthError):
        rests({"COIN-USD": True, "GOLD-USD": True}, COIN=AuthError("401"), GOLD=True)
