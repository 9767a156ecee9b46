# ruff: noqa: F811 - a fixture that is imported
"""A session whose folder is taken away while it runs."""

import json
import os
import shutil

import pytest

from gpt_trader.errors import StorageError
from gpt_trader.runtime.live.in_place import stays_in_place
from gpt_trader.runtime.session import hold, locks_of, read_header
from tests.cli.account.test_account import HOLD, call, exchange  # noqa: F401 - a fixture
from tests.cli.orders.test_beside import running
from tests.cli.switches.test_other_places import one_of_money


def test_who_runs_it_is_named(exchange, capsys, tmp_path):
    assert call(capsys, *HOLD)[0] == 0
    folder = one_of_money()
    with hold(locks_of(read_header(folder), folder), folder):
        shutil.move(folder, tmp_path / "away")
        for command in (["kill", "--flatten"], ["kill"], ["status"], ["watchdog", "--once"]):
            for words in ([], ["-p", "canary"]):
                code, found = call(capsys, *command, *words)
                said = found["error"]["message"]
                assert code == 2
                assert f"process {os.getpid()} since " in said, (command, words)
                assert f"a session whose folder {folder} is gone" in said
    assert "process" not in call(capsys, "kill", "-p", "canary")[1]["error"]["message"]


def test_the_bot_itself_ends(exchange, capsys, tmp_path):
    with running(exchange, tmp_path, capsys) as bot:
        folder = one_of_money()
        shutil.move(folder, tmp_path / "away")
        assert bot.wait(timeout=60) == 1
    summary = json.loads((tmp_path / "out").read_text().splitlines()[-1])
    assert f"{folder / 'journal.db'} is gone" in summary["error"]["message"]


def test_a_file_in_its_place_is_not_it(tmp_path):
    path = tmp_path / "journal.db"
    path.write_text("one")
    check = stays_in_place(path)
    check()
    path.write_text("more of it")
    check()
    (tmp_path / "copy").write_text("one")
    (tmp_path / "copy").replace(path)
    with pytest.raises(StorageError, match="is another file"):
        check()
