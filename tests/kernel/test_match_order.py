"""Every order type against bars made by hand: (open, high, low) in ticks."""

import pytest

from gpt_trader.kernel.codes import BUY, MAKER, SELL, TAKER
from gpt_trader.kernel.match_order import (
    BRACKET,
    CANCELLED,
    DONE,
    EXPIRED,
    KEEP,
    LIMIT,
    MARKET_SIZE,
    MARKET_VALUE,
    REJECTED,
    STOP_LIMIT,
    Ask,
    Match,
    match_order,
)
from tests.kernel.rows import COIN, DEAR, FREE, HOUR, NEVER, TOUCH, UNIT

NOTHING = (0, 0, 0, KEEP, 0)
GONE = (0, 0, 0, CANCELLED, 0)
IOC = {"immediate": 1}
FOK = {"immediate": 1, "whole": 1}
RESTED = {"is_new": 0}
HELD_UP = {"is_new": 0, "triggered": 1}
sides = pytest.mark.parametrize("side", [BUY, SELL])


def at(side, ticks):
    """Mirror a price around 10,000 for a sale."""
    return ticks if side == BUY else 20_000 - ticks


def meet(kind, side, bar, *, room=NEVER, spec=COIN, costs=FREE, open_ms=0, **asked):
    """Match an order of 5 lots (1000 quote) against a bar, both mirrored for a sale.

    Returns (lots, ticks, liquidity, outcome, triggered).
    """
    lots, _, *rest = meet_all(kind, side, bar, room=room, spec=spec, costs=costs, open_ms=open_ms,
                              **asked)  # fmt: skip
    return (lots, *rest)


def meet_all(
    kind, side, bar, *, room=NEVER, spec=COIN, costs=FREE, open_ms=0, volume=100.0, **asked
):
    fields = Ask(kind, side, 5, 1000 * UNIT, 0, 0, 0, 0, 0, 0, 1, 0)._asdict() | asked
    for name in ("limit", "stop"):
        fields[name] = at(side, fields[name])
    first, high, low = (at(side, ticks) for ticks in bar)
    high, low = max(high, low), min(high, low)
    bar = open_ms, first, high, low, volume, HOUR
    return Match(*match_order(Ask(**fields), *bar, room, spec, costs))


@pytest.mark.parametrize("side, ticks", [(BUY, 10_020), (SELL, 9_980)])
def test_a_market_order_fills_at_the_adverse_open(side, ticks):
    bar = (10_000, 10_100, 9_900)
    assert meet(MARKET_SIZE, side, bar, costs=DEAR) == (5, ticks, TAKER, DONE, 0)
    assert meet(MARKET_SIZE, side, bar, costs=DEAR, room=3) == (3, ticks, TAKER, KEEP, 0)
    assert meet(MARKET_SIZE, side, bar, room=3, **IOC)[3] == CANCELLED
    assert meet(MARKET_SIZE, side, bar, room=0) == NOTHING


@pytest.mark.parametrize(
    "kind, bar, costs, asked, base",
    [
        (MARKET_SIZE, (10_000, 10_100, 9_900), DEAR, {}, 10_000),
        (MARKET_VALUE, (10_000, 10_100, 9_900), DEAR, {}, 10_000),
        (LIMIT, (10_000, 10_100, 9_900), DEAR, {"limit": 10_005}, 10_000),  # crosses, cut
        (LIMIT, (10_000, 10_100, 9_900), DEAR, {"limit": 9_950}, 9_950),  # rests
        (STOP_LIMIT, (10_000, 10_100, 9_900), DEAR, {"stop": 10_050, "limit": 10_090}, 10_050),
        (BRACKET, (10_000, 10_100, 9_900), DEAR, {"stop": 10_050, "limit": 9_800}, 10_050),
        (BRACKET, (10_000, 10_100, 9_700), DEAR, {"stop": 10_200, "limit": 9_800}, 9_800),
        (LIMIT, (10_000, 10_100, 9_900), DEAR, {"limit": 9_800}, 0),  # no fill
    ],
)
@sides
def test_a_fill_names_the_price_before_spread_and_slippage(kind, side, bar, costs, asked, base):
    assert meet_all(kind, side, bar, costs=costs, **asked).base == (base and at(side, base))


