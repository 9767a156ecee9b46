import json
import shlex
import subprocess
import sys

import pytest

from gpt_trader.cli.main import main


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_new_strategy_writes_a_strategy_that_is_found_and_passes_its_test(tmp_path, capsys):
    assert main(["new-strategy", "my_trend", "--dir", "sub", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["files"] == ["sub/my_trend.py", "sub/test_my_trend.py"]
    assert data["next"] == "gpt-trader backtest --demo --strategy sub/my_trend.py:MyTrend"
    assert main(["new-strategy", "my_trend", "--dir", "my folder", "--json"]) == 0
    following = json.loads(capsys.readouterr().out)["data"]["next"]
    assert shlex.split(following)[-1] == "my folder/my_trend.py:MyTrend"
    assert main(["strategies", "sub/my_trend.py:MyTrend", "--json"]) == 0
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            "sub",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout


def test_new_strategy_writes_one_that_sees_the_market(tmp_path):
    assert main(["new-strategy", "my_ranks", "--market"]) == 0
    assert "def targets(self, market: Market)" in (tmp_path / "my_ranks.py").read_text()
    assert main(["strategies", "my_ranks.py:MyRanks"]) == 0


def test_new_strategy_overwrites_nothing(tmp_path, capsys):
    (tmp_path / "test_mine.py").write_text("kept")
    assert main(["new-strategy", "mine"]) == 2
    assert "test_mine.py exists already" in capsys.readouterr().err
    assert (tmp_path / "test_mine.py").read_text() == "kept"
    assert not (tmp_path / "mine.py").exists()


@pytest.mark.parametrize("name", ["9lives", "sma_cross", "a-b", "class", "../x"])
def test_new_strategy_refuses_a_bad_name(name, capsys):
    assert main(["new-strategy", name]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_new_strategy_says_when_it_cannot_write(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["new-strategy", "mine", "--dir", "file/sub"]) == 1
    assert "cannot write" in capsys.readouterr().err
