# ruff: noqa: F811 - a fixture that is imported
"""Two bots of one user and one portfolio exclude each other, whatever their environments say."""

import os
import signal
import subprocess

from tests.cli.account.test_account import call, exchange  # noqa: F401 - a fixture
from tests.live_helpers import until
from tests.session_helpers import COMMAND, lines_of, shell

RUN = ["run", "-p", "canary", "--live", "--strategy", "hold", "--json"]


def test_another_environment_is_no_way_around_the_lock(exchange, capsys, tmp_path):
    def moved(name):
        home = tmp_path / name
        home.mkdir()
        names = ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "GPT_TRADER_STATE_DIR")
        return {"env": os.environ | dict.fromkeys(names, str(home)), "cwd": home}

    with (
        (tmp_path / "out").open("w") as out,
        subprocess.Popen([str(COMMAND), *RUN], stdout=out, **moved("one")) as bot,
    ):
        try:
            until(lambda: exchange.wire.connections >= 2)
            second = shell(*RUN, "--once", **moved("two"))
            third = shell(*RUN, "--once", "--state-dir", str(tmp_path / "three"), **moved("four"))
        finally:
            bot.send_signal(signal.SIGTERM)
            bot.wait(timeout=60)
    for done in (second, third):
        assert (done.returncode, lines_of(done.stdout)[-1]["error"]["code"]) == (9, "LOCKED")
        assert f"process {bot.pid} " in done.stdout
