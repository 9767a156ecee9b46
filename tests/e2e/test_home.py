# ruff: noqa: F811 - a fixture that is imported
"""A session at the stand-in leaves nothing in the user's home: it would count among their own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gpt_trader.runtime.lock import known_folders, user_lock_dir
from tests.cli.account.test_account import HOLD, exchange  # noqa: F401 - a fixture
from tests.home.sitecustomize import VARIABLE
from tests.live_helpers import until
from tests.session_helpers import COMMAND, shell

pytestmark = pytest.mark.compiled  # whole sessions, at the speed they have

ROOT = Path(__file__).parents[2]
LOCKS = "import os; from gpt_trader.runtime.lock import user_lock_dir as f; print(f(os.getuid()))"
EXPORTS = 8


def real_locks():
    """Return where the locks of the user are who runs the tests, wherever that is."""
    known = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", LOCKS]
    done = subprocess.run(
        command, env=known | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    return Path(done.stdout.strip())


def test_a_session_of_the_tests_is_not_the_users(exchange, tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    assert shell(*HOLD).returncode == 0
    [folder] = known_folders(user_lock_dir(os.getuid()))
    assert folder.is_relative_to(base)
    assert real_locks() != user_lock_dir(os.getuid())
    assert not [one for one in known_folders(real_locks()) if one.is_relative_to(base)]


def test_a_session_at_the_stand_in_that_runs_by_hand_is_not_the_users(tmp_path, monkeypatch):
    monkeypatch.delenv("GPT_TRADER_STATE_DIR")
    for name in (VARIABLE, "HOME", "XDG_STATE_HOME"):  # whoever starts it and trades there
        monkeypatch.setenv(name, str(tmp_path))
    command, told = [sys.executable, "-m", "tests.emulator"], tmp_path / "exports"
    with told.open("w") as file, subprocess.Popen(command, cwd=ROOT, stdout=file) as stand_in:
        try:
            until(lambda: told.read_text().count("\n") == EXPORTS)
            words = f"{told.read_text()}exec {COMMAND} {' '.join(HOLD)}"
            done = subprocess.run(["sh", "-c", words], capture_output=True, text=True, check=False)
        finally:
            stand_in.send_signal(signal.SIGINT)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / ".local").exists()
    assert not (tmp_path / "gpt-trader").exists()
