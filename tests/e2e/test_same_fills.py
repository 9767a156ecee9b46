"""One decision path: `run` gives the fills of `backtest`, on either engine, fill by fill."""

import os
from pathlib import Path

import pytest

from tests.session_helpers import CROSS, call, fills_in, write_market

REAL = Path(
    os.environ.get("GPT_TRADER_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")
) / ("BTC-PERP_1m_2022-01.csv.gz")


def three_ways(capsys, tmp_path, flags):
    files = {name: tmp_path / f"{name}.csv" for name in ("fast", "replay", "run")}
    for engine in ("fast", "replay"):
        args = ["backtest", *flags, "--engine", engine, "--fills", files[engine], "--no-checks"]
        code, _, err = call(capsys, *args)
        assert code == 0, err
    code, _, err = call(capsys, "-q", "run", *flags, "--fills", files["run"])
    assert code == 0, err
    return [fills_in(path) for path in files.values()]


@pytest.mark.parametrize(
    "flags",
    [
        (*CROSS, "--order-style", "taker", "--risk", "none"),
        (*CROSS,),
        (*CROSS, "--participation", "0.002", "--taker-bps", "10", "--slippage-bps", "20"),
        ("--strategy", "breakout", "--cash", "2500"),
        ("--strategy", "mean_reversion", "--order-style", "maker_only"),
    ],
    ids=["taker", "maker-first", "partial fills", "stops", "maker-only"],
)
def test_run_and_both_engines_give_the_same_fills(flags, capsys, tmp_path):
    one = write_market(tmp_path / "SOL-USD_1h.csv", seed=5, missing={70, 71, 150})
    two = write_market(tmp_path / "LTC-USD_1h.csv", seed=6, missing={70, 180})
    fast, replay, run = three_ways(
        capsys, tmp_path, ("-p", "dev", *flags, "--data", one, "--data", two)
    )
    assert len(fast) > 3
    assert fast == replay
    assert run == fast


def test_the_summary_is_the_backtests(capsys, tmp_path):
    import json

    data = write_market(tmp_path / "SOL-USD_1h.csv")
    _, out, _ = call(capsys, "backtest", "-p", "dev", *CROSS, "--data", data, "--json")
    wanted = json.loads(out)["data"]["result"]
    _, out, _ = call(capsys, "run", "-p", "dev", *CROSS, "--data", data, "--json")
    summary = json.loads(out.splitlines()[-1])
    same = {
        "final_equity": "final_equity",
        "gross_pnl": "gross_pnl",
        "fees": "fees_paid",
        "spread_slippage": "spread_slippage_paid",
        "net_pnl": "net_pnl",
        "buy_hold_return_pct": "buy_hold_return_pct",
        "trades": "trades",
        "fills": "fills",
        "max_drawdown_pct": "max_drawdown_pct",
    }
    assert {k: summary[k] for k in same} == {k: wanted[v] for k, v in same.items()}


BY_BAR = """\
from dataclasses import dataclass
from typing import ClassVar
from gpt_trader.domain.targets import Target

@dataclass(frozen=True)
class Counts:
    name: ClassVar[str] = "counts"
    min_bars = 30
    warmup = 12
    def on_bar(self, view, memory):
        calls, total = memory or (0, 0)
        total += len(view) + int(view.close[0])
        calls += 1
        return Target(0.2 if (calls // 7 + total // 9_000) % 2 else 0.0), (calls, total)

@dataclass(frozen=True)
class Early:
    name: ClassVar[str] = "early"
    min_bars = 40
    warmup = 40
    def targets(self, bars):
        import numpy as np
        from gpt_trader.domain.targets import Targets
        return Targets(np.where(bars.close % 3 == 0, 0.2, 0.0))
"""


@pytest.mark.parametrize("parts", [False, True], ids=["at once", "in parts"])
def test_a_strategy_with_memory_gives_the_same_fills(parts, capsys, tmp_path):
    """It is first called at its product's bar min_bars, and sees `warmup` bars in either."""
    file = tmp_path / "by_bar.py"
    file.write_text(BY_BAR)
    one = write_market(tmp_path / "SOL-USD_1h.csv", seed=5, missing={70, 71, 150})
    two = write_market(tmp_path / "LTC-USD_1h.csv", seed=6, missing={*range(20), 70, 180})
    flags = ("-p", "dev", "--strategy", f"{file}:Counts", "--data", one, "--data", two)
    replay, run = tmp_path / "replay.csv", tmp_path / "run.csv"
    assert call(capsys, "backtest", *flags, "--engine", "replay", "--fills", replay)[0] == 0
    if parts:
        for cycles in (1, 40):
            assert call(capsys, "-q", "run", *flags, "--cycles", cycles)[0] == 0
    assert call(capsys, "-q", "run", *flags, "--fills", run)[0] == 0
    assert len(fills_in(replay)) > 10
    assert fills_in(run) == fills_in(replay)


def test_an_opinion_before_min_bars_is_none(capsys, tmp_path):
    file = tmp_path / "by_bar.py"
    file.write_text(BY_BAR)
    one = write_market(tmp_path / "SOL-USD_1h.csv", seed=5)
    two = write_market(tmp_path / "LTC-USD_1h.csv", seed=6, missing=set(range(20)))
    flags = ("-p", "dev", "--strategy", f"{file}:Early", "--data", one, "--data", two)
    fast, replay, run = three_ways(capsys, tmp_path, flags)
    assert len(fast) > 3
    assert fast == replay == run


@pytest.mark.compiled
@pytest.mark.skipif(not REAL.exists(), reason="the real file is not here")
def test_the_real_file_gives_the_same_fills(capsys, tmp_path):
    flags = ("-p", "dev", "--strategy", "sma_cross", "--set", "fast=20", "--set", "slow=50")
    data = ("--data", f"BTC-PERP={REAL}", "--to", "2022-01-02T12:00")
    fast, replay, run = three_ways(capsys, tmp_path, (*flags, *data))
    assert len(fast) > 3
    assert fast == replay == run
