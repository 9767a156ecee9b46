"""The journal file: SQLite in WAL mode, one writer, any number of readers.

Responsible for durability and order; knows nothing of what the JSON texts mean. Used from one
thread. Which process may write is decided by the portfolio's lock, not here.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

import apsw

from gpt_trader.errors import JournalError, StorageError
from gpt_trader.journal import snapshots
from gpt_trader.journal.chain import anchor, digest_at, last_link, link, walk
from gpt_trader.journal.compact import Cut, compact
from gpt_trader.journal.entry import NewEntry, Snapshot, StoredEntry, VerifyReport
from gpt_trader.journal.faults import RESTORE, told_plainly
from gpt_trader.journal.schema import check_current, check_identity, prepare
from gpt_trader.journal.unlocked import connect_unlocked, why_unwritable
from gpt_trader.journal.verify import verify

_ENTRY_SQL = """
INSERT INTO entry (seq, time_ms, kind, event, records, commands, digest)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_NEWEST_SQL = (
    "SELECT seq FROM entry WHERE kind = ? AND seq < ifnull(?, seq + 1) ORDER BY seq DESC LIMIT 1"
)
_DECISION_SQL = "INSERT INTO decision (product_id, bar_ms, seq) VALUES (?, ?, ?)"
_INTENT_SQL = "INSERT OR IGNORE INTO intent (client_order_id) VALUES (?)"
_KNOWN_SQL = "SELECT 1 FROM intent WHERE client_order_id = ?"
_WHY_SQL = """
SELECT seq, bar_ms FROM decision
WHERE product_id = ? AND bar_ms <= ifnull(?, bar_ms)
ORDER BY bar_ms DESC, seq DESC LIMIT ?
"""


class _Linked(NamedTuple):
    entry: NewEntry
    seq: int
    digest: bytes


