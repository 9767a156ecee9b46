"""A journal on a disk that takes no file is read all the same, to its newest entry."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from gpt_trader.errors import JournalError
from gpt_trader.journal.entry import NewEntry
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.journal.unlocked import connect_unlocked, is_full, why_unwritable

READ = """
import resource, sys
from pathlib import Path
from gpt_trader.journal.sqlite import open_journal

resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
with open_journal(Path(sys.argv[1]), readonly=True) as journal:
    entries = [entry.seq for entry in journal.read()]
    print(entries[-1], journal.head()[0], journal.verify().problem or "sound", journal.unlocked)
"""


def entry(number):
    return NewEntry(number, "Bar", f"{number}", '["' + "r" * 400 + '"]', "[]")


def written(path, *, ends):
    """Write entries; ends: whether the process closes the file, or is killed."""
    pid = os.fork()
    if pid == 0:
        journal = open_journal(path)
        journal.append([entry(number) for number in range(1, 50)])
        journal.rest()
        journal.append([entry(50)])  # it stands in the write-ahead log alone
        if ends:
            journal.close()
        os._exit(0)
    os.waitpid(pid, 0)
    path.with_name("journal.db-shm").unlink(missing_ok=True)
    return {one.name: one.read_bytes() for one in path.parent.iterdir()}


def read_on_a_full_disk(path):
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("ends", [True, False])
def test_all_that_was_written_is_read_and_nothing_is_changed(ends, tmp_path):
    path = tmp_path / "journal.db"
    before = written(path, ends=ends)
    assert ("journal.db-wal" in before) != ends
    for _ in range(2):  # the first leaves an empty file where the lock would be
        assert read_on_a_full_disk(path) == "50 50 sound the disk is full"
    after = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    assert all(after[name] == data for name, data in before.items())
    assert sum(map(len, (after[name] for name in after.keys() - before.keys()))) == 0
    with open_journal(path) as journal:
        assert journal.append([entry(51)]) == 51, "it goes on where there is room again"


def test_what_is_read_without_a_lock_cannot_be_written(tmp_path):
    path = tmp_path / "journal.db"
    written(path, ends=False)
    connection = connect_unlocked(path)
    with pytest.raises(apsw.ReadOnlyError):
        connection.execute("DELETE FROM entry")
    assert connection.execute("SELECT max(seq) FROM entry ORDER BY 1").fetchall() == [(50,)]
    connection.close()
    assert path.with_name("journal.db-wal").stat().st_size > 0


def test_a_lock_is_taken_where_there_is_room_and_damage_is_no_full_disk(tmp_path):
    path = tmp_path / "journal.db"
    written(path, ends=True)
    with open_journal(path, readonly=True) as journal:
        assert journal.unlocked == ""
    path.write_bytes(b"x" * 10_000)
    with pytest.raises(JournalError, match="not a journal"):
        open_journal(path, readonly=True)


def test_why_a_folder_takes_no_file_is_asked_and_leaves_none(tmp_path):
    assert why_unwritable(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []
    assert why_unwritable(tmp_path / "gone") == "no such file or directory"
    assert not is_full(tmp_path)
    assert is_full(Path("/proc")), "it has room for nothing"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
