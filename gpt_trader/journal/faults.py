"""What SQLite's failures mean to the user: one line, a hint, and the project's own error."""

import contextlib
from collections.abc import Iterator

import apsw

from gpt_trader.errors import JournalError, StorageError

COPY = "put back a copy, with no -wal and -shm of the old file beside it"
"""The hint where a journal is damaged: what a newer file left beside it belongs to no copy."""
RESTORE = f"{COPY}; or move it aside to begin anew"
"""The hint where a journal was and is no more."""

# What could not be written was not sent; what was sent before may not be booked.
_START_AGAIN = "then start again: a bot asks first what became of what it had sent"
_FAULTS: dict[type[apsw.Error], tuple[type[JournalError], str, str]] = {
    apsw.FullError: (StorageError, "the disk is full", f"free some space, {_START_AGAIN}"),
    apsw.ReadOnlyError: (
        StorageError,
        "the file or its folder is read-only",
        "make it writable for this user, or choose another --state-dir",
    ),
    apsw.IOError: (
        StorageError,
        "reading or writing failed",
        f"check the disk, its quota and the system's log, {_START_AGAIN}",
    ),
    apsw.CantOpenError: (
        StorageError,
        "the file cannot be opened",
        "check that its folder exists and that this user may write there",
    ),
    apsw.PermissionsError: (
        StorageError,
        "access was denied",
        "make it readable and writable for this user",
    ),
    apsw.BusyError: (
        JournalError,
        "another process is writing to it",
        "see `gpt-trader status`; only one instance may run on a portfolio",
    ),
    apsw.ConstraintError: (
        JournalError,
        "an entry does not fit what is stored",
        "another process may have written to it; start again",
    ),
    apsw.CorruptError: (
        JournalError,
        "the file is damaged",
        f"look with `gpt-trader journal verify`; {COPY}",
    ),
    apsw.NotADBError: (
        JournalError,
        "the file is not a journal",
        "check the path; a journal is an SQLite file that gpt-trader made",
    ),
}


@contextlib.contextmanager
def told_plainly(name: str) -> Iterator[None]:
    """Turn the failures of SQLite that a user can act on into JournalError or StorageError.

    name: the file, for the message. Other errors of apsw are bugs here and pass unchanged.
    """
    try:
        yield
    except tuple(_FAULTS) as error:
        kind, what, hint = next(_FAULTS[cls] for cls in _FAULTS if isinstance(error, cls))
        raise kind(f"{name}: {what} ({error})", hint=hint) from error
    except UnicodeDecodeError as error:  # text that is not UTF-8: rotten bytes on the disk
        kind, what, hint = _FAULTS[apsw.CorruptError]
        raise kind(f"{name}: {what} (text that is not UTF-8)", hint=hint) from error


UNREADABLE = (
    JournalError,
    apsw.Error,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
)
"""What a journal that is damaged in any way, or of another version, may raise when it is read."""
