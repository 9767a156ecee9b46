"""Running a session's feed: pace, stop requests, cycles, and the one catch-all."""

import traceback
from collections.abc import Callable, Iterator, Sequence

from gpt_trader.engine.events import Event, HaltRequested
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.state import State
from gpt_trader.errors import HaltError, StrategyError, TraderError
from gpt_trader.observe.cycle import DecidedCycle
from gpt_trader.runtime.session import Session, nothing
from gpt_trader.runtime.stop import Stop
from gpt_trader.strategy.registry import place_in_strategy

MEND = "mend it, then: gpt-trader rearm --by NAME --reason TEXT"


def run_feed(
    session: Session,
    feed: Iterator[Event],
    *,
    stop: Stop,
    watch: Callable[[State, Sequence[Entry]], None],
    on_cycle: Callable[[DecidedCycle], None],
    cycles: int | None = None,
    pause_s: float = 0.0,
) -> int:
    """Take the feed's events until it ends, `cycles` are decided, or a stop is asked for.

    watch: sees every transaction; on_cycle: every decided cycle, after it.
    pause_s: wait after each cycle (an accelerated market's pace). Returns the cycles decided.
    A strategy that fails, or an error that nobody foresaw, halts trading, in the journal too,
    and raises HaltError.
    """
    happened: list[Entry] = []
    done = 0

    def collect(state: State, entries: Sequence[Entry]) -> None:
        watch(state, entries)
        happened.extend(entries)

    while not stop.asked and (cycles is None or done < cycles):
        before = session.state.cycles
        try:
            event = next(feed, None)
            if event is None:
                break
            session.take(event, collect)
        except StrategyError as error:
            _halt(session, error)
            raise HaltError(
                f"trading is halted: {error.message}", hint=MEND, where=error.where
            ) from error
        except TraderError:
            raise
        except Exception as error:
            _halt(session, error)
            raise HaltError(
                f"trading is halted by an unforeseen error: {type(error).__name__}: {error}",
                hint=MEND,
                where=_place(error),
            ) from error
        state = session.state
        if state.cycles == before:
            continue
        done += 1
        on_cycle(DecidedCycle(state.cycles, state.cycle_ms, tuple(happened), state))
        happened.clear()
        if pause_s > 0.0:
            session.durable.flush()
            stop.flag.wait(pause_s)
    return done


def _halt(session: Session, error: Exception) -> None:
    """Latch the halt durably; a journal that cannot be written stops the session anyway."""
    event = HaltRequested(session.said_ms(), "engine", f"{type(error).__name__}: {error}")
    session.state = session.durable.state  # what was journaled, even if `take` did not return
    if not session.journal.is_broken:
        session.take(event, nothing)


def _place(error: Exception) -> str:
    """Return file:line of the strategy that failed, else of where the error was raised."""
    place = place_in_strategy(error)
    if place is not None:
        return place
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"
