"""A script that runs as a notebook's cells do: what it defines is in no module.

Arguments: how its jobs are run. Prints whether they come to the serial numbers, and what stdout is.
"""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import ClassVar

import numpy as np
from joblib import Parallel, delayed

from gpt_trader import Targets, backtest, optimize, strategies, synthetic_market

HOUR = 3_600_000
JOBS = 6


def mean(close, bars):
    total = np.cumsum(np.concatenate([[0], close]))
    return np.concatenate([np.full(bars - 1, np.nan), (total[bars:] - total[:-bars]) / bars])


@dataclass(frozen=True)
class Crossing:
    """A cell's own strategy, with a helper of the cell."""

    name: ClassVar[str] = "crossing"
    fast: int = 5
    slow: int = 40

    @property
    def min_bars(self):
        return self.slow

    warmup = min_bars

    def targets(self, bars):
        print("asked")  # noqa: T201 - none of it may come to stdout
        fast, slow = mean(bars.close, self.fast), mean(bars.close, self.slow)
        return Targets(np.where(np.isnan(slow), np.nan, np.where(fast > slow, 1.0, 0.0)))


def one(kind, fast, bars):
    return backtest(bars, kind(fast=fast, slow=40), check_seed=1)


def search(fast, bars):
    grid = {"fast": (fast, fast + 2), "slow": (20, 30)}
    return optimize(bars, strategies.SmaCross, grid, folds=2, check_seed=1, threads=1)


def pooled(start, jobs):
    with get_context(start).Pool(2) as pool:
        found = pool.starmap(one, jobs), pool.starmap(search, [job[1:] for job in jobs[:2]])
        pool.close()
        pool.join()
    return found


def threaded(jobs):
    with ThreadPoolExecutor(4) as pool:
        return (
            list(pool.map(one, *zip(*jobs, strict=True))),
            list(pool.map(search, *list(zip(*jobs[:2], strict=True))[1:])),
        )


async def awaited(jobs):
    runs = [asyncio.to_thread(one, *job) for job in jobs]
    return await asyncio.gather(*runs), [await asyncio.to_thread(search, *jobs[0][1:])]


def with_joblib(jobs):
    calls = (delayed(backtest)(bars, kind(fast=k, slow=40), check_seed=1) for kind, k, bars in jobs)
    return Parallel(2)(calls), Parallel(2)(delayed(search)(*job[1:]) for job in jobs[:2])


HOW = {
    "spawn": lambda jobs: pooled("spawn", jobs),
    "fork": lambda jobs: pooled("fork", jobs),
    "threads": threaded,
    "asyncio": lambda jobs: asyncio.run(awaited(jobs)),
    "joblib": with_joblib,
}


def told(results):
    runs, searches = results
    return [(r.run_id, r.path.equity.tobytes(), r.fills.tobytes(), r.notes) for r in runs], [
        (s.search_id, s.closes.tobytes()) for s in searches
    ]


if __name__ == "__main__":
    [market] = synthetic_market(seed=7, products=["BTC-USD"], n_bars=900, interval_ms=HOUR)
    jobs = [
        (k, f, market) for k in (Crossing, strategies.SmaCross) for f in range(5, 5 + JOBS // 2)
    ]
    out = os.fstat(1)
    runs, searches = told(HOW[sys.argv[1]](jobs))
    serial = told(
        ([one(*job) for job in jobs], [search(*job[1:]) for job in jobs[: len(searches)]])
    )
    sys.stdout.write(f"{(runs, searches) == serial} {os.path.samestat(out, os.fstat(1))}\n")
