"""Stored runs: written whole or not at all, found by the beginning of their id."""

import json

import pytest

from gpt_trader.backtest import store
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.errors import DataError, StorageError, UsageError
from gpt_trader.strategy.sma_cross import SmaCross
from tests.uncounted import backtest


@pytest.fixture(scope="module")
def results():
    """Two small runs."""
    bars = synthetic_market(seed=1, products=["BTC-USD"], n_bars=300, interval_ms=3_600_000)
    return [backtest(bars, SmaCross(fast, 20), risk=None, self_check=False) for fast in (5, 8)]


def saved(root, result):
    run = store.record(result, result.to_json_dict(), {"files": {}})
    store.save(root, run, result.fills)
    return run


def test_a_run_comes_back_as_it_was_stored(results, tmp_path):
    run = saved(tmp_path, results[0])
    assert store.load(tmp_path, run.run_id) == (run, ())
    fills = store.load_fills(tmp_path, run)
    assert len(fills) > 3
    assert fills.tobytes() == results[0].fills.tobytes()
    assert fills.dtype == results[0].fills.dtype


def test_storing_a_run_again_replaces_its_record_and_leaves_nothing_else(results, tmp_path):
    saved(tmp_path, results[0])
    run = saved(tmp_path, results[0])
    assert store.run_ids(tmp_path) == [run.run_id]
    assert [path.name for path in (tmp_path / store.RUNS).iterdir()] == [run.run_id]
    assert sorted(p.name for p in (tmp_path / store.RUNS / run.run_id).iterdir()) == [
        "fills.npz",
        "run.json",
    ]


def test_a_run_is_found_by_a_beginning_or_as_the_last(results, tmp_path):
    first, second = (saved(tmp_path, one) for one in results)
    assert first.run_id != second.run_id
    assert store.find(tmp_path, first.run_id[:6].upper()) == first.run_id
    assert store.find(tmp_path, "last") == second.run_id
    assert store.run_ids(tmp_path) == [second.run_id, first.run_id]


def test_no_run_and_too_many_runs_are_named(tmp_path):
    with pytest.raises(UsageError, match="no run is stored") as none:
        store.find(tmp_path, "ab")
    assert "backtest --demo" in none.value.hint
    for name in ("abc0000000000000", "abd0000000000000", "ffe0000000000000"):
        folder = tmp_path / store.RUNS / name
        folder.mkdir(parents=True)
        (folder / "run.json").write_text("{}")
    with pytest.raises(UsageError, match="2 runs begin with ab"):
        store.find(tmp_path, "ab")
    with pytest.raises(UsageError, match="no run 'ffd'") as near:
        store.find(tmp_path, "ffd")
    assert near.value.hint.startswith("stored: ffe0000000000000, ")
    with pytest.raises(UsageError, match="no run ''"):
        store.find(tmp_path, "")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 99}', '{"schema": 3, "run_id": 1}'])
def test_a_damaged_record_is_data_that_is_bad(text, results, tmp_path):
    run = saved(tmp_path, results[0])
    (tmp_path / store.RUNS / run.run_id / "run.json").write_text(text)
    with pytest.raises(DataError, match="cannot be read"):
        store.load(tmp_path, run.run_id)


def test_an_edited_figure_is_noticed(results, tmp_path):
    run = saved(tmp_path, results[0])
    path = tmp_path / store.RUNS / run.run_id / "run.json"
    stored = json.loads(path.read_text())
    stored["data"]["result"]["return_pct"] += 1.0
    path.write_text(json.dumps(stored))
    with pytest.raises(DataError, match="it was altered"):
        store.load(tmp_path, run.run_id)


def test_damaged_runs_hide_no_older_one(results, tmp_path):
    first, second = (saved(tmp_path, one) for one in results)
    (tmp_path / store.RUNS / second.run_id / "run.json").write_text("{")
    found, [damaged] = store.load(tmp_path, "last")
    assert found == first
    assert second.run_id in damaged
    (tmp_path / store.RUNS / first.run_id / "run.json").write_text("")
    with pytest.raises(DataError, match="cannot be read"):
        store.load(tmp_path, "last")


def test_altered_fills_are_noticed(results, tmp_path):
    run = saved(tmp_path, results[0])
    saved_other = saved(tmp_path, results[1])
    folder = tmp_path / store.RUNS
    (folder / saved_other.run_id / "fills.npz").replace(folder / run.run_id / "fills.npz")
    with pytest.raises(DataError, match="altered"):
        store.load_fills(tmp_path, run)
    (folder / run.run_id / "fills.npz").write_bytes(b"not an archive")
    with pytest.raises(DataError, match="cannot be read"):
        store.load_fills(tmp_path, run)


def test_a_disk_that_refuses_is_named_and_leaves_nothing(results, tmp_path):
    (tmp_path / store.RUNS).write_text("a file is in the way")
    with pytest.raises(StorageError, match="cannot be stored"):
        saved(tmp_path, results[0])


def test_the_record_is_small_and_valid_json(results, tmp_path):
    run = saved(tmp_path, results[0])
    path = tmp_path / store.RUNS / run.run_id / "run.json"
    assert json.loads(path.read_text())["code"] == run.code
    assert path.stat().st_size < 40_000
