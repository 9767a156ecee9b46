import json
import subprocess
import sys

import pytest

from gpt_trader.cli.main import main
from gpt_trader.strategy.registry import builtin_names


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_all_strategies_are_listed_with_their_parameters(capsys):
    assert main(["strategies", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["data"]["strategies"]
    assert [s["name"] for s in listed] == list(builtin_names())
    (sma,) = [s for s in listed if s["name"] == "sma_cross"]
    fast = sma["params"][0]
    assert (fast["name"], fast["default"], fast["type"]) == ("fast", 20, "int")
    assert (fast["low"], fast["high"]) == (1, 2000)
    assert all(s["summary"] and all(p["doc"] for p in s["params"]) for s in listed)


def test_one_strategy_is_shown_whole(capsys):
    assert main(["strategies", "sma_cross"]) == 0
    out = capsys.readouterr().out
    assert "Source:" in out
    assert "1 to 2000" in out
    assert "ema_trend" not in out


def test_new_strategy_writes_a_strategy_that_is_found_and_passes_its_test(tmp_path, capsys):
    assert main(["new-strategy", "my_trend", "--dir", "sub", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["files"] == ["sub/my_trend.py", "sub/test_my_trend.py"]
    assert data["next"] == "gpt-trader backtest --demo --strategy sub/my_trend.py:MyTrend"
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
