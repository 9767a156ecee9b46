"""What a list or a stream says of an order is asked of itself; what it tells needs a witness."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.hearsay import DENIALS, DENIED_MS, DOUBT_MS
from gpt_trader.broker.exchange.witness import HOLD_MS, SOLD_MS
from gpt_trader.domain.account import History, Refused, RemoteFill
from gpt_trader.domain.order import OrderStatus, OrderType, Origin, TimeInForce
from gpt_trader.domain.order_ids import client_order_id
from gpt_trader.engine import events as ev
from gpt_trader.errors import Unavailable, UnknownOutcome
from gpt_trader.runtime.alerts import alerts_of
from gpt_trader.runtime.live.assemble import Carriers
from gpt_trader.runtime.live.endings import NEVER_MS, TAKEN_MS
from gpt_trader.runtime.live.looks import CONTRADICTED, OWN_MS, PAGE_MS
from gpt_trader.runtime.live.reconcile import CALM_MS
from tests.broker.slow import Slow
from tests.broker.test_contract import TinyDesk
from tests.broker.tiny.exchange import LIVE
from tests.engine_helpers import sent

NOW = {"type": OrderType.MARKET, "tif": TimeInForce.IOC, "lots": 10}
RESTS = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC, "lots": 10, "limit": 20_000}


def turn(desk, after_ms=100):
    """Let time pass, turn by turn; return the events that were handed over."""
    desk.passed_ms += after_ms
    found = []
    for event in desk.upkeep.turn(desk.time(), is_up=True):
        desk.send(event)
        found.append(event)
    return found


@pytest.fixture
def desk():
    """Ten coins are held, and an order to sell them rests."""
    made = TinyDesk()
    made.bar(10_000)
    turn(made)
    made.place(1, **NOW)
    for _ in range(3):
        turn(made)
    [order] = sent(made.place(-1, **RESTS))
    turn(made, 1_000)
    made.resting = made.order(order.client_order_id)
    assert made.resting.status is OrderStatus.OPEN
    assert made.state.reconciled_ms
    return made


def told(desk, life=OrderStatus.FILLED):
    """Return the resting order's row as a liar tells it."""
    row = desk.broker.account.order(desk.resting.exchange_id)
    if life is not OrderStatus.FILLED:
        return row._replace(life=life)
    size = row.base_size
    return row._replace(life=life, filled_size=size, filled_value=200 * size)


def over_the_stream(desk, row):
    for event in desk.broker.on_order(desk.plan, desk.state, row, desk.time()):
        desk.send(event)


def in_the_list(desk, row):
    account, whole = desk.broker.account, desk.broker.account.orders
    account.orders = lambda **_: History([row], is_whole=True)
    turn(desk, CALM_MS)
    account.orders = whole


