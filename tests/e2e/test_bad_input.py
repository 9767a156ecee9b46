"""Mistakes and faults through the real command: one line, a hint, the right code, nothing lost."""

import json
import os
import resource
import sqlite3

import pytest

from tests.session_helpers import COMMAND, CROSS, call, shell, write_market


@pytest.fixture
def data(tmp_path):
    return write_market(tmp_path / "SOL-USD_1h.csv", n=120)


@pytest.fixture
def journal(capsys, data):
    """The journal of a finished session."""
    code, _, err = call(capsys, "-q", "run", "-p", "dev", *CROSS, "--data", data)
    assert code == 0, err
    from pathlib import Path

    return Path(os.environ["GPT_TRADER_STATE_DIR"]) / "dev" / "journal.db"


MISTAKES = [
    (("run",), 2, "which profile?"),
    (("run", "-p", "nope"), 3, "no profile 'nope'"),
    (("orders", "list", "-p", "paper"), 2, "no session"),
    (("run", "-p", "spot"), 3, "--live is not given"),
    (("run", "-p", "spot", "--live"), 6, "stand-in on this machine only"),
    (("run", "-p", "dev", "--live"), 3, "--live needs a profile of mode live"),
    (("run", "-p", "dev", "--strategy", "smacross"), 2, "smacross"),
    (("run", "-p", "dev", "--strategy", "sma_cross", "--set", "fats=3"), 2, "fats"),
    (("run", "-p", "dev", "--set", "fast"), 2, "expected --set KEY=VALUE"),
    (("run", "-p", "dev", "--cycles", "0"), 2, "--cycles"),
    (("run", "-p", "dev", "--once", "--cycles", "3"), 2, "exclude each other"),
    (("run", "-p", "dev", "--data", "missing_file.csv"), None, "missing_file.csv"),
    (("run", "-p", "dev", "--data", "BTC-USD=missing.csv"), 7, "missing.csv"),
    (("run", "-p", "dev", "--from", "2024-01-01"), 2, "need --data"),
    (("run", "-p", "dev", "--speed", "-1"), 2, "--speed"),
    (("run", "-p", "dev", "--speed", "inf"), 2, "flag --speed"),
    (("run", "-p", "dev", "--state-dir", ""), 2, "--state-dir"),
    (("run", "-p", "dev", "--fills", "no/such/folder/f.csv"), 2, "no folder"),
    (("why", "BTC-USD"), 2, "no session in"),
    (("why", "BTC"), 2, "expected a product id"),
    (("status", "-p", "dev"), 2, "no session in"),
    (("replay", "-p", "dev"), 2, "no session in"),
    (("journal", "verify", "-p", "dev"), 1, "no journal here"),
    (("orders", "list"), 2, "no session in"),
    (("rearm", "--by", "me"), 2, "reason"),
]


@pytest.mark.parametrize("args, wanted, words", MISTAKES, ids=lambda a: str(a)[:60])
def test_a_mistake_is_one_line_with_a_hint_and_its_code(args, wanted, words, capsys):
    code, out, err = call(capsys, *args)
    assert code == wanted or (wanted is None and code in (2, 7))
    assert out == ""
    first, *rest = err.strip().splitlines()
    assert first.startswith("error: ")
    assert words in first
    assert rest == [] or (len(rest) == 1 and rest[0].startswith("hint: "))


@pytest.mark.parametrize("args, wanted, words", MISTAKES, ids=lambda a: str(a)[:60])
def test_lesson_23_a_mistake_with_json_parses_too(args, wanted, words, capsys):
    code, out, _ = call(capsys, *args, "--json")
    document = json.loads(out)
    assert code == wanted or (wanted is None and code in (2, 7))
    assert document["ok"] is False
    assert words in document["error"]["message"]


def flip(path, at):
    raw = bytearray(path.read_bytes())
    raw[at] ^= 0xFF
    path.write_bytes(bytes(raw))


def test_a_flipped_byte_in_an_entry_stops_every_command(journal, capsys, data):
    path = journal
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        text = db.execute("SELECT records FROM entry WHERE seq = 60").fetchone()[0]
    raw = path.read_bytes()
    flip(path, raw.index(text.encode()) + 20)
    for args in (
        ("replay",),
        ("journal", "verify"),
        ("run", "-p", "dev", *CROSS, "--data", data, "--once"),
    ):
        code, out, err = call(capsys, "-q", *args)
        assert code == 1, args
        assert "identical" not in out
        assert err.startswith("error: ")
        assert "journal.db" in err.splitlines()[0]
        assert "altered" in err or "damaged" in err


def test_a_file_that_is_no_journal_is_left_alone(journal, capsys, data):
    journal.write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    before = journal.read_bytes()
    for args in (
        ("run", "-p", "dev", "--data", data),
        ("status",),
        ("why", "SOL-USD"),
        ("replay",),
    ):
        code, _, err = call(capsys, *args)
        assert code == 1
        assert err.startswith("error: ")
        assert "not a journal" in err
    assert journal.read_bytes() == before


def test_a_full_disk_ends_the_run_with_one_line_and_a_good_journal(capsys, data, tmp_path):
    """The child may write files of at most 150 kB: what a full disk or a quota looks like."""
    state = tmp_path / "full"
    flags = ("run", "-p", "dev", *CROSS, "--data", data, "--state-dir", state)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    unmeasured = {k: v for k, v in os.environ.items() if not k.startswith("COV")}
    done = shell("-q", *flags, preexec_fn=limit, env=unmeasured)  # coverage's file is a file too
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "hint: " in done.stderr
    code, _, err = call(capsys, "-q", *flags)  # there is room again: it goes on
    assert code == 0, err
    code, out, _ = call(capsys, "replay", "--state-dir", state)
    assert code == 0
    assert out.startswith("identical")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_state_folder_is_named(capsys, tmp_path):
    folder = tmp_path / "ro"
    folder.mkdir(mode=0o500)
    code, _, err = call(capsys, "run", "-p", "dev", "--state-dir", folder)
    assert code == 1
    assert "cannot be used" in err


def test_a_state_folder_that_is_a_file_is_named(capsys, tmp_path):
    path = tmp_path / "file"
    path.write_text("x")
    code, _, err = call(capsys, "run", "-p", "dev", "--state-dir", path)
    assert code == 1
    assert str(path) in err


def test_lesson_01_the_installed_command_runs_once_as_a_user_starts_it(tmp_path):
    assert COMMAND.exists()
    done = shell("run", "--profile", "dev", "--once", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["type"] for line in done.stdout.splitlines()] == ["cycle", "summary"]
