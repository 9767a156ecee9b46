"""A session on disk: its lock, its journal, the state it left off with."""

import contextlib
import itertools
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gpt_trader.broker.simulated.paper import PaperBroker
from gpt_trader.domain.order_ids import MARKED
from gpt_trader.domain.targets import Target
from gpt_trader.engine.drive import Observer, advance
from gpt_trader.engine.events import Event, FlattenRequested, HaltRequested, Started
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Broker, Signals
from gpt_trader.engine.state import State, new_state
from gpt_trader.errors import ConfigError, JournalError, StorageError, UsageError
from gpt_trader.journal.faults import RESTORE
from gpt_trader.journal.sqlite import Journal, open_journal
from gpt_trader.runtime.clock import monotonic_ms
from gpt_trader.runtime.halt import Latch, latched_event
from gpt_trader.runtime.header import (
    Header,
    as_journaled,
    guards_now,
    header_to_json,
    plan_of,
    session_key,
)
from gpt_trader.runtime.journaling import DurableJournal, header_of, recover_state
from gpt_trader.runtime.lock import gone_folders, holder, portfolio_lock, strays, user_lock_dir
from gpt_trader.runtime.wiring import SessionTerms

type Connect = Callable[[Header], tuple[Broker, Callable[[], int] | None]]

JOURNAL = "journal.db"
GONE = (
    "put it back where it was, the newest copy of journal.db too; or gpt-trader run --profile NAME "
    "--live begins anew, and takes over what the exchange shows"
)
START = "start one: gpt-trader run --profile dev"
CHECKED_ENTRIES = 200_000  # links that a start checks: a second's worth


def clock_ms() -> int:
    """Milliseconds UTC of the wall clock."""
    return time.time_ns() // 1_000_000


def nothing(*_: object) -> None:
    """Observe nothing."""


def settled(*_: object) -> bool:
    """Find out nothing: a market of the past has said it all."""
    return True


@dataclass(slots=True)
class Session:
    """An open session: the only holder of the portfolio's lock and journal.

    resumed: whether a journal of the same session was found. kept: where a journal of another
    session was moved to, None if there was none. has_new_terms: whether a market of the past goes
    on under terms that it did not begin with. ends_ms: open time of the market's last bar.
    is_whole: whether the account has told what the journal does not know.
    """

    plan: Plan
    signals: Signals
    state: State
    journal: Journal
    durable: DurableJournal
    broker: Broker
    resumed: bool
    ends_ms: int
    latch: Latch
    cash: int = 0  # units it began with
    kept: Path | None = None
    has_new_terms: bool = False
    is_whole: bool = True
    clock: Callable[[], int] | None = None  # the exchange's time; None: the market's own
    # Goes on until something is so (None: what was sent is known), for so many seconds at most.
    settle: Callable[[Callable[[State], bool] | None, float, Observer], bool] = settled

    def time_ms(self) -> int:
        """Return the time of what happens now: the exchange's, or the newest bar's close."""
        if self.clock is not None:
            return self.clock()
        newest = max(self.state.last_bar_ms)
        return newest + self.plan.interval_ms if newest >= 0 else 0

    def said_ms(self) -> int:
        """Return when a person's command is given: the exchange's time, or the wall clock's.

        What follows from it is counted from then, so on live prices it must be no other clock.
        """
        return clock_ms() if self.clock is None else self.clock()

    def take(self, event: Event, observe: Callable[..., None]) -> None:
        """Take one event and all that follows from it; durable before anything is sent."""
        self.state = advance(
            self.plan, self.state, event, self.broker, self.durable, self.signals, observe
        )


def locks_of(header: Header, folder: Path) -> list[tuple[Path, str]]:
    """Return the folders and names of a session's locks.

    Money's is the user's one for the portfolio; a command of another user (root) takes that of the
    folder's owner, too, under which the bot runs. A simulated one's lies beside its journal.
    """
    if not header.mode.trades_money:
        return [(folder, f"{header.portfolio}@{folder.resolve()}")]
    return money_locks(header.portfolio, folder)


