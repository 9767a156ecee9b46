"""The paper broker, order type by order type, over several bars."""

from dataclasses import replace
from decimal import Decimal

import pytest

from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.kernel.codes import FILL_OPERATOR, MAKER, TAKER
from gpt_trader.risk.policy import RiskPolicy
from tests.engine_helpers import (
    COIN,
    FREE,
    GOLD,
    HOUR,
    PERP,
    UNIT,
    Desk,
    commands_of,
    fills_of,
    refusal,
    sent,
)

COSTLY = CostModel(taker_bps=100, maker_bps=50, spread_bps=10, slippage_bps=10)
RELAXED = RiskPolicy(max_product_pct=100, min_size_multiple=1, max_daily_loss_pct=90)


def opened(*products, costs=FREE, held=0, cash=10_000, risk=RELAXED):
    desk = Desk(*products, costs=costs, cash=cash, risk=risk)
    for j in range(len(desk.plan.products)):
        desk.bar(10_000, j=j)
    if held:
        desk.place(1 if held > 0 else -1, lots=abs(held))
        for j in range(len(desk.plan.products)):
            desk.bar(10_000, j=j)
    return desk


def ask(desk, side, kind=OrderType.MARKET, tif=TimeInForce.GTC, **asked):
    """Place an order; return a way to look at it."""
    entries = desk.place(side, type=kind, tif=tif, **asked)
    assert refusal(entries) is None, refusal(entries)
    key = sent(entries)[0].client_order_id
    return lambda: desk.order(key)


def only(fills):
    [fill] = fills
    return fill


# Market


def test_a_market_buy_by_size_fills_at_the_next_open_against_us():
    desk = opened(costs=COSTLY)
    order = ask(desk, 1, lots=10)
    fill = only(fills_of(desk.bar(10_500, open=10_100)))
    assert (fill.lots, fill.ticks, fill.liquidity) == (10, 10_121, TAKER)  # 10,100 x 1.002, up
    assert fill.base == 10_100
    assert fill.fee == 10_121 * UNIT // 1000  # 1 % of 1,012.10
    assert (fill.reason, order().status) == (FILL_OPERATOR, OrderStatus.FILLED)


def test_a_market_buy_by_value_spends_at_most_its_value_with_fees():
    desk = opened(costs=COSTLY)
    before = desk.state.cash
    order = ask(desk, 1, quote=1_000 * UNIT)
    fill = only(fills_of(desk.bar(10_000)))
    spent = before - desk.state.cash
    assert fill.lots == 9  # 9 x 100.20 x 1.01 = 910.82; a tenth would make 1,012.02
    assert 900 * UNIT < spent <= 1_000 * UNIT
    assert order().status is OrderStatus.FILLED


def test_a_value_that_no_longer_buys_the_minimum_is_cancelled():
    desk = opened()
    order = ask(desk, 1, quote=100 * UNIT)
    assert not fills_of(desk.bar(10_100))
    assert order().status is OrderStatus.CANCELLED


def test_a_market_sale_is_cut_to_what_is_held():
    desk = opened(held=10)
    order = ask(desk, -1, lots=100)
    assert only(fills_of(desk.bar(10_000))).lots == 10
    assert order().status is OrderStatus.FILLED
    assert desk.lots() == 0


def test_a_market_buy_by_size_never_overdraws_the_account():
    desk = opened(cash=1_000)
    order = ask(desk, 1, lots=10)
    fill = only(fills_of(desk.bar(11_000, open=11_000)))
    assert fill.lots == 9
    assert desk.state.cash >= 0
    assert order().status is OrderStatus.CANCELLED
    assert [e.event.code for e in desk.entries if isinstance(e.event, ev.OrderUpdated)][
        -1
    ] == "CASH"


def test_a_buy_that_cannot_pay_for_one_lot_is_cancelled():
    desk = opened(cash=100)
    order = ask(desk, 1, lots=1)
    assert not fills_of(desk.bar(10_001))
    assert order().status is OrderStatus.CANCELLED


# Limits


