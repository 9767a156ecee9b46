"""Reading a journal without a lock, where its folder takes no file: a full or a read-only disk.

SQLite keeps locks and an index of the write-ahead log in a file beside it, which has to be made
first if no process has the journal open. Here nothing is made, locked or deleted, and what the log
holds is read: it is as new as the file. It can only be so beside no writer: one that has the
journal open has made that file. Should a writer begin meanwhile, the chain shows what was torn.
"""

import errno
import os
import tempfile
from pathlib import Path

import apsw

_CHANGES = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
_NEEDED = 32_768  # bytes of the file that a reader makes
_VFS = "gpt-trader-unlocked"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _File(apsw.VFSFile):
    """A file that is only read, and that nobody locks."""

    def __init__(self, name: str | apsw.URIFilename, flags: list[int]) -> None:
        flags[0] = flags[0] & ~_CHANGES | apsw.SQLITE_OPEN_READONLY
        super().__init__("", name, flags)

    def xLock(self, level: int) -> None:  # noqa: N802
        """Take no lock."""

    def xUnlock(self, level: int) -> None:  # noqa: N802
        """Let none go."""


class _Files(apsw.VFS):
    """The system's files, only read."""

    def __init__(self) -> None:
        super().__init__(_VFS, "")

    def xOpen(  # noqa: N802
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        """Open a file; one without a name is SQLite's own, for what a query takes."""
        return apsw.VFSFile("", name, flags) if name is None else _File(name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001, N802
        """Delete none."""


def connect_unlocked(path: Path) -> apsw.Connection:
    """Return a connection that reads a journal and its write-ahead log. Raises apsw.Error."""
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or not log.stat().st_size:  # the file is all there is
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        return apsw.Connection(f"{path.absolute().as_uri()}?immutable=1", flags=flags)
    if _VFS not in apsw.vfs_names():
        _FILES.append(_Files())
    made = apsw.Connection(str(path.absolute()), flags=apsw.SQLITE_OPEN_READONLY, vfs=_VFS)
    made.pragma("locking_mode", "exclusive")  # the log's index is kept in memory
    return made


_FILES: list[_Files] = []  # SQLite knows it by name for as long as it lives


def is_full(folder: Path) -> bool:
    """Whether a folder's disk has no room left, whoever reads or writes there now."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize < _NEEDED


def why_unwritable(folder: Path) -> str:
    """Return why a folder takes no file, "" if it does now; nothing stays in it."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            os.write(file.fileno(), bytes(_NEEDED))
    except OSError as error:
        is_full = error.errno in _FULL
        return "the disk is full" if is_full else str(error.strerror or error).lower()
    return ""
