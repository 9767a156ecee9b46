"""An archive that cannot be trusted: nothing is cut off for it."""

import gzip
import json

import pytest

from gpt_trader.errors import JournalError, StorageError
from gpt_trader.journal import compact
from gpt_trader.journal.entry import NewEntry
from gpt_trader.journal.sqlite import open_journal


@pytest.fixture
def journal(tmp_path):
    with open_journal(tmp_path / "journal.db") as found:
        for seq in range(1, 31):
            found.append([NewEntry(seq, "Test", f'{{"n":{seq}}}')])
            if seq in (20, 30):
                found.save_snapshot(seq, 1, "{}")
        yield found


def test_an_archive_is_never_written_over(journal, tmp_path):
    place = tmp_path / "a.gz"
    place.write_text("somebody else's")
    with pytest.raises(StorageError):
        journal.compact("{}", place)
    assert place.read_text() == "somebody else's"
    assert (journal.anchor()[0], journal.verify().ok) == (0, True)


def test_an_archive_that_cannot_be_made_leaves_the_journal_whole(journal, tmp_path):
    with pytest.raises(StorageError):
        journal.compact("{}", tmp_path / "no" / "a.gz")
    assert journal.anchor()[0] == 0


def test_an_archive_that_reads_back_otherwise_cuts_off_nothing(journal, tmp_path, monkeypatch):
    monkeypatch.setattr(compact, "read_lines", lambda path: iter(()))
    with pytest.raises(StorageError, match="read back"):
        journal.compact("{}", tmp_path / "a.gz")
    assert journal.anchor()[0] == 0


def test_an_archive_that_was_altered_says_so(journal, tmp_path):
    place = tmp_path / "a.gz"
    assert journal.compact("{}", place).entries == 20
    with gzip.open(place, "rt") as file:
        rows = [json.loads(line) for line in file]
    rows[7]["event"] = '{"n":99}'
    with gzip.open(place, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    with pytest.raises(JournalError, match="entry 8"):
        list(compact.read_lines(place))
