"""From a weight to an intention, from that to a ticket: caps, minimums, dust and the band.

A lot is worth 100 quote (COIN at 10,000 ticks), equity is 10,000 quote.
"""

from math import inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.kernel.codes import (
    ACT_ENTER,
    ACT_EXIT,
    ACT_MAX_BARS,
    ACT_REDUCE,
    BUY,
    FILL_ENTRY,
    FILL_EXIT,
    FILL_MAX_BARS,
    FILL_REDUCE,
    HOLD_DUST,
    HOLD_ENTRY_MISSED,
    HOLD_FLAT,
    HOLD_IN_BAND,
    HOLD_NO_OPINION,
    HOLD_ORDER_WORKING,
    HOLD_SHORT_UNSUPPORTED,
    HOLD_STOPPED_OUT,
    REFUSED_CASH,
    REFUSED_GROSS_CAP,
    REFUSED_MINIMUM,
    REFUSED_MISSING_INPUT,
    REFUSED_OVERFLOW,
    REFUSED_PRODUCT_CAP,
    SELL,
)
from gpt_trader.kernel.market import Rules
from gpt_trader.kernel.readings import no_readings
from gpt_trader.kernel.rounding import BPS, buy_cost, spec_table
from gpt_trader.kernel.sizing import (
    Intention,
    fill_reason,
    intend,
    is_dust,
    note_weight,
    size_entry,
    size_exit,
)
from gpt_trader.kernel.slot import KIND_LIMIT, KIND_NONE, KIND_SIZE, KIND_VALUE
from gpt_trader.kernel.style import Style, style_table
from tests.kernel.rows import (
    CASH,
    COIN,
    DEAR,
    FREE,
    NO_LIMITS,
    PERP,
    TAKER_STYLE,
    UNIT,
    bounded,
    flat,
    guarded,
    holding,
    working,
)

EQUITY = 10_000.0
LIMITS = NO_LIMITS | {"max_product": 0.5, "max_gross": 1.0, "rebalance_band": 0.25}
LARGE = COIN._replace(min_lots=10)  # sold only by ten and more
MAKER_STYLE = Style(1, 10 * BPS, 2, 1, 10 * BPS, 1)


def planned(slot, weight, *, spec=COIN, limits=LIMITS, equity=EQUITY):
    return intend(slot, weight, equity, spec, bounded(limits))


def hold(code, cancel=0):
    return Intention(code, 0, 0.0, 0, cancel)


# ------------------------------------------------------------- intention


def test_a_flat_product_enters_up_to_its_cap():
    assert planned(flat(10_000), 0.3) == Intention(ACT_ENTER, BUY, 3000.0, 0, 0)
    assert planned(flat(10_000), 0.9) == Intention(ACT_ENTER, BUY, 5000.0, 0, 0)
    assert planned(flat(10_000), -0.9, spec=PERP) == Intention(ACT_ENTER, SELL, 5000.0, 0, 0)


def test_reasons_to_hold():
    assert planned(flat(10_000), nan) == hold(HOLD_NO_OPINION)
    assert planned(flat(10_000), 0.0) == hold(HOLD_FLAT)
    assert planned(flat(10_000), -0.3) == hold(HOLD_SHORT_UNSUPPORTED)
    slot = flat(10_000)
    slot["latch"] = 0.3
    assert planned(slot, 0.3) == hold(HOLD_STOPPED_OUT)


@pytest.mark.parametrize(
    "weight, code",
    [(0.4, HOLD_IN_BAND), (0.401, ACT_ENTER), (0.225, HOLD_IN_BAND), (0.224, ACT_REDUCE)],
)
def test_the_band_is_a_part_of_the_larger_and_still_holds_at_its_edge(weight, code):
    assert planned(holding(30), weight).code == code  # 3000 held: 4000 - 1000, 2250 + 750


