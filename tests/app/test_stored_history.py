"""Stored bars as history: backtest, optimize and run read them as they read files."""

import json
from pathlib import Path

import pytest

from gpt_trader.cli.main import main
from gpt_trader.data.resample import resample
from gpt_trader.data.store.store import Store, write
from gpt_trader.data.synthetic import synthetic_market

HOUR = 3_600_000
STRATEGY = ("--strategy", "sma_cross", "--set", "fast=5", "--set", "slow=20")


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Return a store with 2,000 hours of BTC-USD."""
    monkeypatch.setenv("GPT_TRADER_DATA_DIR", str(tmp_path / "market"))
    store = Store(tmp_path / "market")
    (bars,) = synthetic_market(seed=3, products=["BTC-USD"], n_bars=2_000, interval_ms=HOUR)
    write(store, bars, [], "test")
    return store, bars


def run(capsys, *args):
    code = main([*args])
    out, err = capsys.readouterr()
    return code, out, err


def document(capsys, *args):
    code, out, _ = run(capsys, *args, "--json")
    return code, json.loads(out)


def as_file(path: Path, bars) -> Path:
    rows = [
        f"{bar.open_ms},{','.join(str(bars.product.price(t)) for t in bar[2:6])},{bar.volume!r}"
        for bar in map(bars.bar, range(len(bars)))
    ]
    path.write_text("\n".join(["time,open,high,low,close,volume", *rows]))
    return path


def test_a_stored_product_is_backtested_as_its_file_is(capsys, stored, tmp_path):
    file = as_file(tmp_path / "BTC-USD.csv", stored[1])
    code, one = document(capsys, "backtest", *STRATEGY, "--data", "BTC-USD", "-i", "1h")
    assert code == 0
    _, other = document(capsys, "backtest", *STRATEGY, "--data", str(file))
    assert one["data"]["result"] == other["data"]["result"]
    assert one["data"]["data"] == other["data"]["data"]
    assert one["data"]["data"][0]["coverage_pct"] > 99.0


def test_longer_bars_are_made_of_the_stored_ones_and_it_is_said(capsys, stored):
    code, found = document(capsys, "backtest", *STRATEGY, "--data", "BTC-USD", "-i", "4h")
    assert code == 0
    assert found["data"]["data"][0]["bars"] == len(resample(stored[1], 4 * HOUR))
    assert found["data"]["assessment"]["robustness"]["phases"]["count"] == 4
    assert found["data"]["assessment"]["sensitivity"]["late"]["bar_ms"] == HOUR
    assert found["data"]["detail"] == []
    assert "BTC-USD: 4h bars from 1h ones" in found["warnings"]


def test_a_profile_without_data_reads_the_store(capsys, stored):
    code, found = document(
        capsys, "backtest", "-p", "spot", "--set", "products=BTC-USD", "--to", "2024-03-01"
    )
    assert code == 0
    assert [one["product"] for one in found["data"]["data"]] == ["BTC-USD"]
    assert found["data"]["data"][0]["last"] < "2024-03-01"


def test_what_is_not_stored_exits_7_with_the_way_to_get_it(capsys, stored):
    code, _, err = run(capsys, "backtest", *STRATEGY, "--data", "ETH-USD", "-i", "1h")
    assert code == 7
    assert "no 1h bars of ETH-USD" in err
    assert "gpt-trader data pull ETH-USD --interval 1h" in err


def test_a_run_is_reproduced_after_more_was_stored(capsys, stored):
    store, bars = stored
    code, found = document(capsys, "backtest", *STRATEGY, "--data", "BTC-USD", "-i", "1h")
    assert code == 0
    write(store, later(bars), [], "more")
    code, out, _ = run(capsys, "backtest", "--reproduce", found["data"]["run_id"])
    assert code == 0
    assert "identical" in out


def later(bars):
    from dataclasses import replace

    tail = bars[-50:]
    return replace(tail, time=tail.time + 200 * HOUR)


def test_too_many_holes_are_refused_unless_told(capsys, stored, tmp_path):
    bars = stored[1]
    holed = bars[[i for i in range(len(bars)) if i % 4]]
    file = as_file(tmp_path / "ETH-USD.csv", holed)
    code, _, err = run(capsys, "backtest", *STRATEGY, "--data", str(file))
    assert code == 7
    assert "of the bars of" in err
    assert "--min-coverage 7" in err
    code, found = document(
        capsys, "backtest", *STRATEGY, "--data", str(file), "--min-coverage", "50"
    )
    assert code == 0
    assert found["data"]["data"][0]["coverage_pct"] == pytest.approx(75.0, abs=1.0)


def test_a_session_runs_on_stored_bars(capsys, stored):
    code, out, _ = run(
        capsys, "run", "-p", "dev", "--data", "BTC-USD", "--set", "interval=1h",
        "--set", "products=BTC-USD", "--cycles", "3",
    )  # fmt: skip
    assert code == 0
    assert "3 cycles" in out


def test_an_optimization_runs_on_stored_bars(capsys, stored):
    code, found = document(
        capsys, "optimize", "--strategy", "sma_cross", "--data", "BTC-USD", "-i", "1h",
        "--grid", "fast=5,10", "--grid", "slow=20,40", "--folds", "2",
    )  # fmt: skip
    assert code == 0
    assert found["ok"]


def test_a_product_cannot_come_from_two_places(capsys, stored, tmp_path):
    file = as_file(tmp_path / "BTC-USD.csv", stored[1][:30])
    code, _, err = run(capsys, "backtest", *STRATEGY, "--data", "BTC-USD", "--data", str(file))
    assert code == 2
    assert "BTC-USD has two sources, the data store and" in err
