import contextlib

import apsw
import pytest

from gpt_trader.errors import JournalError, StorageError
from gpt_trader.journal.entry import NewEntry
from gpt_trader.journal.sqlite import open_journal

COUNT = 600


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "journal.db"
    with open_journal(path) as journal:
        text = '{"pad":"' + "p" * 200 + '"}'
        journal.append(
            [NewEntry(n, "Bar", text, f'["r{n}"]', "[]", (("BTC-USD", n),)) for n in range(COUNT)]
        )
    return path


def tamper(path, sql):
    with contextlib.closing(apsw.Connection(str(path))) as other:
        other.pragma("foreign_keys", value=False)
        other.execute(sql)


def test_whole_journal_verifies(path):
    with open_journal(path) as journal:
        report = journal.verify()
        assert report.ok
        assert report[:4] == (COUNT, journal.head()[1], None, ())


@pytest.mark.parametrize("seq", [1, 256, 257, COUNT])
@pytest.mark.parametrize(
    "change",
    [
        "time_ms = time_ms + 1",
        "kind = 'Tick'",
        "event = replace(event, 'p', 'q')",
        "records = '[]'",
        "commands = '[1]'",
        "digest = zeroblob(32)",
    ],
)
def test_altered_entry_is_named_and_stops_a_reader(path, seq, change):
    tamper(path, f"UPDATE entry SET {change} WHERE seq = {seq}")  # noqa: S608
    with open_journal(path) as journal:
        report = journal.verify()
        assert (report.entries, report.first_bad_seq) == (seq - 1, seq)
        assert f"entry {seq} " in report.problem
        read = []
        with pytest.raises(JournalError, match=f"entry {seq} is missing or was altered"):
            read.extend(stored.seq for stored in journal.read())
        assert read == list(range(1, seq))


def test_missing_entry_is_named_even_as_the_start_of_a_window(path):
    tamper(path, "DELETE FROM entry WHERE seq = 300")
    with open_journal(path) as journal:
        assert journal.verify().first_bad_seq == 300
        with pytest.raises(JournalError, match="entry 301 "):
            next(journal.read(after_seq=300))


def test_swapped_entries_are_named(path):
    tamper(
        path,
        "UPDATE entry SET seq = -1 WHERE seq = 5; UPDATE entry SET seq = 5 WHERE seq = 6;"
        "UPDATE entry SET seq = 6 WHERE seq = -1",
    )
    with open_journal(path) as journal:
        assert journal.verify().first_bad_seq == 5


def test_entries_cut_off_at_the_end_are_noticed_by_what_points_at_them(path):
    tamper(path, "DELETE FROM entry WHERE seq > 590")
    with open_journal(path) as journal:
        report = journal.verify()
        assert report.first_bad_seq is None
        assert "entries that are gone" in report.problem


def overwrite(path, needle, replacement):
    data = path.read_bytes()
    assert needle in data
    path.write_bytes(data.replace(needle, replacement))


def test_text_that_rotted_into_non_unicode_is_named(path):
    overwrite(path, b'["r300"]', b'["r\xff\xff0"]')
    with open_journal(path) as journal:
        report = journal.verify()
        assert report.first_bad_seq == 301
        assert "not UTF-8" in report.problem


def test_rotten_page_is_reported_not_raised(path):
    data = bytearray(path.read_bytes())
    page = data.index(b'["r300"]') // 4_096 * 4_096
    data[page : page + 4_096] = b"\xaa" * 4_096
    path.write_bytes(data)
    with open_journal(path) as journal:
        report = journal.verify()
        assert report.first_bad_seq is not None
        assert 250 < report.first_bad_seq <= 301
        assert not report.ok


def test_damage_outside_the_entries_is_reported(path):
    with contextlib.closing(apsw.Connection(str(path))) as other:
        sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'decision'"
        page = other.execute(sql).get
    data = bytearray(path.read_bytes())
    start = (page - 1) * 4_096
    data[start : start + 4_096] = b"\xaa" * 4_096
    path.write_bytes(data)
    with open_journal(path) as journal:
        report = journal.verify()
        assert (report.entries, report.first_bad_seq) == (COUNT, None)
        assert "damaged" in report.problem
        with pytest.raises(JournalError, match="damaged"):
            journal.decisions("BTC-USD")


def test_damage_that_stops_the_check_itself_is_reported(path):
    with contextlib.closing(apsw.Connection(str(path))) as other:
        sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'snapshot'"
        page = other.execute(sql).get
        other.execute("INSERT INTO snapshot VALUES (1, 1, 'x', zeroblob(32), zeroblob(32))")
    data = bytearray(path.read_bytes())
    data[page * 4_096 - 60 : page * 4_096] = b"\xff" * 60
    path.write_bytes(data)
    with open_journal(path) as journal:
        report = journal.verify()
        assert (report.entries, report.ok) == (COUNT, False)


def test_disk_that_cannot_be_read_is_raised(path):
    class Unreadable(apsw.VFSFile):
        def xRead(self, amount, offset):  # noqa: N802
            if is_failing:
                error = apsw.IOError("read")
                error.extendedresult = apsw.SQLITE_IOERR_READ
                raise error
            return super().xRead(amount, offset)

    class UnreadableVFS(apsw.VFS):
        def __init__(self):
            super().__init__("unreadable", "")

        def xOpen(self, name, flags):  # noqa: N802
            return Unreadable("", name, flags)

    is_failing = False
    vfs = UnreadableVFS()
    journal = open_journal(path, vfs="unreadable")
    is_failing = True
    with pytest.raises(StorageError, match="reading or writing failed"):
        journal.verify()
    is_failing = False
    journal.close()
    vfs.unregister()
