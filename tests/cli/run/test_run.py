"""`gpt-trader run` as a user meets it: lines, table, exit codes, one cycle at a time."""

import json
import os
from pathlib import Path

import pytest

from tests.session_helpers import CROSS, call, lines_of, write_market

SMALL = ("--set", "synthetic.bars=180")


@pytest.fixture
def data(tmp_path):
    return write_market(tmp_path / "SOL-USD_1h.csv", n=120)


def test_lesson_02_once_on_a_fresh_state_decides_from_history(capsys):
    code, out, err = call(capsys, "run", "-p", "dev", "--once", "--json")
    assert code == 0
    cycle, summary = lines_of(out)
    assert summary["cycles"] == 1
    for product in cycle["products"]:
        assert product["reasons"][0]["code"] != "WARMUP"
    conditions = [r for p in cycle["products"] for r in p["reasons"] if "CONDITION" in r["code"]]
    assert conditions
    assert all(r["value"] is not None and r["threshold"] is not None for r in conditions)
    assert "simulated" in err


def test_the_cycle_line_has_every_field_of_its_contract(capsys, data):
    _, out, _ = call(capsys, "run", "-p", "dev", *CROSS, "--data", data, "--json")
    *cycles, summary = lines_of(out)
    assert {c["type"] for c in cycles} == {"cycle"}
    assert [c["cycle"] for c in cycles] == list(range(1, len(cycles) + 1))
    first = cycles[0]
    assert set(first) == {"type", "cycle", "time", "equity", "cash", "products"}
    assert first["time"].endswith("Z")
    assert isinstance(first["equity"], str)
    (product,) = first["products"]
    assert set(product) == {
        "product",
        "bar_time",
        "close",
        "action",
        "target_weight",
        "position",
        "reasons",
        "guards",
        "orders",
    }
    assert isinstance(product["close"], str)
    assert {g["name"] for g in product["guards"]} >= {"daily_loss", "drawdown", "product_share"}
    orders = [o for c in cycles for p in c["products"] for o in p["orders"]]
    assert {"client_order_id", "side", "type", "size", "price", "status"} <= set(orders[0])
    assert {o["status"] for o in orders} >= {"OPEN", "FILLED"}
    assert {p["action"] for c in cycles for p in c["products"]} >= {"buy", "sell", "hold"}
    assert summary["error"] is None
    assert summary["ok"] is True
    assert summary["interrupted"] is False
    assert summary["label"] is None


def test_lesson_04_a_hold_names_condition_value_threshold_or_missing_bars(capsys, tmp_path):
    short = write_market(tmp_path / "SOL-USD_1h.csv", n=15)
    _, out, _ = call(capsys, "run", "-p", "dev", *CROSS, "--data", short, "--json")
    reasons = [p["reasons"] for c in lines_of(out)[:-1] for p in c["products"]]
    assert len(reasons) == 15
    first = reasons[3][0]
    assert first["code"] == "WARMUP"
    assert (first["value"], first["threshold"]) == (4, 20)
    assert "16 bars of warm-up missing (4 of 20)" in first["detail"]


def test_once_again_and_again_walks_through_the_market_and_then_says_it_ended(capsys, tmp_path):
    data = write_market(tmp_path / "SOL-USD_1h.csv", n=22)
    flags = ("run", "-p", "dev", *CROSS, "--data", data, "--once", "--json")
    numbers = [lines_of(call(capsys, *flags)[1])[0]["cycle"] for _ in range(3)]
    assert numbers == [1, 2, 3]
    code, out, _ = call(capsys, *flags)
    assert code == 7
    assert "data ended at" in lines_of(out)[-1]["error"]["message"]


def test_once_exits_6_only_when_halted(capsys):
    flags = ("run", "-p", "dev", *SMALL, "--once")
    assert call(capsys, *flags)[0] == 0
    state = ("--state-dir", os.environ["GPT_TRADER_STATE_DIR"])
    assert call(capsys, "pause", *state)[0] == 0
    assert call(capsys, *flags)[0] == 0  # a pause refuses entries; it is no halt
    assert call(capsys, "resume", *state)[0] == 0
    tight = ("--set", "risk.max_drawdown_pct=0.0001", "--set", "risk.max_daily_loss_pct=99")
    _, out, _ = call(capsys, "run", "-p", "dev", *SMALL, *tight, "--cycles", "50", "--json")
    assert [h["guard"] for h in lines_of(out)[-1]["halts"]] == ["drawdown"]
    code, out, _ = call(capsys, "run", "-p", "dev", *SMALL, *tight, "--once", "--json")
    assert code == 6
    assert lines_of(out)[-1]["ok"] is True


def test_an_ended_session_is_kept_and_a_new_one_begins(capsys, data):
    flags = ("run", "-p", "dev", *CROSS, "--data", data)
    first = call(capsys, *flags, "--json")[1]
    code, out, err = call(capsys, *flags, "--json")
    assert code == 0
    assert out == first
    assert "the session before is kept" in err
    folder = Path(os.environ["GPT_TRADER_STATE_DIR"]) / "dev"
    assert sorted(p.name for p in folder.glob("*.db")) == ["journal-0001.db", "journal.db"]


def test_without_a_terminal_acting_decisions_are_lines(capsys, data):
    code, out, err = call(capsys, "run", "-p", "dev", *CROSS, "--data", data)
    assert code == 0
    acting = [line for line in out.splitlines() if " BUY " in line or " SELL " in line]
    assert acting
    assert "SMA(5) > SMA(20)" in acting[0]
    assert "buy and hold" in out
    assert out.splitlines()[-1].startswith("Next: gpt-trader why SOL-USD")
    assert "paper: fills are simulated" in err
    assert "\x1b" not in out + err


