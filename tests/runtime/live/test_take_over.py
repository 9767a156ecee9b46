"""A start asks the account for what its journal does not know, and takes silence for no answer."""

from decimal import Decimal
from typing import NamedTuple

import pytest

from gpt_trader.domain.account import Balance, History, RemoteFill
from gpt_trader.domain.order import OrderStatus
from gpt_trader.domain.order_ids import order_id
from gpt_trader.engine.events import (
    FillReceived,
    Noted,
    OrdersFound,
    OrderUpdated,
    PositionFound,
    Reconciled,
    Started,
)
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import ExitTaken
from gpt_trader.errors import Unavailable
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.journaling import to_stored
from gpt_trader.runtime.live.take_over import (
    BEFORE_MS,
    YEARS_MS,
    found_at_start,
    take_over,
    words_of,
)
from gpt_trader.runtime.live.told import Untold
from gpt_trader.runtime.session import nothing
from tests.broker.exchange.rows import OPEN_MS, PLAN, SENT_MS, bought, route, sold, stop
from tests.engine.test_found import fill, found, live_desk, order, stop_order
from tests.engine_helpers import HOUR, Desk
from tests.live_helpers import live

NOW_MS = SENT_MS + 60_000
BEGAN = {"COIN": Decimal(100)}


class Account:
    """The wire's end: rows as they are told, and what was asked for."""

    def __init__(self, *rows, is_whole=True, wallet=None):
        self.rows, self.is_whole, self.asked, self.wallet = rows, is_whole, [], wallet

    def orders(self, *, product_ids=(), since_ms=None):
        self.asked.append(since_ms)
        mine = [row for row in self.rows if row.created_ms >= since_ms]
        return History(mine, is_whole=self.is_whole)

    def open_orders(self, since_ms=None):
        return History([], is_whole=True)

    def fills(self, *, since_ms=None, order_ids=()):
        return History([], is_whole=True)

    def order(self, order_id):
        return next((row for row in self.rows if row.order_id == order_id), None)

    def balances(self):
        if isinstance(self.wallet, Exception):
            raise self.wallet
        return [] if self.wallet is None else [Balance("COIN", *map(Decimal, self.wallet))]


@pytest.fixture
def journal(tmp_path):
    """A journal that began before everything, and has looked."""
    with open_journal(tmp_path / "journal.db") as journal:
        write(journal, Started(OPEN_MS - 1, {}))
        write(journal, Reconciled(SENT_MS, 0, 0))
        yield journal


def write(journal, event):
    journal.append([to_stored(Entry(event, (), ()))])


def asked(desk, journal, account):
    return found_at_start(desk.plan, desk.state, journal, account, NOW_MS, BEGAN)[0]


def test_orders_are_asked_for_from_shortly_before_the_newest_look(journal):
    account = Account()
    assert asked(Desk(), journal, account) == []
    assert account.asked == [SENT_MS - BEFORE_MS]


def test_what_was_told_is_not_asked_for_again(journal):
    journal.note_told(SENT_MS + 5)
    journal.note_told(SENT_MS + 9)
    write(journal, Reconciled(SENT_MS + 99, 0, 0))
    account = Account()
    asked(Desk(), journal, account)
    assert account.asked == [SENT_MS + 9 - BEFORE_MS], "a look alone tells no story"


def test_nothing_from_before_the_journal_is_a_part_of_its_story(tmp_path):
    with open_journal(tmp_path / "journal.db") as journal:
        write(journal, Started(SENT_MS - 5, {}))
        write(journal, Reconciled(SENT_MS, 0, 0))
        account = Account()
        asked(Desk(), journal, account)
        assert account.asked == [SENT_MS - 5]


def test_a_journal_that_has_never_looked_is_a_new_one(tmp_path):
    with open_journal(tmp_path / "journal.db") as journal:
        write(journal, Started(NOW_MS, {}))
        account = Account(bought(0, 100))
        [event] = asked(Desk(), journal, account)
        assert isinstance(event, PositionFound)
        assert account.asked == [NOW_MS - YEARS_MS]
        with pytest.raises(Unavailable):
            asked(Desk(), journal, Account(bought(0, 100), is_whole=False))


