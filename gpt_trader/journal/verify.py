"""Prove a journal: its structure, every link of its chain, every snapshot."""

import apsw

from gpt_trader.errors import JournalError, StorageError
from gpt_trader.journal import snapshots
from gpt_trader.journal.chain import GENESIS, anchor, walk
from gpt_trader.journal.entry import VerifyReport
from gpt_trader.journal.faults import told_plainly


def verify(connection: apsw.Connection, name: str) -> VerifyReport:
    """Walk the whole file; takes time in proportion to its size, and flat memory.

    Damage is reported, not raised. Raises StorageError if the disk cannot be read, JournalError
    if the damage stops the check itself.
    """
    seq, digest = 0, GENESIS
    try:
        with told_plainly(name):
            seq, digest = anchor(connection)
        for entry in walk(connection, name, after_seq=0, limit=None):
            seq, digest = entry.seq, entry.digest
    except StorageError:
        raise
    except JournalError as error:
        return VerifyReport(seq, digest, seq + 1, (), error.message)
    with told_plainly(name):
        problem = _structure(connection, name)
        bad = snapshots.bad(connection)
    if bad and not problem:
        problem = f"{name}: snapshots that do not match the chain: {', '.join(map(str, bad))}"
    return VerifyReport(seq, digest, None, bad, problem)


def _structure(connection: apsw.Connection, name: str) -> str:
    found = connection.execute("PRAGMA quick_check(1)").get
    if found != "ok":
        return f"{name}: the file is damaged ({found})"
    # Entries cut off at the end leave a chain that holds, but decisions that point nowhere.
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        return f"{name}: the index of decisions names entries that are gone"
    return ""
