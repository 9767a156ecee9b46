"""Killing a scripted session at each of its points, three ways, and starting it again.

`raise`: the objects are dropped, what waited in memory is lost. `kill`: a child process ends itself
with SIGKILL. `power`: as `raise`, and of what was written since the last sync only a part, in any
order and torn, reaches the disk. Each time the next start must find what the exchange has.
"""

import os
import pickle
import random
import shutil
import signal
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Self

import apsw

from gpt_trader.domain.order import Origin
from gpt_trader.domain.order_ids import client_order_id
from gpt_trader.engine.commands import SubmitOrder
from gpt_trader.engine.records import ExitRepeated
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.kernel.codes import ORDINAL_BAR, ORDINAL_QUOTE
from gpt_trader.runtime.journaling import read_entries
from gpt_trader.runtime.session import JOURNAL
from tests.simulation.world import World

SEED = 5
DRAFTS = (".new", ".new-wal")
HOURS = 0.12  # seven minutes: entries, exits, stops, cancels


def count(folder: Path) -> int:
    """Return how many points the script has."""
    world = world_of(folder)
    world.run(HOURS)
    return world.points_before_healing


def world_of(folder: Path) -> World:
    """Return the script at its beginning: nothing goes wrong by itself, all trades at once."""
    folder.mkdir(parents=True, exist_ok=True)
    return World(SEED, folder, bars=1)


def by_raise(folder: Path, at: int) -> World:
    """Drop everything at a point, and go on."""
    world = world_of(folder)
    world.crash_at = at
    world.run(HOURS)
    assert world.crashes == 1
    return same_ids(world)


def by_kill(folder: Path, at: int) -> World:
    """Kill a child process at a point; go on here, with the exchange as it left it."""
    world = world_of(folder)
    kept = folder.parent / f"{folder.name}.exchange"
    child = os.fork()
    if child == 0:
        world.crash_at = at
        world.on_crash = lambda: _leave(world, kept)
        try:
            world.run(HOURS)
        except BaseException:  # noqa: BLE001 - a child must not become a second pytest
            traceback.print_exc()
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the point was not reached"
    world.take_exchange(pickle.loads(kept.read_bytes()))  # noqa: S301 - our own child wrote it
    world.run(HOURS)
    return same_ids(world)


def _leave(world: World, kept: Path) -> None:
    exchange = world.exchange
    exchange.forget()
    kept.write_bytes(pickle.dumps(exchange))
    os.kill(os.getpid(), signal.SIGKILL)


def by_power(folder: Path, at: int) -> World:
    """Cut the power at a point: what was not synced is on the disk in part."""
    world = world_of(folder)
    world.crash_at = at
    disk = Disk(folder, random.Random(at))
    world.on_crash = disk.freeze
    world.on_restart = disk.cut
    with disk:
        world.run(HOURS)
    assert world.crashes == 1
    return same_ids(world)


def every(folder: Path, way: str, step: int, first: int = 1) -> int:
    """Crash at each point, or at every `step`-th; return how many were tried."""
    tried = 0
    for at in range(first, count(folder / "count") + 1, step):
        WAYS[way](folder / f"{way}-{at}", at)
        shutil.rmtree(folder / f"{way}-{at}")
        tried += 1
    return tried


def every_operation(folder: Path, kind: str, step: int, first: int = 1) -> int:
    """Fail each operation of a kind in turn, or every `step`-th; return how many were tried."""
    tried, n = 0, first
    while nth_fails(folder / f"{kind}-{n}", kind, n):
        shutil.rmtree(folder / f"{kind}-{n}")
        tried, n = tried + 1, n + step
    return tried


def same_ids(world: World) -> World:
    """Hold that every route's intent has the id of its bar, or of a later try; none came twice."""
    plan = world.plan()
    seen: set[str] = set()
    tried_ms: dict[str, int] = {}  # a later try may wait for the stop's coins before it leaves
    with open_journal(world.folder / JOURNAL, readonly=True) as journal:
        for entry in read_entries(journal):
            for record in entry.records:
                if isinstance(record, ExitRepeated):
                    tried_ms[record.order.client_order_id] = entry.event.time_ms
            for command in entry.commands:
                if not isinstance(command, SubmitOrder):
                    continue
                order = command.order
                assert order.client_order_id not in seen
                seen.add(order.client_order_id)
                if order.intent.origin is Origin.ROUTE:
                    bar_ms = order.intent.expire_ms - 2 * plan.interval_ms
                    again_ms = tried_ms.get(order.client_order_id, order.intent.sent_ms)
                    causes = ((bar_ms, ORDINAL_BAR), (again_ms, ORDINAL_QUOTE))
                    assert order.client_order_id in {
                        client_order_id(plan.portfolio, order.product_id, plan.interval, *cause)
                        for cause in causes
                    }
    return world


