"""What each event comes to."""

import pytest

from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.order import (
    Amendment,
    Order,
    OrderIntent,
    OrderStatus,
    OrderType,
    Origin,
    TimeInForce,
)
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.commands import Approved, CancelOrder, SubmitOrder
from gpt_trader.engine.ids import protection_id
from gpt_trader.engine.state import with_new_orders
from gpt_trader.kernel.codes import SELL
from gpt_trader.risk.policy import RiskPolicy
from tests.engine_helpers import (
    COIN,
    DAY,
    GOLD,
    HOUR,
    PERP,
    T0,
    UNIT,
    Desk,
    commands_of,
    fills_of,
    records_of,
    refusal,
    sent,
)
from tests.engine_helpers import commands as commands_in

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC}


def desk_with_order(**asked):
    """A desk with a resting operator's buy, and its id."""
    desk = Desk()
    desk.bar(10_000)
    desk.place(1, **({"lots": 10, "limit": 9_000} | LIMIT | asked))
    return desk, next(iter(desk.state.orders))


def holding(lots=10, **terms):
    """A desk that holds something an operator bought."""
    desk = Desk(**terms)
    desk.bar(10_000)
    desk.place(1, lots=lots)
    desk.bar(10_000)
    assert desk.lots() == lots
    return desk


def test_started_changes_nothing():
    desk = Desk()
    [entry] = desk.send(ev.Started(0, {"seed": 1}))
    assert entry.records == entry.commands == ()
    assert desk.state == desk.start


def test_history_opens_the_window_without_a_decision():
    desk = Desk(min_bars=3, window_bars=2)
    bars = tuple(desk.bar(10_000 + i)[0].event.bar for i in range(3))
    other = Desk(min_bars=3, window_bars=2)
    entries = other.send(ev.HistoryLoaded(T0, "COIN-USD", bars))
    assert entries[0].records == (rec.HistoryTaken(),)
    assert other.state.bars_seen == (3,)
    assert other.state.window(0).close.tolist() == [10_001, 10_002]
    assert other.state.slots["close_ticks"][0] == 10_002
    assert other.state.cycles == 0


def test_history_without_bars_changes_nothing():
    desk = Desk()
    desk.send(ev.HistoryLoaded(T0, "COIN-USD", ()))
    assert desk.state == desk.start


def test_a_bar_is_taken_marked_and_decided():
    desk = Desk()
    [entry] = desk.bar(10_000)
    kinds = [type(record) for record in entry.records]
    assert kinds == [rec.BarTaken, rec.Marked, rec.Decided, rec.CycleEnded]
    assert desk.state.cycle_ms == T0


def test_a_cycle_waits_for_every_product():
    desk = Desk(COIN, GOLD)
    desk.bar(10_000, j=0)
    assert desk.state.cycles == 0
    desk.bar(10_000, j=1)
    assert desk.state.cycles == 1


def test_a_tick_decides_with_the_bars_that_are_in():
    desk = Desk(COIN, GOLD)
    desk.bar(10_000, j=0)
    desk.bar(10_000, j=1)
    desk.bar(10_000, j=1)
    entries = desk.send(ev.Ticked(T0 + 2 * HOUR))
    decided = records_of(entries, rec.Decided)
    assert [r.decision.product_id for r in decided] == ["GOLD-USD"]
    assert desk.state.cycle_ms == T0 + HOUR


def test_a_tick_without_bars_decides_nothing():
    desk = Desk()
    desk.bar(10_000)
    assert desk.send(ev.Ticked(T0 + HOUR))[0].records == ()


