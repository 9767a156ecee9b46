"""`backtest --show`, `--diff`, `--reproduce` as a user meets them."""

import io
import json
import os
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from gpt_trader.backtest import store
from gpt_trader.backtest.differing import flat
from gpt_trader.cli.backtest.backtest import complete_runs
from gpt_trader.cli.main import main
from tests.session_helpers import CROSS, call, write_market

DEMO = ("--demo", "--set", "synthetic.bars=600", *CROSS)
OWN = """
from dataclasses import dataclass
import numpy as np
from gpt_trader.domain.targets import Targets

@dataclass(frozen=True)
class Own:
    name = "own"
    min_bars = 2
    warmup = 2
    def targets(self, bars):
        return Targets(np.where(bars.close % 5 < 2, 0.2, 0.0))
"""


def root():
    return Path(os.environ["GPT_TRADER_STATE_DIR"])


@pytest.fixture
def run(capsys):
    """Run the command with --json; return (exit code, document)."""

    def do(*args):
        code, out, _ = call(capsys, "backtest", *args, "--json")
        return code, json.loads(out)

    return do


def test_a_run_is_stored_and_shown_as_it_was(capsys):
    code, first, _ = call(capsys, "backtest", *DEMO)
    assert code == 0
    (run_id,) = store.run_ids(root())
    assert f"Stored: {run_id}" in first
    assert f"Next: gpt-trader backtest --reproduce {run_id} --report report.html" in first
    for ref in (run_id, run_id[:5], "last"):
        code, again, _ = call(capsys, "backtest", "--show", ref)
        assert code == 0
        assert again == first


def test_the_next_command_finds_the_run_in_another_state_folder(capsys, tmp_path):
    there = ("--state-dir", str(tmp_path / "a b"))
    for args in ((*DEMO, *there), ("--show", "last", *there)):
        code, out, _ = call(capsys, "backtest", *args)
        assert code == 0
        words = shlex.split(out.splitlines()[-1].removeprefix("Next: gpt-trader backtest "))
        assert call(capsys, "backtest", *words[:2], *words[4:])[0] == 0


FULL = Path("/dev/full")


@pytest.mark.parametrize("flag", ["--trades", "--fills", "--equity", "--report"])
def test_a_file_that_is_refused_takes_nothing_of_the_run(flag, capsys, run):
    code, out, err = call(capsys, "backtest", *DEMO, flag, FULL)
    (run_id,) = store.run_ids(root())
    assert code == 1
    assert f"Stored: {run_id}" in out
    assert "error: cannot write /dev/full: No space left on device" in err
    code, document = run(*DEMO, flag, FULL)
    assert (code, document["ok"]) == (1, False)
    assert document["data"]["run_id"] == run_id
    assert document["error"]["message"].startswith("cannot write /dev/full")
    code, document = run("--reproduce", "last", flag, FULL)
    assert (code, document["data"]["identical"]) == (1, True)


def test_the_files_beside_one_that_is_refused_are_written(capsys, tmp_path):
    good = tmp_path / "equity.csv"
    code, out, _ = call(capsys, "backtest", *DEMO, "--fills", FULL, "--equity", good)
    assert code == 1
    assert "Stored: " in out
    assert len(good.read_text().splitlines()) > 100
    assert list(tmp_path.iterdir()) == [good]


def test_the_report_of_a_stored_run_says_how_to_do_it_again(run, tmp_path):
    code, found = run(*DEMO, "--report", tmp_path / "run.html")
    assert code == 0
    again = f"gpt-trader backtest --reproduce {found['data']['run_id']}"
    assert again in (tmp_path / "run.html").read_text()


def test_show_gives_the_document_of_the_run(run):
    _, first = run(*DEMO)
    code, again = run("--show", first["data"]["run_id"])
    assert code == 0
    assert again["data"] == first["data"]


def test_the_same_run_has_one_id_and_another_has_another(run):
    _, one = run(*DEMO)
    _, same = run(*DEMO, "--engine", "replay")
    _, other = run(*DEMO, "--set", "synthetic.seed=8")
    assert one["data"]["run_id"] == same["data"]["run_id"] != other["data"]["run_id"]
    assert len(store.run_ids(root())) == 2