def money_locks(portfolio: str, folder: Path) -> list[tuple[Path, str]]:
    """Return the locks of a portfolio whose session lies in a folder. Raises StorageError."""
    owners = {os.getuid(), folder.stat().st_uid}
    return sorted((user_lock_dir(uid), portfolio) for uid in owners)


def running(header: Header, folder: Path) -> str | None:
    """Return who holds a session, None if nobody does."""
    holders = [holder(place, name) for place, name in locks_of(header, folder)]
    return next((one for one in holders if one is not None), None)


@contextlib.contextmanager
def hold(locks: Sequence[tuple[Path, str]], folder: Path) -> Iterator[None]:
    """Hold locks of a folder's session. Raises LockedError or StorageError."""
    with contextlib.ExitStack() as stack:
        for place, name in sorted(set(locks)):
            stack.enter_context(portfolio_lock(place, name, folder))
        yield


def _locks(header: Header, folder: Path) -> list[tuple[Path, str]]:
    """Return the locks of a session that begins: its own, and that of the journal in its place.

    Whose journal it is may be running under the other one.
    """
    if not (folder / JOURNAL).exists():
        return locks_of(header, folder)
    known = read_header(folder)
    if known.mode.trades_money and not header.mode.trades_money:
        raise ConfigError(
            f"{folder / JOURNAL} is a journal of real money: no {header.mode} session replaces it",
            hint="simulate under a profile of another name, or with --state-dir",
        )
    return [*locks_of(header, folder), *locks_of(known, folder)]


def of_the_market(_: Header) -> tuple[Broker, Callable[[], int] | None]:
    """Connect to a market of the past: its bars fill orders, and its time is theirs."""
    return PaperBroker(), None


@contextlib.contextmanager
def start(
    terms: SessionTerms,
    folder: Path,
    ended: Callable[[State], bool],
    *,
    broker: Broker | None = None,
    now_ms: Callable[[], int] | None = None,
    observe: Observer = nothing,
) -> Iterator[Session]:
    """Open the folder's session under some terms; resume it, or begin a new one.

    broker: where orders go, None for the paper broker on bars. now_ms: the exchange's time, None
    for the market's own. observe: sees what is taken before the session is given.
    A journal of another session (see `session_key`), or of one that `ended`, is kept beside the
    new one; a session goes on under changed terms, which are journaled.
    Raises LockedError if another instance holds the folder, JournalError if the journal cannot be
    trusted (its whole chain is checked), StorageError if nothing can be written, ConfigError if
    a live journal of other products holds a position or an open order, or if a simulation would
    take a live journal's place.
    """
    with hold(_locks(terms.header, folder), folder):
        kept = _set_aside(terms, folder, ended)
        resumed = (folder / JOURNAL).exists()
        if not resumed:
            _create(terms, folder)
        with open_journal(folder / JOURNAL, create=False) as journal:
            known = _header(journal, folder / JOURNAL)
            header = _going_on(known, terms.header)
            began = plan_of(known)  # whose money it is was settled when the session began
            plan = replace(terms.plan, id_form=header.id_form, is_capped=began.is_capped)
            session = _opened(journal, plan, terms.signals, known, broker or PaperBroker(), folder)
            session.kept, session.resumed, session.clock = kept, resumed, now_ms
            _go_on(session, known, header, observe)
            yield from _save_at_end(session)


def _going_on(known: Header, now: Header) -> Header:
    """Return what a session goes on under: without an account, ids keep the form they had."""
    return now if known.mode.trades_money else replace(now, id_form=known.id_form)


def _go_on(session: Session, known: Header, now: Header, observe: Observer) -> None:
    """Journal what the session goes on under; a simulated one asks its broker at once."""
    at_ms = _now_ms(session)
    is_changed = session.resumed and _differ(known, as_journaled(now))
    session.has_new_terms = is_changed and not known.mode.is_live
    if is_changed or (session.resumed and known.mode.trades_money):  # entries wait for a look
        # What the account began with is what it is measured against, whatever it holds by now.
        header = replace(now, cash=known.cash, wallets=known.wallets)
        session.take(Started(at_ms, header_to_json(header)), observe)
        session.durable.snapshot()
    if not known.mode.is_live:  # a live feed begins with it
        _reconcile(session, at_ms)
    _keep_halted(session, at_ms, observe)


