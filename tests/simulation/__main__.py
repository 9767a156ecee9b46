"""`make simulate SEEDS=n`: whole worlds, one a seed; a seed that fails replays exactly.

`make crashes`: one script, killed at each of its points and failed at each of its operations.
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.home.sitecustomize import live_in
from tests.simulation import crashes
from tests.simulation.chances import KINDS, stormy
from tests.simulation.table import Times, lines, over, times_of
from tests.simulation.world import World

EVERY_CRON = 8  # one world of so many


class Came(NamedTuple):
    """What came of a seed."""

    seed: int
    failure: str
    events: int
    decisions: int
    orders: int
    fills: int
    crashes: int
    happened: Counter[str]
    log: str
    times: Times
    exits: Counter[int]


def run(seed: int, hours: float, kinds: tuple[str, ...]) -> Came:
    """Run a seed under some kinds of faults; its failure is text."""
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        live_in(folder)
        place = Path(folder) / "world"
        world = World(seed, place, stormy(seed, kinds), people=True, cron=is_cron(seed))
        failure, log = "", ""
        try:
            world.run(hours)
            log = world.decision_log()
        except Exception:  # noqa: BLE001 - every failure of a seed is its result
            failure = traceback.format_exc()
        books = world.exchange.books
        return Came(
            seed,
            failure,
            world.events,
            world.decisions,
            len(books.orders),
            len(books.fills),
            world.crashes,
            world.exchange.happened,
            log,
            times_of(world.exchange.truth),
            world.exits,
        )


def is_cron(seed: int) -> bool:
    """Whether a seed's world has no process but a one-shot cycle each minute."""
    return seed % EVERY_CRON == 0


def crash(work: tuple[str, int, int]) -> tuple[str, int]:
    """Kill or fail the script in one way at every `step`-th point from `first` on."""
    way, step, first = work
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        live_in(folder)
        if way in crashes.WAYS:
            return f"killed by {way}", crashes.every(Path(folder), way, step, first)
        return f"{way} failed", crashes.every_operation(Path(folder), way, step, first)


def crash_everywhere(step: int, jobs: int) -> int:
    """Try every point and operation; print how many."""
    began = time.perf_counter()
    ways = (*crashes.WAYS, *crashes.OPERATIONS)
    work = [(way, step * jobs, 1 + step * job) for way in ways for job in range(jobs)]
    tried: Counter[str] = Counter()
    with ProcessPoolExecutor(jobs) as pool:
        for name, number in pool.map(crash, work):
            tried[name] += number
    for name, number in tried.items():
        print(f"{name:<20} {number:>5} points, each converged")
    took = time.perf_counter() - began
    print(f"{sum(tried.values()):,} crashes and failures in {took:.0f} s: 0 lost, 0 twice")
    return 0


def memory() -> str | None:
    """Return a folder in memory, where there is one: a simulated disk need not be slow."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    """Run the seeds that were asked for; say what went wrong, and how to see it again."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--hours", type=float, default=10.0, help="simulated, each")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--log", action="store_true", help="print each decision log's SHA-256")
    parser.add_argument("--kinds", help=f"faults, comma-separated, of: {', '.join(KINDS)}")
    parser.add_argument("--crash-points", type=int, metavar="STEP", help="crash at every STEP-th")
    asked = parser.parse_args()
    if asked.crash_points:
        return crash_everywhere(asked.crash_points, asked.jobs)
    kinds = tuple(asked.kinds.split(",")) if asked.kinds else KINDS
    began = time.perf_counter()
    all_times: list[Times] = []
    cron_times: list[Times] = []
    exits: Counter[int] = Counter()
    seeds = range(asked.first, asked.first + asked.seeds)
    happened: Counter[str] = Counter()
    failed, totals = [], Counter()
    with ProcessPoolExecutor(asked.jobs) as pool:
        for came in pool.map(run, seeds, [asked.hours] * len(seeds), [kinds] * len(seeds)):
            happened += came.happened
            totals += Counter(
                events=came.events,
                decisions=came.decisions,
                orders=came.orders,
                fills=came.fills,
                crashes=came.crashes,
            )
            (cron_times if is_cron(came.seed) else all_times).append(came.times)
            exits += came.exits
            for one in came.times.worst:
                print(f"seed {came.seed}: {one}")
            if asked.log:
                print(f"{came.seed} {came.log}")
            if came.failure:
                failed.append(came.seed)
                print(f"seed {came.seed}:\n{came.failure}", file=sys.stderr)
    took = time.perf_counter() - began
    hours = asked.seeds * asked.hours
    words = ", ".join(f"{count:,} {name}" for name, count in totals.items())
    print(f"{hours:,.0f} simulated hours in {took:.0f} s: {words}")
    print("went wrong: " + ", ".join(f"{name} {n:,}" for name, n in happened.most_common()))
    for line in lines(all_times):
        print(line)
    if cron_times:
        codes = ", ".join(f"{code}: {count:,}" for code, count in sorted(exits.items()))
        print(f"one-shot cycles each minute, exit codes {codes}")
        for line in lines(cron_times):
            print(line)
    positions, unknown = over(all_times)
    print(f"beyond the bounds: {positions:,} positions, {unknown:,} unknown orders")
    for seed in failed:
        print(f"FAILED: make simulate SEEDS=1 FIRST={seed} HOURS={asked.hours:g}")
    print("0 orders lost, 0 sent twice" if not failed else f"{len(failed)} seeds failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
