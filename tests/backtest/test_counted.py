"""What is tried from Python counts as the command's runs do, in the same ledger."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from gpt_trader import backtest, optimize, synthetic_market
from gpt_trader.backtest import trials
from gpt_trader.backtest.route import Route
from gpt_trader.backtest.trials import books, settle
from gpt_trader.cli.main import main
from gpt_trader.errors import StrategyError, ValidationGateError
from gpt_trader.measure.assess import Trials
from gpt_trader.strategy.sma_cross import SmaCross

HOUR = 3_600_000


@pytest.fixture
def bars():
    [found] = synthetic_market(seed=7, products=["BTC-USD"], n_bars=400, interval_ms=HOUR)
    return found


def lines(folder=None):
    settle()
    path = Path(folder or os.environ["GPT_TRADER_STATE_DIR"]) / "trials.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_loop_counts_each_trial_once(bars):
    for fast in (5, 6, 7, 6, 5):
        backtest(bars, SmaCross(fast, 20), self_check=False)
    found = lines()
    assert len(found) == len({row["id"] for row in found}) == 3
    result = backtest(bars, SmaCross(8, 20), self_check=False, assess=True)
    assert result.assessment.inference.trials == 4
    assert len(lines()) == 4


def test_other_terms_are_another_trial(bars):
    backtest(bars, SmaCross(5, 20))
    backtest(bars, SmaCross(5, 20), risk=None)
    backtest(bars, SmaCross(5, 20), cash=Decimal(5_000))  # other lots, other orders too small
    backtest(bars, SmaCross(5, 20), cash=Decimal("10000.0"))  # as by default: is none
    backtest(bars, SmaCross(5, 20), close_at_end=True)
    assert len(lines()) == 4


def test_what_ends_in_an_error_shows_nothing_and_is_no_trial(bars):
    def fails(bars):
        return bars.close > 1 / 0

    def peeks(bars):
        return bars.close < bars.close[-1]

    with pytest.raises(StrategyError):
        backtest(bars, fails)
    with pytest.raises(ValidationGateError):
        backtest(bars, peeks)
    assert lines() == []


def test_the_command_and_the_library_share_the_ledger_and_its_rule(capsys):
    def say():
        demo = ["--demo", "--strategy", "sma_cross", "--set", "fast=21", "--json"]
        assert main(["backtest", *demo]) == 0
        found = json.loads(capsys.readouterr().out)["data"]["assessment"]
        return found["inference"]["trials"]

    assert say() == 1
    from gpt_trader.app.backtest import load_history, resolve, routes  # the same, by hand
    from gpt_trader.cli.flags import MarketFlags, backtest_asked
    from gpt_trader.config.load import restore

    flags = MarketFlags(strategy="sma_cross", sets=["fast=21"], demo=True)
    inputs = resolve(backtest_asked(None, flags))
    settings = restore(inputs.settings, inputs.profile)
    history, label = load_history(inputs, settings)
    products = [one.product.product_id for one in history]
    again = {"costs": settings.costs, "risk": settings.risk, "label": label}
    backtest(history, routes(settings, products, None), **again)
    assert len(lines()) == 1
    backtest(history, SmaCross(22, 50), **again)
    assert say() == 2


def test_where_the_ledger_is_kept_can_be_said(bars, tmp_path):
    backtest(bars, SmaCross(5, 20), state_dir=tmp_path)
    assert len(lines(tmp_path)) == 1
    assert lines() == []


def test_what_else_was_tried_can_be_said(bars):
    stated = backtest(bars, SmaCross(5, 20), assess=True, trials=Trials((0.01,), 1))
    assert stated.assessment.inference.trials == 2
    assert len(lines()) == 1


def test_a_ledger_that_cannot_be_written_is_a_note(bars, tmp_path):
    (tmp_path / "trials.jsonl").mkdir()
    result = backtest(bars, SmaCross(5, 20), state_dir=tmp_path)
    said = ("this trial could not be recorded (Is a directory)",)
    assert result.notes == said
    assert backtest(bars, SmaCross(5, 20), state_dir=tmp_path, assess=True).notes == said


def test_a_search_counts_its_points(bars):
    search = optimize(bars, SmaCross, {"fast": (5, 6), "slow": (20, 30)}, folds=2)
    assert len(lines()) == 4
    again = optimize(bars, SmaCross, {"fast": (5, 6), "slow": (20, 40)}, folds=2)
    assert len(lines()) == 6
    assert again.luck.trials == search.luck.trials + 2


@pytest.mark.parametrize("told", [Trials(count=40), lambda _space, _sharpes: Trials(count=40)])
def test_a_search_writes_its_points_whoever_counts_those_before(bars, told):
    search = optimize(bars, SmaCross, {"fast": (5, 6), "slow": (20, 30)}, folds=2, trials=told)
    assert search.luck.trials == 44
    assert len(lines()) == 4
    left = optimize(bars, SmaCross, {"fast": (7,), "slow": (20,)}, folds=2, trials=False)
    assert len(lines()) == 4
    assert left.luck.note == "earlier trials were not counted"


def test_a_given_count_does_not_hide_a_ledger_that_cannot_be_written(bars, tmp_path):
    (tmp_path / "trials.jsonl").mkdir()
    grid, told = {"fast": (5,), "slow": (20,)}, Trials(count=3)
    search = optimize(bars, SmaCross, grid, folds=2, trials=told, state_dir=tmp_path)
    assert search.luck.note == "this trial could not be recorded (Is a directory)"


LOOP = "for fast in range(5, 15): one(fast)"
POOL = """
from multiprocessing import get_context
with get_context("fork").Pool(2) as pool:
    pool.map(one, range(5, 15))
    pool.close()
    pool.join()
