"""The exchange's time on this machine: measured, counted on monotonically, measured again.

A wall clock may be wrong, slewed, and set right at any moment; nothing here follows it. It is only
watched: where it and the monotonic clock part, somebody set it or the machine slept, and the
exchange is asked at once. The time never runs ahead of the exchange's, so that no bar is taken for
closed before it is, and no token is of the future.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

AGAIN_MS = 600_000  # between measurements
ANEW_MS = 5_000  # before one that found no answer is tried again
MOST_AGE_MS = 1_800_000  # of the newest measurement, before entries wait
JUMP_MS = 500  # by which the machine's two clocks may part unnoticed
LONG_MS = 1_000  # a round trip that says too little: it is asked again
TRIES = 3


class Offset(NamedTuple):
    """What the exchange said of the time, and when.

    exchange_ms: its answer, ms UTC: its time when that was here, or up to round_trip_ms later.
    at_ms, wall_ms: this machine's monotonic and wall clocks then.
    """

    exchange_ms: int
    round_trip_ms: int
    at_ms: int
    wall_ms: int

    @property
    def skew_ms(self) -> int:
        """The exchange's clock less this machine's, in the middle of what is known."""
        return self.exchange_ms + self.round_trip_ms // 2 - self.wall_ms


@dataclass(slots=True)
class ExchangeClock:
    """The exchange's time as it is believed to be.

    ask: the exchange, ms UTC. monotonic_ms, wall_ms: this machine's clocks. base: what the time is
    counted from; measured: what was learned last. Read by several threads, written by one.
    """

    ask: Callable[[], int]
    monotonic_ms: Callable[[], int]
    wall_ms: Callable[[], int]
    base: Offset
    measured: Offset
    _asked_ms: int

    def now_ms(self) -> int:
        """Return the exchange's time, ms UTC."""
        return self._time_ms(self.monotonic_ms())

    def _time_ms(self, at_ms: int) -> int:
        base = self.base
        return base.exchange_ms + at_ms - base.at_ms

    def age_ms(self) -> int:
        """Return how old the newest measurement is."""
        return self.monotonic_ms() - self.measured.at_ms

    def has_jumped(self) -> bool:
        """Whether the machine's clocks have parted since the newest measurement."""
        return abs(self.wall_ms() - self.measured.wall_ms - self.age_ms()) > JUMP_MS

    def doubt(self) -> str:
        """Return why the time is not known well enough for an entry; "" if it is."""
        if self.has_jumped():
            return "this machine's clock was set, or the machine slept"
        if self.age_ms() > MOST_AGE_MS:
            return "the exchange has not told its time for half an hour"
        return ""

    def is_due(self) -> bool:
        """Whether it is time to measure; said once in ANEW_MS until an answer is taken."""
        now_ms = self.monotonic_ms()
        is_old = self.age_ms() >= AGAIN_MS or self.has_jumped()
        if not is_old or now_ms - self._asked_ms < ANEW_MS:
            return False
        self._asked_ms = now_ms
        return True

    def measure(self) -> Offset:
        """Ask the exchange; blocks, and may run on any thread. Raises what `ask` raises."""
        return measure(self.ask, self.monotonic_ms, self.wall_ms)

    def take(self, found: Offset) -> str:
        """Believe a measurement; return what changed, "" if the machine's clock did not.

        A time that a measurement leaves possible is kept: it never jumps without need.
        """
        before, believed_ms = self.measured, self._time_ms(found.at_ms)
        if not 0 <= believed_ms - found.exchange_ms <= found.round_trip_ms:
            self.base = found
        self.measured, self._asked_ms = found, found.at_ms - ANEW_MS
        if abs(found.skew_ms - before.skew_ms) <= JUMP_MS:
            return ""
        return f"this machine's clock was {_how(before)} and is {_how(found)}"


def _how(found: Offset) -> str:
    """Return how this machine's clock stands to the exchange's."""
    if abs(found.skew_ms) <= JUMP_MS:
        return "right"
    return f"{abs(found.skew_ms) / 1000:.1f} s {'slow' if found.skew_ms > 0 else 'fast'}"


def measure(
    ask: Callable[[], int], monotonic_ms: Callable[[], int], wall_ms: Callable[[], int]
) -> Offset:
    """Ask an exchange for its time: the shortest round trip of some counts, since it says most.

    Raises what `ask` raises.
    """
    found = []
    for _ in range(TRIES):
        begun_ms = monotonic_ms()
        exchange_ms = ask()
        at_ms = monotonic_ms()
        found.append(Offset(exchange_ms, at_ms - begun_ms, at_ms, wall_ms()))
        if found[-1].round_trip_ms <= LONG_MS:
            break
    return min(found, key=lambda one: one.round_trip_ms)


def exchange_clock(
    ask: Callable[[], int], monotonic_ms: Callable[[], int], wall_ms: Callable[[], int]
) -> ExchangeClock:
    """Return an exchange's clock, measured. Raises what `ask` raises."""
    found = measure(ask, monotonic_ms, wall_ms)
    return ExchangeClock(ask, monotonic_ms, wall_ms, found, found, found.at_ms - ANEW_MS)


def monotonic_ms() -> int:
    """Milliseconds of a clock that nobody can set: for how long something takes."""
    return time.monotonic_ns() // 1_000_000
