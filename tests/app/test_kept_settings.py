"""How a session's settings are found again when something is in the way."""

import pytest

from gpt_trader.app.kept_settings import kept_settings


@pytest.mark.parametrize("name", ["GPT_TRADER_RISK_MAX_DAILY_LOSS_PCT", "GPT_TRADER_RISK__NO_KEY"])
def test_a_wrong_variable_keeps_nobody_from_the_exchange(name, monkeypatch):
    monkeypatch.setenv(name, "1")
    monkeypatch.setenv("GPT_TRADER_COINBASE__KEY_FILE", "k.json")
    monkeypatch.setenv("GPT_TRADER_ALERTS__WEBHOOK_URL", "https://pager.example/x")
    settings = kept_settings(None, "canary").settings
    assert settings.profile == "canary"
    assert settings.access.key_file == "k.json"
    assert settings.alerts.webhook_url == "https://pager.example/x"
