"""States saved beside the entries, so that recovery need not start at entry 1.

A snapshot never replaces entries: one that does not verify costs time, nothing else.
"""

import hashlib
import logging
from collections.abc import Iterator

import apsw

from gpt_trader.journal.chain import digest_at
from gpt_trader.journal.entry import Snapshot

_log = logging.getLogger(__name__)


def save(connection: apsw.Connection, snapshot: Snapshot) -> None:
    """Write a snapshot inside the caller's transaction, replacing one at the same entry."""
    connection.execute(
        "INSERT OR REPLACE INTO snapshot (seq, schema_version, state, chain_digest, digest)"
        " VALUES (?, ?, ?, ?, ?)",
        (*snapshot, _digest(snapshot)),
    )


def latest(connection: apsw.Connection, *, max_schema: int) -> Snapshot | None:
    """Newest snapshot that verifies and whose schema is known; a bad one is logged and skipped."""
    for snapshot, is_good in _newest_first(connection, max_schema):
        if is_good:
            return snapshot
        _log.warning("snapshot_skipped seq=%d reason=does_not_verify", snapshot.seq)
    return None


def bad(connection: apsw.Connection) -> tuple[int, ...]:
    """Entry numbers of the snapshots that do not verify, newest first."""
    return tuple(snap.seq for snap, is_good in _newest_first(connection, None) if not is_good)


def prune(connection: apsw.Connection, *, keep: int) -> None:
    """Delete all but the newest `keep` snapshots inside the caller's transaction."""
    connection.execute(
        "DELETE FROM snapshot WHERE seq NOT IN"
        " (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)",
        (keep,),
    )


def _newest_first(
    connection: apsw.Connection, max_schema: int | None
) -> Iterator[tuple[Snapshot, bool]]:
    # States are large: fetch one at a time, and usually only one.
    newest = "SELECT seq FROM snapshot WHERE schema_version <= ifnull(?, schema_version)"
    one = "SELECT seq, schema_version, state, chain_digest, digest FROM snapshot WHERE seq = ?"
    for (seq,) in connection.execute(f"{newest} ORDER BY seq DESC", (max_schema,)).fetchall():
        try:
            ((*fields, digest),) = connection.execute(one, (seq,)).fetchall()
        except (UnicodeDecodeError, apsw.CorruptError):
            yield Snapshot(int(str(seq)), 0, "", b""), False
            continue
        snapshot = Snapshot._make(fields)
        is_linked = snapshot.chain_digest == digest_at(connection, snapshot.seq)
        yield snapshot, is_linked and digest == _digest(snapshot)


def _digest(snapshot: Snapshot) -> bytes:
    digest = hashlib.sha256(snapshot.chain_digest)
    digest.update(snapshot.seq.to_bytes(8, "big", signed=True))
    digest.update(snapshot.schema_version.to_bytes(8, "big", signed=True))
    digest.update(snapshot.state.encode())
    return digest.digest()