@pytest.mark.parametrize("life", [OrderStatus.FILLED, OrderStatus.CANCELLED])
@pytest.mark.parametrize("say", [over_the_stream, in_the_list])
def test_what_did_not_happen_is_not_booked_and_keeps_entries_waiting(say, life, desk):
    say(desk, told(desk, life))
    notes = []
    for _ in range(3 + DOUBT_MS // 1_000):
        notes += turn(desk, 1_000)
        assert desk.order(desk.resting.client_order_id) == desk.resting
    assert desk.state.slots["lots"][0] == 10
    assert desk.state.reconciled_ms == 0, "nothing is entered"
    assert not desk.upkeep.is_settled
    assert "is not told alike" in " ".join(desk.upkeep.left_open().again)
    for _ in range(DENIALS + DENIED_MS // 1_000):
        notes += turn(desk, 1_000)
    assert not desk.broker.hearsay, "it said four times that it rests"
    assert any("says otherwise" in one.text for one in notes if isinstance(one, ev.Noted))
    for _ in range(6):
        turn(desk, 1_000)
    assert desk.state.reconciled_ms > 0


@pytest.mark.parametrize("say", [over_the_stream, in_the_list])
def test_what_did_happen_is_booked_within_a_second(say, desk):
    desk.exchange.trade(Decimal(201))
    say(desk, told(desk))
    for _ in range(4):
        turn(desk, 100)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.FILLED
    assert desk.state.slots["lots"][0] == 0


@pytest.mark.parametrize("fills", [History([], is_whole=True), Unavailable("no")])
def test_fills_that_lag_sell_nothing_twice_and_the_wallets_tell(fills, desk):
    """Both wallets moved as the order says: that is a witness, too."""

    def no_fills(**_):
        if isinstance(fills, Exception):
            raise fills
        return fills

    def no_wallets():
        raise Unavailable("no")

    desk.broker.account.fills = no_fills
    wallets = desk.broker.account.balances
    desk.broker.account.balances = no_wallets
    desk.exchange.trade(Decimal(201))
    over_the_stream(desk, told(desk))
    for _ in range(50):
        turn(desk, 100)
    assert desk.order(desk.resting.client_order_id).filled == 0
    exits = desk.place(-1, **NOW)
    assert sent(exits) == [], "its coins are promised"
    desk.broker.account.balances = wallets
    for _ in range(40):
        turn(desk, 100)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.FILLED
    assert desk.state.slots["lots"][0] == 0


def test_a_fill_that_only_the_order_tells_is_not_booked_and_pages(desk):
    lie = told(desk)
    desk.broker.account.order = lambda _: lie
    over_the_stream(desk, lie)
    notes = [event for _ in range(2 + PAGE_MS // 1_000) for event in turn(desk, 1_000)]
    assert desk.state.slots["lots"][0] == 10
    [note] = [one for one in notes if isinstance(one, ev.Noted) and one.about == CONTRADICTED]
    [alert] = [
        one
        for entry in desk.send(note)
        for one in alerts_of(desk.plan, desk.state, desk.state, [entry])
    ]
    assert alert.level == "page"


def test_nothing_is_adopted_while_an_order_is_in_doubt(desk):
    desk.exchange.wallets["COIN"] -= 10
    lie = told(desk)
    desk.broker.account.order = lambda _: lie
    over_the_stream(desk, lie)
    notes = [event for _ in range(120) for event in turn(desk, 1_000)]
    assert not [one for one in notes if isinstance(one, ev.Adjusted)]


def test_a_bought_coin_that_only_a_report_tells_is_neither_held_nor_protected(desk):
    [entry] = sent(desk.place(1, **(RESTS | {"limit": 5_000})))
    turn(desk)
    desk.resting = desk.order(entry.client_order_id)
    over_the_stream(desk, told(desk))
    for _ in range(60):
        turn(desk, 1_000)
    assert desk.state.slots["lots"][0] == 10
    assert desk.order(entry.client_order_id).status is OrderStatus.OPEN


def refuse(desk, *, places):
    """Let the exchange refuse orders; places: and take them all the same."""
    place = desk.broker.account.place

    def refused(intent, product):
        if places:
            place(intent, product)
        return Refused("NO_REASON", "no")

    desk.broker.account.place = refused
    return place


HALF = RESTS | {"lots": 4}


@pytest.fixture
def free(desk):
    """The same; nothing rests."""
    desk.cancel(desk.resting.client_order_id)
    for _ in range(4):
        turn(desk, 500)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.CANCELLED
    return desk


def test_a_refusal_of_what_sells_is_believed_once_a_look_has_not_found_it(free):
    refuse(free, places=False)
    [order] = sent(free.place(-1, **HALF))
    assert free.order(order.client_order_id).status is OrderStatus.SUBMITTED
    assert not free.upkeep.is_settled
    turn(free)
    assert free.order(order.client_order_id).status is OrderStatus.REJECTED
    turn(free)
    assert not free.broker.refused
    assert not free.state.frozen[0]


def test_what_was_refused_and_rests_is_ours_and_nothing_more_is_sent_beside_it(free):
    place = refuse(free, places=True)
    [order] = sent(free.place(-1, **HALF))
    found = turn(free)
    assert free.order(order.client_order_id).status is OrderStatus.OPEN
    assert "was refused and rests" in free.state.frozen[0]
    assert any(isinstance(one, ev.OrdersFound) for one in found)
    free.broker.account.place = place
    [other] = sent(free.place(-1, **HALF))
    assert free.order(other.client_order_id).status is OrderStatus.REJECTED
    assert len([one for one in free.exchange.tickets.values() if one.state == "working"]) == 1
    turn(free, 1_000)  # a look shows it as it is known
    assert not free.broker.hearsay.contradicted
    [other] = sent(free.place(-1, **HALF))
    turn(free)
    assert free.order(other.client_order_id).status is OrderStatus.OPEN


def test_an_end_that_only_the_order_tells_is_not_believed_while_its_coins_are_held(desk):
    account = desk.broker.account
    own = account.order
    account.order = lambda key: own(key)._replace(life=OrderStatus.CANCELLED)
    over_the_stream(desk, told(desk, OrderStatus.CANCELLED))
    for _ in range(60):
        turn(desk)
        assert desk.order(desk.resting.client_order_id).status is OrderStatus.OPEN
    listed = account.open_orders
    account.open_orders = lambda _: History([], is_whole=False)
    turn(desk, 1_000)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.OPEN, "the hold tells"
    account.open_orders = listed
    account.cancel([desk.resting.exchange_id])
    turn(desk, 3_000)
    turn(desk)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.CANCELLED


def test_an_order_that_had_ended_and_says_twice_that_it_lives_is_ours_again(free):
    """Once may be an echo."""
    ticket = free.exchange.tickets[free.resting.exchange_id]
    ticket.state = "working"
    over_the_stream(free, free.broker.account.order(free.resting.exchange_id))
    turn(free)
    assert free.order(free.resting.client_order_id).status.is_final
    turn(free, 500)
    assert free.order(free.resting.client_order_id).status is OrderStatus.OPEN
    assert "had ended and rests" in free.state.frozen[0]


def test_an_echo_of_an_order_that_has_ended_changes_nothing(free):
    row = free.broker.account.order(free.resting.exchange_id)
    over_the_stream(free, row._replace(life=OrderStatus.OPEN))
    assert free.broker.hearsay
    turn(free)
    assert not free.broker.hearsay
    assert free.order(free.resting.client_order_id).status.is_final
    assert not free.state.frozen[0]


def test_a_sale_that_its_order_does_not_tell_is_not_sold_again(desk):
    """It says that it ended unfilled; its fills say more."""
    account = desk.broker.account
    own = account.order
    desk.exchange.trade(Decimal(201))
    nothing = {"filled_size": Decimal(0), "filled_value": Decimal(0)}
    account.order = lambda key: own(key)._replace(life=OrderStatus.CANCELLED, **nothing)
    over_the_stream(desk, told(desk, OrderStatus.CANCELLED)._replace(**nothing))
    for _ in range(20):
        turn(desk)
        assert not desk.order(desk.resting.client_order_id).status.is_final
    account.order = own
    for _ in range(30):
        turn(desk)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.FILLED


@pytest.mark.parametrize("say", ["itself", "stream", "list"])
def test_an_order_that_its_owner_changed_at_the_exchange_is_known_as_it_is(say, desk):
    """Whoever tells of it, it is asked itself."""
    ticket = desk.exchange.tickets[desk.resting.exchange_id]
    ticket.amount, ticket.price = Decimal(6), Decimal(150)
    row = desk.broker.account.order(desk.resting.exchange_id)
    if say == "stream":
        over_the_stream(desk, row)
    elif say == "list":
        in_the_list(desk, row)
    found = [event for after_ms in (CALM_MS, 100, 100) for event in turn(desk, after_ms)]
    [edit] = [one for one in found if isinstance(one, ev.OrderEdited)] or [None]
    assert edit is None or (edit.lots, edit.limit) == (6, 15_000)
    known = desk.order(desk.resting.client_order_id).intent
    assert (known.lots, known.limit) == (6, 15_000)
    assert not desk.broker.hearsay


@pytest.mark.parametrize("size", [6, 14])
@pytest.mark.parametrize("wallet", ["tells otherwise", "is not told"])
def test_another_size_that_only_the_order_tells_frees_no_coins(size, wallet, desk):
    account = desk.broker.account
    own, wallets = account.order, account.balances
    account.order = lambda key: own(key)._replace(base_size=Decimal(size))
    if wallet == "is not told":
        account.balances = lambda: [one for one in wallets() if one.currency != "COIN"]
    notes = [event for _ in range(5 + CALM_MS // 1_000) for event in turn(desk, 1_000)]
    assert desk.state.reconciled_ms == 0, "entries wait"
    notes += [event for _ in range(5 + PAGE_MS // 1_000) for event in turn(desk, 1_000)]
    assert desk.order(desk.resting.client_order_id).intent.lots == 10
    assert sent(desk.place(-1, **NOW)) == [], "its coins are promised"
    [note] = [one for one in notes if isinstance(one, ev.Noted) and one.about == CONTRADICTED]
    assert "is said to have other terms than are known, and not everybody says so" in note.text
    assert bool(desk.state.frozen[0]) == (wallet == "tells otherwise")
    account.order, account.balances = own, wallets
    for _ in range(5):
        turn(desk, 1_000)
    assert not desk.broker.hearsay


def test_a_lie_about_the_terms_of_an_order_changes_nothing(desk):
    row = desk.broker.account.order(desk.resting.exchange_id)
    over_the_stream(desk, row._replace(limit_price=Decimal(1), base_size=None))
    assert desk.broker.hearsay
    for _ in range(3):
        turn(desk)
    assert not desk.broker.hearsay
    assert desk.order(desk.resting.client_order_id) == desk.resting


def pages(desk, turns_ms):
    """Return what is noted while time passes."""
    return [event for _ in range(turns_ms // 1_000) for event in turn(desk, 1_000)]


def test_an_end_that_a_list_tells_too_is_not_believed_while_the_wallet_holds_its_coins(desk):
    """Its own answer and the list are one service: one witness. The other is the wallet."""
    account = desk.broker.account
    own, listed = account.order, account.open_orders
    account.order = lambda key: own(key)._replace(life=OrderStatus.CANCELLED)
    account.open_orders = lambda _: History([], is_whole=True)
    over_the_stream(desk, told(desk, OrderStatus.CANCELLED))
    pages(desk, PAGE_MS - 5_000)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.OPEN
    assert not desk.state.frozen[0]
    found = pages(desk, 10_000)
    assert any(isinstance(one, ev.Noted) and one.about == CONTRADICTED for one in found)
    assert "the wallets do not tell the same" in desk.state.frozen[0]
    assert sent(desk.place(-1, **NOW)) == [], "its coins are promised"
    account.cancel([desk.resting.exchange_id])
    pages(desk, 5_000)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.CANCELLED
    account.order, account.open_orders = own, listed


STOP = RESTS | {"type": OrderType.STOP_LIMIT, "limit": 4_900, "stop": 5_000}


@pytest.fixture
def stopped(free):
    """Ten coins are held, and a stop rests."""
    [order] = sent(free.place(-1, **STOP))
    turn(free, 1_000)
    order = free.order(order.client_order_id)
    order = order._replace(intent=order.intent._replace(origin=Origin.PROTECTION))
    known = free.state.orders | {order.client_order_id: order}
    free.state = free.state._replace(orders=known)
    free.resting = free.order(order.client_order_id)
    assert free.resting.status is OrderStatus.OPEN
    return free


def lie_of_a_sale(desk):
    """Let the order and its fills say that it sold; return how they tell the truth again."""
    account = desk.broker.account
    own, fills = account.order, account.fills
    row = told(desk)._replace(filled_value=Decimal(500))
    fill = RemoteFill(
        "e", "t", row.order_id, row.product_id, -1, desk.time(), "FILL",
        Decimal(50), row.base_size, Decimal(0), "", None,
    )  # fmt: skip
    account.order = lambda _: row
    account.fills = lambda **_: History([fill], is_whole=True)
    over_the_stream(desk, row)
    return lambda: (setattr(account, "order", own), setattr(account, "fills", fills))


def test_a_sale_of_a_stop_is_not_booked_while_the_wallet_has_its_coins(stopped):
    heal = lie_of_a_sale(stopped)
    pages(stopped, PAGE_MS - 5_000)
    assert stopped.order(stopped.resting.client_order_id) == stopped.resting
    assert stopped.state.slots["lots"][0] == 10
    found = pages(stopped, 10_000)
    assert any(isinstance(one, ev.Noted) and one.about == CONTRADICTED for one in found)
    assert "the wallets do not tell the same" in stopped.state.frozen[0]
    assert stopped.exchange.tickets[stopped.resting.exchange_id].state in LIVE
    heal()
    pages(stopped, DENIED_MS + 20_000)
    assert not stopped.broker.hearsay


@pytest.mark.parametrize("is_whole", [False, True], ids=["no answer", "no row of the coin"])
def test_wallets_that_tell_nothing_contradict_nobody(is_whole, stopped):
    lie_of_a_sale(stopped)
    account, balances = stopped.broker.account, stopped.broker.account.balances

    def unanswered():
        if not is_whole:
            raise Unavailable("no answer")
        return [one for one in balances() if one.currency != "COIN"]

    account.balances = unanswered
    found = pages(stopped, 2 * PAGE_MS)
    assert any(isinstance(one, ev.Noted) and one.about == CONTRADICTED for one in found)
    assert stopped.state.frozen[0] == ""
    account.balances = balances
    pages(stopped, PAGE_MS)
    assert "the wallets do not tell the same" in stopped.state.frozen[0]


def test_a_sale_of_a_stop_is_booked_once_the_wallet_tells_it(stopped):
    lie_of_a_sale(stopped)
    stopped.exchange.tickets[stopped.resting.exchange_id].state = "done"
    stopped.exchange.wallets["COIN"] -= 10
    for _ in range(4):
        turn(stopped, 100)
    assert stopped.order(stopped.resting.client_order_id).status is OrderStatus.FILLED
    assert stopped.state.slots["lots"][0] == 0


def test_coins_that_come_while_a_stop_sells_do_not_hide_its_sale(stopped):
    lie_of_a_sale(stopped)
    stopped.exchange.tickets[stopped.resting.exchange_id].state = "done"
    for _ in range(4):
        turn(stopped, 100)
    assert stopped.order(stopped.resting.client_order_id).status is OrderStatus.FILLED


@pytest.mark.parametrize("money, is_soon", [(500, True), (499, False)])
def test_coins_that_somebody_brings_hide_no_sale_of_a_stop_for_long(money, is_soon, stopped):
    """Its price came in; or money was moved as well, and nothing is on hold for it."""
    key = stopped.resting.client_order_id
    asked = stopped.resting._replace(status=OrderStatus.PENDING_CANCEL)
    stopped.state = stopped.state._replace(orders=stopped.state.orders | {key: asked})
    lie_of_a_sale(stopped)
    stopped.exchange.tickets[stopped.resting.exchange_id].state = "done"
    stopped.exchange.wallets["USD"] += money
    pages(stopped, HOLD_MS - 2_000)
    assert stopped.order(key).status is OrderStatus.PENDING_CANCEL
    pages(stopped, 10_000)
    assert (stopped.order(key).status is OrderStatus.FILLED) == is_soon
    pages(stopped, SOLD_MS - HOLD_MS)
    assert stopped.order(key).status is OrderStatus.FILLED
    assert not stopped.state.frozen[0]


@pytest.mark.parametrize("say", [over_the_stream, in_the_list])
def test_an_id_of_somebody_elses_order_is_not_taken_for_ours(say, desk):
    """Else his order would be cancelled as ours."""
    mine = desk.exchange.tickets[desk.resting.exchange_id]
    desk.exchange.tickets["his"] = replace(mine, number="his", tag="his")
    row = desk.broker.account.order(desk.resting.exchange_id)
    say(desk, row._replace(order_id="his"))
    for _ in range(3):
        turn(desk)
        assert desk.order(desk.resting.client_order_id) == desk.resting


def test_an_id_that_an_answer_gave_wrongly_is_corrected_by_the_order_itself(desk):
    key = desk.resting.client_order_id
    wrong = desk.resting._replace(exchange_id="nobody's")
    desk.state = desk.state._replace(orders=desk.state.orders | {key: wrong})
    over_the_stream(desk, desk.broker.account.order(desk.resting.exchange_id))
    for _ in range(3):
        turn(desk)
    assert desk.order(key) == desk.resting


def hold_for_somebody(desk, spare, size=10):
    """Let coins be on hold for what no list shows, as many as ours; spare: beside them."""
    account, balances = desk.broker.account, desk.broker.account.balances

    def held():
        return [
            one._replace(available=spare, hold=Decimal(size)) if one.currency == "COIN" else one
            for one in balances()
        ]

    account.balances = held


@pytest.mark.parametrize(
    "spare, size, waits_ms, ends",
    [(10, 11, HOLD_MS, True), (9, 11, HOLD_MS, False), (10, 10, SOLD_MS, True)],
)
def test_coins_on_hold_that_may_be_anybodys_do_not_keep_a_position_from_its_exit(
    spare, size, waits_ms, ends, desk
):
    """A withdrawal under way holds coins for an hour; what can be sold beside them is sold.

    As many as its own are on hold in a wallet that is as it was before.
    """
    key = desk.resting.client_order_id
    hold_for_somebody(desk, Decimal(spare), size)
    desk.cancel(key)
    pages(desk, waits_ms - 2_000)
    assert desk.order(key).status is OrderStatus.PENDING_CANCEL, "it may be its own hold, and late"
    pages(desk, 6_000)
    is_ended = desk.order(key).status is OrderStatus.CANCELLED
    assert is_ended == ends


def test_an_order_that_nobody_cancels_is_not_taken_to_have_ended_beside_a_hold(desk):
    key = desk.resting.client_order_id
    hold_for_somebody(desk, Decimal(10))
    own = desk.broker.account.order
    desk.broker.account.order = lambda one: own(one)._replace(life=OrderStatus.CANCELLED)
    pages(desk, 2 * HOLD_MS)
    assert desk.order(key).status is OrderStatus.OPEN


def ends_short(desk, coins, money, rows=()):
    """Let the resting order be cancelled while coins leave the wallet, and money may come in."""
    account, wallets = desk.broker.account, desk.exchange.wallets
    account.fills = lambda *, order_ids=(), **_: History([] if order_ids else list(rows), True)
    wallets["COIN"] -= coins
    wallets["USD"] += money
    desk.cancel(desk.resting.client_order_id)


@pytest.mark.parametrize("coins, money", [(5, 500), (10, 700), (5, 5_000)])
def test_coins_that_are_missing_where_money_came_in_may_have_been_sold_by_it(coins, money, desk):
    """Its own answer and its fills deny it: both may be late. Else they would be sold twice."""
    key = desk.resting.client_order_id
    ends_short(desk, coins, money)
    pages(desk, HOLD_MS - 2_000)
    assert desk.order(key).status is OrderStatus.PENDING_CANCEL, "fills have time to be told"
    pages(desk, PAGE_MS)
    assert desk.order(key).status is OrderStatus.PENDING_CANCEL
    assert "the wallets do not tell the same" in desk.state.frozen[0]
    pages(desk, NEVER_MS - PAGE_MS)
    assert desk.order(key).status is OrderStatus.CANCELLED, "no fill was told for two minutes"


def test_coins_that_are_missing_where_no_money_came_in_were_taken_by_somebody(desk):
    key = desk.resting.client_order_id
    ends_short(desk, 5, 0)
    pages(desk, TAKEN_MS - 2_000)
    assert desk.order(key).status is OrderStatus.PENDING_CANCEL
    pages(desk, 6_000)
    assert desk.order(key).status is OrderStatus.CANCELLED


def test_coins_that_somebody_elses_fills_explain_were_not_sold_by_it(desk):
    theirs = RemoteFill(
        "e9", "t9", "x9", "COIN-USD", -1, desk.time(), "FILL", Decimal(100), Decimal(5),
        Decimal(0), "", None,
    )  # fmt: skip
    ends_short(desk, 5, 500, [theirs])
    pages(desk, HOLD_MS + 4_000)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.CANCELLED


def hides(desk, coins, money, rows=()):
    """Let the resting order sell half in silence while it is cancelled, and others move coins."""
    ends_short(desk, 5 - coins, 1_000 + money, rows)


def fill_beside(desk, order_id="x9", side=1, size=5, price=200, product="COIN-USD"):
    return RemoteFill(
        f"e{order_id}", "t9", order_id, product, side, desk.time(), "FILL", Decimal(price),
        Decimal(size), Decimal(0), "", None,
    )  # fmt: skip


def test_coins_that_somebody_brings_at_that_second_hide_no_sale(desk):
    key = desk.resting.client_order_id
    hides(desk, 5, 0)
    pages(desk, HOLD_MS - 2_000)
    assert desk.order(key).status is OrderStatus.PENDING_CANCEL, "as many coins, and its price"


def test_an_end_is_not_believed_once_the_order_has_told_that_it_sold_more(desk):
    """What it said before still waits for a look that is under way."""
    key, account = desk.resting.client_order_id, desk.broker.account
    hides(desk, 5, 0)
    whole = account.orders

    def told_meanwhile(**asked):
        desk.broker.hearsay.wait(desk.resting, 5, desk.time(), has_ended=True)
        return whole(**asked)

    account.orders = told_meanwhile
    pages(desk, HOLD_MS + 4_000)
    assert desk.order(key).status is OrderStatus.PENDING_CANCEL
    pages(desk, NEVER_MS)
    assert desk.order(key).status is OrderStatus.CANCELLED, "a slip that its fills never told"


@pytest.mark.parametrize("size", [4, 5, 6])
def test_coins_that_somebody_buys_at_that_second_hide_no_sale(size, desk):
    """His fill is told: so many more must be there."""
    key = desk.resting.client_order_id
    paid = fill_beside(desk, size=size)._replace(commission=Decimal(2))
    hides(desk, size, -200 * size - 2, [paid])
    pages(desk, PAGE_MS + HOLD_MS + 2_000)
    assert desk.order(key).status is OrderStatus.PENDING_CANCEL
    assert "the wallets do not tell the same" in desk.state.frozen[0]


@pytest.mark.parametrize(
    "coins, money, fills",
    [
        (5, 0, []),
        (3, -600, [fill_beside]),
        (0, 500, [fill_beside]),
    ],
    ids=["a deposit", "a purchase", "a sale of something else"],
)
def test_what_others_moved_keeps_no_order_that_sold_nothing_from_its_end(coins, money, fills, desk):
    terms = {"size": 3} if coins else {"side": -1, "size": 1, "price": 500, "product": "GOLD-USD"}
    ends_short(desk, -coins, money, [make(desk, **terms) for make in fills])
    if money > 0:  # products that are not traded here are not read: it has time to be told
        pages(desk, HOLD_MS)
    pages(desk, 4_000)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.CANCELLED


def test_a_look_that_tells_not_all_says_nothing_of_missing_coins(desk):
    ends_short(desk, 5, 0)
    whole = desk.broker.account.orders
    desk.broker.account.orders = lambda **asked: whole(**asked)._replace(is_whole=False)
    pages(desk, HOLD_MS + 4_000)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.PENDING_CANCEL


def test_an_order_of_somebody_else_without_a_name_keeps_ours_from_no_end(desk):
    """He brought coins, and an order of his holds them: the list is never whole."""
    key = desk.resting.client_order_id
    desk.exchange.wallets["COIN"] += 3
    mine = desk.exchange.tickets[desk.resting.exchange_id]
    desk.exchange.tickets["his"] = replace(mine, number="his", tag="", amount=Decimal(3))
    account = desk.broker.account
    orders, resting = account.orders, account.open_orders
    account.orders = lambda **asked: History(orders(**asked).rows, False, is_read=True)
    account.open_orders = lambda since_ms: History(resting(since_ms).rows, False, is_read=True)
    desk.cancel(key)
    for _ in range(10):
        turn(desk)
    assert desk.order(key).status is OrderStatus.CANCELLED


def test_an_order_with_our_mark_that_the_journal_does_not_know_took_them(desk):
    """A second bot of the same portfolio: its fill explains them, and it may sell on."""
    row = desk.broker.account.order(desk.resting.exchange_id)
    tag = client_order_id(desk.plan.portfolio, "COIN-USD", "1m", 7, 0)
    other = row._replace(
        order_id="x9", client_order_id=tag, life=OrderStatus.FILLED, created_ms=desk.time()
    )
    theirs = RemoteFill(
        "e9", "t9", "x9", "COIN-USD", -1, desk.time(), "FILL", Decimal(100), Decimal(5),
        Decimal(0), "", None,
    )  # fmt: skip
    whole = desk.broker.account.orders
    desk.broker.account.orders = lambda **asked: History([*whole(**asked).rows, other], True)
    ends_short(desk, 5, 500, [theirs])
    pages(desk, HOLD_MS + 4_000)
    assert desk.order(desk.resting.client_order_id).status is OrderStatus.PENDING_CANCEL


def test_what_corrects_a_fill_sells_nothing_more(desk):
    key, account = desk.resting.client_order_id, desk.broker.account
    row, price = account.order(desk.resting.exchange_id), Decimal(200)
    size, whole, own = Decimal(4), account.fills, account.order
    kinds = ("FILL", "CORRECTION")
    rows = [
        RemoteFill(f"e{kind}", "t", row.order_id, row.product_id, -1, desk.time(), kind, price,
                   size, Decimal(0), "", None)
        for kind in kinds
    ]  # fmt: skip
    desk.cancel(key)
    desk.exchange.wallets["COIN"] -= size
    desk.exchange.wallets["USD"] += price * size
    account.fills = lambda **_: History([*whole().rows, *rows], is_whole=True)
    account.order = lambda one: own(one)._replace(filled_size=size, filled_value=price * size)
    pages(desk, 10_000)
    assert desk.order(key).status is OrderStatus.CANCELLED
    assert desk.order(key).filled == size


def test_an_unknown_sell_is_given_up_beside_a_hold_that_may_be_anybodys(free):
    """Else a lost request for a stop would be unknown for as long as somebody's withdrawal.

    It was seen before; one that came since may be the order's own.
    """
    hold_for_somebody(free, Decimal(10))
    turn(free, CALM_MS)
    lost_place(free)
    [order] = sent(free.place(-1, **RESTS))
    pages(free, 200_000)
    assert free.order(order.client_order_id).status.is_final


def lost_place(desk):
    """Let requests for orders be lost on their way."""

    def lost(*_):
        raise UnknownOutcome("lost")

    desk.broker.account.place = lost


def test_no_lost_order_is_passed_over_for_another_that_is_searched_for(free):
    """A search took as long as the other was due for, and one waited for four minutes."""
    slow = Slow(25)
    free.attend({"USD": Decimal(10_000)}, Carriers(slow, slow))
    lost_place(free)
    [one] = sent(free.place(-1, **HALF))
    counted = Counter()
    for turns in range(700):
        if turns == 11:
            [other] = sent(free.place(-1, **HALF))
        counted.update(e.client_order_id for e in turn(free, 100) if isinstance(e, ev.Absent))
    assert counted[one.client_order_id] > 10
    assert counted[other.client_order_id] > 10


def test_a_row_that_cannot_be_read_and_tells_no_more_than_is_booked_ends_a_doubt(desk):
    """Two answers may be under way: the second came after what it told was booked."""
    [key] = [one for one in desk.state.orders if desk.order(one).status is OrderStatus.FILLED]
    own = desk.broker.account.order
    desk.broker.account.order = lambda one: own(one)._replace(
        filled_value=Decimal(0), average_price=None
    )
    desk.broker.account.fills = lambda **_: History([], is_whole=False)
    desk.broker.hearsay.wait(desk.order(key), 10, desk.time())
    pages(desk, 5_000)
    assert not desk.broker.hearsay
    assert desk.order(key).filled == 10


# ------------------------------------------------------------------ an order that is silent itself


def no_own(answer):
    """Return how an order does not tell itself: no answer, or that there is none."""

    def order(_):
        if answer is not None:
            raise answer

    return order


SILENT = pytest.mark.parametrize("answer", [None, Unavailable("down")])


@SILENT
@pytest.mark.parametrize("say", [over_the_stream, in_the_list])
def test_an_entry_that_does_not_tell_itself_is_booked_as_its_fills_and_both_wallets_say(
    answer, say, free
):
    turn(free)
    [entry] = sent(free.place(1, **NOW))
    key, row = entry.client_order_id, free.broker.account.order(f"n{entry.client_order_id}")
    free.broker.account.order = no_own(answer)
    say(free, row)
    pages(free, OWN_MS + 4_000)
    assert free.order(key).status is OrderStatus.FILLED
    assert free.order(key).filled == 10


@SILENT
@pytest.mark.parametrize("late", ["fills", "wallets"])
def test_what_others_say_of_a_silent_order_is_not_booked_with_half_the_witnesses(
    answer, late, free
):
    turn(free)
    before, account = free.broker.account.balances(), free.broker.account
    [entry] = sent(free.place(1, **NOW))
    key, row = entry.client_order_id, account.order(f"n{entry.client_order_id}")
    account.order = no_own(answer)
    if late == "fills":
        account.fills = lambda **_: History([], is_whole=True)
    else:
        account.balances = lambda: before
    over_the_stream(free, row)
    pages(free, 30_000)
    assert free.order(key).filled == 0


@SILENT
@pytest.mark.parametrize("is_so", [True, False])
def test_a_silent_orders_end_is_believed_if_the_wallet_holds_nothing_for_it(answer, is_so, desk):
    key, row = desk.resting.client_order_id, told(desk, OrderStatus.CANCELLED)
    desk.cancel(key)
    if not is_so:
        desk.exchange.tickets[desk.resting.exchange_id].state = LIVE[0]
    desk.broker.account.order = no_own(answer)
    over_the_stream(desk, row)
    account = desk.broker.account
    account.cancel = lambda ids: []
    pages(desk, OWN_MS + 4_000)
    assert (desk.order(key).status is OrderStatus.CANCELLED) is is_so


@pytest.mark.parametrize("held", [False, True])
def test_a_word_that_nobody_knows_is_an_end_once_the_wallet_holds_nothing(held, desk):
    key, own = desk.resting.client_order_id, desk.broker.account.order
    desk.broker.account.order = lambda order_id: own(order_id)._replace(life=None)
    desk.cancel(key)
    if held:
        desk.exchange.tickets[desk.resting.exchange_id].state = LIVE[0]
        desk.broker.account.cancel = lambda ids: []
    pages(desk, HOLD_MS - 2_000)
    assert desk.order(key).status is OrderStatus.PENDING_CANCEL
    pages(desk, 6_000)
    assert (desk.order(key).status is OrderStatus.CANCELLED) is not held


@pytest.mark.parametrize("coins, ends", [(0, True), (-1, False), (3, False)])
def test_fills_that_are_told_twice_keep_no_order_from_its_end_for_ever(coins, ends, desk):
    """Its wallet holds just what it left, and nothing for it."""
    key, account, size = desk.resting.client_order_id, desk.broker.account, Decimal(4)
    row, whole, own = account.order(desk.resting.exchange_id), account.fills, account.order
    rows = [fill_beside(desk, row.order_id, -1, 4)._replace(entry_id=one) for one in "ab"]
    desk.cancel(key)
    desk.exchange.wallets["COIN"] += coins - size
    desk.exchange.wallets["USD"] += 200 * size
    account.fills = lambda **_: History([*whole().rows, *rows], is_whole=True)
    account.order = lambda order_id: own(order_id)._replace(
        filled_size=size, filled_value=200 * size
    )
    pages(desk, SOLD_MS - 2_000)
    assert desk.order(key).status is OrderStatus.PENDING_CANCEL
    pages(desk, 8_000)
    assert (desk.order(key).status is OrderStatus.CANCELLED) is ends
    assert desk.order(key).filled == 4
