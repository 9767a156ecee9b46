"""Whatever is unknown is asked for every few seconds; what a single cycle waits for."""

from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.cadence import ENDING_MS, UNKNOWN_MS
from gpt_trader.domain.account import Balance, CancelResult, History, Placed
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine.state import is_doubtful
from gpt_trader.errors import Unavailable
from gpt_trader.runtime.live.assemble import Carriers
from gpt_trader.runtime.live.endings import LATE_MS
from gpt_trader.runtime.live.feed import Clock, LiveFeed
from gpt_trader.runtime.live.looks import CONTRADICTED
from gpt_trader.runtime.live.polls import Polls
from gpt_trader.runtime.live.reconcile import CALM_MS
from tests.broker.slow import Slow
from tests.broker.test_contract import TinyDesk, without_answers
from tests.broker.tiny.venue import TinyMarket
from tests.engine_helpers import sent

LIMIT = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC, "lots": 10, "limit": 9_000}


@pytest.fixture
def desk():
    made = TinyDesk()
    made.bar(10_000)
    return made


def turn(desk, after_ms, *, is_up):
    """Let time pass; return the events that a turn hands over."""
    desk.passed_ms += after_ms
    return [
        event
        for event in desk.upkeep.turn(desk.time(), is_up=is_up)
        if desk.send(event) is not None
    ]


def test_a_calm_account_is_looked_at_once_a_minute(desk):
    assert turn(desk, 0, is_up=True)
    assert not turn(desk, CALM_MS - 1, is_up=True)
    assert [type(event) for event in turn(desk, 1, is_up=True)] == [ev.Reconciled]


@pytest.mark.parametrize("is_up", [False, True])
def test_what_nobody_has_answered_is_asked_for_soon_even_if_the_stream_is_up(is_up, desk):
    turn(desk, 0, is_up=is_up)
    with without_answers(desk):
        [order] = sent(desk.place(1, **LIMIT))
    key = order.client_order_id
    assert not desk.upkeep.is_settled
    assert desk.order(key).status is OrderStatus.SUBMITTED
    turn(desk, 100, is_up=is_up)
    assert desk.order(key).status is OrderStatus.OPEN
    assert desk.upkeep.is_settled


def test_what_may_have_been_missed_is_due_at_once(desk):
    turn(desk, 0, is_up=True)
    [order] = sent(desk.place(1, **LIMIT))
    turn(desk, 1_000, is_up=True)
    desk.exchange.trade(Decimal(89))
    turn(desk, 1_000, is_up=True)
    assert desk.order(order.client_order_id).filled == 0, "the stream would have said so"
    desk.upkeep.looks.again()
    turn(desk, 0, is_up=True)
    turn(desk, 0, is_up=True)  # its fills say so, too
    assert desk.order(order.client_order_id).status is OrderStatus.FILLED


def no_answer(_):
    raise Unavailable("no")


@pytest.mark.parametrize("answer", [no_answer, lambda _: None])
def test_a_look_that_told_nothing_is_soon_tried_again_even_if_the_stream_is_up(answer, desk):
    turn(desk, 0, is_up=True)
    [order] = sent(desk.place(1, **LIMIT))
    turn(desk, 1_000, is_up=True)
    desk.exchange.trade(Decimal(89))
    desk.broker.account.order = answer
    desk.upkeep.looks.again()
    turn(desk, 0, is_up=True)
    del desk.broker.account.order
    turn(desk, UNKNOWN_MS - 1, is_up=True)
    assert desk.order(order.client_order_id).filled == 0
    turn(desk, 1, is_up=True)
    turn(desk, 0, is_up=True)
    assert desk.order(order.client_order_id).status is OrderStatus.FILLED


def test_a_look_for_one_order_tells_of_all_that_are_in_it(desk):
    turn(desk, 0, is_up=True)
    [known] = sent(desk.place(1, **LIMIT))
    turn(desk, 1_000, is_up=True)
    desk.exchange.trade(Decimal(89))
    with without_answers(desk):
        desk.place(1, **LIMIT)
    for _ in range(3):  # the look, then the order itself, then its fills
        turn(desk, 100, is_up=True)
    assert desk.order(known.client_order_id).status is OrderStatus.FILLED, "nobody looked for it"


