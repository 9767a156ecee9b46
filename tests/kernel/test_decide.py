"""The whole decision for one product among others: guards, reserves and patience."""

from math import isnan, nan

import numpy as np
import pytest

from gpt_trader.kernel.codes import (
    ACT_ENTER,
    ACT_EXIT,
    BUY,
    FILL_ENTRY,
    FILL_EXIT,
    HOLD_ENTRY_MISSED,
    HOLD_NO_OPINION,
    HOLD_ORDER_WORKING,
    REFUSED_CASH,
    REFUSED_GROSS_CAP,
    REFUSED_HALTED,
    REFUSED_PAUSED,
    REFUSED_PRODUCT_CAP,
    SELL,
)
from gpt_trader.kernel.market import Rules
from gpt_trader.kernel.marks import new_marks
from gpt_trader.kernel.readings import account_sums, no_readings, unattended
from gpt_trader.kernel.rounding import spec_table
from gpt_trader.kernel.sizing import decide, place
from gpt_trader.kernel.slot import KIND_LIMIT, KIND_NONE, KIND_SIZE, KIND_VALUE, SLOT
from gpt_trader.kernel.style import Style, style_at, style_table
from tests.kernel.rows import (
    CASH,
    COIN,
    DEAR,
    FAR_MS,
    FREE,
    NO_LIMITS,
    PERP,
    TAKER_STYLE,
    UNIT,
    bounded,
    flat,
    guarded,
    holding,
    play,
    told,
    working,
)

LIMITS = NO_LIMITS | {"max_product": 0.5, "max_gross": 1.0, "rebalance_band": 0.25}
SPECS = [COIN, PERP]
NOBODY = unattended(0)
PATIENT = Style(1, 0, 2, 1, 0, 2)


def stacked(*slots):
    """Return the slots of several products as one table."""
    return np.array(list(slots), SLOT)


def decided(table, j, weight, *, cash=CASH, outside=NOBODY, style=TAKER_STYLE, equity=10_000.0):
    p = len(table)
    styles = style_table([style] * p)
    specs = spec_table(SPECS[:p])
    rules = Rules(specs, bounded(LIMITS), guarded(LIMITS, p), styles)
    marks = new_marks(equity)
    return decide(table, j, weight, nan, cash, marks, outside, no_readings(), rules, FREE)


def test_cash_and_caps_count_the_other_products_positions_and_orders():
    waiting = working(flat(10_000), KIND_LIMIT, BUY, 20)
    waiting["reserve_units"], waiting["held_back_units"] = 2000 * UNIT, 100 * UNIT
    table = stacked(waiting, holding(-30))
    assert account_sums(table, spec_table(SPECS)) == (5100.0, 8100 * UNIT)  # a short holds twice

    ticket, cancel = decided(stacked(flat(10_000), holding(-60)), 0, 0.5, cash=20_000 * UNIT)
    assert (ticket.code, ticket.quote, cancel) == (ACT_ENTER, 4000 * UNIT, 0)  # the gross cap
    ticket, _ = decided(stacked(flat(10_000), holding(-100)), 0, 0.5, cash=20_000 * UNIT)
    assert (ticket.code, ticket.value, ticket.limit_value) == (REFUSED_GROSS_CAP, 1.0, 1.0)
    ticket, _ = decided(stacked(flat(10_000), holding(-60)), 0, 0.5, cash=12_000 * UNIT)
    assert (ticket.code, ticket.limit_value) == (REFUSED_CASH, 0.0)


def test_what_is_being_canceled_counts_toward_the_products_cap():
    table = stacked(flat(10_000))
    table["held_back_units"][0] = 5000 * UNIT
    ticket, _ = decided(table, 0, 0.5, cash=20_000 * UNIT)
    assert (ticket.code, ticket.value) == (REFUSED_PRODUCT_CAP, 0.5)


def test_a_guard_refuses_the_entry_calls_a_working_one_back_and_lets_exits_pass():
    halted = NOBODY._replace(halt=1)
    ticket, cancel = decided(stacked(flat(10_000)), 0, 0.5, outside=halted)
    assert (ticket.code, ticket.kind, cancel) == (REFUSED_HALTED, KIND_NONE, 0)
    ticket, _ = decided(stacked(holding(50)), 0, 0.0, outside=halted)
    assert (ticket.code, ticket.kind, ticket.lots) == (ACT_EXIT, KIND_SIZE, 50)

    table = stacked(working(flat(10_000), KIND_LIMIT, BUY, 50))
    table["reserve_units"][0] = 5000 * UNIT
    paused = NOBODY._replace(pause=1)
    ticket, cancel = decided(table, 0, 0.5, outside=paused)
    assert (ticket.code, cancel) == (HOLD_ORDER_WORKING, 1)
    assert (table["kind"][0], table["reserve_units"][0]) == (KIND_NONE, 0)
    assert table["held_back_units"][0] == 5000 * UNIT  # until it is seen canceled
    assert decided(table, 0, 0.5, outside=paused)[0].code == REFUSED_PAUSED