def test_quiet_and_verbose_say_less_and_more(capsys, data):
    flags = ("run", "-p", "dev", *CROSS, "--data", data)
    _, out, err = call(capsys, *flags, "-q", "--state-dir", data.parent / "a")
    assert err == ""
    assert " BUY " not in out
    _, out, err = call(capsys, *flags, "-v", "--state-dir", data.parent / "b")
    assert " HOLD " in err
    assert " HOLD " not in out


def test_the_synthetic_market_is_labeled_wherever_it_is_shown(capsys):
    note = "synthetic: says nothing about profit"
    _, out, err = call(capsys, "run", "-p", "dev", *SMALL)
    assert note in out
    assert note in err
    _, out, _ = call(capsys, "run", "-p", "dev", *SMALL, "--json")
    assert lines_of(out)[-1]["label"] == note
    assert note in call(capsys, "status")[1]


def test_lower_costs_are_labeled(capsys, data):
    flags = ("run", "-p", "dev", *CROSS, "--data", data, "--taker-bps", "1")
    assert lines_of(call(capsys, *flags, "--json")[1])[-1]["costs_below_default"] is True
    assert "flattered" in call(capsys, *flags)[1]


def test_the_profile_may_come_from_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("GPT_TRADER_PROFILE", "dev")
    code, out, _ = call(capsys, "run", *SMALL, "--cycles", "2", "--json")
    assert code == 0
    assert lines_of(out)[-1]["cycles"] == 2


def test_a_strategy_that_fails_halts_trading_and_names_its_line(capsys, data, tmp_path):
    file = tmp_path / "broken.py"
    file.write_text(
        "from dataclasses import dataclass\n"
        "from gpt_trader.domain.targets import Targets\n"
        "from gpt_trader.strategy.base import Strategy\n"
        "import numpy as np\n\n\n"
        "@dataclass(frozen=True)\n"
        "class Broken:\n"
        '    """Fails at the fiftieth bar."""\n\n'
        "    name = 'broken'\n"
        "    min_bars = 1\n"
        "    warmup = 100\n\n"
        "    def targets(self, bars):\n"
        "        if len(bars) > 50:\n"
        "            raise ZeroDivisionError('by design')\n"
        "        return Targets(weight=np.zeros(len(bars)))\n"
    )
    flags = ("run", "-p", "dev", "--strategy", f"{file}:Broken", "--data", data)
    code, out, _ = call(capsys, *flags, "--json")
    error = lines_of(out)[-1]["error"]
    assert code == 6
    assert error["where"] == f"{file}:17"
    assert "ZeroDivisionError: by design" in error["message"]
    halts = json.loads(call(capsys, "status", "--json")[1])["data"]["halts"]
    assert [h["guard"] for h in halts] == ["halt"]
    assert "rearm" in call(capsys, "status")[1]
    code, _, _ = call(capsys, "rearm", "--by", "me", "--reason", "mended")
    assert code == 0
    assert json.loads(call(capsys, "status", "--json")[1])["data"]["halts"] == []


def test_a_run_tells_how_it_began_and_ended(tmp_path, capsys):
    from tests.observe.test_notify import service

    with service() as (address, asked):
        flags = ["--set", f"alerts.webhook_url={address}"]
        run = ["run", "--profile", "dev", "--state-dir", tmp_path, "--cycles", "3", *flags]
        assert call(capsys, *run)[0] == 0
    assert [document["event"] for _, document in asked] == ["started", "stopped"]


def test_a_session_goes_on_under_changed_terms_and_says_so(capsys):
    flags = ("run", "-p", "dev", *SMALL, "--cycles", "3")
    assert "(new)" in call(capsys, *flags)[2]
    assert "(resumed after 3 cycles)" in call(capsys, *flags)[2]
    other = (*flags, "--strategy", "breakout", "--taker-bps", "10", "--maker-bps", "5")
    assert "(resumed after 6 cycles, under changed terms)" in call(capsys, *other)[2]
    assert "(resumed after 9 cycles)" in call(capsys, *other)[2]
    assert "new; the session before is kept" in call(capsys, *other, "--cash", "5000")[2]
    assert call(capsys, "replay")[0] == 0


def test_a_run_that_goes_on_says_which_figures_are_of_the_whole_session(capsys):
    flags = ("run", "-p", "dev", *SMALL, "--speed", "0", "--cycles")
    code, out, _ = call(capsys, *flags, "5")
    first = next(line for line in out.splitlines() if line.startswith("5 cycles, "))
    assert "this run" not in out
    code, out, _ = call(capsys, *flags, "3")
    run, session = [line for line in out.splitlines() if "cycles" in line][:2]
    assert (code, run) == (0, "this run: 3 cycles")
    assert session.startswith("the whole session: 8 cycles, " + first.split()[2])
    summary = lines_of(call(capsys, *flags, "1", "--json")[1])[-1]
    assert (summary["cycles"], summary["session_cycles"]) == (1, 9)
    assert summary["figures_of"] == "session"


def test_fills_that_no_file_takes_are_said_beside_the_summary(capsys):
    flags = ("run", "-p", "dev", *SMALL, "--cycles", "5", "--speed", "0", "--fills", "/dev/full")
    code, out, err = call(capsys, *flags)
    assert code == 1
    assert "5 cycles" in out
    assert "warning: cannot write /dev/full: No space left on device" in err
    code, out, _ = call(capsys, *flags, "--json")
    summary = lines_of(out)[-1]
    assert (code, summary["ok"], summary["cycles"]) == (1, False, 5)
    assert summary["error"]["message"].startswith("cannot write /dev/full")