def test_a_market_order_by_value_includes_the_fee():
    bar = (10_000, 10_000, 10_000)
    assert meet(MARKET_VALUE, BUY, bar, costs=DEAR) == (9, 10_020, TAKER, DONE, 0)
    assert meet(MARKET_VALUE, BUY, bar, costs=DEAR, room=3) == (3, 10_020, TAKER, KEEP, 0)
    assert meet(MARKET_VALUE, BUY, bar, quote=100 * UNIT) == (1, 10_000, TAKER, DONE, 0)
    assert meet(MARKET_VALUE, BUY, bar, quote=100 * UNIT - 1) == GONE
    assert meet(MARKET_VALUE, BUY, bar, spec=COIN._replace(min_lots=11)) == GONE


@sides
def test_a_new_limit_that_the_open_crosses_takes_but_never_beyond_its_price(side):
    bar = (10_000, 10_100, 9_900)
    assert meet(LIMIT, side, bar, limit=10_100, costs=DEAR) == (
        5, at(side, 10_020), TAKER, DONE, 0,
    )  # fmt: skip
    assert meet(LIMIT, side, bar, limit=10_010, costs=DEAR)[1] == at(side, 10_010)
    assert meet(LIMIT, side, bar, limit=10_000, costs=DEAR)[1] == at(side, 10_000)
    assert meet(LIMIT, side, bar, limit=10_100, room=3)[:4] == (3, at(side, 10_000), TAKER, KEEP)
    assert meet(LIMIT, side, bar, limit=10_100, room=0) == NOTHING


@sides
def test_a_resting_limit_fills_at_its_price_as_maker_when_traded_through(side):
    filled = (5, at(side, 9_900), MAKER, DONE, 0)
    assert meet(LIMIT, side, (10_000, 10_000, 9_900), limit=9_900) == NOTHING
    assert meet(LIMIT, side, (10_000, 10_000, 9_900), limit=9_900, costs=TOUCH) == filled
    assert meet(LIMIT, side, (10_000, 10_000, 9_899), limit=9_900) == filled
    assert meet(LIMIT, side, (10_000, 10_000, 9_899), limit=9_900, room=3)[:4] == (
        3, at(side, 9_900), MAKER, KEEP,
    )  # fmt: skip
    assert meet(LIMIT, side, (9_800, 9_800, 9_800), limit=9_900, **RESTED) == filled


@sides
def test_immediate_or_cancel_never_rests(side):
    assert meet(LIMIT, side, (10_000, 10_000, 9_000), limit=9_900, **IOC) == GONE
    assert meet(LIMIT, side, (9_900, 9_900, 9_000), limit=9_900, **IOC)[3] == DONE
    part = meet(LIMIT, side, (9_900, 9_900, 9_000), limit=9_900, room=3, **IOC)
    assert part == (3, at(side, 9_900), TAKER, CANCELLED, 0)
    assert meet(LIMIT, side, (9_900, 9_900, 9_000), limit=9_900, room=0, **IOC) == GONE


@sides
def test_fill_or_kill_fills_whole_or_not_at_all(side):
    crossed = (9_900, 9_900, 9_000)
    assert meet(LIMIT, side, crossed, limit=9_900, room=5, **FOK)[:1] == (5,)
    assert meet(LIMIT, side, crossed, limit=9_900, room=4, **FOK) == GONE
    assert meet(LIMIT, side, (10_000, 10_000, 9_000), limit=9_900, **FOK) == GONE


