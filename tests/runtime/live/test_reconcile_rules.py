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
from gpt_trader.engine.drive import Entry
from gpt_trader.engine.orders import ABSENCE_GAP_MS
from gpt_trader.engine.state import with_new_orders
from gpt_trader.errors import Unavailable
from gpt_trader.observe.notify import INFO, PAGE
from gpt_trader.runtime.alerts import alerts_of
from gpt_trader.runtime.journaling import to_stored
from gpt_trader.runtime.live.apart import (
    APART,
    APART_MS,
    IN_LINE,
    LOOKS,
    MOVES_MS,
    STAYS_MS,
    UNTOLD_LOOKS,
    UNTOLD_MS,
)
from gpt_trader.runtime.live.looks import Looks
from gpt_trader.runtime.live.reconcile import (
    ACCOUNT,
    AGAIN_MS,
    BEFORE_MS,
    BLIND_MS,
    FILLS_BEFORE_MS,
    TRADED_MS,
    UNDER_WAY_MS,
    Reconciler,
)
from tests.broker.exchange.rows import stop
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
    is_whole: bool = True
    coins: tuple = ()
    since: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def balances(self):
        self.asked.append("balances")
        total = self.totals.pop(0) if len(self.totals) > 1 else self.totals[0]
        coins = [Balance("COIN", Decimal(one), Decimal(0)) for one in self.coins]
        return [] if total is None else [Balance("USD", Decimal(total), Decimal(0)), *coins]

    def open_orders(self, since_ms):
        return History(list(self.open), True)

    def orders(self, *, since_ms):
        self.since.append(since_ms)
        return History(list(self.open), self.is_whole)

    def fills(self, *, since_ms):
        self.asked.append("fills")
        self.since.append(since_ms)
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
        self.books.look(self.now)
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


def test_of_a_difference_that_grows_what_has_stayed_is_adopted_and_the_rest_begins_anew():
    scene = Scene("99")
    for _ in range(LOOKS - 1):
        assert scene.look() == []
        scene.now += 1
    scene.now += STAYS_MS
    scene.account.totals = ["98"]
    adopted = [(event.amount, event.total) for event in scene.look()]
    assert adopted == [("-1", "99")], "what is not adopted may be a fill: it would count twice"
    for _ in range(LOOKS - 1):
        assert scene.look() == []
        scene.now += STEP_MS
    assert [(event.amount, event.total) for event in scene.look()] == [("-1", "98")]


def test_a_difference_that_changed_is_looked_at_again_at_once():
    scene = Scene("99")
    for total, is_new in (("99", True), ("99", False), ("98", True), ("98", False)):
        scene.account.totals = [total]
        scene.look()
        asked = len(scene.account.asked)
        scene.now += AGAIN_MS
        scene.books.ask(scene.now, is_up=True)
        scene.turn()
        assert (len(scene.account.asked) > asked) is is_new


def test_a_difference_that_turned_round_begins_anew():
    scene = Scene("99")
    for _ in range(LOOKS - 1):
        assert scene.look() == []
        scene.now += STEP_MS
    scene.account.totals = ["101"]
    for _ in range(LOOKS - 1):
        assert scene.look() == []
        scene.now += STEP_MS // 2
    scene.now += STEP_MS * LOOKS
    assert [event.amount for event in scene.look()] == ["1"]


