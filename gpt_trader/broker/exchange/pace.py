"""How fast to ask: no faster than allowed, slower after a refusal."""

import threading
from collections.abc import Callable

SLOWEST = 0.1  # of the allowed rate
RECOVERY = 1.05  # faster by so much after an answer
SAVED_S = 1.0  # so much of a pause counts: what was not asked then may be asked at once


class Pace:
    """A queue of moments at which requests may begin, shared by threads.

    clock: monotonic seconds. sleep: waits so many seconds.
    """

    def __init__(
        self, requests_per_s: float, clock: Callable[[], float], sleep: Callable[[float], object]
    ) -> None:
        self._allowed = self._rate = requests_per_s
        self._clock, self._sleep = clock, sleep
        self._next = clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for the next moment; returns when the request may begin."""
        with self._lock:
            now = self._clock()
            saved_s = max(SAVED_S - 1.0 / self._rate, 0.0)
            begin = max(now - saved_s, self._next)
            self._next = begin + 1.0 / self._rate
        if begin > now:
            self._sleep(begin - now)

    def slow_down(self) -> None:
        """Halve the rate, and save nothing: the exchange said that it was too fast."""
        with self._lock:
            self._rate = max(self._rate / 2.0, SLOWEST * self._allowed)
            self._next = max(self._next, self._clock() + 1.0 / self._rate)

    def speed_up(self) -> None:
        """Grow back towards the allowed rate."""
        with self._lock:
            self._rate = min(self._rate * RECOVERY, self._allowed)