def test_diff_names_what_went_in_and_what_came_out(run, capsys):
    _, one = run(*DEMO)
    _, other = run(*DEMO, "--set", "slow=25", "--taker-bps", "100")
    ids = [document["data"]["run_id"] for document in (one, other)]
    code, found = run("--diff", *ids)
    assert code == 0
    assert found["data"]["runs"] == ids
    inputs = {row["name"]: row for row in found["data"]["inputs"]}
    assert inputs["strategy[0].params.slow"]["a"] == 20
    assert inputs["strategy[0].params.slow"]["difference"] == 5
    assert inputs["costs.taker_bps"]["b"] == 100
    numbers = {row["name"]: row for row in found["data"]["numbers"]}
    cash = [float(d["data"]["result"]["final_equity"]) for d in (one, other)]
    wanted = pytest.approx(cash[1] - cash[0])
    assert numbers["result.final_equity"]["difference"] == wanted
    assert not any(name.startswith("timing") for name in numbers)
    code, out, _ = call(capsys, "backtest", "--diff", *ids)
    assert code == 0
    assert "strategy[0].params.slow" in out
    assert all(len(line) <= 80 for line in out.splitlines())
    _, same = run("--diff", ids[0], ids[0])
    assert same["data"]["inputs"] == same["data"]["numbers"] == []
    assert same["data"]["fills"]["first"] is None


@pytest.mark.parametrize(
    "more", [(), ("--engine", "replay"), ("--risk", "none", "--to", "2024-01-20")]
)
def test_a_synthetic_run_is_reproduced(more, run, capsys):
    _, first = run(*DEMO, *more)
    code, out, _ = call(capsys, "backtest", "--reproduce", "last")
    assert code == 0
    assert out.startswith("identical: ")
    _, document = run("--reproduce", first["data"]["run_id"])
    assert document["data"]["identical"] is True
    assert document["data"]["fills"] == first["data"]["result"]["fills"] > 0
    assert document["data"]["changed"] == []


