"""A price that jumps far is believed once somebody else says so, and not before."""

import pytest

from gpt_trader.domain.bars import Bar
from gpt_trader.observe.notify import PAGE
from gpt_trader.runtime.alerts import alerts_of
from gpt_trader.runtime.live.sure import (
    BELIEVED,
    CANDLE,
    DOUBTED,
    FRESH_MS,
    LONG_MS,
    RISK_MS,
    TAPE,
    TICKER,
    TOUCH,
    Sure,
    pause_ms,
)
from tests.engine_helpers import HOUR, T0, Desk
from tests.exchange_desk import AtExchange


@pytest.fixture
def sure():
    made = Sure()
    made.begin("COIN-USD", 10_000)
    return made


@pytest.mark.parametrize("wild", [10_000_000, 10, 6_000, 13_000])
def test_what_one_source_says_of_a_far_price_is_not_believed(wild, sure):
    for at_ms in range(0, 3_600_000, 1_000):
        assert not sure.hear("COIN-USD", TICKER, wild, at_ms)
    assert sure.hear("COIN-USD", TOUCH, 10_100, 3_600_000)


def test_a_true_crash_is_believed_as_soon_as_a_second_source_tells_it(sure):
    assert not sure.hear("COIN-USD", TICKER, 6_000, 0)
    assert sure.hear("COIN-USD", TOUCH, 5_900, 100)
    assert sure.hear("COIN-USD", TICKER, 6_000, 200)
    assert sure.is_far("COIN-USD", 10_000)


def test_what_was_said_long_ago_says_nothing_of_now(sure):
    assert not sure.hear("COIN-USD", CANDLE, 6_000, 0)
    assert not sure.hear("COIN-USD", TOUCH, 6_000, FRESH_MS + 1)


def test_small_moves_and_the_first_price_are_believed(sure):
    assert all(sure.hear("COIN-USD", TICKER, price, 0) for price in (12_000, 14_000, 11_500))
    assert Sure().hear("GOLD-USD", TICKER, 1, 0)


def bar(close=10_000, high=10_000, low=10_000, open_ms=T0):
    return Bar("COIN-USD", open_ms, 10_000, high, low, close, 1.0)


@pytest.mark.parametrize("levels", [{"high": 100_000}, {"low": 1_000}])
def test_a_far_wick_is_believed_once_another_source_tells_it_of_that_bar(levels, sure):
    wild = bar(**levels)
    assert not sure.hear_bar(wild, CANDLE, 0)
    assert not sure.hear_bar(wild, CANDLE, 1_000)
    assert not sure.hear_old(wild, 2_000)
    later = wild._replace(open_ms=T0 + HOUR)
    assert not sure.hear_bar(later, TAPE, 3_000), "of another bar"
    assert sure.hear_bar(wild, TAPE, 4_000)
    assert sure.hear_bar(wild, CANDLE, 5_000)
    assert sure.hear_bar(bar(high=14_000, low=8_000), CANDLE, 6_000)


def watched(sure, desk, now_ms):
    """Take what is said at a time; return the notes, and the pages."""
    notes, pages = [], []
    for event in sure.watch(desk.plan, desk.state, now_ms):
        before = desk.state
        found = alerts_of(desk.plan, before, desk.state, desk.send(event))
        pages += [one.text for one in found if one.level == PAGE]
        notes += [event.text] if event.about.startswith(DOUBTED) else []
    return notes, pages


@pytest.mark.parametrize("held, lasts_ms", [(False, LONG_MS), (True, RISK_MS)])
def test_a_doubt_is_said_once_paged_when_it_lasts_and_its_end_is_said(held, lasts_ms, sure):
    desk = AtExchange()
    if held:
        desk.want(0.2)
        desk.bar(10_000)
        [entry] = desk.state.open_orders
        desk.filled(entry, 20, 10_000)
    begin_ms, notes, pages = T0 + 10 * HOUR, [], []
    for after_ms in range(0, lasts_ms + 60_000, 1_000):
        sure.hear("COIN-USD", TICKER, 10_000_000, begin_ms + after_ms)
        said = watched(sure, desk, begin_ms + after_ms)
        notes += said[0]
        pages += said[1]
        assert bool(pages) == (after_ms >= lasts_ms)
    [note] = notes
    assert "the ticker says 100000.00, the price was 100.00" in note
    [page] = pages
    assert page == f"COIN-USD: {note}"
    end_ms = begin_ms + lasts_ms + 60_000
    assert sure.hear("COIN-USD", TICKER, 10_000, end_ms)
    assert watched(sure, desk, end_ms) == ([BELIEVED], [])
    assert watched(sure, desk, end_ms + 1) == ([], [])


def test_what_nobody_says_any_more_is_not_in_doubt(sure):
    desk = Desk()
    sure.hear("COIN-USD", TICKER, 10, 0)
    assert len(watched(sure, desk, 0)[0]) == 1
    assert watched(sure, desk, FRESH_MS) == ([], [])
    assert watched(sure, desk, FRESH_MS + 1) == ([BELIEVED], [])


def test_others_are_asked_later_and_later_and_at_once_for_another_price(sure):
    assert [pause_ms(n) for n in range(1, 8)] == [1e3, 2e3, 4e3, 8e3, 16e3, 30e3, 30e3]
    asked = []
    for at_ms in range(0, 64_000, 1_000):
        sure.hear("COIN-USD", TOUCH, 10, at_ms)
        asked += [at_ms // 1_000] * sure.may_ask("COIN-USD", TOUCH, at_ms)
    assert asked == [0, 1, 3, 7, 15, 31, 61]
    sure.hear("COIN-USD", TOUCH, 6_000, 64_000)
    assert sure.may_ask("COIN-USD", TOUCH, 64_000)
    assert not sure.may_ask("COIN-USD", TICKER, 64_000), "nothing is in doubt"
