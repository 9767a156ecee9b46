"""Orders of ours: told by the mark, or by the cause of a bare id, and read as our own."""

from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.ours import (
    CLOCKS_MS,
    as_booked,
    is_of_ours,
    missing,
    order_of,
)
from gpt_trader.domain.order import OrderStatus, OrderType, Origin
from gpt_trader.domain.order_ids import BARE, order_id
from gpt_trader.kernel.codes import FILL_ENTRY, FILL_EXIT, FILL_STOP
from tests.broker.exchange.rows import PLAN, SENT_MS, bought, limit_buy, row, sold, stop
from tests.engine_helpers import COIN, HOUR


def mine(one):
    return is_of_ours(PLAN, COIN, one)


def test_a_mark_tells_whatever_made_the_order_and_whenever():
    for cause in ("bar:4h:1", "quote:7", "operator:3", "protect:9"):
        key = order_id(PLAN.portfolio, "COIN-USD", cause, 0)
        assert mine(row(key, "BUY", 1, 100, SENT_MS))
    strange = order_id("another portfolio", "COIN-USD", "bar:1h:1", 0)
    assert not mine(row(strange, "BUY", 1, 100, SENT_MS))
    assert not mine(row("by hand", "BUY", 1, 100, SENT_MS))


def test_a_bare_id_is_told_by_its_bar_about_the_time_of_the_order():
    assert mine(bought(1, 100, form=BARE))
    later = bought(1, 100, form=BARE)._replace(created_ms=SENT_MS + 3 * HOUR)
    assert not mine(later)


@pytest.mark.parametrize(
    "shift_ms, is_known", [(-CLOCKS_MS, True), (CLOCKS_MS - 1, True), (CLOCKS_MS, False)]
)
def test_a_bare_stop_is_told_by_its_id_as_far_as_clocks_may_differ(shift_ms, is_known):
    assert mine(stop(SENT_MS + shift_ms, form=BARE)) == is_known
    assert mine(stop(SENT_MS + shift_ms)), "a mark needs no clock"


@pytest.mark.parametrize(
    "change",
    [
        {"side": 1},
        {"life": OrderStatus.CANCELLED},
        {"life": None},
        {"kind": OrderType.LIMIT},
        {"stop_price": None},
        {"limit_price": None},
        {"base_size": None},
        {"base_size": Decimal(4)},
    ],
)
def test_a_bare_id_of_what_is_no_whole_resting_stop_is_left_alone(change):
    assert not mine(stop(form=BARE)._replace(**change))


def test_what_is_missing_has_a_mark_and_is_in_no_entry():
    first, second, theirs = bought(1, 100), bought(2, 100, bars=1), sold(1, 2)
    asked = []

    def unknown(keys):
        asked.extend(keys)
        return set(keys) - {first.client_order_id}

    rows = [second, theirs, first, stop()]
    assert missing(PLAN.portfolio, rows, {stop().client_order_id}, unknown) == [second]
    assert sorted(asked) == sorted([first.client_order_id, second.client_order_id])
    assert missing("another", rows, (), unknown) == []
    assert missing(PLAN.portfolio, [bought(1, 100, form=BARE)], (), unknown) == []


def test_what_is_missing_comes_oldest_first_and_once():
    rows = [bought(2, 100, bars=1), bought(1, 100), bought(2, 100, bars=1)]
    assert missing(PLAN.portfolio, rows, (), set) == [rows[1], rows[2]]


def test_orders_are_read_as_this_bot_would_have_sent_them():
    entry, leave, rests = limit_buy("k", 4), sold(3, 1), stop()
    read = [order_of(COIN, one) for one in (entry, leave, rests)]
    assert [o.intent.origin for o in read] == [Origin.ROUTE, Origin.ROUTE, Origin.PROTECTION]
    assert [o.intent.reason for o in read] == [FILL_ENTRY, FILL_EXIT, FILL_STOP]
    assert [o.intent.reduce_only for o in read] == [False, True, True]
    assert [o.status for o in read] == [OrderStatus.OPEN, OrderStatus.FILLED, OrderStatus.OPEN]
    assert [o.filled for o in read] == [0, 0, 0]
    assert read[0].intent[:8] == ("k", "COIN-USD", 1, OrderType.LIMIT, "GTC", 4, 0, 9_000)
    assert read[0].intent.post_only
    assert (read[2].intent.lots, read[2].intent.stop, read[2].intent.limit) == (5, 9_500, 9_400)
    assert read[2].intent.sent_ms == SENT_MS
    assert read[2].exchange_id == rests.order_id


def test_an_order_by_value_has_a_value_and_no_lots():
    terms = {"order_configuration": {"market_market_ioc": {"quote_size": "12.34"}}}
    asked = row("k", "BUY", 1, 12, SENT_MS, order_type="MARKET", **terms)
    intent = order_of(COIN, asked).intent
    assert (intent.type, intent.lots, intent.quote) == (OrderType.MARKET, 0, 1_234_000_000)


def test_what_was_filled_before_is_booked_elsewhere():
    order = as_booked(COIN, limit_buy("k", 4, filled=3))
    assert (order.filled, order.filled_value, order.filled_fees) == (3, "270", "0")