@pytest.mark.parametrize("name", ["max_product", "rebalance_band"])
def test_a_limit_that_did_not_arrive_holds_no_exit_back(name):
    short = LIMITS | {name: nan}
    assert planned(holding(50), 0.0, limits=short).code == ACT_EXIT
    assert planned(holding(50), -0.2, limits=short, spec=PERP).code == ACT_EXIT
    assert planned(holding(-50), 0.2, limits=short, spec=PERP).code == ACT_EXIT
    slot = flat(10_000)
    slot["latch"] = 0.3
    for weight in (0.3, 0.1, 0.5, 0.0):
        note_weight(slot, weight, bounded(short))
        assert planned(slot, weight, limits=short) == hold(HOLD_STOPPED_OUT)


def test_a_reduction_sells_the_difference_in_whole_lots():
    assert planned(holding(50), 0.201) == Intention(ACT_REDUCE, SELL, 0.0, 29, 0)  # 29.9
    assert planned(holding(-50), -0.201, spec=PERP) == Intention(ACT_REDUCE, BUY, 0.0, 29, 0)


def test_a_reduction_that_would_leave_dust_sells_all():
    assert planned(holding(50), 0.1, spec=LARGE).lots == 40
    assert planned(holding(50), 0.09, spec=LARGE).lots == 50


def test_a_reduction_below_the_minimum_holds():
    forty = COIN._replace(min_lots=40)
    wide = LIMITS | {"max_product": 1.0}
    assert planned(holding(100), 0.7, spec=forty, limits=wide) == hold(HOLD_IN_BAND)
    assert planned(holding(100), 0.6, spec=forty, limits=wide).lots == 40


def test_a_position_is_left_before_it_is_turned():
    assert planned(holding(50), -0.5, spec=PERP) == Intention(ACT_EXIT, SELL, 0.0, 50, 0)
    assert planned(holding(-50), 0.5, spec=PERP) == Intention(ACT_EXIT, BUY, 0.0, 50, 0)
    assert planned(holding(50), -0.5) == Intention(ACT_EXIT, SELL, 0.0, 50, 0)
    assert planned(holding(50), 0.0, equity=nan) == Intention(ACT_EXIT, SELL, 0.0, 50, 0)


@given(st.integers(-99, 99), st.floats(-2, 2), st.integers(1, 30), st.integers(1, 20_000))
def test_no_plan_crosses_zero_or_leaves_dust(lots, weight, min_lots, close):
    spec = PERP._replace(min_lots=min_lots)
    result = planned(holding(lots, close), weight, spec=spec)
    if result.code in {ACT_EXIT, ACT_REDUCE, ACT_MAX_BARS}:
        assert result.side * lots < 0
        assert 0 < result.lots <= abs(lots)
        assert not is_dust(lots + result.side * result.lots, close, spec)
        assert not is_dust(result.lots, close, spec)
    elif result.code == ACT_ENTER:
        assert result.side * weight > 0
        assert result.side * lots >= 0 or is_dust(lots, close, spec)
        assert result.amount > 0.0


def test_dust_is_never_ordered():
    assert is_dust(9, 10_000, LARGE)
    assert not is_dust(10, 10_000, LARGE)
    assert not is_dust(0, 10_000, LARGE)
    assert is_dust(1, 99, COIN)  # 0.99 quote, the least is 1
    assert planned(holding(9), 0.0, spec=LARGE) == hold(HOLD_DUST)
    assert planned(holding(9, max_bars=1), 0.0, spec=LARGE) == hold(HOLD_DUST)
    assert planned(holding(9), 0.5, spec=LARGE) == Intention(ACT_ENTER, BUY, 4100.0, 0, 0)


def test_a_position_is_left_when_its_time_is_over_whatever_the_opinion():
    slot = holding(5, max_bars=3)
    slot["bars_held"] = 2
    assert planned(slot, nan) == hold(HOLD_NO_OPINION)
    slot["bars_held"] = 3
    for weight in (nan, 0.5, 0.0):
        assert planned(slot, weight) == Intention(ACT_MAX_BARS, SELL, 0.0, 5, 0)


