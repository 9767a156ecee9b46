"""When a difference is one: the rules of `Reconciler`, look by look."""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from gpt_trader.broker.exchange.broker import ExchangeBroker
from gpt_trader.broker.exchange.carry import Inline
from gpt_trader.broker.exchange.reader import Reader
from gpt_trader.domain.account import Balance, History, RemoteFill, RemoteOrder
from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.domain.order_ids import order_id
from gpt_trader.engine import events as ev
from gpt_trader.engine.state import with_new_orders
from gpt_trader.errors import Unavailable
from gpt_trader.runtime.live.looks import Looks
from gpt_trader.runtime.live.reconcile import (
    ACCOUNT,
    AGAIN_MS,
    BLIND_MS,
    LOOKS,
    STAYS_MS,
    Reconciler,
)
from tests.broker.test_contract import nobody
from tests.engine_helpers import Desk

BEGAN = {"USD": Decimal(100)}
STEP_MS = STAYS_MS // (LOOKS - 1)


@dataclass
class Account:
    """An account at the wire: it answers what it is told to, one wallet after the other."""

    totals: list[str | None]
    open: tuple = ()
    told: list[RemoteFill] = field(default_factory=list)
    by_id: dict = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def balances(self):
        self.asked.append("balances")
        total = self.totals.pop(0) if len(self.totals) > 1 else self.totals[0]
        return [] if total is None else [Balance("USD", Decimal(total), Decimal(0))]

    def open_orders(self, since_ms):
        return History(list(self.open), True)

    def orders(self, *, since_ms):
        return History(list(self.open), True)

    def fills(self, *, since_ms):
        self.asked.append("fills")
        return History(self.told, True)

    def order(self, order_id):
        self.asked.append(order_id)
        return self.by_id.get(order_id)


class Scene:
    """A desk with an account, and its time."""

    def __init__(self, *totals):
        self.desk, self.account, self.now = Desk(), Account(list(totals)), 1_000_000
        self.desk.bar(10_000)
        self.desk.broker = ExchangeBroker(self.account)
        self.reader = Reader(Inline(), 1e6, lambda _: None)
        state, now = lambda: self.desk.state, lambda: self.now
        looks = Looks(self.desk.plan, state, self.desk.broker, self.reader, BEGAN, now)
        self.books = Reconciler(self.desk.plan, looks, BEGAN, state, now, nobody)

    def look(self):
        """Look once; return what it came to, taken by the desk."""
        self.books.look()
        return self.turn()

    def turn(self):
        found = []
        for event in self.reader.turn(self.now):
            self.desk.send(event)
            found.append(event)
        return found


def test_an_account_in_line_is_looked_at_once():
    scene = Scene("100")
    assert not scene.books.is_in_line, "nobody has looked"
    assert scene.books.unseen
    assert scene.look() == [ev.Reconciled(1_000_000, 0, 0)]
    assert scene.books.is_in_line
    assert not scene.books.unseen


def test_what_a_second_look_explains_is_no_difference():
    scene = Scene("100", "99", "100")
    scene.look()
    assert scene.look() == [], "entries go on"
    scene.books.ask(scene.now + AGAIN_MS, is_up=True)
    assert scene.turn() == [ev.Reconciled(1_000_000, 0, 0)], "it is looked again at once"


def test_a_difference_is_adopted_once_it_stayed_long_and_often_enough():
    scene = Scene("99")
    for number in range(1, LOOKS):
        assert scene.look() == [], number
        assert not scene.books.is_in_line
        scene.now += STEP_MS
    assert scene.now - 1_000_000 == STAYS_MS
    [adopted] = scene.look()
    assert (adopted.asset, adopted.amount, adopted.total) == ("USD", "-1", "99")
    assert (adopted.kind, adopted.by) == ("reconciliation", "RECONCILIATION")
    assert scene.look() == [ev.Reconciled(scene.now, 0, 0)]
    assert scene.books.is_in_line


def test_often_is_not_long_enough_and_long_is_not_often_enough():
    scene = Scene("99")
    for _ in range(3 * LOOKS):
        assert scene.look() == []
        scene.now += 1
    scene = Scene("99")
    assert scene.look() == []
    scene.now += 10 * STAYS_MS
    assert scene.look() == []
    scene = Scene("99")
    for _ in range(LOOKS):
        assert scene.look() == []
        scene.now += STEP_MS - 1
    assert scene.look(), "a little later it has stayed"


def test_another_difference_begins_anew():
    scene = Scene("99", "99", "99", "99", "98")
    for _ in range(LOOKS - 1):
        assert scene.look() == []
        scene.now += 1
    scene.now += STAYS_MS
    scene.account.totals = ["98"]
    for _ in range(LOOKS - 1):
        assert scene.look() == []
        scene.now += STEP_MS
    assert scene.look()[0].amount == "-2"


