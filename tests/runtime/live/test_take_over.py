"""A start asks the account for what its journal does not know, and takes silence for no answer."""

import pytest

from gpt_trader.domain.account import History
from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.events import (
    Noted,
    OrdersFound,
    PositionFound,
    Reconciled,
    Started,
)
from gpt_trader.engine.ports import Entry
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
from gpt_trader.runtime.session import nothing
from tests.broker.exchange.rows import OPEN_MS, SENT_MS, bought, stop
from tests.engine.test_found import fill, found, live_desk, order, stop_order
from tests.engine_helpers import Desk
from tests.live_helpers import live

NOW_MS = SENT_MS + 60_000


class Account:
    """The wire's end: rows as they are told, and what was asked for."""

    def __init__(self, *rows, is_whole=True):
        self.rows, self.is_whole, self.asked = rows, is_whole, []

    def orders(self, *, product_ids=(), since_ms=None):
        self.asked.append(since_ms)
        mine = [row for row in self.rows if row.created_ms >= since_ms]
        return History(mine, is_whole=self.is_whole)

    def order(self, order_id):
        return next((row for row in self.rows if row.order_id == order_id), None)

    def balances(self):
        return []


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
    return found_at_start(desk.plan, desk.state, journal, account, NOW_MS)


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


def test_a_history_that_could_not_be_read_in_full_is_asked_for_again(tmp_path):
    said = []
    with live(tmp_path) as desk, desk.session() as (session, _, _):
        session.take(Reconciled(desk.exchange.now_ms, 0, 0), nothing)
        for is_whole in (False, True):
            before = session.journal.told_ms()
            take_over(session, Account(is_whole=is_whole), nothing, said.append)
            assert (session.journal.told_ms() != before) is is_whole
    assert len(said) == 1