@pytest.mark.parametrize("equity, close", [(nan, 10_000), (0.0, 10_000), (-1.0, 10_000), (1.0, 0)])
def test_an_entry_needs_equity_and_a_price(equity, close):
    assert planned(flat(close), 0.3, equity=equity) == hold(REFUSED_MISSING_INPUT)


def test_what_works_is_waited_for_or_canceled():
    def entering(side=BUY):
        return working(flat(10_000), KIND_LIMIT, side, 30)

    assert planned(entering(), nan) == hold(HOLD_ORDER_WORKING)
    assert planned(entering(), 0.3) == hold(HOLD_ORDER_WORKING)
    assert planned(entering(), 0.0) == hold(HOLD_ORDER_WORKING, cancel=1)
    assert planned(entering(SELL), 0.3, spec=PERP) == hold(HOLD_ORDER_WORKING, cancel=1)
    leaving = working(holding(50), KIND_SIZE, SELL, 50, reason=FILL_EXIT)
    assert planned(leaving, 0.0) == hold(HOLD_ORDER_WORKING)
    assert planned(leaving, 0.9) == hold(HOLD_IN_BAND)._replace(code=HOLD_ORDER_WORKING)
    adding = working(holding(50), KIND_LIMIT, BUY, 5)
    assert planned(adding, 0.0) == Intention(ACT_EXIT, SELL, 0.0, 50, 1)
    stopping = working(holding(10), KIND_SIZE, SELL, 10, reason=FILL_EXIT)
    stopping["ordinal"] = 1
    assert planned(stopping, 0.5) == hold(HOLD_ORDER_WORKING)  # a stop is not called back


def test_only_a_changed_opinion_lifts_the_latch():
    slot = flat()
    slot["latch"] = 0.5
    for weight in (nan, 0.5, 0.375):  # a quarter less is the same
        note_weight(slot, weight, bounded(LIMITS))
        assert slot["latch"] == 0.5
    assert slot["weight"] == 0.375
    note_weight(slot, 0.374, bounded(LIMITS))
    assert isnan(slot["latch"])
    assert slot["weight"] == 0.374


# ------------------------------------------------------------------ entries


def entry(
    amount=3000.0, *, side=BUY, stop=nan, attempts=0, held=0.0, equity=EQUITY, gross=0.0,
    free=CASH, spec=COIN, costs=FREE, limits=LIMITS, style=TAKER_STYLE,
):  # fmt: skip
    wanted = Intention(ACT_ENTER, side, amount, 0, 0)
    readings = no_readings()
    readings["least_input"], readings["equity"] = 1.0, equity
    readings["product_used"], readings["gross_used"] = held, gross
    readings["spendable"] = max(free, 0) / UNIT
    slot = flat(10_000)
    slot["attempts"], slot["lots"] = attempts, int(held / 100.0)
    rules = Rules(spec_table([spec]), bounded(limits), guarded(limits), style_table([style]))
    return size_entry(wanted, stop, slot, 0, free, readings, rules, spec, costs, style)


def refused(ticket):
    assert ticket.kind == KIND_NONE
    return ticket.code, ticket.value, ticket.limit_value


def test_a_taker_buys_by_value_and_sells_short_by_size():
    bought = entry()
    assert (bought.kind, bought.quote, bought.reserve) == (KIND_VALUE, 3000 * UNIT, 3000 * UNIT)
    short = entry(side=SELL, spec=PERP, costs=DEAR)
    assert (short.kind, short.side, short.lots) == (KIND_SIZE, SELL, 29)  # 99.80 and 1 %
    assert short.reserve == buy_cost(29, 9_980, 100 * BPS, PERP)


