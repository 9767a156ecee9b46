"""The same backtest gives the same bits: again, in another process, with another hash seed."""

import json
import os

import pytest

from tests.session_helpers import call, shell

ASKED = (
    "backtest", "--demo", "--set", "synthetic.bars=700", "--strategy", "ensemble",
    "--set", "members=sma_cross,breakout", "--set", "interval=1h",
    "--set", "risk.max_daily_loss_pct=1", "--taker-bps", "30", "--participation", "0.01",
)  # fmt: skip


def outcome(text, folder):
    """Everything a run wrote, without its timing."""
    document = json.loads(text)
    assert document["ok"], document["error"]
    assert document["data"]["result"]["fills"] > 10
    assert document["data"]["assessment"]["inference"]["return_pct"] is not None
    del document["data"]["timing"]
    return [document, *((folder / name).read_bytes() for name in ("fills.csv", "equity.csv"))]


def flags(folder, engine):
    folder.mkdir()
    files = ("--fills", folder / "fills.csv", "--equity", folder / "equity.csv")
    state = ("--state-dir", folder / "state")  # the record of other trials is part of a verdict
    return (*ASKED, "--check-seed", "1", "--engine", engine, *files, *state, "--json")


@pytest.mark.parametrize("engine", ["fast", "replay"])
def test_a_run_is_bit_identical_whoever_runs_it(engine, capsys, tmp_path):
    here = []
    for name in ("first", "again"):
        folder = tmp_path / name
        _, out, _ = call(capsys, *flags(folder, engine))
        here.append(outcome(out, folder))
    assert here[0] == here[1]
    folder = tmp_path / "elsewhere"
    env = os.environ | {"PYTHONHASHSEED": "2", "TZ": "Pacific/Kiritimati"}
    done = shell(*flags(folder, engine), env=env)
    assert outcome(done.stdout, folder) == here[0]


@pytest.mark.parametrize("change", [("--taker-bps", "30.1"), ("--set", "synthetic.seed=8")])
def test_another_run_is_not_the_same(change, capsys, tmp_path):
    """The comparison above would notice a difference."""
    one, other = tmp_path / "one", tmp_path / "other"
    _, out, _ = call(capsys, *flags(one, "fast"))
    _, different, _ = call(capsys, *flags(other, "fast"), *change)
    assert outcome(out, one)[1:] != outcome(different, other)[1:]