def test_a_limit_waits_and_fills_at_its_price_as_maker():
    desk = opened(costs=COSTLY)
    order = ask(desk, 1, OrderType.LIMIT, lots=10, limit=9_900)
    assert not fills_of(desk.bar(10_000, low=9_900)), "a touch is not a trade through"
    fill = only(fills_of(desk.bar(10_000, low=9_899)))
    assert (fill.ticks, fill.liquidity, fill.fee) == (9_900, MAKER, 990 * UNIT // 200)
    assert order().status is OrderStatus.FILLED


def test_a_new_limit_that_the_open_crosses_takes_at_the_open_but_not_beyond_its_price():
    desk = opened(costs=COSTLY)
    ask(desk, 1, OrderType.LIMIT, lots=10, limit=9_905)
    fill = only(fills_of(desk.bar(9_900, open=9_890)))
    assert (fill.ticks, fill.liquidity) == (9_905, TAKER)  # 9,890 x 1.002 is beyond it


def test_a_limit_resting_since_an_earlier_bar_fills_at_its_own_price():
    desk = opened(costs=COSTLY)
    ask(desk, 1, OrderType.LIMIT, lots=10, limit=9_900)
    desk.bar(10_000)
    fill = only(fills_of(desk.bar(9_800, open=9_700)))
    assert (fill.ticks, fill.liquidity) == (9_900, MAKER)


def test_post_only_is_rejected_if_the_open_crosses_it():
    desk = opened()
    order = ask(desk, 1, OrderType.LIMIT, lots=10, limit=9_900, post_only=True)
    assert not fills_of(desk.bar(9_900, open=9_900))
    assert order().status is OrderStatus.REJECTED


def test_good_till_date_expires_at_its_time():
    desk = opened()
    order = ask(
        desk, 1, OrderType.LIMIT, TimeInForce.GTD, lots=10, limit=9_900,
        expire_ms=desk.now() + HOUR,
    )  # fmt: skip
    desk.bar(10_000)
    assert order().status is OrderStatus.OPEN
    assert not fills_of(desk.bar(9_000, low=9_000))
    assert order().status is OrderStatus.EXPIRED


@pytest.mark.parametrize(
    "tif, lots, status",
    [
        (TimeInForce.IOC, 4, OrderStatus.CANCELLED),
        (TimeInForce.FOK, 0, OrderStatus.CANCELLED),
        (TimeInForce.GTC, 4, OrderStatus.OPEN),
    ],
)
def test_what_a_thin_bar_leaves_of_a_crossing_limit(tif, lots, status):
    desk = opened(costs=CostModel(0, 0, 0, 0, participation=0.1))
    order = ask(desk, 1, OrderType.LIMIT, tif, lots=10, limit=10_000)
    fills = fills_of(desk.bar(10_000, volume=40.0))
    assert sum(fill.lots for fill in fills) == lots
    assert (order().status, order().filled) == (status, lots)


def test_immediate_orders_that_do_not_cross_end_at_once():
    desk = opened()
    for tif in (TimeInForce.IOC, TimeInForce.FOK):
        order = ask(desk, 1, OrderType.LIMIT, tif, lots=10, limit=9_900)
        assert not fills_of(desk.bar(10_000, low=9_000))
        assert order().status is OrderStatus.CANCELLED


def test_fill_or_kill_fills_whole():
    desk = opened()
    order = ask(desk, 1, OrderType.LIMIT, TimeInForce.FOK, lots=10, limit=10_000)
    assert only(fills_of(desk.bar(10_000))).lots == 10
    assert order().status is OrderStatus.FILLED


# Stop-limit and bracket


def test_a_stop_limit_waits_triggers_and_then_rests():
    desk = opened(held=10)
    order = ask(desk, -1, OrderType.STOP_LIMIT, lots=10, limit=9_450, stop=9_500)
    desk.bar(9_600, low=9_501)
    assert order().status is OrderStatus.OPEN
    assert not fills_of(desk.bar(9_300, open=9_400)), "the open passed the limit too"
    assert (order().status, order().triggered) == (OrderStatus.TRIGGERED, True)
    fill = only(fills_of(desk.bar(9_400, open=9_300, high=9_500)))
    assert (fill.ticks, fill.liquidity) == (9_450, MAKER)


def test_a_stop_limit_buy_fills_at_its_trigger_if_its_limit_allows():
    desk = opened()
    order = ask(desk, 1, OrderType.STOP_LIMIT, lots=10, limit=10_600, stop=10_500)
    fill = only(fills_of(desk.bar(10_550, open=10_400)))
    assert (fill.ticks, fill.liquidity) == (10_500, TAKER)
    assert order().status is OrderStatus.FILLED


@pytest.mark.parametrize(
    "bar, ticks, liquidity",
    [
        ({"close": 9_400, "low": 9_400}, 9_500, TAKER),
        ({"close": 9_400, "open": 9_300}, 9_300, TAKER),
        ({"close": 10_600, "high": 10_600}, 10_500, MAKER),
        ({"close": 10_000, "high": 10_600, "low": 9_400}, 9_500, TAKER),  # both: the stop first
        ({"close": 10_700, "open": 10_700, "low": 9_400}, 10_500, MAKER),  # open beyond the limit
    ],
)
def test_a_bracket_leaves_at_its_stop_or_its_limit(bar, ticks, liquidity):
    desk = opened(held=10)
    order = ask(desk, -1, OrderType.BRACKET, lots=10, limit=10_500, stop=9_500)
    desk.bar(10_000, low=9_501, high=10_500)
    fill = only(fills_of(desk.bar(**({"open": 10_000} | bar))))
    assert (fill.ticks, fill.liquidity) == (ticks, liquidity)
    assert order().status is OrderStatus.FILLED
    assert desk.lots() == 0


def test_a_triggered_bracket_goes_on_over_thin_bars():
    desk = opened(held=10, costs=CostModel(0, 0, 0, 0, participation=0.1))
    order = ask(desk, -1, OrderType.BRACKET, lots=10, limit=10_500, stop=9_500)
    desk.bar(9_400, open=10_000, volume=0.0)
    assert order().triggered
    sizes = [only(fills_of(desk.bar(9_900, volume=v))).lots for v in (30.0, 30.0, 90.0)]
    assert sizes == [3, 3, 4]
    assert order().status is OrderStatus.FILLED


# Partial fills, volume, amendments


def test_a_large_order_fills_over_several_bars():
    desk = opened(costs=CostModel(0, 0, 0, 0, participation=0.1))
    order = ask(desk, 1, lots=10)
    counts = []
    for volume in (35.0, 0.0, 45.0, 500.0):
        fills_of(desk.bar(10_000, volume=volume))
        counts.append(order().filled)
    assert counts == [3, 3, 7, 10]


def test_all_orders_together_take_no_more_than_their_share_of_the_volume():
    desk = opened(costs=CostModel(0, 0, 0, 0, participation=0.1), held=0)
    desk.want(0.2)
    desk.bar(10_000)
    ask(desk, 1, lots=10)
    ask(desk, 1, lots=10)
    fills = fills_of(desk.bar(10_000, volume=250.0))
    assert [fill.lots for fill in fills] == [20, 5]


def test_an_amendment_loses_the_place_in_the_queue():
    desk = opened(costs=COSTLY)
    order = ask(desk, 1, OrderType.LIMIT, lots=10, limit=9_000)
    desk.bar(10_000)
    assert not order().is_new
    desk.amend(order().client_order_id, 10, 9_950)
    assert order().is_new
    assert only(fills_of(desk.bar(9_900, open=9_900))).liquidity == TAKER


def test_an_amended_partly_filled_order_keeps_what_was_filled():
    desk = opened(costs=CostModel(0, 0, 0, 0, participation=0.1))
    order = ask(desk, 1, OrderType.LIMIT, lots=10, limit=10_000)
    desk.bar(10_000, volume=40.0)
    desk.amend(order().client_order_id, 6, 9_900)
    fill = only(fills_of(desk.bar(9_800, volume=1e9)))
    assert (fill.lots, fill.cumulative) == (2, 6)


# Reduce-only


def test_lesson_08_two_brackets_never_sell_more_than_is_held():
    desk = opened(held=10)
    ask(desk, -1, OrderType.BRACKET, lots=6, limit=10_500, stop=9_500)
    ask(desk, -1, OrderType.BRACKET, lots=9, limit=10_500, stop=9_400)
    fills = fills_of(desk.bar(9_000, open=10_000))
    assert [fill.lots for fill in fills] == [6, 4]
    assert desk.lots() == 0


def test_lesson_08_a_resting_sale_is_clamped_when_the_route_sold_first():
    desk = Desk(risk=RELAXED)
    desk.want(0.2)
    desk.bar(10_000)
    desk.bar(10_000)
    order = ask(desk, -1, OrderType.LIMIT, lots=20, limit=10_500)
    desk.want(0.0)
    desk.bar(10_000)
    desk.bar(10_600)
    assert desk.lots() == 0
    assert order().status is OrderStatus.CANCELLED


def test_lesson_08_a_reducing_buy_of_a_short_stops_at_flat():
    desk = opened(PERP, held=-10)
    assert desk.lots() == -10
    ask(desk, 1, lots=50)
    desk.bar(10_000)
    assert desk.lots() == 0


# Routes and restart


def test_a_maker_first_entry_that_is_missed_is_dropped_and_an_exit_crosses():
    desk = Desk(costs=COSTLY, style="maker_first")
    desk.want(0.2)
    [order] = sent(desk.bar(10_000))
    assert (order.intent.post_only, order.intent.limit) == (True, 9_990)
    desk.bar(10_000)
    assert desk.order(order.client_order_id).status is OrderStatus.EXPIRED
    assert desk.decision().name == "ENTRY_MISSED"
    desk.bar(10_000)
    desk.bar(10_000, low=9_000)
    assert desk.lots() > 0
    desk.want(0.0)
    desk.bar(10_000)
    desk.bar(10_000, volume=0.0, high=10_000)
    [order] = sent(desk.entries)[-1:]
    assert (order.intent.type, order.intent.reduce_only) == (OrderType.MARKET, True)
    desk.bar(10_000)
    assert desk.lots() == 0


@pytest.mark.parametrize("increment", ["0.0000001", "0.001", "1"])
def test_lesson_13_stops_and_trails_work_at_any_price(increment):
    product = replace(
        COIN,
        price_increment=Decimal(increment),  # prices around 0.00001 * 100, 10 and 10,000
        base_increment=Decimal("0.0001"),
        base_min_size=Decimal("0.0001"),
        quote_min_size=Decimal(0),
    )
    desk = Desk(product)
    desk.want(0.2, trail=0.05)
    desk.bar(10_000)
    desk.bar(10_000)
    assert desk.lots() > 0
    for close in (10_300, 10_600, 11_000):
        desk.bar(close)
    desk.restart()
    fill = only(fills_of(desk.bar(10_400, open=11_000)))
    assert fill.ticks == 10_500
    assert desk.decision().name == "STOPPED_OUT"


def test_protection_fills_are_orders_of_their_own_and_end_with_the_position():
    desk = Desk(costs=CostModel(0, 0, 0, 0, participation=0.1))
    desk.want(0.2, stop=0.05, take_profit=0.05)
    desk.bar(10_000)
    desk.bar(10_000, volume=1e9)
    desk.bar(10_600, volume=50.0)
    taken = fills_of(desk.entries)[-1]
    assert (taken.lots, taken.ticks, taken.liquidity) == (5, 10_500, MAKER)
    desk.want(0.0)
    desk.bar(10_400, volume=1e9)
    desk.bar(10_400, volume=1e9)
    assert desk.lots() == 0
    assert desk.order(taken.client_order_id).status is OrderStatus.CANCELLED


def test_products_do_not_match_each_others_bars():
    desk = opened(COIN, GOLD)
    order = ask(desk, 1, OrderType.LIMIT, lots=5, limit=9_000)
    desk.bar(8_000, j=1)
    assert order().status is OrderStatus.OPEN
    assert commands_of(desk.entries, type(None)) == []