class Journal:
    """An open journal; make one with `open_journal`.

    Entries appended with `durable=False` wait in memory; the next durable append, snapshot,
    `flush` or `close` writes them first, in one transaction with what follows. `read`,
    `decisions` and `verify` see what is durable. If a write fails before its COMMIT, nothing
    of it is stored and the journal stays usable. If COMMIT itself fails, the outcome is
    unknown until the file is opened again: the journal then refuses every further write.

    unlocked: why it is read without a lock; "": it is not.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        name: str,
        *,
        head: tuple[int, bytes],
        is_readonly: bool,
        unlocked: str = "",
    ) -> None:
        self.unlocked = unlocked
        self._connection = connection
        self._name = name
        self._head = head
        self._is_readonly = is_readonly
        self._is_broken = False
        self._waiting: list[_Linked] = []

    @property
    def is_broken(self) -> bool:
        """Whether a COMMIT failed: every write is refused until the file is opened again."""
        return self._is_broken

    def append(self, entries: Sequence[NewEntry], *, durable: bool = True) -> int:
        """Add entries to the chain and return the last entry's number.

        durable: on return everything so far has reached the disk, in one transaction. Otherwise
        the entries wait for the next durable write; `flush` within the time you can afford.
        Raises StorageError or JournalError; none of these `entries` is then in the chain.
        """
        self._check_writable()
        seq, digest = self._head
        linked = []
        for entry in entries:
            seq, digest = seq + 1, link(digest, *entry[:5])
            linked.append(_Linked(entry, seq, digest))
        if durable:
            self._write([*self._waiting, *linked])
            self._waiting = []
        else:
            self._waiting += linked
        self._head = seq, digest
        return seq

    def flush(self) -> None:
        """Make every appended entry durable. Raises StorageError or JournalError."""
        self.append(())

    def rest(self) -> None:
        """Make everything durable and move the log into the file: work for a quiet moment."""
        self.flush()
        with told_plainly(self._name):
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def head(self) -> tuple[int, bytes]:
        """Number and digest of the last entry, waiting or durable; (0, GENESIS) if none."""
        if not self._is_readonly:
            return self._head
        with told_plainly(self._name):  # another process writes: look again
            return last_link(self._connection)

    def read(self, after_seq: int = 0, limit: int | None = None) -> Iterator[StoredEntry]:
        """Yield the durable entries after `after_seq`, checking the chain; memory stays flat.

        Raises JournalError at the first entry that is missing, altered or unreadable.
        """
        return walk(self._connection, self._name, after_seq=after_seq, limit=limit)

    def anchor(self) -> tuple[int, str]:
        """Number that the first entry follows, and the header kept there; (0, "") if none."""
        with told_plainly(self._name):
            seq, _ = anchor(self._connection)
        return seq, self._meta().get("anchor_header", "")

    def compact(self, header: str, archive: Path | None) -> Cut:
        """Cut off what the older of the two newest snapshots stands for; see `journal.compact`."""
        self.flush()
        self._check_writable()
        return compact(self._connection, self._name, header, archive)

    def newest(self, kind: str, before_seq: int | None = None) -> StoredEntry | None:
        """Newest durable entry of a kind, its own link checked; None if there is none.

        before_seq: of those before an entry.
        """
        with told_plainly(self._name):
            row = self._connection.execute(_NEWEST_SQL, (kind, before_seq)).fetchone()
        return None if row is None else next(self.read(int(row[0]) - 1, limit=1))

    def verify(self) -> VerifyReport:
        """Prove structure, chain and snapshots; see `gpt_trader.journal.verify`."""
        return verify(self._connection, self._name)

    def decisions(
        self, product_id: str, at_ms: int | None = None, *, limit: int = 1
    ) -> list[tuple[int, int]]:
        """(seq, bar_ms) of a product's decisions, newest bar first.

        at_ms: only bars that opened at or before this time. limit: the most to return.
        """
        with told_plainly(self._name):
            found = self._connection.execute(_WHY_SQL, (product_id, at_ms, limit))
            rows: list[tuple[Any, ...]] = found.fetchall()
        return [(seq, bar_ms) for seq, bar_ms in rows]

    def unknown(self, client_order_ids: Iterable[str]) -> set[str]:
        """Those of some orders that no entry ever named, also none that was cut off."""
        if not self._is_readonly:
            self.flush()
        with told_plainly(self._name):
            return {
                key
                for key in client_order_ids
                if self._connection.execute(_KNOWN_SQL, (key,)).fetchone() is None
            }

    def told_ms(self) -> int | None:
        """Until when the account was read for orders that no entry names; None: never."""
        told = self._meta().get("told_ms")
        return None if told is None else int(told)

    def note_told(self, time_ms: int) -> None:
        """Note, durably, that all orders until a time are told by the entries."""
        self.flush()
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO meta (key, value) VALUES ('told_ms', ?)", (str(time_ms),)
            )

    def save_snapshot(self, seq: int, schema_version: int, state_json: str) -> None:
        """Store the state after entry `seq`, durably. Raises JournalError if there is none."""
        self.flush()
        with self._transaction():
            digest = digest_at(self._connection, seq)
            if digest is None:
                raise JournalError(f"{self._name}: no entry {seq} to save a snapshot at")
            snapshots.save(self._connection, Snapshot(seq, schema_version, state_json, digest))

    def latest_snapshot(self, max_schema: int) -> Snapshot | None:
        """Newest snapshot of schema <= `max_schema` that verifies; bad ones are logged."""
        with told_plainly(self._name):
            return snapshots.latest(self._connection, max_schema=max_schema)

    def prune_snapshots(self, keep: int = 3) -> None:
        """Delete all but the newest `keep` snapshots."""
        with self._transaction():
            snapshots.prune(self._connection, keep=keep)

    def _meta(self) -> dict[str, str]:
        """What the file says beside its entries: where its chain goes on from; not chained."""
        with told_plainly(self._name):
            rows = self._connection.execute("SELECT key, value FROM meta ORDER BY key").fetchall()
        return {str(key): str(value) for key, value in rows}

    def close(self) -> None:
        """Write what is waiting, unless the journal is broken, and let go of the file."""
        try:
            if self._waiting and not self._is_broken:
                self.flush()
        finally:
            with told_plainly(self._name):
                self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, linked: list[_Linked]) -> None:
        if not linked:
            return
        entries = [(seq, *entry[:5], digest) for entry, seq, digest in linked]
        decisions = [
            (product_id, bar_ms, seq)
            for entry, seq, _ in linked
            for product_id, bar_ms in dict.fromkeys(entry.decisions)
        ]
        intents = [(key,) for entry, _, _ in linked for key in entry.intents]
        with self._transaction():
            self._connection.executemany(_ENTRY_SQL, entries)
            self._connection.executemany(_DECISION_SQL, decisions)
            self._connection.executemany(_INTENT_SQL, intents)

    def _check_writable(self) -> None:
        if self._is_readonly:
            raise JournalError(f"{self._name}: opened for reading only")
        if self._is_broken:
            raise StorageError(
                f"{self._name}: an earlier write failed, so no more are accepted",
                hint="start again: opening the journal shows what was stored",
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._check_writable()
        with told_plainly(self._name):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._is_broken = True  # until COMMIT returns, nobody knows
                self._connection.execute("COMMIT")
                self._is_broken = False
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")


def open_journal(
    path: Path,
    *,
    create: bool = True,
    readonly: bool = False,
    vfs: str | None = None,
    busy_timeout_ms: int = 5_000,
) -> Journal:
    """Open a journal; what a killed process left in the write-ahead log is recovered.

    create: make a missing or empty (0 bytes) file into a new journal. readonly: for other
    processes, beside the writer; where a full or read-only disk takes no lock, without one.
    vfs: the name of an SQLite VFS that tests plug in.
    Raises JournalError if the file is missing, damaged, another program's or a newer version's,
    StorageError if it cannot be opened or written.
    """
    name = str(path)
    create = create and not readonly
    if not create and not path.exists():
        raise _no_journal(name)
    flags = apsw.SQLITE_OPEN_READONLY if readonly else apsw.SQLITE_OPEN_READWRITE
    flags |= apsw.SQLITE_OPEN_CREATE if create else 0

    def connect() -> apsw.Connection:
        return apsw.Connection(str(path.absolute()), flags=flags, vfs=vfs)

    try:
        return _opened(connect, name, busy_timeout_ms, create=create, readonly=readonly)
    except StorageError:
        why = why_unwritable(path.parent) if readonly else ""
        if not why:
            raise
    reads = partial(connect_unlocked, path)
    return _opened(reads, name, busy_timeout_ms, create=False, readonly=True, unlocked=why)


def _opened(
    connect: Callable[[], apsw.Connection],
    name: str,
    busy_timeout_ms: int,
    *,
    create: bool,
    readonly: bool,
    unlocked: str = "",
) -> Journal:
    with told_plainly(name), contextlib.ExitStack() as on_failure:
        connection = connect()
        on_failure.callback(connection.close)
        connection.set_busy_timeout(busy_timeout_ms)
        version = check_identity(connection, name)
        if version == 0 and not create:
            raise JournalError(f"{name}: the file is empty, no longer a journal", hint=RESTORE)
        if readonly:
            check_current(version, name)
        else:
            prepare(connection, name)
        head = last_link(connection)
        on_failure.pop_all()
    return Journal(connection, name, head=head, is_readonly=readonly, unlocked=unlocked)


def _no_journal(name: str) -> JournalError:
    return JournalError(
        f"{name}: no journal here",
        hint="`gpt-trader run` makes one; check --profile and --state-dir",
    )
