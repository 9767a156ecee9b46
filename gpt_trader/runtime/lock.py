"""One writer per portfolio: a lock of the operating system, which a killed process cannot keep.

A portfolio's lock stands in one place for each user, which the user database names: no variable,
option or folder moves it, so that two bots with other environments still exclude each other. Its
file says who holds it and where the session lies, and keeps the latter when the lock goes.
"""

import contextlib
import datetime as dt
import fcntl
import hashlib
import json
import os
import pwd
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from gpt_trader.errors import LockedError, StorageError


def user_lock_dir(uid: int) -> Path:
    """Return a user's one folder for locks of money. Raises StorageError if they have no home."""
    try:
        home = pwd.getpwuid(uid).pw_dir
    except KeyError:
        raise StorageError(
            f"user {uid} is not in the user database: there is no place for the lock",
            hint="run as a user with a home folder; without the lock nothing may trade",
        ) from None
    return Path(home) / ".local" / "state" / "gpt-trader" / "locks"


@contextlib.contextmanager
def portfolio_lock(lock_dir: Path, portfolio_id: str, folder: Path | None = None) -> Iterator[Path]:
    """Hold the portfolio's lock for the length of a `with` block; yields the lock file.

    folder: where its session lies, for whoever looks for it. The file stays when the lock goes:
    deleting it would let two processes each lock their own. Child processes made by `os.fork`
    share the lock.
    Raises LockedError if another holder exists, StorageError if the folder cannot be written.
    """
    path = lock_dir / _file_name(portfolio_id)
    try:
        lock_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(
            f"{path}: the lock cannot be opened ({error.strerror})",
            hint="make the folder writable for this user; without the lock nothing may trade",
        ) from error
    with os.fdopen(descriptor, "r+", encoding="utf-8", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError(
                f"portfolio {portfolio_id} is in use by {_describe_holder(file.read())}",
                hint="stop that instance first; `gpt-trader status` shows what it does",
            ) from error
        since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        lies = {} if folder is None else {"folder": str(folder.resolve())}
        _rewrite(descriptor, {"pid": os.getpid(), "since": since} | lies)
        try:
            yield path
        finally:
            _rewrite(descriptor, lies)


def known_folders(lock_dir: Path) -> list[Path]:
    """Return where the sessions lie that were ever locked here and are not gone."""
    found = set()
    for path in lock_dir.glob("*.lock"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            found.add(Path(json.loads(path.read_text(encoding="utf-8"))["folder"]))
    return sorted(folder for folder in found if _is_there(folder))


def gone_folders(lock_dir: Path) -> list[Path]:
    """Return where sessions lay that were ever locked here, and do not lie any more."""
    found = set()
    for path in lock_dir.glob("*.lock"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            found.add(Path(json.loads(path.read_text(encoding="utf-8"))["folder"]))
    return sorted(folder for folder in found if not _is_there(folder))


def strays(lock_dir: Path) -> list[str]:
    """Return in words which processes hold a lock of a session whose folder is gone."""
    found = []
    for path in sorted(lock_dir.glob("*.lock")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            text = path.read_text(encoding="utf-8")
            folder = Path(json.loads(text)["folder"])
            if not _is_there(folder) and _lives(text):
                found.append(f"{_describe_holder(text)} runs a session whose folder {folder}")
    return found


def holder(lock_dir: Path, portfolio_id: str) -> str | None:
    """Return who holds the portfolio's lock, None if nobody does.

    Reads what the holder wrote and asks whether it lives; never takes the lock, so that a
    look cannot keep a bot from starting.
    """
    try:
        text = (lock_dir / _file_name(portfolio_id)).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return _describe_holder(text) if _lives(text) else None


def _lives(text: str) -> bool:
    """Whether the process lives that wrote that it holds a lock."""
    try:
        os.kill(int(json.loads(text)["pid"]), 0)
    except PermissionError:  # it is another user's, and lives
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def _is_there(folder: Path) -> bool:
    """Whether there is a folder; one that this user cannot look at may be there."""
    try:
        return folder.is_dir()
    except OSError:
        return True


def _file_name(portfolio_id: str) -> str:
    # Readable, and different for different ids, whatever characters an id has.
    readable = re.sub(r"[^A-Za-z0-9-]+", "-", portfolio_id)[-40:]
    return f"{readable}-{hashlib.sha256(portfolio_id.encode()).hexdigest()[:16]}.lock"


def _describe_holder(text: str) -> str:
    # Informs only: the holder may be between locking and writing, or be a forked child.
    try:
        holder = json.loads(text)
        return f"process {holder['pid']} since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process"


def _rewrite(descriptor: int, told: Mapping[str, object]) -> None:
    """Write the file's words anew, in place: a lock is the file's, and no other may take its place.

    Blanks cover what was there before it is cut off: whatever ends the process or fills the disk,
    the words of before stand whole, or these do.
    """
    said = json.dumps(told).encode() if told else b""
    with contextlib.suppress(OSError):  # a full disk must not undo a lock that is held
        os.pwrite(descriptor, said.ljust(os.fstat(descriptor).st_size), 0)
        os.ftruncate(descriptor, len(said))
