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
    assert caught.unanswered == ["GOLD-USD"] * isinstance(failure, Unavailable)
    assert list(caught.end(NOW)) == [BarClosed(NOW, rows[4]), Ticked(NOW)]
    [held, lacking] = caught.following().wanted(NEWEST + HOUR + CONFIRM_MS)
    assert (held.j, held.first_ms, held.last_ms) == (0, NEWEST, NEWEST), "not final yet"
    assert (lacking.j, lacking.first_ms, lacking.last_ms) == (1, T0 + HOUR, NEWEST)


def test_a_new_product_without_history_ends_the_session():
    desk = Desk(COIN)
    caught = begun(desk)
    with pytest.raises(Unavailable):
        caught.fail(desk.state, caught.left[0], Unavailable("503"))


def test_where_nobody_answers_nothing_is_decided():
    desk = went_on(COIN, GOLD)
    caught = begun(desk)
    for wanted in caught.left.values():
        caught.fail(desk.state, wanted, Unavailable("503"))
    assert caught.unanswered == ["COIN-USD", "GOLD-USD"]
    assert list(caught.end(NOW)) == []


@pytest.mark.parametrize("wild", [{"close": 10_000_000}, {"high": 100_000}, {"close": 10}])
def test_a_missed_bar_whose_price_stands_alone_is_asked_for_again(wild):
    desk = went_on(COIN)
    caught = begun(desk)
    [asked] = caught.left.values()
    rows = bars(COIN, 0, 1, 2, 3, 4)
    rows[2] = rows[2]._replace(**wild)
    found = caught.take(desk.state, asked, rows, NOW)
    assert found == [BarMissed(NOW, row) for row in (rows[1], rows[3])]
    [(note, *_)] = [list(caught.quotes.sure.watch(desk.plan, desk.state, NOW))]
    assert "price of COIN-USD" in note.about
    list(caught.end(NOW))
    following = caught.following()
    assert following.unconfirmed[0][rows[2].open_ms] is None
    later_ms = NOW + CONFIRM_MS
    [wanted] = following.wanted(later_ms)
    assert list(following.take(wanted, [bars(COIN, 2)[0]], later_ms)) == [
        BarMissed(later_ms, bars(COIN, 2)[0])
    ]


def test_a_price_that_stays_where_it_jumped_is_believed_once_somebody_else_tells_it():
    desk = went_on(COIN)
    rows = [*bars(COIN, 0, 1), *bars(COIN, 2, 3, 4, close=5_000)]
    alone, told = begun(desk), begun(desk)
    told.quotes.sure.begin("COIN-USD", 5_010)
    for caught, count in ((alone, 1), (told, 3)):
        [asked] = caught.left.values()
        assert len(caught.take(desk.state, asked, rows, NOW)) == count
    assert alone.doubted == {0: [rows[2].open_ms, rows[3].open_ms]}


@pytest.mark.parametrize("factor", [1000, 0.001])
@pytest.mark.parametrize("is_new", [True, False])
def test_candles_that_are_all_off_by_one_factor_are_not_believed(is_new, factor):
    desk = Desk(COIN) if is_new else went_on(COIN)
    caught = begun(desk)
    caught.quotes.sure.begin("COIN-USD", 10_000)
    [asked] = caught.left.values()
    rows = bars(COIN, *((2, 3, 4) if is_new else (1, 2, 3, 4)), close=int(10_000 * factor))
    assert caught.take(desk.state, asked, rows, NOW) == []
    assert list(caught.end(NOW)) == []
    assert len(caught.doubted[0]) == len(rows)


def test_a_price_that_went_far_while_nobody_looked_is_followed_from_both_ends():
    desk = went_on(COIN)
    caught = begun(desk)
    caught.quotes.sure.begin("COIN-USD", 20_000)
    [asked] = caught.left.values()
    closes = (11_000, 15_500, 18_000, 19_500)
    rows = [bars(COIN, k + 1, close=close)[0] for k, close in enumerate(closes)]
    assert len(caught.take(desk.state, asked, rows, NOW)) == 3


def test_the_known_bar_is_not_corrected_to_a_wild_one():
    desk = went_on(COIN)
    caught = begun(desk)
    [asked] = caught.left.values()
    assert caught.take(desk.state, asked, bars(COIN, 0, close=10_000_000), NOW) == []
