"""A session on disk: its lock, its journal, the state it left off with."""

import contextlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpt_trader.broker.paper import PaperBroker
from gpt_trader.engine.drive import advance
from gpt_trader.engine.events import Event, Started
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Signals
from gpt_trader.engine.state import State, new_state
from gpt_trader.errors import JournalError, StorageError, UsageError
from gpt_trader.journal.faults import RESTORE
from gpt_trader.journal.sqlite import Journal, open_journal
from gpt_trader.runtime.journaling import DurableJournal, header_of, recover_state
from gpt_trader.runtime.lock import default_lock_dir, portfolio_lock
from gpt_trader.runtime.wiring import Wired, plan_of, session_key, signals_of

JOURNAL = "journal.db"


def clock_ms() -> int:
    """Milliseconds UTC of the wall clock."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Session:
    """An open session: the only holder of the portfolio's lock and journal.

    resumed: whether a journal of the same session was found. kept: where a journal of another
    session was moved to, None if there was none. ends_ms: open time of the market's last bar.
    """

    plan: Plan
    signals: Signals
    state: State
    journal: Journal
    durable: DurableJournal
    broker: PaperBroker
    resumed: bool
    ends_ms: int
    kept: Path | None = None

    def take(self, event: Event, observe: Callable[..., None]) -> None:
        """Take one event and all that follows from it; durable before anything is sent."""
        self.state = advance(
            self.plan, self.state, event, self.broker, self.durable, self.signals, observe
        )


def lock_id(portfolio: str, folder: Path) -> str:
    """Return what a simulated portfolio's lock is named by: each folder has its own."""
    return f"{portfolio}@{folder.resolve()}"


def nothing(*_: object) -> None:
    """Observe nothing."""


@contextlib.contextmanager
def start(wired: Wired, folder: Path, ended: Callable[[State], bool]) -> Iterator[Session]:
    """Open the folder's session for the wired plan; resume it, or begin a new one.

    A journal of another plan or other data, or of a session that `ended`, is kept beside the
    new one. Raises LockedError if another instance holds the folder, JournalError if the
    journal cannot be trusted (its whole chain is checked), StorageError if nothing can be written.
    """
    with portfolio_lock(default_lock_dir(), lock_id(wired.plan.portfolio, folder)):
        kept = _set_aside(wired, folder, ended)
        resumed = (folder / JOURNAL).exists()
        if not resumed:
            _create(wired, folder)
        with open_journal(folder / JOURNAL, create=False) as journal:
            session = _opened(journal, wired.plan, wired.signals, wired.header)
            session.kept, session.resumed = kept, resumed
            yield from _guarded(session)


@contextlib.contextmanager
def reopen(folder: Path) -> Iterator[Session]:
    """Open a stopped session as its own header describes it, for an operator's command."""
    with contextlib.ExitStack() as stack:
        header = read_header(folder)
        plan = plan_of(header)
        stack.enter_context(portfolio_lock(default_lock_dir(), lock_id(plan.portfolio, folder)))
        journal = stack.enter_context(open_journal(folder / JOURNAL, create=False))
        session = _opened(journal, plan, signals_of(header), header)
        yield from _guarded(session)


def _guarded(session: Session) -> Iterator[Session]:
    """Yield the session; save its state unless the disk is what failed."""
    try:
        yield session
    except StorageError:
        raise
    except BaseException:
        _save(session)
        raise
    _save(session)


def _save(session: Session) -> None:
    if not session.journal.is_broken:
        session.durable.snapshot()


def _create(wired: Wired, folder: Path) -> None:
    """Make the folder's journal: it gets its name once its first entry is on the disk.

    So a journal without entries is never one whose making was cut short.
    """
    draft = folder / f"{JOURNAL}.new"
    for name in (JOURNAL, draft.name):  # what a killed process left
        for suffix in ("-wal", "-shm"):
            (folder / f"{name}{suffix}").unlink(missing_ok=True)
    draft.unlink(missing_ok=True)
    with open_journal(draft) as journal:
        session = _opened(journal, wired.plan, wired.signals, wired.header)
        session.take(Started(int(wired.panel.time[0]), dict(wired.header)), nothing)
    if (folder / f"{draft.name}-wal").exists():  # SQLite could not bring it into the file
        raise StorageError(f"{draft}: the new journal cannot be completed", hint="check the disk")
    draft.rename(folder / JOURNAL)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _opened(journal: Journal, plan: Plan, signals: Signals, header: Mapping[str, Any]) -> Session:
    """Return the session that a journal holds, for writing: its whole chain is checked first.

    The newest snapshot would hide what was altered before it.
    """
    for _ in journal.read():
        pass
    resumed = journal.head()[0] > 0
    cash, ends_ms = header["cash"], header["data_ends_ms"]
    state = recover_state(journal, plan, cash) if resumed else new_state(plan, cash)
    durable = DurableJournal(journal, clock_ms, state)
    session = Session(plan, signals, state, journal, durable, PaperBroker(), resumed, ends_ms)
    for event in session.broker.reconcile(plan, state, max(state.cycle_ms, 0)):
        session.take(event, nothing)
    return session


def read_header(folder: Path) -> dict[str, Any]:
    """Return the header of the folder's session.

    Raises UsageError if there is no session, JournalError if its journal does not begin with one.
    """
    path = folder / JOURNAL
    if path.exists():
        with open_journal(path, readonly=True) as journal:
            return _header(journal, path)
    raise UsageError(
        f"no session in {folder}",
        hint="start one: gpt-trader run --profile dev",
    )


def _header(journal: Journal, path: Path) -> dict[str, Any]:
    header = header_of(journal)
    if header is None:
        raise JournalError(f"{path}: the file is damaged (its first entry is gone)", hint=RESTORE)
    return header


@contextlib.contextmanager
def view(folder: Path) -> Iterator[tuple[Mapping[str, Any], Plan, Journal]]:
    """Open a session for reading, beside a running bot if there is one."""
    header = read_header(folder)
    with open_journal(folder / JOURNAL, readonly=True) as journal:
        yield header, plan_of(header), journal


def _set_aside(wired: Wired, folder: Path, ended: Callable[[State], bool]) -> Path | None:
    """Move a journal that this session cannot go on with; return its new place."""
    path = folder / JOURNAL
    if not path.exists():
        return None
    with open_journal(path, create=False) as journal:
        header = _header(journal, path)
        known = json.loads(json.dumps(dict(wired.header)))
        same = session_key(header) == session_key(known)
        if same and not ended(recover_state(journal, wired.plan, wired.cash)):
            return None
    place = next(
        place
        for place in (folder / f"journal-{number:04d}.db" for number in itertools.count(1))
        if not place.exists()
    )
    # A reader elsewhere may keep entries in the -wal file: it belongs to the journal's name.
    for suffix in ("-wal", ""):
        part = folder / f"{JOURNAL}{suffix}"
        if part.exists():
            part.rename(folder / f"{place.name}{suffix}")
    (folder / f"{JOURNAL}-shm").unlink(missing_ok=True)
    return place