def test_coins_that_another_order_may_hold_say_nothing_of_one_that_is_absent(desk):
    turn(desk, 0, is_up=True)
    desk.place(1, type=OrderType.MARKET, tif=TimeInForce.IOC, lots=10)
    turn(desk, 0, is_up=True)
    turn(desk, 0, is_up=True)
    sell = LIMIT | {"limit": 20_000, "lots": 5}
    [rests] = sent(desk.place(-1, **sell))
    turn(desk, 0, is_up=True)
    with without_answers(desk):
        [lost] = sent(desk.place(-1, **sell))
    del desk.exchange.tickets[f"n{lost.client_order_id}"]  # it never arrived
    desk.broker.account.orders = lambda **_: History([], is_whole=True)
    desk.broker.account.open_orders = lambda _: History([], is_whole=True)
    turn(desk, 100, is_up=True)
    assert desk.order(rests.client_order_id).status is OrderStatus.OPEN
    assert not desk.state.absences, "the one that rests is not told: it may be what holds them"
    del desk.broker.account.orders, desk.broker.account.open_orders
    turn(desk, UNKNOWN_MS, is_up=True)
    assert desk.state.absences[lost.client_order_id].looks == 1


def test_what_was_missing_before_an_order_was_sent_does_not_speak_for_it(desk):
    """Another bot sold as many coins as it sells: it would be unknown for ever."""
    turn(desk, 0, is_up=True)
    desk.place(1, type=OrderType.MARKET, tif=TimeInForce.IOC, lots=10)
    turn(desk, 0, is_up=True)
    turn(desk, 0, is_up=True)
    desk.exchange.wallets["COIN"] -= 5
    desk.exchange.wallets["USD"] += 500
    for _ in range(3):
        turn(desk, CALM_MS, is_up=True)
    assert "account out of line" in desk.state.doubts
    desk.bar(10_000)
    with without_answers(desk):
        [lost] = sent(desk.place(-1, **LIMIT | {"limit": 20_000, "lots": 5}))
    del desk.exchange.tickets[f"n{lost.client_order_id}"]  # it never arrived
    turn(desk, 100, is_up=True)
    assert desk.state.absences[lost.client_order_id].looks == 1


def test_what_others_traded_since_the_account_was_in_line_is_looked_for(desk):
    """An older journal was put back: what it had adopted since is apart from it again."""
    turn(desk, 0, is_up=True)
    with without_answers(desk):
        desk.place(1, **LIMIT)
    account, asked = desk.broker.account, []
    fills = account.fills
    account.fills = lambda **named: asked.append(named) or fills(**named)
    desk.upkeep.looks.in_line_ms = in_line_ms = desk.time() - 7_200_000
    turn(desk, 100, is_up=True)
    assert min(one["since_ms"] for one in asked) == in_line_ms - LATE_MS


@pytest.mark.parametrize("looks", [1, 6])
def test_a_single_cycle_waits_for_the_answer_to_what_it_sent(looks):
    desk = TinyDesk(Slow(looks), Carriers(Slow(looks), Slow(looks)))
    desk.bar(10_000)
    [order] = sent(desk.place(1, **LIMIT))
    waited = []

    def wait(seconds):
        waited.append(seconds)
        desk.passed_ms += int(seconds * 1000)

    polls = Polls(desk.time)
    upkeep = desk.upkeep
    feed = LiveFeed(
        desk.plan,
        lambda: desk.state,
        TinyMarket(desk.exchange),
        upkeep.readers[1],
        upkeep,
        polls,
        Clock(desk.time, wait, lambda: False, lambda: desk.time() / 1000),
        once=True,
    )
    seen = [event for event in feed if desk.send(event) is not None]
    assert desk.order(order.client_order_id).status is OrderStatus.OPEN
    assert len(waited) >= looks - 1
    assert any(isinstance(event, ev.Quoted) for event in seen)
    assert not feed.is_unseen


