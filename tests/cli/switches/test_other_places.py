# ruff: noqa: F811 - a fixture that is imported
"""A session is operated from any folder and environment; its profile is found by its path."""

import os
from pathlib import Path

import pytest

from tests.cli.account.test_account import HOLD, call, exchange  # noqa: F401 - a fixture
from tests.cli.switches.test_kill import REST

PROFILE = "extends: canary\ninterval: 1m\nproducts: [BTC-USD]\n"


@pytest.fixture
def by_path(exchange, capsys, tmp_path, monkeypatch):
    """Begin a session under a profile that is named by its path; return the profile."""
    home = tmp_path / "mine"
    home.mkdir()
    (home / "profile_by_path.yaml").write_text(PROFILE)
    monkeypatch.chdir(home)
    hold = [one if one != "canary" else "./profile_by_path.yaml" for one in HOLD]
    assert call(capsys, *hold)[0] == 0
    return home / "profile_by_path.yaml"


def go_elsewhere(tmp_path, monkeypatch):
    """Be in another folder, with another environment, as cron and systemd are."""
    away = tmp_path / "away"
    away.mkdir()
    monkeypatch.chdir(away)
    monkeypatch.delenv("GPT_TRADER_STATE_DIR")
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(away))


@pytest.mark.parametrize("words", [[], ["-p", "profile_by_path"], ["-p", "./profile_by_path.yaml"]])
def test_every_command_finds_the_session_and_its_profile(
    by_path,
    exchange,
    capsys,
    tmp_path,
    monkeypatch,
    words,
):
    go_elsewhere(tmp_path, monkeypatch)
    for command in (
        ["kill"],
        ["rearm", "--by", "ann", "--reason", "looked"],
        ["pause"],
        ["resume"],
        ["status"],
        ["account", "reconcile"],
        ["orders", "list"],
    ):
        code, found = call(capsys, *command, *words)
        assert code == 0, (command, found["error"])
    if words:
        assert call(capsys, "account", "balances", *words)[0] == 0


def test_a_profile_that_is_gone_keeps_nobody_from_killing(by_path, exchange, capsys):
    place = [*REST[:5], str(by_path), *REST[6:]]
    bid = exchange.books.touch["BTC-USD"][0]
    limit = format(bid * 9 // 10, "f") + ".00"
    sized = ["--size", "0.0002", "--type", "limit", "--price", limit]
    assert call(capsys, *place, *sized)[0] == 0
    [order] = exchange.books.orders.values()
    by_path.unlink()
    assert call(capsys, "kill", "-p", "profile_by_path")[0] == 0
    assert order.status == "CANCELLED"


def test_another_state_folder_that_is_named_is_meant(by_path, capsys, tmp_path):
    code, found = call(capsys, "kill", "-p", "profile_by_path", "--state-dir", str(tmp_path / "no"))
    assert (code, found["error"]["code"]) == (2, "USAGE")


def test_a_session_of_money_is_not_hidden_by_another(by_path, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_STATE_DIR", str(tmp_path / "other"))
    assert call(capsys, "run", "-p", "dev", "--once")[0] == 0
    code, found = call(capsys, "kill")
    assert (code, found["error"]["message"]) == (2, "which session?")
    assert Path(os.environ["GPT_TRADER_STATE_DIR"]) / "dev" / "HALT" not in tmp_path.rglob("HALT")
