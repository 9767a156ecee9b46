"""`gpt-trader why`: one decision in full, many in brief."""

import json

import pytest

from tests.session_helpers import CROSS, call, write_market


@pytest.fixture
def session(capsys, tmp_path):
    data = write_market(tmp_path / "SOL-USD_1h.csv", n=200)
    assert call(capsys, "-q", "run", "-p", "dev", *CROSS, "--data", data)[0] == 0


def decisions(capsys, *args):
    code, out, err = call(capsys, "why", "SOL-USD", *args, "--json")
    assert code == 0, err
    return json.loads(out)["data"]


def test_every_bar_is_explained(session, capsys):
    data = decisions(capsys, "--last", "500")
    assert data["bars"] == len(data["decisions"]) == 181
    assert sum(data["actions"].values()) == 181
    for one in data["decisions"]:
        assert one["reasons"][0]["code"]
        assert any(r["code"].startswith("CONDITION") for r in one["reasons"])
        assert len(one["guards"]) == 11


def test_an_order_comes_with_its_fills_and_outcome(session, capsys):
    bought = [d for d in decisions(capsys, "--last", "500")["decisions"] if d["action"] == "buy"]
    filled = next(d for d in bought if d["outcome"] == "FILLED")
    assert filled["fills"][0]["client_order_id"] == filled["order"]["client_order_id"]
    assert filled["fills"][0]["time"] > filled["bar_time"]
    code, out, _ = call(capsys, "why", "sol/usd", "--at", filled["bar_time"])
    assert code == 0
    for words in ("SMA(5) > SMA(20)", "PASS", "daily_loss", "BUY: ENTER", "fill ", "FILLED"):
        assert words in out


def test_a_time_within_a_bar_means_that_bar(session, capsys):
    (one,) = decisions(capsys, "--at", "2022-01-03T04:59:59Z")["decisions"]
    assert one["bar_time"] == "2022-01-03T04:00:00.000Z"


def test_the_history_counts_the_holds(session, capsys):
    code, out, _ = call(capsys, "why", "SOL-USD", "--last", "72")
    assert code == 0
    assert "of 72 bars held: " in out
    assert "Next: gpt-trader why SOL-USD --at " in out


@pytest.mark.parametrize(
    "args, words",
    [
        (("BTC-USD",), "it trades SOL-USD"),
        (("SOL-USD", "--at", "2030-01-01"), "bars were decided from 2022-01-01T19:00"),
        (("SOL-USD", "--at", "2021-01-01"), "bars were decided from"),
    ],
)
def test_what_was_not_decided_is_said_with_what_was(args, words, session, capsys):
    code, _, err = call(capsys, "why", *args)
    assert code == 2
    assert words in err
