"""A sealed holdout on the command line and in the library."""

import json

import pytest

from gpt_trader import backtest, load_bars
from gpt_trader.cli.main import main
from gpt_trader.domain.times import format_time
from gpt_trader.errors import ValidationGateError
from gpt_trader.strategy.registry import create
from tests.market_files import rows_of, walk, write_rows

CROSS = ("--strategy", "sma_cross", "--set", "fast=3", "--set", "slow=8")
AFTER = ("--sealed-after", "2024-08-01")


@pytest.fixture
def market(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return write_rows(tmp_path / "BTC-USD_1d.csv", rows_of(walk(300, drift=0.004)))


@pytest.fixture
def run(capsys):
    def call(*args):
        code = main([*map(str, args), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def test_nothing_is_read_behind_the_seal_until_one_run_opens_it(run, market):
    code, found = run("backtest", *CROSS, *AFTER, "--data", market)
    assert code == 0
    assert found["data"]["data"][0]["last"] == "2024-07-31T00:00:00.000Z"
    held_out = found["data"]["assessment"]["holdout"]
    assert (held_out["after"][:10], held_out["opened"]) == ("2024-08-01", None)

    code, found = run("backtest", *CROSS, "--data", market)
    assert (code, found["error"]["code"]) == (8, "VALIDATION")
    grid = ("--strategy", "sma_cross", "--grid", "fast=3:5:1", "--set", "slow=9")
    code, found = run("optimize", *grid, "--data", market)
    assert code == 8
    code, found = run("optimize", *grid, *AFTER, "--data", market)
    assert code == 0, found["error"]

    code, found = run("backtest", *CROSS, "--unseal", "--data", market)
    assert code == 0
    data = found["data"]
    held_out = data["assessment"]["holdout"]
    assert held_out["opened"] is not None
    assert held_out["days"] == 87
    assert data["assessment"]["robustness"]["ladder"][-1]["filled"] == "on the sealed days"
    assert "sealed days" not in data["undeclared"]
    code, found = run("backtest", "--reproduce", data["run_id"])
    assert code == 0

    code, found = run("backtest", "--strategy", "momentum", "--unseal", "--data", market)
    assert code == 8
    assert "they are no holdout any more" in found["error"]["message"]
    code, found = run("backtest", "--strategy", "momentum", "--data", market)
    assert code == 0
    assert "sealed days" in found["data"]["undeclared"]


def test_it_is_told_in_a_line(capsys, market):
    assert main(["backtest", *CROSS, *AFTER, "--data", str(market)]) == 0
    assert "sealed    the days from 2024-08-01 on: not read" in capsys.readouterr().out
    assert main(["backtest", *CROSS, "--unseal", "--data", str(market)]) == 0
    assert "sealed    the days from 2024-08-01 on, opened on" in capsys.readouterr().out


@pytest.mark.parametrize(
    "args, words",
    [
        (("--to", "2024-09-01"), "--to lies behind --sealed-after"),
        (("--from", "2024-09-01"), "--from lies behind --sealed-after"),
        (("--unseal",), "nothing is sealed from there on"),
    ],
)
def test_what_contradicts_the_seal_is_refused(run, market, args, words):
    code, found = run("backtest", *CROSS, *AFTER, *args, "--data", market)
    assert code == 2
    assert words in found["error"]["message"]


def test_the_library_is_held_to_it_too(run, market):
    run("backtest", *CROSS, *AFTER, "--data", market)
    bars = load_bars(market, product_id="BTC-USD").bars
    with pytest.raises(ValidationGateError, match="are sealed"):
        backtest(bars, create("momentum", {}))
    assert backtest(bars[:200], create("momentum", {})).metrics.fills >= 0


@pytest.fixture
def sealed(run, market):
    assert run("backtest", *CROSS, *AFTER, "--data", market)[0] == 0
    return market


REFUSED = "the days of BTC-USD from 2024-08-01 on are sealed"


@pytest.mark.parametrize(
    "command",
    [
        ("backtest", *CROSS),
        ("backtest", *CROSS, "--engine", "replay"),
        ("backtest", *CROSS, "--no-checks"),
        ("backtest", *CROSS, "--from", "2024-08-15"),
        ("optimize", "--strategy", "sma_cross", "--grid", "fast=3:5:1", "--set", "slow=9"),
        ("optimize", "--strategy", "sma_cross", "--grid", "fast=3:5:1", "--from", "2024-08-01"),
        ("run", "--profile", "dev", "--cycles", "2"),
        ("run", "--profile", "dev", "--cycles", "2", "--from", "2024-08-15"),
    ],
)
def test_every_command_that_reads_bars_stops_before_the_seal(run, capsys, sealed, command):
    assert main([*command, "--data", str(sealed), "--json"]) == 8
    assert REFUSED in capsys.readouterr().out
    capsys.readouterr()
    assert main([*command, "--data", str(other(sealed)), "--json"]) == 8  # the same bars
    assert REFUSED in capsys.readouterr().out


def other(market):
    return market.rename(market.with_name("XBT-USD_1d.csv"))


def test_a_seal_holds_in_the_data_store(run, sealed, tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_DATA_DIR", str(tmp_path / "store"))
    assert run("data", "import", sealed)[0] == 0
    code, found = run("backtest", *CROSS, "--data", "BTC-USD", "--interval", "1d")
    assert (code, found["error"]["message"][: len(REFUSED)]) == (8, REFUSED)


def test_a_record_of_another_tool_is_not_held_against_sealed_days(run, sealed, tmp_path):
    curve = tmp_path / "equity.csv"
    args = ("--to", "2024-08-01", "--data", sealed)
    assert run("backtest", *CROSS, *args, "--equity", curve)[0] == 0
    code, found = run("assess", curve, "--data", sealed)
    assert (code, found["error"]["message"][: len(REFUSED)]) == (8, REFUSED)
    assert run("assess", curve)[0] == 0


def test_a_run_from_before_the_seal_is_neither_repeated_nor_reported(run, market, tmp_path):
    code, before = run("backtest", *CROSS, "--data", market)
    assert code == 0
    assert run("backtest", *CROSS, *AFTER, "--data", market)[0] == 0
    for again in (
        ("--reproduce", before["data"]["run_id"]),
        (*CROSS, "--data", market),
    ):
        page = tmp_path / "page.html"
        code, found = run("backtest", *again, "--report", page)
        assert (code, found["error"]["message"][: len(REFUSED)]) == (8, REFUSED)
        assert not page.exists()


def test_what_is_opened_is_on_record_in_both_ledgers(run, sealed, tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_STATE_DIR", str(tmp_path / "state"))
    code, found = run("backtest", *CROSS, "--unseal", "--data", sealed)
    assert code == 0
    opened = found["data"]["assessment"]["holdout"]["opened"]
    for folder in ("state", "share/gpt-trader"):
        lines = (tmp_path / folder / "seals.jsonl").read_text().splitlines()
        last = json.loads(lines[-1])
        assert (last["product"], last["strategy"]) == ("BTC-USD", "sma_cross")
        assert opened == format_time(last["opened_ms"])
