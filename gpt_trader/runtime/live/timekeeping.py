"""What a live session does about the exchange's time: it is on the record, and entries need it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gpt_trader.engine.events import Event, Noted, Reconciled
from gpt_trader.engine.state import State
from gpt_trader.runtime.clock import ExchangeClock, Offset

CLOCK, LASTS = "clock", "lasting doubt of the clock"  # what notes are about
LONG_MS = 120_000  # of a doubt, before a person is paged


@dataclass(slots=True)
class Timekeeping:
    """The exchange's clock as the loop minds it. doubted: why the time was not sure at last.

    Since when is counted by this machine's monotonic clock; None: it was paged, or there is none.
    """

    clock: ExchangeClock
    state: Callable[[], State]
    doubted: str = ""
    _since_ms: int | None = None

    def watch(self, now_ms: int) -> Iterator[Event]:
        """Let entries wait from when the time is in doubt until it was measured again."""
        doubt = self.clock.doubt()
        if doubt and not self.doubted:
            yield Noted(now_ms, CLOCK, doubt)
            yield from self._disarm(now_ms, doubt)
            self._since_ms = self.clock.monotonic_ms()
        if not doubt:
            self._since_ms = None
        elif self._since_ms is not None and self.clock.monotonic_ms() - self._since_ms >= LONG_MS:
            self._since_ms = None
            yield Noted(now_ms, LASTS, doubt)
        self.doubted = doubt

    def take(self, found: Offset) -> Iterator[Event]:
        """Take a measurement, and put on the record what it changed."""
        if said := self.clock.take(found):
            yield Noted(self.clock.now_ms(), CLOCK, said)

    def guard(self, events: Iterable[Event]) -> Iterator[Event]:
        """Hand over what looks at the account say; none finds it in line while time is in doubt."""
        for event in events:
            doubt = self.clock.doubt()
            if doubt and isinstance(event, Reconciled):
                yield from self._disarm(event.time_ms, doubt)
            else:
                yield event

    def _disarm(self, now_ms: int, doubt: str) -> Iterator[Event]:
        state = self.state()
        if state.reconciled_ms > 0:
            yield Reconciled(now_ms, state.foreign_orders, 0, doubt)
