"""What is held is what was bought under this bot's ids and not sold since, by whomever."""

from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.earlier import earlier, later
from gpt_trader.broker.exchange.ours import order_of
from gpt_trader.domain.order import Order, OrderStatus, OrderType
from gpt_trader.domain.order_ids import BARE, MARKED
from gpt_trader.engine.events import OrdersFound, PositionFound
from gpt_trader.errors import Unavailable
from tests.broker.exchange.rows import (
    OPEN_MS,
    PLAN,
    SENT_MS,
    bought,
    limit_buy,
    route,
    row,
    sold,
    stop,
)
from tests.engine_helpers import COIN

NOW_MS = SENT_MS + 1_000
WALLETS = {"COIN": Decimal(100)}


def found(*rows, coins=100):
    """What is held; None: nothing of ours was found."""
    events = earlier(PLAN, COIN, rows, {} if coins is None else {"COIN": Decimal(coins)}, NOW_MS)
    return events[0] if events else None


@pytest.mark.parametrize("form", [BARE, MARKED])
def test_what_was_bought_and_its_stop_are_found_in_any_order_of_rows(form):
    rows = bought(3, 100, form=form), bought(2, 110, bars=1, form=form), stop(form=form)
    for seen in (rows, rows[::-1]):
        [what] = earlier(PLAN, COIN, seen, WALLETS, NOW_MS)
        assert what[:4] == (NOW_MS, "COIN-USD", "RECONCILIATION", what.reason)
        assert rows[-1].client_order_id in what.reason
        assert (what.lots, what.ticks) == (5, 10_400)
        intent = what.order.intent
        assert (intent.lots, intent.stop, intent.limit, intent.side) == (5, 9_500, 9_400, -1)
        assert intent.reduce_only


def test_sales_count_whoever_made_them_and_the_rest_keeps_its_price():
    what = found(bought(4, 100), sold(3, 1))
    assert isinstance(what, PositionFound)
    assert (what.lots, what.ticks, what.order) == (1, 10_000, None)
    assert found(bought(4, 100), sold(9, 1))[4:7] == (0, 0, None)
    again = found(bought(4, 100), sold(9, 1), bought(2, 120, bars=3))
    assert (again.lots, again.ticks) == (2, 12_000)


def test_the_newest_orders_are_named_so_that_nobody_takes_them_for_anothers():
    old, new = bought(1, 100), bought(1, 100, bars=2)
    assert found(old, new).recent == (new.client_order_id,)


def test_a_sale_before_takes_nothing_away():
    assert found(sold(9, -3), bought(4, 100)).lots == 4


def test_orders_of_somebody_else_are_no_position():
    theirs = row("by hand", "BUY", 4, 100, OPEN_MS)
    assert found(theirs) is None
    assert found(theirs, bought(1, 100)).lots == 1
    elsewhere = bought(4, 100)._replace(product_id="GOLD-USD")
    assert found(elsewhere) is None


def test_nothing_was_filled():
    assert found(bought(0, 100))[4:7] == (0, 0, None)


def test_a_position_is_never_larger_than_the_coins_that_are_there():
    assert found(bought(4, 100), coins="2.9").lots == 2
    assert found(bought(4, 100), coins=0)[4:7] == (0, 0, None)
    with pytest.raises(Unavailable):
        found(bought(4, 100), coins=None)
    assert found(bought(0, 100), coins=None).lots == 0


def test_a_bracket_is_a_stop_too_and_the_newest_counts():
    bracket = stop(SENT_MS + 5)._replace(kind=OrderType.BRACKET, created_ms=SENT_MS + 5)
    what, others = earlier(PLAN, COIN, [bought(5, 100), bracket, stop()], WALLETS, NOW_MS)
    assert what.order.intent.type is OrderType.BRACKET
    assert [o.client_order_id for o in others.orders] == [stop().client_order_id]


