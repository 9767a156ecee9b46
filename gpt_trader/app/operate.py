"""Opening a stopped session for an operator's command."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gpt_trader.app.folders import session_folder
from gpt_trader.app.request import RunRequest, settings_of
from gpt_trader.app.simulated import prepare
from gpt_trader.app.stopped_account import Reached, look_after, reach_session
from gpt_trader.broker.exchange.broker import MOST
from gpt_trader.broker.exchange.carry import Bell, Threads
from gpt_trader.broker.exchange.earlier import LOST, PUT_BACK
from gpt_trader.broker.exchange.reader import MOST as MOST_ASKED
from gpt_trader.engine.events import Event, HistoryLoaded, SeriesTold
from gpt_trader.engine.ports import Broker, Entry
from gpt_trader.engine.state import State
from gpt_trader.runtime.controls import Controls
from gpt_trader.runtime.header import Header
from gpt_trader.runtime.live.assemble import on_threads
from gpt_trader.runtime.requests import Inbox
from gpt_trader.runtime.session import (
    JOURNAL,
    Session,
    clock_ms,
    nothing,
    read_header,
    reopen,
    start,
)
from gpt_trader.runtime.simulated import feed
from gpt_trader.runtime.state_dir import state_dir as folder_of

SETTLE_S = 20.0  # for what a command did, before it is left as it is known


@contextmanager
def open_session(
    profile: str | None,
    state_dir: Path | None,
    warn: Callable[[str], object],
    *,
    folder: Path | None = None,
    live: bool = False,
    reduces: bool = False,
    fresh: bool = False,
) -> Iterator[Session]:
    """Open the profile's session, or the only one; a profile without one gets a new one.

    folder: where it lies, if that was settled before.

    A new session loads its history, so that prices are known. One that trades money needs
    `live`, unless only what ends risk is sent (`reduces`): that needs no more than the exchange.
    Raises LockedError while a bot runs, before anything is asked over a network; UsageError if no
    session is meant, ConfigError or HaltError where no money may move.
    warn: is told what was found of the account, and what was not.
    """
    folder = session_folder(profile, state_dir, strictly=True) if folder is None else folder
    if profile is not None and not (folder / JOURNAL).exists():
        with _begin(profile, state_dir) as session:
            yield session
        return
    bell, reached = Bell(), list[Reached]()
    with (
        Threads("sender", MOST, bell.ring) as sender,
        on_threads(bell.ring) as carriers,
        Threads("exits", MOST_ASKED, bell.ring) as exits,
    ):

        def connect(header: Header) -> tuple[Broker, Callable[[], int] | None]:
            there = reach_session(header, profile, folder, sender, warn, live=live, reduces=reduces)
            reached.append(there)
            return there.broker, there.now_ms

        with reopen(folder, connect) as session:
            account, market = reached[0].account, reached[0].market
            if account is not None and market is not None:
                look_after(
                    session,
                    read_header(folder),
                    account,
                    market,
                    carriers,
                    exits,
                    bell,
                    warn,
                    enters=not reduces,
                    fresh=fresh,
                )
            _hear(session)
            yield session


def taken_over(state: State) -> list[str]:
    """Return why products are frozen of which orders were taken over: the journal lacked them.

    What trading came to until then is booked by the next run: it is no deposit, no withdrawal.
    """
    return [why for why in state.frozen if LOST in why or PUT_BACK in why]


@contextmanager
def _begin(profile: str, state_dir: Path | None) -> Iterator[Session]:
    """Begin a profile's session, and load its history."""
    asked = RunRequest(profile)
    settings = settings_of(asked)
    wired, _ = prepare(asked, settings)
    folder = folder_of(settings.profile, state_dir, os.environ)
    with start(wired, folder, lambda _: False) as session:
        for event in feed(wired, session.state):
            if not isinstance(event, HistoryLoaded | SeriesTold):
                break
            session.take(event, nothing)
        yield session


def _hear(session: Session) -> None:
    """Take what was said while nobody ran, before what is said now."""
    inbox = Inbox(session.latch.folder)
    controls = Controls(session.latch, inbox, lambda: session.state, session.said_ms, clock_ms)
    for event in controls.events():
        session.take(event, controls.watch)


def take(session: Session, event: Event) -> list[Entry]:
    """Hand an event to the session; return it with all that came of it, as far as it is known."""
    entries: list[Entry] = []

    def observe(_: State, more: Sequence[Entry]) -> None:
        entries.extend(more)

    session.take(event, observe)
    session.settle(None, SETTLE_S, observe)
    return entries


def carry_on(session: Session, is_settled: Callable[[State], bool], timeout_s: float) -> bool:
    """Go on with a session until something is so, or the time is over; return whether it is so.

    Raises AuthError if the key is refused for long.
    """
    return session.settle(is_settled, timeout_s, nothing)
