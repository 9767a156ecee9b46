"""`gpt-trader optimize` as a user meets it: numbers, the map, the page, interrupts, mistakes."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gpt_trader import optimize
from gpt_trader.cli.main import main
from gpt_trader.cli.optimize.view import map_lines
from gpt_trader.optimize.heatmap import HeatMap
from gpt_trader.optimize.page import html
from gpt_trader.optimize.space import Axis
from gpt_trader.strategy.sma_cross import SmaCross
from tests.market_files import rows_of, walk, write_rows
from tests.optimize.markets import GRID, TERMS, cycle

DEMO = ("--demo", "--strategy", "sma_cross", "--set", "synthetic.bars=900")
SMALL = (*DEMO, "--grid", "fast=5:15:5", "--grid", "slow=10,20,40")


def run(capsys, *args):
    code = main(["optimize", *args])
    out, err = capsys.readouterr()
    return code, out, err


def data_of(text):
    found = json.loads(text)["data"]
    del found["timing"]
    return found


def test_the_document_says_what_the_text_says(capsys):
    code, out, _ = run(capsys, *SMALL, "--json")
    assert code == 0
    document = json.loads(out)
    assert document["ok"]
    data = document["data"]
    assert data["grid"]["points"] == 9
    assert data["grid"]["impossible"] == 2
    assert list(data)[:4] == ["search_id", "label", "verdict", "walk_forward"]
    assert len(data["walk_forward"]["folds"]) == 5
    assert data["luck"]["trials"] == 7
    assert data["verdict"]["word"] in {"LOSES", "NOT PROVEN"}
    assert [p["possible"] for p in data["points"]].count(False) == 2
    code, out, _ = run(capsys, *SMALL)
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "sma_cross: fast 3 x slow 3 on BTC-USD, ETH-USD, SOL-USD"
    assert "7 points, 2 impossible (expected fast < slow" in lines[1]
    first = [line.split("  ")[0] for line in lines if line]
    assert first.index("out of sample") < next(
        i for i, line in enumerate(first) if line.startswith("best 7 points")
    )
    chosen = data["chosen"]["params"]
    sets = " ".join(f"--set {name}={value}" for name, value in chosen.items())
    assert lines[-1].startswith("Next: gpt-trader backtest --strategy sma_cross ")
    assert lines[-1].endswith(f" {sets} --demo")


@pytest.mark.parametrize(
    "args, code, said",
    [
        (DEMO, 2, "which parameters are to be searched"),
        ((*DEMO, "--grid", "fast=9:5:1"), 2, "START <= STOP"),
        ((*DEMO, "--grid", "taker_bps=0:100:10"), 2, "not a search variable"),
        ((*DEMO, "--grid", "risk.max_drawdown_pct=5,50"), 2, "not a search variable"),
        ((*DEMO, "--grid", "fast=60:90:10"), 2, "no point of the grid is possible"),
        ((*DEMO, "--grid", "fast=1:900:1", "--grid", "slow=2:900:1"), 2, "809,100 points"),
        ((*DEMO, "--grid", "fast=5,10", "--set", "fast=7"), 2, "by --grid and by --set"),
        ((*DEMO, "--grid", "fast=5,10", "--folds", "0"), 2, "1 or more"),
        ((*DEMO, "--grid", "fast=5,10", "--folds", "90"), 2, "days leave"),
        (("--demo", "--strategy", "nothing", "--grid", "a=1,2"), 2, "unknown strategy"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line_and_a_hint(capsys, args, code, said):
    found, out, err = run(capsys, *args)
    assert found == code
    assert out == ""
    assert said in err
    assert "Traceback" not in err


def test_a_page_that_is_refused_takes_nothing_of_the_search(capsys):
    code, out, err = run(capsys, *SMALL, "--report", "/dev/full")
    assert code == 1
    assert "Next: " in out
    assert "error: cannot write /dev/full: No space left on device" in err
    code, out, _ = run(capsys, *SMALL, "--report", "/dev/full", "--json")
    document = json.loads(out)
    assert (code, document["ok"]) == (1, False)
    assert document["data"]["search_id"]


def test_the_page_is_self_contained_and_small(capsys, tmp_path):
    page = tmp_path / "search.html"
    assert run(capsys, *SMALL, "--report", str(page))[0] == 0
    text = page.read_text()
    assert len(text) < 100_000
    assert text.count("<title>fast=") == 7
    for outside in ("http:", "https:", "src=", "url(", "<script", "<link"):
        assert outside not in text.replace('xmlns="http:', "")
    assert "synthetic: says nothing about profit" in text


def test_the_page_names_every_point_and_both_pictures():
    text = html(optimize(cycle(120, 1), SmaCross, GRID, **TERMS))
    assert text.count("<svg") == 3
    assert text.count('stroke-width="3"') == 1, "the chosen point is framed"


def test_the_map_has_a_row_a_value_the_highest_on_top():
    values = np.array([[0.0, 1.0], [np.nan, -1.0]])
    found = HeatMap(Axis("fast", (5, 10)), Axis("slow", (20, 150)), values, (), (0, 1))
    plain = [line.plain for line in map_lines(found, color=False)]
    assert plain == ["slow", "150   ··", " 20 ▒▒><", "    5 10  fast"]
    colored = list(map_lines(found, color=True))
    backgrounds = [str(span.style) for span in colored[2].spans]
    assert len(backgrounds) == 2
    assert all(" on #" in one for one in backgrounds)


@pytest.mark.parametrize("grid", ["fast=5", "fast=490,495"])
def test_one_point_and_none_that_traded_have_no_map(capsys, tmp_path, grid):
    page = tmp_path / "search.html"
    slow = ("--set", "slow=899") if "490" in grid else ()
    code, out, _ = run(capsys, *DEMO, *slow, "--grid", grid, "--report", str(page))
    assert code == 0
    assert "no map: fewer than two points have a score" in out
    assert "><" not in out
    assert "No map: fewer than two points" in page.read_text()
    assert "heat map" not in page.read_text()


def test_nothing_is_said_on_stderr_where_it_is_no_terminal(capsys):
    assert run(capsys, *SMALL)[2] == ""


INTERRUPT = """
import signal, sys
from gpt_trader.optimize import search
told = search._Told.done
def done(self, i, row, count=[0]):
    told(self, i, row)
    count[0] += 1
    if count[0] == 4:
        signal.raise_signal(signal.SIGINT)
