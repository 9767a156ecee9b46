"""Opening a stopped session for an operator's command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gpt_trader.cli import run_input
from gpt_trader.cli.history import Period
from gpt_trader.cli.options import session_folder
from gpt_trader.engine.events import Event, HistoryLoaded
from gpt_trader.engine.ports import Entry
from gpt_trader.runtime.session import JOURNAL, Session, nothing, reopen, start
from gpt_trader.runtime.state_dir import state_dir as folder_of
from gpt_trader.runtime.wiring import feed


@contextmanager
def open_session(profile: str | None, state_dir: Path | None) -> Iterator[Session]:
    """Open the profile's session, or the only one; a profile without one gets a new one.

    A new session loads its history, so that prices are known. Raises LockedError while a bot
    runs, UsageError if no session is meant.
    """
    folder = session_folder(profile, state_dir)
    if profile is None or (folder / JOURNAL).exists():
        with reopen(folder) as session:
            yield session
        return
    asked = run_input.Asked(profile, {}, [], [], Period(None, None), None, None, True, False)
    settings = run_input.settings_of(asked)
    wired, _ = run_input.prepare(asked, settings)
    folder = folder_of(settings.profile, state_dir, os.environ)
    with start(wired, folder, lambda _: False) as session:
        for event in feed(wired, session.state):
            if not isinstance(event, HistoryLoaded):
                break
            session.take(event, nothing)
        yield session


def take(session: Session, event: Event) -> list[Entry]:
    """Hand an event to the session; return it with all that came of it."""
    entries: list[Entry] = []
    session.take(event, lambda _, more: entries.extend(more))
    return entries