def test_an_exit_cancels_the_working_addition():
    table = stacked(working(holding(30), KIND_LIMIT, BUY, 20))
    table["reserve_units"][0], table["held_back_units"][0] = 2000 * UNIT, 7
    ticket, cancel = decided(table, 0, 0.0)
    assert (ticket.code, ticket.side, ticket.lots, cancel) == (ACT_EXIT, SELL, 30, 1)
    assert table["held_back_units"][0] == 2000 * UNIT + 7


def test_an_entry_is_tried_twice_as_maker_then_dropped_then_tried_again():
    slots = stacked(flat(10_000))
    codes = []
    for _ in range(4):
        ticket, _ = decided(slots, 0, 0.5, style=PATIENT)
        codes.append(ticket.code)
        if ticket.kind != KIND_NONE:
            assert (ticket.kind, ticket.limit) == (KIND_LIMIT, 10_000)
            place(slots[0], ticket, 1, FAR_MS, nan, nan, nan, 0, FREE)
            assert play(slots[0], 10_100, 10_200, 10_050).fills == []
    assert codes == [ACT_ENTER, ACT_ENTER, HOLD_ENTRY_MISSED, ACT_ENTER]
    assert slots["attempts"][0] == 1


def test_an_exit_is_tried_twice_as_maker_then_crosses():
    slots = stacked(holding(30))
    kinds = []
    for _ in range(3):
        ticket, _ = decided(slots, 0, 0.0, style=PATIENT)
        kinds.append(ticket.kind)
        place(slots[0], ticket, 1, FAR_MS, nan, nan, nan, 0, FREE)
        seen = play(slots[0], 9_900, 9_950, 9_900)
    assert kinds == [KIND_LIMIT, KIND_LIMIT, KIND_SIZE]
    assert [fill[:3] for fill in seen.fills] == [(SELL, 30, 9_900)]
    assert slots["attempts"][0] == 0


def test_attempts_are_forgotten_on_a_hold_but_not_while_an_order_works():
    table = stacked(flat(10_000))
    table["attempts"][0] = 1
    assert decided(table, 0, nan)[0].code == HOLD_NO_OPINION
    assert table["attempts"][0] == 0
    table = stacked(working(flat(10_000), KIND_LIMIT, BUY, 50))
    table["attempts"][0] = 1
    assert decided(table, 0, 0.5)[0].code == HOLD_ORDER_WORKING
    assert table["attempts"][0] == 1


def test_the_newest_opinion_is_noted():
    table = stacked(flat(10_000))
    decided(table, 0, 0.4)
    decided(table, 0, nan)
    assert table["weight"][0] == 0.4


def test_place_puts_the_ticket_into_the_slot():
    slot = flat(10_000)
    ticket, _ = decided(stacked(slot), 0, 0.5)
    place(slot, ticket, 9, 1234, 0.1, 0.2, 0.3, 4, DEAR)
    assert told(slot, "kind", "side", "left_units") == (KIND_VALUE, BUY, CASH // 2)
    assert told(slot, "reserve_units", "left_lots", "limit_ticks") == (CASH // 2, 0, 0)
    assert told(slot, "reason", "cause", "expire_ms") == (FILL_ENTRY, 9, 1234)
    assert told(slot, "next_stop", "next_take", "next_trail") == (0.1, 0.2, 0.3)
    assert slot["next_max_bars"] == 4
    assert told(slot, "taker_e8", "maker_e8") == (DEAR.taker_e8, DEAR.maker_e8)


def test_an_exit_brings_no_protection():
    slot = holding(5)
    ticket, _ = decided(stacked(slot), 0, 0.0)
    place(slot, ticket, 9, 1234, 0.1, 0.2, 0.3, 4, DEAR)
    assert (slot["reason"], slot["next_max_bars"]) == (FILL_EXIT, 0)
    assert isnan(slot["next_stop"])


@pytest.mark.parametrize("style", [TAKER_STYLE, PATIENT])
def test_a_table_of_styles_gives_them_back(style):
    assert tuple(style_at(style_table([PATIENT, style]), 1)) == tuple(style)
