"""Bars that no market may have made: told by `data check` and by the run, and never a PASS."""

import json

import pytest

from gpt_trader.cli.main import main
from tests.market_files import rows_of, walk, write_rows

CROSS = ("--strategy", "sma_cross", "--set", "fast=3", "--set", "slow=8")


def high_wick(rows):
    rows[88][2] = f"{10 * float(rows[88][2]):.2f}"


def level_shift(rows):
    for row in rows[88:]:
        row[1:5] = [f"{10 * float(price):.2f}" for price in row[1:5]]


def no_trades(rows):
    for row in rows:
        row[5] = "0"


def gap_with_a_jump(rows):
    for row in rows[112:]:
        row[1:5] = [f"{3 * float(price):.2f}" for price in row[1:5]]
    del rows[104:112]


def stuck(rows):
    for i in range(120, 130):
        rows[i][1:] = rows[119][1:]


@pytest.mark.parametrize(
    "change, kind",
    [
        (high_wick, "highs or lows far from all around them"),
        (level_shift, "jumps to another level"),
        (gap_with_a_jump, "jumps across missing bars"),
        (no_trades, "bars without trades"),
        (stuck, "repeats of the bar before"),
    ],
)
def test_bars_in_doubt_are_told_and_never_pass(capsys, tmp_path, change, kind):
    path = write_rows(tmp_path / "BTC-USD_1d.csv", rows_of(walk(200)), change)
    assert main(["data", "check", str(path), "--json"]) == 0
    (checked,) = json.loads(capsys.readouterr().out)["data"]["checked"]
    (found,) = [one for one in checked["findings"] if one["kind"] == kind]
    assert found["weight"] == "doubt"
    assert main(["backtest", *CROSS, "--data", str(path), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert found in data["checks"]["data"][0]["findings"]
    assert data["assessment"]["verdict"] != "PASS"
    assert main(["optimize", *CROSS[:2], "--grid", "fast=2,3", "--data", str(path), "--json"]) == 0
    search = json.loads(capsys.readouterr().out)["data"]
    assert found in search["checks"]["data"][0]["findings"]
    assert search["verdict"]["word"] != "PASS"
    if search["verdict"]["word"] == "NOT PROVEN":
        assert kind in search["verdict"]["reasons"][0]


def test_a_series_that_ends_early_is_told(capsys, tmp_path):
    files = [
        write_rows(tmp_path / "BTC-USD_1d.csv", rows_of(walk(60))),
        write_rows(tmp_path / "ETH-USD_1d.csv", rows_of(walk(40, seed=5))),
    ]
    args = [f"--data={path}" for path in files]
    assert main(["backtest", "--strategy", "buy_and_hold", *args, "--json"]) == 0
    btc, eth = json.loads(capsys.readouterr().out)["data"]["checks"]["data"]
    assert [one["kind"] for one in btc["findings"]] == []
    (ended,) = eth["findings"]
    assert (ended["kind"], ended["count"]) == ("bars missing at its end, which others have", 20)