@pytest.mark.parametrize("held, quote", [(4900.0, 100 * UNIT), (4900.01, None), (5000.0, None)])
def test_the_products_cap_leaves_a_lot_or_refuses(held, quote):
    ticket = entry(held=held)
    if quote is not None:
        assert ticket.quote == quote
    else:
        assert refused(ticket) == (REFUSED_PRODUCT_CAP, held / EQUITY, 0.5)


@pytest.mark.parametrize("gross, quote", [(9900.0, 100 * UNIT), (9900.01, None), (1e5, None)])
def test_the_gross_cap_leaves_a_lot_or_refuses(gross, quote):
    ticket = entry(gross=gross)
    if quote is not None:
        assert ticket.quote == quote
    else:
        assert refused(ticket) == (REFUSED_GROSS_CAP, gross / EQUITY, 1.0)


def test_cash_must_pay_for_a_lot_with_slippage_and_fee():
    a_lot = 10_120_200_000  # 100.20 and 1 %
    assert entry(free=a_lot, costs=DEAR).quote == a_lot
    assert refused(entry(free=a_lot - 1, costs=DEAR))[0] == REFUSED_CASH
    assert refused(entry(free=-5 * UNIT)) == (REFUSED_CASH, 3000.0, 0.0)


@pytest.mark.parametrize(
    "stop, costs, accepted",
    [(nan, FREE, True), (0.1, FREE, False), (nan, DEAR, False), (1.5, FREE, False)],
)
def test_an_entry_stays_sellable_after_fee_and_stop(stop, costs, accepted):
    spec = COIN._replace(min_units=150 * UNIT)
    twice = LIMITS | {"min_multiple": 2}
    budget = 300.0 if costs is FREE else 305.0  # three lots each
    ticket = entry(budget, stop=stop, costs=costs, spec=spec, limits=twice)
    if accepted:
        assert ticket.quote == 300 * UNIT
    else:
        assert refused(ticket) == (REFUSED_MINIMUM, budget, 300.0)


def test_an_entry_is_at_least_so_many_minimums():
    twice = LIMITS | {"min_multiple": 2}
    assert entry(2000.0, spec=LARGE, limits=twice).quote == 2000 * UNIT
    assert refused(entry(1999.0, spec=LARGE, limits=twice)) == (REFUSED_MINIMUM, 1999.0, 2000.0)
    assert refused(entry(99.0)) == (REFUSED_MINIMUM, 99.0, 100.0)


def test_an_entry_beyond_int64_is_refused():
    rich = {"equity": 1e12, "free": 10**18}
    assert refused(entry(9.0e9, **rich)) == (REFUSED_OVERFLOW, 9.0e9, 9.0e9)
    assert entry(8.9e9, **rich).quote == 890_000_000_000_000_000
    assert refused(entry(inf, equity=inf, free=2**62))[0] == REFUSED_OVERFLOW


@pytest.mark.parametrize("bounds", [{"max_lots": 20}, {"max_units": 2000 * UNIT}])
def test_an_entry_and_what_is_held_stay_within_what_one_order_can_sell(bounds):
    spec = COIN._replace(**bounds)
    assert entry(1999.0, spec=spec).quote == 1999 * UNIT
    assert entry(3000.0, spec=spec).quote == 2000 * UNIT
    assert entry(3000.0, spec=spec, held=1500.0).quote == 500 * UNIT
    assert refused(entry(3000.0, spec=spec, held=2000.0)) == (REFUSED_MINIMUM, 0.0, 100.0)
    assert refused(entry(3000.0, spec=spec, held=2500.0)) == (REFUSED_MINIMUM, 0.0, 100.0)
    rested = entry(3000.0, spec=spec, style=MAKER_STYLE)
    assert rested.lots == 20
    assert rested.reserve == buy_cost(20, rested.limit, 0, spec)


