"""`gpt-trader status`: money at risk, positions with stops, orders, halts, what is next."""

import json

import pytest

from gpt_trader.cli.status import _following, _key, _unseen
from gpt_trader.runtime.live.alive import ALIVE, Alive
from gpt_trader.runtime.session import hold, locks_of, read_header
from tests.session_helpers import call, write_market


@pytest.fixture
def data(tmp_path):
    return write_market(tmp_path / "SOL-USD_1h.csv", n=200)


def status(capsys, *args):
    code, out, err = call(capsys, "status", *args, "--json")
    assert code == 0, err
    return json.loads(out)["data"]


def test_a_position_shows_its_stop(capsys, data):
    flags = ("run", "-p", "dev", "--strategy", "breakout", "--data", data)
    for _ in range(60):
        assert call(capsys, "-q", *flags, "--cycles", "2")[0] == 0
        now = status(capsys)
        if now["positions"]:
            break
    (held,) = now["positions"]
    assert held["product"] == "SOL-USD"
    assert float(held["stop"]) < float(held["average_price"])
    assert now["simulated_at_risk"] == held["value"]
    assert now["money_at_risk"] == "0.00"
    assert "stop " + held["stop"] in call(capsys, "status")[1]


def test_it_shows_the_next_bar_and_the_journal(capsys, data):
    call(capsys, "-q", "run", "-p", "dev", "--data", data, "--cycles", "3")
    now = status(capsys)
    assert now["running"] is None
    assert now["ended"] is False
    assert now["next_bar"] > now["last_bar"]
    assert now["next_close"] > now["next_bar"], "then it is decided"
    assert f"closes {now['next_close']}" in call(capsys, "status")[1]
    assert now["last_close_age_s"] == 0.0, "of a market of the past"
    assert now["journal"]["entries"] > 3
    assert len(now["journal"]["head"]) == 64
    call(capsys, "-q", "run", "-p", "dev", "--data", data)
    now = status(capsys)
    assert (now["ended"], now["next_bar"], now["next_close"]) == (True, None, None)
    assert "the data has ended" in call(capsys, "status")[1]


def test_the_only_session_is_meant_unless_there_are_two(capsys, data, tmp_path):
    call(capsys, "-q", "run", "-p", "dev", "--data", data, "--once")
    profile = tmp_path / "mine.yaml"
    profile.write_text("extends: dev\n")
    call(capsys, "-q", "run", "-p", profile, "--data", data, "--once")
    code, _, err = call(capsys, "status")
    assert code == 2
    assert "--profile NAME: dev, mine" in err
    assert status(capsys, "-p", str(profile))["profile"] == "mine"


def test_a_run_that_died_and_one_that_hangs_are_shown(capsys, data, tmp_path):
    state = tmp_path / "state"
    call(capsys, "-q", "run", "-p", "dev", "--data", data, "--once", "--state-dir", state)
    where = ("-p", "dev", "--state-dir", state)
    now = status(capsys, *where)
    assert (now["running"], now["hangs"], now["silent_s"]) == (None, False, None)
    (state / "dev" / ALIVE).write_text("another-boot 00000000.0")
    now = status(capsys, *where)
    assert (now["hangs"], now["silent_s"] > 0) == (False, True)
    assert "the last run did not end in good order" in call(capsys, "status", *where)[1]
    Alive(state / "dev").fail("the key is refused")
    assert " s ago: the key is refused\n" in call(capsys, "status", *where)[1]
    with hold(locks_of(read_header(state / "dev"), state / "dev"), state / "dev"):
        now = status(capsys, *where)
        assert (now["running"] is not None, now["hangs"]) == (True, True)
        assert "HANGS" in call(capsys, "status", *where)[1]
        Alive(state / "dev").touch()
        now = status(capsys, *where)
        assert (now["hangs"], now["silent_s"] < 5.0) == (False, True)
        assert "HANGS" not in call(capsys, "status", *where)[1]


RUNS = {"running": "process 1", "broker": "coinbase", "reconciled": "2026-01-01T00:00:00.000Z"}


@pytest.mark.parametrize(
    "changed, said",
    [
        ({"reconciled_age_s": 61.0}, []),
        ({"reconciled_age_s": None}, []),  # this machine's clock is behind
        ({"reconciled_age_s": 71.0}, ["the account was last seen in line 71 s ago"]),
        ({"reconciled_age_s": 600.0}, ["the account was last seen in line 10 min ago"]),
        ({"reconciled_age_s": 600.0, "running": None}, []),
        ({"reconciled_age_s": 600.0, "broker": "paper"}, []),
        (
            {"reconciled_age_s": None, "reconciled": None},
            ["the account has not been seen in line: only exits until it is"],
        ),
    ],
)
def test_a_bot_that_does_not_see_its_account_is_shown(changed, said):
    assert [text for _, text in _unseen(RUNS | changed)] == said


@pytest.mark.parametrize(
    "late_s, running, said",
    [
        (0.0, "process 1", "closes T"),
        (15.0, "process 1", "closes T"),
        (16.0, "process 1", "closed T, 16 s ago: nobody has told it"),
        (600.0, None, "closed T, 10 min ago: nobody runs"),
    ],
)
def test_a_bar_that_is_overdue_is_not_said_to_close(late_s, running, said):
    bars = {"next_close": "T", "next_close_overdue_s": late_s, "running": running}
    assert _following(bars) == said


def test_a_pause_shows_until_it_is_lifted(capsys, data):
    call(capsys, "-q", "run", "-p", "dev", "--data", data, "--once")
    assert call(capsys, "pause", "--by", "me")[0] == 0
    assert status(capsys)["paused"] is True
    assert "PAUSED" in call(capsys, "status")[1]
    assert call(capsys, "resume")[0] == 0
    assert status(capsys)["paused"] is False


def test_a_key_that_is_refused_is_a_row():
    assert _key(None) == []
    assert _key("403 Forbidden") == [("KEY", "no order and no cancel is taken: 403 Forbidden")]
