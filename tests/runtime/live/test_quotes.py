"""How old a quote may be for what depends on it."""

from decimal import Decimal

import pytest

from gpt_trader.domain.order import OrderType, TimeInForce
from gpt_trader.domain.product import MAX_TICKS
from gpt_trader.domain.venue import Touch
from gpt_trader.engine.events import Quoted
from gpt_trader.errors import Unavailable
from gpt_trader.runtime.live.quotes import (
    ASK_AGAIN_MS,
    PASSED_AGE_MS,
    QUOTE_AGE_MS,
    Quotes,
    has_passed,
    quote_of,
    stale,
)
from tests.engine_helpers import COIN, GOLD, T0, Desk

FRESH = {"COIN-USD": 0, "GOLD-USD": 0}
OLD = {"COIN-USD": QUOTE_AGE_MS + 1, "GOLD-USD": QUOTE_AGE_MS + 1}


@pytest.fixture
def desk():
    """Long one product, bought at 400.00 with a stop at 396.00 and a profit at 440.00."""
    made = Desk(COIN, GOLD, risk=None)
    made.want(0.4, stop=0.01, take_profit=0.1)
    for _ in range(2):
        made.bar(40_000)
        made.bar(4_000, j=1)
    assert made.lots() > 0
    assert int(made.state.slots["stop_ticks"][0]) == 39_600
    return made


def test_only_what_is_held_or_ordered_needs_a_fresh_quote(desk):
    assert stale(desk.plan, desk.state, FRESH, {}) == []
    assert stale(desk.plan, desk.state, OLD, {}) == [0]
    assert stale(desk.plan, desk.state, {}, {}) == [0], "one that never came"
    assert stale(desk.plan, desk.state, OLD | {"COIN-USD": QUOTE_AGE_MS}, {}) == []
    desk.place(1, j=1, type=OrderType.LIMIT, tif=TimeInForce.GTC, lots=100, limit=3_000)
    assert stale(desk.plan, desk.state, OLD, {}) == [0, 1]


def test_a_trade_beyond_the_stop_makes_a_quote_old_at_once(desk):
    ages = FRESH | {"COIN-USD": PASSED_AGE_MS + 1}
    for price, found in ((39_601, []), (39_600, [0]), (20_000, [0]), (43_999, []), (44_000, [0])):
        assert stale(desk.plan, desk.state, ages, {"COIN-USD": price}) == found
    assert stale(desk.plan, desk.state, FRESH, {"COIN-USD": 20_000}) == [], "the ticker lives"
    assert not has_passed(desk.state, 1, 1), "a flat product has no stop"


def test_a_short_position_is_passed_from_the_other_side(desk):
    desk.state.slots.flags.writeable = True
    desk.state.slots["lots"][0] = -5
    desk.state.slots["stop_ticks"][0], desk.state.slots["take_ticks"][0] = 40_400, 36_000
    for price, found in ((40_399, False), (40_400, True), (36_001, False), (36_000, True)):
        assert has_passed(desk.state, 0, price) is found


def test_a_silent_ticker_is_asked_for_every_second_until_it_speaks(desk):
    quotes = Quotes(desk.plan)
    quotes.note(Quoted(T0, "COIN-USD", 40_000, 40_002))
    asked = [
        now_ms - T0
        for now_ms in range(T0, T0 + 6_000, 100)
        if quotes.wanted(desk.state, {}, now_ms) == [COIN]
    ]
    begin_ms = QUOTE_AGE_MS + 100
    assert asked == [begin_ms, begin_ms + ASK_AGAIN_MS, begin_ms + 2 * ASK_AGAIN_MS]
    quotes.note(quote_of(Touch("COIN-USD", 0, Decimal(200), Decimal("200.02")), COIN, T0 + 6_000))
    assert quotes.wanted(desk.state, {}, T0 + 6_000 + QUOTE_AGE_MS) == []
    assert quotes.ages_ms(T0 + 6_500) == {"COIN-USD": 500}


def test_a_bid_and_ask_that_cannot_be_counted_are_no_quote():
    touch = Touch("COIN-USD", 0, Decimal("99.999"), Decimal("100.001"))
    assert quote_of(touch, COIN, 7) == Quoted(7, "COIN-USD", 9_999, 10_001)
    with pytest.raises(Unavailable, match="no prices"):
        quote_of(touch._replace(ask=COIN.price(MAX_TICKS) + 1), COIN, 7)
