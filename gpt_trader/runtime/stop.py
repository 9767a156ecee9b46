"""Ending on request: after the running event, with everything saved."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

GRACE_S = 10.0  # to cancel what could still open a position


@dataclass(slots=True)
class Stop:
    """A request to end after the running event; set by SIGINT, SIGTERM and SIGHUP."""

    flag: threading.Event = field(default_factory=threading.Event)
    asked_at: float = 0.0
    why: str = ""

    @property
    def asked(self) -> bool:
        """Whether an end was asked for."""
        return self.flag.is_set()

    def ask(self, why: str = "signal") -> None:
        """Ask for an end, for a reason that the journal keeps."""
        self.asked_at, self.why = time.monotonic(), why
        self.flag.set()

    def wait(self, seconds: float) -> None:
        """Wait, at most until an end is asked for; what is done after that has GRACE_S in all."""
        if not self.asked:
            self.flag.wait(seconds)
            return
        left_s = self.asked_at + GRACE_S - time.monotonic()
        threading.Event().wait(max(min(seconds, left_s), 0.0))


@contextmanager
def stop_signals() -> Iterator[Stop]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into a request; a second one ends at once.

    Under nohup a terminal that goes away is nobody's concern.
    """
    stop = Stop()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.ask()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def on_interrupt() -> Iterator[Callable[[], bool]]:
    """Give a question that SIGINT answers with yes, from the first time it is asked.

    Until then, and at a second SIGINT, the interrupt acts as it always does: what does not ask
    need not end in an orderly way.
    """
    stop = Stop()
    before = signal.getsignal(signal.SIGINT)

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.flag.set()
        signal.signal(signal.SIGINT, before)

    armed = threading.Event()

    def asked() -> bool:
        if not armed.is_set():
            armed.set()
            signal.signal(signal.SIGINT, ask)
        return stop.asked

    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