def test_what_was_filled_of_an_open_order_is_in_the_wallets_already():
    partly = stop()._replace(filled_size=Decimal(2), filled_value=Decimal(190))
    entry = limit_buy(route(1), 4, filled=3)
    what, others = earlier(PLAN, COIN, [bought(5, 100), partly, entry], WALLETS, NOW_MS)
    assert what.lots == 6
    assert (what.order.filled, what.order.filled_value) == (2, "190")
    assert isinstance(others, OrdersFound)
    assert [(o.filled, o.status) for o in others.orders] == [(3, OrderStatus.OPEN)]
    assert others.fills == ()


def test_orders_that_rest_where_nothing_is_held_are_known_too():
    what, others = earlier(PLAN, COIN, [stop()], WALLETS, NOW_MS)
    assert (what.lots, what.order) == (0, None)
    assert others.orders[0].client_order_id == stop().client_order_id


# ------------------------------------------------------------------ an older journal put back


def known(one: Order | None = None, **more: object) -> Order:
    """An order that is open in the journal."""
    return order_of(COIN, stop(SENT_MS - 1) if one is None else one)._replace(**more)


def test_all_that_came_since_is_told_at_once_oldest_first():
    before = stop(SENT_MS - 9, status="CANCELLED")._replace(created_ms=OPEN_MS)
    told = later(
        COIN,
        [bought(5, 100), stop()],
        {before.client_order_id: known(before, status=OrderStatus.OPEN)},
        [before],
        NOW_MS,
    )
    assert [o.client_order_id for o in told.orders] == [
        before.client_order_id,
        route(),
        stop().client_order_id,
    ]
    assert [o.status for o in told.orders] == ["CANCELLED", "FILLED", "OPEN"]
    assert [o.filled for o in told.orders] == [0, 0, 0]
    [fill] = told.fills
    assert (fill.client_order_id, fill.lots, fill.ticks, fill.filled_value) == (
        route(),
        5,
        10_000,
        "500",
    )
    assert stop().client_order_id in told.reason


@pytest.mark.parametrize(
    "wallets, coins", [({"COIN": Decimal("3.5")}, 3), ({"USD": Decimal(1)}, -1)]
)
def test_how_many_lots_are_there_is_told_with_it(wallets, coins):
    assert later(COIN, [bought(5, 100)], {}, [], NOW_MS, wallets=wallets).coins == coins


def test_of_an_order_that_the_journal_knows_only_what_is_new_is_told():
    rows = stop()._replace(filled_size=Decimal(3), filled_value=Decimal(270))
    here = known(stop(), filled=2, filled_value="190", filled_fees="0")
    told = later(COIN, [bought(1, 100)], {rows.client_order_id: here}, [rows], NOW_MS)
    assert [(f.lots, f.cumulative) for f in told.fills] == [(1, 1), (1, 3)]


def test_a_row_that_does_not_say_what_it_cost_is_no_answer():
    silent = bought(5, 100)._replace(filled_value=None)
    with pytest.raises(Unavailable, match="what was filled"):
        later(COIN, [silent], {}, [], NOW_MS)


@pytest.mark.parametrize("missing", ["filled_size", "filled_value", "total_fees"])
def test_what_a_row_does_not_tell_is_not_nothing(missing):
    silent = bought(5, 100)._replace(**{missing: None})
    with pytest.raises(Unavailable, match="what was filled"):
        later(COIN, [silent], {}, [], NOW_MS)
    with pytest.raises(Unavailable, match="what was filled"):
        earlier(PLAN, COIN, [silent], {"COIN": Decimal(5)}, NOW_MS)


def test_an_open_order_that_does_not_tell_its_fills_is_not_taken_over():
    silent = limit_buy(route(1), 5)._replace(filled_size=None)
    with pytest.raises(Unavailable, match="what was filled"):
        earlier(PLAN, COIN, [bought(5, 100), silent], {"COIN": Decimal(5)}, NOW_MS)
    theirs = sold(1, 1)._replace(filled_size=None)
    with pytest.raises(Unavailable, match="what was filled"):
        earlier(PLAN, COIN, [bought(5, 100), theirs], {"COIN": Decimal(5)}, NOW_MS)
