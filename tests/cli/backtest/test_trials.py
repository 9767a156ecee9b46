"""`gpt-trader backtest` counts what is tried, and says so when the count is not whole."""

import json
import os
from pathlib import Path

import pytest

from gpt_trader.cli.main import main


@pytest.fixture
def tried(capsys):
    """Run a demo with a parameter; return what the assessment says of trials."""

    def call(fast):
        flags = ["--demo", "--strategy", "sma_cross", "--set", f"fast={fast}", "--json"]
        assert main(["backtest", *flags]) == 0
        found = json.loads(capsys.readouterr().out)["data"]["assessment"]
        return found["inference"]["trials"], found["inference"]["trials_note"]

    return call


def test_each_trial_counts_once_and_a_lost_ledger_is_said(tried):
    assert [tried(fast) for fast in (20, 21, 20)] == [(1, None), (2, None), (2, None)]
    ledger = Path(os.environ["GPT_TRADER_STATE_DIR"]) / "trials.jsonl"
    assert len(ledger.read_text().splitlines()) == 2
    ledger.unlink()
    count, note = tried(22)
    assert count == 1
    assert note.startswith("trials before 20")
    assert note.endswith(" unknown")


def test_a_ledger_that_cannot_be_written_does_not_fail_the_run(tried):
    (Path(os.environ["GPT_TRADER_STATE_DIR"]) / "trials.jsonl").mkdir()
    assert tried(20) == (1, "the ledger of trials cannot be read (Is a directory)")
