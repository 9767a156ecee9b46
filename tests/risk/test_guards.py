"""Each guard at its limit and one step beyond, through the real engine with the default policy.

The table of docs/guards.md names these tests; `test_guards_page.py` keeps both in step.
"""

import math
from dataclasses import replace

import pytest

from gpt_trader.backtest.asked import DEFAULT_RISK
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine.state import with_new_orders
from gpt_trader.risk.policy import RiskPolicy, no_policy
from tests.engine_helpers import (
    COIN,
    DAY,
    FREE,
    GOLD,
    HOUR,
    T0,
    UNIT,
    Desk,
    fills_of,
    refusal,
    sent,
)

ONE = UNIT  # one unit of 1e-8 quote is the least step of money; this is one quote
LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC}


def fresh(**terms):
    desk = Desk(**terms)
    desk.bar(10_000)
    return desk


def decided(desk, weight=0.2, **bar):
    """What one more bar's decision comes to."""
    desk.want(weight)
    desk.bar(10_000, **bar)
    return desk.decision().name


def marked(desk, **marks):
    desk.state = desk.state._replace(marks=desk.state.marks._replace(**marks))
    return desk


def test_the_default_policy_is_on_everywhere():
    assert RiskPolicy() == DEFAULT_RISK
    limits = RiskPolicy().limits(HOUR)
    assert limits["max_product"] == 0.25
    assert limits["max_gross"] == 1.0
    assert limits["max_daily_loss"] == 0.03
    assert limits["max_drawdown"] == 0.15
    assert limits["max_entries"] == 20
    assert limits["max_bar_age_ms"] == 2 * HOUR
    assert limits["min_multiple"] == 2


def test_no_policy_still_binds_the_account():
    limits = no_policy(HOUR)
    assert limits["max_product"] == 1.0
    assert limits["max_gross"] == limits["max_daily_loss"] == limits["max_drawdown"] == math.inf
    desk = Desk(risk=None)
    desk.want(1.0)
    desk.bar(10_000)
    assert sent(desk.entries)[0].intent.quote == 10_000 * UNIT, "no more than the cash"


# HALTED, PAUSED, UNKNOWN_ORDER


def test_halted():
    desk = fresh()
    assert decided(desk) == "ENTER"
    desk = fresh()
    desk.send(ev.HaltRequested(desk.now(), "t", "r"))
    assert decided(desk) == "HALTED"
    assert refusal(desk.place(1, lots=5)) == "HALTED"


def test_paused():
    desk = fresh()
    desk.send(ev.PauseRequested(desk.now(), "t", paused=True))
    assert decided(desk) == "PAUSED"
    assert refusal(desk.place(1, lots=5)) == "PAUSED"


def test_unknown_order():
    desk = fresh()
    desk.place(1, lots=5, limit=9_000, **LIMIT)
    key = next(iter(desk.state.orders))
    assert refusal(desk.place(1, lots=5)) is None
    unknown = desk.order(key)._replace(status=OrderStatus.SUBMIT_UNKNOWN)
    desk.state = with_new_orders(desk.state, unknown)
    assert decided(desk, volume=0.0, low=9_500) == "UNKNOWN_ORDER"
    assert refusal(desk.place(1, lots=5)) == "UNKNOWN_ORDER"


def test_unreconciled():
    desk = fresh()
    freeze = ev.PositionFound(desk.now(), "COIN-USD", "t", "r")
    desk.send(freeze)
    assert decided(desk) == "UNRECONCILED"
    assert refusal(desk.place(1, lots=5)) == "UNRECONCILED"
    desk.send(ev.Rearmed(desk.now(), "ann", "looked"))
    assert decided(desk) == "ENTER"


def test_unreconciled_for_too_long():
    desk = fresh(risk=None)
    desk.plan = replace(desk.plan, max_unreconciled_ms=60_000)
    desk.state = desk.state._replace(reconciled_ms=desk.now() - 60_000)
    assert refusal(desk.place(1, lots=1)) is None
    desk.state = desk.state._replace(reconciled_ms=desk.now() - 60_001)
    assert refusal(desk.place(1, lots=1)) == "UNRECONCILED"
    desk.send(ev.Reconciled(desk.now(), 0, 0))
    assert refusal(desk.place(1, lots=1)) is None
    desk.send(ev.Reconciled(desk.now(), 0, 1))
    assert refusal(desk.place(1, lots=1)) == "UNRECONCILED"
    desk.send(ev.Reconciled(desk.now(), 0, 0))
    desk.send(ev.Started(desk.now(), {}))
    assert refusal(desk.place(1, lots=1)) == "UNRECONCILED"