def test_a_cancel_that_takes_long_costs_one_question_at_a_time(desk):
    """The shared look is made when it may have ended, not with each question after that."""
    turn(desk, 0, is_up=True)
    desk.place(1, type=OrderType.MARKET, tif=TimeInForce.IOC, lots=10)
    turn(desk, 0, is_up=True)
    turn(desk, 0, is_up=True)
    [rests] = sent(desk.place(-1, **LIMIT | {"limit": 20_000, "lots": 5}))
    turn(desk, 0, is_up=True)
    account, asked = desk.broker.account, []
    balances, order = account.balances, account.order
    account.balances = lambda: asked.append("wallets") or balances()
    account.order = lambda order_id: asked.append("order") or order(order_id)
    account.cancel = lambda ids: [CancelResult(one, True, "") for one in ids]
    desk.cancel(rests.client_order_id)
    for _ in range(20):
        turn(desk, ENDING_MS, is_up=True)
    assert desk.order(rests.client_order_id).status is OrderStatus.PENDING_CANCEL
    assert 1 <= asked.count("wallets") <= 2
    assert asked.count("order") > 15


def test_an_order_is_looked_at_while_its_cancel_is_not_answered():
    """The next cancel leaves in the turn in which the deadline of the last one ends: for ever."""
    desk = TinyDesk(Slow(60))
    desk.bar(10_000)
    turn(desk, 0, is_up=True)
    [rests] = sent(desk.place(1, **LIMIT))
    for _ in range(40):
        turn(desk, 100, is_up=True)
    assert desk.order(rests.client_order_id).status is OrderStatus.OPEN
    desk.bar(10_000)
    desk.passed_ms = 0
    desk.cancel(rests.client_order_id)
    for _ in range(9):
        turn(desk, 100, is_up=True)
    assert desk.order(rests.client_order_id).status is OrderStatus.PENDING_CANCEL
    for _ in range(4):
        turn(desk, 100, is_up=True)
    assert desk.broker.is_sending(rests.client_order_id), "its answer is under way"
    assert desk.order(rests.client_order_id).status is OrderStatus.CANCELLED


def test_an_order_that_the_stream_has_named_is_looked_at_while_its_own_answer_is_not_in():
    desk = TinyDesk(Slow(60))
    desk.bar(10_000)
    turn(desk, 0, is_up=True)
    [bought] = sent(desk.place(1, **LIMIT))
    key = bought.client_order_id
    desk.exchange.trade(Decimal(89))
    row = desk.broker.account.order(f"n{key}")
    for event in desk.broker.on_order(desk.plan, desk.state, row, desk.time()):
        desk.send(event)
    for _ in range(14):
        turn(desk, 100, is_up=True)
    assert desk.broker.is_sending(key), "its answer is under way"
    assert desk.order(key).status is OrderStatus.FILLED
    for _ in range(40):
        turn(desk, 100, is_up=True)
    assert desk.order(key).status is OrderStatus.FILLED


def test_an_end_that_nobody_tells_for_a_minute_pages_once(desk):
    turn(desk, 0, is_up=True)
    desk.place(1, type=OrderType.MARKET, tif=TimeInForce.IOC, lots=10)
    turn(desk, 0, is_up=True)
    turn(desk, 0, is_up=True)
    [rests] = sent(desk.place(-1, **LIMIT | {"limit": 20_000, "lots": 5}))
    turn(desk, 0, is_up=True)
    desk.broker.account.balances = lambda: no_answer(0)
    desk.cancel(rests.client_order_id)
    notes = [one for _ in range(59) for one in turn(desk, 1_000, is_up=True)]
    assert not [one for one in notes if isinstance(one, ev.Noted)]
    notes = [one for _ in range(70) for one in turn(desk, 1_000, is_up=True)]
    [note] = [one for one in notes if isinstance(one, ev.Noted) and one.about == CONTRADICTED]
    assert f"order {rests.client_order_id} of COIN-USD is being cancelled" in note.text


def show_no_order(desk, on_hold):
    """Let no list show an order. on_hold: coins that are on hold, the one number of a list."""
    desk.broker.account.balances = lambda: [
        Balance(asset, total - held, held)
        for asset, total in desk.exchange.wallets.items()
        for held in [Decimal(on_hold[0]) if asset == "COIN" else Decimal(0)]
    ]
    desk.broker.account.orders = lambda **_: History([], is_whole=True)
    desk.broker.account.open_orders = lambda _: History([], is_whole=True)


