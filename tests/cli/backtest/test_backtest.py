"""`gpt-trader backtest` as a user meets it: numbers, files, and one line for each mistake."""

import csv
import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from gpt_trader.cli.backtest.view import heading, terms
from gpt_trader.cli.main import main
from gpt_trader.domain.costs import CostModel
from gpt_trader.observe.spark import LEVELS, sparkline

HOUR = 3600
START = 1_640_995_200
STRATEGY = ("--strategy", "sma_cross", "--set", "fast=5", "--set", "slow=20")
LOOSE = ("--risk", "none", "--order-style", "taker")


@pytest.fixture
def market(tmp_path):
    """A file of 600 hourly bars."""
    rng = np.random.default_rng(5)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, 600))), 2)
    opens = np.concatenate([[100.0], close[:-1]])
    lines = ["time,open,high,low,close,volume"]
    for i, (o, c) in enumerate(zip(opens, close, strict=True)):
        lines.append(f"{START + i * HOUR},{o},{max(o, c) + 0.1:.2f},{min(o, c) - 0.1:.2f},{c},9")
    path = tmp_path / "SOL-USD_1h.csv"
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def run(capsys):
    """Run the command; return (exit code, document of --json)."""

    def call(*args):
        code = main(["backtest", *map(str, args), "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out)

    return call


def test_the_json_document(run, market):
    code, document = run(*STRATEGY, "--data", market)
    assert code == 0
    assert (document["command"], document["ok"], document["error"]) == ("backtest", True, None)
    data = document["data"]
    assert data["data"][0]["product"] == "SOL-USD"
    assert (data["data"][0]["bars"], data["data"][0]["interval"]) == (600, "1h")
    assert data["strategy"][0]["params"] == {"fast": 5, "slow": 20, "weight": 1.0}
    assert data["costs"]["taker_bps"] == 120.0
    assert data["risk"]["max_product_pct"] == 25.0
    assert data["checks"]["lookahead"]["ok"] is True
    assert data["label"] is None
    assert data["timing"]["load_s"] > 0


def test_both_engines_agree(run, market):
    _, fast = run(*STRATEGY, "--data", market)
    _, slow = run(*STRATEGY, "--data", market, "--engine", "replay")
    assert fast["data"]["run_id"] == slow["data"]["run_id"]
    assert fast["data"]["result"] == slow["data"]["result"]
    assert fast["data"]["result"]["fills"] > 0


def test_the_files_add_up_to_the_result(run, market, tmp_path):
    files = [tmp_path / name for name in ("trades.csv", "fills.csv", "equity.csv")]
    flags = [
        part
        for name, path in zip(("--trades", "--fills", "--equity"), files, strict=True)
        for part in (name, path)
    ]
    code, document = run(*STRATEGY, *LOOSE, "--data", market, "--close-at-end", *flags)
    assert code == 0
    result = document["data"]["result"]
    trades, fills, equity = (list(csv.DictReader(path.read_text().splitlines())) for path in files)
    assert len(trades) == result["trades"] > 5
    assert len(fills) == result["fills"] == 2 * len(trades)
    assert len({f["client_order_id"] for f in fills}) == len(fills)
    assert sum(float(t["pnl"]) for t in trades) == pytest.approx(float(result["net_pnl"]))
    assert sum(float(f["fee"]) for f in fills) == pytest.approx(float(result["fees_paid"]))
    assert equity[-1]["equity"] == result["final_equity"]
    assert equity[0]["time"] == "2022-01-01T00:00:00.000Z"
    assert len(equity) == 600


def test_costs_below_the_default_are_labeled(run, market):
    _, document = run(*STRATEGY, "--data", market, "--taker-bps", 0, "--spread-bps", 1)
    label = "lower than the worst tier: taker 0 < 120 bps, spread 1 < 5 bps"
    assert document["data"]["costs"]["label"] == label
    assert label in document["warnings"]


def test_flags_reach_the_run(run, market):
    _, plain = run(*STRATEGY, "--data", market)
    cases = [
        ("--cash", "5000"),
        ("--taker-bps", "50"),
        ("--maker-bps", "10"),
        ("--spread-bps", "20"),
        ("--slippage-bps", "50"),
        ("--participation", "0.05"),
        ("--product-spec", "base_increment=10,base_min_size=10"),
        ("--risk", "none"),
        ("--order-style", "maker_only"),
        ("--from", "2022-01-05"),
        ("--to", "2022-01-20"),
        ("--set", "risk.max_product_pct=50"),
        ("--set", "slow=40"),
    ]
    for case in cases:
        code, document = run(*STRATEGY, "--data", market, *case)
        assert code == 0, case
        assert document["data"]["run_id"] != plain["data"]["run_id"], case
    _, unchecked = run(*STRATEGY, "--data", market, "--no-checks")
    assert unchecked["data"]["checks"]["lookahead"]["ok"] is None


def test_from_is_inclusive_and_to_exclusive(run, market):
    _, document = run(
        *STRATEGY, "--data", market, "--from", "2022-01-02", "--to", "2022-01-04T00:00:00Z"
    )
    (used,) = document["data"]["data"]
    assert used["bars"] == 48
    assert used["first"] == "2022-01-02T00:00:00.000Z"
    assert used["last"] == "2022-01-03T23:00:00.000Z"


def test_two_products_share_the_account(run, market):
    code, document = run(*STRATEGY, "--data", f"AAA-USD={market}", "--data", f"BBB-USD={market}")
    assert code == 0
    assert [d["product"] for d in document["data"]["data"]] == ["AAA-USD", "BBB-USD"]


def test_the_demo_is_labeled_synthetic(run):
    code, document = run(*STRATEGY, "--demo", "--set", "synthetic.bars=500")
    assert code == 0
    assert document["data"]["label"] == "synthetic: says nothing about profit"
    assert "synthetic: says nothing about profit" in document["warnings"]
    _, part = run(*STRATEGY, "--demo", "--set", "synthetic.bars=500", "--from", "2024-01-10")
    assert part["data"]["data"][0]["first"] == "2024-01-10T00:00:00.000Z"


def test_a_profile_gives_the_strategy_and_set_changes_it(run, market, tmp_path):
    profile = tmp_path / "mine.yaml"
    profile.write_text(
        "mode: dev\nproducts: [BTC-USD]\nstrategy: sma_cross\nparams: {fast: 3, slow: 9}\n"
        "cash: 777\n"
    )
    _, document = run("--profile", profile, "--data", market, "--set", "slow=11")
    strategy = document["data"]["strategy"][0]
    assert strategy["params"] == {"fast": 3, "slow": 11, "weight": 1.0}
    assert strategy["products"] == ["SOL-USD"]
    assert document["data"]["result"]["start_equity"] == "777.00"
    _, document = run("--profile", profile, "--strategy", "buy_and_hold", "--data", market)
    assert document["data"]["strategy"][0]["name"] == "buy_and_hold"


@pytest.mark.parametrize(
    "args, code, message",
    [
        (["--data", "FILE"], 2, "which strategy?"),
        ([*STRATEGY], 2, "no data to run on"),
        ([*STRATEGY, "--demo", "--data", "FILE"], 2, "exclude each other"),
        ([*STRATEGY, "--data", "FILE", "--data", "FILE"], 2, "SOL-USD has two sources"),
        ([*STRATEGY, "--data", "missing.csv"], 2, "which product is missing.csv?"),
        ([*STRATEGY, "--data", "SOL-USD=missing.csv"], 7, "missing.csv"),
        ([*STRATEGY, "--data", "FILE", "--from", "2022-02-01", "--to", "2022-01-01"], 2, "before"),
        ([*STRATEGY, "--data", "FILE", "--from", "2030-01-01"], 7, "in the period"),
        ([*STRATEGY, "--demo", "--from", "2030-01-01"], 7, "in the period"),
        ([*STRATEGY, "--data", "FILE", "--from", "soon"], 2, "expected a time"),
        ([*STRATEGY, "--data", "FILE", "-i", "1m"], 7, "asks for finer ones: 1m"),
        ([*STRATEGY, "--data", "FILE", "-i", "4h"], 7, "asks for longer ones: 4h"),
        ([*STRATEGY, "--data", "FILE", "-i", "7x"], 2, "expected a bar interval"),
        ([*STRATEGY, "--demo", "--product-spec", "base_increment=1"], 2, "needs --data"),
        ([*STRATEGY, "--data", "FILE", "--product-spec", "base=1"], 2, "unknown key"),
        ([*STRATEGY, "--data", "FILE", "--taker-bps", "-5"], 2, "flag --taker-bps"),
        ([*STRATEGY, "--data", "FILE", "--cash", "none"], 2, "flag --cash"),
        ([*STRATEGY, "--data", "FILE", "--cash", "-5"], 2, "flag --cash"),
        ([*STRATEGY, "--data", "FILE", "--participation", "2"], 2, "flag --participation"),
        ([*STRATEGY, "--demo", "--report", "no/r.html"], 2, "there is no folder no"),
        ([*STRATEGY, "--demo", "--fills", "a.csv", "--trades", "./a.csv"], 2, "--fills and --t"),
        ([*STRATEGY, "--data", "FILE", "--set", "slwo=3"], 2, "no parameter 'slwo'"),
        (["--strategy", "sma_crss", "--data", "FILE"], 2, "unknown strategy"),
        ([*STRATEGY, "--data", "FILE", "--engine", "slow"], 2, "engine"),
        ([*STRATEGY, "--data", "FILE", "--trades", "no/such/folder/t.csv"], 2, "cannot write"),
        (["--profile", "nobody", "--demo"], 3, "no profile 'nobody'"),
    ],
)
def test_a_mistake_is_one_line_with_its_exit_code(run, market, args, code, message):
    got, document = run(*[str(market) if a == "FILE" else a for a in args])
    assert got == code
    assert document["ok"] is False
    assert message in document["error"]["message"]


def test_the_hint_for_longer_bars_leads_to_them(run, market, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GPT_TRADER_DATA_DIR", str(tmp_path / "market"))
    args = (*STRATEGY, "--data", market)
    hint = run(*args, "-i", "4h")[1]["error"]["hint"]
    assert "--interval 4h --detail 1h; or" in hint
    code, document = run(*args, "--interval", "4h", "--detail", "1h")
    assert (code, document["data"]["data"][0]["interval"]) == (0, "4h")
    imported = f"gpt-trader data import {market} --product SOL-USD, then"
    assert imported in hint
    assert main(["data", "import", str(market), "--product", "SOL-USD"]) == 0
    capsys.readouterr()
    code, document = run(*STRATEGY, "--data", "SOL-USD", "--interval", "4h")
    assert (code, document["data"]["data"][0]["interval"]) == (0, "4h")
    wrong = run(*args, "-i", "4h", "--detail", "2h")[1]["error"]
    assert wrong["message"].endswith("--detail asks for longer ones: 2h")
    assert wrong["hint"] == "--detail 1h"
    assert "leave --interval out" in run(*args, "-i", "1m")[1]["error"]["hint"]


PEEKING = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from gpt_trader.domain.targets import Targets


@dataclass(frozen=True)
class Peeks:
    name: ClassVar[str] = "peeks"
    min_bars: ClassVar[int] = 1
    warmup: ClassVar[int] = 1

    def targets(self, bars):
        weight = np.zeros(len(bars))
        weight[:-1] = bars.close[1:] > bars.close[:-1]
        return Targets(weight)
"""


def test_a_strategy_that_peeks_exits_8_naming_bar_and_column(run, market, tmp_path):
    file = tmp_path / "peeks.py"
    file.write_text(PEEKING)
    code, document = run("--strategy", f"{file}:Peeks", "--data", market)
    assert code == 8
    assert (
        "look-ahead: peeks changes weight of the SOL-USD bar at 2022-01-"
        in (document["error"]["message"])
    )
    code, _ = run("--strategy", f"{file}:Peeks", "--data", market, "--no-checks")
    assert code == 0


def test_how_far_the_checks_reached_is_told_and_can_be_chosen(run, market, capsys):
    def reach(*flags):
        return run(*STRATEGY, "--data", market, *flags)[1]["data"]["checks"]["lookahead"]

    by_chance, again = reach(), reach()
    assert by_chance["seed"] != again["seed"]
    assert by_chance["rows_checked"] < by_chance["rows"] == 600 - 19 - 1
    assert by_chance["peek_rows"] > by_chance["peek_changes"] >= 1
    assert by_chance["asked_in"] == "built in"
    assert reach("--check-seed", "7") == reach("--check-seed", "7")
    every = reach("--check-all")
    assert every["rows_checked"] == every["rows"] == every["sampled"]
    assert (every["peek_changes"], every["peek_rows"]) == (1, 1)
    main(["backtest", *STRATEGY, "--data", str(market), "--check-seed", "7"])
    shown = capsys.readouterr().out
    assert "drawn from seed 7; a peek" in " ".join(shown.split())
    main(["backtest", "--reproduce", "last"])
    assert "identical" in capsys.readouterr().out


def test_people_read_a_table_with_costs_checks_and_what_next(capsys, market):
    assert main(["backtest", *STRATEGY, "--data", str(market), "--taker-bps", "1"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("sma_cross on SOL-USD: fast=5, slow=20, weight=1.0\n")
    shown = ("90 % interval", "buy and hold", "at equal risk", "gross", "fees", "net", "drawdown")
    for words in (*shown, "refused", "look-ahead ok", "warm-up ok", "Verdict: ", "Stored: "):
        assert words in out
    assert "TARGET_FLAT" not in out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "lower than the worst tier: taker 1 < 120 bps" in out
    assert out.splitlines()[-1].startswith("Next: gpt-trader backtest --reproduce ")
    assert "SOL-USD is not" in err or err == ""


def test_verbose_shows_every_number_and_quiet_only_the_verdict(capsys, market):
    assert main(["-v", "backtest", *STRATEGY, "--data", str(market)]) == 0
    full = capsys.readouterr().out
    for words in ("calmar", "median_holding_hours", "fees times", "TARGET_FLAT"):
        assert words in full
    assert main(["backtest", "-q", *STRATEGY, "--data", str(market)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        line for line in full.splitlines() if line.startswith("Verdict: ")
    ]


def test_sparkline():
    assert sparkline(np.array([0.0, 1.0])) == LEVELS[0] + LEVELS[-1]
    assert sparkline(np.full(5, 3.0)) == LEVELS[0] * 5
    assert len(sparkline(np.arange(1000.0))) == 60


def test_only_terms_that_are_not_the_default_are_said():
    assert list(terms(asdict(CostModel()))) == []
    other = CostModel(
        participation=0.05, touch_fills=True, impact=0.5, latency_ms=1_500, latency_bars=2,
        fee_tier="simulated", region="eu",
    )  # fmt: skip
    assert list(terms(asdict(other))) == [
        "region eu",
        "impact 0.5",
        "latency 1,500 ms",
        "latency 2 bars",
        "at most 5 % of a bar's volume",
        "limits fill when touched",
    ]


def test_real_minutes_of_a_perpetual(run):
    folder = Path(os.environ.get("GPT_TRADER_TEST_DATA", "../shared/data"))
    file = folder / "BTC-PERP_1m_2022-01.csv.gz"
    if not file.exists():
        pytest.skip("no real data here")
    code, document = run(
        "--strategy", "sma_cross", "--set", "fast=20", "--set", "slow=50",
        "--data", f"BTC-PERP={file}",
    )  # fmt: skip
    assert code == 0
    assert document["data"]["data"][0]["bars"] == 45_031


def test_finer_bars_of_the_file_decide_inside_longer_ones(run, market):
    flags = (*STRATEGY, *LOOSE, "--data", market, "--interval", "4h", "--detail", "1h")
    code, document = run(*flags)
    data = document["data"]["data"][0]
    assert (code, data["interval"], data["bars"]) == (0, "4h", 150)
    detail = document["data"]["detail"][0]
    assert (detail["product"], detail["interval"], detail["bars"]) == ("SOL-USD", "1h", 600)
    assert "inside by 1h" in heading(document["data"])[1]
    _, replayed = run(*flags, "--engine", "replay")
    assert replayed["data"]["result"] == document["data"]["result"]
    assert document["data"]["result"]["fills"] > 0


@pytest.mark.parametrize(
    "flags, expected",
    [
        (("--detail", "1h"), 2),  # of which bars?
        (("--detail", "1h", "--interval", "1h"), 2),
        (("--detail", "1m", "--interval", "4h"), 7),  # not in the data
    ],
)
def test_impossible_detail_is_refused_with_a_hint(run, market, flags, expected):
    code, document = run(*STRATEGY, "--data", market, *flags)
    assert code == expected
    assert document["error"]["hint"]
    if flags == ("--detail", "1h"):
        assert document["error"]["hint"] == "state --interval, one of 2h, 4h, 6h, 1d"


def test_a_route_without_data_is_said(run, market, tmp_path):
    profile = tmp_path / "two.yaml"
    profile.write_text(
        "mode: dev\nroutes:\n"
        "  - {strategy: buy_and_hold, products: [SOL-USD], budget_pct: 50}\n"
        "  - {strategy: momentum, products: [ETH-USD], budget_pct: 50}\n"
    )
    code, document = run("--profile", profile, "--data", market)
    assert code == 0
    said = "momentum on ETH-USD is left out: there is no data of it"
    assert said in document["warnings"]
