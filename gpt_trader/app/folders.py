"""Which session a command is about.

A session of money is found from any environment: its portfolio's lock says where it lies.
"""

import os
from contextlib import suppress
from pathlib import Path

from gpt_trader.errors import StorageError, TraderError, UsageError
from gpt_trader.journal.faults import UNREADABLE
from gpt_trader.journal.root import state_root
from gpt_trader.runtime.header import Header
from gpt_trader.runtime.lock import known_folders, user_lock_dir
from gpt_trader.runtime.session import JOURNAL, no_session, read_header, running


def session_folder(profile: str | None, state_dir: Path | None, *, strictly: bool = False) -> Path:
    """Return the state folder of a profile, or of the only session there is.

    Simulations that have ended do not stand in the way of another session; strictly: they do, for
    what may add risk is done to no session that was not meant. Nothing is made. Raises UsageError
    where more than one session is meant, and if no profile was named and there is none.
    """
    root = state_root(state_dir, os.environ)
    money = [] if state_dir is not None else _of_money()
    if profile is not None:
        return _called(Path(profile).stem if _is_path(profile) else profile, root, money)
    found = sorted(_all(root, money))
    if len(found) > 1 and not strictly:
        found = [one for one in found if not _is_past(one)] or found
    if len(found) == 1:
        return found[0]
    if not found:
        raise no_session(root)
    names = ", ".join(path.name for path in found)
    raise UsageError("which session?", hint=f"--profile NAME: {names}")


def name_the_one(state_dir: Path | None) -> str:
    """Return a hint that names the sessions that there are, for whoever meant another."""
    root = state_root(state_dir, os.environ)
    found = sorted(_all(root, [] if state_dir is not None else _of_money()))
    if not found:
        return "there is none: look at --state-dir"
    return f"--profile NAME or -p PORTFOLIO: {', '.join(path.name for path in found)}"


def sessions_under(profile: str, state_dir: Path | None) -> list[tuple[Path, Header]]:
    """Return the sessions that say that they ran under a profile of a name, and can be read."""
    root = state_root(state_dir, os.environ)
    return _under(profile, root, [] if state_dir is not None else _of_money())


def _called(name: str, root: Path, money: list[Path]) -> Path:
    """Return the session that a name means: the one that runs, whatever the last start's is.

    A profile whose key was changed to another portfolio's has a session in each of them.
    """
    here, under = root / name, _under(name, root, money)
    runs = [one for one, header in under if running(header, one) is not None]
    if len(runs) > 1:
        ids = ", ".join(one.name for one in runs)
        raise UsageError(f"which session {name}? it runs in more than one", hint=f"-p NAME: {ids}")
    if runs and here.resolve() != runs[0]:
        return runs[0]
    if here.is_symlink() and here.exists():
        return here
    if here.exists():  # a simulation's own, from before or after the profile traded money
        others = [one for one, _ in under if one != here.resolve()]
        return max([here, *others], key=_written_ns)
    called = [one for one in money if _is_called(one, name)]
    if len(called) > 1:
        places = ", ".join(str(one.parent) for one in called)
        raise UsageError(f"which session {name}?", hint=f"--state-dir DIR: {places}")
    return called[0] if called else root / name


def _written_ns(folder: Path) -> int:
    """Return when a session's journal was last written to; 0 if there is none."""
    files = (folder / JOURNAL, folder / f"{JOURNAL}-wal")
    return max((one.stat().st_mtime_ns for one in files if one.exists()), default=0)


def _under(name: str, root: Path, money: list[Path]) -> list[tuple[Path, Header]]:
    found = []
    for folder in sorted(_all(root, money)):
        with suppress(TraderError, *UNREADABLE):
            header = read_header(folder)
            if header.profile == name:
                found.append((folder, header))
    return found


def _all(root: Path, money: list[Path]) -> set[Path]:
    """Return every session's folder: those in a state folder, and those of money."""
    return {path.parent.resolve() for path in root.glob(f"*/{JOURNAL}")} | {*money}


def _of_money() -> list[Path]:
    """Return where this user's sessions of money lie, wherever that is."""
    try:
        return known_folders(user_lock_dir(os.getuid()))
    except StorageError:  # no place for locks: no session of money
        return []


def _is_past(folder: Path) -> bool:
    """Whether a session moved no money, and nobody runs it. What cannot be read may hold money."""
    try:
        header = read_header(folder)
        return not header.mode.trades_money and running(header, folder) is None
    except (TraderError, *UNREADABLE):
        return False


def _is_called(folder: Path, name: str) -> bool:
    """Whether a folder has a name, its portfolio's or through a link a profile's."""
    return folder.name == name or (folder.parent / name).resolve() == folder


def _is_path(profile: str) -> bool:
    return os.sep in profile or profile.endswith((".yaml", ".yml"))
