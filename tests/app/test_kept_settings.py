"""How a session's settings are found again when something is in the way."""

import pytest

from gpt_trader.app.kept_session import KeptSession
from gpt_trader.app.kept_settings import kept_settings
from gpt_trader.app.watchdog import _page
from tests.observe.test_notify import service

KEY, PAGER = "GPT_TRADER_COINBASE__KEY_FILE", "GPT_TRADER_ALERTS__WEBHOOK_URL"
WRONG = [
    ("GPT_TRADER_RISK_MAX_DAILY_LOSS_PCT", "1"),
    ("GPT_TRADER_RISK__NO_KEY", "1"),
    ("GPT_TRADER_COINBASE__PRIVATE_REQUESTS_PER_S", "many"),
    ("GPT_TRADER_COINBASE__NO_KEY", "1"),
    ("GPT_TRADER_COINBASE__REST_URL", "no address"),
    ("GPT_TRADER_ALERTS__HEARTBEAT_S", "-1"),
]


@pytest.fixture
def right(monkeypatch):
    monkeypatch.setenv(KEY, "k.json")
    monkeypatch.setenv(PAGER, "https://pager.example/x")


@pytest.mark.parametrize("profile", ["canary", "nowhere"])
@pytest.mark.parametrize("name, value", WRONG)
def test_a_wrong_variable_is_left_out_and_the_others_hold(right, profile, name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    settings, doubts = kept_settings(None, profile)
    assert settings.profile == ("canary" if profile == "canary" else "")
    assert settings.access.key_file == "k.json"
    assert settings.alerts.webhook_url == "https://pager.example/x"
    matters = profile == "canary" or "RISK" not in name
    assert any(one.startswith(f"left out: env {name}: ") for one in doubts) is matters


def test_a_wrong_address_of_the_owner_keeps_nobody_from_the_exchange(right, tmp_path, monkeypatch):
    profile = tmp_path / "mine.yaml"
    profile.write_text("extends: spot\nalerts:\n  required: true\n")
    monkeypatch.setenv(PAGER, "no address")
    settings, doubts = kept_settings(None, str(profile))
    assert (settings.profile, settings.access.key_file) == ("mine", "k.json")
    assert settings.alerts.webhook_url is None
    assert len(doubts) == 1


def test_all_that_is_wrong_is_left_out(right, monkeypatch):
    for name, value in WRONG:
        monkeypatch.setenv(name, value)
    settings, doubts = kept_settings(None, "canary")
    assert (settings.profile, settings.access.key_file) == ("canary", "k.json")
    assert len(doubts) == len(WRONG)


@pytest.mark.parametrize("text", [b"\xff\xfe", b"mode: [", b"mode: alive"])
def test_a_profile_that_says_nothing_leaves_the_environment(right, tmp_path, text):
    profile = tmp_path / "mine.yaml"
    profile.write_bytes(text)
    settings, doubts = kept_settings(None, str(profile))
    assert settings.access.key_file == "k.json"
    assert "no profile can be read" in doubts[-1]


def test_a_page_goes_out_whatever_else_is_wrong(tmp_path, monkeypatch):
    with service() as (address, asked):
        monkeypatch.setenv(PAGER, address)
        for name, value in WRONG:
            monkeypatch.setenv(name, value)
        _page(KeptSession(tmp_path, None, None, ""), None, 31.0, "2 are left open")
    [(_, document)] = asked
    assert "silent for 31 s: 2 are left open; " in document["text"]
    assert "left out: env GPT_TRADER_COINBASE__REST_URL" in document["text"]