def test_a_run_on_files_is_reproduced_from_another_folder(run, tmp_path, monkeypatch):
    write_market(tmp_path / "SOL-USD_1h.csv")
    (tmp_path / "own.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    flags = ("--strategy", "own.py:Own", "--data", "SOL-USD_1h.csv", "--from", "2022-01-03")
    code, _ = run(*flags, "--product-spec", "base_increment=0.1", "--order-style", "taker")
    assert code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    code, document = run("--reproduce", "last", "--fills", "again.csv")
    assert code == 0, document
    assert len(Path("again.csv").read_text().splitlines()) == document["data"]["fills"] + 1


def test_other_data_and_other_code_are_named(run, tmp_path):
    data = write_market(tmp_path / "SOL-USD_1h.csv")
    strategy = tmp_path / "own.py"
    strategy.write_text(OWN)
    flags = ("--strategy", f"{strategy}:Own", "--data", data, "--order-style", "taker")
    assert run(*flags)[0] == 0
    write_market(data, seed=6)
    code, document = run("--reproduce", "last")
    assert code == 8
    assert "is not reproduced: fill " in document["error"]["message"]
    assert document["error"]["hint"] == "changed since: data of SOL-USD"
    write_market(data, seed=5)
    strategy.write_text(OWN.replace("< 2", "< 3"))
    code, document = run("--reproduce", "last")
    assert code == 8
    assert document["error"]["hint"] == "changed since: code of own"
    strategy.write_text(OWN + "# a remark\n")
    code, document = run("--reproduce", "last")
    assert (code, document["data"]["changed"]) == (0, ["code of own"])
    data.unlink()
    assert run("--reproduce", "last")[0] == 7


def test_an_altered_number_is_no_record(run):
    _, document = run(*DEMO)
    path = root() / store.RUNS / document["data"]["run_id"] / "run.json"
    stored = json.loads(path.read_text())
    stored["data"]["result"]["sharpe"] = 9.0
    path.write_text(json.dumps(stored))
    code, document = run("--reproduce", document["data"]["run_id"])
    assert code == 7
    assert "it was altered" in document["error"]["message"]


def test_a_folder_that_cannot_be_written_warns_and_does_not_fail_the_run(run, capsys, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    code, document = run(*DEMO, "--state-dir", in_the_way)
    assert code == 0
    assert any(w.startswith("not stored: ") for w in document["warnings"])
    code, out, err = call(capsys, "backtest", *DEMO, "--state-dir", in_the_way)
    assert code == 0
    assert "Stored:" not in out
    assert "warning: not stored: " in err


MISTAKES = [
    (("--show", "x"), "no run is stored"),
    (("--reproduce", "x"), "no run is stored"),
    (("--diff", "x", "y"), "no run is stored"),
    (("--show", "x", "--demo"), "--show and --demo exclude each other"),
    (("--show", "x", "--reproduce", "x"), "--show and --reproduce exclude each other"),
    (("--reproduce", "x", "--set", "fast=3"), "--reproduce and --set exclude each other"),
    (("--show", "x", "--fills", "f.csv"), "--show and --fills exclude each other"),
]


@pytest.mark.parametrize("args, message", MISTAKES, ids=lambda a: str(a)[:40])
def test_a_mistake_is_one_line_with_exit_code_2(args, message, run):
    code, document = run(*args)
    assert code == 2
    assert message in document["error"]["message"]
    assert document["error"]["hint"]


def test_ids_are_completed(run):
    _, document = run(*DEMO)
    run_id = document["data"]["run_id"]
    asked = SimpleNamespace(params={"state_dir": None})
    assert complete_runs(asked, run_id[:3]) == [run_id]
    assert complete_runs(asked, "zz") == []


def test_flat_names_every_leaf():
    assert flat({"a": [1, {"b": 2}], "c": {}}) == {"a[0]": 1, "a[1].b": 2}


INTERRUPTED = """
import os
import signal
from dataclasses import dataclass
from gpt_trader.domain.targets import Target

@dataclass(frozen=True)
class Own:
    name = "own"
    min_bars = 10
    warmup = 10
    at: int = 0
    def on_bar(self, view, memory):
        calls = (memory or 0) + 1
        if calls == self.at:
            os.kill(os.getpid(), signal.SIGINT)
        return Target(0.2 if calls % 20 < 10 else 0.0), calls
"""


def test_an_interrupted_replay_keeps_what_there_is(run, capsys, tmp_path):
    """The part is what a run on data up to there gives, and it is not stored."""
    data = write_market(tmp_path / "SOL-USD_1h.csv")
    (tmp_path / "own.py").write_text(INTERRUPTED)
    asked = ("--strategy", f"{tmp_path}/own.py:Own", "--data", data, "--risk", "none")
    code, part = run(*asked, "--set", "at=150")
    assert code == 130
    assert part["data"]["interrupted"] is True
    assert part["data"]["data"][0]["bars"] == 159
    assert "not stored" in part["warnings"][0]
    assert store.run_ids(root()) == []
    _, whole = run(*asked, "--to", "2022-01-07T15:00", "--no-checks")
    assert whole["data"]["result"] == part["data"]["result"]
    assert whole["data"]["result"]["fills"] > 5
    code, out, _ = call(capsys, "backtest", *asked, "--set", "at=150")
    assert code == 130
    assert "PARTIAL: interrupted after the bar at 2022-01-07T14:00:00.000Z" in out
    assert "Next: " in out


class NoReader(io.TextIOBase):
    """A pipe whose reader has gone."""

    def __init__(self, descriptor):
        self._descriptor = descriptor

    def write(self, text):
        raise BrokenPipeError

    def fileno(self):
        return self._descriptor


def code_of(*words):
    try:
        return main(words)
    except SystemExit as error:  # rich's, where it is a table that nobody reads
        return error.code


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("again", [False, True])
def test_files_are_written_though_nobody_reads_what_is_printed(
    tmp_path, monkeypatch, capsys, form, again
):
    files = {flag: tmp_path / flag for flag in ("trades", "fills", "equity", "report")}
    flags = [part for flag, path in files.items() for part in (f"--{flag}", str(path))]
    asked = list(DEMO)
    if again:
        assert call(capsys, "backtest", *DEMO)[0] == 0
        asked = ["--reproduce", "last"]
    with (tmp_path / "pipe").open("w") as pipe, monkeypatch.context() as unread:
        unread.setattr(sys, "stdout", NoReader(pipe.fileno()))
        assert code_of("backtest", *asked, *flags, *form) == 1
    assert all(path.stat().st_size for path in files.values())
    assert len(store.run_ids(root())) == 1
