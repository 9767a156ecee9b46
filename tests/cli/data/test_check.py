"""`gpt-trader data check`, as a user calls it."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from gpt_trader.cli.main import main
from gpt_trader.data.files.export import write_file
from gpt_trader.data.store.store import Store, write
from gpt_trader.data.synthetic import synthetic_market
from tests.store_helpers import no_one_grid

HOUR = 3_600_000
REAL = Path(os.environ.get("GPT_TRADER_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_DATA_DIR", str(tmp_path / "market"))
    found = Store(tmp_path / "market")
    for bars in synthetic_market(
        seed=4, products=["BTC-USD", "ETH-USD"], n_bars=2_000, interval_ms=HOUR
    ):
        there = bars[np.flatnonzero((np.arange(len(bars)) < 900) | (np.arange(len(bars)) >= 950))]
        write(found, there, [(int(bars.time[0]), int(bars.time[-1]) + HOUR)], "coinbase")
    return found


def run(capsys, *args):
    code = main(["data", "check", *map(str, args)])
    out, err = capsys.readouterr()
    return code, out, err


def test_stored_series_with_their_gaps(capsys, store):
    code, out, _ = run(capsys)
    assert code == 0
    assert "BTC-USD 1h: " in out
    assert "ETH-USD 1h: " in out
    assert "50 bars, 2.08 days: venue outage" in out
    code, out, _ = run(capsys, "BTC-USD", "-i", "1h", "--json")
    (one,) = json.loads(out)["data"]["checked"]
    assert one["ok"]
    assert one["missing"]["venue outage"] >= 50
    assert len(one["strip"]) == 64
    assert one["coverage_pct"] < 98.0


def test_a_corrupt_month_is_named_and_the_rest_is_checked(capsys, store):
    path = min(store.root.rglob("BTC-USD/1h/*.parquet"))
    path.write_bytes(path.read_bytes()[:500])
    code, out, _ = run(capsys)
    assert code == 7
    assert f"CORRUPT  {path}" in out
    assert "Next: gpt-trader data repair BTC-USD --interval 1h" in out
    assert "ETH-USD 1h: " in out
    there = ("--data-dir", str(store.root))
    code, out, _ = run(capsys, *there)
    assert f"Next: gpt-trader data repair BTC-USD --interval 1h --data-dir {store.root}" in out
    empty = ("--data-dir", str(store.root / "none"))
    assert main(["data", "list", *empty]) == 0
    assert f"--since 1y --data-dir {store.root / 'none'}" in capsys.readouterr().out


def test_a_picture(capsys, store, tmp_path):
    code, _, _ = run(capsys, "BTC-USD", "--strip", tmp_path / "gaps.svg")
    assert code == 0
    assert (tmp_path / "gaps.svg").read_text().startswith("<svg")
    code, _, err = run(capsys, "--strip", tmp_path / "gaps.svg")
    assert code == 7
    assert "draws one series, 2 can be drawn" in err


def test_a_bad_file_is_counted_row_by_row(capsys, store, tmp_path):
    file = tmp_path / "BTC-USD_1h.csv"
    file.write_text(
        "time,open,high,low,close,volume\n"
        "0,5,6,4,5,1\n3600,5,4,6,5,1\n3600,5,6,4,5,1\n7200,-5,6,4,5,1\n"
    )
    code, out, _ = run(capsys, file)
    assert code == 7
    assert "FAULT  1 duplicate times, first 1970-01-01T01:00 in row 3" in out
    assert "FAULT  1 not high >= low, first 1970-01-01T01:00 in row 2" in out
    assert "FAULT  1 not a positive number as open" in out


def test_a_clean_file_is_clean(capsys, store, tmp_path):
    (bars,) = synthetic_market(seed=4, products=["BTC-USD"], n_bars=100, interval_ms=HOUR)
    write_file(tmp_path / "x.csv", bars)
    code, out, _ = run(capsys, tmp_path / "x.csv")
    assert code == 0
    assert "100.00 % there" in out


def test_bars_of_the_future_are_named(capsys, store, tmp_path):
    (bars,) = synthetic_market(
        seed=4, products=["BTC-USD"], n_bars=100, interval_ms=HOUR, start_ms=7_258_118_400_000
    )
    write_file(tmp_path / "x.csv", bars)
    code, out, _ = run(capsys, tmp_path / "x.csv")
    assert code == 0
    assert "100 bars that close after now, first 2200-01-01" in out


@pytest.mark.parametrize(
    "args, code, words",
    [
        (["SOL-USD"], 7, "nothing of SOL-USD is stored"),
        (["none.csv"], 7, "none.csv does not exist"),
        (["BTC-USD", "-i", "3m"], 2, "expected a bar interval"),
        (["--data-dir", "nowhere"], 7, "nothing to check in"),
        (["--strip", "no/such/folder/x.svg"], 2, "no/such/folder"),
    ],
)
def test_bad_input(capsys, store, args, code, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, _, err = run(capsys, *args)
    assert (found, words in err) == (code, True), err


@pytest.mark.skipif(not REAL.is_dir(), reason="no real market data here")
def test_the_real_days_have_the_gaps_they_have(capsys):
    code, out, _ = run(capsys, REAL / "BTC-USD_1d_2014-12_2018-08.csv", "--json")
    (one,) = json.loads(out)["data"]["checked"]
    assert (code, len(one["gaps"]), max(g["bars"] for g in one["gaps"])) == (0, 8, 20)
    code, out, _ = run(capsys, REAL / "BTC-PERP_1m_2022-01.csv.gz", "--json")
    assert json.loads(out)["data"]["checked"][0]["gaps"] == []


def test_the_list_goes_on_beside_a_corrupt_month(capsys, store):
    path = min(store.root.rglob("BTC-USD/1h/*.parquet"))
    path.write_bytes(b"")
    assert main(["data", "list"]) == 0
    out, err = capsys.readouterr()
    assert "ETH-USD" in out
    assert f"{path} is corrupt" in err


def test_a_series_that_cannot_be_read_is_named_and_the_rest_is_checked(capsys, store):
    no_one_grid(store)
    for args in ((), ("LUNA-USD",)):
        code, out, _ = run(capsys, *args)
        assert code == 7
        assert "FAULT  1 that cannot be read: prices of LUNA-USD are too high" in out
        assert ("ETH-USD 1h: " in out) == (not args)


def funded(path, rate):
    (bars,) = synthetic_market(seed=4, products=["BTC-USD"], n_bars=400, interval_ms=HOUR)
    write_file(path, bars)
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([f"{header},funding_rate", *(f"{row},{rate}" for row in rows)]))
    return path


@pytest.mark.parametrize("name", ["BTC-PERP_1h.csv", "BTC-USD_1h.csv", "perpetual.csv"])
def test_what_a_column_of_funding_says_is_judged_whatever_the_name_is(capsys, tmp_path, name):
    code, out, _ = run(capsys, funded(tmp_path / name, 0.01))
    assert (code, "doubt  400 funding that no market asks" in out) == (0, True)
    foreign = "400 rates of funding, judged as a perpetual's; left out of what is not" in out
    assert foreign == (name != "BTC-PERP_1h.csv")
    for rate in (0.00001, 0.0):
        assert "funding that" not in run(capsys, funded(tmp_path / name, rate))[1]
    assert "rates of funding" not in run(capsys, funded(tmp_path / name, 0.0))[1]
    code, out, _ = run(capsys, funded(tmp_path / name, 0.5))
    assert (code, "not a funding_rate within 4% an hour" in out) == (7, True)
