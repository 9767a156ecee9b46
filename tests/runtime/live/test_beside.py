"""Another instance of this bot sells: its coins are not sold again out of the owner's own."""

from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.carry import Inline
from gpt_trader.broker.exchange.hearsay import BESIDE_MS, HELD_MS
from gpt_trader.domain.account import History
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.domain.order_ids import order_id
from gpt_trader.engine import events as ev
from gpt_trader.runtime.live.assemble import Carriers, attend
from gpt_trader.runtime.live.beside import SOLD
from gpt_trader.runtime.live.reconcile import CALM_MS
from gpt_trader.runtime.live.told import Told
from gpt_trader.runtime.live.wallets import expected_wallets
from tests.broker.test_contract import FAST, TinyDesk
from tests.broker.tiny.exchange import Ticket
from tests.engine_helpers import sent
from tests.runtime.live.test_hearsay import over_the_stream, turn

NOW = {"type": OrderType.MARKET, "tif": TimeInForce.IOC, "lots": 10}
HELD, OWNERS = 10, 20


@pytest.fixture
def desk():
    """Ten coins are held, and twenty more are the owner's own."""
    made = TinyDesk()
    made.upkeep.account.unknown = set  # no other instance's order is in the journal
    made.bar(10_000)
    turn(made)
    made.place(1, **NOW)
    made.exchange.wallets["COIN"] += OWNERS
    for _ in range(60 + 45):  # until a look sees them, and adopts them
        turn(made, 1_000)
    assert made.state.slots["lots"][0] == HELD
    assert made.state.reconciled_ms
    expected = expected_wallets({"USD": Decimal(10_000)}, made.state)
    assert expected["COIN"] == HELD + OWNERS
    return made


def beside(desk, side, lots, kind="now", price=0):
    """Let another instance place an order; return its row."""
    name = order_id(desk.plan.portfolio, "COIN-USD", "bar:1h:0", len(desk.exchange.tickets))
    number = str(next(desk.exchange.numbers))
    made_ms = desk.time() + 60_000  # no process of before can have sent it
    ticket = Ticket(
        number, name, "COIN-USD", side, kind, Decimal(lots), Decimal(0), Decimal(price),
        Decimal(0), made_ms,
    )  # fmt: skip
    assert desk.exchange.submit(ticket) == ""
    return desk.broker.account.order(number)


def exit_now(desk):
    """Ask for an exit; return how it stands a moment later."""
    [order] = sent(desk.place(-1, **(NOW | {"lots": desk.state.slots["lots"].item(0)})))
    for _ in range(3):
        turn(desk)
    return desk.order(order.client_order_id)


def coins(desk):
    return desk.exchange.wallets["COIN"]


def by_stream(desk, row):
    over_the_stream(desk, row)


def by_list(desk, row):
    """The stream is silent: the next look at the account shows it."""
    turn(desk, CALM_MS)


@pytest.mark.parametrize("tell", [by_stream, by_list])
def test_what_another_instance_sold_is_not_sold_again(desk, tell):
    tell(desk, beside(desk, "ask", HELD))
    found = []
    for _ in range(60):
        if desk.state.slots["lots"][0]:
            assert exit_now(desk).status is OrderStatus.REJECTED
        found += turn(desk, 1_000)
        assert coins(desk) == OWNERS
    assert desk.state.slots["lots"][0] == 0, "it is gone, and that is adopted"
    assert desk.upkeep.account.is_in_line, "its coins and its money are booked"
    assert desk.state.frozen[0].startswith(SOLD)
    assert desk.state.halted
    assert len([one for one in found if isinstance(one, ev.OrdersFound)]) <= 1
    assert not [one for one in found if isinstance(one, ev.Adjusted)]


