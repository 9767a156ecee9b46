"""A backtest ends whatever threads are up, and nothing of it outlives it."""

import os
import signal
import subprocess
import sys

import pytest

from gpt_trader.backtest.anew import FORKS
from gpt_trader.backtest.pools import is_at_work

pytestmark = pytest.mark.skipif(not FORKS, reason="nothing is forked")

POLARS = """
import polars as pl
import gpt_trader as gt

def follow(bars):
    rows = pl.DataFrame({"c": bars.price.close}).with_columns(a=pl.col("c").rolling_mean(20))
    return rows.select((pl.col("c") > pl.col("a")).cast(pl.Float64).fill_null(0.0))["c"].to_numpy()
"""
NUMBA = """
import numba
import numpy as np
import gpt_trader as gt

@numba.njit(parallel=True)
def mean(x, n):
    y = np.full(len(x), np.inf)
    for i in numba.prange(n - 1, len(x)):
        y[i] = x[i - n + 1 : i + 1].mean()
    return y

def follow(bars):
    return (bars.price.close > mean(bars.price.close, 20)) * 1.0
"""
TWICE = """
[bars] = gt.synthetic_market(products=["BTC-USD"], n_bars=300)
runs = [gt.backtest(bars, follow, trials=False) for _ in range(2)]
print(*(run.checks.reach.asked_in for run in runs), runs[0].run_id == runs[1].run_id)
"""
WAITS = """
import os
import signal
import gpt_trader as gt

def follow(bars):
    os.write(2, f"{os.getpid()} {os.getppid()}\\n".encode())
    signal.pause()

gt.backtest(gt.synthetic_market(products=["BTC-USD"], n_bars=300), follow, trials=False)
"""


def started(text, **outputs):
    return subprocess.Popen([sys.executable, "-c", text], text=True, **outputs)


@pytest.mark.parametrize("text", [POLARS, NUMBA], ids=["polars", "numba"])
def test_a_pool_of_threads_is_up_at_the_second_backtest(text):
    with started(text + TWICE, stdout=subprocess.PIPE) as process:
        try:
            assert process.communicate(timeout=120)[0] == "fork same True\n"
        finally:
            process.kill()


def test_no_fork_outlives_who_asked_it():
    with started(WAITS, stderr=subprocess.PIPE) as process:
        try:
            inner, outer = map(int, process.stderr.readline().split())
        finally:
            process.kill()
        assert len({inner, outer, process.pid}) == 3
        assert process.stderr.read() == ""  # which each of them holds open while it lives


def test_who_waits_is_not_at_work():
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        signal.pause()
        os._exit(0)
    try:
        while os.getpgid(pid) != pid:
            pass
        spent_ticks, _ = is_at_work(pid, 0)
        while is_at_work(pid, spent_ticks)[1]:
            spent_ticks, _ = is_at_work(pid, spent_ticks)
        assert is_at_work(pid, spent_ticks) == (spent_ticks, False)
        assert is_at_work(pid, spent_ticks - 1) == (spent_ticks, True)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
