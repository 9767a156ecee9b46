"""Running a session's feed: pace, stop signals, cycles, and the one catch-all."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from gpt_trader.engine.events import Event, HaltRequested
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import Decided
from gpt_trader.engine.state import State
from gpt_trader.errors import HaltError, TraderError
from gpt_trader.runtime.session import Session, clock_ms, nothing


@dataclass(slots=True)
class Cycle:
    """One decided cycle: its decisions, and the state after what came of them."""

    number: int
    cycle_ms: int
    decided: tuple[Decided, ...]
    state: State


@dataclass(slots=True)
class Stop:
    """A request to end after the running event; set by SIGINT and SIGTERM."""

    flag: threading.Event = field(default_factory=threading.Event)

    @property
    def asked(self) -> bool:
        """Whether an end was asked for."""
        return self.flag.is_set()


@contextmanager
def stop_signals() -> Iterator[Stop]:
    """Turn the first SIGINT or SIGTERM into a request; a second one ends at once."""
    stop = Stop()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.flag.set()

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_feed(
    session: Session,
    feed: Iterator[Event],
    *,
    stop: Stop,
    on_cycle: Callable[[Cycle], None],
    cycles: int | None = None,
    pause_s: float = 0.0,
) -> int:
    """Take the feed's events until it ends, `cycles` are decided, or a stop is asked for.

    pause_s: wait after each cycle (an accelerated market's pace). Returns the cycles decided.
    An error that nobody foresaw halts trading, in the journal too, and raises HaltError.
    """
    decided: list[Decided] = []
    done = 0

    def collect(state: State, entries: Sequence[Entry]) -> None:
        for entry in entries:
            decided.extend(r for r in entry.records if isinstance(r, Decided))

    try:
        while not stop.asked and (cycles is None or done < cycles):
            event = next(feed, None)
            if event is None:
                break
            before = session.state.cycles
            session.take(event, collect)
            if session.state.cycles == before:
                continue
            done += 1
            on_cycle(
                Cycle(session.state.cycles, session.state.cycle_ms, tuple(decided), session.state)
            )
            decided.clear()
            if pause_s > 0.0:
                stop.flag.wait(pause_s)
    except TraderError:
        raise
    except Exception as error:
        _halt(session, error)
        raise HaltError(
            f"trading is halted by an unforeseen error: {type(error).__name__}: {error}",
            hint="run with --debug for the trace; `gpt-trader status` shows the halt",
        ) from error
    return done


def _halt(session: Session, error: Exception) -> None:
    """Latch the halt durably; a journal that cannot be written stops the session anyway."""
    event = HaltRequested(clock_ms(), "engine", f"{type(error).__name__}: {error}")
    if not session.journal.is_broken:
        session.take(event, nothing)