def test_a_sale_that_the_wallet_does_not_tell_yet_is_waited_for(desk):
    wallets = desk.broker.account.balances()
    late = desk.broker.account.balances
    desk.broker.account.balances = lambda: wallets
    by_stream(desk, beside(desk, "ask", HELD))
    for _ in range(BESIDE_MS // 1_000 - 2):
        turn(desk, 1_000)
    assert exit_now(desk).status is OrderStatus.REJECTED
    desk.broker.account.balances = late
    turn(desk, 2_000)
    turn(desk, 2_000)
    assert desk.state.slots["lots"][0] == 0
    assert coins(desk) == OWNERS


def test_what_another_instance_bought_itself_it_may_sell(desk):
    by_stream(desk, beside(desk, "bid", 5))
    assert not desk.broker.hearsay.contradicted, "a buy takes no coins away"
    by_stream(desk, beside(desk, "ask", 5))
    assert exit_now(desk).status is OrderStatus.REJECTED
    for _ in range(BESIDE_MS // 1_000 + 1):
        turn(desk, 1_000)
    assert exit_now(desk).status is OrderStatus.FILLED
    assert coins(desk) == OWNERS


@pytest.mark.parametrize("tell", [by_stream, by_list])
def test_nothing_is_sent_while_another_instance_may_sell_the_same_coins(desk, tell):
    row = beside(desk, "ask", HELD, "rest", 300)
    tell(desk, row)
    desk.place(-1, **NOW)
    for _ in range(2 * BESIDE_MS // 1_000):
        turn(desk, 1_000)
    assert not sent(desk.place(-1, **NOW)), "nothing is there that it could sell"
    turn(desk)
    assert coins(desk) == HELD + OWNERS
    desk.broker.account.cancel([row.order_id])
    for _ in range(2 * BESIDE_MS // 1_000):
        turn(desk, 1_000)
    assert exit_now(desk).status is OrderStatus.FILLED


@pytest.mark.parametrize("tell", [by_stream, by_list])
@pytest.mark.parametrize("bought, lots", [(0, 6), (4, 10), (3, 9)])
def test_what_an_order_of_another_instance_leaves_is_sold_within_fifteen_seconds(
    desk, tell, bought, lots
):
    """It may rest for weeks: what is free beside it is not to be held for as long."""
    if bought:
        tell(desk, beside(desk, "bid", bought))
    tell(desk, beside(desk, "ask", 4, "rest", 300))
    for _ in range(15):
        turn(desk, 1_000)
    assert not desk.broker.hearsay.keeps("COIN-USD", desk.time())
    desk.place(-1, **NOW)
    for _ in range(3):
        turn(desk)
    assert coins(desk) == OWNERS + HELD + bought - lots


def test_what_another_instance_may_sell_is_held_back_for_no_longer_than_stated(desk):
    by_stream(desk, beside(desk, "ask", 4, "rest", 300))
    desk.broker.account.orders = lambda **_: History([], is_whole=False)
    turn(desk, HELD_MS - 5_000)
    assert desk.broker.hearsay.keeps("COIN-USD", desk.time())
    turn(desk, 5_000)
    assert not desk.broker.hearsay.keeps("COIN-USD", desk.time())


def test_an_order_of_ours_that_is_not_traded_here_is_nobodys_business(desk):
    row = beside(desk, "ask", 1, "rest", 300)._replace(product_id="ELSE-USD")
    over_the_stream(desk, row)
    over_the_stream(desk, row._replace(product_id="COIN-USD", client_order_id="by hand"))
    assert not desk.broker.hearsay.contradicted


def test_each_order_of_another_instance_is_told_once_however_often_it_is_seen(desk):
    beside(desk, "bid", 1)
    beside(desk, "ask", 1, "rest", 300)
    [seen] = [one for one in turn(desk, CALM_MS) if isinstance(one, ev.InstanceSeen)]
    assert len(seen.client_order_ids) == 2
    found = [event for _ in range(20) for event in turn(desk, 1_000)]
    assert not [one for one in found if isinstance(one, ev.InstanceSeen)]


def test_what_both_traded_meanwhile_is_told_apart(desk):
    """It bought five and sold twelve: seven of them were this session's."""
    by_stream(desk, beside(desk, "bid", 5))
    turn(desk, CALM_MS)
    assert desk.state.slots["lots"][0] == HELD
    by_stream(desk, beside(desk, "ask", 12))
    for _ in range(BESIDE_MS // 1_000 + 1):
        turn(desk, 1_000)
    assert desk.state.slots["lots"][0] == HELD - 7
    assert exit_now(desk).status is OrderStatus.FILLED
    assert coins(desk) == OWNERS


def test_a_sale_that_no_wallet_tells_is_not_booked(desk):
    row = beside(desk, "ask", 5, "rest", 300)
    lie = row._replace(life=OrderStatus.FILLED, filled_size=Decimal(5), filled_value=Decimal(9))
    account = desk.broker.account
    account.orders = lambda **_: History([lie], is_whole=True)
    for _ in range(30):
        turn(desk, 1_000)
    assert desk.state.slots["lots"][0] == HELD


def test_more_than_is_held_is_nobodys_sale_of_here(desk):
    by_stream(desk, beside(desk, "ask", HELD + 1))
    for _ in range(5):
        turn(desk, 1_000)
    assert desk.state.slots["lots"][0] == HELD


# ------------------------------------------------------------------ a history that is half told


def unsure(desk):
    """Let the session begin again, with a history that was told in half."""
    told = Told(set, untold_ms=desk.time() - 60_000, is_unsure=True)
    carriers = Carriers(Inline(), Inline())
    began = {"USD": Decimal(10_000)}
    desk.upkeep = attend(
        desk.plan, lambda: desk.state, desk.broker, began, told, desk.time, carriers, FAST
    ).upkeep


def test_nothing_is_sent_until_it_is_told_whether_more_was_sold(desk):
    listed = desk.broker.account.orders
    desk.broker.account.orders = lambda **_: History([], is_whole=False)
    unsure(desk)
    for _ in range(5):
        turn(desk, 10_000)
        assert exit_now(desk).status is OrderStatus.REJECTED
    desk.broker.account.orders = listed
    for _ in range(3):
        turn(desk, 5_000)
    assert exit_now(desk).status is OrderStatus.FILLED


def test_a_history_that_is_never_told_in_full_keeps_no_position_for_ever(desk):
    desk.broker.account.orders = lambda **_: History([], is_whole=False)
    unsure(desk)
    turn(desk, HELD_MS - 5_000)
    assert desk.broker.hearsay.keeps("COIN-USD", desk.time())
    turn(desk, 5_000)
    assert not desk.broker.hearsay.keeps("COIN-USD", desk.time())


def test_a_clock_that_is_set_back_keeps_nothing_from_being_sent(desk):
    """Else a step of a day would hold every exit for a day."""
    unsure(desk)
    assert desk.broker.hearsay.keeps("COIN-USD", desk.time())
    assert not desk.broker.hearsay.keeps("COIN-USD", desk.time() - 86_400_000)
    desk.broker.hearsay.contradict("COIN-USD", desk.time() + 86_400_000)
    turn(desk, CALM_MS)
    assert not desk.broker.hearsay.contradicted
