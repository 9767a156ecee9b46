"""A file by which a running loop says that it lives, for a process that watches it.

It holds the machine's monotonic clock and which boot that counts from: no clock that is set back
makes a dead loop look alive. It goes when a run ends in good order; after a crash it stays.
"""

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

ALIVE = "alive"
EVERY_S = 1.0
ENDED = "ended"  # why the last run ended, if not in good order
BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(slots=True)
class Alive:
    """The file of a state folder."""

    folder: Path
    _touched_s: float = -EVERY_S

    def touch(self) -> None:
        """Say that the loop runs; at most once a second reaches the file system.

        A disk that takes nothing any more is silence: whoever watches cancels the entries.
        """
        now_s = time.monotonic()
        if now_s - self._touched_s < EVERY_S:
            return
        if self._touched_s < 0:  # what ended the last run is over
            self._forget()
        self._touched_s = now_s
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        with contextlib.suppress(OSError):
            descriptor = os.open(self.folder / ALIVE, flags, 0o600)
            try:
                os.pwrite(descriptor, _said(now_s), 0)  # in place: it needs no more room
            finally:
                os.close(descriptor)

    def end(self) -> None:
        """Say that the run ended in good order."""
        self._forget()
        (self.folder / ALIVE).unlink(missing_ok=True)

    def fail(self, why: str) -> None:
        """Say what ended the run, if there is room for it."""
        with contextlib.suppress(OSError):
            (self.folder / ENDED).write_text(why, encoding="utf-8")

    def failed(self) -> str:
        """Return what ended the last run; "" if nobody could say it."""
        try:
            return (self.folder / ENDED).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return ""

    def _forget(self) -> None:
        with contextlib.suppress(OSError):
            (self.folder / ENDED).unlink(missing_ok=True)

    def silent_s(self) -> float | None:
        """Return for how long the loop has been silent; None if no run is under way.

        A loop of another boot, or whose word cannot be read, is silent since this boot began.
        """
        now_s = time.monotonic()
        try:
            boot, _, said = (self.folder / ALIVE).read_text(encoding="ascii").partition(" ")
            return max(now_s - float(said), 0.0) if boot == _boot() else now_s
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return now_s


def _said(now_s: float) -> bytes:
    return f"{_boot()} {now_s:020.3f}".encode()


def _boot() -> str:
    """Return this boot's name; "-" where the system does not tell one."""
    try:
        return BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return "-"
