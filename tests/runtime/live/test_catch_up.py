"""What closed while nobody looked, product by product."""

import pytest

from gpt_trader.domain.bars import Bar
from gpt_trader.engine.events import BarClosed, BarMissed, HistoryLoaded, Ticked
from gpt_trader.errors import DataError, Unavailable
from gpt_trader.runtime.live.bars import CONFIRM_MS, SETTLE_MS
from gpt_trader.runtime.live.catch_up import catch_up
from gpt_trader.runtime.live.quotes import Quotes
from tests.engine_helpers import COIN, GOLD, HOUR, T0, Desk

NOW = T0 + 5 * HOUR + SETTLE_MS  # the bar that opened at T0 + 4 h has just closed
NEWEST = T0 + 4 * HOUR


def bars(product, *hours, close=10_000):
    return [Bar(product.product_id, T0 + h * HOUR, *[close] * 4, 1.0) for h in hours]


def begun(desk, now_ms=NOW):
    return catch_up(desk.plan, desk.state, Quotes(desk.plan), now_ms)


def went_on(*products):
    """A session that knows the bar at T0, of each product."""
    desk = Desk(*products)
    for j in range(len(desk.plan.products)):
        desk.bar(10_000, j=j)
    return desk


def test_a_new_session_loads_history_and_decides_on_the_newest_bar():
    desk = Desk(COIN)
    caught = begun(desk)
    [asked] = caught.left.values()
    assert (asked.first_ms, asked.last_ms) == (NEWEST - 5 * HOUR, NEWEST)
    rows = bars(COIN, 2, 3, 4)
    assert caught.take(desk.state, asked, rows, NOW) == [
        HistoryLoaded(NOW, "COIN-USD", tuple(rows[:2]))
    ]
    assert list(caught.end(NOW)) == [BarClosed(NOW, rows[2])]
    assert caught.missed == 0


def test_a_session_that_goes_on_takes_what_it_missed():
    desk = went_on(COIN)
    caught = begun(desk)
    [asked] = caught.left.values()
    assert (asked.first_ms, asked.last_ms) == (T0, NEWEST), "the bar that was known, once more"
    rows = bars(COIN, 0, 1, 2, 3, 4)
    found = caught.take(desk.state, asked, rows, NOW)
    assert found == [BarMissed(NOW, row) for row in rows[1:4]]
    assert (caught.missed, list(caught.end(NOW))) == (3, [BarClosed(NOW, rows[4])])


def test_the_newest_known_bar_is_corrected_if_its_candle_differs_now():
    desk = went_on(COIN)
    caught = begun(desk)
    corrected = bars(COIN, 0, close=10_007)
    [found] = caught.take(desk.state, caught.left[0], corrected, NOW)
    assert found == BarMissed(NOW, corrected[0])
    desk.send(found)
    assert [row.close for row in desk.state.windows[0].rows] == [10_007]
    assert desk.state.cycles == 1, "it decides nothing"
    assert list(caught.end(NOW)) == []


def test_within_a_bar_only_its_candle_is_looked_at_again():
    desk = went_on(COIN)
    caught = begun(desk, T0 + HOUR + 30 * 60_000)
    assert [(one.first_ms, one.last_ms) for one in caught.left.values()] == [(T0, T0)]
    assert caught.take(desk.state, caught.left[0], bars(COIN, 0), NOW) == []


def test_a_clock_that_ran_back_asks_for_nothing():
    assert begun(went_on(COIN), T0).left == {}


@pytest.mark.parametrize("failure", [DataError("delisted"), Unavailable("503")])
def test_a_product_that_is_not_told_keeps_nobody_from_the_others(failure):
    desk = went_on(COIN, GOLD)
    caught = begun(desk)
    coin, gold = caught.left.values()
    rows = bars(COIN, 0, 1, 2, 3, 4)
    caught.take(desk.state, coin, rows, NOW)
    caught.fail(desk.state, gold, failure)
    assert not caught.is_blind
    assert list(caught.end(NOW)) == [BarClosed(NOW, rows[4]), Ticked(NOW)]
    [held, lacking] = caught.following().wanted(NEWEST + HOUR + CONFIRM_MS)
    assert (held.j, held.first_ms, held.last_ms) == (0, NEWEST, NEWEST), "not final yet"
    assert (lacking.j, lacking.first_ms, lacking.last_ms) == (1, T0 + HOUR, NEWEST)


def test_a_new_product_without_history_ends_the_session():
    desk = Desk(COIN)
    caught = begun(desk)
    with pytest.raises(Unavailable):
        caught.fail(desk.state, caught.left[0], Unavailable("503"))


def test_a_session_that_goes_on_is_blind_only_if_nobody_answers():
    desk = went_on(COIN, GOLD)
    caught = begun(desk)
    for wanted in caught.left.values():
        assert not caught.is_blind
        caught.fail(desk.state, wanted, Unavailable("503"))
    assert caught.is_blind
    assert list(caught.end(NOW)) == []
    gone = begun(desk)
    for wanted in gone.left.values():
        gone.fail(desk.state, wanted, DataError("not listed"))
    assert not gone.is_blind, "it was said that there is nothing"
