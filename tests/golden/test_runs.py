"""Pinned runs: strategy x synthetic market x costs. Regenerate with `make golden`.

A difference is either a defect or a change that its commit explains.
"""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "golden.py"
spec = importlib.util.spec_from_file_location("golden", SCRIPT)
golden = importlib.util.module_from_spec(spec)
spec.loader.exec_module(golden)
PINNED = json.loads(golden.FILE.read_text(encoding="utf-8"))


def test_every_run_is_pinned_and_does_something():
    assert list(PINNED) == list(golden.RUNS)
    assert len(PINNED) >= 12
    for name, run in PINNED.items():
        assert run["result"]["fills"] >= (2 if "buy_and_hold" in name else 12), name


def test_the_runs_reach_what_they_are_named_for():
    """A golden run that never meets its own case would pin nothing of it."""
    halts = {name: run["halts"] for name, run in PINNED.items()}
    assert halts["sma_cross, daily loss halts"]["loss_days"] > 3
    assert halts["sma_cross, daily loss halts"]["drawdown"] is None
    assert halts["ema_trend, many products, drawdown halts"]["drawdown"] is not None
    refused = {code for run in PINNED.values() for code in run["decisions"]["refused"]}
    assert {"DAILY_LOSS", "DRAWDOWN"} < refused
    shares = [run["result"]["maker_share_pct"] for run in PINNED.values()]
    assert 0.0 in shares
    assert 100.0 in shares
    assert any(0.0 < share < 100.0 for share in shares)


@pytest.mark.parametrize(
    "name, plainer",
    [
        ("momentum, impact and latency, taker", {"impact": 0.0}),
        ("momentum, impact and latency, taker", {"latency_ms": 0}),
        ("momentum, impact and latency, taker", {"latency_bars": 0}),
        ("sma_cross, simulated fee tier", {"fee_tier": "worst"}),
        ("breakout, touched limits fill, maker only", {"touch_fills": False}),
    ],
)
def test_a_pinned_run_feels_each_term_it_is_named_for(name, plainer):
    asked = golden.RUNS[name]
    other = golden.run(asked._replace(costs=replace(asked.costs, **plainer)), "fast")
    assert other["fills_sha256"] != PINNED[name]["fills_sha256"]


def test_a_pinned_run_feels_its_finer_bars():
    name = "mean_reversion with a stop, decided inside by finer bars"
    bars, detail = golden.market_of(golden.RUNS[name])
    assert detail
    other = golden.run_on(golden.RUNS[name], bars, [], "fast")
    assert other["fills_sha256"] != PINNED[name]["fills_sha256"]


@pytest.mark.parametrize("name", golden.RUNS)
def test_the_fast_engine_gives_the_pinned_run(name):
    assert as_pinned(golden.run(golden.RUNS[name], "fast")) == PINNED[name]


@pytest.mark.compiled
@pytest.mark.parametrize("name", golden.RUNS)
def test_the_replay_gives_the_pinned_run(name):
    assert as_pinned(golden.run(golden.RUNS[name], "replay")) == PINNED[name]


def as_pinned(run):
    """What the file would hold: text and numbers as JSON keeps them."""
    return json.loads(json.dumps(run))