def nth_fails(folder: Path, kind: str, n: int) -> bool:
    """Let the n-th operation of a kind fail in the script; return whether there was one.

    kind: write or sync of the journal's files; lost_before, lost_after or refused of the requests
    that change something; read of the others; frame_lost, frame_twice, frame_late of messages.
    """
    world = world_of(folder)
    with Disk(folder, random.Random(n)) as disk:
        counters = disk if kind in ("write", "sync") else world.exchange
        counters.nth = (kind, n)
        world.run(HOURS)
    same_ids(world)
    return counters.seen[kind] >= n


OPERATIONS = (
    *("write", "sync", "lost_before", "lost_after", "refused", "read"),
    *("frame_lost", "frame_twice", "frame_late"),
)
WAYS: dict[str, Callable[[Path, int], World]] = {
    "raise": by_raise,
    "kill": by_kill,
    "power": by_power,
}


class Disk(apsw.VFS):
    """Remembers what was synced, and every write since, of the files of a folder."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.base = apsw.vfs_names()[0]
        super().__init__("disk", self.base, makedefault=True)
        self.folder, self.rng = folder, rng
        self.synced: dict[str, bytes] = {}
        self.since: dict[str, list[tuple[int, bytes]]] = {}
        self.now: dict[str, bytearray] = {}
        self.frozen: dict[str, bytes] | None = None
        self.nth: tuple[str, int] | None = None
        self.seen: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unregister()

    def xOpen(self, name: object, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        """Open a file that is watched."""
        return DiskFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        """Delete a file: that is on the disk at once."""
        super().xDelete(filename, syncdir)
        for known in (self.now, self.synced, self.since):
            known.pop(filename, None)

    def operation(self, kind: str) -> None:
        """Count a write or a sync; fail if it is the one that is to."""
        self.seen[kind] += 1
        if self.nth == (kind, self.seen[kind]):
            raise (apsw.FullError if kind == "write" else apsw.IOError)("as planned")

    def freeze(self) -> None:
        """Decide what the disk holds when the power is cut."""
        self.frozen = {}
        for path, content in self.synced.items():
            held = bytearray(content)
            for offset, data in self.since.get(path, []):
                part = self.rng.choice((0, 0, len(data), self.rng.randrange(len(data) + 1)))
                if part:
                    put(held, offset, data[:part])
            self.frozen[path] = bytes(held)

    def cut(self) -> None:
        """Put on the disk what it held then."""
        if self.frozen is None:
            return
        for path, content in self.frozen.items():
            if not path.endswith(DRAFTS):  # a draft that was not finished is made anew
                Path(path).write_bytes(content)
        for shared in self.folder.glob("*-shm"):
            shared.unlink()
        self.synced, self.frozen = dict(self.frozen), None
        self.now = {path: bytearray(content) for path, content in self.synced.items()}
        self.since = {path: [] for path in self.synced}


class DiskFile(apsw.VFSFile):
    """A file whose writes are remembered until they are synced.

    The file itself is never opened a second time: closing it would drop SQLite's locks.
    """

    def __init__(self, disk: Disk, name: object, flags: list[int]) -> None:
        self.disk = disk
        self.path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        if self.path not in disk.now:
            there = Path(self.path).read_bytes() if Path(self.path).exists() else b""
            disk.now[self.path], disk.synced[self.path] = bytearray(there), there
            disk.since[self.path] = []
        super().__init__(disk.base, name, flags)

    def xLock(self, level: int) -> None:  # noqa: N802
        """Lock; a reader that cannot lock for writing is told that somebody else has."""
        try:
            super().xLock(level)
        except apsw.IOError:
            raise apsw.BusyError("opened for reading only") from None

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        """Write, and remember."""
        self.disk.operation("write")
        super().xWrite(data, offset)
        put(self.disk.now[self.path], offset, bytes(data))
        self.disk.since[self.path].append((offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        """Cut the file."""
        super().xTruncate(newsize)
        del self.disk.now[self.path][newsize:]

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Take note that all of it is on the disk."""
        self.disk.operation("sync")
        self.disk.synced[self.path] = bytes(self.disk.now[self.path])
        self.disk.since[self.path] = []


def put(held: bytearray, offset: int, data: bytes) -> None:
    """Write into a file's image."""
    held[len(held) : offset] = bytes(max(offset - len(held), 0))
    held[offset : offset + len(data)] = data
