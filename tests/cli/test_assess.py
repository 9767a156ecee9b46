"""`gpt-trader assess`: the judgement of a file from elsewhere."""

import json

import numpy as np
import pytest

from gpt_trader.cli.main import main
from tests.market_files import rows_of, walk, write_rows


@pytest.fixture
def curve(tmp_path):
    moves = np.random.default_rng(1).normal(0.003, 0.01, 300)
    days = np.datetime64("2024-01-01") + np.arange(300)
    lines = [
        f"{day},{worth:.2f}" for day, worth in zip(days, 1e4 * np.cumprod(1 + moves), strict=True)
    ]
    path = tmp_path / "curve.csv"
    path.write_text("\n".join(["Date,Equity", *lines]) + "\n")
    return path


def run(capsys, *args):
    code = main(["assess", *map(str, args), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_an_equity_curve_beside_its_market(capsys, curve, tmp_path):
    market = write_rows(tmp_path / "BTC-USD_1d.csv", rows_of(walk(300)))
    code, found = run(capsys, curve, "--trials", "3", "--data", market)
    data = found["data"]
    assert code == 0
    assert (data["kind"], data["rows"], data["market"]) == ("equity", 300, ["BTC-USD"])
    assert data["verdict"] == "NOT PROVEN"
    assert data["inference"]["trials"] == 3
    assert data["baselines"]["buy_hold_return_pct"] is not None
    assert data["result"]["sharpe"] > 1


def test_it_is_told_in_words(capsys, curve):
    assert main(["assess", str(curve)]) == 0
    out = capsys.readouterr().out
    assert "Verdict: NOT PROVEN (untested data)" in out
    assert "Sharpe ratio" in out
    assert "state it with --trials" in out


def test_trades_that_a_backtest_wrote(capsys, tmp_path):
    trades = tmp_path / "trades.csv"
    words = ["backtest", "--demo", "--strategy", "sma_cross", "--risk", "none", "--close-at-end"]
    assert main([*words, "--trades", str(trades), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)["data"]["result"]["return_pct"]
    code, found = run(capsys, trades, "--cash", "10000")
    assert code == 0
    assert found["data"]["result"]["return_pct"] == pytest.approx(made)
    assert any("only what trades made is known" in one for one in found["warnings"])


@pytest.mark.parametrize(
    "args, code",
    [(["none.csv"], 7), (["--data", "BTC-USD"], 2), (["--trials", "0"], 2)],
)
def test_bad_input(capsys, curve, args, code):
    words = args if args[0].endswith(".csv") else [str(curve), *args]
    assert main(["assess", *words]) == code
    assert capsys.readouterr().err


def test_a_backtests_own_curve_has_its_numbers(capsys, tmp_path):
    market = write_rows(tmp_path / "BTC-USD_1d.csv", rows_of(walk(200)))
    equity = tmp_path / "equity.csv"
    words = ["backtest", "--data", str(market), "--strategy", "sma_cross", "--risk", "none"]
    words += ["--set", "fast=2", "--set", "slow=5", "--equity", str(equity), "--json"]
    assert main(words) == 0
    made = json.loads(capsys.readouterr().out)["data"]["result"]
    _, found = run(capsys, equity, "--data", market)
    same = ("return_pct", "cagr_pct", "sharpe", "sortino", "max_drawdown_pct", "max_drawdown_days")
    told = found["data"]["result"]
    assert {name: told[name] for name in same} == pytest.approx({n: made[n] for n in same})
    beside = found["data"]["baselines"]["buy_hold_return_pct"]
    assert f"{beside:.2f}" == f"{made['buy_hold_return_pct']:.2f}"


@pytest.mark.parametrize(
    "last, said", [("100", "It made nothing."), ("99.99", "It lost less than 0.1 %."),
                   ("99.9", "It lost 0.1 %."), ("50", "It lost 50.0 %.")],
)  # fmt: skip
def test_a_flat_curve_did_not_lose(capsys, tmp_path, last, said):
    path = tmp_path / "flat.csv"
    path.write_text(f"time,equity\n2024-01-01,100\n2024-01-02,100\n2024-01-03,{last}\n")
    _, found = run(capsys, path)
    assert found["data"]["verdict"] == "LOSES"
    assert found["data"]["reasons"][0] == said


def test_a_curve_beyond_all_money_keeps_the_table_narrow(capsys, tmp_path):
    path = tmp_path / "wild.csv"
    rows = [f"2024-01-{i:02},{10.0 ** (2 * i)}" for i in range(1, 20)]
    path.write_text("\n".join(["time,equity", *rows]) + "\n")
    assert main(["assess", str(path)]) == 0
    head = capsys.readouterr().out.partition("Verdict")[0]
    assert "1.0e+38 %" in head
    assert max(len(line.rstrip()) for line in head.splitlines()) <= 80
