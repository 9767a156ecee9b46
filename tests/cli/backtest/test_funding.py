"""Funding: paid where it belongs, by the strategy and by what it is compared with alike."""

import json
from decimal import Decimal

import pytest

from gpt_trader.cli.main import main
from tests.market_files import rows_of, walk

HOLD = ("--strategy", "buy_and_hold", "--order-style", "taker", "--risk", "none")
DAYS = 360


@pytest.fixture
def run(capsys):
    def call(*args):
        code = main([*map(str, args), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def market(folder, name, rate, n=DAYS):
    """A file of a market that falls by a sixth, with one funding_rate in every row."""
    closes = walk(n, drift=-0.0005, seed=8)
    lines = [f"{','.join(row)},{rate}" for row in rows_of(closes)]
    path = folder / f"{name}_1d.csv"
    path.write_text("\n".join(["time,open,high,low,close,volume,funding_rate", *lines]) + "\n")
    return path


def test_holding_a_perpetual_never_beats_holding_it(run, tmp_path):
    code, found = run("backtest", *HOLD, "--data", market(tmp_path, "BTC-PERP", -0.002))
    data = found["data"]
    result = data["result"]
    assert code == 0
    assert result["buy_hold_return_pct"] == pytest.approx(result["return_pct"], abs=0.5)
    assert data["assessment"]["verdict"] != "PASS"
    paid = {
        name: Decimal(result[f"{name}_paid"]) for name in ("fees", "spread_slippage", "funding")
    }
    assert paid["funding"] < -5_000
    assert Decimal(result["gross_pnl"]) - sum(paid.values()) == Decimal(result["net_pnl"])
    assert Decimal(result["gross_pnl"]) < 0


def test_funding_has_a_line(capsys, tmp_path):
    path = market(tmp_path, "BTC-PERP", -0.002)
    assert main(["backtest", *HOLD, "--data", str(path), "--report", str(tmp_path / "r.html")]) == 0
    [line] = [one for one in capsys.readouterr().out.splitlines() if one.startswith("funding")]
    assert "+" in line
    assert "Funding brought" in (tmp_path / "r.html").read_text()
    assert main(["backtest", *HOLD, "--data", str(market(tmp_path, "BTC-PERP", 0))]) == 0
    assert "\nfunding" not in capsys.readouterr().out


@pytest.mark.parametrize("engine", ["fast", "replay"])
def test_spot_pays_no_funding_and_it_is_said(run, tmp_path, engine):
    path = market(tmp_path, "BTC-USD", -0.002)
    code, found = run("backtest", *HOLD, "--engine", engine, "--data", path)
    _, plain = run("backtest", *HOLD, "--data", market(tmp_path, "BTC-USD", 0))
    assert code == 0
    assert any("BTC-USD is no perpetual: its funding_rate is left out" in w
               for w in found["warnings"])  # fmt: skip
    assert found["data"]["result"] == plain["data"]["result"]
    assert found["data"]["result"]["funding_paid"] == "0.00"


def test_spot_pays_none_in_a_search_or_from_the_store_either(run, tmp_path):
    path = market(tmp_path, "BTC-USD", -0.002)
    grid = ("--strategy", "sma_cross", "--grid", "fast=3:5:1", "--set", "slow=9")
    code, found = run("optimize", *grid, "--data", path)
    assert code == 0
    assert any("no perpetual" in w for w in found["warnings"])
    code, found = run("data", "import", path)
    assert code == 0
    assert "no perpetual" in json.dumps(found)
    code, found = run("backtest", *HOLD, "--data", "BTC-USD", "--interval", "1d")
    assert code == 0
    assert found["data"]["result"]["funding_paid"] == "0.00"


def test_a_spec_may_call_it_a_perpetual(run, tmp_path):
    path = market(tmp_path, "BTC-USD", -0.002)
    spec = ("--product-spec", "is_perpetual=true")
    _, found = run("backtest", *HOLD, "--data", path, *spec)
    assert Decimal(found["data"]["result"]["funding_paid"]) < -5_000


def test_a_rate_of_a_whole_position_is_refused_with_its_row(run, tmp_path):
    code, found = run("backtest", *HOLD, "--data", market(tmp_path, "BTC-PERP", 1))
    assert code == 7
    assert "line 2" in found["error"]["message"] or "row" in found["error"]["message"]
    assert "funding_rate within 4% an hour" in found["error"]["message"]
    code, found = run("data", "check", market(tmp_path, "BTC-PERP", 1))
    assert code == 7


def test_rates_that_read_like_percent_are_told(run, tmp_path):
    code, found = run("backtest", *HOLD, "--data", market(tmp_path, "BTC-PERP", 0.03))
    assert code == 0
    assert any("comes to 1,095% a year" in w for w in found["warnings"])
