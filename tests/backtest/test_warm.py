"""Bars before a run warm it up, and nothing else comes from them."""

import json
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import backtest, load_bars, optimize, synthetic_market
from gpt_trader.cli.main import main
from gpt_trader.domain.costs import order_style
from gpt_trader.domain.targets import Target
from gpt_trader.errors import DataError, GapError
from gpt_trader.strategy.sma_cross import SmaCross
from tests.strategies_helpers import random_bars

HOUR = 3_600_000
SMA = SmaCross(5, 20)
FROM = 100
TAKER = order_style("taker")


def write_csv(path, bars):
    prices = [
        [bars.product.price(int(ticks)) for ticks in column]
        for column in (bars.open, bars.high, bars.low, bars.close)
    ]
    rows = zip(bars.time.tolist(), *prices, bars.volume.tolist(), strict=True)
    lines = [",".join(map(str, row)) for row in rows]
    path.write_text("\n".join(["time,open,high,low,close,volume", *lines]) + "\n")
    return path


@pytest.fixture(scope="module")
def bars():
    [found] = synthetic_market(seed=7, products=["BTC-USD"], n_bars=400, interval_ms=HOUR)
    return found


@dataclass(frozen=True)
class ByBar:
    """In while the close is above the mean of the last 20."""

    name: ClassVar[str] = "by_bar"
    min_bars: ClassVar[int] = 20
    warmup: ClassVar[int] = 20

    def on_bar(self, window, memory):
        return Target(1.0 if window.close[-1] > window.close.mean() else 0.0), memory


def run(bars, strategy=SMA, **terms):
    return backtest(bars, strategy, risk=None, **({"self_check": False, "style": TAKER} | terms))


def test_the_targets_are_those_of_a_strategy_that_saw_all_before(bars):
    start = int(bars.time[FROM])
    warm, cold = run(bars, start_ms=start), run(bars, start_ms=start, cold_start=True)
    assert (warm.warmed_up, cold.warmed_up) == ((19,), (0,))
    assert warm.path.time.tolist() == cold.path.time.tolist() == bars.time[FROM:].tolist()
    weight = SMA.targets(bars).weight[FROM:]
    first = int(np.flatnonzero(weight == 1.0)[0])
    assert first < 20
    assert warm.fills["cause"][0] == first
    assert cold.fills["cause"][0] >= 19
    assert run(bars[FROM:]).run_id == cold.run_id != warm.run_id


def test_both_engines_warm_up_alike(bars):
    start = int(bars.time[FROM])
    fast, replay = (run(bars, start_ms=start, engine=one) for one in ("fast", "replay"))
    assert fast.fills.tobytes() == replay.fills.tobytes()
    assert fast.run_id == replay.run_id


def test_a_strategy_that_decides_bar_by_bar_is_shown_windows_of_before(bars):
    start = int(bars.time[FROM])
    warm, cold = (run(bars, ByBar(), start_ms=start, cold_start=one) for one in (False, True))
    above = [bars.close[i] > bars.close[i - 19 : i + 1].mean() for i in range(FROM, len(bars))]
    assert warm.fills["cause"][0] == above.index(True)
    assert warm.warmed_up == (19,)
    assert cold.fills["cause"][0] >= 19


def test_the_check_sees_the_bars_before_and_the_rest_is_asked_warm(bars):
    found = run(bars, start_ms=int(bars.time[FROM]), self_check=True, assess=True)
    assert found.checks.lookahead_ok
    assert found.checks.warmup_ok
    assert found.assessment.nulls is not None


def test_it_is_another_trial_only_where_bars_before_were_shown(bars, tmp_path):
    for terms in ({"start_ms": int(bars.time[FROM])}, {}):
        for cold in (False, True):
            run(bars, cold_start=cold, state_dir=tmp_path, assess=True, **terms)
    rows = (tmp_path / "trials.jsonl").read_text().splitlines()
    assert len({json.loads(row)["id"] for row in rows}) == 3


def test_a_file_read_from_a_day_on_knows_what_was_before(bars, tmp_path):
    path = write_csv(tmp_path / "BTC-USD.csv", bars)
    start = int(bars.time[FROM])
    part = load_bars(path, product_id="BTC-USD", start_ms=start)
    assert (len(part.earlier), len(part.bars)) == (FROM, len(bars) - FROM)
    whole = load_bars(path, product_id="BTC-USD")
    found = [run(part), run(whole, start_ms=start), run(whole.bars, start_ms=start)]
    assert len({one.run_id for one in found}) == 1
    assert found[1].data == found[0].data


def test_the_command_says_so_and_can_be_told_not_to(bars, tmp_path, capsys):
    path = write_csv(tmp_path / "BTC-USD.csv", bars)
    start = str(np.datetime64(int(bars.time[FROM]), "ms"))
    asked = ["backtest", "--strategy", "sma_cross", "--set", "fast=5", "--set", "slow=20"]
    asked += ["--data", f"BTC-USD={path}", "--from", start]
    report = tmp_path / "report.html"
    assert main([*asked, "--report", str(report)]) == 0
    assert "warmed up on 19 bars before" in capsys.readouterr().out
    assert "19 bars before" in report.read_text()
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["data"][0]["warmed_up_on"] == 19
    assert main([*asked, "--cold-start"]) == 0
    assert "warmed up" not in capsys.readouterr().out
    assert main(["backtest", "--reproduce", "last"]) == 0


def test_nothing_from_there_on_is_an_error(bars):
    with pytest.raises(DataError, match="no bars of BTC-USD"):
        run(bars, start_ms=int(bars.time[-1]) + HOUR)


def test_the_library_refuses_holes_as_the_command_does():
    whole = random_bars(400, 1, interval_ms=HOUR)
    holed = whole[np.flatnonzero((np.arange(400) < 150) | (np.arange(400) > 250))]
    with pytest.raises(GapError, match=r"74.75 % .* 90 % are wanted"):
        run(holed)
    with pytest.raises(GapError):
        optimize(holed, SmaCross, {"fast": (5, 6)}, folds=2)
    assert run(holed, min_coverage_pct=50.0).metrics is not None


def test_quotes_and_prices_of_before_are_joined(bars):
    quoted = replace(bars, half_spread_e8=np.full(len(bars), 1_000))
    found = run(quoted, start_ms=int(bars.time[FROM]))
    assert found.earlier[0].close.tolist() == bars.close[FROM - 19 : FROM].tolist()