def test_a_maker_rests_near_the_close_and_is_dropped_after_its_attempts():
    for attempts in (-1, 0, 1):
        ticket = entry(style=MAKER_STYLE, costs=DEAR, attempts=attempts)
        assert (ticket.kind, ticket.limit, ticket.lots) == (KIND_LIMIT, 9_980, 29)
        assert ticket.reserve == buy_cost(29, 9_980, 50 * BPS, COIN)
    missed = entry(style=MAKER_STYLE, attempts=2)
    assert refused(missed) == (HOLD_ENTRY_MISSED, 2.0, 2.0)
    assert entry(side=SELL, spec=PERP, style=MAKER_STYLE, costs=DEAR).limit == 10_020


@given(
    st.floats(0, 20_000), st.floats(0, 6000), st.floats(0, 12_000), st.integers(-UNIT, CASH),
    st.sampled_from([BUY, SELL]), st.sampled_from([FREE, DEAR]),
    st.sampled_from([TAKER_STYLE, MAKER_STYLE]),
)  # fmt: skip
def test_no_entry_reserves_more_than_any_cap_or_the_cash(
    amount, held, gross, free, side, costs, style
):
    ticket = entry(
        amount, held=held, gross=gross, free=free, side=side, costs=costs, style=style, spec=PERP
    )
    room = min(amount, 5000.0 - held, EQUITY - gross)
    assert 0 <= ticket.reserve <= max(free, 0)
    assert ticket.reserve / UNIT <= max(room, 0.0) + 1e-9
    assert (ticket.reserve > 0) == (ticket.kind != KIND_NONE) == (ticket.code == ACT_ENTER)


# ------------------------------------------------------------------ exits


def test_a_taker_leaves_at_market():
    ticket = size_exit(Intention(ACT_EXIT, SELL, 0.0, 7, 0), 0, 10_000, COIN, DEAR, TAKER_STYLE)
    assert (ticket.kind, ticket.side, ticket.lots, ticket.reserve) == (KIND_SIZE, SELL, 7, 0)


@pytest.mark.parametrize(
    "bounds, lots",
    [
        ({}, 7),
        ({"max_lots": 5}, 5),
        ({"max_units": 600 * UNIT}, 6),
        ({"max_units": 600 * UNIT - 1}, 5),
    ],
)
def test_an_exit_is_cut_into_what_one_order_may_be(bounds, lots):
    wanted = Intention(ACT_EXIT, SELL, 0.0, 7, 0)
    for style in (TAKER_STYLE, MAKER_STYLE):
        assert size_exit(wanted, 0, 10_000, COIN._replace(**bounds), DEAR, style).lots == lots


@pytest.mark.parametrize("style, attempts, kind", [
    (1, 0, KIND_LIMIT), (1, 5, KIND_LIMIT), (1, -1, KIND_LIMIT), (1, -2, KIND_SIZE),
    (2, -99, KIND_LIMIT), (0, 0, KIND_SIZE),
])  # fmt: skip
@pytest.mark.parametrize("side, limit", [(SELL, 10_020), (BUY, 9_980)])
def test_a_maker_waits_its_bars_then_crosses_unless_it_never_may(
    style, attempts, kind, side, limit
):
    worked = TAKER_STYLE._replace(exit_maker=style, exit_offset_e8=10 * BPS, exit_ttl_bars=2)
    ticket = size_exit(Intention(ACT_REDUCE, side, 0.0, 7, 0), attempts, 10_000, COIN, DEAR, worked)
    assert (ticket.kind, ticket.lots) == (kind, 7)
    assert ticket.limit == (limit if kind == KIND_LIMIT else 0)


def test_every_act_has_its_reason():
    reasons = {
        ACT_ENTER: FILL_ENTRY, ACT_REDUCE: FILL_REDUCE,
        ACT_EXIT: FILL_EXIT, ACT_MAX_BARS: FILL_MAX_BARS,
    }  # fmt: skip
    assert {code: fill_reason(code) for code in reasons} == reasons
