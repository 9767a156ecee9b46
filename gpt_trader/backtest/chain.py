"""Lines that cannot go missing unseen: a hash chain in a file, and an anchor in another folder.

Each line of the ledger names the SHA-256 of the line before it. The anchor, one small file a
user, remembers of every ledger how long it was, its last line's digest, and when something was
found missing. Neither is proof against somebody who rewrites both; a deleted, shortened or
edited ledger is noticed.
"""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Any

LOCK_STEP_S = 0.02
FIRST = "0" * 64  # what the first line names as the digest before it
ANY = "*"


@dataclass(frozen=True, slots=True)
class Mark:
    """What the anchor knows of one ledger.

    lines, head: its length and its last line's digest when it was last written. broken: lines
    known not to follow from the one before. products: of all its lines, also of lost ones; ANY
    where nobody knows. lost_ms: when lines were last found missing, int64 ms UTC, None: never.
    """

    lines: int
    head: str
    broken: int
    products: tuple[str, ...]
    lost_ms: int | None


@dataclass(frozen=True, slots=True)
class Chain:
    """A ledger as read. rows: the lines that can be read, in order. broken: as in Mark."""

    rows: tuple[Mapping[str, Any], ...]
    digests: tuple[str, ...]
    broken: int


type Stamp = tuple[int, int, int] | None


def stamp(path: Path) -> Stamp:
    """Return what changes when somebody else writes a file; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def digest(line: bytes) -> str:
    """Return the digest by which the next line names this one."""
    return hashlib.sha256(line).hexdigest()


def read_chain(path: Path, *, begin: int = 0, head: str = "") -> Chain:
    """Read a ledger; a missing file is an empty one. Raises OSError.

    begin: bytes that were read before; head: the digest of the last line among them.
    """
    try:
        with path.open("rb") as file:
            file.seek(begin)
            lines = file.read().splitlines()
    except FileNotFoundError:
        lines = []
    rows, digests, broken = [], [], 0
    before = head or FIRST
    for line in lines:
        row = _parse(line)
        if row is None or row.get("previous") != before:
            broken += 1
        if row is not None:
            rows.append(row)
        before = digest(line)
        digests.append(before)
    return Chain(tuple(rows), tuple(digests), broken)


def _parse(line: bytes) -> Mapping[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def is_whole(chain: Chain, mark: Mark | None) -> bool:
    """Whether nothing is missing that the mark remembers; without one, whether nothing is there."""
    if mark is None:
        return not chain.digests
    return (
        chain.broken <= mark.broken
        and mark.lines <= len(chain.digests)
        and (mark.lines == 0 or chain.digests[mark.lines - 1] == mark.head)
    )


def renew_mark(chain: Chain, mark: Mark | None, *, now_ms: int, trusted: bool) -> Mark:
    """Return what the anchor should know of a ledger from now on.

    mark: what it knew. trusted: False if the anchor itself could not be read.
    """
    whole = trusted and is_whole(chain, mark)
    products = {str(p) for row in chain.rows for p in row.get("products", ())}
    products |= set() if mark is None else set(mark.products)
    if mark is None and not whole:
        products.add(ANY)
    before = None if mark is None else mark.lost_ms
    return Mark(
        lines=len(chain.digests),
        head=chain.digests[-1] if chain.digests else "",
        broken=chain.broken,
        products=tuple(sorted(products)),
        lost_ms=before if whole else now_ms,
    )


def append_lines(path: Path, head: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Append rows, durably, to a ledger whose last line's digest is `head`; return the new head.

    Raises OSError.
    """
    text = bytearray()
    for row in rows:
        line = json.dumps({"previous": head or FIRST, **row}, sort_keys=True).encode()
        head = digest(line)
        text += line + b"\n"
    file = _open_to_append(path)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            text[:0] = b"\n"  # a line that a full disk cut off stays, as a broken one
        with memoryview(text) as left:
            written = 0
            while written < len(left):
                written += os.write(file, left[written:])
        os.fsync(file)
    finally:
        os.close(file)
    return head


def read_marks(path: Path) -> dict[str, Mark] | None:
    """Return what the anchor knows, by ledger; None if it cannot be read. Raises OSError."""
    try:
        found = json.loads(path.read_bytes())
        return {
            ledger: Mark(**mark | {"products": tuple(mark["products"])})
            for ledger, mark in found.items()
        }
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError, KeyError):
        return None


def write_marks(path: Path, marks: Mapping[str, Mark]) -> None:
    """Replace the anchor, durably, all or nothing. Raises OSError."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(json.dumps({ledger: asdict(mark) for ledger, mark in marks.items()}, indent=1))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@contextlib.contextmanager
def held(anchor: Path, patience_s: float) -> Iterator[None]:
    """Hold the user's ledgers for the length of a `with` block.

    Raises BlockingIOError if another process keeps them longer than patience_s, OSError.
    """
    lock = _open_to_append(anchor.with_suffix(".lock"))
    try:
        for left in range(int(patience_s / LOCK_STEP_S), -1, -1):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if left == 0:
                    raise
                Event().wait(LOCK_STEP_S)
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)  # a fork of another thread's may have it open as well
        os.close(lock)


def _open_to_append(path: Path) -> int:
    """Return a descriptor of a file that is made if missing, and its folder."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o666)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, flags, 0o666)
