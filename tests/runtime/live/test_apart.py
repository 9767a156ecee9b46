"""What an account is out of line by, and since when: what was before an order is not of it."""

from decimal import Decimal

import pytest

from gpt_trader.engine.state import Doubt
from gpt_trader.runtime.live.apart import (
    APART,
    Difference,
    Look,
    Untold,
    difference_of,
    doubt_of,
    missing_before,
)

COINS = {"COIN": Decimal(-2), "USD": Decimal(50)}
MORE = {"COIN": Decimal(-4), "USD": Decimal(100)}


def apart(*looks: tuple[int, dict[str, Decimal]]) -> Difference:
    found = Difference(looks[0][0])
    for time_ms, assets in looks:
        found = found.at(Look(time_ms, assets))
    return found


def known(found: Difference) -> dict[str, Doubt]:
    return {APART: doubt_of(found, Untold())}


@pytest.mark.parametrize(
    "looks, same_ms",
    [
        ([(5, COINS)], 5),
        ([(5, COINS), (9, COINS)], 5),
        ([(5, COINS), (9, MORE), (12, MORE)], 9),
        ([(5, COINS), (9, MORE), (12, COINS)], 12),
        ([(5, COINS), (3, COINS)], 3),
    ],
)
def test_since_when_it_is_what_it_is(looks, same_ms):
    found = apart(*looks)
    assert found.same_ms == same_ms
    assert difference_of(known(found)[APART], 99)[0].same_ms == same_ms


def test_what_was_missing_before_an_order_was_sent_is_told_as_long_as_it_is_just_that():
    doubts = known(apart((5, COINS), (9, COINS)))
    assert missing_before(doubts, 6) == COINS
    assert missing_before(doubts, 5) == {}, "it may be the order's"
    assert missing_before(known(apart((5, COINS), (9, MORE))), 6) == {}
    assert missing_before({}, 6) == {}


def test_a_part_that_is_explained_leaves_another_difference():
    left = apart((5, MORE), (9, MORE)).without(COINS)
    assert left is not None
    assert (left.assets, left.same_ms) == (COINS, 9)
    assert apart((5, COINS)).without(COINS) is None


def test_an_older_journal_says_nothing_of_since_when():
    doubt = doubt_of(apart((5, COINS), (9, COINS)), Untold())
    said = {key: value for key, value in doubt.said.items() if key != "same_ms"}
    assert missing_before({APART: Doubt(doubt.since_ms, said)}, 6) == {}
