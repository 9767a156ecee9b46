"""The tables, as numbered steps: `user_version` is the number of steps a file has taken."""

from collections.abc import Sequence

import apsw

from gpt_trader.errors import JournalError, StorageError
from gpt_trader.journal.faults import RESTORE

APPLICATION_ID = 0x47505454
"""Marks the file as ours in SQLite's header ("GPTT")."""

MIGRATIONS: tuple[str, ...] = (
    """\
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    event TEXT NOT NULL,
    records TEXT NOT NULL,
    commands TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;

CREATE TABLE decision (
    product_id TEXT NOT NULL,
    bar_ms INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES entry (seq),
    PRIMARY KEY (product_id, bar_ms, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (
    seq INTEGER PRIMARY KEY,
    schema_version INTEGER NOT NULL,
    state TEXT NOT NULL,
    chain_digest BLOB NOT NULL CHECK (length(chain_digest) = 32),
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
""",
    """\
-- No table changes: a session's header is typed and versioned, and so not for older versions.
""",
    """\
-- No table changes: entries may say what older versions do not know (orders that wait, absences).

CREATE TABLE intent (
    client_order_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO intent
SELECT json_extract(command.value, '$.order.client_order_id')
FROM entry,
    json_each(CASE WHEN json_valid(entry.commands) THEN entry.commands ELSE '[]' END) AS command
WHERE command.type = 'object'
    AND json_extract(command.value, '$.type') = 'SubmitOrder';
""",
)
"""Append only: a step that has been released never changes."""

READABLE = 1
"""Steps that a reader needs: the later ones change what entries may say, not how they are read."""

TABLES = frozenset(("entry", "decision", "snapshot", "meta"))
"""What every file has that took the first step."""

# Pages of log that are moved into the file at once; a live loop does it earlier, when it rests.
CHECKPOINT_PAGES = 4_000


def check_identity(
    connection: apsw.Connection, name: str, *, steps: Sequence[str] = MIGRATIONS
) -> int:
    """Return how many steps the file has taken; 0 for a new, blank file. Changes nothing.

    Raises JournalError if the file belongs to another program or to a newer version, or has
    lost a table.
    """
    application_id = connection.pragma("application_id")
    version = int(str(connection.pragma("user_version")))
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    if (application_id, version, names) != (0, 0, set()) and application_id != APPLICATION_ID:
        raise JournalError(
            f"{name}: the file is an SQLite file of another program",
            hint="check the path; nothing in the file was changed",
        )
    if version > len(steps):
        raise JournalError(
            f"{name}: expected schema version <= {len(steps)}, was {version}",
            hint="a newer gpt-trader wrote it; update this one",
        )
    missing = sorted(TABLES - names) if version else []
    if missing:
        raise JournalError(f"{name}: the file is damaged (no table {missing[0]})", hint=RESTORE)
    return version


def check_current(version: int, name: str, *, needed: int = READABLE) -> None:
    """Raise JournalError if steps are missing that a reader needs: it cannot take them."""
    if version < needed:
        raise JournalError(
            f"{name}: expected schema version >= {needed}, was {version}",
            hint="the next `gpt-trader run` brings it up to date",
        )


def prepare(connection: apsw.Connection, name: str, *, steps: Sequence[str] = MIGRATIONS) -> None:
    """Make the connection durable and take the steps that are missing, all or none.

    Raises StorageError where the file system cannot carry a write-ahead log.
    """
    mode = connection.pragma("journal_mode", "wal")
    if mode != "wal":
        raise StorageError(
            f"{name}: expected a write-ahead log, the file system allows {mode!r}",
            hint="keep the state folder on a local disk",
        )
    connection.pragma("synchronous", "FULL")
    connection.pragma("fullfsync", value=True)  # macOS: fsync alone does not reach the disk
    connection.pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
    connection.pragma("foreign_keys", value=True)
    with connection:  # one transaction: a crash leaves the old version, whole
        version = int(str(connection.pragma("user_version")))
        if version < len(steps):
            for step in steps[version:]:
                connection.execute(step)
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", len(steps))
