"""A disk that takes nothing any more: only cancels are sent, and the next start finds them."""

import contextlib

import pytest

from gpt_trader.broker.exchange.departures import Departure
from gpt_trader.engine.commands import Approved, SubmitOrder
from gpt_trader.errors import StorageError
from gpt_trader.runtime.live.last_resort import cancel_from_memory
from tests.emulator.faults import Fault
from tests.live_helpers import MINUTE, live

MAKER = {"order_style.entry.style": "maker_only", "params.bars": 2}


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
            assert cancel_from_memory(session, desk.wait) >= 1
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
        cancel_from_memory(session, desk.wait)
        assert order.status == "OPEN"


def test_an_entry_that_waits_for_its_turn_is_not_sent_any_more(tmp_path):
    with live(tmp_path, **MAKER) as desk, desk.session() as (session, feed, _):
        with_a_resting_entry(desk, session, iter(feed))
        [entry, *_] = [o for o in session.state.open_orders if not o.intent.reduce_only]
        waits = entry._replace(intent=entry.intent._replace(client_order_id="waits"))
        departure = Departure(("waits",), "enter", SubmitOrder(Approved(waits)))
        session.broker._departures.put(departure)
        cancel_from_memory(session, desk.wait)
        assert "waits" not in desk.exchange.books.by_client