@sides
def test_post_only_is_rejected_when_the_open_is_at_its_price(side):
    rest = {"limit": 9_900, "post_only": 1}
    assert meet(LIMIT, side, (9_900, 9_900, 9_000), **rest) == (0, 0, 0, REJECTED, 0)
    assert meet(LIMIT, side, (9_901, 9_901, 9_000), **rest) == (5, at(side, 9_900), MAKER, DONE, 0)


@pytest.mark.parametrize("kind", [MARKET_SIZE, LIMIT, STOP_LIMIT, BRACKET])
def test_an_order_expires_at_the_first_bar_that_opens_at_its_end(kind):
    until = {"limit": 10_000, "stop": 10_000, "expire_ms": 1000}
    bar = (10_000, 10_000, 9_000)
    assert meet(kind, BUY, bar, open_ms=1000, **until) == (0, 0, 0, EXPIRED, 0)
    assert meet(kind, BUY, bar, open_ms=999, **until)[3] != EXPIRED


@sides
def test_a_stop_limit_waits_for_its_stop_and_honors_its_limit(side):
    rest = {"stop": 10_500, "limit": 10_510}
    assert meet(STOP_LIMIT, side, (10_000, 10_499, 9_000), **rest) == NOTHING
    touched = meet(STOP_LIMIT, side, (10_000, 10_500, 9_000), costs=DEAR, **rest)
    assert touched == (5, at(side, 10_510), TAKER, DONE, 1)  # 10,521 is beyond its limit
    gapped = meet(STOP_LIMIT, side, (10_511, 11_000, 9_000), **rest)
    assert gapped == (0, 0, 0, KEEP, 1)  # rests at its limit from now on
    assert meet(STOP_LIMIT, side, (11_000, 11_000, 10_510), **rest, **HELD_UP) == gapped
    later = meet(STOP_LIMIT, side, (11_000, 11_000, 10_509), **rest, **HELD_UP)
    assert later == (5, at(side, 10_510), MAKER, DONE, 1)


@sides
def test_a_stop_limit_fills_in_part(side):
    rest = {"stop": 10_500, "limit": 10_600}
    part = meet(STOP_LIMIT, side, (10_000, 10_500, 9_000), room=2, **rest)
    assert part == (2, at(side, 10_500), TAKER, KEEP, 1)


# A bracket on a short position buys below at its limit or above at its stop; SELL mirrors it.
BRACKETED = {"limit": 9_000, "stop": 11_000}


@sides
def test_a_bracket_takes_the_stop_first(side):
    both = meet(BRACKET, side, (10_000, 12_000, 8_000), **BRACKETED)
    assert both == (5, at(side, 11_000), TAKER, DONE, 1)
    gapped = meet(BRACKET, side, (11_500, 11_500, 11_500), **BRACKETED)
    assert gapped == (5, at(side, 11_500), TAKER, DONE, 1)
    assert meet(BRACKET, side, (10_000, 10_999, 9_000), **BRACKETED) == NOTHING


@sides
def test_a_bracket_fills_at_its_limit_as_maker(side):
    filled = (5, at(side, 9_000), MAKER, DONE, 0)
    assert meet(BRACKET, side, (10_000, 10_000, 8_999), **BRACKETED) == filled
    assert meet(BRACKET, side, (8_500, 12_000, 8_500), **BRACKETED) == filled  # already there


@sides
def test_a_triggered_bracket_sells_the_rest_at_the_next_open(side):
    first = meet(BRACKET, side, (10_000, 11_000, 10_000), room=2, **BRACKETED)
    assert first == (2, at(side, 11_000), TAKER, KEEP, 1)
    rest = meet(BRACKET, side, (8_000, 8_000, 8_000), **BRACKETED, **HELD_UP)
    assert rest == (5, at(side, 8_000), TAKER, DONE, 1)
    assert meet(BRACKET, side, (11_000, 11_000, 11_000), room=0, **BRACKETED) == (0, 0, 0, KEEP, 1)
