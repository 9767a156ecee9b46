# ruff: noqa: F811 - fixtures that are imported
"""A doubt's clock goes on when its process ends: pages and adoptions come in their time."""

import json
from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.broker import ExchangeBroker
from gpt_trader.broker.exchange.hearsay import DOUBT_MS
from gpt_trader.broker.exchange.witness import HOLD_MS
from gpt_trader.domain.account import History
from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine import events as ev
from gpt_trader.engine.codec import state_from_json, state_text
from gpt_trader.engine.state import Doubt
from gpt_trader.errors import Unavailable
from gpt_trader.runtime.live.apart import APART, APART_MS, STAYS_MS, UNTOLD_LOOKS, UNTOLD_MS
from gpt_trader.runtime.live.lasting import BEGINS_MS, news_of_doubts
from gpt_trader.runtime.live.looks import CONTRADICTED, PAGE_MS
from gpt_trader.runtime.live.reconcile import ACCOUNT, BLIND_MS
from tests.runtime.live.test_hearsay import (
    desk,  # noqa: F401 - a fixture
    hold_for_somebody,
    over_the_stream,
    told,
    turn,
)

LIVES_MS = 5_000  # before the process ends, and another begins
LATE_MS = LIVES_MS + BEGINS_MS  # at most, than in one process that goes on
DAY_MS = 86_400_000


def restart(desk, down_ms=0):
    """End the process and begin another: it knows what the journal says, and no more."""
    desk.passed_ms += down_ms
    desk.state = state_from_json(desk.plan, json.loads(state_text(desk.state)))
    desk.broker = ExchangeBroker(desk.broker.account)
    desk.attend({"USD": Decimal(10_000)})
    desk.send(ev.Started(desk.time(), {}))


def live(desk, for_ms):
    """Let time pass in processes that do not last; return (after how long, event)."""
    found = []
    for passed_ms in range(0, for_ms, 500):
        if passed_ms % LIVES_MS == 0:
            restart(desk)
        found += [(passed_ms, event) for event in turn(desk, 500)]
    return found


def when(found, about):
    """Return when something was noted."""
    return [ms for ms, event in found if isinstance(event, ev.Noted) and event.about == about]


def of_an_end(desk):
    """Let an order say that it was cancelled, while the wallet holds its coins."""
    account = desk.broker.account
    own = account.order
    account.order = lambda key: own(key)._replace(life=OrderStatus.CANCELLED)
    account.open_orders = lambda _: History([], is_whole=True)
    over_the_stream(desk, told(desk, OrderStatus.CANCELLED))


def test_what_is_not_told_alike_pages_and_freezes_in_its_time(desk):
    of_an_end(desk)
    found = live(desk, PAGE_MS + 2 * LATE_MS)
    [at_ms] = when(found, CONTRADICTED)
    assert PAGE_MS - 1_000 <= at_ms <= PAGE_MS + LATE_MS, "once, though many processes came"
    assert "the wallets do not tell the same" in desk.state.frozen[0]
    assert len([event for _, event in found if isinstance(event, ev.Doubted)]) <= 3


