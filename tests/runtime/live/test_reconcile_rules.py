"""When a difference is one: the rules of `Reconciler`, look by look."""

from decimal import Decimal

from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine.ports import Seen
from gpt_trader.engine.state import with_new_orders
from gpt_trader.runtime.live.reconcile import LOOKS, STAYS_MS, Reconciler
from tests.engine_helpers import Desk

BEGAN = {"USD": Decimal(100)}
STEP_MS = STAYS_MS // (LOOKS - 1)


class Account:
    """An account that answers what it is told to, one wallet after the other."""

    def __init__(self, *totals, reports=(), foreign=0):
        self.totals, self.reports, self.foreign = list(totals), reports, foreign
        self.looks = self.asked = 0

    def reconcile(self, plan, state, time_ms):
        self.asked += 1
        return self.reports

    def look(self, plan, state, time_ms):
        self.looks += 1
        total = self.totals.pop(0) if len(self.totals) > 1 else self.totals[0]
        return Seen({"USD": Decimal(total)}, self.foreign, ())


class Scene:
    """A desk with an account, and its time."""

    def __init__(self, account):
        self.desk, self.account, self.now = Desk(), account, 1_000_000
        self.desk.bar(10_000)
        self.books = Reconciler(
            self.desk.plan, account, BEGAN, lambda: self.desk.state, lambda: self.now
        )

    def look(self):
        """Look once; return what it came to, taken by the desk."""
        found = []
        for event in self.books.events():
            self.desk.send(event)
            found.append(event)
        return found


def test_an_account_in_line_is_looked_at_once():
    scene = Scene(Account("100", foreign=2))
    assert not scene.books.is_in_line, "nobody has looked"
    assert scene.look() == [ev.Reconciled(1_000_000, 2, 0)]
    assert scene.books.is_in_line
    assert (scene.account.asked, scene.account.looks) == (1, 1)
    assert scene.desk.state.foreign_orders == 2


def test_what_a_second_look_explains_is_no_difference():
    scene = Scene(Account("99", "100"))
    assert scene.look() == [ev.Reconciled(1_000_000, 0, 0)]
    assert (scene.account.asked, scene.account.looks) == (2, 2), "orders were asked again"


def test_a_difference_is_adopted_once_it_stayed_long_and_often_enough():
    scene = Scene(Account("99"))
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
    scene = Scene(Account("99"))
    for _ in range(3 * LOOKS):
        assert scene.look() == []
        scene.now += 1
    scene = Scene(Account("99"))
    assert scene.look() == []
    scene.now += 10 * STAYS_MS
    assert scene.look() == []
    scene = Scene(Account("99"))
    for _ in range(LOOKS):
        assert scene.look() == []
        scene.now += STEP_MS - 1
    assert scene.look(), "a little later it has stayed"


def test_another_difference_begins_anew():
    scene = Scene(Account("99", "99", "99", "99", "98"))
    for _ in range(LOOKS + 1):
        assert scene.look() == []
        scene.now += STEP_MS
    scene.now += STEP_MS
    assert scene.look()[0].amount == "-2"


def test_entries_stop_as_soon_as_something_differs():
    scene = Scene(Account("100", "99"))
    scene.look()
    assert scene.desk.state.reconciled_ms == 1_000_000
    assert scene.look() == [ev.Reconciled(1_000_000, 0, 1)]
    assert scene.desk.state.reconciled_ms == 0
    assert not scene.books.is_in_line
    assert scene.look() == [], "that is said once"


def test_an_order_that_nobody_knows_may_explain_it():
    scene = Scene(Account("99"))
    scene.desk.place(1, lots=2, limit=9_000, type=OrderType.LIMIT, tif=TimeInForce.GTC)
    [order] = scene.desk.state.open_orders
    known = scene.desk.state
    for status in (OrderStatus.SUBMIT_UNKNOWN, OrderStatus.SUBMITTED):
        scene.desk.state = with_new_orders(known, order._replace(status=status))
        for _ in range(2 * LOOKS):
            assert scene.look() == []
            scene.now += STEP_MS
    scene.desk.state = known
    assert scene.look()[0].kind == "reconciliation"


def test_a_broker_without_an_account_is_always_in_line():
    desk, account = Desk(), Account("1", reports=(ev.Ticked(5),))
    account.look = lambda *_: None
    books = Reconciler(desk.plan, account, {}, lambda: desk.state, lambda: 5)
    assert list(books.events()) == [ev.Ticked(5)]
    assert books.is_in_line
