"""Files that are there whole or not at all, whatever is killed or full."""

import contextlib
import os
from pathlib import Path

from gpt_trader.errors import StorageError

TEMPORARY = ".tmp"


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in place of another: readers see the old one or the new one, never a part.

    On the disk when it returns. Raises StorageError, naming the file; the old one stays then.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error


def append_line(path: Path, line: str) -> None:
    """Add a line to a file, on the disk when it returns; raises StorageError.

    A last line that a crash cut short stays a line of its own.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
            torn = file.read(1) not in {b"", b"\n"}
            file.write(b"\n" * torn + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise unwritable(path, error) from error


def sync_folder(path: Path) -> None:
    """Make names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(path: Path, error: OSError) -> StorageError:
    """Return the error for a file that cannot be written."""
    return StorageError(
        f"{path}: cannot be written ({error.strerror or error})",
        hint="nothing else was changed; make room or make the folder writable, then try again",
    )
