import contextlib
import logging

import apsw
import pytest

from gpt_trader.errors import JournalError
from gpt_trader.journal.chain import GENESIS
from gpt_trader.journal.entry import NewEntry
from gpt_trader.journal.sqlite import open_journal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path):
    with open_journal(path) as journal:
        journal.append([NewEntry(n, "Bar", f"{n}") for n in range(10)])
        yield journal


def tamper(path, sql):
    with contextlib.closing(apsw.Connection(str(path))) as other:
        other.execute(sql)


def test_latest_snapshot_carries_state_and_anchor(journal):
    assert journal.latest_snapshot(1) is None
    journal.save_snapshot(3, 1, '{"cash":"1"}')
    journal.save_snapshot(7, 1, '{"cash":"2"}')
    snapshot = journal.latest_snapshot(1)
    assert snapshot[:3] == (7, 1, '{"cash":"2"}')
    assert snapshot.chain_digest == list(journal.read())[6].digest


def test_snapshot_before_the_first_entry_is_anchored_at_genesis(journal):
    journal.save_snapshot(0, 1, "{}")
    assert journal.latest_snapshot(1).chain_digest == GENESIS


def test_snapshot_at_the_same_entry_replaces_the_older_one(journal):
    journal.save_snapshot(3, 1, "1")
    journal.save_snapshot(3, 2, "2")
    assert journal.latest_snapshot(2)[:3] == (3, 2, "2")


def test_snapshot_of_a_newer_schema_is_passed_over(journal):
    journal.save_snapshot(3, 1, "1")
    journal.save_snapshot(7, 2, "2")
    assert journal.latest_snapshot(1).seq == 3
    assert journal.latest_snapshot(0) is None


def test_snapshot_writes_waiting_entries_first(journal):
    journal.append([NewEntry(11, "Bar", "11")], durable=False)
    journal.save_snapshot(11, 1, "{}")
    assert [stored.seq for stored in journal.read(after_seq=10)] == [11]


def test_snapshot_beyond_the_head_is_refused(journal):
    with pytest.raises(JournalError, match="no entry 11"):
        journal.save_snapshot(11, 1, "{}")
    assert journal.append([NewEntry(11, "Bar", "11")]) == 11


@pytest.mark.parametrize(
    "change",
    [
        "state = 'x'",
        "schema_version = 0",
        "seq = 8",
        "digest = zeroblob(32)",
        "chain_digest = zeroblob(32)",
        "seq = 99",
    ],
)
def test_snapshot_that_was_altered_is_skipped_and_reported(journal, path, caplog, change):
    journal.save_snapshot(3, 1, "1")
    journal.save_snapshot(7, 1, "2")
    tamper(path, f"UPDATE snapshot SET {change} WHERE seq = 7")  # noqa: S608
    with caplog.at_level(logging.WARNING):
        assert journal.latest_snapshot(1).seq == 3
    assert "snapshot_skipped" in caplog.text
    report = journal.verify()
    assert len(report.bad_snapshots) == 1
    assert "snapshots that do not match" in report.problem
    assert report.first_bad_seq is None


def test_snapshot_that_cannot_be_read_is_skipped_and_reported(journal, path, caplog):
    journal.save_snapshot(3, 1, "1")
    journal.save_snapshot(7, 1, "2")
    tamper(path, "UPDATE snapshot SET state = CAST(x'ff' AS TEXT) WHERE seq = 7")
    assert journal.latest_snapshot(1).seq == 3
    assert "snapshot_skipped seq=7" in caplog.text
    assert journal.verify().bad_snapshots == (7,)


def test_prune_keeps_the_newest(journal):
    for seq in (2, 4, 6, 8):
        journal.save_snapshot(seq, 1, "{}")
    journal.prune_snapshots(keep=1)
    assert journal.latest_snapshot(1).seq == 8
    assert journal._connection.execute("SELECT count(*) FROM snapshot").get == 1
