"""One limit for a whole request, against servers that hold it at each of its stages."""

import base64
import contextlib
import socket
import threading
import time
from typing import ClassVar

import pytest
import requests

from gpt_trader.broker.coinbase import deadline
from gpt_trader.broker.coinbase.keys import Signer
from gpt_trader.broker.coinbase.rest import Rest
from gpt_trader.broker.exchange.pace import Pace
from gpt_trader.errors import Unavailable, UnknownOutcome

SOON_S = 0.1
SECRET = base64.b64encode(bytes(32)).decode()
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
LONGEST_S = 60.0  # a test that waits for so long has failed
DRIPS = 3  # bytes that come before the time is up


class HandTimer:
    """A timer that goes off when a test says so, if it runs: a machine may be busy for long."""

    made: ClassVar[list["HandTimer"]] = []

    def __init__(self, after_s, work):
        self.after_s, self.work, self.runs = after_s, work, False
        self.made.append(self)

    def start(self):
        self.runs = True

    def cancel(self):
        self.runs = False

    def go_off(self):
        if self.runs and self.after_s == LONGEST_S:
            self.work()


@pytest.fixture
def is_up(monkeypatch):
    """Give what says that the time of the newest request is up."""
    monkeypatch.setattr(HandTimer, "made", [])
    monkeypatch.setattr(threading, "Timer", HandTimer)

    def go_off():
        HandTimer.made[-1].go_off()

    return go_off


class Drip:
    """Takes connections, reads a request, sends some bytes at once and others one by one.

    held: called once some of them are sent, or at once if there are none.
    """

    def __init__(self, at_once=b"", drips=b"", backlog=5, held=lambda: None):
        self.at_once, self.drips, self.held = at_once, drips, held
        self.line = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.url = f"http://127.0.0.1:{self.line.getsockname()[1]}"
        self.over, self.threads = threading.Event(), []
        self.taken = self.requests = 0

    def __enter__(self):
        self.line.settimeout(0.01)
        self._go(self.accept)
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.line.close()

    def _go(self, work, *args):
        thread = threading.Thread(target=work, args=args)
        self.threads.append(thread)
        thread.start()

    def accept(self):
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                line, _ = self.line.accept()
                self.taken += 1
                self._go(self.answer, line)

    def answer(self, line):
        with line, contextlib.suppress(OSError):
            while self.read(line):
                self.requests += 1
                drips, held = self.drips, self.held
                line.sendall(self.at_once)
                if not drips:
                    held()
                for number, byte in enumerate(drips, 1):
                    line.sendall(bytes([byte]))
                    if number == DRIPS:
                        held()
                    if self.over.wait(SOON_S / 100):
                        return

    def read(self, line):
        """Whether a whole request has come; its body is {}."""
        line.settimeout(0.01)
        read = b""
        while not read.endswith(b"{}") and not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                more = line.recv(65536)
                if not more:
                    return False
                read += more
        return not self.over.is_set()


def rest(url, deadline_s=SOON_S):
    return Rest(
        Pace(1e6, lambda: 0.0, lambda _: None),
        url=url,
        signer=Signer("name", SECRET, lambda: 0.0),
        sleep=lambda _: None,
        random=lambda: 0.0,
        attempts=1,
        sends=True,
        deadline_s=deadline_s,
    )


HELD = {
    "accepts and says nothing": (b"", b""),
    "drips its headers": (b"HTTP/1.1 200 OK\r\nx-name: ", b"x" * 1000),
    "drips its body": (b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", b" " * 1000),
    "drips a body without an end": (b"HTTP/1.1 200 OK\r\n\r\n{", b" " * 1000),
    "drips the chunks of a body": (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"1\r\n \r\n" * 200,
    ),
}


@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
def test_a_server_that_holds_a_request_is_left(held, is_up):
    with Drip(*held, held=is_up) as server:
        with pytest.raises(Unavailable, match="no answer in time"):
            rest(server.url, LONGEST_S).get("/time", dict)
        with pytest.raises(UnknownOutcome, match="no answer in time"):
            rest(server.url, LONGEST_S).post("/orders", {})
        assert server.taken == 2


def test_a_connection_that_is_never_made_sends_nothing():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as line:
        port = line.getsockname()[1]
        queued = socket.create_connection(("127.0.0.1", port))  # the next one is not let in
        with queued, pytest.raises(Unavailable, match="no answer in time"):
            rest(f"http://127.0.0.1:{port}").post("/orders", {})


def test_a_handshake_that_does_not_end_sends_nothing(monkeypatch):
    monkeypatch.setattr("gpt_trader.broker.coinbase.rest.CONNECT_S", LONGEST_S)
    began_s = time.monotonic()
    with Drip() as server, pytest.raises(Unavailable, match="cannot be reached"):
        rest(server.url.replace("http:", "https:")).post("/orders", {})
    assert time.monotonic() - began_s < LONGEST_S / 2


def test_a_name_that_nobody_finds_in_time_sends_nothing(monkeypatch):
    asked = threading.Event()

    def find(*_):
        asked.wait(LONGEST_S)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", find)
    try:
        with pytest.raises(Unavailable, match="no answer in time"):
            rest("http://exchange.test").post("/orders", {})
    finally:
        asked.set()


def test_a_connection_that_is_late_is_closed():
    line = socket.socket()
    made = deadline.Future()
    made.set_result(line)
    deadline._close(made)
    assert line.fileno() == -1


def test_a_deadline_that_was_kept_touches_no_later_request():
    before = set(threading.enumerate())
    with Drip(WHOLE) as server:
        asked = rest(server.url, LONGEST_S)
        for _ in range(3):
            assert asked.get("/time", dict) == {}
            assert asked.post("/orders", {}) == {}
        assert server.taken == 1
        assert not any(isinstance(one, threading.Timer) and not one.finished.is_set()
                       for one in set(threading.enumerate()) - before)  # fmt: skip


def test_a_line_that_is_used_again_is_bounded_too(is_up):
    with Drip(WHOLE) as server:
        asked = rest(server.url, LONGEST_S)
        assert asked.post("/orders", {}) == {}
        server.at_once, server.drips = b"HTTP/1.1 200 OK\r\nx-name: ", b"x" * 1000
        server.held = is_up
        with pytest.raises(UnknownOutcome, match="no answer in time"):
            asked.post("/orders", {})
        assert server.taken == 1


def test_what_is_over_before_it_is_sent_is_not_sent():
    with Drip(WHOLE) as server:
        asked = rest(server.url, LONGEST_S)
        assert asked.post("/orders", {}) == {}
        with deadline.Deadline(LONGEST_S) as late:
            late._expire()
            with pytest.raises(requests.ConnectTimeout):
                asked._client().session.post("https://api.coinbase.com/orders")
        assert server.requests == 1


def test_a_timer_that_comes_late_lets_the_line_be():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with deadline.Deadline(LONGEST_S) as kept:
            assert kept.watch(ours)
        kept._expire()
        ours.sendall(b"1")
        assert theirs.recv(1) == b"1"