@pytest.mark.parametrize("step", ["0.1", "-0.1"])
def test_small_movements_do_not_stop_entries_for_ever(step):
    """Every 20 s, as of rewards: each is seen for less than a difference has to stay."""
    scene, told, out_ms = Scene("100"), [], 0
    for second in range(0, 1_200, 5):
        scene.account.totals = [str(100 + second // 20 * Decimal(step))]
        scene.look()
        told += scene.books.say_apart(scene.now)
        out_ms = 0 if scene.desk.state.reconciled_ms > 0 else out_ms + 5_000
        assert out_ms <= MOVES_MS + 20_000
        scene.now += 5_000
    assert not told, "it is in line again and again"


def test_what_is_gone_is_noticed_while_something_else_moves():
    scene, found = Scene("99"), []
    scene.books.began = {**BEGAN, "COIN": Decimal(100)}
    for second in range(0, MOVES_MS // 1000, 5):
        scene.account.coins = (str(99 - second),)
        found += [event for event in scene.look() if isinstance(event, ev.Adjusted)]
        scene.now += 5_000
    assert ("USD", "-1") in [(one.asset, one.amount) for one in found]
    assert found[0].time_ms - 1_000_000 <= STAYS_MS + 5_000


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
    found = []
    for _ in range(3 * LOOKS):
        found += scene.look()
        scene.now += STEP_MS
    assert found[0].kind == "reconciliation", "nothing explains it"


def test_sales_of_the_same_size_that_are_told_one_by_one_are_no_difference_that_stays():
    """Each look may show the newest of them, not booked yet; the fills were read before it."""
    scene = Scene("99")
    scene.desk.state = with_a_resting_order(scene.desk)
    [order] = scene.desk.state.open_orders
    for name in ("x1", "x2"):
        ended = order._replace(
            intent=order.intent._replace(client_order_id=name),
            status=OrderStatus.CANCELLED,
            exchange_id=name,
        )
        scene.desk.state = with_new_orders(scene.desk.state, ended)
    for turn in range(3 * LOOKS):
        scene.account.told = [bought(scene, ("x1", "x2")[turn % 2])]
        assert scene.look() == []
        scene.now += STEP_MS
    scene.account.told = []
    assert scene.look() == []


def with_a_fill_that_stays_untold(scene, size):
    """Let fills tell more of an order of ours that ended than the order does."""
    scene.desk.state = with_a_resting_order(scene.desk)
    [order] = scene.desk.state.open_orders
    ended = order._replace(status=OrderStatus.CANCELLED, exchange_id="x1")
    scene.desk.state = with_new_orders(scene.desk.state, ended)
    scene.account.told = [bought(scene, "x1")._replace(size=Decimal(size))]


def test_a_fill_that_its_order_never_tells_is_waited_for_two_minutes():
    """As a row of a correction, which stands beside the fill for ever."""
    scene = Scene("99")
    with_a_fill_that_stays_untold(scene, "1")
    assert scene.look() == [], "it is the first look that has fills read"
    scene.now += STEP_MS
    begun_ms = scene.now
    while scene.now - begun_ms < UNTOLD_MS:
        assert scene.look() == []
        scene.now += STEP_MS
    assert [event.amount for event in scene.look()] == ["-1"]
    assert scene.look()[0].differences == 0


def test_few_looks_are_no_two_minutes_of_looks():
    scene = Scene("99")
    with_a_fill_that_stays_untold(scene, "1")
    scene.look()
    for _ in range(UNTOLD_LOOKS - 1):
        assert scene.look() == []
        scene.now += ABSENCE_GAP_MS
    assert scene.look()[0].kind == "reconciliation"


def test_a_time_without_looks_is_no_time_of_looks():
    """As a night in which the process was down."""
    scene = Scene("99")
    with_a_fill_that_stays_untold(scene, "1")
    for _ in range(2 * UNTOLD_LOOKS):
        assert scene.look() == []
        scene.now += ABSENCE_GAP_MS + 1


def test_what_fills_tell_beyond_less_than_a_lot_is_rounding():
    scene = Scene("99")
    with_a_fill_that_stays_untold(scene, "0.0000000000001")
    for _ in range(LOOKS - 1):
        assert scene.look() == []
        scene.now += STEP_MS
    assert scene.look()[0].kind == "reconciliation"


def test_half_a_look_enters_nothing_and_adopts_nothing():
    scene = Scene("99")
    scene.account.is_whole = False
    for _ in range(3 * LOOKS):
        assert scene.look() == []
        assert scene.books.unseen
        scene.now += STEP_MS
    assert list(scene.books.say_blind(scene.now)), "it is said"
    scene.account.is_whole = True
    for _ in range(LOOKS - 1):
        assert scene.look() == []
        scene.now += STEP_MS
    assert scene.look()[0].kind == "reconciliation"


def test_what_could_not_be_read_at_the_start_is_read_as_soon_as_it_can_be():
    scene = Scene("100")
    ours = stop()._replace(product_id="COIN-USD")
    scene.books.unknown, scene.books.untold_ms = set, 5
    scene.account.is_whole = False
    assert scene.look() == []
    scene.account.is_whole, scene.account.open = True, (ours,)
    [found] = scene.look()
    assert isinstance(found, ev.OrdersFound), "a part of this session's story, no other's"
    assert [one.client_order_id for one in found.orders] == [ours.client_order_id]
    assert scene.books.unseen, "that look was at what is not so any more"
    assert [type(event) for event in scene.look()] == [ev.Reconciled]
    assert scene.account.since == [5, 5, 5]
    scene.look()
    assert scene.account.since[-1] == scene.now - BEFORE_MS


@pytest.mark.parametrize("coins, status", [("0", "FILLED"), ("5", "OPEN"), (None, "OPEN")])
def test_a_stop_that_a_list_says_to_have_sold_rests_until_the_wallet_says_so(coins, status):
    scene = Scene("100")
    scene.books.unknown, scene.books.untold_ms = set, 5
    scene.books.began = {**BEGAN, "COIN": Decimal(5)}
    row = stop(status="FILLED", filled_size="5", filled_value="475", total_fees="0")
    scene.account.open, scene.account.coins = (row,), () if coins is None else (coins,)
    [found] = scene.look()
    assert [one.status for one in found.orders] == [status]
    assert len(found.fills) == (status == "FILLED")


def test_an_order_that_does_not_tell_its_fills_is_not_taken_for_read():
    scene = Scene("100")
    scene.books.unknown, scene.books.untold_ms = set, 5
    scene.account.open = (stop()._replace(product_id="COIN-USD", filled_size=None),)
    assert scene.look() == []
    assert scene.books.untold_ms == 5


@pytest.mark.parametrize("made_ms, found", [(5, ev.OrdersFound), (4, ev.InstanceSeen)])
def test_what_is_of_before_the_journal_is_no_part_of_its_story(made_ms, found):
    """It is in the wallets that the journal begins with."""
    scene = Scene("100")
    scene.books.unknown, scene.books.begins_ms = set, 5
    scene.account.open = (stop()._replace(product_id="COIN-USD", created_ms=made_ms),)
    assert isinstance(scene.look()[0], found)


def bought(scene, order_id):
    """Return a fill of now."""
    return RemoteFill(
        "e", "t", order_id, "COIN-USD", 1, scene.now, "FILL", Decimal(90), Decimal(1),
        Decimal(0), "", None,
    )  # fmt: skip


def test_whose_order_it_was_that_only_its_fills_tell_is_asked_before_anything_is_adopted():
    scene = Scene("99")
    scene.account.told = [bought(scene, "x7")]
    for _ in range(3 * LOOKS):
        assert scene.look() == []
        scene.now += STEP_MS
    assert "x7" in scene.account.asked
    scene.account.by_id["x7"] = stop()._replace(order_id="x7", client_order_id="by hand")
    adopted = scene.look()[0]
    assert (adopted.kind, adopted.by) == ("reconciliation", ev.OTHERS)
    said = "-1 USD are gone, not the session's: bought COIN by order x7"
    assert scene.desk.state.frozen == (said,), "no riddle"


@pytest.mark.parametrize("is_answered", [True, False])
def test_an_order_that_nobody_has_is_not_asked_for_for_ever(is_answered):
    scene = Scene("99")
    scene.account.told = [bought(scene, "x7")]
    if not is_answered:
        scene.account.order = lambda _: (_ for _ in ()).throw(Unavailable("no"))
    found, told = [], []
    for _ in range(2 * UNTOLD_LOOKS):
        found += [event for event in scene.look() if isinstance(event, ev.Adjusted)]
        told += scene.books.say_apart(scene.now)
        scene.now += STEP_MS
    assert bool(found) is is_answered, "what could not be asked may be this bot's"
    assert told, "a person is"


def test_an_order_of_ours_that_only_its_fills_tell_is_taken_over():
    scene = Scene("99")
    scene.books.unknown, scene.books.begins_ms = set, 5
    scene.account.told = [bought(scene, "x7")]
    ours = stop()._replace(order_id="x7", product_id="COIN-USD", created_ms=6)
    scene.account.by_id["x7"] = ours
    assert scene.look() == []
    assert scene.look() == []
    [found] = scene.look()
    assert [one.client_order_id for one in found.orders] == [ours.client_order_id]


def test_what_moved_as_in_a_trade_waits_longer_for_the_fills_that_tell_it():
    scene = Scene("100")
    scene.look()
    scene.account.totals, scene.account.coins = ["10"], ("1",)
    for _ in range(TRADED_MS // STEP_MS):
        assert all(isinstance(event, ev.Reconciled) for event in scene.look())
        scene.now += STEP_MS
    assert [event.asset for event in scene.look()] == ["COIN", "USD"], "it has no fills here"


def test_a_trade_of_somebody_else_is_adopted_once_it_is_told():
    scene = Scene("100")
    scene.look()
    scene.account.totals, scene.account.coins = ["10"], ("1",)
    scene.account.told = [bought(scene, "x7")]
    scene.account.open = (
        stop()._replace(order_id="x7", client_order_id="", life=OrderStatus.FILLED),
    )
    for _ in range(LOOKS - 1):
        assert all(isinstance(event, ev.Reconciled) for event in scene.look())
        scene.now += STEP_MS
    assert [event.asset for event in scene.look()] == ["COIN", "USD"]


def test_fills_are_read_since_the_account_was_in_line_before_this_start():
    scene = Scene("99")
    scene.books.in_line_ms = 700_000
    scene.look()
    scene.look()
    assert scene.account.since[-2] == 700_000 - FILLS_BEFORE_MS


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


def test_an_account_that_stays_out_of_line_is_told_once_until_it_is_in_line_again():
    scene = Scene("99")
    scene.desk.state = with_a_resting_order(scene.desk)
    known = scene.desk.state
    [order] = known.open_orders
    unknown = order._replace(status=OrderStatus.SUBMIT_UNKNOWN)
    scene.desk.state = with_new_orders(known, unknown)
    told = []
    while scene.now < 1_000_000 + 3 * APART_MS:
        assert scene.look() == []
        told += scene.books.say_apart(scene.now)
        scene.now += STEP_MS
    [noted] = told
    assert (noted.about, noted.time_ms) == (APART, 1_000_000 + APART_MS)
    for words in ("USD holds 99, 100 is expected", "since 1970-01-01T00:16:40", "account adjust"):
        assert words in noted.text
    [alert] = alerts_of(scene.desk.plan, known, known, [Entry(noted, (), ())])
    assert alert.level == PAGE
    scene.desk.state = known
    assert isinstance(scene.look()[0], ev.Adjusted)
    reconciled, over = scene.look()
    assert (reconciled.differences, over.about, over.text) == (0, APART, IN_LINE)
    [alert] = alerts_of(scene.desk.plan, known, known, [Entry(over, (), ())])
    assert alert.level == INFO
    assert [type(event) for event in scene.look()] == [ev.Reconciled], "that is said once, too"


def test_a_process_that_follows_does_not_say_again_what_was_told():
    scene = Scene("99")
    scene.books.is_told_apart = True
    scene.look()
    scene.now += APART_MS
    assert not list(scene.books.say_apart(scene.now))
    scene.account.totals = ["100"]
    assert scene.look()[-1].text == IN_LINE


@pytest.mark.parametrize("step_ms", [7, -7])
def test_nobody_is_said_to_be_blind_by_a_clock_that_goes_on_or_back_within_a_turn(step_ms):
    scene = Scene("100")
    scene.account.balances = lambda: (_ for _ in ()).throw(Unavailable("no"))

    def now() -> int:
        scene.now += step_ms
        return scene.now

    scene.books.now_ms = now
    told = []
    for began_ms in range(1_000_000, 1_000_000 + BLIND_MS, 1_000):
        scene.now = began_ms
        scene.books.ask(began_ms, is_up=True)
        told += scene.books.say_blind(began_ms)
        told += scene.books.say_blind(began_ms + step_ms)
        scene.turn()
    assert not told
    assert list(scene.books.say_blind(1_000_000 + BLIND_MS)), "the true one is said"


def test_an_order_that_a_process_sent_before_it_died_is_a_part_of_this_story():
    scene = Scene("100")
    scene.look()
    ours = order_id(scene.desk.plan.portfolio, "COIN-USD", "bar:1h:0", 0)
    row = RemoteOrder(
        "x9", ours, "COIN-USD", 1, "CANCELLED", OrderStatus.CANCELLED, "LIMIT", OrderType.LIMIT,
        "GTC", Decimal(9), None, Decimal(1), None, Decimal(0), Decimal(0), Decimal(0),
        scene.now + UNDER_WAY_MS - 1, False, "", "",
    )  # fmt: skip
    scene.account.open = (row,)
    scene.books.unknown = set
    scene.now += 60_000
    [found] = scene.look()
    assert isinstance(found, ev.OrdersFound)
    assert scene.desk.state.orders[ours].exchange_id == "x9"


def test_what_is_seen_of_a_second_instance_is_not_known_to_the_journal():
    """The next start takes it over: nothing of it was booked."""
    seen = Entry(ev.InstanceSeen(1, ("a",)), (), ())
    assert to_stored(seen).intents == ()


def test_an_order_of_ours_that_no_entry_names_is_told_once():
    scene = Scene("100")
    scene.look()
    ours = order_id(scene.desk.plan.portfolio, "COIN-USD", "bar:1h:0", 0)
    row = RemoteOrder(
        "x9", ours, "COIN-USD", 1, "OPEN", OrderStatus.OPEN, "LIMIT", OrderType.LIMIT, "GTC",
        Decimal(9), None, Decimal(1), None, Decimal(0), Decimal(0), Decimal(0),
        scene.now + UNDER_WAY_MS, False, "", "",
    )  # fmt: skip
    scene.account.open = (row, row._replace(order_id="x8", client_order_id="by hand"))
    scene.books.unknown = set
    [seen, reconciled] = scene.look()
    assert seen == ev.InstanceSeen(scene.now, (ours,))
    assert reconciled.foreign_orders == 2
    assert scene.desk.state.halted or scene.desk.state.frozen[0], "entries stop"
    assert [type(event) for event in scene.look()] == [ev.Reconciled]
