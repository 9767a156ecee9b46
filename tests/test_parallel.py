"""As users run many: pools, threads, joblib, asyncio; the numbers are the serial ones."""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cloudpickle
import numpy as np
import pytest

from gpt_trader import backtest, optimize, strategies, synthetic_market
from gpt_trader.backtest.anew import asked_anew
from gpt_trader.backtest.chain import held
from gpt_trader.kernel.compiled import COMPILING
from gpt_trader.strategy.sight import groups_of
from tests.notebook_of_cells import Crossing

NOTEBOOK = Path(__file__).with_name("notebook_of_cells.py")
HOUR = 3_600_000


@pytest.fixture(scope="module")
def bars():
    [found] = synthetic_market(seed=7, products=["BTC-USD"], n_bars=600, interval_ms=HOUR)
    return found


@pytest.mark.parametrize("how", ["spawn", "fork", "threads", "asyncio", "joblib"])
def test_many_at_a_time_come_to_the_serial_numbers(how, tmp_path):
    env = os.environ | {
        "GPT_TRADER_STATE_DIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(NOTEBOOK.parents[1]), os.environ["PYTHONPATH"]]),
    }
    done = subprocess.run(
        [sys.executable, str(NOTEBOOK), how],
        capture_output=True, text=True, check=False, env=env, timeout=240,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "True True\n"), done.stderr
    lines = (tmp_path / "trials.jsonl").read_text().splitlines()
    found = [row["id"] for row in map(json.loads, lines) if "id" in row]
    points = 4 if how == "asyncio" else 8
    assert len(found) == len(set(found)) == 6 + points  # of all processes, each trial once


@pytest.mark.parametrize("how", [pickle, cloudpickle])
def test_what_comes_back_is_pickled(bars, how):
    run = backtest(bars, strategies.SmaCross(5, 20), assess=True, nulls=19, trials=False)
    search = optimize(bars, strategies.SmaCross, {"fast": (5, 6)}, folds=2, trials=False)
    again, other = how.loads(how.dumps((run, search)))
    assert again.run_id == run.run_id
    assert again.metrics == run.metrics
    assert again.assessment.verdict == run.assessment.verdict
    assert other.search_id == search.search_id
    assert np.array_equal(other.closes, search.closes, equal_nan=True)


def test_no_thread_forks_while_another_compiles(bars):
    """A fork that waited for the compiler would wait for ever, and whoever asked it, too."""
    begun, forked = threading.Event(), threading.Event()

    def ask():
        begun.set()
        with asked_anew(groups_of([Crossing()], [bars])) as [ask]:
            forked.set()
            return ask.ends([(0, 100)])

    with ThreadPoolExecutor(1) as pool:
        with COMPILING:
            answer = pool.submit(ask)
            assert begun.wait(10)
            assert not forked.wait(0.2)
        assert answer.result(timeout=30)


def test_a_fork_keeps_no_ledger(tmp_path):
    with held(tmp_path / "trials.json", 0.0):
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
    with held(tmp_path / "trials.json", 0.0):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