def test_a_late_bar_joins_no_cycle_and_is_seen_from_the_next():
    desk = Desk(COIN, GOLD)
    desk.bar(10_000, j=0)
    desk.bar(10_000, j=1)
    desk.bar(10_100, j=0)
    desk.send(ev.Ticked(T0 + 2 * HOUR))
    late = desk.bar(10_200, j=1, late_ms=HOUR // 2)
    assert not records_of(late, rec.Decided)
    assert desk.state.window(1).close[-1] == 10_200
    first = desk.bar(10_300, j=0)
    assert not records_of(first, rec.Decided), "the other product's bar is not in yet"
    both = desk.bar(10_400, j=1)
    assert [r.decision.close for r in records_of(both, rec.Decided)] == [10_300, 10_400]


def test_a_newer_bar_begins_the_next_cycle_if_no_tick_came():
    desk = Desk(COIN, GOLD)
    desk.bar(10_000, j=0)
    desk.bar(10_100, j=0)
    old = desk.bar(10_000, j=1)
    assert not records_of(old, rec.Decided)
    assert records_of(desk.bar(10_000, j=1), rec.Decided)
    assert desk.state.cycle_ms == T0 + HOUR


def test_a_corrected_bar_enters_the_window_and_undoes_nothing():
    desk = Desk()
    desk.want(0.2)
    desk.bar(10_000)
    desk.bar(10_000)
    before = desk.state
    entries = desk.bar(9_000, open_ms=T0)
    assert entries[0].records == (rec.BarCorrected(),)
    assert desk.state.window(0).close.tolist() == [9_000, 10_000]
    assert (desk.state.cash, desk.lots()) == (before.cash, int(before.slots["lots"][0]))
    assert desk.state.bars_seen == before.bars_seen


def test_a_missing_old_bar_is_put_into_its_place():
    desk = Desk()
    desk.bar(10_000)
    desk.bar(10_200, open_ms=T0 + 2 * HOUR)
    desk.bar(10_100, open_ms=T0 + HOUR)
    assert desk.state.window(0).close.tolist() == [10_000, 10_100, 10_200]
    desk.bar(1, open_ms=T0 - HOUR)  # before the window: nobody looks there
    assert desk.state.window(0).close.tolist() == [10_000, 10_100, 10_200]


def test_a_window_keeps_at_least_what_the_strategy_needs():
    desk = Desk(window_bars=3)
    for i in range(20):
        desk.bar(10_000 + i)
        assert min(i + 1, 3) <= len(desk.state.windows[0]) < 6
        assert desk.state.window(0).close[-1] == 10_000 + i


def test_funding_is_paid_on_what_is_held():
    desk = Desk(PERP)
    desk.bar(10_000)
    desk.place(1, lots=10)
    desk.bar(10_000)
    cash = desk.state.cash
    [entry] = [e for e in desk.bar(10_000, funding=0.001) if isinstance(e.event, ev.BarClosed)]
    assert entry.records[0] == rec.BarTaken(-UNIT)
    assert (desk.state.cash, desk.state.funding) == (cash - UNIT, -UNIT)


def test_orders_that_reduce_leave_before_entries():
    desk = Desk(COIN, GOLD)
    desk.want(0.0, 0)
    desk.want(0.2, 1)
    for _ in range(2):
        desk.bar(10_000, j=0)
        desk.bar(10_000, j=1)
    desk.want(0.2, 0)
    desk.want(0.0, 1)
    desk.bar(10_000, j=0)
    entries = desk.bar(10_000, j=1)
    assert [order.product_id for order in sent(entries)] == ["GOLD-USD", "COIN-USD"]


# Fills.


def test_a_fill_is_booked_once():
    desk, key = desk_with_order()
    order = desk.order(key)
    desk.fill(order, 4, 4, 9_000, fee=5)
    assert (desk.lots(), desk.order(key).filled, desk.state.fees) == (4, 4, 5)
    cash = desk.state.cash
    [entry] = desk.fill(order, 4, 4, 9_000, fee=5)
    assert entry.records == (rec.FillIgnored(),)
    assert (desk.lots(), desk.state.cash) == (4, cash)


def test_a_fill_after_a_lost_one_is_booked_up_to_its_cumulative_count():
    desk, key = desk_with_order()
    desk.fill(desk.order(key), 3, 8, 9_000, fee=3)
    assert (desk.lots(), desk.order(key).filled) == (8, 8)
    assert desk.state.fees == 8
    desk.fill(desk.order(key), 8, 10, 9_000, fee=8)  # overlaps: only two are new
    assert (desk.lots(), desk.state.fees) == (10, 10)


def test_a_fill_of_an_unknown_order_is_not_booked_and_halts():
    desk, key = desk_with_order()
    known = desk.order(key)
    stranger = known._replace(intent=known.intent._replace(client_order_id="other"))
    cash = desk.state.cash
    entries = desk.fill(stranger, 1, 1, 9_000)
    assert entries[0].records[0] == rec.FillIgnored()
    assert (desk.lots(), desk.state.cash, desk.state.halted) == (0, cash, True)
    assert desk.state.switch_reason == "a fill of an unknown order other"
    assert desk.order(key).status is OrderStatus.CANCELLED


@pytest.mark.parametrize("held_again", [False, True])
def test_a_protections_fill_is_not_booked_again_however_many_orders_came_after(held_again):
    desk = Desk(COIN, GOLD, risk=None, cash=100_000)
    desk.want(0.3, 0, stop=0.05)
    for _ in range(2):
        desk.bar(10_000, j=0)
        desk.bar(1_000, j=1)
    desk.want(0.0, 0)
    [stopped] = [
        entry.event
        for entry in desk.bar(9_000, open=10_000, j=0)
        if isinstance(entry.event, ev.FillReceived)
    ]
    desk.bar(1_000, j=1)
    if held_again:
        desk.want(0.1, 0)
    for i in range(140):
        desk.want(0.3 * (i % 2), 1)
        desk.bar(9_000, j=0)
        desk.bar(1_000, j=1)
    before = (desk.lots(), desk.state.cash)
    entries = desk.send(stopped)
    assert rec.FillIgnored() in entries[0].records
    assert (desk.lots(), desk.state.cash) == before
    assert desk.state.halted == held_again  # then its order is forgotten


def test_a_fill_after_the_end_is_booked_and_freezes_its_product():
    desk, key = desk_with_order()
    order = desk.order(key)
    desk.cancel(key)
    assert desk.order(key).status is OrderStatus.CANCELLED
    entries = desk.fill(order, 2, 2, 9_000)
    assert desk.lots() == 2
    assert not desk.state.halted
    assert key in desk.state.frozen[0]
    assert records_of(entries, rec.FillBooked)[0].is_late
    assert desk.order(key).status is OrderStatus.CANCELLED


def test_a_fill_proves_that_an_unknown_order_was_placed():
    desk, key = desk_with_order()
    order = desk.order(key)._replace(status=OrderStatus.SUBMIT_UNKNOWN)
    desk.state = replace_order(desk, order)
    desk.fill(order, 1, 1, 9_000)
    assert desk.order(key).status is OrderStatus.OPEN


def replace_order(desk, order):
    return with_new_orders(desk.state, order)


def test_a_stray_entry_fill_leaves_the_protection_that_there_is():
    desk = Desk()
    desk.want(0.2, stop=0.1)
    desk.bar(10_000)
    desk.bar(10_000)
    held, stop = desk.lots(), int(desk.state.slots["stop_ticks"][0])
    first = next(o for o in desk.state.orders.values() if o.intent.origin is Origin.ROUTE)
    desk.fill(first, 1, first.filled + 1, 10_000)
    assert desk.lots() == held + 1
    assert desk.state.slots["stop_ticks"][0] == stop > 0


# Statuses.


@pytest.mark.parametrize("late", ["SUBMITTED", "SUBMIT_UNKNOWN", "OPEN", "TRIGGERED"])
def test_a_late_report_does_not_wake_an_order_that_ended(late):
    desk, key = desk_with_order()
    desk.cancel(key)
    desk.report(key, OrderStatus(late))
    assert desk.order(key).status is OrderStatus.CANCELLED


def test_a_report_on_a_strangers_order_changes_nothing():
    desk, _ = desk_with_order()
    before = desk.state
    desk.report("other", OrderStatus.FILLED)
    assert desk.state == before


def test_a_trigger_without_a_position_changes_nothing():
    desk = Desk()
    desk.bar(10_000)
    guard = ev.OrderUpdated(desk.now(), "COIN-USD", guard_of(desk), OrderStatus.TRIGGERED)
    before = desk.state
    desk.send(guard)
    assert desk.state == before


def guard_of(desk):
    return protection_id(desk.plan, desk.state, 0)


def test_few_ended_orders_are_kept():
    desk = Desk(risk=RiskPolicy(max_entries_per_day=10**6))
    desk.bar(10_000)
    for _ in range(80):
        desk.place(1, lots=5, limit=9_000, **LIMIT)
        desk.cancel(list(desk.state.orders)[-1])
    assert len(desk.state.orders) <= 65
    assert desk.state.slots["held_back_units"][0] == 0, "nothing is held back for what ended"


# An operator's orders.


def test_an_operators_order_is_sent_and_money_set_aside():
    desk, key = desk_with_order()
    order = desk.order(key)
    assert (order.intent.origin, order.status) == (Origin.OPERATOR, OrderStatus.OPEN)
    assert order.reserve == 900 * UNIT
    assert desk.state.slots["held_back_units"][0] == order.reserve


def test_a_command_is_carried_out_once():
    desk = Desk()
    desk.bar(10_000)
    request = desk.request(1, command_id="same", lots=5)
    assert sent(desk.send(request))
    assert refusal(desk.send(request)) == "DUPLICATE"


def test_cancel_of_something_else_is_refused():
    desk, key = desk_with_order()
    assert refusal(desk.cancel("other")) == "NOT_OPEN"
    desk.cancel(key)
    assert refusal(desk.cancel(key)) == "NOT_OPEN"
    assert refusal(desk.amend(key, 5, 9_000)) == "NOT_OPEN"


def test_an_amendment_changes_size_and_price_only():
    desk, key = desk_with_order()
    before = desk.order(key)
    desk.amend(key, 20, 8_000)
    after = desk.order(key)
    assert (after.intent.lots, after.intent.limit, after.reserve) == (20, 8_000, 1_600 * UNIT)
    assert after.intent._replace(lots=10, limit=9_000) == before.intent
    assert after._replace(intent=before.intent, reserve=before.reserve, is_new=False) == (
        before._replace(is_new=False)
    )


@pytest.mark.parametrize(
    "change, code",
    [
        ((0, 9_000), "NOT_AMENDABLE"),
        ((10, 0), "NOT_AMENDABLE"),
        ((300, 9_000), "PRODUCT_CAP"),
    ],
)
def test_an_amendment_passes_the_same_limits(change, code):
    desk, key = desk_with_order()
    assert refusal(desk.amend(key, *change)) == code


def test_an_amendment_without_an_answer_keeps_the_larger_reserve():
    desk, key = desk_with_order()
    before = desk.order(key)
    desk.broker = Silent()
    desk.amend(key, 20, 8_000)
    waiting = desk.order(key)
    assert (waiting.intent.lots, waiting.intent.limit, waiting.reserve) == (10, 9_000, 1_600 * UNIT)
    assert waiting.amendment == Amendment(20, 8_000)
    desk.amend(key, 1, 8_000)
    assert desk.order(key).reserve >= before.reserve
    desk.restart()
    product_id = before.product_id
    desk.send(ev.OrderAmended(desk.now(), product_id, key, 1, 8_000))
    after = desk.order(key)
    assert (after.intent.lots, after.intent.limit, after.reserve) == (1, 8_000, 80 * UNIT)
    assert after.amendment == Amendment()


def test_an_order_being_cancelled_or_unknown_is_not_amended():
    desk, key = desk_with_order()
    desk.state = replace_order(desk, desk.order(key)._replace(status=OrderStatus.SUBMIT_UNKNOWN))
    assert refusal(desk.amend(key, 5, 9_000)) == "NOT_AMENDABLE"


def test_an_amended_sale_cannot_exceed_what_is_held():
    desk = holding(10)
    desk.place(-1, lots=5, limit=11_000, **LIMIT)
    key = list(desk.state.orders)[-1]
    assert refusal(desk.amend(key, 11, 11_000)) == "NOTHING_TO_SELL"
    assert refusal(desk.amend(key, 10, 11_000)) is None


def test_an_amendment_of_a_sale_whose_position_is_gone_is_refused():
    desk = holding(10)
    desk.place(-1, lots=5, limit=11_000, **LIMIT)
    key = list(desk.state.orders)[-1]
    desk.place(-1, lots=5)
    desk.bar(10_000)
    desk.broker = Silent()
    desk.state.slots["lots"][0] = 0  # sold elsewhere
    assert refusal(desk.amend(key, 4, 11_000)) == "NOTHING_TO_SELL"


def test_a_brokers_amendment_of_an_unknown_order_changes_nothing():
    desk = Desk()
    [entry] = desk.send(ev.OrderAmended(0, "COIN-USD", "other", 5, 5))
    assert entry.records == ()


def test_a_reduce_only_order_never_opens():
    desk = Desk(PERP)
    desk.bar(10_000)
    assert refusal(desk.place(-1, lots=5, reduce_only=True)) == "NOTHING_TO_SELL"
    assert refusal(desk.place(1, lots=5, reduce_only=True)) == "NOTHING_TO_SELL"


def test_a_sale_is_cut_to_what_is_held_and_not_yet_for_sale():
    desk = holding(10)
    assert sent(desk.place(-1, lots=4, limit=11_000, **LIMIT))[0].intent.lots == 4
    order = sent(desk.place(-1, lots=100, limit=12_000, **LIMIT))[0]
    assert (order.intent.lots, order.intent.reduce_only) == (6, True)
    assert refusal(desk.place(-1, lots=1)) == "NOTHING_TO_SELL"


@pytest.mark.parametrize("held", [10, -10])
@pytest.mark.parametrize("worth, lots", [(350, 3), (10**9, 10), (99, None)])
def test_an_exit_by_value_is_cut_to_what_is_held(held, worth, lots):
    desk = Desk(PERP, risk=None, costs=CostModel(taker_bps=0, spread_bps=0, slippage_bps=0))
    desk.bar(10_000)
    desk.place(1 if held > 0 else -1, lots=10)
    desk.bar(10_000)
    assert desk.lots() == held
    entries = desk.place(-1 if held > 0 else 1, quote=worth * UNIT)
    if lots is None:
        assert refusal(entries) == "NOTHING_TO_SELL"
        return
    [order] = sent(entries)
    assert (order.intent.lots, order.intent.quote, order.intent.reduce_only) == (lots, 0, True)
    desk.bar(10_000)
    assert abs(desk.lots()) == 10 - lots


def test_an_exit_by_value_is_sized_at_the_worst_price():
    costs = CostModel(taker_bps=100, spread_bps=0, slippage_bps=1_000)
    desk = Desk(COIN, risk=None, costs=costs)
    desk.bar(10_000)
    desk.place(1, lots=10)
    desk.bar(10_000)
    assert sent(desk.place(-1, quote=360 * UNIT))[0].intent.lots == 4


# Latches.


TIGHT = RiskPolicy(
    max_product_pct=100, max_daily_loss_pct=3, max_drawdown_pct=5, min_size_multiple=1
)


def test_the_cycle_that_turns_a_latch_on_cancels_an_operators_entries():
    desk = Desk(COIN, GOLD, risk=TIGHT)
    desk.want(0.5, 1)
    for _ in range(2):
        desk.bar(10_000, j=0)
        desk.bar(1_000, j=1)
    [order] = sent(desk.place(1, lots=20, limit=9_000, **LIMIT))
    desk.bar(10_000, j=0)
    desk.bar(700, j=1)
    assert (desk.state.marks.halted, desk.state.marks.day_halted) == (1, 1)
    assert desk.order(order.client_order_id).status is OrderStatus.CANCELLED
    assert not fills_of(desk.bar(8_900, open=9_500, low=8_800, j=0))


def test_the_cycle_that_turns_a_latch_on_cancels_the_entry_of_a_product_without_a_bar():
    desk = Desk(COIN, GOLD, risk=TIGHT)
    desk.want(0.6, 1)
    desk.bar(10_000, j=0)
    desk.bar(1_000, j=1)
    desk.want(0.3, 0)
    desk.bar(10_000, j=0)
    [entry] = [o for o in sent(desk.bar(1_000, j=1)) if o.product_id == "COIN-USD"]
    desk.bar(700, j=1)
    desk.send(ev.Ticked(desk.now()))
    assert desk.order(entry.client_order_id).status is OrderStatus.CANCELLED
    assert desk.state.slots["held_back_units"].tolist() == [0, 0]
    assert not fills_of(desk.bar(10_000, j=0, open_ms=desk.state.last_bar_ms[0] + 2 * HOUR))


def test_a_latch_that_is_on_already_cancels_nothing_again():
    desk = Desk(COIN, risk=TIGHT)
    desk.bar(10_000)
    desk.place(1, lots=50)
    desk.bar(10_000)
    desk.bar(5_000)
    assert not records_of(desk.bar(4_000), rec.CancelTaken)


# Switches.


def test_a_halt_cancels_entries_at_once_and_leaves_exits():
    desk = holding(10)
    desk.place(1, lots=5, limit=9_000, **LIMIT)
    entry_id = list(desk.state.orders)[-1]
    desk.place(-1, lots=5, limit=11_000, **LIMIT)
    exit_id = list(desk.state.orders)[-1]
    entries = desk.send(ev.HaltRequested(desk.now(), "ann", "news"))
    assert [c.client_order_id for c in commands_of(entries, CancelOrder)] == [entry_id]
    assert desk.order(entry_id).status is OrderStatus.CANCELLED
    assert desk.order(exit_id).status is OrderStatus.OPEN
    assert (desk.state.halted, desk.state.switched_by, desk.state.switch_reason) == (
        True, "ann", "news",
    )  # fmt: skip


@pytest.mark.parametrize("stop", ["halt", "pause"])
def test_a_routes_resting_entry_does_not_fill_after_a_halt(stop):
    desk = Desk()
    desk.want(0.2)
    assert sent(desk.bar(10_000))
    event = (
        ev.HaltRequested(desk.now(), "t", "r")
        if stop == "halt"
        else ev.PauseRequested(desk.now(), "t", paused=True)
    )
    desk.send(event)
    desk.want(0.2)
    entries = desk.bar(10_000)
    assert not fills_of(entries)
    assert desk.decision().name == ("HALTED" if stop == "halt" else "PAUSED")


@pytest.mark.parametrize("paused", [True, False])
def test_a_pause_leaves_who_halted_and_why(paused):
    desk = Desk()
    desk.send(ev.HaltRequested(0, "ann", "margin call"))
    desk.send(ev.PauseRequested(0, "bob", paused=paused))
    state = desk.state
    assert (state.halted, state.paused) == (True, paused)
    assert (state.switched_by, state.switch_reason) == ("ann", "margin call")


def test_resume_lets_entries_pass_again():
    desk = Desk()
    desk.send(ev.PauseRequested(0, "t", paused=True))
    desk.want(0.2)
    desk.bar(10_000)
    assert desk.decision().name == "PAUSED"
    desk.send(ev.PauseRequested(0, "t", paused=False))
    assert sent(desk.bar(10_000))


def test_rearm_clears_a_halt_and_the_drawdown_latch():
    desk = Desk()
    desk.state = halved(desk)
    assert desk.state.marks.halted
    desk.send(ev.Rearmed(0, "ann", "seen"))
    assert not desk.state.marks.halted
    assert not desk.state.halted
    assert desk.state.marks.high == desk.state.marks.equity
    desk.send(ev.HaltRequested(0, "ann", "x"))
    desk.send(ev.Rearmed(0, "ann", "seen"))
    assert not desk.state.halted


def halved(desk):
    return desk.state._replace(marks=desk.state.marks._replace(halted=1, equity=5_000.0))


def test_rearm_is_refused_while_an_order_is_unknown():
    desk, key = desk_with_order()
    desk.state = replace_order(desk, desk.order(key)._replace(status=OrderStatus.SUBMIT_UNKNOWN))
    desk.broker = Silent()
    desk.send(ev.HaltRequested(0, "t", "r"))
    assert refusal(desk.send(ev.Rearmed(0, "ann", "go"))) == "UNKNOWN_ORDER"
    assert desk.state.halted
    desk.report(key, OrderStatus.REJECTED)
    desk.send(ev.Rearmed(0, "ann", "go"))
    assert not desk.state.halted


# An order of unknown outcome.


class Silent:
    """A broker that takes orders and never answers."""

    def __init__(self):
        self.got = []

    def on_bar(self, plan, state, event):
        return []

    def execute(self, plan, state, commands, time_ms):
        self.got += commands
        return []

    def reconcile(self, plan, state, time_ms):
        return []


def test_lesson_15_an_unknown_order_is_never_sent_again_and_makes_its_product_reduce_only():
    desk = Desk(COIN, GOLD)
    desk.broker = Silent()
    desk.want(0.2, 0)
    desk.bar(10_000, j=0)
    desk.bar(10_000, j=1)
    [order] = sent(desk.entries)
    desk.report(order.client_order_id, OrderStatus.SUBMIT_UNKNOWN)
    desk.want(0.2, 1)
    for _ in range(5):
        desk.bar(10_000, j=0)
        desk.bar(10_000, j=1)
    ids = [o.client_order_id for o in sent(desk.entries) if o.product_id == "COIN-USD"]
    assert ids == [order.client_order_id]
    assert desk.order(order.client_order_id).status is OrderStatus.SUBMIT_UNKNOWN
    assert desk.order(order.client_order_id).reserve == order.reserve, "its worst case counts"
    assert desk.decision(0).name == "UNKNOWN_ORDER"
    assert any(o.product_id == "GOLD-USD" for o in sent(desk.entries)), "others go on"
    desk.report(order.client_order_id, OrderStatus.REJECTED)
    desk.bar(10_000, j=0)
    desk.bar(10_000, j=1)
    assert len({o.client_order_id for o in sent(desk.entries)}) == len(sent(desk.entries))
    assert sent(desk.entries)[-1].product_id == "COIN-USD"


def test_cancelling_an_unknown_order_leaves_it_unknown():
    desk, key = desk_with_order()
    desk.broker = Silent()
    desk.state = replace_order(desk, desk.order(key)._replace(status=OrderStatus.SUBMIT_UNKNOWN))
    desk.cancel(key)
    assert desk.order(key).status is OrderStatus.SUBMIT_UNKNOWN
    assert commands_in(desk.entries[-1:])


def test_an_order_being_cancelled_stays_so_until_it_ends():
    desk, key = desk_with_order()
    desk.broker = Silent()
    desk.cancel(key)
    desk.report(key, OrderStatus.OPEN)
    assert desk.order(key).status is OrderStatus.PENDING_CANCEL
    desk.report(key, OrderStatus.CANCELLED)
    assert desk.order(key).status is OrderStatus.CANCELLED


# Money from outside, and the day.


def test_lesson_11_transfers_are_neither_profit_nor_loss():
    desk = holding(10)
    desk.send(ev.Adjusted(desk.now(), "USD", "-3000", "withdrawal", "ann", ""))
    desk.bar(10_000)
    marks = desk.state.marks
    assert (marks.equity, marks.high, marks.day_start) == (7_000.0, 7_000.0, 7_000.0)
    assert not marks.day_halted
    assert not marks.halted
    assert desk.state.transfers == -3_000 * UNIT
    desk.send(ev.Adjusted(desk.now(), "USD", "20000", "deposit", "ann", ""))
    desk.bar(6_000)  # a loss of 400 on 10 units: the deposit does not hide it
    assert desk.state.marks.day_start - desk.state.marks.equity == 10 * 40


@pytest.mark.parametrize("restart", [False, True])
def test_lesson_11_the_daily_loss_ends_with_the_utc_day_across_a_restart(restart):
    desk = holding(20)
    desk.want(0.25)
    desk.bar(8_000)  # 20 % of a 20 % position: 4 % of equity
    assert desk.state.marks.day_halted
    while desk.now() < T0 + DAY:
        if restart:
            desk.restart()
        desk.bar(8_000)
        assert desk.decision().name == "DAILY_LOSS"
    desk.bar(8_000)
    assert not desk.state.marks.day_halted
    assert desk.decision().name == "ENTER"


def test_an_account_without_money_decides_without_error():
    desk = Desk(cash=0)
    desk.want(0.2)
    desk.bar(10_000)
    assert desk.decision().name == "MISSING_INPUT"
    guards = {g.name: g.state for g in desk.decision().guards}
    assert guards["product_share"] == "UNKNOWN"
    assert refusal(desk.place(1, lots=1)) == "MISSING_INPUT"


def test_the_same_submit_has_the_same_id_in_the_journal_and_at_the_broker():
    desk = Desk()
    desk.want(0.2)
    [entry] = [e for e in desk.bar(10_000) if commands_of([e], SubmitOrder)]
    decided = records_of([entry], rec.Decided)[0]
    assert entry.commands == (SubmitOrder(Approved(decided.order)),)


# An order's life: what must not be.


def test_two_ends_that_exclude_each_other_freeze_the_product():
    desk, key = desk_with_order()
    order = desk.order(key)
    desk.fill(order, order.intent.lots, order.intent.lots, 9_000)
    desk.send(ev.OrderUpdated(desk.now(), "COIN-USD", key, OrderStatus.FILLED))
    assert desk.state.frozen == ("",)
    desk.send(ev.OrderUpdated(desk.now(), "COIN-USD", key, OrderStatus.CANCELLED))
    assert key in desk.state.frozen[0]
    assert desk.order(key).status is OrderStatus.FILLED
    assert not desk.state.halted


def test_an_order_that_was_never_placed_and_lives_is_cancelled():
    desk, key = desk_with_order()
    desk.send(ev.OrderUpdated(desk.now(), "COIN-USD", key, OrderStatus.REJECTED, "NOT_PLACED"))
    lives = ev.OrderUpdated(desk.now(), "COIN-USD", key, OrderStatus.OPEN, "", "x1")
    entries = desk.send(lives)
    assert key in desk.state.frozen[0]
    assert CancelOrder("COIN-USD", key) in entries[0].commands
    desk.send(ev.Rearmed(desk.now(), "ann", "seen"))
    assert desk.state.frozen == ("",)


def test_a_frozen_product_lets_its_entries_go_and_others_enter():
    desk = Desk(COIN, GOLD)
    for j in (0, 1):
        desk.bar(10_000, j=j)
    desk.place(1, lots=2, limit=9_000, type=OrderType.LIMIT, tif=TimeInForce.GTC)
    [key] = desk.state.orders
    desk.send(ev.PositionFound(desk.now(), "COIN-USD", "t", "odd"))
    assert desk.order(key).status is OrderStatus.CANCELLED
    desk.want(0.1, j=0)
    desk.want(0.1, j=1)
    for j in (0, 1):
        desk.bar(10_000, j=j)
    assert desk.decision(0).name == "UNRECONCILED"
    assert desk.decision(1).name == "ENTER"


def test_a_position_of_a_lost_journal_is_held_with_its_stop_and_only_sold():
    desk = Desk()
    desk.bar(10_000)
    asked = OrderIntent(
        "theirs", "COIN-USD", SELL, OrderType.BRACKET, TimeInForce.GTC, 5, 0, 11_000, 9_500,
        reduce_only=True, origin=Origin.PROTECTION,
    )  # fmt: skip
    stop = Order(asked, OrderStatus.OPEN)
    desk.send(ev.PositionFound(desk.now(), "COIN-USD", "t", "lost", 5, 10_200, stop))
    slot = desk.state.slots[0]
    assert (slot["lots"], slot["stop_ticks"], slot["take_ticks"]) == (5, 9_500, 11_000)
    assert desk.state.slots["average_ticks"][0] == 10_200
    assert desk.state.slots["stop"][0] == pytest.approx(1 - 9_500 / 10_200)
    assert desk.state.slots["take"][0] == pytest.approx(11_000 / 10_200 - 1)
    assert desk.order("theirs") == stop
    assert "lost" in desk.state.frozen[0]
    again = ev.PositionFound(desk.now(), "COIN-USD", "t", "lost", 50, 10_000)
    assert not records_of(desk.send(again), rec.PositionTaken)
    assert desk.lots() == 5
    desk.want(0.9)
    desk.bar(10_000)
    assert desk.decision().name == "UNRECONCILED"
    desk.want(0.0)
    desk.bar(10_000)
    assert desk.decision().name == "EXIT"


def test_a_deposit_moves_what_gains_and_losses_are_measured_against():
    desk = Desk()
    desk.bar(10_000)
    before = desk.state.marks
    desk.send(ev.Adjusted(desk.now(), "USD", "2", "deposit", "ann", "x"))
    after = desk.state.marks
    assert after.equity - before.equity == 2.0
    assert after.high - before.high == 2.0
    assert after.day_start - before.day_start == 2.0


def test_only_rearm_clears_the_drawdown_latch_and_begins_a_new_high():
    desk = Desk()
    desk.bar(10_000)
    latched = desk.state.marks._replace(halted=1, high=2 * desk.state.marks.equity)
    desk.state = desk.state._replace(marks=latched)
    desk.send(ev.PauseRequested(desk.now(), "ann", paused=True))
    desk.send(ev.HaltRequested(desk.now(), "ann", "odd"))
    assert desk.state.marks == latched
    desk.send(ev.Rearmed(desk.now(), "ann", "seen"))
    assert (desk.state.marks.halted, desk.state.marks.high) == (0, latched.equity)


def test_entries_are_counted_and_exits_are_not():
    desk = Desk()
    desk.bar(10_000)
    desk.want(0.2)
    desk.bar(10_000)
    assert desk.state.marks.entries == 1
    desk.want(0.0)
    desk.bar(10_000)
    desk.bar(10_000)
    assert desk.lots() == 0
    assert desk.state.marks.entries == 1


def test_a_stop_cancels_what_could_still_open_a_position():
    desk, key = desk_with_order()
    entries = desk.send(ev.StopRequested(desk.now(), "t"))
    assert entries[0].commands == (CancelOrder("COIN-USD", key),)
    assert desk.order(key).status is OrderStatus.CANCELLED
    assert not desk.state.halted


def test_flatten_halts_and_sells_what_is_held():
    desk = Desk()
    desk.bar(10_000)
    desk.want(0.2)
    desk.bar(10_000)
    desk.bar(10_000)
    held = desk.lots()
    assert held > 0
    entries = desk.send(ev.FlattenRequested(desk.now(), "ann", "enough"))
    [order] = [c.order for c in entries[0].commands if isinstance(c, SubmitOrder)]
    assert (order.intent.side, order.intent.lots, order.intent.type) == (-1, held, OrderType.MARKET)
    assert (desk.state.halted, desk.state.flattening) == (True, True)
    desk.bar(10_000)
    assert desk.lots() == 0
    desk.send(ev.Rearmed(desk.now(), "ann", "again"))
    assert (desk.state.halted, desk.state.flattening) == (False, False)


@pytest.mark.parametrize(
    "asset, amount, frozen",
    [
        ("USD", "-0.01", (False, False)),
        ("USD", "-0.010000001", (True, True)),
        ("USD", "5", (False, False)),
        ("COIN", "-0.0001", (False, False)),  # at a price of 100
        ("COIN", "-0.00010001", (True, False)),
        ("OTHER", "-5", (False, False)),
    ],
)
def test_what_is_gone_freezes_what_it_was_for_unless_it_is_dust(asset, amount, frozen):
    desk = Desk(COIN, GOLD)
    for j in (0, 1):
        desk.bar(10_000, j=j)
    desk.send(ev.Adjusted(desk.now(), asset, amount, "reconciliation", "t", "t"))
    assert tuple(map(bool, desk.state.frozen)) == frozen
    assert desk.state.ledger[asset] == amount
    desk.send(ev.Adjusted(desk.now(), asset, amount, "withdrawal", "ann", "rent"))
    assert tuple(map(bool, desk.state.frozen)) == frozen, "somebody explained it"