def test_entries_stop_once_a_difference_is_seen_twice():
    scene = Scene("100", "99")
    scene.look()
    assert scene.desk.state.reconciled_ms == 1_000_000
    assert scene.look() == []
    assert scene.look() == [ev.Reconciled(1_000_000, 0, 1)]
    assert scene.desk.state.reconciled_ms == 0
    assert not scene.books.is_in_line
    assert scene.look() == [], "that is said once"


@pytest.mark.parametrize("total", [None, "unanswered"])
def test_a_wallet_that_is_not_told_is_no_wallet_of_nothing(total):
    scene = Scene("100", total)
    scene.look()
    if total == "unanswered":
        scene.account.balances = lambda: (_ for _ in ()).throw(Unavailable("half a page"))
    for _ in range(3 * LOOKS):
        assert scene.look() == []
        assert scene.books.unseen
        scene.now += STEP_MS
    assert scene.books.difference is None
    assert scene.desk.state.reconciled_ms == 1_000_000, "it grows old, and then entries wait"


def test_an_order_that_nobody_knows_may_explain_it():
    scene = Scene("99")
    scene.desk.state = with_a_resting_order(scene.desk)
    [order] = scene.desk.state.open_orders
    known = scene.desk.state
    for status in (OrderStatus.SUBMIT_UNKNOWN, OrderStatus.SUBMITTED):
        scene.desk.state = with_new_orders(known, order._replace(status=status))
        for _ in range(2 * LOOKS):
            assert scene.look() == []
            scene.now += STEP_MS
    scene.desk.state = known
    assert scene.look()[0].kind == "reconciliation"


def test_a_fill_that_nobody_told_is_asked_for_before_anything_is_adopted():
    scene = Scene("99")
    scene.desk.state = with_a_resting_order(scene.desk)
    [order] = scene.desk.state.open_orders
    ended = order._replace(status=OrderStatus.CANCELLED, exchange_id="x1")
    scene.desk.state = with_new_orders(scene.desk.state, ended)
    fill = RemoteFill(
        "e", "t", "x1", "COIN-USD", 1, scene.now, "FILL", Decimal(90), Decimal(1),
        Decimal(0), "", None,
    )  # fmt: skip
    scene.account.told = [fill]
    for _ in range(3 * LOOKS):
        assert scene.look() == []
        scene.now += STEP_MS
    assert "x1" in scene.account.asked
    scene.account.told = []
    assert scene.look()[0].kind == "reconciliation", "nothing explains it"


def with_a_resting_order(desk):
    """Return a state with an order that rests, whoever placed it."""
    paper = Desk()
    paper.bar(10_000)
    paper.place(1, lots=2, limit=9_000, type=OrderType.LIMIT, tif=TimeInForce.GTC)
    return with_new_orders(desk.state, *paper.state.open_orders)


def test_an_account_that_nobody_can_see_is_told_once_until_it_is_seen():
    scene = Scene("100")
    scene.account.balances = lambda: (_ for _ in ()).throw(Unavailable("no"))
    told = []
    for _ in range(100):
        scene.look()
        told += scene.books.say_blind(scene.now)
        scene.now += 5_000
    [noted] = told
    assert (noted.about, noted.time_ms) == (ACCOUNT, 1_000_000 + BLIND_MS)
    del scene.account.balances
    scene.look()
    scene.now += BLIND_MS - 1
    scene.look()
    assert not list(scene.books.say_blind(scene.now)), "it was seen"


def test_an_order_of_ours_that_no_entry_names_is_told_once():
    scene = Scene("100")
    ours = order_id(scene.desk.plan.portfolio, "COIN-USD", "bar:1h:0", 0)
    row = RemoteOrder(
        "x9", ours, "COIN-USD", 1, "OPEN", OrderStatus.OPEN, "LIMIT", OrderType.LIMIT, "GTC",
        Decimal(9), None, Decimal(1), None, Decimal(0), Decimal(0), Decimal(0), 999_000,
        False, "", "", False, "",
    )  # fmt: skip
    scene.account.open = (row, row._replace(order_id="x8", client_order_id="by hand"))
    scene.books.unknown = set
    [seen, reconciled] = scene.look()
    assert seen == ev.InstanceSeen(scene.now, (ours,))
    assert reconciled.foreign_orders == 2
    assert scene.desk.state.halted or scene.desk.state.frozen[0], "entries stop"
    assert [type(event) for event in scene.look()] == [ev.Reconciled]
