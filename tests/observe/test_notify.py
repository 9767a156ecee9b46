"""Pages and heartbeats at a real server: delivered, tried again, bounded, and never in the way."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gpt_trader.observe.notify import (
    INFO,
    MOST_WAITING,
    PAGE,
    SAME_S,
    Addresses,
    Alert,
    Notifier,
)

HIDDEN = "hunter2"


@pytest.fixture(autouse=True)
def _busy_machine(monkeypatch):
    """Let a delivery take as long as it needs: only what is asked and told is held."""
    for name in ("CLOSE_S", "TIMEOUT_S"):
        monkeypatch.setattr(f"gpt_trader.observe.notify.{name}", 60.0)


@contextlib.contextmanager
def service(*statuses):
    """Serve; answer with these statuses in turn, then 200. Yields (address, what was asked)."""
    asked, left = [], list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(None)

        def do_POST(self):
            self.answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def answer(self, document):
            asked.append((self.path, document))
            self.send_response(left.pop(0) if left else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{HIDDEN}", asked
    finally:
        server.shutdown()
        server.server_close()


def alert(text="halted by ann: odd", level=PAGE):
    return Alert(level, "halted", text)


def test_an_alert_arrives_with_words_for_people_and_fields_for_machines():
    with service() as (address, asked):
        notifier = Notifier(Addresses(address, None, 60.0), "prod")
        notifier.tell(alert(), "2026-01-01T00:00:00.000Z")
        notifier.close()
    [(path, document)] = asked
    assert path == f"/{HIDDEN}"
    assert document["text"] == document["content"] == "gpt-trader prod: halted by ann: odd"
    assert (document["level"], document["event"]) == ("page", "halted")
    assert notifier.counts.delivered == 1


def test_the_same_words_are_said_once_for_a_while():
    now = [0.0]
    with service() as (address, asked):
        notifier = Notifier(Addresses(address, None, 60.0), "p", clock=lambda: now[0])
        for at in (0.0, SAME_S - 1, SAME_S):
            now[0] = at
            notifier.tell(alert(), "t")
        notifier.tell(alert("something else", INFO), "t")
        notifier.close()
    assert len(asked) == 3


def test_what_has_one_cause_is_said_once_then_counted():
    now = [0.0]
    with service() as (address, asked):
        notifier = Notifier(Addresses(address, None, 60.0), "p", clock=lambda: now[0])
        for at in (0.0, 1.0, 2.0, SAME_S, SAME_S + 1):
            now[0] = at
            notifier.tell(Alert(PAGE, "unknown_order", f"order {at}", "stop of BTC-USD"), "t")
        notifier.tell(Alert(PAGE, "unknown_order", "order x", "stop of ETH-USD"), "t")
        notifier.close()
    texts = [document["text"] for _, document in asked]
    assert texts == [
        "gpt-trader p: order 0.0",
        "gpt-trader p: order 600.0 (2 more like it since the last one)",
        "gpt-trader p: order x",
    ]


def test_a_failure_is_tried_again_then_counted_without_the_address():
    with service(500, 502) as (address, asked):
        notifier = Notifier(Addresses(address, None, 60.0), "p", pause_s=0.001)
        notifier.tell(alert(), "t")
        notifier.close()
        assert (len(asked), notifier.counts.delivered) == (3, 1)
    with service(500, 302, 403) as (address, asked):
        notifier = Notifier(Addresses(address, None, 60.0), "p", pause_s=0.001)
        notifier.tell(alert(), "t")
        notifier.close()
        assert (len(asked), notifier.counts.failed) == (3, 1)
        assert notifier.counts.problem == "refused with status 403"
        assert HIDDEN not in repr(notifier.counts)


def test_nobody_listening_is_a_failure_and_no_error():
    notifier = Notifier(Addresses("http://127.0.0.1:9/x", None, 60.0), "p", pause_s=0.001)
    notifier.tell(alert(), "t")
    notifier.close()
    assert notifier.counts.failed == 1
    assert notifier.counts.problem == "ConnectionError"


def test_a_service_that_hangs_holds_nobody_and_the_oldest_goes():
    inside, release = threading.Event(), threading.Event()

    def hang(address, document):
        inside.set()
        release.wait(60)

    notifier = Notifier(Addresses("x", None, 60.0), "p", send=hang)
    notifier.tell(alert("0"), "t")
    inside.wait(60)
    for number in range(1, MOST_WAITING + 6):
        notifier.tell(alert(str(number)), "t")
    assert notifier.counts.dropped == 5
    release.set()
    notifier.close()
    assert notifier.counts.delivered == MOST_WAITING


def test_a_heartbeat_goes_out_while_the_loop_is_well_and_is_not_repeated():
    now = [0.0]
    with service(500) as (address, asked):
        notifier = Notifier(Addresses(None, address, 60.0), "p", clock=lambda: now[0])
        for at in (0.0, 1.0, 59.9, 60.0, 61.0, 120.0):
            now[0] = at
            notifier.beat()
        notifier.tell(alert(), "t")
        notifier.close()
    assert [document for _, document in asked] == [None] * 3
    assert (notifier.counts.beats, notifier.counts.failed) == (2, 1)


@pytest.mark.parametrize("to", [Addresses(None, None, 60.0)])
def test_without_addresses_nothing_is_sent(to):
    notifier = Notifier(to, "p", send=lambda *_: pytest.fail("sent"))
    notifier.tell(alert(), "t")
    notifier.beat()
    notifier.close()