# DAILY_LOSS, DRAWDOWN: equity 10,000 at the day's start and at its highest


@pytest.mark.parametrize("lost, code", [(300 * UNIT - 1, "ENTER"), (300 * UNIT, "DAILY_LOSS")])
def test_daily_loss(lost, code):
    desk = fresh()
    desk.state = desk.state._replace(cash=desk.state.cash - lost)
    assert decided(desk) == code
    if code == "DAILY_LOSS":
        assert refusal(desk.place(1, lots=5)) == "DAILY_LOSS"


@pytest.mark.parametrize("lost, code", [(1_500 * UNIT - 1, "ENTER"), (1_500 * UNIT, "DRAWDOWN")])
def test_drawdown(lost, code):
    desk = fresh(risk=RiskPolicy(max_daily_loss_pct=100))
    desk.state = desk.state._replace(cash=desk.state.cash - lost)
    assert decided(desk) == code
    if code == "DRAWDOWN":
        assert refusal(desk.place(1, lots=5)) == "DRAWDOWN"


def test_a_drawdown_waits_for_a_person_and_a_daily_loss_for_the_day():
    desk = marked(fresh(), halted=1, day_halted=1)
    for _ in range(2 * DAY // HOUR):
        assert decided(desk) == "DRAWDOWN"
    assert desk.state.marks.day_halted == 0
    desk.send(ev.Rearmed(desk.now(), "ann", "seen"))
    assert decided(desk) == "ENTER"


# MAX_ENTRIES


@pytest.mark.parametrize("entries, code", [(19, "ENTER"), (20, "MAX_ENTRIES")])
def test_max_entries(entries, code):
    assert decided(marked(fresh(), entries=entries)) == code
    desk = marked(fresh(), entries=entries)
    assert refusal(desk.place(1, lots=5)) == (None if code == "ENTER" else code)


def test_entries_are_counted_and_exits_are_not():
    desk = fresh()
    desk.want(0.2)
    desk.bar(10_000)
    desk.want(0.0)
    desk.bar(10_000)
    assert desk.state.marks.entries == 1
    desk.bar(10_000)
    desk.place(1, lots=5)
    assert desk.state.marks.entries == 2


# STALE_BAR


@pytest.mark.parametrize("late, code", [(2 * HOUR, "ENTER"), (2 * HOUR + 1, "STALE_BAR")])
def test_stale_bar(late, code):
    assert decided(fresh(), late_ms=late) == code
    desk = fresh()
    request = desk.request(1, lots=5)._replace(time_ms=T0 + HOUR + late)
    assert refusal(desk.send(request)) == (None if code == "ENTER" else code)


# PRODUCT_CAP, GROSS_CAP, CASH


def test_lesson_07_an_order_of_500_percent_of_equity_is_never_sent():
    desk = fresh()
    assert refusal(desk.place(1, lots=500)) == "PRODUCT_CAP"
    assert refusal(desk.place(1, quote=50_000 * UNIT)) == "PRODUCT_CAP"
    desk.want(5.0)
    desk.bar(10_000)
    assert sent(desk.entries)[0].intent.quote == 2_500 * UNIT


def test_lesson_07_a_70_percent_order_does_not_pass_a_1_percent_cap():
    desk = fresh(risk=RiskPolicy(max_product_pct=1, min_size_multiple=1))
    assert refusal(desk.place(1, lots=70)) == "PRODUCT_CAP"
    assert refusal(desk.place(1, lots=1)) is None
    desk = fresh(risk=RiskPolicy(max_product_pct=1, min_size_multiple=1))
    desk.want(0.7)
    desk.bar(10_000)
    assert sent(desk.entries)[0].intent.quote == 100 * UNIT


@pytest.mark.parametrize(
    "asked, code", [({"quote": 2_500 * UNIT}, None), ({"quote": 2_500 * UNIT + 1}, "PRODUCT_CAP"),
                    ({"lots": 25}, None), ({"lots": 26}, "PRODUCT_CAP")]
)  # fmt: skip
def test_product_cap(asked, code):
    assert refusal(fresh().place(1, **asked)) == code


def test_product_cap_counts_what_is_held_and_what_is_on_its_way():
    desk = fresh()
    assert refusal(desk.place(1, lots=20)) is None
    assert refusal(desk.place(1, lots=5)) is None
    assert refusal(desk.place(1, lots=2)) == "PRODUCT_CAP"
    desk.bar(10_000)
    assert desk.lots() == 25
    assert refusal(desk.place(1, lots=2)) == "PRODUCT_CAP"
    assert decided(desk, 1.0) == "IN_BAND"


def test_product_cap_of_a_route_counts_an_operators_resting_order():
    desk = fresh()
    desk.place(1, lots=20, limit=10_000, **LIMIT)
    desk.want(0.25)
    desk.bar(10_000, volume=0.0, low=10_000, open=10_050)
    assert desk.decision().name == "ENTER"
    assert sent(desk.entries)[-1].intent.quote == 500 * UNIT


def test_product_cap_refuses_a_route_that_is_at_it():
    desk = fresh()
    desk.place(1, lots=25, limit=10_000, **LIMIT)
    assert decided(desk, 0.25, low=10_000, open=10_050) == "PRODUCT_CAP"
    reason = desk.decision().reasons[0]
    assert (reason.value, reason.threshold) == (0.25, 0.25)


@pytest.mark.parametrize("quote, code", [(1_000 * UNIT, None), (1_000 * UNIT + 1, "GROSS_CAP")])
def test_gross_cap(quote, code):
    desk = Desk(COIN, GOLD, risk=RiskPolicy(max_gross_pct=30))
    desk.bar(10_000, j=0)
    desk.bar(10_000, j=1)
    assert refusal(desk.place(1, lots=20)) is None
    assert refusal(desk.place(1, j=1, quote=quote)) == code


@pytest.mark.parametrize("gross, code", [(20.5, "ENTER"), (20, "GROSS_CAP")])
def test_gross_cap_of_routes(gross, code):
    desk = Desk(COIN, GOLD, risk=RiskPolicy(max_gross_pct=gross, min_size_multiple=1))
    desk.want(0.2, 0)
    desk.want(0.2, 1)
    desk.bar(10_000, j=0)
    desk.bar(10_000, j=1)
    assert desk.decision(0).name == "ENTER"
    assert desk.decision(1).name == code
    if code == "ENTER":
        assert sent(desk.entries)[-1].intent.quote == 50 * UNIT


@pytest.mark.parametrize("quote, code", [(5_000 * UNIT, None), (5_000 * UNIT + 1, "CASH")])
def test_cash(quote, code):
    desk = Desk(COIN, GOLD, risk=None)
    desk.bar(10_000, j=0)
    desk.bar(10_000, j=1)
    assert refusal(desk.place(1, lots=50)) is None
    assert refusal(desk.place(1, j=1, quote=quote)) == code


@pytest.mark.parametrize("quote, code", [(4_950 * UNIT, None), (4_950 * UNIT + 1, "CASH")])
def test_cash_includes_fees(quote, code):
    costs = CostModel(taker_bps=100, spread_bps=0, slippage_bps=0)
    desk = Desk(COIN, GOLD, risk=None, costs=costs)
    desk.bar(10_000, j=0)
    desk.bar(10_000, j=1)
    assert refusal(desk.place(1, lots=50)) is None
    assert refusal(desk.place(1, j=1, quote=quote)) == code


def test_cash_refuses_a_route_when_none_is_free():
    desk = Desk(COIN, GOLD, risk=None)
    desk.want(1.0, 0)
    desk.want(1.0, 1)
    desk.bar(10_000, j=0)
    desk.bar(10_000, j=1)
    assert desk.decision(1).name == "CASH"


# BELOW_MINIMUM


@pytest.mark.parametrize("lots, code", [(2, None), (1, "BELOW_MINIMUM")])
def test_below_minimum(lots, code):
    assert refusal(fresh().place(1, lots=lots)) == code


@pytest.mark.parametrize("weight, code", [(0.02, "ENTER"), (0.0199, "BELOW_MINIMUM")])
def test_below_minimum_of_a_route(weight, code):
    assert decided(fresh(), weight) == code


def test_below_minimum_counts_fees_and_the_stops_distance():
    product = replace(GOLD, quote_min_size=GOLD.quote_min_size * 100)
    for stop, code in [(0.01, "ENTER"), (0.5, "BELOW_MINIMUM")]:
        desk = Desk(product, costs=FREE)
        desk.want(0.025, stop=stop)
        desk.bar(10_000)
        assert desk.decision().name == code


# OFF_GRID, OVERFLOW, MISSING_INPUT


@pytest.mark.parametrize(
    "asked",
    [
        {"lots": 0},
        {"lots": -5},
        {"lots": 5, "quote": 5 * ONE},
        {"quote": -1},
        {"lots": 5, "limit": 0, **LIMIT},
        {"quote": 500 * ONE, "limit": 10_000, **LIMIT},
        {"lots": 5, "limit": 9_000, "type": OrderType.STOP_LIMIT},
        {"lots": 5, "limit": 9_000, "stop": -1, "type": OrderType.BRACKET},
    ],
)
def test_off_grid(asked):
    assert refusal(fresh().place(1, **asked)) == "OFF_GRID"


def test_off_grid_without_a_side():
    assert refusal(fresh().place(0, lots=5)) == "OFF_GRID"


def test_overflow():
    assert refusal(fresh().place(1, lots=2**62)) == "OVERFLOW"


def test_missing_input():
    assert refusal(Desk().place(1, lots=5)) == "MISSING_INPUT"
    desk = Desk(cash=0)
    assert decided(desk) == "MISSING_INPUT"


# Exits pass all of them.


def everything_on(desk):
    desk.send(ev.HaltRequested(desk.now(), "t", "r"))
    desk.send(ev.PauseRequested(desk.now(), "t", paused=True))
    return marked(desk, entries=99, day_halted=1, halted=1)


def test_lesson_09_a_sale_passes_every_guard():
    desk = fresh()
    desk.want(0.25)
    desk.bar(10_000)
    desk.bar(10_000)
    assert desk.lots() == 25
    desk = everything_on(desk)
    assert decided(desk, 0.0, late_ms=9 * HOUR) == "EXIT"
    assert fills_of(desk.bar(10_000, late_ms=9 * HOUR))
    assert desk.lots() == 0


def test_lesson_09_an_operators_sale_passes_every_guard():
    desk = fresh()
    desk.place(1, lots=20)
    desk.bar(10_000)
    desk = everything_on(desk)
    request = desk.request(-1, lots=20)
    assert refusal(desk.send(request._replace(time_ms=desk.now() + 9 * HOUR))) is None
    desk.bar(10_000)
    assert desk.lots() == 0


# What makes no sense, whichever way it points; the last close is 10,000


@pytest.mark.parametrize(
    "side, kind, stop, limit, code",
    [
        (1, OrderType.STOP_LIMIT, 10_000, 10_100, "TRIGGER_PASSED"),
        (1, OrderType.STOP_LIMIT, 10_001, 10_100, None),
        (-1, OrderType.STOP_LIMIT, 10_000, 9_900, "TRIGGER_PASSED"),
        (-1, OrderType.STOP_LIMIT, 9_999, 9_900, "NOTHING_TO_SELL"),
        (1, OrderType.BRACKET, 10_001, 10_001, "CROSSED_BRACKET"),
        (1, OrderType.BRACKET, 10_001, 10_000, None),
        (-1, OrderType.BRACKET, 9_999, 9_999, "CROSSED_BRACKET"),
        (-1, OrderType.BRACKET, 9_999, 10_000, "NOTHING_TO_SELL"),
    ],
)
def test_a_trigger_is_beyond_the_last_close_and_a_bracket_spans_it(side, kind, stop, limit, code):
    order = {"type": kind, "tif": TimeInForce.GTC, "stop": stop, "limit": limit}
    assert refusal(fresh().place(side, lots=5, **order)) == code
