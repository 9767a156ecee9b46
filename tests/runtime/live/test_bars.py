"""When bars are due, what is asked for, and what follows from the answers."""

from decimal import Decimal

import pytest

from gpt_trader.domain.bars import Bar
from gpt_trader.domain.product import MAX_TICKS
from gpt_trader.domain.venue import Candle
from gpt_trader.engine.events import BarClosed, BarMissed, Ticked
from gpt_trader.errors import Unavailable
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.runtime.live.bars import (
    ASK_AGAIN_MS,
    CONFIRM_MS,
    DEADLINE_MS,
    MOST_HELD,
    SETTLE_MS,
    ClosingBars,
    Wanted,
    bar_of,
)
from gpt_trader.runtime.live.quotes import Quotes
from tests.engine_helpers import COIN, GOLD, HOUR, T0, Desk

NEWEST = T0  # open of the newest bar that was known
DUE = T0 + HOUR  # open of the next, which closes at CLOSED
CLOSED = T0 + 2 * HOUR


def closing(*products):
    plan = Desk(*products).plan
    return ClosingBars(plan, Quotes(plan), NEWEST)


def bar(open_ms, close=10_000, product=COIN):
    return Bar(product.product_id, open_ms, close, close, close, close, 1.0)


def wants(bars, now_ms):
    """Products and spans, of all that is asked at one time."""
    return [(one.j, one.first_ms, one.last_ms) for one in bars.wanted(now_ms)]


def test_a_bar_made_of_trades_closes_at_once_and_is_confirmed_once():
    bars = closing()
    assert list(bars.close([bar(DUE)], CLOSED + 600)) == [BarClosed(CLOSED + 600, bar(DUE))]
    assert wants(bars, CLOSED + CONFIRM_MS - 1) == []
    [asked] = bars.wanted(CLOSED + CONFIRM_MS + ASK_AGAIN_MS)
    assert asked == Wanted(0, DUE, DUE, CLOSED + CONFIRM_MS + ASK_AGAIN_MS)
    differing = bar(DUE, 10_001)
    assert list(bars.take(asked, [differing], CLOSED + 20_000)) == [
        BarClosed(CLOSED + 20_000, differing)
    ]
    assert wants(bars, CLOSED + HOUR) == []


@pytest.mark.parametrize("told", [[bar(DUE)], []], ids=["the same", "none"])
def test_a_bar_that_does_not_differ_is_no_event(told):
    bars = closing()
    list(bars.close([bar(DUE)], CLOSED))
    [asked] = bars.wanted(CLOSED + CONFIRM_MS)
    assert list(bars.take(asked, told, CLOSED + CONFIRM_MS)) == []
    assert wants(bars, CLOSED + CONFIRM_MS + ASK_AGAIN_MS) == []


def test_a_bar_made_of_a_candle_is_held_against_it_when_it_is_final():
    bars = closing()
    assert list(bars.close([], CLOSED)) == []
    assert wants(bars, CLOSED + SETTLE_MS - 1) == []
    [asked] = bars.wanted(CLOSED + SETTLE_MS + ASK_AGAIN_MS)
    forming = bar(DUE, 4_419_761)
    [closed] = bars.take(asked, [forming], CLOSED + 3_100)
    assert closed == BarClosed(CLOSED + 3_100, forming)
    assert closed.bar.half_spread_e8 == NO_QUOTE
    [again] = bars.wanted(CLOSED + CONFIRM_MS)
    final = bar(DUE, 4_419_033)
    assert list(bars.take(again, [final], CLOSED + 16_000)) == [BarClosed(CLOSED + 16_000, final)]


def test_an_answer_to_an_earlier_question_confirms_nothing():
    bars = closing()
    list(bars.close([], CLOSED))
    [early] = bars.wanted(CLOSED + SETTLE_MS)
    list(bars.close([bar(DUE)], CLOSED + SETTLE_MS))
    assert list(bars.take(early, [bar(DUE, 10_001)], CLOSED + CONFIRM_MS)) == []
    assert wants(bars, CLOSED + CONFIRM_MS) == [(0, DUE, DUE)]


def test_a_question_is_asked_again_until_it_is_answered():
    bars = closing(COIN, GOLD)
    list(bars.close([bar(DUE)], CLOSED))
    asked_ms = [
        now_ms
        for now_ms in range(CLOSED, CLOSED + DEADLINE_MS, 250)
        if wants(bars, now_ms) == [(1, DUE, DUE)]
    ]
    assert len(asked_ms) == (DEADLINE_MS - SETTLE_MS) // ASK_AGAIN_MS
    for now_ms in (CLOSED + CONFIRM_MS, CLOSED + 90_000):
        assert (0, DUE, DUE) in wants(bars, now_ms), "confirmed only by an answer"


