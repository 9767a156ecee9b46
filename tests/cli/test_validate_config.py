import json

import pytest

from gpt_trader.cli.main import main


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def document(capsys):
    return json.loads(capsys.readouterr().out)


def test_every_value_is_shown_with_its_origin(capsys):
    assert main(["validate-config", "-p", "dev", "--set", "risk.max_gross_pct=50"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.split()}
    assert "default" in lines["risk.max_product_pct"]
    assert "dev.yaml:9" in lines["interval"]
    assert "flag --set risk.max_gross_pct" in lines["risk.max_gross_pct"]


def test_json_carries_values_and_origins(capsys, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_CASH", "77.10")
    assert main(["validate-config", "--json"]) == 0
    data = document(capsys)["data"]
    assert data["profile"] == "dev"
    assert data["values"]["cash"] == "77.10"
    assert data["origins"]["cash"] == "env GPT_TRADER_CASH"
    assert data["values"]["products"] == ["BTC-USD", "ETH-USD", "SOL-USD"]


def test_the_profile_comes_from_the_environment_unless_named(capsys, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_PROFILE", "paper")
    assert main(["validate-config", "--json"]) == 0
    assert document(capsys)["data"]["profile"] == "paper"
    assert main(["validate-config", "-p", "dev", "--json"]) == 0
    assert document(capsys)["data"]["profile"] == "dev"


@pytest.mark.parametrize("profile", ["spot", "paper", "observe", "canary"])
def test_what_needs_coinbase_says_so(profile, capsys):
    assert main(["validate-config", "-p", profile, "--json"]) == 0
    found = document(capsys)
    assert found["data"]["needs_coinbase"]
    trades = profile in ("spot", "canary")
    assert any("trades money" in warning for warning in found["warnings"]) == trades


def test_prod_without_an_alert_sink_is_refused(capsys, monkeypatch):
    assert main(["validate-config", "-p", "prod"]) == 3
    assert "GPT_TRADER_ALERTS__WEBHOOK_URL" in capsys.readouterr().err
    monkeypatch.setenv("GPT_TRADER_ALERTS__WEBHOOK_URL", "https://alerts.example/hunter2")
    assert main(["validate-config", "-p", "prod", "--json"]) == 0
    assert main(["validate-config", "-p", "prod"]) == 0
    out = capsys.readouterr().out
    assert "https://alerts.example/..." in out
    assert "hunter2" not in out


@pytest.mark.parametrize(
    "setting, words, code",
    [
        ("fast=0", "fast", 3),
        ("fsat=3", "fast", 3),
        ("fast=500", "slow", 3),
        ("strategy=sma_cros", "sma_cross", 3),
        ("risk.max_gross_pct=0", "risk.max_gross_pct", 2),  # no profile could hold it: misuse
        ("risk.max_gros_pct=9", "max_gross_pct", 2),
        ("cash=lots", "cash", 2),
    ],
)
def test_a_bad_setting_names_itself(setting, words, code, capsys):
    assert main(["validate-config", "-p", "dev", "--set", setting]) == code
    err = capsys.readouterr().err
    assert words in err
    assert f"flag --set {setting.partition('=')[0]}" in err


def test_a_bad_profile_shows_the_line_and_a_caret(tmp_path, capsys):
    text = "strategy: hold\nproducts: [BTC-USD]\nrisk:\n  max_daly_loss_pct: 3\n"
    (tmp_path / "x.yaml").write_text(text)
    assert main(["validate-config", "-p", "x.yaml"]) == 3
    assert capsys.readouterr().err == (
        "error: x.yaml:4:3: unknown key risk.max_daly_loss_pct\n"
        "    max_daly_loss_pct: 3\n"
        "    ^\n"
        "hint: did you mean max_daily_loss_pct?\n"
    )
    assert main(["validate-config", "-p", "x.yaml", "--json"]) == 3
    error = document(capsys)["error"]
    assert error == {
        "code": "CONFIG",
        "message": "unknown key risk.max_daly_loss_pct",
        "hint": "did you mean max_daily_loss_pct?",
        "where": "x.yaml:4:3",
    }


def test_a_wrong_parameter_in_a_route_is_named_at_its_line(tmp_path, capsys):
    text = "routes:\n- strategy: sma_cross\n  products: [BTC-USD]\n  params: {fast: 0}\n"
    (tmp_path / "x.yaml").write_text(text)
    assert main(["validate-config", "-p", "x.yaml", "--json"]) == 3
    assert document(capsys)["error"]["where"] == "x.yaml:4:18"


def test_several_mistakes_are_all_named(tmp_path, capsys):
    (tmp_path / "x.yaml").write_text("mode: lvie\nrisk: {a: 1}\n")
    assert main(["validate-config", "-p", "x.yaml"]) == 3
    err = capsys.readouterr().err
    assert err.startswith("error: 4 problems in the configuration\n")
    assert main(["validate-config", "-p", "x.yaml", "--json"]) == 3
    message = document(capsys)["error"]["message"]
    assert "x.yaml:1:7" in message
    assert "x.yaml:2:8" in message


def test_explain_says_what_a_key_is_for(capsys):
    assert main(["validate-config", "--explain", "risk.max_product_pct", "--json"]) == 0
    assert document(capsys)["data"] == {
        "key": "risk.max_product_pct",
        "meaning": "most of equity in one product",
        "allowed": "number > 0, <= 100",
        "default": "25",
        "value": "25",
        "origin": "default",
    }
    assert main(["validate-config", "--explain", "risk.max_product"]) == 2
    assert "did you mean risk.max_product_pct?" in capsys.readouterr().err


@pytest.mark.parametrize("profile", ["nope", "nope.yaml", ""])
def test_an_unknown_profile_ends_with_3(profile, capsys):
    assert main(["validate-config", "-p", profile]) == 3
    assert "profile" in capsys.readouterr().err


def test_credentials_are_named_and_never_shown(capsys, monkeypatch):
    monkeypatch.setenv("COINBASE_API_KEY", "hunter1")
    assert main(["validate-config", "-p", "spot"]) == 3
    monkeypatch.setenv("COINBASE_API_SECRET", "hunter2")
    assert main(["validate-config", "-p", "spot", "--json"]) == 0
    assert main(["validate-config", "-p", "spot"]) == 0
    out, err = capsys.readouterr()
    assert "hunter" not in out + err
    assert "COINBASE_API_KEY and COINBASE_API_SECRET in the environment" in out


def test_costs_below_the_worst_tier_are_called_out(capsys):
    assert main(["validate-config", "-p", "dev", "--set", "costs.taker_bps=10", "--json"]) == 0
    assert "flattered" in document(capsys)["warnings"][0]


@pytest.mark.parametrize(
    "name",
    [
        "GPT_TRADER_RISK_MAX_DAILY_LOSS_PCT",
        "GPT_TRADER_MAX_DAILY_LOSS_PCT",
        "gpt_trader_risk__max_daily_loss_pct",
    ],
)
def test_a_limit_that_is_misspelt_in_the_environment_is_never_the_default(
    name, monkeypatch, capsys
):
    monkeypatch.setenv(name, "1")
    assert main(["validate-config", "-p", "dev", "--json"]) == 3
    said = "".join(capsys.readouterr())
    assert name in said
    assert "GPT_TRADER_RISK__MAX_DAILY_LOSS_PCT" in said
