"""What an account is out of line by, and since when: what was before an order is not of it."""

from decimal import Decimal

import pytest

from gpt_trader.engine.state import Doubt
from gpt_trader.runtime.live.apart import (
    APART,
    LOOKS,
    STAYS_MS,
    UNTOLD_LOOKS,
    UNTOLD_MS,
    Difference,
    Look,
    Untold,
    difference_of,
    doubt_of,
    in_common,
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


def shown(count: int, step_ms: int, assets: dict[str, Decimal] = COINS) -> Difference:
    return apart(*((n * step_ms, assets) for n in range(count)))


def test_the_newest_looks_are_kept_as_far_as_they_are_needed_for_proof():
    step_ms = STAYS_MS // 2
    assert [one.time_ms for one in shown(6, step_ms).looks] == [n * step_ms for n in (2, 3, 4, 5)]
    assert len(shown(2 * LOOKS, 1).looks) == 2 * LOOKS, "they cover too little time"


def test_what_stayed_is_told_after_enough_looks_and_time():
    enough = shown(LOOKS, STAYS_MS // (LOOKS - 1))
    assert enough.stayed(STAYS_MS) == COINS
    assert enough.stayed(STAYS_MS - 1) == {}
    assert shown(LOOKS - 1, STAYS_MS).stayed(10 * STAYS_MS) == {}
    assert in_common([Look(1, MORE), Look(2, COINS)]) == COINS
    assert in_common([Look(1, {}), Look(2, COINS)]) == {}
    assert in_common([Look(1, {"USD": Decimal(-1)}), Look(2, COINS)]) == {}


def test_a_start_is_told_what_it_would_judge_otherwise_by():
    proven = shown(LOOKS, STAYS_MS)
    assert not proven.at(Look(9 * STAYS_MS, COINS)).tells_more(proven)
    assert proven.at(Look(9 * STAYS_MS, MORE)).tells_more(proven)
    assert proven._replace(since_ms=1).tells_more(proven)
    few, soon = shown(LOOKS - 1, STAYS_MS), shown(LOOKS, 1)
    assert few.at(Look(9 * STAYS_MS, COINS)).tells_more(few)
    assert soon.at(Look(9, COINS)).tells_more(soon)


def test_whether_it_is_new_is_whether_the_look_before_showed_it():
    assert apart((5, COINS)).is_new
    assert apart((5, COINS), (6, MORE)).is_new
    assert not apart((5, MORE), (6, COINS), (7, COINS)).is_new


def test_an_order_that_does_not_tell_its_fills_look_after_look_never_will():
    untold, step_ms = Untold(), UNTOLD_MS // (UNTOLD_LOOKS - 1)
    for n in range(UNTOLD_LOOKS - 1):
        untold = untold.at(["x"], n * step_ms)
        assert untold.may_be_told
    untold = untold.at(["x"], UNTOLD_MS)
    assert not untold.may_be_told
    assert untold.at(["x", "y"], UNTOLD_MS + 1).may_be_told
