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
APART_MS = 60_000  # two clocks that are further apart do not tell the same


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

    Whose clock is wrong nobody knows: of three, the exchange's, that of its books and this
    machine's, two must tell the same. The books' goes before the machine's.
    """

    ask: Callable[[], int]
    monotonic_ms: Callable[[], int]
    wall_ms: Callable[[], int]
    base: Offset
    measured: Offset
    _asked_ms: int
    _other: Offset | None = None  # one that contradicts, until the next says the same
    _book: tuple[int, int] | None = None  # a book's time, and this machine's monotonic clock then

    def hear(self, book_ms: int) -> None:
        """Take the time that a book tells of itself, ms UTC; 0: it tells none."""
        if book_ms > 0:
            self._book = book_ms, self.monotonic_ms()

    def _book_skew_ms(self, time_ms: int, at_ms: int) -> int | None:
        """Return how far a time is from that of the newest book; None: there is none."""
        if self._book is None or not 0 <= at_ms - self._book[1] <= AGAIN_MS:
            return None
        return time_ms - (self._book[0] + at_ms - self._book[1])

    def _is_backed(self, found: Offset) -> bool:
        """Whether another clock tells what a measurement does."""
        skew_ms = self._book_skew_ms(found.exchange_ms, found.at_ms)
        return abs(found.skew_ms if skew_ms is None else skew_ms) <= APART_MS

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
        if self._other is not None:
            return "the exchange has told another time, and nobody knows which is right"
        if self.age_ms() > MOST_AGE_MS:
            return "the exchange has not told its time for half an hour"
        at_ms = self.monotonic_ms()
        apart_ms = self._book_skew_ms(self._time_ms(at_ms), at_ms)
        is_off_here = abs(self._time_ms(at_ms) - self.wall_ms()) > APART_MS
        if apart_ms is not None and abs(apart_ms) > APART_MS and is_off_here:
            return "the exchange's clock tells another time than its books and this machine"
        return ""

    def _contradicts(self, known: Offset, found: Offset) -> bool:
        """Whether a measurement cannot be of the same clock as one before."""
        passed_ms = found.at_ms - known.at_ms
        apart_ms = abs(known.exchange_ms + passed_ms - found.exchange_ms)
        return apart_ms > found.round_trip_ms + known.round_trip_ms + JUMP_MS

    def is_due(self) -> bool:
        """Whether it is time to measure; said once in ANEW_MS until an answer is taken."""
        now_ms = self.monotonic_ms()
        is_old = self.age_ms() >= AGAIN_MS or self.has_jumped() or bool(self.doubt())
        if not is_old or now_ms - self._asked_ms < ANEW_MS:
            return False
        self._asked_ms = now_ms
        return True

    def measure(self) -> Offset:
        """Ask the exchange; blocks, and may run on any thread. Raises what `ask` raises."""
        return measure(self.ask, self.monotonic_ms, self.wall_ms)

    def take(self, found: Offset) -> str:
        """Believe a measurement; return what changed, "" if the machine's clock did not.

        A time that a measurement leaves possible is kept: it never jumps without need. One that
        contradicts, while this machine's clocks agree, is believed once the next says the same and
        another clock does: to be told twice by one is no proof.
        """
        before, other = self.measured, self._other
        self._other = None
        is_new = other is None or self._contradicts(other, found) or not self._is_backed(found)
        if is_new and self._contradicts(self.base, found) and not self.has_jumped():
            self._other, self._asked_ms = found, found.at_ms
            return ""
        believed_ms = self._time_ms(found.at_ms)
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