"""


@pytest.mark.parametrize("loop", [LOOP, POOL], ids=["process", "workers"])
def test_what_waits_is_written_when_the_process_ends(loop, tmp_path):
    code = (
        "from gpt_trader import backtest, synthetic_market\n"
        "from gpt_trader.strategy.sma_cross import SmaCross\n"
        f"[bars] = synthetic_market(seed=7, products=['A-USD'], n_bars=400, interval_ms={HOUR})\n"
        "def one(fast):\n"
        "    backtest(bars, SmaCross(fast, 20), self_check=False)\n"
    )
    env = dict(os.environ) | {"GPT_TRADER_STATE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-c", code + loop], check=True, env=env)
    assert len(lines(tmp_path)) == 10


def test_counting_looks_at_the_ledger_once_however_many_there_are(bars, tmp_path, monkeypatch):
    looked = 0
    real = trials.read_chain

    def read(path):
        nonlocal looked
        looked += 1
        return real(path)

    monkeypatch.setattr(trials, "read_chain", read)
    made = [trials.Trial(f"{i:016x}", "s", ("A-USD",), 0, 1) for i in range(500)]
    for i, one in enumerate(made):
        assert trials.count(books(tmp_path), one, now_ms=i * 10) is None
    assert looked == 1
    assert 5 <= len(lines(tmp_path)) == 500
    assert trials.read_chain(tmp_path / "trials.jsonl").broken == 0


def test_the_order_of_products_makes_no_other_run_and_no_other_trial():
    market = synthetic_market(seed=7, products=["BTC-USD", "ETH-USD"], n_bars=400, interval_ms=HOUR)
    scarce = {"self_check": False, "risk": None, "cash": 500}  # not enough for both
    routes = [Route(SmaCross(5, 20), ("BTC-USD",)), Route(SmaCross(3, 9), ("ETH-USD",), 1e-9)]
    for strategies in (SmaCross(5, 20), routes):
        one = backtest(market, strategies, **scarce)
        turned = strategies[::-1] if strategies is routes else strategies
        other = backtest(market[::-1], turned, **scarce)
        assert (one.run_id, len(one.fills) > 0) == (other.run_id, True)
        assert [d.product for d in other.data] == ["BTC-USD", "ETH-USD"]
    assert len(lines()) == 2
    first = backtest(market, SmaCross(5, 20), order=["ETH-USD"], **scarce)
    assert [d.product for d in first.data] == ["ETH-USD", "BTC-USD"]
    assert len(lines()) == 3


def test_the_order_of_products_makes_no_other_search():
    market = synthetic_market(seed=7, products=["BTC-USD", "ETH-USD"], n_bars=900, interval_ms=HOUR)
    grid = {"fast": (3, 5), "slow": (20, 30)}
    one, other = (optimize(bars, SmaCross, grid, folds=2) for bars in (market, market[::-1]))
    assert one.search_id == other.search_id
    assert one.closes.tobytes() == other.closes.tobytes()
    assert len(lines()) == 4
