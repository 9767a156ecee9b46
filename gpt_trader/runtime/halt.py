"""The kill latch: a file beside the journal that every sender looks at before each entry.

It needs no bot to be set, no journal, and no room on the disk: that the file exists is what counts,
who made it and why is said if it can be. It outlives every crash. Only `rearm` takes it away.

A second file says that all is to be sold. It is a fact like the latch: whoever runs next carries it
out, whatever became of who asked.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
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
NEWER = "a newer kill stands: look again before you rearm"
EMPTY = "the disk was full when it was written, or it was made by hand"

Gate = Callable[[], AbstractContextManager[bool]]


class Halt(NamedTuple):
    """Who set the latch, and why; flatten: whether all is to be sold."""

    by: str
    reason: str
    flatten: bool = False


@dataclass(slots=True)
class Latch:
    """The latch of a state folder. file: that it exists is what counts; every turn looks at it."""

    folder: Path
    file: Path = field(init=False)

    def __post_init__(self) -> None:
        self.file = self.folder / HALT

    def read(self) -> Halt | None:
        """Return who set it; None if nobody did. What cannot be read is set all the same."""
        try:
            text = self.file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            text = "unreadable"
        flatten = self.wants_flat()
        if not text:
            return Halt("unknown", f"{self.file} is empty: {EMPTY}", flatten)
        try:
            told = json.loads(text)
            return Halt(str(told["by"]), str(told["reason"]), flatten)
        except (ValueError, KeyError, TypeError):
            return Halt("unknown", f"{self.file} cannot be read", flatten)

    def wants_flat(self) -> bool:
        """Whether all is to be sold, whoever runs next."""
        return (self.folder / FLATTEN).exists()

    def set(self, halt: Halt, timeout_s: float) -> bool:
        """Set it durably, and wait for a send that has passed the gate already.

        A wish to sell that is there already stays. Returns whether no entry's request can begin
        any more; False if one took longer than the timeout: it is on its way. Raises StorageError
        if not even an empty file can be made.
        """
        self._write(halt)
        with self._gate() as gate:
            until = time.monotonic() + timeout_s
            while True:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if not self.holds(halt):  # a rearm that was under way took it
                        self._write(halt)
                    return True
                if time.monotonic() >= until:
                    return False
                threading.Event().wait(LOOK_S)

    def holds(self, halt: Halt) -> bool:
        """Whether it is set, and the wish to sell with it if that was asked for."""
        return self.file.exists() and (self.wants_flat() or not halt.flatten)

    def mark(self) -> str:
        """Return which latch is set, and which wish to sell: other ones after each kill; "": none.

        No clock is asked which was first: one that is set back would let nobody rearm for hours.
        """
        marks = [_mark(path) for path in (self.file, self.folder / FLATTEN)]
        return "/".join(marks) if any(marks) else ""

    @contextlib.contextmanager
    def lifting(self, mark: str) -> Iterator[str]:
        """Hold the gate while a rearm is taken and the latch cleared; yield why not, "" if it may.

        mark: of the latch that was there when it was asked: what was set later stands. No kill
        returns, and no entry begins, in the midst of it.
        """
        if not self.mark():
            yield NEWER if mark else ""
            return
        with self._gate() as gate:
            try:
                fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield "an entry's request is under way, or a kill: try again"
            else:
                yield "" if self.mark() == mark else NEWER

    def clear(self, mark: str) -> None:
        """Take it away, and the wish to sell before it, durably; see `lifting`.

        A kill that came since stands. mark: of the latch that is lifted.
        """
        if not mark or self.mark() != mark:
            return
        for path in (self.folder / FLATTEN, self.file):
            path.unlink(missing_ok=True)
        sync_folder(self.folder)

    def _write(self, halt: Halt) -> None:
        told = {"by": halt.by, "reason": halt.reason, "id": uuid.uuid4().hex}
        is_written = False
        with contextlib.suppress(StorageError):
            if self.folder.is_dir():  # nobody makes the folder of a session that is gone
                replace_file(self.file, json.dumps(told).encode())
                is_written = True
        if not is_written:  # a full disk: an empty file latches, too
            _make(self.file)
            with contextlib.suppress(OSError):  # another latch than the one that was there
                os.utime(self.file)
        if halt.flatten:
            _make(self.folder / FLATTEN)

    @contextlib.contextmanager
    def entering(self) -> Iterator[bool]:
        """Hold the gate while an entry's request is under way; yields whether it may begin."""
        with self._gate() as gate:
            fcntl.flock(gate, fcntl.LOCK_SH)
            yield not self.file.exists()

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


def _mark(path: Path) -> str:
    """Return what tells a file from one that is put in its place; "" if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ""
    told = b""
    with contextlib.suppress(OSError):
        told = path.read_bytes()
    return f"{found.st_ino:x}.{found.st_mtime_ns:x}.{hashlib.sha256(told).hexdigest()[:16]}"


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
