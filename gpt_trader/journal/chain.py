"""The hash chain: each digest covers its entry and, through its predecessor, all before it."""

import hashlib
import json
from collections.abc import Iterator

import apsw

from gpt_trader.errors import JournalError
from gpt_trader.journal.entry import StoredEntry
from gpt_trader.journal.faults import COPY, RESTORE, told_plainly

GENESIS = bytes(32)
"""What the first entry links to."""

_PAGE_ROWS = 256  # read in pages: flat memory, and no long read transaction to hold up the WAL
_PAGE_SQL = """
SELECT seq, time_ms, kind, event, records, commands, digest
FROM entry WHERE seq > ? ORDER BY seq LIMIT ?
"""


def link(previous: bytes, time_ms: int, *texts: str) -> bytes:
    """Digest of one entry: SHA-256 over the previous digest, the time and the texts.

    texts: kind, event, records, commands. The time is 8 bytes, signed, big-endian; each text
    is its UTF-8 length as 8 such bytes and then its UTF-8 bytes, so that no two entries share
    one byte string.
    """
    digest = hashlib.sha256(previous)
    digest.update(time_ms.to_bytes(8, "big", signed=True))
    for text in texts:
        data = text.encode()
        digest.update(len(data).to_bytes(8, "big", signed=True))
        digest.update(data)
    return digest.digest()


def anchor(connection: apsw.Connection) -> tuple[int, bytes]:
    """Number and digest that the first entry follows: (0, GENESIS) unless the file is compacted.

    Raises JournalError if the anchor was altered.
    """
    rows = dict(connection.execute("SELECT key, value FROM meta WHERE key GLOB 'anchor*'"))
    if not rows:
        return 0, GENESIS
    try:
        seq, digest, proof = json.loads(str(rows["anchor"]))
        told = int(seq).to_bytes(8, "big") + bytes.fromhex(digest)
        good = hashlib.sha256(told + str(rows["anchor_header"]).encode()).hexdigest() == proof
    except (KeyError, ValueError, TypeError, OverflowError):
        good = False
    if not good:
        raise JournalError("the anchor of a compacted journal was altered", hint=RESTORE)
    return int(seq), bytes.fromhex(digest)


def digest_at(connection: apsw.Connection, seq: int) -> bytes | None:
    """Digest of entry `seq`, or of the anchor; None if there is no such entry."""
    first, digest = anchor(connection)
    if seq == first:
        return digest
    row = connection.execute("SELECT digest FROM entry WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else bytes(row[0])


def last_link(connection: apsw.Connection) -> tuple[int, bytes]:
    """Number and digest of the last entry; the anchor in a journal without entries."""
    sql = "SELECT seq, digest FROM entry ORDER BY seq DESC LIMIT 1"
    row = connection.execute(sql).fetchone()
    return anchor(connection) if row is None else (int(row[0]), bytes(row[1]))


def walk(
    connection: apsw.Connection, name: str, *, after_seq: int, limit: int | None
) -> Iterator[StoredEntry]:
    """Yield the entries after `after_seq` in order, checking every link on the way.

    name: the file, for messages. limit: the most entries to yield; None for all.
    Raises JournalError at the first entry that is missing, altered or unreadable.
    """
    with told_plainly(name):
        # Without a predecessor no digest can match, so a gap shows as a broken link.
        seq = max(after_seq, anchor(connection)[0])
        digest = digest_at(connection, seq) or b""
    end = None if limit is None else seq + limit
    while end is None or seq < end:
        wanted = _PAGE_ROWS if end is None else min(_PAGE_ROWS, end - seq)
        page = _page(connection, name, seq, wanted)
        if not page:
            return
        for row in page:
            entry = StoredEntry._make(row)
            if entry.seq != seq + 1 or entry.digest != link(digest, *entry[1:6]):
                raise JournalError(
                    f"{name}: entry {seq + 1} is missing or was altered",
                    hint=f"look with `gpt-trader journal verify`; {COPY}",
                )
            yield entry
            seq, digest = entry.seq, entry.digest


def _page(
    connection: apsw.Connection, name: str, after_seq: int, wanted: int
) -> list[tuple[object, ...]]:
    # Up to the first unreadable row: asked again from there, it fails on that very row.
    page: list[tuple[object, ...]] = []
    try:
        with told_plainly(name):
            page.extend(connection.execute(_PAGE_SQL, (after_seq, wanted)))
    except JournalError:
        if not page:
            raise
    return page
