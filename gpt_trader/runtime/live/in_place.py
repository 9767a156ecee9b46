"""Whether the journal that a session writes is still the one that everybody else finds."""

import os
from collections.abc import Callable
from pathlib import Path

from gpt_trader.errors import StorageError


def stays_in_place(path: Path) -> Callable[[], None]:
    """Return what raises StorageError once another file, or none, has taken a file's place.

    What is written then is lost to the next start, and no command reaches the session: it must end.
    """
    known = _file_at(path)

    def check() -> None:
        now = _file_at(path)
        if now != known:
            what = "is gone" if now is None else "is another file"
            raise StorageError(
                f"{path} {what}: it was moved, removed or replaced while the session wrote it",
                hint="put the folder back as it was; what rests at the exchange is found again",
            )

    return check


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a look each turn of a loop
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
