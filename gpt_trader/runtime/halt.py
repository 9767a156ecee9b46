"""The kill latch: a file beside the journal that every sender looks at before each entry.

It needs no bot to be set, no journal, and no room on the disk: that the file exists is what counts,
who made it and why is said if it can be. It outlives every crash. Only `rearm` takes it away.

A second file says that all is to be sold. It is a fact like the latch: whoever runs next carries it
out, whatever became of who asked.
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

from gpt_trader.data.store.durable import replace_file, sync_folder, unwritable
from gpt_trader.engine.events import FlattenRequested, HaltRequested
from gpt_trader.engine.state import State
from gpt_trader.errors import StorageError

HALT = "HALT"
FLATTEN = "FLATTEN"
GATE = "HALT.gate"
LOOK_S = 0.02

Gate = Callable[[], AbstractContextManager[bool]]


class Halt(NamedTuple):
    """Who set the latch, and why; flatten: whether all is to be sold."""

    by: str
    reason: str
    flatten: bool = False


@dataclass(frozen=True, slots=True)
class Latch:
    """The latch of a state folder."""

    folder: Path

    def read(self) -> Halt | None:
        """Return who set it; None if nobody did. What cannot be read is set all the same."""
        path, flatten = self.folder / HALT, self.wants_flat()
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            return Halt(str(told["by"]), str(told["reason"]), flatten)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return Halt("unknown", f"{path} cannot be read", flatten)

    def wants_flat(self) -> bool:
        """Whether all is to be sold, whoever runs next."""
        return (self.folder / FLATTEN).exists()

    def set(self, halt: Halt, timeout_s: float) -> bool:
        """Set it durably, and wait for a send that has passed the gate already.

        A wish to sell that is there already stays. Returns whether no entry's request can begin
        any more; False if one took longer than the timeout: it is on its way. Raises StorageError
        if not even an empty file can be made.
        """
        _make(self.folder / HALT)
        if halt.flatten:
            _make(self.folder / FLATTEN)
        with contextlib.suppress(StorageError):  # a full disk: the files are there all the same
            told = {"by": halt.by, "reason": halt.reason}
            replace_file(self.folder / HALT, json.dumps(told).encode())
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
        """Take it away, and the wish to sell before it, durably."""
        (self.folder / FLATTEN).unlink(missing_ok=True)
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


def latched_event(
    latch: Latch, state: State, time_ms: int
) -> HaltRequested | FlattenRequested | None:
    """Return what the latch asks for and the state has not taken yet; None: nothing."""
    halt = latch.read()
    if halt is None:
        return None
    if halt.flatten and not state.flattening:
        return FlattenRequested(time_ms, halt.by, halt.reason)
    return None if state.halted else HaltRequested(time_ms, halt.by, halt.reason)


def _make(path: Path) -> None:
    """Make an empty file where there is none. Raises StorageError if that cannot be done."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise unwritable(path, error) from error
    with contextlib.suppress(OSError):  # it holds for every process that runs, on the disk or not
        sync_folder(path.parent)