def test_entries_wait_from_the_start_for_what_was_in_doubt_before(desk):
    of_an_end(desk)
    for _ in range(2 + DOUBT_MS // 1_000):
        turn(desk, 1_000)
    restart(desk)
    assert desk.upkeep.looks.doubt(desk.time())
    assert not desk.upkeep.is_settled


def test_what_was_settled_is_in_doubt_no_more(desk):
    own, listed = desk.broker.account.order, desk.broker.account.open_orders
    of_an_end(desk)
    live(desk, LIVES_MS)
    assert desk.resting.client_order_id in desk.state.doubts
    desk.broker.account.order, desk.broker.account.open_orders = own, listed
    desk.broker.account.cancel([desk.resting.exchange_id])
    live(desk, 2 * LIVES_MS)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.CANCELLED
    assert desk.state.doubts == {}
    assert "doubts" not in json.loads(state_text(desk.state))


def test_what_is_settled_within_a_moment_is_not_written_down(desk):
    desk.exchange.trade(Decimal(201))
    over_the_stream(desk, told(desk))
    found = [event for _ in range(20) for event in turn(desk, 100)]
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.FILLED
    assert not [event for event in found if isinstance(event, ev.Doubted)]


def test_coins_on_hold_keep_a_position_from_its_exit_no_longer(desk):
    key = desk.resting.client_order_id
    hold_for_somebody(desk, Decimal(10), 11)
    desk.cancel(key)
    live(desk, HOLD_MS - 2_000)
    assert desk.order(key).status is OrderStatus.PENDING_CANCEL
    live(desk, 2_000 + LATE_MS)
    assert desk.order(key).status is OrderStatus.CANCELLED


@pytest.mark.parametrize("down_ms", [0, DAY_MS])
def test_a_difference_is_adopted_in_its_time(down_ms, desk):
    desk.exchange.wallets["USD"] -= 1
    live(desk, STAYS_MS // 2)
    desk.passed_ms += down_ms
    found = live(desk, STAYS_MS // 2 + LATE_MS)
    [adopted] = [event for _, event in found if isinstance(event, ev.Adjusted)]
    assert (adopted.asset, adopted.amount) == ("USD", "-1")
    assert desk.state.doubts == {}


def of_an_unknown_row(desk):
    """Take a dollar away, and let a fill be told of an order that does not tell it."""
    account = desk.broker.account
    rows = [one._replace(size=one.size + 1) for one in account.fills().rows]
    account.fills = lambda **_: History(rows, is_whole=True)
    desk.exchange.wallets["USD"] -= 1


def test_an_account_out_of_line_pages_and_is_adopted_in_its_time(desk):
    of_an_unknown_row(desk)
    found = live(desk, UNTOLD_MS + 3 * LATE_MS)
    paged = when(found, APART)
    assert paged[0] <= APART_MS + LATE_MS
    [adopted_ms] = [ms for ms, event in found if isinstance(event, ev.Adjusted)]
    assert UNTOLD_MS <= adopted_ms <= UNTOLD_MS + 3 * LATE_MS
    looks = [event for _, event in found if isinstance(event, ev.Doubted)]
    assert len(looks) <= UNTOLD_MS // 1_000


def test_a_day_without_a_process_is_no_time_of_looks(desk):
    of_an_unknown_row(desk)
    for _ in range(UNTOLD_LOOKS):
        restart(desk, DAY_MS)
        found = [event for _ in range(4) for event in turn(desk, 500)]
        assert not [event for event in found if isinstance(event, ev.Adjusted)]


def test_what_is_in_line_at_the_first_look_after_a_night_pages_nobody(desk):
    desk.exchange.wallets["USD"] -= 1
    live(desk, LIVES_MS)
    assert APART in desk.state.doubts
    desk.exchange.wallets["USD"] += 1
    restart(desk, DAY_MS)
    found = [(0, event) for _ in range(20) for event in turn(desk, 500)]
    assert not when(found, APART)
    assert desk.state.doubts == {}


def test_an_account_that_nobody_can_see_pages_in_its_time(desk):
    def unanswered():
        raise Unavailable("no answer")

    desk.broker.account.balances = unanswered
    found = live(desk, BLIND_MS + 2 * LATE_MS)
    [at_ms] = when(found, ACCOUNT)
    assert BLIND_MS <= at_ms <= BLIND_MS + LATE_MS


def test_who_does_not_look_at_the_account_leaves_its_doubts_as_they_are(desk):
    desk.exchange.wallets["USD"] -= 1
    live(desk, LIVES_MS)
    known = desk.state.doubts
    desk.upkeep.account = None
    turn(desk, 60_000)
    assert desk.state.doubts == known


def test_only_what_changed_is_told():
    one, other = Doubt(5, {"a": 1}), Doubt(5, {"a": 2})
    assert news_of_doubts({"x": one}, {"x": one}, 9) == []
    assert news_of_doubts({"x": one}, {"x": other}, 9) == [ev.Doubted(9, "x", 5, {"a": 2})]
    assert news_of_doubts({"x": one}, {}, 9) == [ev.Doubted(9, "x", 0, {})]
