"""Pages and heartbeats: one thread that speaks to the operator's services, and never to the loop.

An alert is posted as JSON to one address. A heartbeat is a GET to another one, sent only while the
loop says that it is well: a dead or hung bot is silent, and the service that misses it alerts.
Both addresses hold a secret in their path; neither is ever shown.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

PAGE, INFO = "page", "info"
TIMEOUT_S = 5.0
ATTEMPTS = 3
PAUSE_S = 1.0
MOST_WAITING = 100
SAME_S = 600.0  # for so long the same words are not said again
CLOSE_S = 5.0


class Alert(NamedTuple):
    """What a person is told. level: PAGE wakes somebody, INFO does not.

    cause: what it is about, whichever order the words name; "": the words say it all.
    """

    level: str
    event: str
    text: str
    cause: str = ""


class _Said(NamedTuple):
    """When an alert was handed over, and how many like it were not since."""

    at_s: float
    more: int = 0


class Addresses(NamedTuple):
    """Where to. None: nowhere."""

    webhook: str | None
    heartbeat: str | None
    heartbeat_s: float


@dataclass(slots=True)
class Counts:
    """What became of alerts and heartbeats. problem: why the newest failure, without an address."""

    delivered: int = 0
    failed: int = 0
    dropped: int = 0
    beats: int = 0
    problem: str = ""


class Notifier:
    """Delivers in its own thread; `tell` and `beat` return at once and never raise."""

    def __init__(
        self,
        to: Addresses,
        profile: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause_s: float = PAUSE_S,
        send: Callable[[str, dict[str, Any] | None], None] | None = None,
    ) -> None:
        """Start the thread.

        pause_s: before the second attempt; twice that before the third. send: posts a document,
        or gets an address without one; raises OSError.
        """
        self.counts = Counts()
        self._to, self._profile, self._clock, self._pause_s = to, profile, clock, pause_s
        self._send = _send if send is None else send
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(MOST_WAITING)
        self._said: dict[tuple[str, str], _Said] = {}
        self._beat_at = -to.heartbeat_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)
        self._thread.start()

    def tell(self, alert: Alert, time_text: str) -> None:
        """Hand an alert over; the same words, or cause, within SAME_S are said once, and counted.

        How often it was not said is said with the next one.
        """
        if self._to.webhook is None:
            return
        now_s = self._clock()
        key = (alert.event, alert.cause) if alert.cause else ("", alert.text)
        said = self._said.pop(key, None)
        if said is not None and now_s - said.at_s < SAME_S:
            self._said[key] = said._replace(more=said.more + 1)
            return
        self._said[key] = _Said(now_s)
        for old in list(self._said)[:-MOST_WAITING]:
            del self._said[old]
        words = f"gpt-trader {self._profile}: {alert.text}"
        if said is not None and said.more:
            words += f" ({said.more} more like it since the last one)"
        document = {"text": words, "content": words, "profile": self._profile, "time": time_text}
        self._put(document | {"level": alert.level, "event": alert.event})

    def beat(self) -> None:
        """Say that the loop is well; goes out every `heartbeat_s`."""
        now_s = self._clock()
        if self._to.heartbeat is None or now_s - self._beat_at < self._to.heartbeat_s:
            return
        self._beat_at = now_s
        self._put({"beat": True})

    def close(self) -> None:
        """Deliver what waits, for CLOSE_S at most, and end."""
        self._put(None)
        self._thread.join(CLOSE_S)
        self._ended.set()

    def _put(self, document: dict[str, Any] | None) -> None:
        while True:
            with contextlib.suppress(queue.Full):
                return self._waiting.put_nowait(document)
            with contextlib.suppress(queue.Empty):  # the oldest goes: the newest says how it is
                self._waiting.get_nowait()
                self.counts.dropped += 1

    def _run(self) -> None:
        while (document := self._waiting.get()) is not None:
            is_beat = document.pop("beat", False)
            address = self._to.heartbeat if is_beat else self._to.webhook
            if address is not None and self._deliver(address, None if is_beat else document):
                self.counts.beats += is_beat
                self.counts.delivered += not is_beat

    def _deliver(self, address: str, document: dict[str, Any] | None) -> bool:
        attempts = 1 if document is None else ATTEMPTS  # a late heartbeat would be a lie
        for attempt in range(attempts):
            if attempt:
                self._ended.wait(self._pause_s * attempt)
            try:
                self._send(address, document)
            except OSError as error:
                # what requests says may hold the address
                refused = type(error) is OSError
                self.counts.problem = str(error) if refused else type(error).__name__
            else:
                return True
        self.counts.failed += 1
        return False


def _send(address: str, document: dict[str, Any] | None) -> None:
    """Post a document, or get an address; raises requests' errors, which are OSErrors."""
    import requests  # noqa: PLC0415 - most runs page nobody

    method = "GET" if document is None else "POST"
    with requests.request(
        method, address, json=document, timeout=TIMEOUT_S, allow_redirects=False, stream=True
    ) as answer:
        if not HTTPStatus(answer.status_code).is_success:  # a redirect leads elsewhere: no
            raise OSError(f"refused with status {answer.status_code}")
