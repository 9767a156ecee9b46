"""Copies and shorter journals: export, backup, and cutting off what a snapshot stands for."""

import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import apsw

from gpt_trader.errors import JournalError, StorageError
from gpt_trader.journal.chain import GENESIS, anchor, link, walk
from gpt_trader.journal.entry import StoredEntry
from gpt_trader.journal.faults import told_plainly


class Cut(NamedTuple):
    """What compacting did. archive: None if nothing was kept of what was cut off."""

    entries: int
    archive: Path | None


def line(entry: StoredEntry) -> str:
    """Return an entry as a line of JSON; event, records and commands are texts, as chained."""
    return json.dumps(entry._asdict() | {"digest": entry.digest.hex()}, ensure_ascii=False)


def read_lines(path: Path) -> Iterator[StoredEntry]:
    """Yield the entries of an archive, its chain checked; raises JournalError where it breaks."""
    seq, digest = None, GENESIS
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for text in file:
            row = json.loads(text)
            entry = StoredEntry(**row | {"digest": bytes.fromhex(row["digest"])})
            linked = seq is None or (
                entry.seq == seq + 1 and entry.digest == link(digest, *entry[1:6])
            )
            if not linked:
                raise JournalError(f"{path}: entry {entry.seq} does not follow")
            yield entry
            seq, digest = entry.seq, entry.digest


def backup(source: Path, target: Path) -> None:
    """Copy a journal that may be in use; the copy gets its name once all of it is on the disk.

    Raises StorageError if it cannot be written, or if something has that name already.
    """
    if target.exists():
        raise StorageError(f"{target} is there already", hint="choose another name")
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with told_plainly(str(target)):
            reader = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
            writer = apsw.Connection(str(draft))
            try:
                reader.set_busy_timeout(5_000)
                with writer.backup("main", reader, "main") as copying:
                    copying.step(-1)  # in one piece: a reader holds up no writer
            finally:
                writer.close()
                reader.close()
        _sync(draft)
        draft.rename(target)
        _sync(target.parent)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def compact(connection: apsw.Connection, name: str, header: str, archive: Path | None) -> Cut:
    """Cut off the entries before the older of the two newest snapshots.

    header: the event that says what the session is, kept beside the anchor. archive: where what
    is cut off goes, on the disk and read back before anything is deleted; None: nowhere.
    A crash leaves the journal as it was, or compacted. Raises JournalError if the chain does not
    hold, StorageError if the archive or the journal cannot be written.
    """
    with told_plainly(name):
        rows = connection.execute("SELECT seq FROM snapshot ORDER BY seq DESC LIMIT 2").fetchall()
    first = anchor(connection)[0]
    at = int(str(rows[-1][0])) if len(rows) == 2 else first
    if at <= first:
        return Cut(0, None)
    digest = GENESIS
    entries = walk(connection, name, after_seq=first, limit=at - first)
    if archive is None:
        for entry in entries:
            digest = entry.digest
    else:
        digest = _archive(entries, archive)
    with told_plainly(name):
        connection.execute("BEGIN IMMEDIATE")
        try:
            set_anchor(connection, at, digest, header)
            for table in ("decision", "entry"):
                connection.execute(f"DELETE FROM {table} WHERE seq <= ?", (at,))  # noqa: S608
            connection.execute("DELETE FROM snapshot WHERE seq < ?", (at,))
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        connection.execute("VACUUM")
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    return Cut(at - first, archive)


def set_anchor(connection: apsw.Connection, seq: int, digest: bytes, header: str) -> None:
    """Write down where the chain goes on from, inside the caller's transaction."""
    proof = hashlib.sha256(seq.to_bytes(8, "big") + digest + header.encode()).hexdigest()
    values = {"anchor": json.dumps([seq, digest.hex(), proof]), "anchor_header": header}
    connection.executemany("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", values.items())


def _archive(entries: Iterator[StoredEntry], archive: Path) -> bytes:
    """Write entries to an archive, and read it back; return the last digest."""
    digest = GENESIS
    try:
        with archive.open("xb") as raw, gzip.open(raw, "wt", encoding="utf-8") as file:
            digest = _write(entries, file)
        _sync(archive)
        _sync(archive.parent)
    except BaseException as error:
        if not isinstance(error, FileExistsError):
            archive.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StorageError(f"{archive}: {error.strerror}", hint="free some space") from error
        raise
    last = GENESIS
    for entry in read_lines(archive):
        last = entry.digest
    if last != digest:
        raise StorageError(f"{archive}: it does not read back as it was written")
    return digest


def _write(entries: Iterator[StoredEntry], file: IO[str]) -> bytes:
    digest = GENESIS
    for entry in entries:
        file.write(line(entry) + "\n")
        digest = entry.digest
    return digest


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