@pytest.mark.parametrize("before, then, is_there", [(0, 5, True), (5, 5, False), (5, 10, True)])
def test_coins_on_hold_that_were_not_before_say_that_an_order_is_there(
    before, then, is_there, desk
):
    """However many coins of somebody else are free beside it; a withdrawal's are nobody's order."""
    turn(desk, 0, is_up=True)
    desk.place(1, type=OrderType.MARKET, tif=TimeInForce.IOC, lots=10)
    for _ in range(3):
        turn(desk, 100, is_up=True)
    desk.exchange.wallets["COIN"] += 100  # the owner's
    on_hold = [before]
    show_no_order(desk, on_hold)
    turn(desk, CALM_MS, is_up=True)
    with without_answers(desk):
        [lost] = sent(desk.place(-1, **LIMIT | {"limit": 20_000, "lots": 5}))
    del desk.exchange.tickets[f"n{lost.client_order_id}"]
    on_hold[0] = then
    for _ in range(4):
        turn(desk, UNKNOWN_MS, is_up=True)
    assert (desk.state.absences[lost.client_order_id].looks == 0) is is_there


def ghost(desk, side, **terms):
    """Let an order be taken in by its answer alone; return it."""
    desk.broker.account.place = lambda *_: Placed("ghost", "")
    [order] = sent(desk.place(side, **(LIMIT | terms)))
    del desk.broker.account.place
    turn(desk, 0, is_up=True)
    assert desk.order(order.client_order_id).status is OrderStatus.OPEN
    return order.client_order_id


@pytest.mark.parametrize("side", [1, -1])
def test_an_order_that_only_its_answer_knows_was_never_placed(side, desk):
    turn(desk, 0, is_up=True)
    desk.place(1, type=OrderType.MARKET, tif=TimeInForce.IOC, lots=10)
    turn(desk, 0, is_up=True)
    turn(desk, 0, is_up=True)
    key = ghost(desk, side, limit=9_000 if side > 0 else 20_000)
    desk.upkeep.looks.again()
    for _ in range(14):
        turn(desk, 1_000, is_up=True)
    assert desk.order(key).status is OrderStatus.SUBMIT_UNKNOWN
    assert is_doubtful(desk.state, desk.order(key)), "a stop may be sent beside it"
    for _ in range(130):
        turn(desk, 1_000, is_up=True)
    assert desk.order(key).status is OrderStatus.REJECTED
    assert desk.order(key).exchange_id == ""


def test_an_order_that_somebody_has_shown_is_no_ghost(desk):
    turn(desk, 0, is_up=True)
    [order] = sent(desk.place(1, **LIMIT))
    for _ in range(2):
        desk.upkeep.looks.again()
        turn(desk, 1_000, is_up=True)
    account = desk.broker.account
    account.order = lambda _: None
    account.orders = lambda **_: History([], is_whole=True)
    account.open_orders = lambda _: History([], is_whole=True)
    desk.upkeep.looks.again()
    for _ in range(150):
        turn(desk, 1_000, is_up=True)
    assert desk.order(order.client_order_id).status is OrderStatus.OPEN


def test_coins_on_hold_speak_for_an_order_that_nobody_shows(desk):
    """A stop beside it would sell the same coins."""
    turn(desk, 0, is_up=True)
    desk.place(1, type=OrderType.MARKET, tif=TimeInForce.IOC, lots=10)
    turn(desk, 0, is_up=True)
    turn(desk, 0, is_up=True)
    key = ghost(desk, -1, limit=20_000)
    balances = desk.broker.account.balances
    desk.broker.account.balances = lambda: [
        one._replace(available=one.available - 10, hold=one.hold + 10)
        if one.currency == "COIN"
        else one
        for one in balances()
    ]
    desk.upkeep.looks.again()
    for _ in range(150):
        turn(desk, 1_000, is_up=True)
    assert desk.order(key).status is OrderStatus.OPEN
    assert not desk.state.absences
