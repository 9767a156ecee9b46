"""What a journal says became of an order, and in whose words it ended."""

import pytest

from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine import events as ev
from gpt_trader.errors import UsageError
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.explained import explain_decisions, what_became_of
from gpt_trader.runtime.journaling import to_stored
from tests.engine_helpers import COIN, GOLD, HOUR, T0, Desk, sent
from tests.exchange_desk import Protected


@pytest.fixture
def journal(tmp_path):
    with open_journal(tmp_path / "j.db") as journal:
        yield journal


def told(desk, journal, order):
    """What the desk's entries say of an order, as they are kept."""
    journal.append([to_stored(entry) for entry in desk.entries])
    found = what_became_of(desk.plan, journal, order, 0)
    return found.status, found.why


def leaving():
    """Return a desk whose exit waits, its stop, and the exit."""
    desk = Protected()
    desk.open()
    stop = desk.resting
    desk.want(0.0)
    desk.bar(10_000)
    [waits] = [o for o in desk.state.open_orders if o.status is OrderStatus.WAITING]
    return desk, stop, waits


def test_an_order_that_waits_is_said_to_wait(journal):
    desk, _, waits = leaving()
    assert told(desk, journal, waits) == (OrderStatus.WAITING, "")


def test_one_that_was_refused_says_it_in_the_exchanges_own_words(journal):
    desk, stop, waits = leaving()
    [exit_order] = sent(desk.report(stop.client_order_id, OrderStatus.CANCELLED))
    desk.told(exit_order, OrderStatus.REJECTED, "INSUFFICIENT_FUND: not enough")
    words = "INSUFFICIENT_FUND: not enough"
    assert told(desk, journal, waits) == (OrderStatus.REJECTED, words)
    [why] = explain_decisions(desk.plan, journal, "COIN-USD", at_ms=None, last=1)
    assert (why["outcome"], why["outcome_reason"]) == ("REJECTED", words)


def test_one_that_left_after_a_wait_is_under_way(journal):
    desk, stop, waits = leaving()
    desk.report(stop.client_order_id, OrderStatus.CANCELLED)
    assert told(desk, journal, waits) == (OrderStatus.SUBMITTED, "")


def test_one_that_was_never_sent_says_why(journal):
    desk, stop, waits = leaving()
    desk.filled(stop, 20, 9_500)
    status, why = told(desk, journal, waits)
    assert (status, why) == (OrderStatus.REJECTED, "NOT_SENT: nothing is held that it could sell")


def test_one_that_was_called_back_before_it_left_was_cancelled(journal):
    desk, _, waits = leaving()
    desk.send(ev.FlattenRequested(desk.now() + 1, "ann", "x"))
    assert told(desk, journal, waits)[0] is OrderStatus.WAITING, "it takes what is there: it stays"
    desk = Protected(style="maker_first")
    desk.open()
    desk.want(0.0)
    desk.bar(10_000)
    [waits] = [o for o in desk.state.open_orders if o.status is OrderStatus.WAITING]
    desk.send(ev.FlattenRequested(desk.now() + 1, "ann", "x"))
    assert told(desk, journal, waits)[0] is OrderStatus.CANCELLED


def test_a_bar_that_came_late_is_said_to_have_decided_nothing(journal):
    desk = Desk(COIN, GOLD)
    for _ in range(2):
        for j in range(2):
            desk.bar(10_000, j=j)
    desk.bar(10_000)
    desk.send(ev.Ticked(T0 + 3 * HOUR + 10_000))
    desk.bar(10_000, j=1, late_ms=20_000)
    journal.append([to_stored(entry) for entry in desk.entries])
    late = T0 + 2 * HOUR
    assert explain_decisions(desk.plan, journal, "COIN-USD", at_ms=late, last=1)
    with pytest.raises(UsageError, match="decided nothing: it was told at 2020-09-13T03:00:20"):
        explain_decisions(desk.plan, journal, "GOLD-USD", at_ms=late, last=1)
    with pytest.raises(UsageError, match="no decision on GOLD-USD at"):
        explain_decisions(desk.plan, journal, "GOLD-USD", at_ms=late + HOUR, last=1)
