"""A disk that takes nothing any more: only cancels are sent, and the next start finds them."""

import contextlib

import pytest

from gpt_trader.broker.exchange.carry import Inline
from gpt_trader.broker.exchange.departures import Departure
from gpt_trader.broker.simulated.observe import ObserveBroker
from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.commands import Approved, SubmitOrder
from gpt_trader.errors import StorageError
from gpt_trader.runtime.live.last_resort import LONGEST_S, cancel_from_memory
from tests.emulator.faults import Fault
from tests.live_helpers import MINUTE, live

MAKER = {"order_style.entry.style": "maker_only", "params.bars": 2}


def known_as(session, order, **changes):
    """Let what is durable know an order otherwise."""
    stored, state = session.durable._newest
    entry = state.orders[order.client_order_id]._replace(**changes)
    orders = state.orders | {order.client_order_id: entry}
    session.durable._newest = stored, state._replace(orders=orders)


def sweep(desk, session):
    return cancel_from_memory(session, Inline(), desk.wait, lambda: desk.exchange.now_ms / 1000)


def with_a_resting_entry(desk, session, feed):
    """Trade until an entry rests; return it at the exchange."""
    for event in feed:
        session.take(event, lambda *_: None)
        entries = [
            o for o in session.state.open_orders if not o.intent.reduce_only and o.exchange_id
        ]
        if entries:
            return desk.exchange.books.by_client[entries[0].client_order_id]
    raise AssertionError("no entry ever rested")


def test_entries_are_cancelled_from_memory_and_found_by_the_next_start(tmp_path):
    with live(tmp_path, **MAKER) as desk:
        with contextlib.suppress(StorageError), desk.session() as (session, feed, _):
            order = with_a_resting_entry(desk, session, iter(feed))
            session.journal._is_broken = True  # as after a COMMIT that failed
            before = len(desk.exchange.books.orders)
            swept = sweep(desk, session)
            assert swept.taken == swept.entries >= 1
            assert order.status == "CANCELLED"
            assert len(desk.exchange.books.orders) == before, "nothing but cancels"
            session.journal.append([])
            pytest.fail("it was written")
        session = desk.run(desk.exchange.now_ms + 2 * MINUTE + 10_000)
        assert [one for one in desk.differences(session) if "open" in one] == []
        assert session.state.slots["lots"][0] >= 0


def test_an_exchange_that_is_away_is_no_second_error(tmp_path):
    with live(tmp_path, **MAKER) as desk, desk.session() as (session, feed, _):
        order = with_a_resting_entry(desk, session, iter(feed))
        desk.exchange.faults.add(Fault(status=503, refuses=True, times=None))
        began_ms = desk.exchange.now_ms
        swept = sweep(desk, session)
        assert (order.status, swept.taken) == ("OPEN", 0)
        assert swept.entries >= 1, "somebody is told of them"
        assert desk.exchange.now_ms - began_ms == pytest.approx(LONGEST_S * 1000, abs=100)


@pytest.mark.parametrize("cut", [None, "before"])
def test_a_cancel_that_is_not_answered_is_asked_again(tmp_path, cut):
    with live(tmp_path, **MAKER) as desk, desk.session() as (session, feed, _):
        order = with_a_resting_entry(desk, session, iter(feed))
        status = 503 if cut is None else None
        fault = Fault("/batch_cancel", status=status, cut=cut, refuses=True, times=3)
        desk.exchange.faults.add(fault)
        swept = sweep(desk, session)
        assert order.status == "CANCELLED"
        assert swept.taken == swept.entries


def test_a_cancel_that_the_exchange_does_not_take_is_not_called_taken(tmp_path):
    with live(tmp_path, **MAKER) as desk, desk.session() as (session, feed, _):
        order = with_a_resting_entry(desk, session, iter(feed))
        desk.exchange.books.cancel(order.order_id, desk.exchange.now_ms)
        swept = sweep(desk, session)
        assert swept.taken == swept.entries - 1


def test_a_cancel_that_waits_for_its_turn_is_not_forgotten(tmp_path):
    """What was asked before, and is only queued, is withdrawn with all that waits."""
    with live(tmp_path, **MAKER) as desk, desk.session() as (session, feed, _):
        order = with_a_resting_entry(desk, session, iter(feed))
        known_as(session, order, status=OrderStatus.PENDING_CANCEL)
        sweep(desk, session)
        assert order.status == "CANCELLED"


def test_an_entry_whose_answer_was_not_written_down_is_known_by_its_name(tmp_path):
    with live(tmp_path, **MAKER) as desk, desk.session() as (session, feed, _):
        order = with_a_resting_entry(desk, session, iter(feed))
        known_as(session, order, status=OrderStatus.SUBMITTED, exchange_id="")
        sweep(desk, session)
        assert order.status == "CANCELLED"


def test_paper_has_nothing_at_an_exchange(tmp_path):
    with live(tmp_path, **MAKER) as desk, desk.session() as (session, feed, _):
        with_a_resting_entry(desk, session, iter(feed))
        session.broker = ObserveBroker()
        assert sweep(desk, session) == (0, 0)


def test_an_entry_that_waits_for_its_turn_is_not_sent_any_more(tmp_path):
    with live(tmp_path, **MAKER) as desk, desk.session() as (session, feed, _):
        with_a_resting_entry(desk, session, iter(feed))
        [entry, *_] = [o for o in session.state.open_orders if not o.intent.reduce_only]
        waits = entry._replace(intent=entry.intent._replace(client_order_id="waits"))
        departure = Departure(("waits",), "enter", SubmitOrder(Approved(waits)))
        session.broker._departures.put(departure)
        sweep(desk, session)
        assert "waits" not in desk.exchange.books.by_client