def test_after_the_deadline_it_is_decided_without_a_bar_and_the_bar_may_still_come():
    bars = closing(COIN, GOLD)
    list(bars.close([bar(DUE)], CLOSED))
    late_ms = CLOSED + DEADLINE_MS
    assert list(bars.close([], late_ms - 1)) == []
    assert list(bars.close([], late_ms)) == [Ticked(late_ms)]
    assert list(bars.close([], late_ms + 1)) == [], "once"
    coin, gold = bars.wanted(CLOSED + CONFIRM_MS)
    late = bar(DUE, product=GOLD)
    assert list(bars.take(gold, [late], late_ms + 9_000)) == [BarClosed(late_ms + 9_000, late)]
    assert list(bars.take(coin, [bar(DUE)], late_ms + 9_000)) == []
    assert wants(bars, CLOSED + HOUR - 1) == []


def test_a_late_bar_of_a_cycle_before_decides_nothing():
    bars = closing()
    list(bars.close([], CLOSED))
    [asked] = bars.wanted(CLOSED + SETTLE_MS)
    next_ms = CLOSED + HOUR
    assert list(bars.close([], next_ms)) == [Ticked(next_ms)], "the cycle before runs first"
    assert list(bars.take(asked, [bar(DUE)], next_ms)) == [], "it was asked too early to be sure"
    [again] = bars.wanted(next_ms)
    assert list(bars.take(again, [bar(DUE)], next_ms + 9)) == [BarMissed(next_ms + 9, bar(DUE))]


def test_bars_that_closed_while_nothing_ran_are_asked_for_and_only_the_newest_decides():
    bars = closing()
    now_ms = CLOSED + 2 * HOUR + SETTLE_MS
    assert list(bars.close([], now_ms)) == []
    [asked] = bars.wanted(now_ms)
    assert (asked.first_ms, asked.last_ms) == (DUE, DUE + 2 * HOUR)
    rows = [bar(DUE + k * HOUR, 10_000 + k) for k in range(3)]
    found = list(bars.take(asked, rows, now_ms))
    assert [type(event) for event in found] == [BarMissed, BarMissed, BarClosed]
    assert [event.bar.close for event in found] == [10_000, 10_001, 10_002]


def test_trades_of_another_bar_close_none():
    bars = closing()
    assert list(bars.close([bar(NEWEST), bar(CLOSED)], CLOSED)) == []
    list(bars.close([bar(DUE)], CLOSED))
    assert list(bars.close([bar(DUE)], CLOSED + 1)) == [], "each once"


def test_an_outage_keeps_a_bounded_number_of_bars():
    bars = closing()
    list(bars.close([], CLOSED + 10_000 * HOUR))
    assert len(bars.unconfirmed[0]) == MOST_HELD


def test_a_candle_that_tells_no_price_is_no_candle():
    price = COIN.price(MAX_TICKS)
    one = Candle(0, price, price, price, price, Decimal(1))
    assert bar_of(one, COIN).close == MAX_TICKS
    with pytest.raises(Unavailable, match="no price"):
        bar_of(one._replace(close=price + 1), COIN)


def test_a_candle_in_doubt_is_asked_for_later_and_later_and_is_not_in_at_the_deadline():
    bars = closing()
    bars.quotes.sure.begin("COIN-USD", 10_000)
    assert list(bars.close([], CLOSED)) == []
    asked, given_up = [], []
    for at_ms in range(SETTLE_MS, 100_000, 1_000):
        for wanted in bars.wanted(CLOSED + at_ms):
            asked.append(at_ms // 1_000)
            assert list(bars.take(wanted, [bar(DUE, 10_000_000)], CLOSED + at_ms)) == []
        given_up += bars.close([], CLOSED + at_ms)
    assert asked == [2, 3, 5, 9, 17, 33, 63, 93]
    assert given_up == [Ticked(CLOSED + DEADLINE_MS)]
    late_ms = CLOSED + 123_000
    [wanted] = bars.wanted(late_ms)
    assert list(bars.take(wanted, [bar(DUE)], late_ms)) == [BarClosed(late_ms, bar(DUE))]
    assert bars.wanted(late_ms + 60_000) == []


def test_a_doubt_about_one_bar_does_not_hold_up_the_next():
    bars = closing()
    bars.quotes.sure.begin("COIN-USD", 10_000)
    list(bars.close([], CLOSED))
    for at_ms in range(SETTLE_MS, HOUR, 1_000):
        for wanted in bars.wanted(CLOSED + at_ms):
            list(bars.take(wanted, [bar(DUE, 10_000_000)], CLOSED + at_ms))
        list(bars.close([], CLOSED + at_ms))
    list(bars.close([], CLOSED + HOUR))
    [wanted] = bars.wanted(CLOSED + HOUR + SETTLE_MS)
    assert wanted.last_ms == CLOSED