def _differ(known: Header, now: Header) -> bool:
    """Whether a session goes on under other terms than it is known by.

    On live prices the versions belong to them, and where its profile is: commands look for it
    there. A market of the past is the same at any time.
    """
    if not known.mode.is_live:
        known = replace(known, versions=now.versions, file=now.file)
    return now != known


def _now_ms(session: Session) -> int:
    return max(session.state.cycle_ms, 0) if session.clock is None else session.clock()


def _keep_halted(session: Session, at_ms: int, observe: Observer) -> None:
    """Do what the kill latch asks for: it may have been set while nobody ran.

    At an exchange nothing is sold before it has said which orders it takes now: whoever goes on
    with the session reads the wish again.
    """
    latched = latched_event(session.latch, session.state, at_ms)
    if session.plan.rests and isinstance(latched, FlattenRequested):
        halt = HaltRequested(at_ms, latched.by, latched.reason)
        latched = None if session.state.halted else halt
    if latched is not None:
        session.take(latched, observe)


def _reconcile(session: Session, at_ms: int) -> None:
    for event in session.broker.reconcile(session.plan, session.state, at_ms):
        session.take(event, nothing)


@contextlib.contextmanager
def reopen(folder: Path, connect: Connect = of_the_market) -> Iterator[Session]:
    """Open a stopped session as its own header describes it, for an operator's command.

    connect: asked for a broker and a clock once the lock is held, so that nobody waits for a
    network to learn that a bot runs. No strategy is needed: nothing is decided.
    """
    with contextlib.ExitStack() as stack:
        known = read_header(folder)
        header = as_reopened(known)
        plan = plan_of(header)
        stack.enter_context(hold(locks_of(header, folder), folder))
        broker, now_ms = connect(known)
        journal = stack.enter_context(open_journal(folder / JOURNAL, create=False))
        session = _opened(journal, plan, undecided, known, broker, folder)
        session.clock = now_ms
        if header != known:
            session.take(Started(_now_ms(session), header_to_json(header)), nothing)
        _reconcile(session, _now_ms(session))
        _keep_halted(session, _now_ms(session), nothing)
        yield from _save_at_end(session)


def as_reopened(known: Header) -> Header:
    """Return what a stopped session is under for an operator's command.

    Guards that came since are asked, too: their limits are not stated there, so that they refuse
    entries until the session has gone on under its profile.
    """
    return _going_on(known, replace(known, guards=guards_now(), id_form=MARKED))


def undecided(state: State, j: int) -> tuple[Target | None, Any]:
    """No target: an operator's command takes no bar."""
    return None, state.memory[j]


def _save_at_end(session: Session) -> Iterator[Session]:
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


def _create(terms: SessionTerms, folder: Path) -> None:
    """Make the folder's journal: it gets its name once its first entry is on the disk.

    So a journal without entries is never one whose making was cut short.
    """
    draft = folder / f"{JOURNAL}.new"
    for name in (JOURNAL, draft.name):  # what a killed process left
        for suffix in ("-wal", "-shm"):
            (folder / f"{name}{suffix}").unlink(missing_ok=True)
    draft.unlink(missing_ok=True)
    with open_journal(draft) as journal:
        session = _opened(journal, terms.plan, terms.signals, terms.header, PaperBroker(), folder)
        session.take(Started(terms.begins_ms, header_to_json(terms.header)), nothing)
    if (folder / f"{draft.name}-wal").exists():  # SQLite could not bring it into the file
        raise StorageError(f"{draft}: the new journal cannot be completed", hint="check the disk")
    draft.rename(folder / JOURNAL)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _opened(
    journal: Journal,
    plan: Plan,
    signals: Signals,
    header: Header,
    broker: Broker,
    folder: Path,
) -> Session:
    """Return the session that a journal holds, for writing: its chain is checked first.

    The newest snapshot would hide what was altered before it.
    """
    check_chain(journal)
    resumed = journal.head()[0] > 0
    cash, ends_ms = header.cash, header.data_ends_ms
    known = plan_of(header)  # what the entries were written under
    state = recover_state(journal, known, cash) if resumed else new_state(plan, cash)
    durable = DurableJournal(journal, monotonic_ms, state)
    return Session(
        plan, signals, state, journal, durable, broker, resumed, ends_ms, Latch(folder), cash
    )


