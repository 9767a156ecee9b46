"""The kill latch: a file beside the journal that every sender looks at before each entry.

It needs no bot to be set, and outlives every crash. Only `rearm` takes it away.
"""

import contextlib
import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gpt_trader.data.store.durable import replace_file, sync_folder
from gpt_trader.errors import StorageError

HALT = "HALT"
GATE = "HALT.gate"
LOOK_S = 0.02

Gate = Callable[[], AbstractContextManager[bool]]


class Halt(NamedTuple):
    """Who set the latch, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Latch:
    """The latch of a state folder."""

    folder: Path

    def read(self) -> Halt | None:
        """Return who set it; None if nobody did. What cannot be read is set all the same."""
        try:
            told = json.loads((self.folder / HALT).read_text(encoding="utf-8"))
            return Halt(str(told["by"]), str(told["reason"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return Halt("unknown", f"{self.folder / HALT} cannot be read")

    def set(self, halt: Halt, timeout_s: float) -> bool:
        """Set it durably, and wait for a send that has passed the gate already.

        Returns whether no entry's request can begin any more; False if one took longer than
        the timeout: it is on its way. Raises StorageError if the file cannot be written.
        """
        replace_file(self.folder / HALT, json.dumps(halt._asdict()).encode())
        with self._gate() as gate:
            until = time.monotonic() + timeout_s
            while True:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return True
                if time.monotonic() >= until:
                    return False
                threading.Event().wait(LOOK_S)

    def clear(self) -> None:
        """Take it away, durably."""
        (self.folder / HALT).unlink(missing_ok=True)
        sync_folder(self.folder)

    @contextlib.contextmanager
    def entering(self) -> Iterator[bool]:
        """Hold the gate while an entry's request is under way; yields whether it may begin."""
        with self._gate() as gate:
            fcntl.flock(gate, fcntl.LOCK_SH)
            yield not (self.folder / HALT).exists()

    @contextlib.contextmanager
    def _gate(self) -> Iterator[int]:
        path = self.folder / GATE
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(
                f"{path}: the kill latch cannot be looked at ({error.strerror})",
                hint="without it nothing is sent",
            ) from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)  # lets the lock go