search._Told.done = done
from gpt_trader.cli.main import main
sys.argv = ["gpt-trader", *sys.argv[1:]]
sys.exit(main(sys.argv[1:]))
"""


def test_an_interrupted_search_goes_on_to_the_same_document(tmp_path):
    args = ["optimize", *SMALL, "--check-seed", "1", "--json", "--state-dir"]

    def child(*command):
        return subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, check=False
        )

    stopped = child("-c", INTERRUPT, *args, str(tmp_path / "a"))
    assert stopped.returncode == 130
    error = json.loads(stopped.stdout)["error"]
    assert (error["code"], stopped.stderr) == ("INTERRUPTED", "")
    assert error["message"] == "stopped: 4 of 7 points are done and kept"
    assert error["hint"] == f"go on with: gpt-trader {' '.join(args)} {tmp_path / 'a'}"
    resumed = child("-m", "gpt_trader.cli.main", *args, str(tmp_path / "a"))
    whole = child("-m", "gpt_trader.cli.main", *args, str(tmp_path / "b"))
    assert json.loads(resumed.stdout)["data"]["timing"]["kept"] == 4
    assert json.loads(whole.stdout)["data"]["timing"]["kept"] == 0
    assert json.dumps(data_of(resumed.stdout)) == json.dumps(data_of(whole.stdout))
    assert Path(tmp_path / "a" / "optimize").is_dir()


def test_every_point_is_a_trial_and_counted_once(capsys):
    first = json.loads(run(capsys, *SMALL, "--json")[1])["data"]["luck"]
    assert (first["trials"], first["earlier"]) == (7, 0)
    again = json.loads(run(capsys, *SMALL, "--json")[1])["data"]["luck"]
    assert again == first
    wider = json.loads(run(capsys, *SMALL, "--set", "weight=0.5", "--json")[1])["data"]["luck"]
    assert (wider["trials"], wider["earlier"]) == (14, 7)


PROFILE = """
strategy: sma_cross
params: {slow: 12, weight: 0.8125}
products: [BTC-USD]
interval: 1d
"""


def test_the_next_command_is_the_points_own_run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "BTC 1.csv", rows_of(walk(200)))
    (tmp_path / "own.yaml").write_text(PROFILE)
    flags = [
        *("-p", "own.yaml", "--data", "BTC-USD=BTC 1.csv", "--state-dir", "state dir"),
        *("--from", "2024-02-01", "--to", "2024-07-01", "--risk", "none", "--cash", "2500"),
        *("--taker-bps", "10", "--maker-bps", "5", "--spread-bps", "0.5", "--slippage-bps", "1"),
        *("--order-style", "taker", "--touch-fills", "--latency-bars", "1", "--folds", "1"),
        *("--product-spec", "base_increment=0.01", "--set", "params.slow=9", "--min-coverage", "5"),
        *("--impact", "0.1", "--participation", "0.5"),
    ]
    code, out, _ = run(capsys, *flags, "--grid", "fast=3,5", "--grid", "weight=0.87654321")
    assert code == 0
    *_, command = [line for line in out.splitlines() if line]
    words = shlex.split(command.removeprefix("Next: gpt-trader "))
    assert main([*words, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)["data"]
    (row,) = [line for line in out.splitlines() if line.strip().startswith(best_of(words))]
    assert again["result"]["fills"] > 0
    assert row.rstrip().endswith(f"{again['result']['return_pct']:,.2f} %")
    assert again["risk"] is None


def best_of(words):
    given = dict(text.split("=") for text in words if text.startswith(("fast=", "weight=")))
    return f"fast={given['fast']} weight={given['weight']} "
