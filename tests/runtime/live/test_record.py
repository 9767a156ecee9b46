"""What a summary says of orders that were sent, and nobody took."""

from types import SimpleNamespace

from gpt_trader.cli.run.view import _words
from gpt_trader.domain.order import NOT_PLACED
from gpt_trader.engine import events as ev
from gpt_trader.engine.reports import ABSENT_LOOKS, ABSENT_MS
from gpt_trader.runtime.live.record import LiveRecord, live_summary
from gpt_trader.runtime.summary import Outcome
from tests.engine_helpers import sent
from tests.exchange_desk import AtExchange


def told(record, state):
    record.terms.header = SimpleNamespace(profile="p")
    record.terms.costs = SimpleNamespace(below_default=lambda _: False)
    found = live_summary(record, state, Outcome(1, False, False, "", []))
    return found, [text for _, text in _words(found)]


def test_an_entry_that_never_reached_the_exchange_is_not_only_called_acted():
    desk = AtExchange()
    record = LiveRecord(SimpleNamespace(plan=desk.plan), 0)
    desk.want(0.2)
    entries = desk.bar(10_000)
    record.take(desk.state, entries)
    [entry] = sent(entries)
    found, words = told(record, desk.state)
    assert (found["actions"], found["orders_unknown"]) == ({"ENTER": 1}, 1)
    assert "of the orders 1 nobody knows the outcome of" in words
    for _ in range(ABSENT_LOOKS + 1):
        desk.time_ms = desk.now() + ABSENT_MS // (ABSENT_LOOKS - 1)
        record.take(
            desk.state, desk.send(ev.Absent(desk.time_ms, "COIN-USD", entry.client_order_id))
        )
    assert desk.order(entry.client_order_id).status.is_final, NOT_PLACED
    found, words = told(record, desk.state)
    assert (found["orders_not_placed"], found["orders_unknown"]) == (1, 0)
    assert "of the orders 1 never reached the exchange" in words