def check_chain(journal: Journal) -> None:
    """Check the newest CHECKED_ENTRIES links; raises JournalError. `journal verify` checks all."""
    for _ in journal.read(max(journal.head()[0] - CHECKED_ENTRIES, 0)):
        pass


def read_header(folder: Path) -> Header:
    """Return the header of the folder's session.

    Raises UsageError if there is no session, JournalError if its journal does not begin with one.
    """
    path = folder / JOURNAL
    if path.exists():
        with open_journal(path, readonly=True) as journal:
            return _header(journal, path)
    raise no_session(folder)


def lies_there(folder: Path) -> str:
    """Return in words that a latch lies in a folder, whatever its journal is like; "" if none."""
    latch = Latch(folder)
    halt = latch.read()
    if halt is None:
        return "; FLATTEN lies there: what is held is to be sold" if latch.wants_flat() else ""
    said = f"; HALT lies there: halted by {halt.by}: {halt.reason}"
    return said + (", and what is held is to be sold" if halt.flatten else "")


def _is_portfolio(place: Path) -> bool:
    """Whether a folder is a live session's: it is named by its portfolio."""
    try:
        uuid.UUID(place.resolve().name)
    except ValueError:
        return False
    return place.is_dir()


def no_session(place: Path, hint: str = START) -> UsageError:
    """Return that no session lies in a place, naming processes that run one without a folder.

    And what else is known of sessions of money: a latch that lies there, a folder that is gone.
    """
    lost, gone = list[str](), list[Path]()
    with contextlib.suppress(StorageError):  # no place for locks: no session of money
        locks = user_lock_dir(os.getuid())
        lost, gone = strays(locks), gone_folders(locks)
    if not lost:
        said = f"no session in {place}"
        if _is_portfolio(place):
            return UsageError(f"{said}: its journal is gone{lies_there(place)}", hint=GONE)
        at = place.resolve()
        beneath = [folder for folder in gone if at in (folder, folder.parent)]
        if beneath:
            names = ", ".join(str(folder) for folder in beneath)
            return UsageError(f"{said}; {names} is gone, where money was traded", hint=GONE)
        return UsageError(f"{said}{lies_there(place)}", hint=hint)
    return UsageError(
        f"no session in {place}; {', '.join(f'{one} is gone' for one in lost)}",
        hint="put the folder back where it was, or end that process: kill -TERM PID cancels its "
        "entries, and its stops stay at the exchange",
    )


def _header(journal: Journal, path: Path) -> Header:
    header = header_of(journal)
    if header is None:
        raise JournalError(f"{path}: the file is damaged (its first entry is gone)", hint=RESTORE)
    return header


@contextlib.contextmanager
def open_stopped(folder: Path) -> Iterator[tuple[Header, Journal]]:
    """Hold a stopped session's lock and journal, without a broker: for what concerns the file."""
    header = read_header(folder)
    with (
        hold(locks_of(header, folder), folder),
        open_journal(folder / JOURNAL, create=False) as journal,
    ):
        yield header, journal


@contextlib.contextmanager
def view(folder: Path) -> Iterator[tuple[Header, Plan, Journal]]:
    """Open a session for reading, beside a running bot if there is one."""
    header = read_header(folder)
    with open_journal(folder / JOURNAL, readonly=True) as journal:
        yield header, plan_of(header), journal


def _set_aside(terms: SessionTerms, folder: Path, ended: Callable[[State], bool]) -> Path | None:
    """Move a journal that this session cannot go on with; return its new place."""
    path = folder / JOURNAL
    if not path.exists():
        return None
    with open_journal(path, create=False) as journal:
        header = _header(journal, path)
        same = session_key(header) == session_key(terms.header)
        state = recover_state(journal, plan_of(header), header.cash)
        if same and not ended(state):
            return None
        if header.mode.trades_money and (state.open_orders or state.slots["lots"].any()):
            raise ConfigError(
                f"{path} holds positions or open orders that this profile does not know",
                hint="trade the same products and interval until it is flat",
            )
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
