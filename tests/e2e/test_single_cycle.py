"""A single cycle tries again what it has proven not to be there"""

import json

import pytest

from tests.emulator.faults import Fault, is_sell, too_many
from tests.emulator.market import GENESIS_MS
from tests.live_helpers import BUSY, MINUTE, live

pytestmark = pytest.mark.compiled  # whole sessions, at the speed they have

BEGIN = GENESIS_MS + 40 * 86_400_000
FLAGS = {
    "params.bars": 3,
    "params.stop": 0.01,
    "order_style.entry.style": "taker",
    "order_style.exit.style": "taker",
    "risk.bot_watched_stops": "accept",
}


OUT_MINUTE = 7  # the cycle at which the strategy wants out


def is_exit(body):
    return is_sell(body) and "client_order_id" in body


def test_an_exit_that_was_lost_is_sent_again_once_that_is_proven(tmp_path):
    where = {"path": "/orders", "method": "POST", "of": is_exit, "refuses": True, "times": 2}
    lost = Fault(status=500, **where)
    turned_down = too_many(**where)  # what is sent once it is proven
    with live(tmp_path, BUSY, **FLAGS) as desk:
        exchange = desk.exchange
        for rules in exchange.books.rules.values():
            rules.takes_stops = False
        exchange.faults.add(lost, turned_down)
        for minute in range(1, OUT_MINUTE + 1):
            exchange.advance(BEGIN + minute * MINUTE + 5_000)
            session = desk.run(exchange.now_ms + 10 * MINUTE, once=True)
            held = session.state.slots["lots"].any()
            assert held == (4 <= minute < OUT_MINUTE)
    assert exchange.now_ms - BEGIN - OUT_MINUTE * MINUTE > 2 * MINUTE, "it was not proven before"
    assert [o.side for o in exchange.books.orders.values()] == ["BUY", "BUY", "SELL", "SELL"]


def test_what_was_refused_and_is_there_for_all_that_is_found_before_a_cycle_ends(tmp_path):
    """Under cron nobody looks for an hour."""
    bad = {"error": "UNKNOWN_FAILURE_REASON", "message": "no"}
    lie = Fault("/orders", method="POST", of=lambda body: "BUY" in str(body), status=400,
                body=json.dumps(bad))  # fmt: skip
    with live(tmp_path, BUSY, **FLAGS) as desk:
        exchange = desk.exchange
        exchange.faults.add(lie)
        exchange.books.hidden_ms = 3_000
        for minute in range(1, 5):
            exchange.advance(BEGIN + minute * MINUTE + 5_000)
            session = desk.run(exchange.now_ms + 10 * MINUTE, once=True)
        assert any(session.state.frozen)
        held = [j for j, lots in enumerate(session.state.slots["lots"]) if lots]
        assert held, "it was bought"
        stops = [one for one in exchange.books.orders.values() if one.side == "SELL"]
        assert len(stops) == len(held)
        assert all(one.status == "OPEN" for one in stops)
