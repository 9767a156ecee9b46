# ruff: noqa: F811 - a fixture that is imported
"""A profile whose key was changed to one of another portfolio: its sessions are told apart."""

import os
from pathlib import Path

import pytest

from gpt_trader.cli.main import main
from gpt_trader.runtime.halt import HALT
from gpt_trader.runtime.session import hold, locks_of, read_header
from tests.cli.account.test_account import HOLD, RUN, call, exchange  # noqa: F401 - a fixture

ONE, TWO = "11111111-2222-4333-8444-555555555555", "22222222-2222-4333-8444-555555555555"


@pytest.fixture
def root(exchange, capsys):
    """Hold something in one portfolio; return the folder of sessions."""
    assert call(capsys, *RUN)[0] == 0
    return Path(os.environ["GPT_TRADER_STATE_DIR"])


def use_key_of(exchange, monkeypatch, portfolio):
    name, secret = exchange.new_key(portfolio=portfolio)
    monkeypatch.setenv("COINBASE_API_KEY", name)
    monkeypatch.setenv("COINBASE_API_SECRET", secret)


def said(capsys):
    """Run a cycle; return what it says beside its data."""
    assert main(HOLD[1:]) == 0
    return capsys.readouterr().err


def lies(found):
    return Path(found["data"]["journal"]["path"]).resolve().parent.name


def test_a_profile_is_the_session_that_it_ran_last(root, exchange, capsys, monkeypatch):
    use_key_of(exchange, monkeypatch, TWO)
    assert call(capsys, *HOLD)[0] == 0
    assert lies(call(capsys, "status", "-p", "canary")[1]) == TWO
    use_key_of(exchange, monkeypatch, ONE)
    assert call(capsys, *HOLD)[0] == 0
    assert lies(call(capsys, "status", "-p", "canary")[1]) == ONE
    assert not list(root.glob(".canary*"))


def test_what_a_profile_left_in_another_portfolio_is_said(root, exchange, capsys, monkeypatch):
    assert "looks after" not in said(capsys)
    use_key_of(exchange, monkeypatch, TWO)
    for _ in range(2):
        told = said(capsys)
        assert "and canary left " in told
        assert f"-USD in portfolio {ONE}, which nobody looks after" in told
    checks = call(capsys, "doctor", "-p", "canary")[1]["data"]["checks"]
    [found] = [one for one in checks if one["name"] == "other portfolio"]
    assert found["state"] == "warning"
    assert f"portfolio {ONE}, which nobody looks after" in found["detail"]


def test_a_profile_is_the_session_that_runs_whatever_was_begun_since(
    root, exchange, capsys, monkeypatch
):
    use_key_of(exchange, monkeypatch, TWO)
    assert call(capsys, *HOLD)[0] == 0
    one, two = (root / ONE).resolve(), (root / TWO).resolve()
    with hold(locks_of(read_header(one), one), one):
        found = call(capsys, "status", "-p", "canary")[1]
        assert (lies(found), found["data"]["running"] is None) == (ONE, False)
        call(capsys, "watchdog", "--once", "-p", "canary")
        call(capsys, "kill", "-p", "canary")
        assert (one / HALT).exists()
        assert not (two / HALT).exists()
        with hold(locks_of(read_header(two), two), two):
            code, told = call(capsys, "kill", "-p", "canary")
            assert (code, told["error"]["hint"]) == (2, f"-p NAME: {ONE}, {TWO}")
            assert lies(call(capsys, "status", "-p", TWO)[1]) == TWO


def test_a_profile_that_was_simulated_before_is_the_session_that_it_ran_last(
    exchange, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    profile = tmp_path / "mine.yaml"
    profile.write_text("extends: dev\n")
    assert call(capsys, "run", "-p", "./mine.yaml", "--once")[0] == 0
    assert lies(call(capsys, "status", "-p", "mine")[1]) == "mine"
    profile.write_text("extends: canary\n")
    money = ["./mine.yaml" if one == "canary" else one for one in HOLD]
    assert call(capsys, *money)[0] == 0
    assert lies(call(capsys, "status", "-p", "mine")[1]) == ONE
    profile.write_text("extends: dev\n")
    assert call(capsys, "run", "-p", "./mine.yaml", "--once")[0] == 0
    assert lies(call(capsys, "status", "-p", "mine")[1]) == "mine"
