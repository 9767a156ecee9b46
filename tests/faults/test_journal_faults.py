"""The journal under failing writes, a killed process, a full and a read-only disk.

A storage layer that fails at the n-th operation is put below SQLite, for n = 1, 2, ... until
none fails any more. After each failure the file is opened again with a sound one: the chain
must verify, every append that returned must be there exactly once, and every one that raised
must be absent, unless the journal itself said that it does not know.
"""

import itertools
import random
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import apsw
import pytest

from gpt_trader.errors import JournalError, StorageError
from gpt_trader.journal.entry import NewEntry
from gpt_trader.journal.sqlite import open_journal

FULL = (apsw.FullError, apsw.SQLITE_FULL)
WRITE = (apsw.IOError, apsw.SQLITE_IOERR_WRITE)
SYNC = (apsw.IOError, apsw.SQLITE_IOERR_FSYNC)
READ_ONLY = (apsw.ReadOnlyError, apsw.SQLITE_READONLY)


class FailingFile(apsw.VFSFile):
    """Counts operations and fails by plan; syncs reach no disk, which keeps the tests fast."""

    def __init__(self, vfs, name, flags):
        super().__init__("", name, flags)
        self.vfs = vfs

    def xWrite(self, data, offset):  # noqa: N802
        if self.vfs.fails_now("write"):
            super().xWrite(bytes(data)[: len(data) // 2], offset)  # torn
            self.vfs.fail()
        super().xWrite(data, offset)

    def xSync(self, flags):  # noqa: N802
        if self.vfs.fails_now("sync"):
            self.vfs.fail()

    def xTruncate(self, newsize):  # noqa: N802
        if self.vfs.fails_now("write"):
            self.vfs.fail()
        super().xTruncate(newsize)


class FailingVFS(apsw.VFS):
    """Fails the `at`-th operation of a kind, once or from then on."""

    name: ClassVar[str] = "failing"

    def __init__(self):
        super().__init__(self.name, "")
        self.plan("write", FULL, at=None, lasts=False)

    def plan(self, operation, fault, *, at, lasts):
        self.operation, self.fault, self.at, self.lasts = operation, fault, at, lasts
        self.count = 0

    def fails_now(self, operation):
        self.count += operation == self.operation
        if operation != self.operation or self.at is None:
            return False
        return self.count >= self.at if self.lasts else self.count == self.at

    def fail(self):
        kind, code = self.fault
        error = kind("planned")
        error.extendedresult = code
        raise error

    def xOpen(self, name, flags):  # noqa: N802
        return FailingFile(self, name, flags)


@pytest.fixture
def vfs():
    vfs = FailingVFS()
    yield vfs
    vfs.unregister()


class Told:
    """What the journal told its user about each entry, by the text of the event."""

    def __init__(self):
        self.kept, self.refused, self.unknown = [], [], []


def entry(number):
    return NewEntry(
        number, "Bar", f"{number}", '["' + "r" * 400 + '"]', "[]", (("BTC-USD", number),)
    )


def use(path, told):
    """Everything a session does, going on after failures as far as the journal lets it."""
    numbers = itertools.count(1)
    waiting = []
    try:
        journal = open_journal(path, vfs=FailingVFS.name)
    except JournalError:
        return
    for step in range(8):
        group = [next(numbers) for _ in range(3)]
        is_durable = step % 3 != 1
        was_broken = journal.is_broken
        try:
            journal.append([entry(number) for number in group], durable=is_durable)
        except JournalError:
            if journal.is_broken and not was_broken:
                told.unknown += waiting + group
                waiting = []
            else:
                told.refused += group
        else:
            waiting += group
            if is_durable:
                told.kept += waiting
                waiting = []
        if step == 4:
            try:
                journal.save_snapshot(journal.head()[0], 1, "{}")
                told.kept += waiting
                waiting = []
            except JournalError:
                pass
    try:
        journal.close()
    except JournalError:
        told.unknown += waiting
    else:
        (told.unknown if journal.is_broken else told.kept).extend(waiting)


def check(path, told):
    with open_journal(path) as journal:
        report = journal.verify()
        assert report.ok, report.problem
        stored = [int(stored.event) for stored in journal.read()]
        assert len(set(stored)) == len(stored)
        assert set(told.kept) <= set(stored)
        assert not set(told.refused) & set(stored)
        assert set(stored) <= set(told.kept) | set(told.unknown)
        assert stored == sorted(stored)
        indexed = journal.decisions("BTC-USD", limit=100)
        assert sorted(number for _, number in indexed) == stored
        # and it can be written again
        assert journal.append([entry(1_000)]) == len(stored) + 1


@pytest.mark.parametrize("lasts", [False, True], ids=["once", "lasting"])
@pytest.mark.parametrize(
    "operation, fault",
    [("write", FULL), ("write", WRITE), ("write", READ_ONLY), ("sync", SYNC)],
    ids=["full", "write", "readonly", "sync"],
)
def test_no_failing_write_loses_or_doubles_an_entry(tmp_path, vfs, operation, fault, lasts):
    for at in itertools.count(1):
        path = tmp_path / f"{at}.db"
        told = Told()
        vfs.plan(operation, fault, at=at, lasts=lasts)
        use(path, told)
        is_done = vfs.count < at
        vfs.plan(operation, fault, at=None, lasts=False)
        check(path, told)
        if is_done:
            assert told.refused == told.unknown == []
            assert told.kept == list(range(1, 25))
            break
    assert at > 10


@pytest.mark.parametrize(
    "fault, message",
    [(FULL, "the disk is full"), (READ_ONLY, "read-only"), (WRITE, "reading or writing failed")],
)
def test_failing_write_is_told_in_one_line_with_a_hint(tmp_path, vfs, fault, message):
    with open_journal(tmp_path / "j.db", vfs="failing") as journal:
        journal.append([entry(1)])
        vfs.plan("write", fault, at=1, lasts=True)
        with pytest.raises(StorageError, match=message) as caught:
            journal.append([entry(2)])
        assert "\n" not in caught.value.message
        assert caught.value.hint
        assert "sent" not in caught.value.hint or "what became of" in caught.value.hint
        assert [stored.seq for stored in journal.read()] == [1]
        with pytest.raises(StorageError, match="earlier write failed"):
            journal.append([entry(3)])
        vfs.plan("write", fault, at=None, lasts=False)
        with pytest.raises(StorageError, match="earlier write failed"):
            journal.flush()


def test_waiting_entries_of_a_broken_journal_are_not_written_at_close(tmp_path, vfs):
    path = tmp_path / "j.db"
    with open_journal(path, vfs="failing") as journal:
        journal.append([entry(1)])
        journal.append([entry(2)], durable=False)
        vfs.plan("write", FULL, at=1, lasts=True)
        with pytest.raises(StorageError):
            journal.flush()
        vfs.plan("write", FULL, at=None, lasts=False)
    with open_journal(path) as journal:
        assert [stored.seq for stored in journal.read()] == [1]


# ------------------------------------------------------------------ a power cut


class SyncedFile(apsw.VFSFile):
    """Keeps, in another folder, what the disk holds for certain: files as of their last sync.

    Like SQLite's own layer, the first sync of a new log or journal also syncs the folder.
    """

    def __init__(self, disk, name, flags):
        super().__init__("", name, flags)
        self.path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        self.disk = disk
        self.syncs_folder = bool(flags[0] & (apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL))

    def xSync(self, flags):  # noqa: N802
        shutil.copy(self.path, self.disk / self.path.name)
        if self.syncs_folder:
            self.syncs_folder = False
            for copy in self.disk.iterdir():
                if not self.path.with_name(copy.name).exists():
                    copy.unlink()


class SyncedVFS(apsw.VFS):
    def __init__(self, disk):
        super().__init__("synced", "")
        self.disk = disk

    def xOpen(self, name, flags):  # noqa: N802
        return SyncedFile(self.disk, name, flags)


def test_durable_append_survives_the_loss_of_everything_not_synced(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    vfs = SyncedVFS(disk)
    big = '["' + "r" * 150_000 + '"]'  # 40 of them fill the log, so that it is checkpointed
    with open_journal(tmp_path / "journal.db", vfs="synced") as journal:
        for number in range(1, 61):
            durable = number % 4 != 3
            seq = journal.append([NewEntry(number, "Bar", str(number), big)], durable=durable)
            if durable and number % 3 == 0:
                after = tmp_path / f"after-{number}"
                shutil.copytree(disk, after)
                assert stored_and_sound(after / "journal.db") == seq
                shutil.rmtree(after)
    assert stored_and_sound(disk / "journal.db") == 60
    vfs.unregister()


# ------------------------------------------------------------------ a killed process

CHILD = """
import itertools, resource, sys
from pathlib import Path
from gpt_trader.errors import StorageError
from gpt_trader.journal.entry import NewEntry
from gpt_trader.journal.sqlite import open_journal

if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
pad = '["' + "r" * 500 + '"]'
try:
    journal = open_journal(Path(sys.argv[1]))
    for number in itertools.count(journal.head()[0] + 1):
        is_durable = number % 3 != 0
        journal.append([NewEntry(number, "Bar", str(number), pad)], durable=is_durable)
        if is_durable:
            print(number, flush=True)
except StorageError as error:
    sys.exit(error.message)
"""


def child(path, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stored_and_sound(path):
    with open_journal(path) as journal:
        report = journal.verify()
        assert report.ok, report.problem
        stored = [int(stored.event) for stored in journal.read()]
    assert stored == list(range(1, len(stored) + 1))
    return len(stored)


@pytest.mark.parametrize("seed", range(3))
def test_killed_process_loses_nothing_it_acknowledged(tmp_path, seed):
    random_source = random.Random(seed)
    path = tmp_path / "journal.db"
    for _ in range(3):
        with child(path) as process:
            for _ in range(random_source.randint(1, 60)):
                line = process.stdout.readline()
            process.send_signal(signal.SIGKILL)
            acknowledged = [line, *process.stdout.readlines()]
        assert process.returncode == -signal.SIGKILL
        last = max(int(line) for line in acknowledged if line.endswith("\n"))
        assert last <= stored_and_sound(path)


def test_process_at_its_file_size_limit_says_so_and_keeps_what_it_acknowledged(tmp_path):
    path = tmp_path / "journal.db"
    output, errors = child(path, 300_000).communicate()
    last = int(output.splitlines()[-1])
    assert last > 50
    assert errors.count("\n") == 1
    assert "reading or writing failed" in errors
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    assert last <= stored_and_sound(path)


@pytest.mark.parametrize("operation, fault", [("write", FULL), ("sync", SYNC)])
def test_compacting_that_fails_at_any_operation_leaves_a_journal_that_holds(
    tmp_path, vfs, operation, fault
):
    whole = tmp_path / "whole.db"
    with open_journal(whole) as journal:
        for seq in range(1, 41):
            journal.append([entry(seq)])
            if seq in (20, 30, 40):
                journal.save_snapshot(seq, 1, "{}")
        digest = journal.head()[1]
    for at in itertools.count(1):
        path = tmp_path / f"{at}.db"
        shutil.copy(whole, path)
        vfs.plan(operation, fault, at=None, lasts=False)
        with open_journal(path, vfs=vfs.name) as journal:
            vfs.plan(operation, fault, at=at, lasts=False)
            try:
                journal.compact("{}", tmp_path / f"{at}.gz")
            except StorageError:
                failed = True
            else:
                failed = vfs.count >= at
            vfs.plan(operation, fault, at=None, lasts=False)
        with open_journal(path) as journal:
            report = journal.verify()
            assert (report.ok, report.head) == (True, digest), report.problem
            assert journal.anchor()[0] in (0, 30)
        if not failed:
            break
    assert at > 3