def test_what_came_since_a_copy_of_a_sessions_first_moments_is_booked(tmp_path):
    """It has never looked, and its wallets are those of before all that was bought and sold."""
    with open_journal(tmp_path / "journal.db") as journal:
        write(journal, Started(OPEN_MS + 2 * HOUR, {}))
        older, newer, out = bought(3, 100), bought(5, 100, 2), sold(2, 3, route(3))
        account = Account(older, newer, out, wallet=("6", "0"))
        desk, began = Desk(), {"COIN": Decimal(3)}
        [held, story], untold = found_at_start(
            desk.plan, desk.state, journal, account, NOW_MS, began
        )
        assert isinstance(held, PositionFound)
        assert (held.lots, untold) == (3, None), "the copy's own wallets tell what was held then"
        assert isinstance(story, OrdersFound)
        assert [one.client_order_id for one in story.orders] == [route(2), route(3)]
        assert [(one.side, one.lots) for one in story.fills] == [(1, 5), (-1, 2)]
        write(journal, story)
        [again], _ = found_at_start(desk.plan, desk.state, journal, account, NOW_MS, began)
        assert again == held, "a start that ended before it said that it had asked tells it once"


def test_what_no_entry_names_is_taken_over_and_said(journal):
    desk = Desk()
    row = stop()
    [event] = asked(desk, journal, Account(row))
    assert isinstance(event, OrdersFound)
    assert [one.client_order_id for one in event.orders] == [row.client_order_id]
    assert "takes no entries until rearm" in " ".join(words_of(desk.plan, event))
    write(journal, event)
    assert asked(desk, journal, Account(row)) == [], "told once"


def test_what_cannot_be_read_is_said_and_does_not_keep_a_position_from_being_managed(journal):
    desk = Desk()
    note, event = asked(desk, journal, Account(stop(), is_whole=False))
    assert isinstance(note, Noted)
    assert list(words_of(desk.plan, note)) == [note.text]
    assert isinstance(event, OrdersFound)


class Half(Account):
    """No row of the history can be read; fills and what rests are told, each in full or not."""

    def __init__(self, *rows, rests=True, fills=True):
        super().__init__(*rows, is_whole=False)
        self.rests_whole, self.fills_whole = rests, fills

    def orders(self, *, product_ids=(), since_ms=None):
        return History([], is_whole=False)

    def open_orders(self, since_ms=None):
        rests = [row for row in self.rows if not row.life.is_final]
        return History(rests, is_whole=self.rests_whole)

    def fills(self, *, since_ms=None, order_ids=()):
        if self.fills_whole is None:
            raise Unavailable("no")
        filled = [row for row in self.rows if row.filled_size]
        return History([Sold(row.order_id, row.filled_size) for row in filled], self.fills_whole)


@pytest.mark.parametrize(
    "rests, fills, is_sure",
    [(True, True, True), (True, False, False), (False, True, False), (True, None, False)],
)
def test_what_a_half_history_does_not_tell_fills_and_what_rests_do(rests, fills, is_sure, journal):
    """An exit of what was sold already would sell somebody else's coins."""
    desk = live_desk()
    entry = order("e", 1, 5, OrderStatus.FILLED)
    found(desk, [entry], [fill(entry, 5, 100)])
    gone = sold(5, 0, key=order_id(PLAN.portfolio, "COIN-USD", "bar:1h:0", 3))
    gone = gone._replace(created_ms=NOW_MS)
    account = Half(gone, stop(), rests=rests, fills=fills)
    events, untold = found_at_start(desk.plan, desk.state, journal, account, NOW_MS, BEGAN)
    assert untold == Untold(SENT_MS - BEFORE_MS, is_sure)
    told = [one.client_order_id for event in events[1:] for one in event.orders]
    expected = {stop().client_order_id, gone.client_order_id}
    assert set(told) == (set() if fills is None else expected)
    ask = account.order
    account.order = lambda one: None if one == gone.order_id else ask(one)
    if is_sure:
        _, untold = found_at_start(desk.plan, desk.state, journal, account, NOW_MS, BEGAN)
        assert not untold.is_sure, "whose fills they are nobody says"


def test_of_open_orders_the_exchange_is_asked_and_must_say(journal):
    desk = live_desk()
    entry, before = order("e", 1, 5, OrderStatus.FILLED), stop_order("s1", 5)
    found(desk, [entry, before], [fill(entry, 5, 100)])
    new = stop()
    with pytest.raises(Unavailable, match="does not show order x-s1"):
        asked(desk, journal, Account(new))
    told = stop(SENT_MS - 9)._replace(
        client_order_id="s1", order_id="x-s1", created_ms=OPEN_MS - 10 * BEFORE_MS
    )
    [event] = asked(desk, journal, Account(new, told))
    assert [one.client_order_id for one in event.orders] == ["s1", new.client_order_id]


