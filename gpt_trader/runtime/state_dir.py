"""Where a profile keeps its journal, inbox and halt file."""

import os
from collections.abc import Mapping
from pathlib import Path

from gpt_trader.errors import StorageError, UsageError
from gpt_trader.journal.root import state_root


def state_dir(profile: str, override: Path | None, env: Mapping[str, str]) -> Path:
    """Return the profile's state folder as an absolute path, made private (0700) if missing.

    profile: the folder's name: a simulated profile's own, or a live portfolio's UUID.
    override: `--state-dir`; it wins over GPT_TRADER_STATE_DIR in `env`, which wins over the
    platform's user state directory. Raises UsageError if the name is not one path component,
    StorageError if the folder cannot be made or written.
    """
    if profile in {"", ".", ".."} or "/" in profile or "\0" in profile:
        raise UsageError(f"expected a profile name without slashes, was {profile!r}")
    path = state_root(override, env) / profile
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error.strerror) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise _unwritable(path, "no permission to write")
    return path


def live_dir(profile: str, portfolio: str, override: Path | None, env: Mapping[str, str]) -> Path:
    """Return the folder of a portfolio at an exchange, which all its live profiles share.

    The profile's own name becomes a link to it, so that other commands find it by the profile: to
    the newest start's, whose key may be of another portfolio than the one of before.
    """
    path = state_dir(portfolio, override, env)
    link = path.parent / profile
    if profile != portfolio and (link.is_symlink() or not link.exists()):
        draft = link.with_name(f".{profile}.{os.getpid()}")  # the name is never gone meanwhile
        draft.unlink(missing_ok=True)
        draft.symlink_to(path.name)
        draft.replace(link)
    return path


def _unwritable(path: Path, why: str | None) -> StorageError:
    return StorageError(
        f"{path}: the state folder cannot be used ({why})",
        hint="make it writable for this user, or choose another with --state-dir",
    )
