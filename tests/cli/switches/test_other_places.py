# ruff: noqa: F811 - a fixture that is imported
"""A session is operated from any folder and environment; its profile is found by its path."""

import os
import shutil
from pathlib import Path

import pytest

from gpt_trader.runtime.halt import HALT
from gpt_trader.runtime.lock import known_folders, portfolio_lock, user_lock_dir
from gpt_trader.runtime.session import JOURNAL, hold, locks_of, read_header
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


READS = [
    *(["account", one] for one in ("snapshot", "balances", "fees", "permissions", "limits")),
    ["account", "portfolios"],
    ["orders", "history"],
    ["orders", "fills"],
    ["orders", "preview", "BTC-USD", "buy", "--value", "5"],
]


@pytest.mark.parametrize("read", READS, ids=" ".join)
@pytest.mark.parametrize("words", [[], ["-p", "profile_by_path"]], ids=["alone", "by name"])
def test_an_account_is_read_for_a_session_in_another_folder(by_path, capsys, tmp_path, read, words):
    state = str(tmp_path / "elsewhere")
    hold = [str(by_path) if one == "canary" else one for one in HOLD]
    assert call(capsys, *hold, "--state-dir", state)[0] == 0
    code, found = call(capsys, *read, *words, "--state-dir", state)
    assert code == 0, found["error"]


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


RISKS = [
    ["rearm", "--by", "ann", "--reason", "looked"],
    ["resume"],
    ["account", "settle", "BTC-USD", "--by", "ann", "--reason", "x", "--yes"],
    [*REST[:4], *REST[6:], "--size", "0.0002"],
]


def test_a_simulation_that_has_ended_hides_no_session_of_money(
    by_path, capsys, tmp_path, monkeypatch
):
    monkeypatch.setenv("GPT_TRADER_STATE_DIR", str(tmp_path / "other"))
    assert call(capsys, "run", "-p", "dev", "--once")[0] == 0
    simulated = Path(os.environ["GPT_TRADER_STATE_DIR"]) / "dev"
    for command in (["status"], ["pause"], ["kill"]):
        code, found = call(capsys, *command)
        assert code == 0, (command, found["error"])
    assert (one_of_money() / HALT).exists()
    assert not (simulated / HALT).exists()
    for command in RISKS:
        code, found = call(capsys, *command)
        assert (code, found["error"]["message"]) == (2, "which session?"), command
    with hold(locks_of(read_header(simulated), simulated), simulated):  # it runs: it may be meant
        code, found = call(capsys, "kill")
        assert (code, found["error"]["message"]) == (2, "which session?")


def one_of_money():
    [folder] = known_folders(user_lock_dir(os.getuid()))
    return folder


@pytest.mark.parametrize("lies", ["there", "unreadable"])
def test_two_sessions_that_may_hold_money_are_never_guessed_between(
    by_path, capsys, tmp_path, lies
):
    other = tmp_path / "1f2c9c1e-1111-4222-8333-444455556666"
    other.mkdir()
    with portfolio_lock(user_lock_dir(os.getuid()), other.name, other):
        pass
    if lies == "unreadable":
        (other / JOURNAL).write_bytes(b"this was a journal" * 1000)
    code, found = call(capsys, "kill")
    assert (code, found["error"]["message"]) == (2, "which session?")
    shutil.rmtree(other)
    assert not (one_of_money() / HALT).exists()
    assert call(capsys, "kill")[0] == 0, "a folder that is gone stands in nobody's way"


def test_of_simulations_the_one_that_runs_is_meant(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("extends: dev\n")
    for profile in ("dev", "./mine.yaml"):
        assert call(capsys, "run", "-p", profile, "--once")[0] == 0
    assert call(capsys, "status")[1]["error"]["message"] == "which session?"
    folder = Path(os.environ["GPT_TRADER_STATE_DIR"]) / "mine"
    with hold(locks_of(read_header(folder), folder), folder):
        code, found = call(capsys, "status")
        assert (code, Path(found["data"]["journal"]["path"]).parent) == (0, folder)


def test_two_sessions_of_one_name_are_told_apart_by_their_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GPT_TRADER_STATE_DIR", str(tmp_path / "neither"))
    for number, root in enumerate(("one", "two")):
        lies = tmp_path / root / f"{number}f2c9c1e-1111-4222-8333-444455556666"
        lies.mkdir(parents=True)
        (lies.parent / "spot").symlink_to(lies)
        with portfolio_lock(user_lock_dir(os.getuid()), lies.name, lies):
            pass
    code, found = call(capsys, "kill", "-p", "spot")
    assert (code, found["error"]["message"]) == (2, "which session spot?")
    assert found["error"]["hint"] == f"--state-dir DIR: {tmp_path / 'one'}, {tmp_path / 'two'}"
    call(capsys, "kill", "-p", "spot", "--state-dir", str(tmp_path / "one"))
    assert len(list(tmp_path.rglob("HALT"))) == 1
