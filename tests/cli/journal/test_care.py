"""`journal export | backup | compact`: nothing is lost, and what is left still proves itself."""

import contextlib
import json
import resource
import shutil

import apsw
import pytest

from gpt_trader.journal.compact import read_lines
from gpt_trader.journal.sqlite import open_journal
from gpt_trader.runtime.session import hold, locks_of, read_header
from tests.cli.account.test_account import call


@pytest.fixture
def dev(tmp_path, capsys):
    """A session with a snapshot of each of its ends; gives a way to call commands on it."""
    options = ["--profile", "dev", "--state-dir", str(tmp_path)]

    def command(*args):
        return call(capsys, *args, *options)

    for _ in range(3):
        assert command("run", "--cycles", "20")[0] == 0
    return command


def head(command):
    return command("journal", "verify")[1]["data"]["head"]


def test_export_writes_every_entry_and_overwrites_nothing(dev, tmp_path):
    file = tmp_path / "out.jsonl"
    code, found = dev("journal", "export", str(file))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert (code, found["data"]["entries"]) == (0, len(rows))
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1]["digest"] == head(dev)
    assert dev("journal", "export", str(file))[0] == 1


def test_a_backup_taken_while_the_bot_writes_restores(dev, tmp_path):
    folder = tmp_path / "dev"
    with open_journal(folder / "journal.db") as writer:
        writer.prune_snapshots(keep=99)  # a transaction of somebody else's that changes nothing
        code, found = dev("journal", "backup", str(tmp_path / "copy.db"))
    assert (code, found["data"]["head"]) == (0, head(dev))
    assert dev("journal", "backup", str(tmp_path / "copy.db"))[0] == 1, "it is there already"
    status = dev("status")[1]["data"]
    for old in folder.glob("journal.db*"):
        old.unlink()
    shutil.move(tmp_path / "copy.db", folder / "journal.db")
    again = dev("status")[1]["data"]
    assert again["equity"] == status["equity"]
    assert dev("run", "--cycles", "5")[0] == 0


def test_a_backup_without_room_leaves_nothing(dev, tmp_path):
    before = set(tmp_path.iterdir())
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, old[1]))
    try:
        code, found = dev("journal", "backup", str(tmp_path / "copy.db"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert code == 1
    assert found["error"]["hint"]
    assert set(tmp_path.iterdir()) == before


def test_compacting_cuts_off_what_snapshots_stand_for_and_keeps_it_aside(dev, tmp_path):
    before, digest = dev("status")[1]["data"], head(dev)
    code, found = dev("journal", "compact")
    data = found["data"]
    assert code == 0
    assert data["entries_cut"] > 50
    archived = list(read_lines(tmp_path / "dev" / data["archive"].rsplit("/", 1)[1]))
    assert len(archived) == data["entries_cut"]
    assert (dev("journal", "verify")[0], head(dev)) == (0, digest)
    after = dev("status")[1]["data"]
    assert (after["equity"], after["positions"]) == (before["equity"], before["positions"])
    assert dev("why", "BTC-USD")[0] == 0
    code, found = dev("replay")
    assert (code, "compacted" in found["error"]["message"]) == (2, True)
    assert dev("run", "--cycles", "5")[0] == 0
    assert dev("journal", "compact")[1]["data"]["entries_cut"] >= 0
    assert dev("journal", "verify")[0] == 0


def test_a_compacted_journal_shows_what_is_done_to_it(dev, tmp_path):
    assert dev("journal", "compact", "--no-archive")[0] == 0
    path = tmp_path / "dev" / "journal.db"
    with open_journal(path) as journal:
        header = json.loads(journal.anchor()[1])
    header["header"]["cash"] += 1
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        sql = "UPDATE meta SET value = ? WHERE key = 'anchor_header'"
        connection.execute(sql, (json.dumps(header),))
    assert dev("journal", "verify")[0] == 1
    assert dev("status")[0] == 1


def test_without_a_snapshot_a_compacted_journal_is_refused(dev, tmp_path):
    assert dev("journal", "compact")[0] == 0
    with open_journal(tmp_path / "dev" / "journal.db") as journal:
        journal._connection.execute("DELETE FROM snapshot")
    code, found = dev("status")
    assert (code, "no snapshot" in found["error"]["message"]) == (1, True)


def test_a_running_bots_journal_is_left_alone(dev, tmp_path):
    folder = tmp_path / "dev"
    with hold(locks_of(read_header(folder), folder), folder):
        assert dev("journal", "compact")[0] == 9


def test_too_young_a_journal_has_nothing_to_cut(tmp_path, capsys):
    options = ["--profile", "dev", "--state-dir", str(tmp_path)]
    call(capsys, "run", "--once", *options)
    assert call(capsys, "journal", "compact", *options)[1]["data"]["entries_cut"] == 0
