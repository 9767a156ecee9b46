"""Coins of any price, in any currency: bought, counted, and judged beside a true buy and hold."""

import json

import pytest

from gpt_trader.cli.main import main
from tests.market_files import rows_of, walk, write_rows

CROSS = ("--strategy", "sma_cross", "--set", "fast=3", "--set", "slow=8")
HOLD = ("--strategy", "buy_and_hold", "--order-style", "taker")


@pytest.fixture
def run(capsys):
    def call(*args):
        code = main(["backtest", *map(str, args), "--json"])
        found = json.loads(capsys.readouterr().out)
        return code, (found["data"] or {}) | {"warnings": found["warnings"]}

    return call


def cheap(tmp_path, name, first=0.00015, decimals=7):
    closes = walk(120, first=first, drift=0.009)
    return write_rows(tmp_path / f"{name}_1d.csv", rows_of(closes, decimals=decimals))


def test_a_cheap_coin_has_a_true_buy_and_hold(run, tmp_path):
    code, data = run(*CROSS, "--data", cheap(tmp_path, "FLOKI-USD"))
    _, whole = run(
        *CROSS, "--data", cheap(tmp_path, "FLOKI-USD"), "--product-spec", "base_increment=1"
    )
    assert code == 0
    assert data["result"]["buy_hold_return_pct"] > 100
    assert data["result"] == whole["result"]
    assert data["assessment"]["verdict"] == whole["assessment"]["verdict"]


def test_a_coin_that_no_list_knows_is_counted_too(run, tmp_path):
    _, data = run(*CROSS, "--data", cheap(tmp_path, "NEWCOIN-USD"))
    assert data["result"]["buy_hold_return_pct"] > 100
    assert any("NEWCOIN-USD is not in the bundled grids" in note for note in data["warnings"])


def test_a_baseline_that_cannot_be_counted_is_null_and_no_pass(run, tmp_path):
    _, data = run(
        *CROSS, "--risk", "none", "--data", cheap(tmp_path, "FLOKI-USD"), "--product-spec",
        "base_increment=0.00000001",
    )  # fmt: skip
    assert data["result"]["buy_hold_return_pct"] is None
    assert data["assessment"]["baselines"]["vol_matched_return_pct"] is None
    assert data["assessment"]["verdict"] != "PASS"


def test_a_very_cheap_coin_is_bought_once(run, tmp_path):
    path = write_rows(tmp_path / "SHIB-USD_1d.csv", rows_of(walk(12, first=0.00001), decimals=8))
    _, data = run(*HOLD, "--data", path)
    assert data["result"]["fills"] == 1
    assert data["result"]["buy_hold_return_pct"] != 0


def test_a_product_quoted_in_bitcoin_needs_no_whole_bitcoin(run, tmp_path):
    path = write_rows(tmp_path / "ETH-BTC_1d.csv", rows_of(walk(60, first=0.05), decimals=5))
    _, data = run(*HOLD, "--data", path, "--cash", "0.5")
    assert data["result"]["fills"] == 1
    assert data["result"]["buy_hold_return_pct"] != 0


def test_a_grid_can_be_stated_for_one_product(run, tmp_path):
    shib = write_rows(tmp_path / "SHIB-USD_1d.csv", rows_of(walk(12, first=0.00001), decimals=8))
    btc = write_rows(tmp_path / "BTC-USD_1d.csv", rows_of(walk(12, first=42_000)))
    both = ("--data", shib, "--data", btc)
    _, plain = run(*HOLD, *both)
    _, stated = run(*HOLD, *both, "--product-spec", "SHIB-USD:base_increment=1")
    assert plain["result"]["fills"] == stated["result"]["fills"] == 2
    assert plain["decisions"]["refused"] == {}


def test_a_grid_of_a_product_without_a_file_is_an_error(run, tmp_path):
    path = write_rows(tmp_path / "BTC-USD_1d.csv", rows_of(walk(12)))
    code, _ = run(*HOLD, "--data", path, "--product-spec", "SHIB-USD:base_increment=1")
    assert code == 2


def test_a_schedule_in_dollars_is_said_of_another_currency(run, capsys, tmp_path):
    path = write_rows(tmp_path / "ETH-BTC_1d.csv", rows_of(walk(60, first=0.05), decimals=5))
    flags = ("--data", path, "--cash", "0.5", "--fee-tier", "simulated")
    _, data = run(*CROSS, *flags)
    said = "volume in BTC is taken as if it were in dollars"
    assert any(said in note for note in data["warnings"])
    search = ["optimize", *CROSS[:2], "--set", "fast=3", "--grid", "slow=8,9", *map(str, flags)]
    assert main([*search, "--json"]) == 0
    assert any(said in note for note in json.loads(capsys.readouterr().out)["warnings"])