@pytest.mark.parametrize("told", [None, "half", "more"])
def test_a_row_that_is_hidden_is_taken_as_list_and_fills_tell_it(told, journal):
    """One hidden row must not end every start; where the fills say otherwise nobody knows."""
    row = stop()
    account = Account(row)
    account.order = lambda _: None
    there = RemoteFill(
        "e", "t", row.order_id, row.product_id, -1, SENT_MS, "FILL", Decimal(100), Decimal(1),
        Decimal(0), "", None,
    )  # fmt: skip
    fills = [there] if told == "more" else []
    account.fills = lambda **_: History(fills, is_whole=told != "half")
    if told is not None:
        with pytest.raises(Unavailable, match="does not show order"):
            asked(Desk(), journal, account)
        return
    [event] = asked(Desk(), journal, account)
    assert [one.client_order_id for one in event.orders] == [row.client_order_id]


def test_a_history_that_could_not_be_read_in_full_is_asked_for_again(tmp_path):
    said = []
    with live(tmp_path) as desk, desk.session() as (session, _, _):
        session.take(Reconciled(desk.exchange.now_ms, 0, 0), nothing)
        for is_whole in (False, True):
            before = session.journal.told_ms()
            untold = take_over(
                session, Account(is_whole=is_whole), BEGAN, nothing, nothing, said.append
            )
            assert (session.journal.told_ms() != before) is is_whole
            assert (untold is None) is is_whole
    assert len(said) == 1


class Liar(Account):
    """A list that tells otherwise than the orders themselves, and their fills."""

    def __init__(self, *rows, own, filled=False, wallet=None):
        super().__init__(*rows, wallet=wallet)
        self.own, self.filled = own, filled

    def order(self, order_id):
        return self.own

    def fills(self, *, order_ids):
        sizes = [self.own.filled_size] if self.filled else []
        return History([Sold(order_id, one) for order_id in order_ids for one in sizes], True)


class Sold(NamedTuple):
    order_id: str
    size: Decimal
    is_first: bool = True


GONE, THERE = (95, 0), (100, 0)  # of 100 coins, with nothing on hold


@pytest.mark.parametrize(
    "filled, wallet, booked",
    [
        (False, GONE, []),
        (True, GONE, [FillReceived, OrderUpdated]),
        (True, THERE, []),
        (True, None, []),
        (True, Unavailable("no"), []),
    ],
)
def test_a_stop_that_had_ended_is_asked_itself_what_a_list_says_of_it(
    filled, wallet, booked, journal
):
    """And its fills and the wallet must say the same."""
    desk = live_desk()
    key = stop().client_order_id
    ended = stop_order(key, 5)._replace(status=OrderStatus.CANCELLED)
    desk.state = desk.state._replace(orders={key: ended})
    more = {"status": "FILLED", "filled_size": "5", "filled_value": "475", "total_fees": "0"}
    lie, true = stop(**more), stop(status="CANCELLED")
    assert asked(desk, journal, Liar(lie, own=true)) == []
    told = asked(desk, journal, Liar(lie, own=lie, filled=filled, wallet=wallet))
    assert [type(event) for event in told] == booked


FILLED = {"status": "FILLED", "filled_size": "5", "filled_value": "475", "total_fees": "0"}


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    "wallet, is_sold",
    [
        ((100, 0), True),  # five came and went since
        ((105, 0), True),  # somebody brought five, and nothing is on hold
        ((95, 5), True),  # they went, and somebody else's order holds some
        ((100, 5), False),  # it rests
        (None, False),
        (Unavailable("no"), False),
    ],
)
def test_what_only_a_stop_says_it_sold_since_an_older_journal_is_left_to_looks(
    wallet, is_sold, known, journal
):
    """The entry is booked; the stop counts as one that rests, whatever it says."""
    desk = live_desk()
    entry, told = bought(5, 100, bars=2), stop(**FILLED)
    if known:
        desk.state = desk.state._replace(
            orders={told.client_order_id: stop_order(told.client_order_id, 5)},
            open_orders=(stop_order(told.client_order_id, 5),),
        )
    [event] = asked(desk, journal, Account(entry, told, wallet=wallet))
    taken = {one.client_order_id: one.status for one in event.orders}
    assert taken[entry.client_order_id] is OrderStatus.FILLED
    filled = {one.client_order_id for one in event.fills}
    assert entry.client_order_id in filled
    assert (told.client_order_id in filled) == is_sold
    assert taken[told.client_order_id] is (OrderStatus.FILLED if is_sold else OrderStatus.OPEN)


def test_an_order_that_only_waits_is_known_to_the_journal():
    """Where the journal is a copy of then, it has left since: what it did is not booked twice."""
    waits = order("e", -1, 5, OrderStatus.WAITING)
    entry = Entry(Reconciled(NOW_MS, 0, 0), (ExitTaken(waits, ()),), ())
    assert to_stored(entry).intents == ("e",)
