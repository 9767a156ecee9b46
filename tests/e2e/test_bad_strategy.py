"""A strategy in a file that fails: one line with its place, in backtest and in run."""

import json
from pathlib import Path

import pytest

from gpt_trader.cli.main import main
from tests.session_helpers import call, shell, write_market

HEAD = """\
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from gpt_trader.domain.targets import Target, Targets

@dataclass(frozen=True)
class Bad:
    name: ClassVar[str] = "bad"
    min_bars = 5
    warmup = 5
"""
BY_BAR = "    def on_bar(self, view, memory):\n        return "
WHOLE = "    def targets(self, bars):\n        n = len(bars)\n        return "


@pytest.mark.parametrize(
    "code, line, said",
    [
        (BY_BAR + "1 / 0", 12, "ZeroDivisionError: division by zero"),
        (BY_BAR + "3", 11, "gave a value of type int, expected (target or None, memory)"),
        (BY_BAR + "0.5, None", 11, "gave a value of type float, expected a Target or None"),
        (BY_BAR + "None, {1, 2}", 11, "gave a memory that is not JSON"),
        (BY_BAR + "Target(2.0), None", 11, "gave weight 2 for the SOL-USD bar at 2022-01-01T04"),
        (BY_BAR + "Target('x'), None", 11, "as weight, expected numbers"),
        (WHOLE + "np.ones(n) + np.ones(n + 1)", 13, "ValueError: operands"),
        (WHOLE + "open('/no/such/file')", 13, "FileNotFoundError"),
        (WHOLE + "bars.close", 11, "gave a value of type ndarray, expected Targets"),
        (WHOLE + "Targets(np.zeros(3))", 11, "gave 3 rows of weight for"),
        (WHOLE + "Targets(np.zeros((n, 1)))", 11, "gave 2 dimensions of weight"),
        (WHOLE + "Targets(np.full(n, 'x'))", 11, "as weight, expected numbers"),
    ],
)
def test_the_line_and_the_fault_are_named(code, line, said, capsys, tmp_path):
    file = tmp_path / "bad.py"
    file.write_text(HEAD + code + "\n")
    data = write_market(tmp_path / "SOL-USD_1h.csv", n=60)
    flags = ("--strategy", f"{file}:Bad", "--data", data)
    for command, wanted in (("backtest", 2), ("run", 6)):
        code, _, err = call(capsys, command, "-p", "dev", *flags)
        last = [text for text in err.splitlines() if text.startswith("error: ")]
        assert code == wanted
        assert len(last) == 1
        assert last[0].startswith(f"error: {file}:{line}: ")
        assert said in last[0]
        assert "internal error" not in err


SEARCH = ("--grid", "warmup=8,9", "--folds", "1")
MEDDLERS = Path(__file__).parents[1] / "brought" / "meddlers.py"


def line_of(text):
    """The line of the file of meddlers that ends so."""
    return next(
        i for i, line in enumerate(MEDDLERS.read_text().splitlines(), 1) if line.endswith(text)
    )


@pytest.mark.parametrize(
    "name, line, said",
    [
        ("HalvesOpens", "np.maximum(bars.open // 2, 1)", "strategy meddler failed: ValueError"),
        ("BlanksVolume", "= np.nan", "strategy meddler failed: ValueError: assignment destination"),
        ("WritesByBar", "view.close[-1] = 1", "strategy meddler failed: ValueError"),
        ("Leaves", "sys.exit(0)", "strategy meddler ended the program: SystemExit: 0"),
        ("LeavesWhenMade", 'sys.exit("done")', "the strategy ended the program: SystemExit: done"),
        ("LeavesByBar", "raise SystemExit", "strategy meddler ended the program: SystemExit"),
    ],
)
def test_what_is_not_a_strategys_to_do_is_named(name, line, said, capsys, tmp_path):
    data = write_market(tmp_path / "SOL-USD_1h.csv", n=60)
    code, out, _ = call(
        capsys, "backtest", "--strategy", f"{MEDDLERS}:{name}", "--data", data, "--json"
    )
    error = json.loads(out)["error"]
    assert code == 2
    assert error["where"] == f"{MEDDLERS}:{line_of(line)}"
    assert error["message"].startswith(said)


def test_what_a_strategy_prints_is_no_part_of_the_document(capfd, tmp_path):
    data = write_market(tmp_path / "SOL-USD_1h.csv", n=400)
    for name in ("Prints", "PrintsFromOutside"):
        flags = ("--strategy", f"{MEDDLERS}:{name}", "--data", data, "--json")
        for command, more in (("backtest", ()), ("optimize", SEARCH)):
            assert main([command, *map(str, flags), *more]) == 0
            out, err = capfd.readouterr()
            assert json.loads(out)["ok"]
            assert "rows" in err
    flags = ("--strategy", f"{MEDDLERS}:Prints", "--data", data, "--cycles", "3", "--json")
    assert main(["run", "-p", "dev", *map(str, flags), "--speed", "0"]) == 0
    out, err = capfd.readouterr()
    assert [json.loads(line)["type"] for line in out.splitlines()] == ["cycle"] * 3 + ["summary"]
    assert "rows" in err


def test_a_memory_that_grows_ends_a_session_before_its_journal_is_large(capsys, tmp_path):
    data = write_market(tmp_path / "SOL-USD_1h.csv", n=3_000)
    flags = ("--strategy", f"{MEDDLERS.with_name('grows.py')}:Grows", "--data", data)
    code, _, err = call(capsys, "backtest", *flags, "--no-checks")
    assert code == 2
    assert "bytes, expected at most 16,384: all of it is written at every bar" in err


def test_what_a_strategy_prints_as_the_process_ends_is_no_data(tmp_path):
    code = HEAD + WHOLE + "Targets(np.ones(n))\n"
    code += 'import atexit\natexit.register(lambda: print("bye"))\n'
    (tmp_path / "late.py").write_text(code)
    data = write_market(tmp_path / "BTC-USD_1h.csv")
    done = shell(
        "backtest", "--strategy", "late.py:Bad", "--data", data, "--json", "--no-checks",
        "--state-dir", tmp_path / "state", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"]
    assert "bye" in done.stderr
